#include "CVectorKernels.h"

#include <math.h>
#include <string.h>

#include "codes.h"

// The same plain loops for each instruction set: the compiler vectorises them.
#define INLINE static inline __attribute__((always_inline))

// One pass does the stages of distance `h` and 2h: half the loads of two passes.
INLINE void two_stages(float *restrict v, size_t count, size_t h) {
    for (size_t base = 0; base < count; base += 4 * h) {
        float *restrict p = v + base;
        for (size_t i = 0; i < h; i++) {
            float a = p[i], b = p[i + h], c = p[i + 2 * h], d = p[i + 3 * h];
            float ab = a + b, a_b = a - b, cd = c + d, c_d = c - d;
            p[i] = ab + cd;
            p[i + h] = a_b + c_d;
            p[i + 2 * h] = ab - cd;
            p[i + 3 * h] = a_b - c_d;
        }
    }
}

INLINE void one_stage(float *restrict v, size_t count, size_t h) {
    for (size_t base = 0; base < count; base += 2 * h) {
        float *restrict p = v + base;
        for (size_t i = 0; i < h; i++) {
            float a = p[i], b = p[i + h];
            p[i] = a + b;
            p[i + h] = a - b;
        }
    }
}

// Stages of distance 1, 2 and 4 inside each run of eight, where a loop over a stage would not vectorise.
typedef float eight __attribute__((vector_size(32)));

INLINE void first_three_stages(float *restrict v, size_t count) {
    const eight s1 = {1, -1, 1, -1, 1, -1, 1, -1}, s2 = {1, 1, -1, -1, 1, 1, -1, -1}, s4 = {1, 1, 1, 1, -1, -1, -1, -1};
    for (size_t i = 0; i < count; i += 8) {
        eight x;
        memcpy(&x, v + i, sizeof x);
        x = __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6) + x * s1;
        x = __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5) + x * s2;
        x = __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3) + x * s4;
        memcpy(v + i, &x, sizeof x);
    }
}

INLINE void hadamard(float *restrict v, size_t count) {
    first_three_stages(v, count);
    size_t h = 8;
    for (; 4 * h <= count; h *= 4) two_stages(v, count, h);
    if (2 * h <= count) one_stage(v, count, h);
}

INLINE void flip_signs(float *restrict v, const uint32_t *restrict signs, float scale, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, v + i, sizeof bits);
        bits ^= signs[i];
        float flipped;
        memcpy(&flipped, &bits, sizeof flipped);
        v[i] = flipped * scale;
    }
}

INLINE void flip_and_transform(float *restrict v, const uint32_t *restrict signs, size_t block) {
    flip_signs(v, signs, (float)(1 / sqrt((double)block)), block);
    hadamard(v, block);
}

// Flips the signs of a block's values and transforms them.
typedef void transform(float *restrict values, const uint32_t *restrict signs, size_t block);

// With `by_registers`, blocks are transformed by that instead of the loops above.
INLINE void rotate(const bunko_rotation *rotation, float *restrict v, transform *by_registers) {
    size_t width = rotation->width, half = width / 2;
    for (size_t round = 0; round < rotation->rounds; round++) {
        const uint32_t *signs = rotation->signs + round * width;
        // Blocks of the sizes of the bits of the width: the largest first, and last in odd rounds. Every coordinate is in one each round;
        // transforming only one block a round would leave some unit vectors with a quarter of their length in one coordinate.
        size_t start = 0;
        for (size_t bit = 0; bit < 8 * sizeof width; bit++) {
            size_t block = (size_t)1 << (round % 2 ? bit : 8 * sizeof width - 1 - bit);
            if (!(width & block)) continue;
            if (by_registers != NULL) {
                by_registers(v + start, signs + start, block);
            } else {
                flip_and_transform(v + start, signs + start, block);
            }
            start += block;
        }
        for (size_t i = 0; i < half; i++) {
            float a = v[i], b = v[i + half];
            v[i] = (a - b) * 0x1.6a09e6p-1f;
            v[i + half] = (a + b) * 0x1.6a09e6p-1f;
        }
    }
}

void bunko_rotate_scalar(const bunko_rotation *rotation, float *restrict values) { rotate(rotation, values, NULL); }

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void bunko_rotate_avx2(const bunko_rotation *rotation, float *restrict values) {
    rotate(rotation, values, NULL);
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))) void bunko_rotate_avx512(
    const bunko_rotation *rotation, float *restrict values) {
    rotate(rotation, values, bunko_flip_and_transform_avx512);
}
#endif
