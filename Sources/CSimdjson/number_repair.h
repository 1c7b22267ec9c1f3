// The slow path of parsing: numbers that JSON allows and simdjson refuses, and a name for what else is wrong.

#pragma once

#include <cstdint>
#include <vector>

#include "leeway_simdjson.h"

namespace leeway {

// Rewrites a text so that simdjson takes it: integers beyond 64 bits get an exponent and become doubles, numbers out
// of double's range become 0.0 and are listed. Anything that isn't a number by RFC 8259 stays as it is.
class NumberRepair {
 public:
  enum Result { unchanged, rewritten, out_of_memory };

  struct Overflow {
    size_t ordinal;  // among all numbers of the text
    bool negative;
  };

  std::vector<uint8_t> text;
  std::vector<uint8_t> original;  // and a space behind it
  std::vector<Overflow> overflows;

  Result rewrite(const uint8_t *bytes, size_t length) noexcept;
};

// What is wrong with a text that isn't JSON: too deep, truncated, empty, or just invalid.
leeway_json_error diagnose(const uint8_t *bytes, size_t length, uint32_t maximum_depth) noexcept;

}  // namespace leeway
