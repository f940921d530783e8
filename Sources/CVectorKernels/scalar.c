#include "CVectorKernels.h"

#include <string.h>

float bunko_dot_scalar(const float *restrict a, const float *restrict b, size_t count) {
    float sums[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        sums[0] += a[i] * b[i];
        sums[1] += a[i + 1] * b[i + 1];
        sums[2] += a[i + 2] * b[i + 2];
        sums[3] += a[i + 3] * b[i + 3];
    }
    for (; i < count; i++) {
        sums[0] += a[i] * b[i];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

float bunko_dot_ahead_scalar(const float *restrict a, const float *restrict b, size_t count, const float *ahead) {
    (void)ahead;
    return bunko_dot_scalar(a, b, count);
}

double bunko_squared_norm_scalar(const float *restrict a, size_t count) {
    double sums[2] = {0, 0};
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        sums[0] += (double)a[i] * (double)a[i];
        sums[1] += (double)a[i + 1] * (double)a[i + 1];
    }
    for (; i < count; i++) {
        sums[0] += (double)a[i] * (double)a[i];
    }
    return sums[0] + sums[1];
}

void bunko_scale_scalar(const float *restrict source, double factor, float *restrict destination, size_t count) {
    for (size_t i = 0; i < count; i++) {
        destination[i] = (float)((double)source[i] * factor);
    }
}

void bunko_decode_big_endian_scalar(const uint8_t *restrict source, float *restrict destination, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = source + 4 * i;
        uint32_t bits = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
        memcpy(destination + i, &bits, sizeof bits);
    }
}
