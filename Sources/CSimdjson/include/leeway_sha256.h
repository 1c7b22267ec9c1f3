// SHA-256 by the processor's own instructions, which Swift cannot name. It is here because the targets that hash may
// import no other C.

#ifndef LEEWAY_SHA256_H
#define LEEWAY_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Takes `count` blocks of 64 bytes into the state of FIPS 180-4. False, with nothing done, where the processor has no
// instructions for it.
bool leeway_sha256_blocks(uint32_t state[8], const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
