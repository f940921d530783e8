#ifndef BUNKO_CODES_H
#define BUNKO_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// 1-bit codes of residuals and their estimator, after RaBitQ (Gao and Long, SIGMOD 2024).
//
// A vector x in a list with centre c, both rotated, has the residual r = x - c. Its code holds one bit a coordinate, r[j] > 0: coordinate
// j is bit j % 8 of byte j / 8. With s[j] = +1 or -1 for that bit, L1 = sum |r[j]| and L2 = |r|:
//
//     alpha = L2^2 / L1                       <r, v> is estimated by alpha <s, v>, without bias for any v
//     add   = <r, c> - alpha <s, c>           so that a query needs no residual of its own
//     error = L2 sqrt(1 / K^2 - 1) / sqrt(D - 1),   K = L1 / (L2 sqrt(D))
//     <q, x> is estimated by <q, c> + add + alpha <s, q>; the standard deviation of that is error |q - c|
//
// The three factors are stored as IEEE 754 half floats; `error` is rounded up.
//
// Queries are quantised to whole numbers in -15...15, so that every kernel computes the same sum over the bits that are set,
// bit for bit. Widths are numbers of coordinates and multiples of 128.
//
// Four codes lie together in a quad of width / 2 bytes: byte b of its code i is byte 4 b + i. A quad is the unit of a scan: table look-ups
// need codes side by side, while a filter wants them apart; four to a quad cost half the shuffles of codes that lie one by one, and 12
// cache lines instead of the 96 of a block of 32.

/// Factors of one code.
typedef struct {
    uint16_t alpha, add, error;
} bunko_code_factors;

/// The code, of width / 8 bytes, and the factors of a rotated residual around a rotated centre. A zero residual gets zero factors.
bunko_code_factors bunko_encode(const float *restrict residual, const float *restrict centre, size_t width, uint8_t *restrict code);

/// IEEE 754 half to float, exactly, and back, to the nearest; `_up` to the next that is not less. Values beyond the range of a half
/// become its largest finite ones.
float bunko_half_to_float(uint16_t half);
uint16_t bunko_float_to_half(float value);
uint16_t bunko_float_to_half_up(float value);

/// A random rotation of `width` values, a multiple of 128: `rounds` of {signs; fast Hadamard transforms of blocks whose sizes are the powers
/// of two in `width`, the largest first or, in odd rounds, last; a rotation by 45 degrees between the halves}. `signs` holds
/// rounds * width words of which only the top bit may be set.
typedef struct {
    size_t width;
    size_t rounds;
    const uint32_t *signs;
} bunko_rotation;

/// Rotates `width` values in place. An isometry up to float32 rounding.
void bunko_rotate(const bunko_rotation *rotation, float *restrict values);

/// Bytes a query's tables and planes need, each a multiple of 64 for a width that is a multiple of 128.
#define BUNKO_TABLE_BYTES(width) ((width) * 4)
#define BUNKO_WIDE_TABLE_BYTES(width) (((width) / 8 + 2) / 3 * 256)
#define BUNKO_PLANES 5
#define BUNKO_PLANE_BYTES(width) (BUNKO_PLANES * (width) / 2)

/// A rotated query in whole numbers: values[j] * step approximates query[j].
typedef struct {
    size_t width;
    const int8_t *values;
    /// For each four coordinates 16 sums of the values whose bit is set, less the smallest of them: at most 60.
    const uint8_t *tables;
    /// Sum of those smallest ones.
    int32_t table_offset;
    /// The values in two's complement of 5 bits: for every 128 coordinates five bit planes, lowest first, whose 16 bytes stand four times
    /// each, once for every code of a quad.
    const uint8_t *planes;
    /// The same as `tables` for six coordinates at a time, or null: see `bunko_widen_tables`.
    const uint8_t *wide;
    /// Sum of values.
    int32_t total;
    float step;
    /// Euclidean norm of query - step * values.
    float rounding;
} bunko_quantized_query;

/// Quantises a rotated query. The caller owns the three arrays: width values, and the bytes below. A query of zeros has step 0.
bunko_quantized_query bunko_quantize(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes);

