#include "CVectorKernels.h"

#include <math.h>

#if defined(__x86_64__)

bool bunko_cpu_has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool bunko_cpu_has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
}

// The feature test reads one word the C runtime filled at start: cheaper than a call through a pointer
// that some thread would have to initialise.
#define DISPATCH(kernel, ...)                                                                                          \
    do {                                                                                                               \
        if (bunko_cpu_has_avx512()) return kernel##_avx512(__VA_ARGS__);                                               \
        if (bunko_cpu_has_avx2()) return kernel##_avx2(__VA_ARGS__);                                                   \
        return kernel##_scalar(__VA_ARGS__);                                                                           \
    } while (0)

#else

bool bunko_cpu_has_avx2(void) { return false; }

bool bunko_cpu_has_avx512(void) { return false; }

#define DISPATCH(kernel, ...) return kernel##_scalar(__VA_ARGS__)

#endif

float bunko_dot(const float *restrict a, const float *restrict b, size_t count) {
    DISPATCH(bunko_dot, a, b, count);
}

float bunko_dot_ahead(const float *restrict a, const float *restrict b, size_t count, const float *ahead) {
    DISPATCH(bunko_dot_ahead, a, b, count, ahead);
}

double bunko_squared_norm(const float *restrict a, size_t count) {
    DISPATCH(bunko_squared_norm, a, count);
}

void bunko_scale(const float *restrict source, double factor, float *restrict destination, size_t count) {
    DISPATCH(bunko_scale, source, factor, destination, count);
}

void bunko_decode_big_endian(const uint8_t *restrict source, float *restrict destination, size_t count) {
    DISPATCH(bunko_decode_big_endian, source, destination, count);
}

bool bunko_normalize(float *restrict a, size_t count) {
    double squared = bunko_squared_norm(a, count);
    if (!(squared > 0) || isinf(squared)) return false;
    double factor = 1 / sqrt(squared);
    for (size_t i = 0; i < count; i++) {
        a[i] = (float)((double)a[i] * factor);
    }
    return true;
}
