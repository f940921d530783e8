#ifndef BUNKO_SCAN_H
#define BUNKO_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bunko_codes.h"

// The two passes of a search: a scan over codes that keeps the rows whose error bound lets them be among the best k, and a re-rank of those
// by exact scores.
//
// Rows are named by slots. Row vectors lie in chunks of 2^shift rows; the row of a slot is chunks[slot >> shift] + (slot mod 2^shift) *
// dimensions.

/// Factors of the four codes of a quad.
typedef struct {
    uint16_t alpha[4], add[4], error[4];
} bunko_quad_factors;

/// The codes of a list, in quads, with their factors and slots. `count` is read once, with acquire order; a writer may append meanwhile.
typedef struct {
    const uint8_t *codes;
    const bunko_quad_factors *factors;
    const uint32_t *slots;
    const uint32_t *count;
    /// The codes once more, of all full blocks of 32 published rows, as `bunko_block_sums` reads them; null in most lists. A long list is
    /// summed in blocks in two thirds of the time.
    const uint8_t *blocks;
} bunko_list;

/// Writes an unpublished row of a list whose memory has room for it.
void bunko_list_write(
    const bunko_list *list, size_t row, const uint8_t *restrict code, bunko_code_factors factors, uint32_t slot, size_t width);
/// Reads a published row's code and factors.
bunko_code_factors bunko_list_read(const bunko_list *list, size_t row, uint8_t *restrict code, size_t width);
bunko_code_factors bunko_list_factors(const bunko_list *list, size_t row);
/// Fills the blocks of a list that has some, of its first `count` rows; those in front of the block that row `from` lies in are filled.
void bunko_list_fill_blocks(const bunko_list *list, size_t from, size_t count, size_t width);
/// Makes the first `count` rows of a list visible to readers that read the count later, at least as many as are visible already.
void bunko_list_publish(const bunko_list *list, uint32_t count, size_t width);
uint32_t bunko_list_count(const bunko_list *list);

/// A query against codes around one centre.
typedef struct {
    const bunko_quantized_query *query;
    /// <q, c>
    float base;
    /// |q - c|
    float distance;
    /// Width of the bounds in standard deviations, at least 0.
    float epsilon;
} bunko_code_query;

/// A row whose score is at most `upper`, by its bound.
typedef struct {
    float upper;
    uint32_t slot;
    uint32_t partition;
} bunko_candidate;

/// A row and its exact score.
typedef struct {
    float score;
    uint32_t slot;
    uint32_t partition;
} bunko_scored;

/// What one search has found so far. The caller owns the arrays.
typedef struct {
    bunko_candidate *candidates;
    size_t count, capacity;
    /// Hits wanted, at least 1.
    size_t k;
    /// Heaps of the k largest lower bounds and exact scores, the smallest first: k floats each.
    float *lower, *exact;
    size_t lower_count, exact_count;
    /// The smallest of k lower bounds; -infinity while there are fewer. A row whose upper bound is under it is not among the best k.
    float threshold;
} bunko_collector;

/// Counts a row that is known exactly.
void bunko_collect_exact(bunko_collector *collector, float score);
/// Drops the candidates that the threshold has overtaken.
void bunko_prune(bunko_collector *collector);

/// Rows a search may return: bit slot % 64 of word slot / 64.
typedef struct {
    const uint64_t *words;
    /// Slots from here on are not allowed.
    size_t slots;
    /// Most rows are not allowed: look at the bits first and at codes only where one is set.
    bool sparse;
} bunko_rows;

/// Which of `count` slots, at most 64, are allowed: bit i for slots[i]. The second variant needs AVX2.
uint64_t bunko_allowed_scalar(const bunko_rows *rows, const uint32_t *slots, size_t count);
#if defined(__x86_64__)
uint64_t bunko_allowed_avx2(const bunko_rows *rows, const uint32_t *slots, size_t count);
#endif

