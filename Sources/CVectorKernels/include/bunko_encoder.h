#pragma once

#include <stddef.h>

// What a transformer encoder computes beside products of matrices. Matrices are row-major and dense; they need no alignment. Each has
// versions for AVX-512 and AVX2 of the same source and takes the best the processor has; results differ by rounding alone.

/// x = gelu(x + bias) for each of `rows` rows of `columns`: v · Φ(v), the normal distribution's Φ by formula 7.1.26 of Abramowitz and
/// Stegun, whose error is 1.5e-7 at most.
void bunko_bias_gelu(float *restrict x, const float *restrict bias, size_t rows, size_t columns);

/// x = x + bias for each row.
void bunko_add_bias(float *restrict x, const float *restrict bias, size_t rows, size_t columns);

/// x = normalised(x + bias + residual) · scale + shift for each row: less its mean, over the root of its variance plus `epsilon`.
/// `bias` may be NULL, and `residual`, which has the form of `x`, too.
void bunko_layer_norm(float *restrict x, const float *restrict bias, const float *restrict residual, const float *restrict scale,
                      const float *restrict shift, float epsilon, size_t rows, size_t columns);

/// Each row becomes exp(x − its largest) over the sum of these. Values are finite.
void bunko_softmax(float *restrict x, size_t rows, size_t columns);

/// sums = the sum of the rows.
void bunko_sum_rows(const float *restrict x, size_t rows, size_t columns, float *restrict sums);

/// The versions, for tests.
#define BUNKO_ENCODER_KERNELS(suffix)                                                                                                  \
    void bunko_bias_gelu_##suffix(float *restrict x, const float *restrict bias, size_t rows, size_t columns);                         \
    void bunko_layer_norm_##suffix(float *restrict x, const float *restrict bias, const float *restrict residual,                      \
                                   const float *restrict scale, const float *restrict shift, float epsilon, size_t rows,               \
                                   size_t columns);                                                                                    \
    void bunko_softmax_##suffix(float *restrict x, size_t rows, size_t columns);

BUNKO_ENCODER_KERNELS(portable)
#if defined(__x86_64__)
BUNKO_ENCODER_KERNELS(avx2)
BUNKO_ENCODER_KERNELS(avx512)
#endif
