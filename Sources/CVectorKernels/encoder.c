#include "bunko_encoder.h"

#include "CVectorKernels.h"

#include <math.h>
#include <string.h>

// One source for all processors: sixteen numbers at a time in the compiler's vectors, which become one register of AVX-512, two of AVX2
// or four of SSE. Helpers take vectors by address, since passing one by value means something else with each instruction set.

#define INLINE static inline __attribute__((always_inline))

enum { lanes = 16 };
typedef float numbers __attribute__((ext_vector_type(16)));
typedef int wholes __attribute__((ext_vector_type(16)));

INLINE void load(numbers *to, const float *from) { memcpy(to, from, sizeof(*to)); }

INLINE void store(float *to, const numbers *from) { memcpy(to, from, sizeof(*from)); }

/// The first `count` of sixteen; the others are `other`.
INLINE void load_part(numbers *to, const float *from, size_t count, float other) {
    *to = (numbers)other;
    memcpy(to, from, count * sizeof(float));
}

INLINE float sum_of(const numbers *x) {
    float sum = 0;
    for (int lane = 0; lane < lanes; lane++) sum += (*x)[lane];
    return sum;
}

/// e^x for x ≤ 0, by Cephes' expf: x = n · ln 2 + r, and a polynomial of r; 0 below −87, where a float has no exponent left.
INLINE void exponential(numbers *x) {
    numbers power = *x < -87.0f ? (numbers)-87.0f : *x;
    numbers scaled = power * 1.44269504088896341f - 0.5f;
    // Conversion cuts towards zero, which rounds here, as all is negative.
    wholes exponent = __builtin_convertvector(scaled, wholes);
    numbers n = __builtin_convertvector(exponent, numbers);
    numbers r = power - n * 0.693359375f + n * 2.12194440e-4f;
    numbers y = r * 1.9875691500e-4f + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1.0f;
    wholes bits = (exponent + 127) << 23;
    numbers factor;
    memcpy(&factor, &bits, sizeof(factor));
    *x = *x < -87.0f ? (numbers)0.0f : y * factor;
}

INLINE void gelu(numbers *x) {
    numbers size = *x < 0 ? -*x : *x;
    numbers z = size * 0.70710678118654752f;
    numbers t = 1.0f / (z * 0.3275911f + 1.0f);
    numbers tail = -z * z;
    exponential(&tail);
    numbers y = t * 1.061405429f - 1.453152027f;
    y = y * t + 1.421413741f;
    y = y * t - 0.284496736f;
    y = (y * t + 0.254829592f) * t * tail;
    // y is 1 − erf(|x| / √2), so that Φ(x) is y / 2 for negative x.
    *x = *x * 0.5f * (*x < 0 ? y : 2.0f - y);
}

INLINE void bias_gelu(float *restrict x, const float *restrict bias, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += columns) {
        numbers value, other;
        size_t i = 0;
        for (; i + lanes <= columns; i += lanes) {
            load(&value, x + i);
            load(&other, bias + i);
            value += other;
            gelu(&value);
            store(x + i, &value);
        }
        if (i == columns) continue;
        load_part(&value, x + i, columns - i, 0);
        load_part(&other, bias + i, columns - i, 0);
        value += other;
        gelu(&value);
        memcpy(x + i, &value, (columns - i) * sizeof(float));
    }
}

INLINE void layer_norm(float *restrict x, const float *restrict bias, const float *restrict residual, const float *restrict scale,
                       const float *restrict shift, float epsilon, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += columns) {
        numbers sums = 0, squares = 0, value, other;
        float sum = 0, square = 0;
        size_t whole = columns - columns % lanes;
        for (size_t i = 0; i < whole; i += lanes) {
            load(&value, x + i);
            if (bias != NULL) {
                load(&other, bias + i);
                value += other;
            }
            if (residual != NULL) {
                load(&other, residual + row * columns + i);
                value += other;
            }
            store(x + i, &value);
            sums += value;
        }
        for (size_t i = whole; i < columns; i++) {
            x[i] += (bias != NULL ? bias[i] : 0) + (residual != NULL ? residual[row * columns + i] : 0);
            sum += x[i];
        }
        float mean = (sum + sum_of(&sums)) / (float)columns;
        for (size_t i = 0; i < whole; i += lanes) {
            load(&value, x + i);
            value -= mean;
            squares += value * value;
        }
        for (size_t i = whole; i < columns; i++) square += (x[i] - mean) * (x[i] - mean);
        float factor = 1 / sqrtf((square + sum_of(&squares)) / (float)columns + epsilon);
        for (size_t i = 0; i < whole; i += lanes) {
            load(&value, x + i);
            load(&other, scale + i);
            value = (value - mean) * factor * other;
            load(&other, shift + i);
            value += other;
            store(x + i, &value);
        }
        for (size_t i = whole; i < columns; i++) x[i] = (x[i] - mean) * factor * scale[i] + shift[i];
    }
}

