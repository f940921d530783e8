#include "CVectorKernels.h"

#include <math.h>
#include <string.h>

#include "codes.h"

float bunko_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 0x1F;
    uint32_t fraction = half & 0x3FF;
    if (exponent == 0) {
        float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    uint32_t bits = sign | (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23) | fraction << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// Halves of one sign ascend with their bits, so the nearest is the truncated one or the next.
static uint16_t truncated(float magnitude) {
    if (magnitude >= 65504.0f) return 0x7BFF;
    if (magnitude < 0x1p-14f) return (uint16_t)(magnitude * 0x1p24f);
    uint32_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    return (uint16_t)((bits >> 13) - (112u << 10));
}

uint16_t bunko_float_to_half(float value) {
    float magnitude = fabsf(value);
    uint16_t half = truncated(magnitude);
    if (half < 0x7BFF && bunko_half_to_float((uint16_t)(half + 1)) - magnitude < magnitude - bunko_half_to_float(half)) half++;
    return value < 0 ? half | 0x8000 : half;
}

uint16_t bunko_float_to_half_up(float value) {
    float magnitude = fabsf(value);
    uint16_t half = truncated(magnitude);
    if (value >= 0) return half < 0x7BFF && bunko_half_to_float(half) < magnitude ? (uint16_t)(half + 1) : half;
    return half | 0x8000;
}

bunko_code_factors bunko_factors_of(const double sums[4], size_t width) {
    double l1 = sums[0], squared = sums[1], centre_dot = sums[2], centre_signed = sums[3];
    if (!(l1 > 0) || !(squared > 0)) return (bunko_code_factors){0, 0, 0};
    uint16_t alpha_half = bunko_float_to_half((float)(squared / l1));
    // With the alpha that is stored, the estimate stays exact where the query is the centre.
    double add = centre_dot - bunko_half_to_float(alpha_half) * centre_signed;
    double alignment = l1 / sqrt(squared * (double)width);
    double error = sqrt(squared * fmax(0, 1 / (alignment * alignment) - 1) / (double)(width - 1));
    return (bunko_code_factors){alpha_half, bunko_float_to_half((float)add), bunko_float_to_half_up((float)error)};
}

bunko_code_factors bunko_encode_scalar(
    const float *restrict residual, const float *restrict centre, size_t width, uint8_t *restrict code) {
    double sums[4] = {0};
    // Eight lanes in float32 over 128 coordinates, which are then added up in float64: every variant keeps to this order.
    for (size_t start = 0; start < width; start += 128) {
        float lanes[4][8] = {{0}};
        for (size_t byte = start / 8; byte < start / 8 + 16; byte++) {
            const float *r = residual + 8 * byte, *c = centre + 8 * byte;
            unsigned bits = 0;
            for (int i = 0; i < 8; i++) {
                bool set = r[i] > 0;
                bits |= (unsigned)set << i;
                float squared = r[i] * r[i], dot = r[i] * c[i];
                lanes[0][i] += fabsf(r[i]);
                lanes[1][i] += squared;
                lanes[2][i] += dot;
                lanes[3][i] += set ? c[i] : -c[i];
            }
            code[byte] = (uint8_t)bits;
        }
        for (int sum = 0; sum < 4; sum++) {
            for (int i = 0; i < 8; i++) sums[sum] += lanes[sum][i];
        }
    }
    return bunko_factors_of(sums, width);
}

bunko_quantized_query bunko_quantize_scalar(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes) {
    float largest = 0;
    for (size_t j = 0; j < width; j++) largest = fmaxf(largest, fabsf(query[j]));
    float step = largest / 15, inverse = largest > 0 ? 15 / largest : 0;
    int32_t total = 0;
    double squared = 0;
    for (size_t j = 0; j < width; j++) {
        float value = rintf(query[j] * inverse);
        float rest = query[j] - step * value;
        squared += (double)rest * rest;
        values[j] = (int8_t)value;
        total += (int32_t)value;
    }
    int32_t offset = 0;
    for (size_t group = 0; group < width / 4; group++) {
        const int8_t *v = values + 4 * group;
        int smallest = 0;
        for (int i = 0; i < 4; i++) smallest += v[i] < 0 ? v[i] : 0;
        uint8_t *entries = tables + 16 * group;
        for (int subset = 0; subset < 16; subset++) {
            int sum = -smallest;
            for (int i = 0; i < 4; i++) sum += (subset >> i & 1) ? v[i] : 0;
            entries[subset] = (uint8_t)sum;
        }
        offset += smallest;
    }
    memset(planes, 0, BUNKO_PLANE_BYTES(width));
    for (size_t j = 0; j < width; j++) {
        for (int plane = 0; plane < BUNKO_PLANES; plane++) {
            uint8_t bit = (uint8_t)(((unsigned)values[j] >> plane & 1) << (j % 8));
            for (size_t code = 0; code < 4; code++) planes[bunko_plane_place(j / 8, (size_t)plane) + code] |= bit;
        }
    }
    return (bunko_quantized_query){width, values, tables, offset, planes, NULL, total, step, (float)sqrt(squared)};
}

void bunko_quad_store(uint8_t *quad, size_t place, const uint8_t *restrict code, size_t width) {
    for (size_t byte = 0; byte < width / 8; byte++) __atomic_store_n(quad + 4 * byte + place, code[byte], __ATOMIC_RELAXED);
}

void bunko_quad_load(const uint8_t *quad, size_t place, uint8_t *restrict code, size_t width) {
    for (size_t byte = 0; byte < width / 8; byte++) code[byte] = __atomic_load_n(quad + 4 * byte + place, __ATOMIC_RELAXED);
}

void bunko_quad_copy(const uint8_t *quad, uint8_t *restrict copy, size_t width) {
    const uint64_t *words = (const uint64_t *)(const void *)quad;
    for (size_t word = 0; word < width / 16; word++) {
        uint64_t bits = __atomic_load_n(words + word, __ATOMIC_RELAXED);
        memcpy(copy + 8 * word, &bits, sizeof bits);
    }
}

void bunko_quad_sums_scalar(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums) {
    (void)ahead;
    for (size_t code = 0; code < 4 * count; code++) {
        const uint8_t *quad = quads[code / 4] + code % 4;
        int32_t sum = 0;
        for (size_t byte = 0; byte < query->width / 8; byte++) {
            for (int plane = 0; plane < BUNKO_PLANES; plane++) {
                int ones = __builtin_popcount(quad[4 * byte] & query->planes[bunko_plane_place(byte, (size_t)plane)]);
                // The highest plane of two's complement counts negative.
                sum += plane == BUNKO_PLANES - 1 ? -(ones << plane) : ones << plane;
            }
        }
        sums[code] = sum;
    }
}

void bunko_block_sums_scalar(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums) {
    (void)ahead;
    for (size_t i = 0; i < 32; i++) sums[i] = query->table_offset;
    for (size_t byte = 0; byte < query->width / 8; byte++) {
        const uint8_t *tables = query->tables + 32 * byte;
        for (size_t i = 0; i < 32; i++) {
            uint8_t bits = block[32 * byte + i];
            sums[i] += tables[bits & 15] + tables[16 + (bits >> 4)];
        }
    }
}

void bunko_transpose_scalar(const uint8_t *const *quads, size_t count, size_t width, uint8_t *restrict block) {
    for (size_t byte = 0; byte < width / 8; byte++) {
        for (size_t j = 0; j < 8; j++) memcpy(block + 32 * byte + 4 * j, quads[j < count ? j : 0] + 4 * byte, 4);
    }
}

#if defined(__x86_64__)

bool bunko_cpu_has_vector_popcount(void) {
    return bunko_cpu_has_avx512() && __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vnni");
}

bool bunko_cpu_has_wide_tables(void) { return bunko_cpu_has_avx512() && __builtin_cpu_supports("avx512vbmi"); }

void bunko_quad_sums(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums) {
    if (bunko_cpu_has_vector_popcount()) return bunko_quad_sums_avx512(query, quads, count, ahead, sums);
    if (bunko_cpu_has_avx2()) return bunko_quad_sums_avx2(query, quads, count, ahead, sums);
    bunko_quad_sums_scalar(query, quads, count, ahead, sums);
}

bunko_quantized_query bunko_quantize(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes) {
    if (bunko_cpu_has_avx2()) return bunko_quantize_avx2(query, width, values, tables, planes);
    return bunko_quantize_scalar(query, width, values, tables, planes);
}

void bunko_block_sums(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums) {
    if (bunko_cpu_has_avx512()) return bunko_block_sums_avx512(query, block, ahead, sums);
    if (bunko_cpu_has_avx2()) return bunko_block_sums_avx2(query, block, ahead, sums);
    bunko_block_sums_scalar(query, block, ahead, sums);
}

void bunko_widen_tables(bunko_quantized_query *query, uint8_t *restrict wide) {
    if (bunko_cpu_has_wide_tables()) bunko_widen_tables_vbmi(query, wide);
}

void bunko_block_pair_sums(
    const bunko_quantized_query *query, const uint8_t *restrict first, const uint8_t *restrict second, const uint8_t *ahead,
    int32_t *restrict sums) {
    if (query->wide != NULL) return bunko_block_pair_sums_vbmi(query, first, second, ahead, sums);
    bunko_block_sums(query, first, second, sums);
    bunko_block_sums(query, second, ahead, sums + 32);
}

void bunko_transpose(const uint8_t *const *quads, size_t count, size_t width, uint8_t *restrict block) {
    if (bunko_cpu_has_avx2()) return bunko_transpose_avx2(quads, count, width, block);
    bunko_transpose_scalar(quads, count, width, block);
}

bunko_code_factors bunko_encode(
    const float *restrict residual, const float *restrict centre, size_t width, uint8_t *restrict code) {
    if (bunko_cpu_has_avx2()) return bunko_encode_avx2(residual, centre, width, code);
    return bunko_encode_scalar(residual, centre, width, code);
}

void bunko_rotate(const bunko_rotation *rotation, float *restrict values) {
    if (bunko_cpu_has_avx512()) return bunko_rotate_avx512(rotation, values);
    if (bunko_cpu_has_avx2()) return bunko_rotate_avx2(rotation, values);
    bunko_rotate_scalar(rotation, values);
}

#else

bool bunko_cpu_has_vector_popcount(void) { return false; }

bool bunko_cpu_has_wide_tables(void) { return false; }

void bunko_quad_sums(
    const bunko_quantized_query *query, const uint8_t *const *quads, size_t count, const uint8_t *const *ahead, int32_t *restrict sums) {
    bunko_quad_sums_scalar(query, quads, count, ahead, sums);
}

bunko_quantized_query bunko_quantize(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes) {
    return bunko_quantize_scalar(query, width, values, tables, planes);
}

void bunko_block_sums(
    const bunko_quantized_query *query, const uint8_t *restrict block, const uint8_t *ahead, int32_t *restrict sums) {
    bunko_block_sums_scalar(query, block, ahead, sums);
}

void bunko_widen_tables(bunko_quantized_query *query, uint8_t *restrict wide) {
    (void)query;
    (void)wide;
}

void bunko_block_pair_sums(
    const bunko_quantized_query *query, const uint8_t *restrict first, const uint8_t *restrict second, const uint8_t *ahead,
    int32_t *restrict sums) {
    bunko_block_sums_scalar(query, first, second, sums);
    bunko_block_sums_scalar(query, second, ahead, sums + 32);
}

void bunko_transpose(const uint8_t *const *quads, size_t count, size_t width, uint8_t *restrict block) {
    bunko_transpose_scalar(quads, count, width, block);
}

bunko_code_factors bunko_encode(
    const float *restrict residual, const float *restrict centre, size_t width, uint8_t *restrict code) {
    return bunko_encode_scalar(residual, centre, width, code);
}

void bunko_rotate(const bunko_rotation *rotation, float *restrict values) { bunko_rotate_scalar(rotation, values); }

#endif
