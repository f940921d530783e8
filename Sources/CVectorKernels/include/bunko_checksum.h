#ifndef BUNKO_CHECKSUM_H
#define BUNKO_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of bytes that follow others whose checksum is `crc`; 0 for the first. By the processor's instruction, about 8 GB/s,
/// where it has one; else by a table of 16 entries.
uint32_t bunko_crc32c(uint32_t crc, const void *bytes, size_t count);

bool bunko_cpu_has_crc32c(void);

// The variants, for tests; calling one the processor lacks ends the process.

uint32_t bunko_crc32c_scalar(uint32_t crc, const void *bytes, size_t count);
#if defined(__x86_64__)
uint32_t bunko_crc32c_sse42(uint32_t crc, const void *bytes, size_t count);
#endif

/// Whether none of the half floats is infinite or NaN.
bool bunko_halves_are_finite(const uint16_t *halves, size_t count);

#endif
