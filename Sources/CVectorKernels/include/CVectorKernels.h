#ifndef BUNKO_VECTOR_KERNELS_H
#define BUNKO_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bunko_checksum.h"
#include "bunko_codes.h"
#include "bunko_encoder.h"
#include "bunko_filter.h"
#include "bunko_sanitizer.h"
#include "bunko_scan.h"
#include "bunko_select.h"
#include "bunko_system.h"

// Float32 vector kernels. The caller owns all memory; nothing is allocated, no state is kept, every
// function may run on any thread. Pointers need only the alignment of their element type. `count` is a
// number of elements and may be 0.
//
// The plain names choose the widest variant the processor has, at run time; the same process always
// gets the same variant, so equal inputs give equal results.

/// Sum of a[i] * b[i], in float32 with several accumulators. Error at most count * 2^-24 * sum |a[i] b[i]|.
float bunko_dot(const float *restrict a, const float *restrict b, size_t count);

/// The same sum, bit for bit. Meanwhile `count` values from `ahead` on are fetched into the cache, line by line, so that the requests do not
/// hold up the sum.
float bunko_dot_ahead(const float *restrict a, const float *restrict b, size_t count, const float *ahead);

/// Sum of a[i]^2 in float64: no finite float32 input overflows or vanishes. NaN or infinite exactly when
/// some element is.
double bunko_squared_norm(const float *restrict a, size_t count);

/// destination[i] = source[i] * factor, multiplied in float64 and rounded once. No overlap.
void bunko_scale(const float *restrict source, double factor, float *restrict destination, size_t count);

/// Divides a by its Euclidean norm in place. False, with a unchanged, when the norm is zero or not finite.
bool bunko_normalize(float *restrict a, size_t count);

/// Decodes big-endian IEEE 754 float32 values, as PostgreSQL and pgvector send them, to native ones,
/// bit for bit.
void bunko_decode_big_endian(const uint8_t *restrict source, float *restrict destination, size_t count);

/// Whether the processor runs the variants named so below. False on every architecture but x86-64.
bool bunko_cpu_has_avx2(void);
bool bunko_cpu_has_avx512(void);

// The variants, for tests and measurements; calling one the processor lacks ends the process.

float bunko_dot_scalar(const float *restrict a, const float *restrict b, size_t count);
float bunko_dot_ahead_scalar(const float *restrict a, const float *restrict b, size_t count, const float *ahead);
double bunko_squared_norm_scalar(const float *restrict a, size_t count);
void bunko_scale_scalar(const float *restrict source, double factor, float *restrict destination, size_t count);
void bunko_decode_big_endian_scalar(const uint8_t *restrict source, float *restrict destination, size_t count);

#if defined(__x86_64__)
float bunko_dot_avx2(const float *restrict a, const float *restrict b, size_t count);
float bunko_dot_ahead_avx2(const float *restrict a, const float *restrict b, size_t count, const float *ahead);
double bunko_squared_norm_avx2(const float *restrict a, size_t count);
void bunko_scale_avx2(const float *restrict source, double factor, float *restrict destination, size_t count);
void bunko_decode_big_endian_avx2(const uint8_t *restrict source, float *restrict destination, size_t count);

float bunko_dot_avx512(const float *restrict a, const float *restrict b, size_t count);
float bunko_dot_ahead_avx512(const float *restrict a, const float *restrict b, size_t count, const float *ahead);
double bunko_squared_norm_avx512(const float *restrict a, size_t count);
void bunko_scale_avx512(const float *restrict source, double factor, float *restrict destination, size_t count);
void bunko_decode_big_endian_avx512(const uint8_t *restrict source, float *restrict destination, size_t count);
#endif

#endif
