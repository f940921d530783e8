#include "CVectorKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "codes.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bitalg,avx512vnni")))
#define INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq,avx512bitalg,avx512vnni")))

// A plane's 16 bytes, each four times: once for every code of a quad.
INLINE __m512i spread(const uint8_t *restrict plane) {
    const __m512i order = _mm512_set_epi32(
        0x0F0F0F0F, 0x0E0E0E0E, 0x0D0D0D0D, 0x0C0C0C0C, 0x0B0B0B0B, 0x0A0A0A0A, 0x09090909, 0x08080808, 0x07070707, 0x06060606, 0x05050505,
        0x04040404, 0x03030303, 0x02020202, 0x01010101, 0x00000000);
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)plane)), order);
}

// A byte counts up to 8 bits, and 31 of them fit into a byte.
enum { WIDEST_PART_BYTES = 31 * 16 };

AVX512 void bunko_quad_sums_avx512(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums) {
    const __m512i by_code = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    size_t bytes = query->width / 8;
    for (size_t quad = 0; quad < count; quad++) {
        __m512i total = _mm512_setzero_si512();
        for (size_t start = 0; start < bytes; start += WIDEST_PART_BYTES) {
            size_t end = start + WIDEST_PART_BYTES < bytes ? start + WIDEST_PART_BYTES : bytes;
            __m512i ones[BUNKO_PLANES];
            for (int plane = 0; plane < BUNKO_PLANES; plane++) ones[plane] = _mm512_setzero_si512();
            for (size_t byte = start; byte < end; byte += 16) {
                if (ahead != NULL) __builtin_prefetch(ahead[quad] + 4 * byte, 0, 3);
                __m512i bits = _mm512_loadu_si512(quads[quad] + 4 * byte);
                for (int plane = 0; plane < BUNKO_PLANES; plane++) {
                    __m512i chosen = _mm512_and_si512(bits, spread(query->planes + (size_t)plane * bytes + byte));
                    ones[plane] = _mm512_add_epi8(ones[plane], _mm512_popcnt_epi8(chosen));
                }
            }
            for (int plane = 0; plane < BUNKO_PLANES; plane++) {
                // The highest plane of two's complement counts negative.
                int weight = plane == BUNKO_PLANES - 1 ? -(1 << plane) : 1 << plane;
                total = _mm512_dpbusd_epi32(total, _mm512_shuffle_epi8(ones[plane], by_code), _mm512_set1_epi8((char)weight));
            }
        }
        __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(total), _mm512_extracti64x4_epi64(total, 1));
        __m128i four = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
        _mm_storeu_si128((__m128i *)(void *)(sums + 4 * quad), four);
    }
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
