#include "CVectorKernels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { STEPS = 2048, COLUMNS = 256 };

INLINE void find_range(const float *restrict values, size_t count, float *restrict least_found, float *restrict most_found) {
    float leasts[8], mosts[8];
    for (size_t lane = 0; lane < 8; lane++) leasts[lane] = INFINITY, mosts[lane] = -INFINITY;
    size_t whole = count / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        for (size_t lane = 0; lane < 8; lane++) {
            leasts[lane] = values[i + lane] < leasts[lane] ? values[i + lane] : leasts[lane];
            mosts[lane] = values[i + lane] > mosts[lane] ? values[i + lane] : mosts[lane];
        }
    }
    for (size_t i = whole; i < count; i++) {
        leasts[0] = values[i] < leasts[0] ? values[i] : leasts[0];
        mosts[0] = values[i] > mosts[0] ? values[i] : mosts[0];
    }
    float least = INFINITY, most = -INFINITY;
    for (size_t lane = 0; lane < 8; lane++) {
        least = leasts[lane] < least ? leasts[lane] : least;
        most = mosts[lane] > most ? mosts[lane] : most;
    }
    *least_found = least;
    *most_found = most;
}

// The largest step of a histogram from which on there are `wanted` values.
INLINE uint32_t lowest_step(const float *restrict values, size_t count, size_t wanted, uint32_t steps, float least, float scale) {
    uint32_t histogram[STEPS];
    memset(histogram, 0, steps * sizeof histogram[0]);
    for (size_t i = 0; i < count; i++) histogram[(uint32_t)((values[i] - least) * scale)]++;
    size_t taken = 0;
    uint32_t lowest = steps;
    while (lowest > 0 && taken < wanted) taken += histogram[--lowest];
    return lowest;
}

// Of values in columns, `wanted` columns' largest bound the smallest that is wanted from below, and few others reach it.
INLINE size_t select_by_columns(const float *restrict values, size_t count, size_t wanted, uint32_t *restrict positions) {
    float largest[COLUMNS], least, most;
    memcpy(largest, values, sizeof largest);
    for (size_t first = COLUMNS; first < count; first += COLUMNS) {
        size_t here = count - first < COLUMNS ? count - first : COLUMNS;
        for (size_t i = 0; i < here; i++) largest[i] = values[first + i] > largest[i] ? values[first + i] : largest[i];
    }
    find_range(largest, COLUMNS, &least, &most);
    float scale = most > least ? (STEPS / 4 - 1) / (most - least) : 0;
    uint32_t lowest = lowest_step(largest, COLUMNS, wanted, STEPS / 4, least, scale);
    float threshold = most;
    for (size_t i = 0; i < COLUMNS; i++) {
        bool taken = (uint32_t)((largest[i] - least) * scale) >= lowest;
        threshold = taken && largest[i] < threshold ? largest[i] : threshold;
    }
    size_t found = 0;
    for (size_t column = 0; column < COLUMNS; column++) {
        if (largest[column] < threshold) continue;
        for (size_t i = column; i < count; i += COLUMNS) {
            positions[found] = (uint32_t)i;
            found += values[i] >= threshold;
        }
    }
    return found;
}

INLINE size_t select_largest(const float *restrict values, size_t count, size_t wanted, uint32_t *restrict positions) {
    if (count >= 4 * COLUMNS && wanted <= COLUMNS / 4) return select_by_columns(values, count, wanted, positions);
    float least, most;
    find_range(values, count, &least, &most);
    float scale = most > least ? (STEPS - 1) / (most - least) : 0;
    uint32_t lowest = lowest_step(values, count, wanted, STEPS, least, scale);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        positions[found] = (uint32_t)i;
        found += (uint32_t)((values[i] - least) * scale) >= lowest;
    }
    return found;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t select_largest_avx2(
    const float *restrict values, size_t count, size_t wanted, uint32_t *restrict positions) {
    return select_largest(values, count, wanted, positions);
}
#endif

size_t bunko_select_largest(const float *restrict values, size_t count, size_t wanted, uint32_t *restrict positions) {
#if defined(__x86_64__)
    if (bunko_cpu_has_avx2()) return select_largest_avx2(values, count, wanted, positions);
#endif
    return select_largest(values, count, wanted, positions);
}

size_t bunko_select_at_least(const float *restrict values, size_t count, float threshold, uint32_t *restrict positions) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        positions[found] = (uint32_t)i;
        found += values[i] >= threshold;
    }
    return found;
}

// Eight columns at a time, each lane with its own maximum.
typedef float eight __attribute__((vector_size(32)));
typedef int32_t eight_numbers __attribute__((vector_size(32)));

INLINE void raise_to_row_maximum(
    const float *restrict matrix, size_t rows, size_t columns, size_t stride, uint32_t first, float *restrict best,
    uint32_t *restrict which) {
    for (size_t row = 0; row < rows; row++) {
        const float *restrict values = matrix + row * stride;
        eight largest;
        eight_numbers at = {0}, column = {0, 1, 2, 3, 4, 5, 6, 7};
        for (int lane = 0; lane < 8; lane++) largest[lane] = -INFINITY;
        size_t i = 0;
        for (; i + 8 <= columns; i += 8) {
            eight here;
            memcpy(&here, values + i, sizeof here);
            eight_numbers larger = here > largest;
            largest = (eight)(((eight_numbers)here & larger) | ((eight_numbers)largest & ~larger));
            at = (column & larger) | (at & ~larger);
            column += 8;
        }
        float most = -INFINITY;
        uint32_t position = 0;
        for (int lane = 0; lane < 8; lane++) {
            if (largest[lane] > most || (largest[lane] == most && (uint32_t)at[lane] < position)) {
                most = largest[lane];
                position = (uint32_t)at[lane];
            }
        }
        for (; i < columns; i++) {
            if (values[i] > most) {
                most = values[i];
                position = (uint32_t)i;
            }
        }
        if (most > best[row]) {
            best[row] = most;
            which[row] = position + first;
        }
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void raise_avx2(
    const float *restrict matrix, size_t rows, size_t columns, size_t stride, uint32_t first, float *restrict best,
    uint32_t *restrict which) {
    raise_to_row_maximum(matrix, rows, columns, stride, first, best, which);
}
#endif

void bunko_raise_to_row_maximum(
    const float *restrict matrix, size_t rows, size_t columns, size_t stride, uint32_t first, float *restrict best,
    uint32_t *restrict which) {
#if defined(__x86_64__)
    if (bunko_cpu_has_avx2()) return raise_avx2(matrix, rows, columns, stride, first, best, which);
#endif
    raise_to_row_maximum(matrix, rows, columns, stride, first, best, which);
}

uint64_t bunko_load_relaxed(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }

void bunko_store_relaxed(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

void bunko_prefetch(const void *memory, size_t bytes) {
    for (size_t byte = 0; byte < bytes; byte += 64) __builtin_prefetch((const char *)memory + byte, 0, 3);
}
