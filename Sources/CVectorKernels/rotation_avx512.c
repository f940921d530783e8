#include "CVectorKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>

#include "codes.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq")))

#define UNROLL _Pragma("clang loop unroll(full)")

// Values of a register, and the most registers that go through several stages without a detour by memory.
enum { VALUES = 16, MOST_REGISTERS = 16 };

// The stages of distance 1, 2, 4 and 8: each value and its partner become their sum and their difference. The products are exact.
INLINE __m512 first_four_stages(__m512 x) {
    const __m512 one = _mm512_set1_ps(1), minus = _mm512_set1_ps(-1);
    const __m512 s1 = _mm512_mask_blend_ps(0xAAAA, one, minus), s2 = _mm512_mask_blend_ps(0xCCCC, one, minus);
    const __m512 s4 = _mm512_mask_blend_ps(0xF0F0, one, minus), s8 = _mm512_mask_blend_ps(0xFF00, one, minus);
    x = _mm512_fmadd_ps(x, s1, _mm512_permute_ps(x, _MM_SHUFFLE(2, 3, 0, 1)));
    x = _mm512_fmadd_ps(x, s2, _mm512_permute_ps(x, _MM_SHUFFLE(1, 0, 3, 2)));
    x = _mm512_fmadd_ps(x, s4, _mm512_shuffle_f32x4(x, x, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm512_fmadd_ps(x, s8, _mm512_shuffle_f32x4(x, x, _MM_SHUFFLE(1, 0, 3, 2)));
}

// Flips the signs of as many registers' values, scales them, and goes through all stages among them.
INLINE void transform_registers(float *restrict v, const uint32_t *restrict signs, float scale, size_t registers) {
    const __m512 factor = _mm512_set1_ps(scale);
    __m512 x[MOST_REGISTERS];
    UNROLL for (size_t i = 0; i < registers; i++) {
        __m512 flipped = _mm512_xor_ps(_mm512_loadu_ps(v + VALUES * i), _mm512_castsi512_ps(_mm512_loadu_si512(signs + VALUES * i)));
        x[i] = first_four_stages(_mm512_mul_ps(flipped, factor));
    }
    UNROLL for (size_t distance = 1; distance < registers; distance *= 2) {
        UNROLL for (size_t i = 0; i < registers; i++) {
            if (i & distance) continue;
            __m512 a = x[i], b = x[i + distance];
            x[i] = _mm512_add_ps(a, b);
            x[i + distance] = _mm512_sub_ps(a, b);
        }
    }
    UNROLL for (size_t i = 0; i < registers; i++) _mm512_storeu_ps(v + VALUES * i, x[i]);
}

INLINE void one_stage(float *restrict v, size_t count, size_t distance) {
    for (size_t base = 0; base < count; base += 2 * distance) {
        for (float *p = v + base; p < v + base + distance; p += VALUES) {
            __m512 a = _mm512_loadu_ps(p), b = _mm512_loadu_ps(p + distance);
            _mm512_storeu_ps(p, _mm512_add_ps(a, b));
            _mm512_storeu_ps(p + distance, _mm512_sub_ps(a, b));
        }
    }
}

// The stages of a distance and of twice that.
INLINE void two_stages(float *restrict v, size_t count, size_t distance) {
    for (size_t base = 0; base < count; base += 4 * distance) {
        for (float *p = v + base; p < v + base + distance; p += VALUES) {
            __m512 a = _mm512_loadu_ps(p), b = _mm512_loadu_ps(p + distance);
            __m512 c = _mm512_loadu_ps(p + 2 * distance), d = _mm512_loadu_ps(p + 3 * distance);
            __m512 ab = _mm512_add_ps(a, b), a_b = _mm512_sub_ps(a, b), cd = _mm512_add_ps(c, d), c_d = _mm512_sub_ps(c, d);
            _mm512_storeu_ps(p, _mm512_add_ps(ab, cd));
            _mm512_storeu_ps(p + distance, _mm512_add_ps(a_b, c_d));
            _mm512_storeu_ps(p + 2 * distance, _mm512_sub_ps(ab, cd));
            _mm512_storeu_ps(p + 3 * distance, _mm512_sub_ps(a_b, c_d));
        }
    }
}

// The operations of the plain version in its order.
AVX512 void bunko_flip_and_transform_avx512(float *restrict v, const uint32_t *restrict signs, size_t block) {
    enum { MOST_VALUES = MOST_REGISTERS * VALUES };
    float scale = (float)(1 / sqrt((double)block));
    if (block < MOST_VALUES) {
        // The width is a multiple of 128, so no block is smaller.
        transform_registers(v, signs, scale, MOST_REGISTERS / 2);
        return;
    }
    for (size_t i = 0; i < block; i += MOST_VALUES) transform_registers(v + i, signs + i, scale, MOST_REGISTERS);
    size_t distance = MOST_VALUES;
    for (; 4 * distance <= block; distance *= 4) two_stages(v, block, distance);
    if (2 * distance <= block) one_stage(v, block, distance);
}

#endif
