#ifndef BUNKO_FILTER_H
#define BUNKO_FILTER_H

#include <stddef.h>
#include <stdint.h>

// Sets of slots as bits: bit i % 64 of word i / 64.

/// Sets bit i for each i < count with low <= values[i] <= high; NaN lies in no range. Other bits stay.
void bunko_mark_range(const double *restrict values, size_t count, double low, double high, uint64_t *restrict words);
/// Sets the first `count` bits.
void bunko_set_bits(uint64_t *words, size_t count);
/// Leaves the bits of `words` that are set in `other`, too.
void bunko_intersect(uint64_t *restrict words, const uint64_t *restrict other, size_t count);
/// Number of bits set in `count` words.
size_t bunko_count_bits(const uint64_t *words, size_t count);

#endif
