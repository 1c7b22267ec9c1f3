#include "leeway_simdjson.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "field_scan.h"
#include "number_places.h"
#include "number_repair.h"
#include "plan.h"

// There are two ways from text to values. `FieldScan` takes what nearly every message is. Everything else, and all that
// is read as a tree, goes through simdjson's DOM, which also says what is wrong with a message.
//
// The parsed document is simdjson's tape: one 64-bit word a token, its type in the top byte. Words of arrays and
// objects hold the index after their end, words of strings an offset into the string buffer (32-bit length, bytes),
// and numbers fill a second word. Reading it directly saves the DOM's checks at every step.

namespace {

using simdjson::error_code;

constexpr size_t kPadding = simdjson::SIMDJSON_PADDING > 64 ? simdjson::SIMDJSON_PADDING : 64;

inline char type_of(uint64_t word) { return char(word >> 56); }
inline uint64_t payload_of(uint64_t word) { return word & 0x00FFFFFFFFFFFFFFull; }

// The position after the value at `position`.
inline uint32_t after(const uint64_t *tape, uint32_t position) {
  uint64_t word = tape[position];
  switch (type_of(word)) {
    case '[':
    case '{':
      return uint32_t(word);
    case 'l':
    case 'u':
    case 'd':
      return position + 2;
    default:
      return position + 1;
  }
}

inline void read(const uint64_t *tape, const uint8_t *strings, uint32_t position, leeway_value &value) {
  uint64_t word = tape[position];
  // For a number: where to look for its text.
  value.length = position;
  value.uint64 = 0;
  value.text = nullptr;
  switch (type_of(word)) {
    case 'd':
      std::memcpy(&value.number, &tape[position + 1], 8);
      // JSON has no infinity: the repair below puts one where a number was out of range.
      value.kind = std::isinf(value.number) ? LEEWAY_JSON_OVERFLOW : LEEWAY_JSON_DOUBLE;
      break;
    case 'l':
      value.int64 = int64_t(tape[position + 1]);
      value.kind = LEEWAY_JSON_INT64;
      break;
    case 'u':
      value.uint64 = tape[position + 1];
      value.kind = LEEWAY_JSON_UINT64;
      break;
    case '"': {
      const uint8_t *start = strings + payload_of(word);
      std::memcpy(&value.length, start, 4);
      value.text = reinterpret_cast<const char *>(start + 4);
      value.kind = LEEWAY_JSON_STRING;
      break;
    }
    case 't':
      value.kind = LEEWAY_JSON_TRUE;
      break;
    case 'f':
      value.kind = LEEWAY_JSON_FALSE;
      break;
    case '[':
    case '{':
      value.extent = {position + 1, uint32_t(word) - 1};
      value.kind = type_of(word) == '[' ? LEEWAY_JSON_ARRAY : LEEWAY_JSON_OBJECT;
      break;
    default:
      value.kind = LEEWAY_JSON_NULL;
      break;
  }
}

}  // namespace

struct leeway_parser {
  simdjson::dom::parser dom;
  std::unique_ptr<uint8_t[]> buffer;
  std::unique_ptr<uint8_t[]> strings;  // what FieldScan has unescaped
  size_t capacity = 0;
  std::unique_ptr<leeway::NumberRepair> repair;
  leeway::NumberPlaces places;
  size_t text_length = 0;
  bool is_repaired = false;  // `buffer` has other numbers than the text, which `repair` keeps
  size_t maximum_bytes;
  uint32_t maximum_depth;

  leeway_parser(size_t bytes, uint32_t depth)
      : dom(bytes + bytes / 8 + 64), maximum_bytes(bytes), maximum_depth(depth) {}

  // Room for `length` bytes and what the parser may read behind them. Sizes double, so that growth ends soon.
  bool reserve(size_t length) {
    if (length <= capacity) return true;
    size_t wanted = 4096;
    while (wanted < length) wanted *= 2;
    if (wanted > dom.max_capacity()) wanted = dom.max_capacity();
    capacity = 0;
    buffer.reset(new (std::nothrow) uint8_t[wanted + kPadding]);
    strings.reset(new (std::nothrow) uint8_t[wanted + kPadding]);
    if (!buffer || !strings) return false;
    // simdjson refuses what reaches its limit of depth; ours may be reached.
    if (dom.allocate(wanted, maximum_depth + 1) != simdjson::SUCCESS) return false;
    if (dom.doc.allocate(wanted) != simdjson::SUCCESS) return false;
    capacity = wanted;
    return true;
  }

