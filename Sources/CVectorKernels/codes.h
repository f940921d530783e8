#ifndef BUNKO_CODES_INTERNAL_H
#define BUNKO_CODES_INTERNAL_H

#include "CVectorKernels.h"

/// The factors of a code from four sums over a residual r, with signs s, and a centre c: of |r|, of r * r, of r * c and of s * c.
bunko_code_factors bunko_factors_of(const double sums[4], size_t width);

/// Where a query's planes keep byte `byte` of a plane, four times.
static inline size_t bunko_plane_place(size_t byte, size_t plane) { return (byte / 16 * BUNKO_PLANES + plane) * 64 + byte % 16 * 4; }

#if defined(__x86_64__)

#include <immintrin.h>

// Sums of 32 codes: `even` adds up pairs of bytes as 16-bit numbers, so that the odd bytes, times 256, are in it too; `odd` holds those.
typedef struct {
    __m256i even, odd;
} bunko_sums16;

// 16-bit sums hold 4,369 coordinates of at most 15; wider codes are added up in parts.
enum { BUNKO_WIDEST_PART_BYTES = 4096 / 8 };

// Adds the sums to 32 numbers.
static inline __attribute__((always_inline, target("avx2"))) void bunko_flush(bunko_sums16 sums, int32_t *restrict out) {
    __m256i even = _mm256_sub_epi16(sums.even, _mm256_slli_epi16(sums.odd, 8));
    // Each half interleaves on its own: codes 0...7, 16...23 and 8...15, 24...31.
    __m256i first = _mm256_unpacklo_epi16(even, sums.odd), second = _mm256_unpackhi_epi16(even, sums.odd);
    __m256i parts[4] = {
        _mm256_cvtepu16_epi32(_mm256_castsi256_si128(first)), _mm256_cvtepu16_epi32(_mm256_castsi256_si128(second)),
        _mm256_cvtepu16_epi32(_mm256_extracti128_si256(first, 1)), _mm256_cvtepu16_epi32(_mm256_extracti128_si256(second, 1))};
    for (int i = 0; i < 4; i++) {
        __m256i *target = (__m256i *)(out + 8 * i);
        _mm256_storeu_si256(target, _mm256_add_epi32(_mm256_loadu_si256(target), parts[i]));
    }
}

#endif

#endif
