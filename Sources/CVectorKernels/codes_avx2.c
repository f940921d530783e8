#include "CVectorKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "codes.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline, target("avx2,fma")))

// Bytes b...b + 3 of the codes of eight quads: a transposition of 4 x 4 words in each 128-bit half, quads 0...3 in the low and 4...7 in
// the high one.
INLINE void transpose_four_bytes(const uint8_t *const quads[8], size_t offset, __m256i out[4]) {
    __m256i q[4];
    for (int i = 0; i < 4; i++) {
        __m256i low = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(quads[i] + offset)));
        q[i] = _mm256_inserti128_si256(low, _mm_loadu_si128((const __m128i *)(quads[i + 4] + offset)), 1);
    }
    __m256i low01 = _mm256_unpacklo_epi32(q[0], q[1]), high01 = _mm256_unpackhi_epi32(q[0], q[1]);
    __m256i low23 = _mm256_unpacklo_epi32(q[2], q[3]), high23 = _mm256_unpackhi_epi32(q[2], q[3]);
    out[0] = _mm256_unpacklo_epi64(low01, low23);
    out[1] = _mm256_unpackhi_epi64(low01, low23);
    out[2] = _mm256_unpacklo_epi64(high01, high23);
    out[3] = _mm256_unpackhi_epi64(high01, high23);
}

INLINE __m256i look_up(__m256i bits, const uint8_t *restrict tables) {
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i low_table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)tables));
    __m256i high_table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(tables + 16)));
    __m256i low = _mm256_shuffle_epi8(low_table, _mm256_and_si256(bits, nibble));
    __m256i high = _mm256_shuffle_epi8(high_table, _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble));
    return _mm256_add_epi8(low, high);
}

// Four table entries are at most 240, so two bytes' worth are added as bytes.
INLINE void add_two_bytes(bunko_sums16 *sums, __m256i first, __m256i second, const uint8_t *restrict tables) {
    __m256i four = _mm256_add_epi8(look_up(first, tables), look_up(second, tables + 32));
    sums->even = _mm256_add_epi16(sums->even, four);
    sums->odd = _mm256_add_epi16(sums->odd, _mm256_srli_epi16(four, 8));
}

AVX2 void bunko_quad_sums_avx2(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums) {
    // Fewer quads are filled up with the first one.
    const uint8_t *all[8];
    int32_t found[32];
    for (size_t i = 0; i < 8; i++) all[i] = quads[i < count ? i : 0];
    size_t bytes = query->width / 8;
    // Where they lie one behind the other they are fetched in their order, which the processor's own prefetching takes up.
    bool in_order = ahead != NULL && ahead[7] == ahead[0] + 28 * bytes;
    for (int i = 0; i < 32; i++) found[i] = query->table_offset;
    for (size_t start = 0; start < bytes; start += BUNKO_WIDEST_PART_BYTES) {
        size_t end = start + BUNKO_WIDEST_PART_BYTES < bytes ? start + BUNKO_WIDEST_PART_BYTES : bytes;
        bunko_sums16 part = {_mm256_setzero_si256(), _mm256_setzero_si256()};
        for (size_t byte = start; byte < end; byte += 4) {
            if (ahead != NULL) {
                // Four steps read a cache line of each quad; each step asks for the lines of two others.
                size_t pair = 2 * (byte / 4 % 4), line = 4 * byte / 64 * 64;
                const uint8_t *first = in_order ? ahead[0] + 32 * byte : ahead[pair] + line;
                __builtin_prefetch(first, 0, 3);
                __builtin_prefetch(in_order ? first + 64 : ahead[pair + 1] + line, 0, 3);
            }
            __m256i four[4];
            transpose_four_bytes(all, 4 * byte, four);
            add_two_bytes(&part, four[0], four[1], query->tables + 32 * byte);
            add_two_bytes(&part, four[2], four[3], query->tables + 32 * byte + 64);
        }
        bunko_flush(part, found);
    }
    memcpy(sums, found, 4 * count * sizeof sums[0]);
}

AVX2 void bunko_block_sums_avx2(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums) {
    size_t bytes = query->width / 8;
    for (int i = 0; i < 32; i++) sums[i] = query->table_offset;
    for (size_t start = 0; start < bytes; start += BUNKO_WIDEST_PART_BYTES) {
        size_t end = start + BUNKO_WIDEST_PART_BYTES < bytes ? start + BUNKO_WIDEST_PART_BYTES : bytes;
        bunko_sums16 part = {_mm256_setzero_si256(), _mm256_setzero_si256()};
        for (size_t byte = start; byte < end; byte += 2) {
            if (ahead != NULL) __builtin_prefetch(ahead + 32 * byte, 0, 3);
            const __m256i *codes = (const __m256i *)(const void *)(block + 32 * byte);
            add_two_bytes(&part, _mm256_loadu_si256(codes), _mm256_loadu_si256(codes + 1), query->tables + 32 * byte);
        }
        bunko_flush(part, sums);
    }
}

AVX2 void bunko_transpose_avx2(const uint8_t *const *quads, size_t count, size_t width, uint8_t *restrict block) {
    const uint8_t *all[8];
    for (size_t i = 0; i < 8; i++) all[i] = quads[i < count ? i : 0];
    for (size_t byte = 0; byte < width / 8; byte += 4) {
        __m256i four[4];
        transpose_four_bytes(all, 4 * byte, four);
        for (size_t i = 0; i < 4; i++) _mm256_storeu_si256((__m256i *)(void *)(block + 32 * (byte + i)), four[i]);
    }
}

