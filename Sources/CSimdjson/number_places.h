// Where the numbers of a document stand in its text, which simdjson's tape does not say.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace leeway {

inline bool is_in_number(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' || (byte | 0x20) == 'e';
}

// How many bytes the number at `text` has, behind which is some byte that is no part of one.
inline size_t number_length(const uint8_t *text) {
  const uint8_t *end = text;
  while (is_in_number(*end)) end++;
  return size_t(end - text);
}

// The numbers of a tape and of the text it was made of, both in their order.
class NumberPlaces {
 public:
  void forget() { known_ = false; }

  // The text of the number at a position of the tape; null when there is none, or memory is out. The text, whose JSON is
  // known to be right, has a byte behind it.
  const uint8_t *find(uint32_t position, const uint64_t *tape, const uint8_t *text, size_t length) noexcept {
    if (!known_ && !read(tape, text, length)) return nullptr;
    const auto found = std::lower_bound(positions_.begin(), positions_.end(), position);
    if (found == positions_.end() || *found != position) return nullptr;
    return text + offsets_[size_t(found - positions_.begin())];
  }

 private:
  std::vector<uint32_t> positions_;  // in the tape
  std::vector<uint32_t> offsets_;    // in the text
  bool known_ = false;

  bool read(const uint64_t *tape, const uint8_t *text, size_t length) noexcept {
    try {
      positions_.clear();
      offsets_.clear();
      const uint32_t end = uint32_t(tape[0]);
      for (uint32_t position = 1; position < end; position++) {
        const char type = char(tape[position] >> 56);
        if (type != 'l' && type != 'u' && type != 'd') continue;
        positions_.push_back(position++);
      }
      for (size_t at = 0; at < length;) {
        if (text[at] == '"') {
          for (at++; at < length && text[at] != '"'; at++) at += text[at] == '\\';
          at++;
        } else if (text[at] == '-' || (text[at] >= '0' && text[at] <= '9')) {
          offsets_.push_back(uint32_t(at));
          at += number_length(text + at);
        } else {
          at++;
        }
      }
    } catch (...) {
      return false;
    }
    known_ = positions_.size() == offsets_.size();
    return known_;
  }
};

}  // namespace leeway
