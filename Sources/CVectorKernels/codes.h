#ifndef BUNKO_CODES_INTERNAL_H
#define BUNKO_CODES_INTERNAL_H

#include "CVectorKernels.h"

/// The factors of a code from four sums over a residual r, with signs s, and a centre c: of |r|, of r * r, of r * c and of s * c.
bunko_code_factors bunko_factors_of(const double sums[4], size_t width);

/// Where a query's planes keep byte `byte` of a plane, four times.
static inline size_t bunko_plane_place(size_t byte, size_t plane) { return (byte / 16 * BUNKO_PLANES + plane) * 64 + byte % 16 * 4; }

#if defined(__x86_64__)

#include <immintrin.h>

/// What a round of a rotation does to a block, by registers of 16 values; the same to the bit as the plain loops.
void bunko_flip_and_transform_avx512(float *restrict values, const uint32_t *restrict signs, size_t block);

// For each pair of 16 values the sums of its four subsets, less the smallest of them: none, the first, the second, both.
static inline __attribute__((always_inline, target("avx2"))) __m256i bunko_pair_sums(const int8_t *values) {
    const __m256i first = _mm256_setr_epi8(
        -1, 0, -1, 0, -1, 2, -1, 2, -1, 4, -1, 4, -1, 6, -1, 6, -1, 0, -1, 0, -1, 2, -1, 2, -1, 4, -1, 4, -1, 6, -1, 6);
    const __m256i second = _mm256_setr_epi8(
        -1, -1, 1, 1, -1, -1, 3, 3, -1, -1, 5, 5, -1, -1, 7, 7, -1, -1, 1, 1, -1, -1, 3, 3, -1, -1, 5, 5, -1, -1, 7, 7);
    const __m256i firsts = _mm256_setr_epi8(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6, 0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
    const __m256i seconds = _mm256_add_epi8(firsts, _mm256_set1_epi8(1));
    __m256i sixteen = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)values));
    __m256i v = _mm256_permute4x64_epi64(sixteen, _MM_SHUFFLE(1, 1, 0, 0)), negative = _mm256_min_epi8(v, _mm256_setzero_si256());
    __m256i sums = _mm256_add_epi8(_mm256_shuffle_epi8(v, first), _mm256_shuffle_epi8(v, second));
    __m256i smallest = _mm256_add_epi8(_mm256_shuffle_epi8(negative, firsts), _mm256_shuffle_epi8(negative, seconds));
    return _mm256_sub_epi8(sums, smallest);
}

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