INLINE void softmax(float *restrict x, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += columns) {
        size_t whole = columns - columns % lanes;
        numbers value, largest = (numbers)-INFINITY, sums = 0;
        for (size_t i = 0; i < whole; i += lanes) {
            load(&value, x + i);
            largest = value > largest ? value : largest;
        }
        load_part(&value, x + whole, columns - whole, -INFINITY);
        largest = value > largest ? value : largest;
        float top = largest[0];
        for (int lane = 1; lane < lanes; lane++) top = largest[lane] > top ? largest[lane] : top;
        for (size_t i = 0; i < whole; i += lanes) {
            load(&value, x + i);
            value -= top;
            exponential(&value);
            sums += value;
            store(x + i, &value);
        }
        load_part(&value, x + whole, columns - whole, -INFINITY);
        value -= top;
        exponential(&value);
        sums += value;
        memcpy(x + whole, &value, (columns - whole) * sizeof(float));
        float factor = 1 / sum_of(&sums);
        for (size_t i = 0; i < columns; i++) x[i] *= factor;
    }
}

#define VERSION(suffix, target)                                                                                                        \
    target void bunko_bias_gelu_##suffix(float *restrict x, const float *restrict bias, size_t rows, size_t columns) {                 \
        bias_gelu(x, bias, rows, columns);                                                                                             \
    }                                                                                                                                  \
    target void bunko_layer_norm_##suffix(float *restrict x, const float *restrict bias, const float *restrict residual,               \
                                          const float *restrict scale, const float *restrict shift, float epsilon, size_t rows,        \
                                          size_t columns) {                                                                            \
        layer_norm(x, bias, residual, scale, shift, epsilon, rows, columns);                                                           \
    }                                                                                                                                  \
    target void bunko_softmax_##suffix(float *restrict x, size_t rows, size_t columns) { softmax(x, rows, columns); }

VERSION(portable, )
#if defined(__x86_64__)
VERSION(avx2, __attribute__((target("avx2,fma"))))
VERSION(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))))
#define DISPATCH(kernel, ...)                                                                                                          \
    do {                                                                                                                               \
        if (bunko_cpu_has_avx512()) return kernel##_avx512(__VA_ARGS__);                                                               \
        if (bunko_cpu_has_avx2()) return kernel##_avx2(__VA_ARGS__);                                                                   \
        return kernel##_portable(__VA_ARGS__);                                                                                         \
    } while (0)
#else
#define DISPATCH(kernel, ...) return kernel##_portable(__VA_ARGS__)
#endif

void bunko_bias_gelu(float *restrict x, const float *restrict bias, size_t rows, size_t columns) {
    DISPATCH(bunko_bias_gelu, x, bias, rows, columns);
}

void bunko_layer_norm(float *restrict x, const float *restrict bias, const float *restrict residual, const float *restrict scale,
                      const float *restrict shift, float epsilon, size_t rows, size_t columns) {
    DISPATCH(bunko_layer_norm, x, bias, residual, scale, shift, epsilon, rows, columns);
}

void bunko_softmax(float *restrict x, size_t rows, size_t columns) { DISPATCH(bunko_softmax, x, rows, columns); }

void bunko_add_bias(float *restrict x, const float *restrict bias, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += columns) {
        for (size_t i = 0; i < columns; i++) x[i] += bias[i];
    }
}

void bunko_sum_rows(const float *restrict x, size_t rows, size_t columns, float *restrict sums) {
    memset(sums, 0, columns * sizeof(float));
    for (size_t row = 0; row < rows; row++, x += columns) {
        for (size_t i = 0; i < columns; i++) sums[i] += x[i];
    }
}
