// The fast path: from simdjson's first stage straight to the wanted fields, without a tape.
//
// Stage 1 has checked UTF-8, closed strings and control characters, and lists where every token starts. What is left of
// RFC 8259 is checked here, in the parts that are not extracted too. Whatever is unusual (an error, a number beyond double's range,
// a wanted array) is declined: the slow path then judges the whole message, so both agree by construction on everything
// but what this one takes, and the tests compare that.

#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "leeway_simdjson.h"
#include "number_text.h"
#include "plan.h"

namespace leeway {

#define LEEWAY_INLINE inline __attribute__((always_inline))

class FieldScan {
 public:
  // `tokens` ends with one past the last, which points to a space behind the text. `strings` has room for every
  // unescaped string of the text and 32 bytes.
  FieldScan(Plan &plan, leeway_value *slots, const uint8_t *text, uint8_t *strings, uint32_t maximum_depth)
      : plan_(plan), slots_(slots), text_(text), strings_(strings), depth_left_(maximum_depth) {}

  // Fills the slots from one object; false if the message is left to the slow path, the slots being in any state.
  bool run(const uint32_t *tokens, const uint32_t *end) {
    return text_[*tokens] == '{' && object(0, tokens + 1) == end;
  }

 private:
  // A place among the tokens; null declines the message.
  using Token = const uint32_t *;

  Plan &plan_;
  leeway_value *const slots_;
  const uint8_t *const text_;
  uint8_t *strings_;
  uint32_t depth_left_;

  // The members of an object whose brace has been taken, to behind its end. Recursion ends with the plan's paths.
  Token object(uint32_t node, Token token) {
    if (depth_left_ == 0) return nullptr;
    const uint8_t *const text = text_;
    if (text[*token] == '}') return token + 1;
    depth_left_--;
    uint32_t place = plan_.nodes[node].first_link;
    for (;;) {
      const uint8_t *key = text + *token++;
      if (*key != '"') return nullptr;
      const Plan::Link *link = plan_.follower(node, key + 1, place);
      if (link == nullptr) {
        const uint8_t *start;
        uint32_t length;
        if (!string(key + 1, start, length)) return nullptr;
        link = plan_.look_up(node, start, length, place);
      }
      if (text[*token++] != ':') return nullptr;
      const uint8_t *value = text + *token;
      if (*value == '{' || *value == '[') {
        token = link->child < 0 ? skip(token) : container(uint32_t(link->child), token);
        if (token == nullptr) return nullptr;
      } else {
        token++;
        if (link->slot >= 0) {
          // An earlier value of a duplicate key is written over.
          if (!scalar(value, slots_[link->slot])) return nullptr;
        } else if (link->child < 0) {
          if (!checked(value)) return nullptr;
        } else if (!scalar_at(uint32_t(link->child), value)) {
          return nullptr;
        }
      }
      const uint8_t after = text[*token++];
      if (after == ',') continue;
      if (after != '}') return nullptr;
      depth_left_++;
      return token;
    }
  }

  // A wanted key's object or array.
  Token container(uint32_t node, Token token) {
    enter(node);
    if (plan_.nodes[node].first_slot >= 0) return nullptr;
    if (text_[*token] == '[') {
      const Plan::Node &wanted = plan_.nodes[node];
      return wanted.first_item < wanted.last_item ? nullptr : skip(token);
    }
    if (!plan_.nodes[node].has_children) return skip(token);
    return object(node, token + 1);
  }

  // A scalar for a key with several slots, or with keys below it.
  bool scalar_at(uint32_t node, const uint8_t *start) {
    enter(node);
    int32_t slot = plan_.nodes[node].first_slot;
    if (slot < 0) return checked(start);
    leeway_value &value = slots_[slot];
    if (!scalar(start, value)) return false;
    while ((slot = plan_.next_slot[slot]) >= 0) slots_[slot] = value;
    return true;
  }

  // For a duplicate key nothing of the earlier value stays.
  void enter(uint32_t child) {
    Plan::Node &node = plan_.nodes[child];
    if (node.seen == plan_.message) plan_.forget(child, slots_);
    node.seen = plan_.message;
  }

  LEEWAY_INLINE bool scalar(const uint8_t *start, leeway_value &value) {
    if (*start == '"') {
      const uint8_t *text;
      uint32_t length;
      if (!string(start + 1, text, length)) return false;
      value.text = reinterpret_cast<const char *>(text);
      value.length = length;
      value.kind = LEEWAY_JSON_STRING;
      return true;
    }
    if (*start <= '9') {
      value.text = reinterpret_cast<const char *>(start);
      return NumberText::read(start, value);
    }
    return word(start, value);
  }

  bool word(const uint8_t *start, leeway_value &value) {
    switch (*start) {
      case 't':
        value.kind = LEEWAY_JSON_TRUE;
        return is_true(start);
      case 'f':
        value.kind = LEEWAY_JSON_FALSE;
        return is_false(start);
      case 'n':
        value.kind = LEEWAY_JSON_NULL;
        return is_null(start);
      default:
        return false;
    }
  }

  static bool is(const uint8_t *start, const char (&word)[5]) { return std::memcmp(start, word, 4) == 0; }
  static bool is_true(const uint8_t *start) { return is(start, "true") && ends_scalar(start[4]); }
  static bool is_null(const uint8_t *start) { return is(start, "null") && ends_scalar(start[4]); }
  static bool is_false(const uint8_t *start) { return is(start + 1, "alse") && ends_scalar(start[5]); }

