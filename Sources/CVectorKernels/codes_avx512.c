#include "CVectorKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "codes.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bitalg,avx512vnni")))
#define INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq,avx512bitalg,avx512vnni")))

// A byte counts up to 8 bits, and 31 of them fit into a byte.
enum { WIDEST_PART_BYTES = 31 * 16 };

// The sums of one quad or of two, which share what is read of the query.
INLINE void sum_quads(
    const bunko_quantized_query *query, const uint8_t *const *quads, int count, const uint8_t *const *ahead, int32_t *restrict sums) {
    const __m512i by_code = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    size_t bytes = query->width / 8;
    __m512i totals[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t start = 0; start < bytes; start += WIDEST_PART_BYTES) {
        size_t end = start + WIDEST_PART_BYTES < bytes ? start + WIDEST_PART_BYTES : bytes;
        __m512i ones[2][BUNKO_PLANES];
        for (int plane = 0; plane < BUNKO_PLANES; plane++) ones[0][plane] = ones[1][plane] = _mm512_setzero_si512();
        for (size_t byte = start; byte < end; byte += 16) {
            __m512i bits[2];
            for (int quad = 0; quad < count; quad++) {
                if (ahead != NULL) __builtin_prefetch(ahead[quad] + 4 * byte, 0, 3);
                bits[quad] = _mm512_loadu_si512(quads[quad] + 4 * byte);
            }
            for (int plane = 0; plane < BUNKO_PLANES; plane++) {
                __m512i spread = _mm512_loadu_si512(query->planes + bunko_plane_place(byte, (size_t)plane));
                for (int quad = 0; quad < count; quad++) {
                    __m512i chosen = _mm512_popcnt_epi8(_mm512_and_si512(bits[quad], spread));
                    ones[quad][plane] = _mm512_add_epi8(ones[quad][plane], chosen);
                }
            }
        }
        for (int plane = 0; plane < BUNKO_PLANES; plane++) {
            // The highest plane of two's complement counts negative.
            __m512i weight = _mm512_set1_epi8((char)(plane == BUNKO_PLANES - 1 ? -(1 << plane) : 1 << plane));
            for (int quad = 0; quad < count; quad++) {
                totals[quad] = _mm512_dpbusd_epi32(totals[quad], _mm512_shuffle_epi8(ones[quad][plane], by_code), weight);
            }
        }
    }
    for (int quad = 0; quad < count; quad++) {
        __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(totals[quad]), _mm512_extracti64x4_epi64(totals[quad], 1));
        __m128i four = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
        _mm_storeu_si128((__m128i *)(void *)(sums + 4 * quad), four);
    }
}

AVX512 void bunko_quad_sums_avx512(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums) {
    size_t quad = 0;
    for (; quad + 2 <= count; quad += 2) sum_quads(query, quads + quad, 2, ahead == NULL ? NULL : ahead + quad, sums + 4 * quad);
    if (quad < count) sum_quads(query, quads + quad, 1, ahead == NULL ? NULL : ahead + quad, sums + 4 * quad);
}

// Without what the sums above need beyond AVX-512 BW: dispatched to processors that lack it.
#define TABLES __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define TABLES_INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq")))

// Table look-ups for 32 codes and two of their bytes at once, the first in the low half.
TABLES_INLINE __m512i look_up(const uint8_t *restrict codes, const uint8_t *restrict tables) {
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512i bits = _mm512_loadu_si512(codes), both = _mm512_loadu_si512(tables);
    __m512i low = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(both, both, 0xA0), _mm512_and_si512(bits, nibble));
    __m512i high = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(both, both, 0xF5), _mm512_and_si512(_mm512_srli_epi16(bits, 4), nibble));
    return _mm512_add_epi8(low, high);
}

TABLES_INLINE __m256i halves(__m512i sums) {
    return _mm256_add_epi16(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));
}

TABLES void bunko_block_sums_avx512(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums) {
    size_t bytes = query->width / 8;
    for (int i = 0; i < 32; i++) sums[i] = query->table_offset;
    for (size_t start = 0; start < bytes; start += BUNKO_WIDEST_PART_BYTES) {
        size_t end = start + BUNKO_WIDEST_PART_BYTES < bytes ? start + BUNKO_WIDEST_PART_BYTES : bytes;
        // As in `bunko_sums16`, of two bytes side by side.
        __m512i even = _mm512_setzero_si512(), odd = even;
        for (size_t byte = start; byte < end; byte += 4) {
            if (ahead != NULL) {
                __builtin_prefetch(ahead + 32 * byte, 0, 3);
                __builtin_prefetch(ahead + 32 * byte + 64, 0, 3);
            }
            // Four table entries are at most 240.
            __m512i four = _mm512_add_epi8(
                look_up(block + 32 * byte, query->tables + 32 * byte), look_up(block + 32 * byte + 64, query->tables + 32 * byte + 64));
            even = _mm512_add_epi16(even, four);
            odd = _mm512_add_epi16(odd, _mm512_srli_epi16(four, 8));
        }
        bunko_flush((bunko_sums16){halves(even), halves(odd)}, sums);
    }
}

#endif
