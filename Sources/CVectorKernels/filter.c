#include "CVectorKernels.h"

#include <stdbool.h>
#include <string.h>

static inline uint64_t range_bits(const double *values, size_t count, double low, double high) {
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) bits |= (uint64_t)(values[i] >= low && values[i] <= high) << i;
    return bits;
}

#if defined(__x86_64__)

#include <immintrin.h>

__attribute__((target("avx2"))) static void mark_range_avx2(
    const double *restrict values, size_t count, double low, double high, uint64_t *restrict words) {
    const __m256d lows = _mm256_set1_pd(low), highs = _mm256_set1_pd(high);
    size_t word = 0;
    for (; 64 * (word + 1) <= count; word++) {
        uint64_t bits = 0;
        for (int i = 0; i < 16; i++) {
            __m256d four = _mm256_loadu_pd(values + 64 * word + 4 * (size_t)i);
            __m256d inside = _mm256_and_pd(_mm256_cmp_pd(four, lows, _CMP_GE_OQ), _mm256_cmp_pd(four, highs, _CMP_LE_OQ));
            bits |= (uint64_t)(uint32_t)_mm256_movemask_pd(inside) << (4 * i);
        }
        words[word] |= bits;
    }
    if (64 * word < count) words[word] |= range_bits(values + 64 * word, count - 64 * word, low, high);
}

__attribute__((target("popcnt"))) static size_t count_bits_popcnt(const uint64_t *words, size_t count) {
    size_t bits = 0;
    for (size_t i = 0; i < count; i++) bits += (size_t)__builtin_popcountll(words[i]);
    return bits;
}

#endif

void bunko_mark_range(const double *restrict values, size_t count, double low, double high, uint64_t *restrict words) {
#if defined(__x86_64__)
    if (bunko_cpu_has_avx2()) {
        mark_range_avx2(values, count, low, high, words);
        return;
    }
#endif
    for (size_t first = 0; first < count; first += 64) {
        words[first / 64] |= range_bits(values + first, count - first < 64 ? count - first : 64, low, high);
    }
}

void bunko_set_bits(uint64_t *words, size_t count) {
    memset(words, 0xFF, count / 64 * sizeof *words);
    if (count % 64 != 0) words[count / 64] |= ((uint64_t)1 << (count % 64)) - 1;
}

void bunko_intersect(uint64_t *restrict words, const uint64_t *restrict other, size_t count) {
    for (size_t i = 0; i < count; i++) words[i] &= other[i];
}

size_t bunko_count_bits(const uint64_t *words, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("popcnt")) return count_bits_popcnt(words, count);
#endif
    size_t bits = 0;
    for (size_t i = 0; i < count; i++) bits += (size_t)__builtin_popcountll(words[i]);
    return bits;
}

// MARK: places

static inline const uint64_t *places_of(const bunko_places *places, size_t word) {
    size_t first = word * 64;
    const uint64_t *chunk = places->chunks[first >> places->shift];
    return chunk == NULL ? NULL : chunk + (first & (((size_t)1 << places->shift) - 1));
}

static inline void count_place(const uint64_t *place, uint32_t *restrict counts, size_t lists) {
    uint64_t list = __atomic_load_n(place, __ATOMIC_RELAXED) >> 32;
    if (list < lists) counts[list]++;
}

void bunko_count_places(
    const bunko_places *places, const uint64_t *words, size_t count, size_t step, uint32_t *restrict counts, size_t lists) {
    // The slots that are looked up in the first word; in each further word they are others.
    uint64_t chosen = 0;
    for (size_t bit = 0; bit < 64; bit += step) chosen |= (uint64_t)1 << bit;
    for (size_t word = 0; word < count; word++) {
        uint64_t bits = step == 1 ? words[word] : words[word] & chosen << word % step;
        const uint64_t *chunk = bits == 0 ? NULL : places_of(places, word);
        if (chunk == NULL) continue;
        for (; bits != 0; bits &= bits - 1) count_place(chunk + __builtin_ctzll(bits), counts, lists);
    }
}

void bunko_sample_places(
    const bunko_places *places, const uint64_t *words, size_t count, size_t step, uint32_t *restrict counts, size_t lists) {
    for (size_t word = 0; word < count; word += step) {
        const uint64_t *chunk = words[word] == 0 ? NULL : places_of(places, word);
        if (chunk != NULL) count_place(chunk + __builtin_ctzll(words[word]), counts, lists);
    }
}

size_t bunko_find_quads(
    const bunko_places *places, const uint64_t *words, size_t count, const uint32_t *starts, size_t lists, uint64_t *restrict marks,
    bunko_quad *restrict quads) {
    for (size_t word = 0; word < count; word++) {
        if (words[word] == 0) continue;
        const uint64_t *chunk = places_of(places, word);
        if (chunk == NULL) continue;
        for (uint64_t bits = words[word]; bits != 0; bits &= bits - 1) {
            uint64_t place = __atomic_load_n(chunk + __builtin_ctzll(bits), __ATOMIC_RELAXED);
            uint64_t list = place >> 32, quad = (place & 0xFFFFFFFF) / 4;
            if (list >= lists || quad >= (uint64_t)(starts[list + 1] - starts[list]) * 64) continue;
            marks[starts[list] + quad / 64] |= (uint64_t)1 << (quad % 64);
        }
    }
    size_t found = 0;
    for (size_t list = 0; list < lists; list++) {
        for (size_t word = starts[list]; word < starts[list + 1]; word++) {
            for (uint64_t bits = marks[word]; bits != 0; bits &= bits - 1) {
                uint32_t quad = (uint32_t)((word - starts[list]) * 64) + (uint32_t)__builtin_ctzll(bits);
                quads[found++] = (bunko_quad){(uint32_t)list, quad};
            }
        }
    }
    return found;
}
