#ifndef BUNKO_CODES_INTERNAL_H
#define BUNKO_CODES_INTERNAL_H

#include "CVectorKernels.h"

/// The factors of a code from four sums over a residual r, with signs s, and a centre c: of |r|, of r * r, of r * c and of s * c.
bunko_code_factors bunko_factors_of(const double sums[4], size_t width);

#endif
