#include "CVectorKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq")))

INLINE float dot(const float *restrict a, const float *restrict b, size_t count, const float *ahead) {
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        if (ahead != NULL) {
            for (size_t line = 0; line < 64; line += 16) __builtin_prefetch(ahead + i + line, 0, 3);
        }
        s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
        s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), s1);
        s2 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32), s2);
        s3 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48), s3);
    }
    for (; i + 16 <= count; i += 16) {
        s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
    }
    float sum = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
    return sum + bunko_dot_scalar(a + i, b + i, count - i);
}

AVX512 float bunko_dot_avx512(const float *restrict a, const float *restrict b, size_t count) { return dot(a, b, count, NULL); }

AVX512 float bunko_dot_ahead_avx512(const float *restrict a, const float *restrict b, size_t count, const float *ahead) {
    return dot(a, b, count, ahead);
}

AVX512 double bunko_squared_norm_avx512(const float *restrict a, size_t count) {
    __m512d s0 = _mm512_setzero_pd(), s1 = s0;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m512d low = _mm512_cvtps_pd(_mm256_loadu_ps(a + i));
        __m512d high = _mm512_cvtps_pd(_mm256_loadu_ps(a + i + 8));
        s0 = _mm512_fmadd_pd(low, low, s0);
        s1 = _mm512_fmadd_pd(high, high, s1);
    }
    return _mm512_reduce_add_pd(_mm512_add_pd(s0, s1)) + bunko_squared_norm_scalar(a + i, count - i);
}

AVX512 void bunko_scale_avx512(const float *restrict source, double factor, float *restrict destination, size_t count) {
    __m512d factors = _mm512_set1_pd(factor);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m512d product = _mm512_mul_pd(_mm512_cvtps_pd(_mm256_loadu_ps(source + i)), factors);
        _mm256_storeu_ps(destination + i, _mm512_cvtpd_ps(product));
    }
    bunko_scale_scalar(source + i, factor, destination + i, count - i);
}

AVX512 void bunko_decode_big_endian_avx512(const uint8_t *restrict source, float *restrict destination, size_t count) {
    const __m512i swap = _mm512_broadcast_i32x4(_mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m512i bytes = _mm512_loadu_si512(source + 4 * i);
        _mm512_storeu_si512(destination + i, _mm512_shuffle_epi8(bytes, swap));
    }
    bunko_decode_big_endian_scalar(source + 4 * i, destination + i, count - i);
}

#endif
