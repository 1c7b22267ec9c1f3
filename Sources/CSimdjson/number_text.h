// Numbers of RFC 8259 from their text: the same values as simdjson gives, without its tape.

#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>

#include "leeway_simdjson.h"

namespace leeway {

// Whether a value that isn't a string may end before this byte.
inline __attribute__((always_inline)) bool ends_scalar(uint8_t byte) {
  if (byte == ',' || byte == '}') return true;
  return byte == ']' || byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t' || byte == ':';
}

class NumberText {
 public:
  // Reads the number at `text`, behind which 16 bytes are readable and which ends before some byte that is no part of a
  // number. Integers beyond 64 bits are doubles. False: not a number, or one beyond the range of doubles, which is left to
  // the slow path.
  static bool read(const uint8_t *text, leeway_value &value) {
    // Nearly every number: at most seven digits, and seven more behind the point.
    const bool negative = *text == '-';
    const uint8_t *first = text + negative;
    const uint64_t whole = load(first);
    const uint64_t whole_end = others(whole);
    if (whole_end == 0) return read_any(text, value);
    const unsigned whole_bits = bits_before(whole_end);
    const uint8_t *at = first + whole_bits / 8;
    if (whole_bits == 0 || (*first == '0' && whole_bits > 8)) return false;
    const uint64_t high = eight_digits(moved_up(whole, whole_bits));
    if (ends_scalar(*at)) {
      value.kind = LEEWAY_JSON_INT64;
      value.int64 = negative ? -int64_t(high) : int64_t(high);
      return true;
    }
    if (*at != '.') return read_any(text, value);
    const uint64_t part = load(++at);
    const uint64_t part_end = others(part);
    if (part_end == 0) return read_any(text, value);
    const unsigned part_bits = bits_before(part_end);
    if (part_bits == 0 || !ends_scalar(at[part_bits / 8])) return read_any(text, value);
    const uint64_t digits = high * kIntegerPowers[part_bits / 8] + eight_digits(moved_up(part, part_bits));
    const double number = double(int64_t(digits)) / kPowers[part_bits / 8];
    value.kind = LEEWAY_JSON_DOUBLE;
    value.number = negative ? -number : number;
    return true;
  }

  // Whether a number by the grammar stands at `text`, of whatever size.
  static bool check(const uint8_t *text) {
    const uint8_t *at = text + (*text == '-');
    const uint8_t *first = at;
    while (is_digit(*at)) at++;
    if (at == first || (*first == '0' && at - first > 1)) return false;
    if (*at == '.') {
      const uint8_t *fraction = ++at;
      while (is_digit(*at)) at++;
      if (at == fraction) return false;
    }
    if ((*at | 0x20) == 'e') {
      at++;
      at += *at == '-' || *at == '+';
      const uint8_t *start = at;
      while (is_digit(*at)) at++;
      if (at == start) return false;
    }
    return ends_scalar(*at);
  }

 private:
  static bool read_any(const uint8_t *text, leeway_value &value) {
    const uint8_t *at = text;
    const bool negative = *at == '-';
    at += negative;
    const uint8_t *first = at;
    uint64_t digits = 0;
    at = read_digits(at, digits);
    size_t count = size_t(at - first);
    if (count == 0 || (*first == '0' && count > 1)) return false;
    int64_t exponent = 0;
    bool is_integer = true;
    if (*at == '.') {
      is_integer = false;
      const uint8_t *fraction = ++at;
      at = read_digits(at, digits);
      if (at == fraction) return false;
      exponent = -int64_t(at - fraction);
      count += size_t(at - fraction);
    }
    if ((*at | 0x20) == 'e') {
      is_integer = false;
      at++;
      const bool minus = *at == '-';
      at += *at == '-' || *at == '+';
      const uint8_t *start = at;
      int64_t written = 0;
      for (; is_digit(*at); at++) {
        if (written < 100000) written = written * 10 + (*at - '0');
      }
      if (at == start) return false;
      exponent += minus ? -written : written;
    }
    if (!ends_scalar(*at)) return false;
    if (is_integer) return integer(first, count, digits, negative, value) || any(text, at, value);
    double number;
    // 19 digits always fit into 64 bits.
    if (count > 19 || !exact(digits, exponent, number)) return any(text, at, value);
    value.kind = LEEWAY_JSON_DOUBLE;
    value.number = negative ? -number : number;
    return true;
  }

  static bool is_digit(uint8_t byte) { return uint8_t(byte - '0') <= 9; }

  // Eight bytes, of which digits become 0 to 9.
  static uint64_t load(const uint8_t *at) {
    uint64_t bytes;
    std::memcpy(&bytes, at, 8);
    return bytes ^ 0x3030303030303030;
  }

  // The high bit of every byte that is no digit.
  static uint64_t others(uint64_t bytes) {
    return (((bytes & 0x7F7F7F7F7F7F7F7F) + 0x7676767676767676) | bytes) & 0x8080808080808080;
  }

