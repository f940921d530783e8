#ifndef BUNKO_SCAN_INTERNAL_H
#define BUNKO_SCAN_INTERNAL_H

#include "CVectorKernels.h"

// Covers the rounding of float32 sums of unit vectors.
#define BUNKO_BOUND_SLACK 1e-6f

typedef struct {
    float estimate[32], width[32];
} bunko_bounds;

/// Estimates and half widths of their bounds for the codes of up to eight quads; of `sums` 32 are readable. Returns a bit for each code whose
/// upper bound reaches the threshold; bits beyond 4 * quads mean nothing.
uint32_t bunko_bounds_scalar(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *const *factors, size_t quads,
    float threshold, bunko_bounds *restrict bounds);

#if defined(__x86_64__)
uint32_t bunko_bounds_avx2(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *const *factors, size_t quads,
    float threshold, bunko_bounds *restrict bounds);
#endif

#endif