  // Checks a container with all that is in it, from its bracket on, and goes behind it.
  Token skip(Token token) {
    uint64_t kinds[16] = {};  // one bit a level: whether it is an object
    uint32_t depth = 0;
    bool is_object = false, opens = true;
    for (;;) {
      if (opens) {
        if (depth >= depth_left_ || depth >= 1024) return nullptr;
        is_object = text_[*token++] == '{';
        const uint64_t bit = uint64_t(1) << (depth % 64);
        kinds[depth / 64] = is_object ? kinds[depth / 64] | bit : kinds[depth / 64] & ~bit;
        depth++;
        if (text_[*token] != (is_object ? '}' : ']')) {
          if (!element(is_object, token, opens)) return nullptr;
          continue;
        }
      }
      // Behind a value, or at the end of an empty container.
      const uint8_t after = text_[*token++];
      if (after == ',') {
        if (!element(is_object, token, opens)) return nullptr;
        continue;
      }
      if (after != (is_object ? '}' : ']')) return nullptr;
      opens = false;
      if (--depth == 0) return token;
      is_object = (kinds[(depth - 1) / 64] >> ((depth - 1) % 64)) & 1;
    }
  }

  // A key, if the container has them, and a scalar; or all before a bracket that `opens`.
  bool element(bool is_object, Token &token, bool &opens) {
    if (is_object) {
      const uint8_t *key = text_ + *token++;
      const uint8_t *start;
      uint32_t length;
      if (*key != '"' || !string(key + 1, start, length)) return false;
      if (text_[*token++] != ':') return false;
    }
    const uint8_t *start = text_ + *token;
    opens = *start == '{' || *start == '[';
    if (opens) return true;
    token++;
    return checked(start);
  }

  bool checked(const uint8_t *start) {
    if (*start == '"') {
      const uint8_t *text;
      uint32_t length;
      return string(start + 1, text, length);
    }
    if (*start <= '9') return NumberText::check(start);
    leeway_value unused;
    return word(start, unused);
  }

  // The string whose first byte is at `at`: in place, or unescaped into `strings_`. 8 bytes behind it are readable.
  LEEWAY_INLINE bool string(const uint8_t *at, const uint8_t *&start, uint32_t &length) {
    const uint8_t *end = special(at);
    if (*end != '"') return escaped(at, end, start, length);
    start = at;
    length = uint32_t(end - at);
    return true;
  }

  bool escaped(const uint8_t *at, const uint8_t *end, const uint8_t *&start, uint32_t &length) {
    uint8_t *out = strings_;
    start = out;
    for (;;) {
      std::memcpy(out, at, size_t(end - at));
      out += end - at;
      if (*end == '"') break;
      at = end + 1;
      if (!escape(at, out)) return false;
      end = special(at);
    }
    length = uint32_t(out - strings_);
    strings_ = out;
    return true;
  }

  // The first quote or backslash. Stage 1 has seen that the string is closed.
  static LEEWAY_INLINE const uint8_t *special(const uint8_t *at) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    for (;; at += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
      const int found =
          _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
      if (found != 0) return at + __builtin_ctz(unsigned(found));
    }
#else
    while (*at != '"' && *at != '\\') at++;
    return at;
#endif
  }

  // What stands behind a backslash. Lone surrogates are declined with all other faults.
  static bool escape(const uint8_t *&at, uint8_t *&out) {
    switch (*at++) {
      case '"': *out++ = '"'; return true;
      case '\\': *out++ = '\\'; return true;
      case '/': *out++ = '/'; return true;
      case 'b': *out++ = '\b'; return true;
      case 'f': *out++ = '\f'; return true;
      case 'n': *out++ = '\n'; return true;
      case 'r': *out++ = '\r'; return true;
      case 't': *out++ = '\t'; return true;
      case 'u': break;
      default: return false;
    }
    uint32_t code;
    if (!four_digits(at, code)) return false;
    if (code >= 0xDC00 && code < 0xE000) return false;
    if (code >= 0xD800 && code < 0xDC00) {
      uint32_t low;
      if (at[0] != '\\' || at[1] != 'u') return false;
      at += 2;
      if (!four_digits(at, low) || low < 0xDC00 || low >= 0xE000) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code < 0x80) {
      *out++ = uint8_t(code);
    } else if (code < 0x800) {
      *out++ = uint8_t(0xC0 | code >> 6);
      *out++ = uint8_t(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      *out++ = uint8_t(0xE0 | code >> 12);
      *out++ = uint8_t(0x80 | (code >> 6 & 0x3F));
      *out++ = uint8_t(0x80 | (code & 0x3F));
    } else {
      *out++ = uint8_t(0xF0 | code >> 18);
      *out++ = uint8_t(0x80 | (code >> 12 & 0x3F));
      *out++ = uint8_t(0x80 | (code >> 6 & 0x3F));
      *out++ = uint8_t(0x80 | (code & 0x3F));
    }
    return true;
  }

  static bool four_digits(const uint8_t *&at, uint32_t &code) {
    code = 0;
    for (int i = 0; i < 4; i++) {
      const uint8_t byte = *at++, letter = byte | 0x20;
      if (byte >= '0' && byte <= '9') code = code << 4 | uint32_t(byte - '0');
      else if (letter >= 'a' && letter <= 'f') code = code << 4 | uint32_t(letter - 'a' + 10);
      else return false;
    }
    return true;
  }
};

#undef LEEWAY_INLINE

}  // namespace leeway