/// Estimates and half widths of their bounds for the 64 codes of 16 quads whose factors lie one behind the other. Returns a bit for each code
/// whose upper bound reaches the threshold. The second variant needs AVX-512.
uint64_t bunko_run_bounds_plain(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *factors, float threshold,
    float *restrict estimates, float *restrict widths);
#if defined(__x86_64__)
uint64_t bunko_run_bounds_avx512(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *factors, float threshold,
    float *restrict estimates, float *restrict widths);
#endif

/// Where a scan goes on: the position in its order of lists, and the row in that list.
typedef struct {
    size_t list, row;
} bunko_cursor;

/// Where a scan ends before the last list: at the first whose score is under `base` + `slope` times the collector's threshold.
typedef struct {
    /// Of the lists in their order, descending.
    const float *scores;
    float base, slope;
} bunko_reach;

/// What a scan adds up.
typedef struct {
    /// Rows whose codes were read.
    size_t rows;
    /// How many of them are allowed, where the rows are sparse.
    size_t matched;
} bunko_scanned;

/// Scans lists[order[i]] for i in cursor->list..<count, or as far as `reach` goes, which may be null, and leaves the cursor behind what it
/// scanned. `scratch` holds 4 * width bytes, aligned to 64. False, with the cursor in front of the rest, when fewer than 64 candidates have
/// room even after pruning.
bool bunko_scan(
    const bunko_list *lists, const uint32_t *order, size_t count, bunko_cursor *cursor, const bunko_code_query *query,
    const bunko_rows *rows, const bunko_reach *reach, uint32_t partition, bunko_collector *collector, uint8_t *restrict scratch,
    bunko_scanned *scanned);

/// A quad of a list.
typedef struct {
    uint32_t list, quad;
} bunko_quad;

/// Scans chosen quads; those that are not published are left out. The collector must have room for four candidates each. `scratch` as for
/// `bunko_scan`.
void bunko_scan_quads(
    const bunko_list *lists, const bunko_quad *quads, size_t count, const bunko_code_query *query, const bunko_rows *rows,
    uint32_t partition, bunko_collector *collector, uint8_t *restrict scratch, bunko_scanned *scanned);

/// Writes the codes of the first `count` rows of a list that nobody appends to in blocks of 32, as `bunko_block_sums` reads them: `width` / 8
/// bytes a row, `count` rounded up to 32; and two of their factors, `count` values each.
void bunko_transpose_list(
    const bunko_list *list, size_t count, size_t width, uint8_t *restrict blocks, float *restrict alpha, float *restrict add);

/// The estimates of `count` rows, without bounds, from what `bunko_transpose_list` writes.
void bunko_estimate(
    const uint8_t *restrict blocks, const float *restrict alpha, const float *restrict add, size_t count, const bunko_code_query *query,
    float *restrict estimates);

/// Rows of vectors as the caller holds them, one entry for each partition.
typedef struct {
    const float *const *chunks;
} bunko_vectors;

/// Computes exact scores of candidates by descending upper bound until no other can be among the best k. `scored` has room for all
/// candidates. Scores no more than `limit` rows. Afterwards there are no candidates. Returns how many rows were scored. The query's values from
/// `extent` on are 0, and no row is read beyond it.
size_t bunko_rerank(
    bunko_collector *collector, const float *restrict query, size_t extent, size_t dimensions, const bunko_vectors *partitions,
    unsigned shift, size_t limit, bunko_scored *restrict scored);

/// Sum of a[i] * b[i]; `count` is at most 131,071.
int32_t bunko_dot_int8(const int8_t *restrict a, const int8_t *restrict b, size_t count);
/// The whole numbers in -127...127 nearest to the values times a factor; returns the factor's inverse, or 0 when all values are zero.
float bunko_round_to_int8(const float *restrict source, int8_t *restrict destination, size_t count);
/// The nearest bfloat16 of each value; none may be NaN.
void bunko_round_to_bfloat16(const float *restrict source, uint16_t *restrict destination, size_t count);
void bunko_widen_bfloat16(const uint16_t *restrict source, float *restrict destination, size_t count);

#endif