  // How many bits of digits stand before the first byte that is none.
  static unsigned bits_before(uint64_t others) { return unsigned(__builtin_ctzll(others)) & 56; }

  // The first `bits` at the end, behind zeros. Shifted twice, since a shift by 64 is none.
  static uint64_t moved_up(uint64_t bytes, unsigned bits) { return bytes << 8 << (56 - bits); }

  // Appends the digits at `at` and returns where they end. Eight bytes at a time and without a branch on how many of them
  // are digits: lengths vary from event to event, and a branch that is guessed wrong costs more than all the rest.
  static const uint8_t *read_digits(const uint8_t *at, uint64_t &digits) {
    for (;;) {
      const uint64_t bytes = load(at);
      const uint64_t end = others(bytes);
      if (end != 0) {
        const unsigned bits = bits_before(end);
        digits = digits * kIntegerPowers[bits / 8] + eight_digits(moved_up(bytes, bits));
        return at + bits / 8;
      }
      digits = digits * 100000000 + eight_digits(bytes);
      at += 8;
    }
  }

  // Pairs, then fours, then all eight: three multiplications. The first digit is in the lowest byte.
  static uint64_t eight_digits(uint64_t bytes) {
    bytes = (bytes * 10 + (bytes >> 8)) & 0x00FF00FF00FF00FF;
    bytes = (bytes * 100 + (bytes >> 16)) & 0x0000FFFF0000FFFF;
    return (bytes * 10000 + (bytes >> 32)) & 0xFFFFFFFF;
  }

  static bool integer(const uint8_t *first, size_t count, uint64_t digits, bool negative, leeway_value &value) {
    if (count > 20) return false;
    if (count == 20) {
      // Between 10^19 and 2 · 10^19 the digits wrap at most once, and then to less than 10^19.
      if (*first != '1' || digits < 10000000000000000000ull) return false;
    }
    const uint64_t limit = uint64_t(INT64_MAX) + negative;
    if (digits <= limit) {
      value.kind = LEEWAY_JSON_INT64;
      value.int64 = int64_t(negative ? 0 - digits : digits);
      return true;
    }
    if (negative) return false;
    value.kind = LEEWAY_JSON_UINT64;
    value.uint64 = digits;
    return true;
  }

  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  static constexpr uint64_t kIntegerPowers[] = {1ull,
                                                10ull,
                                                100ull,
                                                1000ull,
                                                10000ull,
                                                100000ull,
                                                1000000ull,
                                                10000000ull,
                                                100000000ull,
                                                1000000000ull,
                                                10000000000ull,
                                                100000000000ull,
                                                1000000000000ull,
                                                10000000000000ull,
                                                100000000000000ull,
                                                1000000000000000ull,
                                                10000000000000000ull,
                                                100000000000000000ull,
                                                1000000000000000000ull,
                                                10000000000000000000ull};

  // digits · 10^exponent, rounded once, to even; false where neither way below is exact.
  static bool exact(uint64_t digits, int64_t exponent, double &number) {
    // Two exact doubles and one rounding (Clinger 1990).
    if (digits <= (uint64_t(1) << 53) && exponent >= -22 && exponent <= 22) {
      number = double(digits);
      if (exponent < 0) number /= kPowers[-exponent];
      else number *= kPowers[exponent];
      return true;
    }
    if (exponent > 0 || exponent < -19 || digits == 0) return false;
    // A fraction of two 64-bit integers: 63 bits of quotient and whether anything remains decide every rounding.
    const uint64_t divisor = kIntegerPowers[-exponent];
    const int digits_shift = __builtin_clzll(digits), divisor_shift = __builtin_clzll(divisor);
    const uint64_t numerator = digits << digits_shift, denominator = divisor << divisor_shift;
    const unsigned __int128 wide = static_cast<unsigned __int128>(numerator) << 63;
    uint64_t quotient = uint64_t(wide / denominator);
    const bool remains = static_cast<unsigned __int128>(quotient) * denominator != wide;
    const int shift = __builtin_clzll(quotient);  // 0 or 1
    quotient <<= shift;
    uint64_t mantissa = quotient >> 11;
    const uint64_t cut = quotient & 0x7FF;
    if (cut > 0x400 || (cut == 0x400 && (remains || (mantissa & 1)))) mantissa++;
    const int64_t power = -52 - shift + divisor_shift - digits_shift;
    const uint64_t scale_bits = uint64_t(1023 + power) << 52;
    double scale;
    std::memcpy(&scale, &scale_bits, 8);
    number = double(mantissa) * scale;
    return true;
  }

  static bool any(const uint8_t *text, const uint8_t *end, leeway_value &value) {
    const char *first = reinterpret_cast<const char *>(text), *last = reinterpret_cast<const char *>(end);
    const auto result = std::from_chars(first, last, value.number);
    if (result.ec != std::errc() || result.ptr != last) return false;
    value.kind = LEEWAY_JSON_DOUBLE;
    return true;
  }
};

}  // namespace leeway
