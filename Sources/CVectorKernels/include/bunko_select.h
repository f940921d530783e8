#ifndef BUNKO_SELECT_H
#define BUNKO_SELECT_H

#include <stddef.h>
#include <stdint.h>

/// Positions of the `wanted` largest values, in no order, and perhaps a few that are hardly smaller. `positions` has room for `count`. No
/// value may be NaN.
/// Returns how many were written, at least the smaller of `wanted` and `count`.
size_t bunko_select_largest(const float *restrict values, size_t count, size_t wanted, uint32_t *restrict positions);

/// Positions of the values that are at least `threshold`, ascending. `positions` has room for `count`. Returns how many were written.
size_t bunko_select_at_least(const float *restrict values, size_t count, float threshold, uint32_t *restrict positions);

/// For each row of a matrix, raises best[row] to the row's largest value where that is larger, and then sets which[row] to its column plus
/// `first`. Of equal values the leftmost counts.
void bunko_raise_to_row_maximum(
    const float *restrict matrix, size_t rows, size_t columns, size_t stride, uint32_t first, float *restrict best,
    uint32_t *restrict which);

/// Asks for memory that will be read soon.
void bunko_prefetch(const void *memory, size_t bytes);

/// Single words that a writer changes while others read them.
uint64_t bunko_load_relaxed(const uint64_t *word);
void bunko_store_relaxed(uint64_t *word, uint64_t value);

#endif
