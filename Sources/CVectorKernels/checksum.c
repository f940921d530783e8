#include "bunko_checksum.h"

#include <string.h>

// Remainders of the 16 nibbles by the reflected polynomial 0x82f63b78.
static const uint32_t nibbles[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t bunko_crc32c_scalar(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= next[i];
        crc = (crc >> 4) ^ nibbles[crc & 15];
        crc = (crc >> 4) ^ nibbles[crc & 15];
    }
    return ~crc;
}

#if defined(__x86_64__)

#include <nmmintrin.h>

bool bunko_cpu_has_crc32c(void) { return __builtin_cpu_supports("sse4.2"); }

__attribute__((target("sse4.2"))) uint32_t bunko_crc32c_sse42(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint64_t state = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, sizeof word);
        state = _mm_crc32_u64(state, word);
    }
    uint32_t rest = (uint32_t)state;
    for (; count > 0; count--, next++) rest = _mm_crc32_u8(rest, *next);
    return ~rest;
}

uint32_t bunko_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return bunko_cpu_has_crc32c() ? bunko_crc32c_sse42(crc, bytes, count) : bunko_crc32c_scalar(crc, bytes, count);
}

#else

bool bunko_cpu_has_crc32c(void) { return false; }

uint32_t bunko_crc32c(uint32_t crc, const void *bytes, size_t count) { return bunko_crc32c_scalar(crc, bytes, count); }

#endif

bool bunko_halves_are_finite(const uint16_t *halves, size_t count) {
    bool finite = true;
    for (size_t i = 0; i < count; i++) finite &= (halves[i] & 0x7c00) != 0x7c00;
    return finite;
}