/// Adds the tables that make `bunko_block_pair_sums` fast on a processor with AVX-512 VBMI; does nothing on others. The caller owns
/// BUNKO_WIDE_TABLE_BYTES(width) bytes.
void bunko_widen_tables(bunko_quantized_query *query, uint8_t *restrict wide);

/// Puts a code into its place (0...3) in a quad, and takes it out. Single bytes are written and read as relaxed atomics, so that the other
/// codes of the quad may be read at the same time.
void bunko_quad_store(uint8_t *quad, size_t place, const uint8_t *restrict code, size_t width);
void bunko_quad_load(const uint8_t *quad, size_t place, uint8_t *restrict code, size_t width);

/// Copies a quad that is still being written, by relaxed atomic reads.
void bunko_quad_copy(const uint8_t *quad, uint8_t *restrict copy, size_t width);

/// Sums of the query's values over the bits that are set, for the codes of `count` quads, 1 to 8: four sums a quad. `ahead` names eight
/// quads that will be wanted next, or is null: they are fetched into the cache line by line, between the sums, since as many requests at once
/// would fill the processor's buffers and hold up the sums.
void bunko_quad_sums(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums);

/// The same for eight quads that were transposed by `bunko_transpose`: 32 sums. Several queries may share a transposed block. `ahead` is the
/// block that will be wanted next, or null.
void bunko_block_sums(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums);

/// The same for two blocks: 64 sums. `ahead` is where two more blocks may lie one behind the other, or null: what lies there is fetched,
/// not read.
void bunko_block_pair_sums(
    const bunko_quantized_query *query, const uint8_t *restrict first, const uint8_t *restrict second, const uint8_t *ahead,
    int32_t *restrict sums);

/// Byte b of code i in quad j becomes byte 32 b + 4 j + i of `block`, of 4 * width bytes. With fewer than eight quads the rest of the
/// block repeats the first.
void bunko_transpose(const uint8_t *const *quads, size_t count, size_t width, uint8_t *restrict block);

/// Whether the processor counts bits of whole vectors (AVX-512 BITALG) and has dot products of bytes (VNNI); then
/// quads are summed by planes, else by tables.
bool bunko_cpu_has_vector_popcount(void);

/// Whether the processor looks up 64 bytes at once (AVX-512 VBMI).
bool bunko_cpu_has_wide_tables(void);

// The variants, for tests and measurements; calling one the processor lacks ends the process.

void bunko_quad_sums_scalar(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums);
void bunko_block_sums_scalar(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums);
void bunko_transpose_scalar(const uint8_t *const *quads, size_t count, size_t width, uint8_t *restrict block);
void bunko_rotate_scalar(const bunko_rotation *rotation, float *restrict values);
bunko_code_factors bunko_encode_scalar(
    const float *restrict residual, const float *restrict centre, size_t width, uint8_t *restrict code);
bunko_quantized_query bunko_quantize_scalar(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes);

#if defined(__x86_64__)
void bunko_quad_sums_avx2(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums);
void bunko_block_sums_avx2(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums);
void bunko_transpose_avx2(const uint8_t *const *quads, size_t count, size_t width, uint8_t *restrict block);
void bunko_rotate_avx2(const bunko_rotation *rotation, float *restrict values);
bunko_code_factors bunko_encode_avx2(const float *restrict residual, const float *restrict centre, size_t width, uint8_t *restrict code);
bunko_quantized_query bunko_quantize_avx2(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes);

void bunko_quad_sums_avx512(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums);
void bunko_block_sums_avx512(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums);
void bunko_rotate_avx512(const bunko_rotation *rotation, float *restrict values);
void bunko_widen_tables_vbmi(bunko_quantized_query *query, uint8_t *restrict wide);
/// For a query whose tables were widened.
void bunko_block_pair_sums_vbmi(
    const bunko_quantized_query *query, const uint8_t *restrict first, const uint8_t *restrict second, const uint8_t *ahead,
    int32_t *restrict sums);
#endif

#endif
