#include "CVectorKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "codes.h"

#define VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")))
#define INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")))

// One instruction looks 64 bytes up by their lower six bits, so that three bytes of a code are four look-ups: the lower six bits of each, and
// the two that are left of all three.
enum { BYTES = 3, TABLES = 4, TABLE_BYTES = 64 };

VBMI void bunko_widen_tables_vbmi(bunko_quantized_query *query, uint8_t *restrict wide) {
    // A part is a number of whole look-ups, and of the registers its pairs are made in.
    enum { PART_BYTES = 48, PAIRS = 4 };
    const __m512i by_lane = _mm512_set_epi64(
        0x0303030303030303, 0x0303030303030303, 0x0202020202020202, 0x0202020202020202, 0x0101010101010101, 0x0101010101010101, 0, 0);
    const __m512i by_four = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
    size_t bytes = query->width / 8;
    query->wide = wide;
    for (size_t start = 0; start < bytes; start += PART_BYTES) {
        size_t here = bytes - start < PART_BYTES ? bytes - start : PART_BYTES;
        uint32_t pairs[PART_BYTES + BYTES][PAIRS];
        for (size_t byte = 0; byte < here; byte += 2) {
            _mm256_storeu_si256((__m256i *)(void *)pairs[byte], bunko_pair_sums(query->values + 8 * (start + byte)));
        }
        // Behind the last byte there are zeros.
        memset(pairs[here], 0, BYTES * sizeof pairs[0]);
        for (size_t byte = 0; byte < here; byte += BYTES) {
            for (size_t i = 0; i < BYTES; i++) {
                // The lower four bits choose from a table there is, the next two one of a pair's sums.
                __m512i four = _mm512_setzero_si512();
                if (byte + i < here) {
                    const uint8_t *table = query->tables + 32 * (start + byte + i);
                    four = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)table));
                }
                __m512i two = _mm512_shuffle_epi8(_mm512_set1_epi32((int)pairs[byte + i][2]), by_lane);
                _mm512_storeu_si512(wide + TABLE_BYTES * i, _mm512_add_epi8(four, two));
            }
            __m512i first = _mm512_set1_epi32((int)pairs[byte][3]);
            __m512i second = _mm512_shuffle_epi8(_mm512_set1_epi32((int)pairs[byte + 1][3]), by_four);
            __m512i third = _mm512_shuffle_epi8(_mm512_set1_epi32((int)pairs[byte + 2][3]), by_lane);
            _mm512_storeu_si512(wide + TABLE_BYTES * BYTES, _mm512_add_epi8(_mm512_add_epi8(first, second), third));
            wide += TABLES * TABLE_BYTES;
        }
    }
}

// Bytes of 64 codes, the second block's behind the first's.
INLINE __m512i side_by_side(const uint8_t *first, const uint8_t *second) {
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)first);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), _mm256_loadu_si256((const __m256i *)(const void *)second), 1);
}

// As in `bunko_sums16`, of 64 codes.
typedef struct {
    __m512i even, odd;
} wide_sums;

INLINE void add(wide_sums *sums, __m512i pair) {
    sums->even = _mm512_add_epi16(sums->even, pair);
    sums->odd = _mm512_add_epi16(sums->odd, _mm512_srli_epi16(pair, 8));
}

INLINE void add_three_bytes(wide_sums *sums, __m512i first, __m512i second, __m512i third, const uint8_t *restrict wide) {
    // The instruction ignores what lies above the six bits.
    const __m512i lowest_two = _mm512_set1_epi8(0x03), lowest_four = _mm512_set1_epi8(0x0F);
    enum { CHOOSE = 0xCA };
    __m512i rest = _mm512_ternarylogic_epi64(lowest_two, _mm512_srli_epi16(first, 6), _mm512_srli_epi16(second, 4), CHOOSE);
    rest = _mm512_ternarylogic_epi64(lowest_four, rest, _mm512_srli_epi16(third, 2), CHOOSE);
    __m512i found[TABLES] = {
        _mm512_permutexvar_epi8(first, _mm512_loadu_si512(wide)),
        _mm512_permutexvar_epi8(second, _mm512_loadu_si512(wide + TABLE_BYTES)),
        _mm512_permutexvar_epi8(third, _mm512_loadu_si512(wide + 2 * TABLE_BYTES)),
        _mm512_permutexvar_epi8(rest, _mm512_loadu_si512(wide + 3 * TABLE_BYTES))};
    // Two table entries are at most 180.
    add(sums, _mm512_add_epi8(found[0], found[1]));
    add(sums, _mm512_add_epi8(found[2], found[3]));
}

VBMI void bunko_block_pair_sums_vbmi(
    const bunko_quantized_query *query, const uint8_t *restrict first, const uint8_t *restrict second, const uint8_t *ahead,
    int32_t *restrict sums) {
    enum { WIDEST_PART = BUNKO_WIDEST_PART_BYTES / BYTES * BYTES };
    size_t bytes = query->width / 8;
    const uint8_t *wide = query->wide;
    for (int i = 0; i < 64; i++) sums[i] = query->table_offset;
    for (size_t start = 0; start < bytes; start += WIDEST_PART) {
        size_t end = start + WIDEST_PART < bytes ? start + WIDEST_PART : bytes, byte = start;
        wide_sums part = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        for (; byte + BYTES <= end; byte += BYTES, wide += TABLES * TABLE_BYTES) {
            if (ahead != NULL) {
                for (size_t line = 0; line < BYTES; line++) __builtin_prefetch((const void *)((uintptr_t)ahead + 64 * (byte + line)), 0, 3);
            }
            const uint8_t *a = first + 32 * byte, *b = second + 32 * byte;
            add_three_bytes(&part, side_by_side(a, b), side_by_side(a + 32, b + 32), side_by_side(a + 64, b + 64), wide);
        }
        if (byte < end) {
            const uint8_t *a = first + 32 * byte, *b = second + 32 * byte;
            __m512i more = byte + 1 < end ? side_by_side(a + 32, b + 32) : _mm512_setzero_si512();
            add_three_bytes(&part, side_by_side(a, b), more, _mm512_setzero_si512(), wide);
        }
        bunko_flush((bunko_sums16){_mm512_castsi512_si256(part.even), _mm512_castsi512_si256(part.odd)}, sums);
        bunko_flush((bunko_sums16){_mm512_extracti64x4_epi64(part.even, 1), _mm512_extracti64x4_epi64(part.odd, 1)}, sums + 32);
    }
}

#endif
