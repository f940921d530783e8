#ifndef BUNKO_FILTER_H
#define BUNKO_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "bunko_scan.h"

// Sets of slots as bits: bit i % 64 of word i / 64.

/// Sets bit i for each i < count with low <= values[i] <= high; NaN lies in no range. Other bits stay.
void bunko_mark_range(const double *restrict values, size_t count, double low, double high, uint64_t *restrict words);
/// Sets the first `count` bits.
void bunko_set_bits(uint64_t *words, size_t count);
/// Leaves the bits of `words` that are set in `other`, too.
void bunko_intersect(uint64_t *restrict words, const uint64_t *restrict other, size_t count);
/// Number of bits set in `count` words.
size_t bunko_count_bits(const uint64_t *words, size_t count);

/// Where the codes of rows lie: the place of a slot is chunks[slot >> shift][slot mod 2^shift], its list's number in the upper half and its row
/// in that list in the lower. A writer may change it at any time, also to a place that the reader's lists do not have.
typedef struct {
    const uint64_t *const *chunks;
    unsigned shift;
} bunko_places;

/// Adds to counts[list] how many of the slots in `count` words have their place in it, of one slot in `step`. `counts` has an entry for each
/// of `lists`.
void bunko_count_places(
    const bunko_places *places, const uint64_t *words, size_t count, size_t step, uint32_t *restrict counts, size_t lists);
/// The same for the first slot of every `step`-th word that has any.
void bunko_sample_places(
    const bunko_places *places, const uint64_t *words, size_t count, size_t step, uint32_t *restrict counts, size_t lists);

/// The quads that hold the codes of slots, ascending, each once. List i has room for quads starts[i] * 64 ..< starts[i + 1] * 64 less
/// starts[i] * 64. `marks` holds starts[lists] words of zeros; `quads` has room for as many as there are slots. Returns their number.
size_t bunko_find_quads(
    const bunko_places *places, const uint64_t *words, size_t count, const uint32_t *starts, size_t lists, uint64_t *restrict marks,
    bunko_quad *restrict quads);

#endif