AVX2 bunko_code_factors bunko_encode_avx2(
    const float *restrict residual, const float *restrict centre, size_t width, uint8_t *restrict code) {
    const __m256 sign = _mm256_castsi256_ps(_mm256_set1_epi32((int)0x80000000));
    double sums[4] = {0};
    for (size_t start = 0; start < width; start += 128) {
        __m256 lanes[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
        for (size_t j = start; j < start + 128; j += 8) {
            __m256 r = _mm256_loadu_ps(residual + j), c = _mm256_loadu_ps(centre + j);
            __m256 set = _mm256_cmp_ps(r, _mm256_setzero_ps(), _CMP_GT_OQ);
            code[j / 8] = (uint8_t)_mm256_movemask_ps(set);
            lanes[0] = _mm256_add_ps(lanes[0], _mm256_andnot_ps(sign, r));
            lanes[1] = _mm256_add_ps(lanes[1], _mm256_mul_ps(r, r));
            lanes[2] = _mm256_add_ps(lanes[2], _mm256_mul_ps(r, c));
            lanes[3] = _mm256_add_ps(lanes[3], _mm256_xor_ps(c, _mm256_andnot_ps(set, sign)));
        }
        for (int sum = 0; sum < 4; sum++) {
            float values[8];
            _mm256_storeu_ps(values, lanes[sum]);
            for (int i = 0; i < 8; i++) sums[sum] += values[i];
        }
    }
    return bunko_factors_of(sums, width);
}

INLINE float largest_magnitude(const float *restrict query, size_t width) {
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
    __m256 largest = _mm256_setzero_ps();
    for (size_t j = 0; j < width; j += 8) largest = _mm256_max_ps(largest, _mm256_and_ps(_mm256_loadu_ps(query + j), magnitude));
    float lanes[8], result = 0;
    _mm256_storeu_ps(lanes, largest);
    for (int i = 0; i < 8; i++) result = lanes[i] > result ? lanes[i] : result;
    return result;
}

// For each four values the sums of all their subsets, less the smallest.
INLINE void make_tables(const int8_t *restrict values, size_t width, uint8_t *restrict tables) {
    // The lower two bits of a table's index choose one of the first pair's sums, the others one of the second's.
    const __m256i lower = _mm256_setr_epi8(
        0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11);
    const __m256i upper = _mm256_setr_epi8(
        4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15);
    for (size_t j = 0; j < width; j += 16) {
        __m256i pairs = bunko_pair_sums(values + j);
        __m256i halves[2] = {_mm256_permute2x128_si256(pairs, pairs, 0x00), _mm256_permute2x128_si256(pairs, pairs, 0x11)};
        for (size_t half = 0; half < 2; half++) {
            __m256i sums = _mm256_add_epi8(_mm256_shuffle_epi8(halves[half], lower), _mm256_shuffle_epi8(halves[half], upper));
            _mm256_storeu_si256((__m256i *)(void *)(tables + 4 * j + 32 * half), sums);
        }
    }
}

AVX2 bunko_quantized_query bunko_quantize_avx2(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes) {
    float largest = largest_magnitude(query, width);
    float step = largest / 15, inverse = largest > 0 ? 15 / largest : 0;
    __m256 factor = _mm256_set1_ps(inverse), steps = _mm256_set1_ps(step);
    __m256 squared = _mm256_setzero_ps();
    __m256i totals = _mm256_setzero_si256(), magnitudes = totals;
    for (size_t j = 0; j < width; j += 32) {
        __m256i whole[4];
        for (size_t part = 0; part < 4; part++) {
            __m256 q = _mm256_loadu_ps(query + j + 8 * part);
            __m256 rounded = _mm256_round_ps(_mm256_mul_ps(q, factor), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
            __m256 rest = _mm256_fnmadd_ps(rounded, steps, q);
            squared = _mm256_fmadd_ps(rest, rest, squared);
            whole[part] = _mm256_cvtps_epi32(rounded);
            totals = _mm256_add_epi32(totals, whole[part]);
        }
        // Packing works inside each 128-bit half; the permutation puts the groups of four in order.
        __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(whole[0], whole[1]), _mm256_packs_epi32(whole[2], whole[3]));
        packed = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        _mm256_storeu_si256((__m256i *)(values + j), packed);
        magnitudes = _mm256_add_epi64(magnitudes, _mm256_sad_epu8(_mm256_abs_epi8(packed), _mm256_setzero_si256()));
        for (int plane = 0; plane < BUNKO_PLANES; plane++) {
            // The bit of the plane becomes the top bit of its byte, which the mask collects.
            int bits = _mm256_movemask_epi8(_mm256_sll_epi16(packed, _mm_cvtsi32_si128(7 - plane)));
            __m128i spread = _mm_shuffle_epi8(_mm_cvtsi32_si128(bits), _mm_setr_epi8(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
            _mm_storeu_si128((__m128i *)(void *)(planes + bunko_plane_place(j / 8, (size_t)plane)), spread);
        }
    }
    int64_t magnitude[4];
    int32_t total[8], sum = 0;
    float squares[8], norm = 0;
    _mm256_storeu_si256((__m256i *)total, totals);
    _mm256_storeu_ps(squares, squared);
    for (int i = 0; i < 8; i++) {
        sum += total[i];
        norm += squares[i];
    }
    _mm256_storeu_si256((__m256i *)magnitude, magnitudes);
    make_tables(values, width, tables);
    // All that are negative.
    int32_t offset = (sum - (int32_t)(magnitude[0] + magnitude[1] + magnitude[2] + magnitude[3])) / 2;
    return (bunko_quantized_query){width, values, tables, offset, planes, NULL, sum, step, sqrtf(norm)};
}

#endif
