// JSON for Leeway: a C interface over simdjson, whose kernels are picked for the processor at run time. Everything is
// validated, the parts of a message that are not extracted too.
// Nothing here throws, and nothing allocates once buffers have grown to the traffic.
//
// A parser and a plan belong to one thread at a time. What hashing needs of C is in leeway_sha256.h.

#ifndef LEEWAY_SIMDJSON_H
#define LEEWAY_SIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum leeway_json_error {
  LEEWAY_JSON_OK = 0,
  LEEWAY_JSON_EMPTY = 1,           // no bytes, or only white space
  LEEWAY_JSON_TRUNCATED = 2,       // ends inside a string, an array or an object
  LEEWAY_JSON_INVALID = 3,         // not JSON: NaN, a trailing comma, text after the end, …
  LEEWAY_JSON_UTF8 = 4,            // bytes that are not UTF-8
  LEEWAY_JSON_TOO_DEEP = 5,        // more open arrays and objects than the parser's limit
  LEEWAY_JSON_TOO_LARGE = 6,       // more bytes than the parser's limit
  LEEWAY_JSON_NOT_AN_OBJECT = 7,   // valid, but the root is not an object
  LEEWAY_JSON_OUT_OF_MEMORY = 8,
};

enum leeway_json_kind {
  LEEWAY_JSON_ABSENT = 0,
  LEEWAY_JSON_NULL = 1,
  LEEWAY_JSON_FALSE = 2,
  LEEWAY_JSON_TRUE = 3,
  LEEWAY_JSON_INT64 = 4,
  LEEWAY_JSON_UINT64 = 5,          // an integer above the greatest int64_t
  LEEWAY_JSON_DOUBLE = 6,          // finite; integers beyond 64 bits are doubles too
  LEEWAY_JSON_STRING = 7,
  LEEWAY_JSON_ARRAY = 8,
  LEEWAY_JSON_OBJECT = 9,
  LEEWAY_JSON_OVERFLOW = 10,       // a number that no finite double is near to, as 1e999
};

// Where an array or an object lies: its parts are read with leeway_json_read from `first` until `end`.
struct leeway_json_extent {
  uint32_t first;
  uint32_t end;
};

struct leeway_value {
  uint32_t kind;                   // leeway_json_kind
  uint32_t length;                 // of a string in bytes
  union {
    int64_t int64;
    uint64_t uint64;
    double number;                 // DOUBLE; OVERFLOW holds an infinity with the number's sign
    struct leeway_json_extent extent;  // ARRAY, OBJECT
  };
  const char *text;                // STRING: UTF-8, escapes resolved; valid until the parser's next document. For numbers
                                   // see leeway_number_text.
};

// Stands between the keys of a path; no UTF-8 text has it.
#define LEEWAY_PATH_SEPARATOR '\xff'
// Begins a step to the element of an array, whose index follows in decimal digits.
#define LEEWAY_PATH_INDEX '\xfe'
// A step to the element that a row has of an array, at the row's own index.
#define LEEWAY_PATH_EACH '\xfd'

struct leeway_parser;
struct leeway_plan;

// NULL when memory is out. Buffers grow with the messages, at most to what `maximum_bytes` needs.
struct leeway_parser *leeway_parser_create(size_t maximum_bytes, uint32_t maximum_depth);
void leeway_parser_destroy(struct leeway_parser *parser);

// The fields to extract: `count` paths, each its steps with LEEWAY_PATH_SEPARATOR between them, path i for slot i. The same
// path may come more than once; an empty one leads nowhere. NULL when memory is out. The paths are copied.
//
// `rows` is the path of an array with one element a row, NULL where a message is one row. Paths through LEEWAY_PATH_EACH are of
// rows, the others of the message. Where a row is an array itself, its elements also fill the `order_count` slots of `order`,
// whose paths are of rows, and all slots that have the path of one of those.
struct leeway_plan *leeway_plan_create(
  const char *const *paths, const size_t *lengths, uint32_t count, const char *rows, size_t rows_length,
  const uint32_t *order, uint32_t order_count);
void leeway_plan_destroy(struct leeway_plan *plan);

// Parses one object and writes a value into each of the plan's slots; fields that the object lacks are ABSENT. Of
// duplicate keys the last counts. After an error the slots are all ABSENT.
enum leeway_json_error leeway_extract(
  struct leeway_parser *parser, struct leeway_plan *plan, const void *bytes, size_t length, struct leeway_value *slots);

// Rows of the last message: -1 if it has no array of them, -2 if an array beside has another length.
int64_t leeway_row_count(const struct leeway_plan *plan);

// Fills the slots of rows from the next row of the last message, at most leeway_row_count times. Returns the row's kind; of an
// array `length` gets the number of its elements.
uint32_t leeway_next_row(
  struct leeway_parser *parser, struct leeway_plan *plan, struct leeway_value *slots, uint32_t *length);

// Parses a whole document, whatever its root, to be read with leeway_json_read from position 1.
enum leeway_json_error leeway_parse(struct leeway_parser *parser, const void *bytes, size_t length);

// Reads the value at a position of the parsed document; returns the position after it. Within an object, a key (a
// STRING) and its value follow each other.
uint32_t leeway_json_read(const struct leeway_parser *parser, uint32_t position, struct leeway_value *value);

// A number as it is written in the last document, `length` bytes of it: of a value that leeway_extract or leeway_json_read
// gave since. NULL for any other kind, or when memory is out. All numbers of a document that leeway_extract had to read as
// a tree are found at the first call.
const char *leeway_number_text(struct leeway_parser *parser, const struct leeway_value *value, size_t *length);

// Whether the bytes are UTF-8. `bytes` may be NULL where there are none.
bool leeway_is_utf8(const void *bytes, size_t length);

// Reads a finite decimal number that is all of a text of at most 64 bytes: digits with at most one point, before it perhaps a
// sign and behind it perhaps an exponent. False for anything else, such as `nan` and `0x10`.
bool leeway_decimal(const void *text, size_t length, double *number);

#ifdef __cplusplus
}
#endif

#endif
