#include "CVectorKernels.h"

#include <math.h>
#include <string.h>

// The same plain loops for each instruction set: the compiler vectorises them, since whole numbers add up in any order.
#define INLINE static inline __attribute__((always_inline))

INLINE int32_t dot_int8(const int8_t *restrict a, const int8_t *restrict b, size_t count) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += (int32_t)a[i] * b[i];
    return sum;
}

// Adding it to a number below 2^22 leaves the nearest whole number in the lowest bits.
#define ROUNDING 12582912.0f

INLINE float round_to_int8(const float *restrict source, int8_t *restrict destination, size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        float magnitude = fabsf(source[i]);
        largest = magnitude > largest ? magnitude : largest;
    }
    float factor = largest > 0 ? 127 / largest : 0;
    for (size_t i = 0; i < count; i++) {
        float shifted = source[i] * factor + ROUNDING;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        destination[i] = (int8_t)(bits & 0xFF);
    }
    return largest / 127;
}

#if defined(__x86_64__)

#include <immintrin.h>

__attribute__((target("avx512f,avx512bw,avx512vnni"))) static int32_t dot_int8_vnni(
    const int8_t *restrict a, const int8_t *restrict b, size_t count) {
    // The instruction multiplies unsigned bytes by signed ones: 128 is added to those of `a`, so that 128 times the sum of `b` is too much.
    const __m512i top = _mm512_set1_epi8((char)0x80), one = _mm512_set1_epi8(1);
    __m512i products = _mm512_setzero_si512(), sum_of_b = products;
    for (size_t i = 0; i < count; i += 64) {
        __mmask64 here = count - i < 64 ? ((uint64_t)1 << (count - i)) - 1 : UINT64_MAX;
        __m512i shifted = _mm512_xor_si512(_mm512_maskz_loadu_epi8(here, a + i), top), values = _mm512_maskz_loadu_epi8(here, b + i);
        products = _mm512_dpbusd_epi32(products, shifted, values);
        sum_of_b = _mm512_dpbusd_epi32(sum_of_b, one, values);
    }
    return _mm512_reduce_add_epi32(_mm512_sub_epi32(products, _mm512_slli_epi32(sum_of_b, 7)));
}

__attribute__((target("avx2"))) static int32_t dot_int8_avx2(const int8_t *restrict a, const int8_t *restrict b, size_t count) {
    return dot_int8(a, b, count);
}

__attribute__((target("avx2"))) static float round_to_int8_avx2(
    const float *restrict source, int8_t *restrict destination, size_t count) {
    return round_to_int8(source, destination, count);
}
#endif

int32_t bunko_dot_int8(const int8_t *restrict a, const int8_t *restrict b, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni")) return dot_int8_vnni(a, b, count);
    if (bunko_cpu_has_avx2()) return dot_int8_avx2(a, b, count);
#endif
    return dot_int8(a, b, count);
}

float bunko_round_to_int8(const float *restrict source, int8_t *restrict destination, size_t count) {
#if defined(__x86_64__)
    if (bunko_cpu_has_avx2()) return round_to_int8_avx2(source, destination, count);
#endif
    return round_to_int8(source, destination, count);
}

void bunko_round_to_bfloat16(const float *restrict source, uint16_t *restrict destination, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, source + i, sizeof bits);
        destination[i] = (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}

void bunko_widen_bfloat16(const uint16_t *restrict source, float *restrict destination, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)source[i] << 16;
        memcpy(destination + i, &bits, sizeof bits);
    }
}
