// Counts what the whole process asks of the allocator: linking this target puts its malloc before the C library's.

#ifndef LEEWAY_ALLOCATION_COUNT_H
#define LEEWAY_ALLOCATION_COUNT_H

#include <stdint.h>

// Calls of malloc, calloc, realloc and their aligned kin by this thread so far.
uint64_t leeway_allocation_count(void);

#endif