  // Copies the text to where bytes behind it can be read; without a byte order mark.
  leeway_json_error load(const uint8_t *&bytes, size_t &length) {
    if (length > maximum_bytes) return LEEWAY_JSON_TOO_LARGE;
    if (length >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF) {
      bytes += 3;
      length -= 3;
    }
    if (length == 0) return LEEWAY_JSON_EMPTY;
    if (!reserve(length)) return LEEWAY_JSON_OUT_OF_MEMORY;
    std::memcpy(buffer.get(), bytes, length);
    std::memset(buffer.get() + length, ' ', kPadding);
    text_length = length;
    is_repaired = false;
    places.forget();
    return LEEWAY_JSON_OK;
  }

  // Where the number at a position of the tape is written.
  const uint8_t *number_at(uint32_t position) {
    const uint8_t *text = is_repaired ? repair->original.data() : buffer.get();
    return places.find(position, dom.doc.tape.get(), text, text_length);
  }

  // Fills the slots from a loaded text by the fast path; false if it must take the slow one.
  bool scan(leeway::Plan &plan, size_t length, leeway_value *slots) {
    auto &stage = *dom.implementation;
    if (stage.stage1(buffer.get(), length, simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
    uint32_t *tokens = stage.structural_indexes.get();
    uint32_t *end = tokens + stage.n_structural_indexes;
    *end = uint32_t(length);
    return leeway::FieldScan(plan, slots, buffer.get(), strings.get(), maximum_depth).run(tokens, end);
  }

  leeway_json_error parse(const uint8_t *bytes, size_t length) {
    const leeway_json_error loaded = load(bytes, length);
    return loaded == LEEWAY_JSON_OK ? parse_loaded(bytes, length) : loaded;
  }

  // Builds the tape of the text that is loaded.
  leeway_json_error parse_loaded(const uint8_t *bytes, size_t length) {
    error_code error = dom.parse(buffer.get(), length, false).error();
    if (error == simdjson::SUCCESS) return LEEWAY_JSON_OK;
    return second_chance(error, bytes, length);
  }

  // The slow path: numbers that simdjson refuses and JSON allows, and the name of what is wrong.
  leeway_json_error second_chance(error_code error, const uint8_t *bytes, size_t length) {
    if (error == simdjson::NUMBER_ERROR || error == simdjson::NUMBER_OUT_OF_RANGE) {
      if (!repair) repair.reset(new (std::nothrow) leeway::NumberRepair);
      if (!repair) return LEEWAY_JSON_OUT_OF_MEMORY;
      switch (repair->rewrite(bytes, length)) {
        case leeway::NumberRepair::unchanged:
          break;
        case leeway::NumberRepair::out_of_memory:
          return LEEWAY_JSON_OUT_OF_MEMORY;
        case leeway::NumberRepair::rewritten: {
          size_t size = repair->text.size();
          if (!reserve(size)) return LEEWAY_JSON_OUT_OF_MEMORY;
          std::memcpy(buffer.get(), repair->text.data(), size);
          std::memset(buffer.get() + size, ' ', kPadding);
          error = dom.parse(buffer.get(), size, false).error();
          if (error == simdjson::SUCCESS) {
            is_repaired = true;
            mark_overflows();
            return LEEWAY_JSON_OK;
          }
        }
      }
    }
    switch (error) {
      case simdjson::MEMALLOC:
        return LEEWAY_JSON_OUT_OF_MEMORY;
      case simdjson::CAPACITY:
        return LEEWAY_JSON_TOO_LARGE;
      case simdjson::UTF8_ERROR:
        return LEEWAY_JSON_UTF8;
      case simdjson::DEPTH_ERROR:
        return LEEWAY_JSON_TOO_DEEP;
      case simdjson::EMPTY:
        return LEEWAY_JSON_EMPTY;
      default:
        return leeway::diagnose(bytes, length, maximum_depth);
    }
  }

  // Puts infinities where numbers were out of range; `repair` knows them by their ordinal among all numbers.
  void mark_overflows() {
    if (repair->overflows.empty()) return;
    uint64_t *tape = dom.doc.tape.get();
    uint32_t end = uint32_t(tape[0]);
    size_t ordinal = 0, next = 0;
    for (uint32_t position = 1; position < end && next < repair->overflows.size(); position++) {
      char type = type_of(tape[position]);
      if (type != 'l' && type != 'u' && type != 'd') continue;
      position++;
      if (ordinal++ != repair->overflows[next].ordinal) continue;
      double infinity = repair->overflows[next++].negative ? -HUGE_VAL : HUGE_VAL;
      std::memcpy(&tape[position], &infinity, 8);
    }
  }
};

namespace leeway {

namespace {

struct Walk {
  Plan &plan;
  const uint64_t *tape;
  const uint8_t *strings;
  leeway_value *slots;

  void object(uint32_t node, uint32_t position) {
    uint32_t end = uint32_t(tape[position]) - 1;
    position++;
    uint32_t link = plan.nodes[node].first_link;
    while (position < end) {
      const uint8_t *key = strings + payload_of(tape[position]);
      uint32_t length;
      std::memcpy(&length, key, 4);
      position++;
      int32_t child = plan.look_up(node, key + 4, length, link)->child;
      if (child >= 0) take(uint32_t(child), position);
      position = after(tape, position);
    }
  }

  void take(uint32_t child, uint32_t position) {
    Plan::Node &node = plan.nodes[child];
    if (node.seen == plan.message) {
      plan.forget(child, slots);  // a duplicate key: nothing of the earlier value stays
    }
    node.seen = plan.message;
    for (int32_t slot = node.first_slot; slot >= 0; slot = plan.next_slot[slot]) {
      read(tape, strings, position, slots[slot]);
    }
    if (type_of(tape[position]) == '{') {
      if (node.has_children) object(child, position);
    } else if (type_of(tape[position]) == '[') {
      if (node.first_item < node.last_item) elements(node, position);
      if (node.each >= 0) note(plan.eaches[node.each], position);
    }
  }

  void elements(const Plan::Node &node, uint32_t position) {
    const uint32_t end = uint32_t(tape[position]) - 1;
    position++;
    uint32_t item = node.first_item;
    const uint32_t last = node.last_item;
    for (uint32_t index = 0; item < last && position < end; index++) {
      if (plan.items[item].index == index) take(plan.items[item++].node, position);
      position = after(tape, position);
    }
  }

  void note(Plan::Each &each, uint32_t position) {
    each.next = position + 1;
    each.end = uint32_t(tape[position]) - 1;
    // simdjson counts up to 2^24 - 1.
    each.length = uint32_t(tape[position] >> 32) & 0xFFFFFF;
    each.is_array = true;
  }

  // The elements of a row in their order; returns how many there are.
  uint32_t ordered(uint32_t position) {
    const uint32_t end = uint32_t(tape[position]) - 1;
    uint32_t count = 0;
    for (position++; position < end; position = after(tape, position)) {
      if (count < plan.order.size()) read(tape, strings, position, slots[plan.order[count]]);
      count++;
    }
    for (const Plan::Copy &copy : plan.order_copies) {
      if (copy.element < count) slots[copy.slot] = slots[plan.order[copy.element]];
    }
    return count;
  }
};

}  // namespace

}  // namespace leeway

struct leeway_plan {
  leeway::Plan plan;
};

extern "C" {

leeway_parser *leeway_parser_create(size_t maximum_bytes, uint32_t maximum_depth) {
  try {
    return new leeway_parser(maximum_bytes, maximum_depth);
  } catch (...) {
    return nullptr;
  }
}

void leeway_parser_destroy(leeway_parser *parser) { delete parser; }

leeway_plan *leeway_plan_create(
    const char *const *paths, const size_t *lengths, uint32_t count, const char *rows, size_t rows_length,
    const uint32_t *order, uint32_t order_count) {
  try {
    std::unique_ptr<leeway_plan> plan(new leeway_plan);
    plan->plan.build(paths, lengths, count, rows, rows_length, order, order_count);
    return plan.release();
  } catch (...) {
    return nullptr;
  }
}

void leeway_plan_destroy(leeway_plan *plan) { delete plan; }

leeway_json_error leeway_extract(
    leeway_parser *parser, leeway_plan *plan, const void *bytes, size_t length, leeway_value *slots) {
  leeway::Plan &fields = plan->plan;
  const size_t size = fields.next_slot.size() * sizeof(leeway_value);
  std::memset(slots, 0, size);
  const uint8_t *text = static_cast<const uint8_t *>(bytes);
  leeway_json_error error = parser->load(text, length);
  if (error != LEEWAY_JSON_OK) return error;
  fields.message++;
  fields.forget_rows();
  // Rows are read from the tape, one after another.
  if (!fields.has_rows() && parser->scan(fields, length, slots)) return LEEWAY_JSON_OK;
  std::memset(slots, 0, size);
  error = parser->parse_loaded(text, length);
  if (error != LEEWAY_JSON_OK) return error;
  const uint64_t *tape = parser->dom.doc.tape.get();
  if (type_of(tape[1]) != '{') return LEEWAY_JSON_NOT_AN_OBJECT;
  fields.message++;
  leeway::Walk{fields, tape, parser->dom.doc.string_buf.get(), slots}.object(0, 1);
  return LEEWAY_JSON_OK;
}

int64_t leeway_row_count(const leeway_plan *plan) {
  const auto &eaches = plan->plan.eaches;
  if (eaches.empty()) return 1;
  if (!eaches[0].is_array) return -1;
  for (const auto &each : eaches) {
    if (each.is_array && each.length != eaches[0].length) return -2;
  }
  return eaches[0].length;
}

uint32_t leeway_next_row(leeway_parser *parser, leeway_plan *plan, leeway_value *slots, uint32_t *length) {
  leeway::Plan &fields = plan->plan;
  const uint64_t *tape = parser->dom.doc.tape.get();
  leeway::Walk walk{fields, tape, parser->dom.doc.string_buf.get(), slots};
  for (uint32_t slot : fields.row_slots) std::memset(&slots[slot], 0, sizeof(leeway_value));
  fields.message++;
  leeway_value row;
  std::memset(&row, 0, sizeof(row));
  *length = 0;
  for (size_t i = 0; i < fields.eaches.size(); i++) {
    leeway::Plan::Each &each = fields.eaches[i];
    if (!each.is_array || each.next >= each.end) continue;
    if (i == 0) {
      read(tape, parser->dom.doc.string_buf.get(), each.next, row);
      if (row.kind == LEEWAY_JSON_ARRAY) *length = walk.ordered(each.next);
    }
    walk.take(each.node, each.next);
    each.next = after(tape, each.next);
  }
  return row.kind;
}

leeway_json_error leeway_parse(leeway_parser *parser, const void *bytes, size_t length) {
  return parser->parse(static_cast<const uint8_t *>(bytes), length);
}

uint32_t leeway_json_read(const leeway_parser *parser, uint32_t position, leeway_value *value) {
  const uint64_t *tape = parser->dom.doc.tape.get();
  read(tape, parser->dom.doc.string_buf.get(), position, *value);
  return after(tape, position);
}

bool leeway_is_utf8(const void *bytes, size_t length) {
  return length == 0 || simdjson::validate_utf8(static_cast<const char *>(bytes), length);
}

bool leeway_decimal(const void *text, size_t length, double *number) {
  if (length == 0 || length > 64) return false;
  const char *start = static_cast<const char *>(text), *end = start + length;
  for (const char *at = start; at < end; at++) {
    if ((*at < '0' || *at > '9') && !std::memchr("+-.eE", *at, 5)) return false;
  }
  if (*start == '+') {
    start++;
    if (start == end || *start == '-' || *start == '+') return false;
  }
  const auto [behind, error] = std::from_chars(start, end, *number);
  if (behind != end || error == std::errc::invalid_argument) return false;
  if (error == std::errc()) return true;
  // Out of range: what is too small is 0 or next to it, what is too large is no number.
  char copy[65];
  std::memcpy(copy, start, size_t(end - start));
  copy[end - start] = '\0';
  *number = std::strtod(copy, nullptr);
  return std::isfinite(*number);
}

const char *leeway_number_text(leeway_parser *parser, const leeway_value *value, size_t *length) {
  switch (value->kind) {
    case LEEWAY_JSON_INT64:
    case LEEWAY_JSON_UINT64:
    case LEEWAY_JSON_DOUBLE:
    case LEEWAY_JSON_OVERFLOW:
      break;
    default:
      return nullptr;
  }
  const char *start = value->text;
  if (start == nullptr) start = reinterpret_cast<const char *>(parser->number_at(value->length));
  if (start == nullptr) return nullptr;
  *length = leeway::number_length(reinterpret_cast<const uint8_t *>(start));
  return start;
}

}  // extern "C"
