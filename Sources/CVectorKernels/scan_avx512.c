#include "scan.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq")))

// One factor of the 16 codes of four quads, from the first 32 and the last 32 of their 48 half floats.
INLINE __m512 sixteen_halves(__m512i first, __m512i second, __m512i places) {
    return _mm512_cvtph_ps(_mm512_castsi512_si256(_mm512_permutex2var_epi16(first, places, second)));
}

// Computes what `bunko_bounds_avx2` does, by the same operations in the same order.
AVX512 uint64_t bunko_run_bounds_avx512(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *factors, float threshold,
    float *restrict estimates, float *restrict widths) {
    // A quad's 12 half floats are four of each factor. Places from 32 on are those of the last 32.
    const __m256i alphas = _mm256_setr_epi16(0, 1, 2, 3, 12, 13, 14, 15, 24, 25, 26, 27, 52, 53, 54, 55);
    const __m512i of_alpha = _mm512_castsi256_si512(alphas);
    const __m512i of_add = _mm512_castsi256_si512(_mm256_add_epi16(alphas, _mm256_set1_epi16(4)));
    // The third quad's errors lie behind the first 32 already.
    const __m512i of_error = _mm512_castsi256_si512(_mm256_setr_epi16(8, 9, 10, 11, 20, 21, 22, 23, 48, 49, 50, 51, 60, 61, 62, 63));
    const __m512 step = _mm512_set1_ps(query->query->step), rounding = _mm512_set1_ps(query->query->rounding);
    const __m512 distance = _mm512_set1_ps(query->distance), base = _mm512_set1_ps(query->base);
    const __m512 epsilon = _mm512_set1_ps(query->epsilon), slack = _mm512_set1_ps(BUNKO_BOUND_SLACK);
    const __m512i total = _mm512_set1_epi32(query->query->total);
    uint64_t reaching = 0;
    for (size_t quad = 0; quad < 16; quad += 4) {
        const uint8_t *bytes = (const uint8_t *)(const void *)(factors + quad);
        __m512i first = _mm512_loadu_si512(bytes), second = _mm512_loadu_si512(bytes + 32);
        __m512 alpha = sixteen_halves(first, second, of_alpha);
        __m512 error = _mm512_mul_ps(sixteen_halves(first, second, of_error), distance);
        __m512 rounded = _mm512_mul_ps(alpha, rounding);
        __m512i sum = _mm512_loadu_si512(sums + 4 * quad);
        __m512 signed_sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_add_epi32(sum, sum), total));
        __m512 estimate = _mm512_add_ps(base, sixteen_halves(first, second, of_add));
        estimate = _mm512_fmadd_ps(alpha, _mm512_mul_ps(step, signed_sum), estimate);
        __m512 variance = _mm512_fmadd_ps(error, error, _mm512_mul_ps(rounded, rounded));
        _mm512_storeu_ps(estimates + 4 * quad, estimate);
        __m512 width = _mm512_fmadd_ps(epsilon, _mm512_sqrt_ps(variance), slack);
        _mm512_storeu_ps(widths + 4 * quad, width);
        __mmask16 reaches = _mm512_cmp_ps_mask(_mm512_add_ps(estimate, width), _mm512_set1_ps(threshold), _CMP_GE_OQ);
        reaching |= (uint64_t)reaches << (4 * quad);
    }
    return reaching;
}

#endif
