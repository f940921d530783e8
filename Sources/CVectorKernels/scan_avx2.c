#include "scan.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline, target("avx2,fma,f16c")))

INLINE __m256 eight_halves(const uint16_t *first, const uint16_t *second) {
    __m128i low = _mm_loadl_epi64((const __m128i *)(const void *)first);
    return _mm256_cvtph_ps(_mm_unpacklo_epi64(low, _mm_loadl_epi64((const __m128i *)(const void *)second)));
}

AVX2 uint32_t bunko_bounds_avx2(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *const *factors, size_t quads,
    float threshold, bunko_bounds *restrict bounds) {
    uint32_t reaching = 0;
    const __m256 step = _mm256_set1_ps(query->query->step), rounding = _mm256_set1_ps(query->query->rounding);
    const __m256 distance = _mm256_set1_ps(query->distance), base = _mm256_set1_ps(query->base);
    const __m256 epsilon = _mm256_set1_ps(query->epsilon), slack = _mm256_set1_ps(BUNKO_BOUND_SLACK);
    const __m256i total = _mm256_set1_epi32(query->query->total);
    for (size_t quad = 0; quad < quads; quad += 2) {
        const bunko_quad_factors *first = factors[quad], *second = factors[quad + 1 < quads ? quad + 1 : quad];
        __m256 alpha = eight_halves(first->alpha, second->alpha);
        __m256 error = _mm256_mul_ps(eight_halves(first->error, second->error), distance);
        __m256 rounded = _mm256_mul_ps(alpha, rounding);
        __m256i sum = _mm256_loadu_si256((const __m256i *)(const void *)(sums + 4 * quad));
        __m256 signed_sum = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_add_epi32(sum, sum), total));
        __m256 estimate = _mm256_add_ps(base, eight_halves(first->add, second->add));
        estimate = _mm256_fmadd_ps(alpha, _mm256_mul_ps(step, signed_sum), estimate);
        __m256 variance = _mm256_fmadd_ps(error, error, _mm256_mul_ps(rounded, rounded));
        _mm256_storeu_ps(bounds->estimate + 4 * quad, estimate);
        __m256 width = _mm256_fmadd_ps(epsilon, _mm256_sqrt_ps(variance), slack);
        _mm256_storeu_ps(bounds->width + 4 * quad, width);
        __m256 reaches = _mm256_cmp_ps(_mm256_add_ps(estimate, width), _mm256_set1_ps(threshold), _CMP_GE_OQ);
        reaching |= (uint32_t)_mm256_movemask_ps(reaches) << (4 * quad);
    }
    return reaching;
}

// Eight words are gathered at a time; the wanted bit of each becomes the sign that the mask collects.
AVX2 uint64_t bunko_allowed_avx2(const bunko_rows *rows, const uint32_t *slots, size_t count) {
    if (rows->slots == 0) return 0;
    const int *words = (const int *)(const void *)rows->words;
    const __m256i last = _mm256_set1_epi32((int)(uint32_t)(rows->slots - 1)), low_bits = _mm256_set1_epi32(31);
    uint64_t mask = 0;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i slot = _mm256_loadu_si256((const __m256i *)(const void *)(slots + i));
        __m256i inside = _mm256_cmpeq_epi32(_mm256_min_epu32(slot, last), slot);
        __m256i word = _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), words, _mm256_srli_epi32(slot, 5), inside, 4);
        __m256i signs = _mm256_sllv_epi32(word, _mm256_andnot_si256(slot, low_bits));
        mask |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(signs)) << i;
    }
    return i < count ? mask | bunko_allowed_scalar(rows, slots + i, count - i) << i : mask;
}

#endif
