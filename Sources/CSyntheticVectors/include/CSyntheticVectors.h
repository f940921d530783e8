#ifndef BUNKO_SYNTHETIC_VECTORS_H
#define BUNKO_SYNTHETIC_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The arithmetic of the generator of synthetic embeddings. Every function gives the same bits on every processor: it adds and
// multiplies in a fixed order, never fuses the two, and calls no mathematical library. So a data set is known by its checksum.
//
// The caller owns all memory; nothing is allocated, no state is kept, every function may run on any thread.

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): the block of random bits that stands at `counter` in the sequence of `key`.
void bunko_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]);

/// Fills `values` with normal numbers of the given deviation: a stream of its own for each seed, purpose and position. A shorter
/// `count` gives the beginning of the same stream. At most 6.7 deviations from 0.
void bunko_normal_values(uint64_t seed, uint32_t purpose, uint64_t position, float deviation, float *values, size_t count);

/// Reorders `rank` basis vectors of `dimensions` values each, one after the other, for bunko_add_images: panels of 16 dimensions.
/// `dimensions` is a multiple of 16. No overlap.
void bunko_pack_basis(const float *restrict basis, size_t rank, size_t dimensions, float *restrict panels);

/// rows[i] += sum over k of latents[i][k] * basis[k], k ascending, for `count` rows. `panels` as made by bunko_pack_basis. No overlap.
void bunko_add_images(
    const float *restrict panels, size_t rank, size_t dimensions, const float *restrict latents, float *restrict rows, size_t count);

/// Divides each row by its Euclidean norm, which is summed up in float64. `dimensions` is a multiple of 8.
void bunko_normalize_rows(float *rows, size_t dimensions, size_t count);

/// Sum of a[i] * b[i] in float64.
double bunko_exact_dot(const float *restrict a, const float *restrict b, size_t count);

/// Whether the processor runs the variants named so below. False on every architecture but x86-64.
bool bunko_synthetic_has_avx2(void);
bool bunko_synthetic_has_avx512(void);

// The variants, for tests; calling one the processor lacks ends the process.

void bunko_normal_values_portable(
    uint64_t seed, uint32_t purpose, uint64_t position, float deviation, float *values, size_t count);
void bunko_add_images_portable(
    const float *restrict panels, size_t rank, size_t dimensions, const float *restrict latents, float *restrict rows, size_t count);
void bunko_normalize_rows_portable(float *rows, size_t dimensions, size_t count);
double bunko_exact_dot_portable(const float *restrict a, const float *restrict b, size_t count);

#if defined(__x86_64__)
void bunko_normal_values_avx2(
    uint64_t seed, uint32_t purpose, uint64_t position, float deviation, float *values, size_t count);
void bunko_add_images_avx2(
    const float *restrict panels, size_t rank, size_t dimensions, const float *restrict latents, float *restrict rows, size_t count);
void bunko_normalize_rows_avx2(float *rows, size_t dimensions, size_t count);
double bunko_exact_dot_avx2(const float *restrict a, const float *restrict b, size_t count);

void bunko_normal_values_avx512(
    uint64_t seed, uint32_t purpose, uint64_t position, float deviation, float *values, size_t count);
void bunko_add_images_avx512(
    const float *restrict panels, size_t rank, size_t dimensions, const float *restrict latents, float *restrict rows, size_t count);
void bunko_normalize_rows_avx512(float *rows, size_t dimensions, size_t count);
double bunko_exact_dot_avx512(const float *restrict a, const float *restrict b, size_t count);
#endif

#endif
