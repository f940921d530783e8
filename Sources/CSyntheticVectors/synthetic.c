#include "CSyntheticVectors.h"

#include <math.h>
#include <string.h>

// A fused multiply-add would round once where others round twice.
#pragma STDC FP_CONTRACT OFF

// Eight lanes whatever the processor has: the compiler splits them where its registers are shorter.
typedef float floats __attribute__((vector_size(32)));
typedef int32_t ints __attribute__((vector_size(32)));
typedef uint32_t words __attribute__((vector_size(32)));
typedef uint64_t longs __attribute__((vector_size(64)));
typedef double doubles __attribute__((vector_size(64)));

enum { LANES = 8, PANEL = 16, STRIP = 4 };

#define INLINE static inline __attribute__((always_inline))

static const uint32_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
static const uint32_t weyl0 = 0x9E3779B9, weyl1 = 0xBB67AE85;

void bunko_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]) {
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)multiplier0 * x0, p1 = (uint64_t)multiplier1 * x2;
        x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)p1;
        x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)p0;
        k0 += weyl0;
        k1 += weyl1;
    }
    block[0] = x0;
    block[1] = x1;
    block[2] = x2;
    block[3] = x3;
}

// Vectors go by pointer: by value their passing would depend on the processor the caller was compiled for.

INLINE void multiply(uint32_t multiplier, const words *x, words *high, words *low) {
    longs product = __builtin_convertvector(*x, longs) * (uint64_t)multiplier;
    *high = __builtin_convertvector(product >> 32, words);
    *low = __builtin_convertvector(product, words);
}

/// Eight blocks of Philox with the counters first, first + 1, …
INLINE void philox8(uint64_t seed, uint32_t purpose, uint64_t position, uint32_t first, words block[4]) {
    words x0 = (words){0, 1, 2, 3, 4, 5, 6, 7} + first;
    words x1 = (words){0} + (uint32_t)position, x2 = (words){0} + (uint32_t)(position >> 32), x3 = (words){0} + purpose;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        words high0, low0, high1, low1;
        multiply(multiplier0, &x0, &high0, &low0);
        multiply(multiplier1, &x2, &high1, &low1);
        x0 = high1 ^ x1 ^ k0;
        x1 = low1;
        x2 = high0 ^ x3 ^ k1;
        x3 = low0;
        k0 += weyl0;
        k1 += weyl1;
    }
    block[0] = x0;
    block[1] = x1;
    block[2] = x2;
    block[3] = x3;
}

/// sqrt(-2 log u) for u uniform in (0, 1]: the logarithm by the polynomial of Cephes' logf.
INLINE void radius(const words *bits, floats *result) {
    // 31 bits, since every processor converts signed words.
    floats u = __builtin_convertvector((ints)(*bits >> 1), floats) * 0x1p-31f + 0x1p-32f;
    // u = (1 + m) 2^e with 1 + m from sqrt(1/2) to sqrt(2).
    ints shifted = (ints)u - 0x3F3504F3;
    floats e = __builtin_convertvector(shifted >> 23, floats);
    floats m = (floats)((shifted & 0x007FFFFF) + 0x3F3504F3) - 1.0f;
    floats z = m * m;
    floats p = m * 7.0376836292E-2f - 1.1514610310E-1f;
    p = p * m + 1.1676998740E-1f;
    p = p * m - 1.2420140846E-1f;
    p = p * m + 1.4249322787E-1f;
    p = p * m - 1.6668057665E-1f;
    p = p * m + 2.0000714765E-1f;
    p = p * m - 2.4999993993E-1f;
    p = p * m + 3.3333331174E-1f;
    floats logarithm = m + (z * (m * p) - z * 0.5f) + e * 0.693147180559945f;
    floats square = logarithm * -2.0f;
    *result = __builtin_elementwise_sqrt(square);
}

/// Cosine and sine of a uniform angle: 30 bits choose it within an eighth of a turn about 0, two more the quarter.
INLINE void direction(const words *bits, floats *cosine, floats *sine) {
    floats angle = __builtin_convertvector((ints)(*bits & 0x3FFFFFFF), floats) * (0x1p-30f * 1.57079632679f) - 0.785398163397f;
    floats z = angle * angle;
    floats s = z * -1.9515295891E-4f + 8.3321608736E-3f;
    s = s * z - 1.6666654611E-1f;
    s = s * z * angle + angle;
    floats c = z * 2.443315711809948E-5f - 1.388731625493765E-3f;
    c = c * z + 4.166664568298827E-2f;
    c = c * z * z - z * 0.5f + 1.0f;
    ints swap = (ints)(*bits << 1) >> 31;
    words sign = *bits & 0x80000000u;
    *cosine = (floats)((words)((swap & (ints)s) | (~swap & (ints)c)) ^ sign);
    *sine = (floats)((words)((swap & (ints)c) | (~swap & (ints)s)) ^ sign);
}

/// 32 normal values, by Box and Muller.
INLINE void normals32(uint64_t seed, uint32_t purpose, uint64_t position, uint32_t first, float deviation, float *values) {
    words block[4];
    philox8(seed, purpose, position, first, block);
    for (int half = 0; half < 2; half++) {
        floats r, cosine, sine;
        radius(&block[2 * half], &r);
        direction(&block[2 * half + 1], &cosine, &sine);
        cosine = r * cosine * deviation;
        sine = r * sine * deviation;
        memcpy(values + 2 * LANES * half, &cosine, sizeof cosine);
        memcpy(values + 2 * LANES * half + LANES, &sine, sizeof sine);
    }
}

