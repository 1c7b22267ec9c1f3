#include "number_repair.h"

#include <charconv>

#include "number_text.h"

namespace leeway {

namespace {

inline bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

inline bool is_space(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

// The index after a string that starts at `start`, or `length + 1` if it doesn't end.
size_t after_string(const uint8_t *bytes, size_t length, size_t start) {
  for (size_t i = start + 1; i < length; i++) {
    if (bytes[i] == '\\') {
      i++;
    } else if (bytes[i] == '"') {
      return i + 1;
    }
  }
  return length + 1;
}

// A number by the grammar of RFC 8259, section 6.
struct Number {
  size_t end = 0;  // 0: none
  bool is_integer = true;
  bool negative = false;
  long long leading = 0;  // the decimal exponent of its first digit that isn't 0
  bool is_zero = true;

  Number(const uint8_t *bytes, size_t length, size_t start) {
    size_t i = start;
    if (i < length && bytes[i] == '-') {
      negative = true;
      i++;
    }
    size_t first = i;
    while (i < length && is_digit(bytes[i])) {
      if (is_zero && bytes[i] != '0') {
        is_zero = false;
        leading = -(long long)(i);
      }
      i++;
    }
    if (i == first || (bytes[first] == '0' && i - first > 1)) return;
    size_t point = i;
    if (i < length && bytes[i] == '.') {
      is_integer = false;
      size_t fraction = ++i;
      while (i < length && is_digit(bytes[i])) {
        if (is_zero && bytes[i] != '0') {
          is_zero = false;
          leading = -(long long)(i) + 1;
        }
        i++;
      }
      if (i == fraction) return;
    }
    leading += (long long)(point)-1;
    if (i < length && (bytes[i] | 0x20) == 'e') {
      is_integer = false;
      i++;
      bool minus = i < length && bytes[i] == '-';
      if (i < length && (bytes[i] == '-' || bytes[i] == '+')) i++;
      size_t digits = i;
      long long exponent = 0;
      while (i < length && is_digit(bytes[i])) {
        if (exponent < 1000000000000) exponent = exponent * 10 + (bytes[i] - '0');
        i++;
      }
      if (i == digits) return;
      leading += minus ? -exponent : exponent;
    }
    end = i;
  }

  // Whether no finite double is near to it.
  bool overflows(const uint8_t *bytes, size_t start) const {
    if (is_zero || leading < 308) return false;
    if (leading > 308) return true;
    double value;
    const char *text = reinterpret_cast<const char *>(bytes);
    return std::from_chars(text + start, text + end, value).ec == std::errc::result_out_of_range;
  }

  // Whether it is an integer that neither int64_t nor uint64_t holds.
  bool is_wide(const uint8_t *bytes, size_t start) const {
    if (!is_integer) return false;
    const char *text = reinterpret_cast<const char *>(bytes);
    if (negative) {
      int64_t value;
      return std::from_chars(text + start, text + end, value).ec == std::errc::result_out_of_range;
    }
    uint64_t value;
    return std::from_chars(text + start, text + end, value).ec == std::errc::result_out_of_range;
  }
};

}  // namespace

NumberRepair::Result NumberRepair::rewrite(const uint8_t *bytes, size_t length) noexcept {
  try {
    text.clear();
    overflows.clear();
    bool changed = false;
    size_t ordinal = 0, copied = 0;
    auto copy_until = [&](size_t end) {
      text.insert(text.end(), bytes + copied, bytes + end);
      copied = end;
    };
    for (size_t i = 0; i < length;) {
      if (bytes[i] == '"') {
        i = after_string(bytes, length, i);
        continue;
      }
      if (bytes[i] != '-' && !is_digit(bytes[i])) {
        i++;
        continue;
      }
      Number number(bytes, length, i);
      if (number.end == 0) return unchanged;
      if (number.overflows(bytes, i)) {
        static const char replacement[] = "0.0";
        copy_until(i);
        text.insert(text.end(), replacement, replacement + 3);
        copied = number.end;
        overflows.push_back({ordinal, number.negative});
        changed = true;
      } else if (number.is_wide(bytes, i)) {
        static const char exponent[] = "e0";
        copy_until(number.end);
        text.insert(text.end(), exponent, exponent + 2);
        changed = true;
      }
      ordinal++;
      i = number.end;
      // A number runs into nothing but the end of a value.
      if (i < length && !ends_scalar(bytes[i])) return unchanged;
    }
    copy_until(length);
    if (!changed) return unchanged;
    original.assign(bytes, bytes + length);
    original.push_back(' ');
    return rewritten;
  } catch (...) {
    return out_of_memory;
  }
}

leeway_json_error diagnose(const uint8_t *bytes, size_t length, uint32_t maximum_depth) noexcept {
  constexpr uint32_t kStack = 1024;  // the greatest limit on depth
  bool is_object[kStack];
  uint32_t depth = 0;
  bool is_empty = true, mismatched = false;
  for (size_t i = 0; i < length;) {
    uint8_t byte = bytes[i];
    is_empty = is_empty && is_space(byte);
    if (byte == '"') {
      size_t end = after_string(bytes, length, i);
      if (end > length) return mismatched ? LEEWAY_JSON_INVALID : LEEWAY_JSON_TRUNCATED;
      i = end;
      continue;
    }
    if (byte == '{' || byte == '[') {
      if (depth >= maximum_depth || depth >= kStack) return LEEWAY_JSON_TOO_DEEP;
      is_object[depth++] = byte == '{';
    } else if (byte == '}' || byte == ']') {
      if (depth == 0 || is_object[--depth] != (byte == '}')) mismatched = true;
    }
    if (mismatched && depth == 0) return LEEWAY_JSON_INVALID;
    i++;
  }
  if (is_empty) return LEEWAY_JSON_EMPTY;
  return depth > 0 && !mismatched ? LEEWAY_JSON_TRUNCATED : LEEWAY_JSON_INVALID;
}

}  // namespace leeway