INLINE void normal_values(uint64_t seed, uint32_t purpose, uint64_t position, float deviation, float *values, size_t count) {
    size_t i = 0;
    for (; i + 32 <= count; i += 32) normals32(seed, purpose, position, (uint32_t)(i / 4), deviation, values + i);
    if (i < count) {
        float rest[32];
        normals32(seed, purpose, position, (uint32_t)(i / 4), deviation, rest);
        memcpy(values + i, rest, (count - i) * sizeof(float));
    }
}

void bunko_pack_basis(const float *restrict basis, size_t rank, size_t dimensions, float *restrict panels) {
    for (size_t start = 0; start < dimensions; start += PANEL) {
        for (size_t k = 0; k < rank; k++) {
            memcpy(panels + start * rank + k * PANEL, basis + k * dimensions + start, PANEL * sizeof(float));
        }
    }
}

/// One panel's share of `strip` rows: eight sums stay in registers, and the panel in the first-level cache.
INLINE void add_panel(
    const float *restrict panel, size_t rank, size_t dimensions, const float *restrict latents, float *restrict rows, const int strip) {
    floats sums[STRIP][2];
    for (int row = 0; row < strip; row++) memcpy(sums[row], rows + row * dimensions, sizeof sums[row]);
    for (size_t k = 0; k < rank; k++) {
        floats part[2];
        memcpy(part, panel + k * PANEL, sizeof part);
        for (int row = 0; row < strip; row++) {
            float weight = latents[row * rank + k];
            sums[row][0] += part[0] * weight;
            sums[row][1] += part[1] * weight;
        }
    }
    for (int row = 0; row < strip; row++) memcpy(rows + row * dimensions, sums[row], sizeof sums[row]);
}

INLINE void add_images(
    const float *restrict panels, size_t rank, size_t dimensions, const float *restrict latents, float *restrict rows, size_t count) {
    for (size_t start = 0; start < dimensions; start += PANEL) {
        const float *panel = panels + start * rank;
        size_t i = 0;
        for (; i + STRIP <= count; i += STRIP) {
            add_panel(panel, rank, dimensions, latents + i * rank, rows + i * dimensions + start, STRIP);
        }
        for (; i < count; i++) add_panel(panel, rank, dimensions, latents + i * rank, rows + i * dimensions + start, 1);
    }
}

INLINE double exact_dot(const float *restrict a, const float *restrict b, size_t count) {
    doubles sum = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        floats x, y;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        sum += __builtin_convertvector(x, doubles) * __builtin_convertvector(y, doubles);
    }
    double total = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
    for (; i < count; i++) total += (double)a[i] * (double)b[i];
    return total;
}

INLINE void normalize_rows(float *rows, size_t dimensions, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float *row = rows + i * dimensions;
        double norm = sqrt(exact_dot(row, row, dimensions));
        for (size_t j = 0; j + LANES <= dimensions; j += LANES) {
            floats x;
            memcpy(&x, row + j, sizeof x);
            x = __builtin_convertvector(__builtin_convertvector(x, doubles) / norm, floats);
            memcpy(row + j, &x, sizeof x);
        }
    }
}

// Each function once for every set of instructions. `__builtin_cpu_supports` reads a word that was filled when the process started.

#define VARIANTS(suffix, attribute)                                                                                                   \
    attribute void bunko_normal_values_##suffix(                                                                                      \
        uint64_t seed, uint32_t purpose, uint64_t position, float deviation, float *values, size_t count) {                           \
        normal_values(seed, purpose, position, deviation, values, count);                                                             \
    }                                                                                                                                 \
    attribute void bunko_add_images_##suffix(                                                                                         \
        const float *restrict panels, size_t rank, size_t dimensions, const float *restrict latents, float *restrict rows,            \
        size_t count) {                                                                                                               \
        add_images(panels, rank, dimensions, latents, rows, count);                                                                   \
    }                                                                                                                                 \
    attribute void bunko_normalize_rows_##suffix(float *rows, size_t dimensions, size_t count) {                                      \
        normalize_rows(rows, dimensions, count);                                                                                      \
    }                                                                                                                                 \
    attribute double bunko_exact_dot_##suffix(const float *restrict a, const float *restrict b, size_t count) {                       \
        return exact_dot(a, b, count);                                                                                                \
    }

VARIANTS(portable, )

#if defined(__x86_64__)
VARIANTS(avx2, __attribute__((target("avx2"))))
VARIANTS(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))))

#define DISPATCH(function, ...)                                                                                                        \
    do {                                                                                                                              \
        if (bunko_synthetic_has_avx512()) return function##_avx512(__VA_ARGS__);                                                      \
        if (bunko_synthetic_has_avx2()) return function##_avx2(__VA_ARGS__);                                                          \
        return function##_portable(__VA_ARGS__);                                                                                      \
    } while (0)

bool bunko_synthetic_has_avx2(void) { return __builtin_cpu_supports("avx2"); }

bool bunko_synthetic_has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
}

#else

#define DISPATCH(function, ...) return function##_portable(__VA_ARGS__)

bool bunko_synthetic_has_avx2(void) { return false; }

bool bunko_synthetic_has_avx512(void) { return false; }

#endif

void bunko_normal_values(uint64_t seed, uint32_t purpose, uint64_t position, float deviation, float *values, size_t count) {
    DISPATCH(bunko_normal_values, seed, purpose, position, deviation, values, count);
}

void bunko_add_images(
    const float *restrict panels, size_t rank, size_t dimensions, const float *restrict latents, float *restrict rows, size_t count) {
    DISPATCH(bunko_add_images, panels, rank, dimensions, latents, rows, count);
}

void bunko_normalize_rows(float *rows, size_t dimensions, size_t count) {
    DISPATCH(bunko_normalize_rows, rows, dimensions, count);
}

double bunko_exact_dot(const float *restrict a, const float *restrict b, size_t count) {
    DISPATCH(bunko_exact_dot, a, b, count);
}
