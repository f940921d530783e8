#include "CVectorKernels.h"

void bunko_list_write(
    const bunko_list *list, size_t row, const uint8_t *restrict code, bunko_code_factors factors, uint32_t slot, size_t width) {
    size_t quad = row / 4, place = row % 4;
    // The memory is the list's own; readers see it as constant.
    bunko_quad_store((uint8_t *)(uintptr_t)(list->codes + quad * (width / 2)), place, code, width);
    bunko_quad_factors *target = (bunko_quad_factors *)(uintptr_t)(list->factors + quad);
    __atomic_store_n(&target->alpha[place], factors.alpha, __ATOMIC_RELAXED);
    __atomic_store_n(&target->add[place], factors.add, __ATOMIC_RELAXED);
    __atomic_store_n(&target->error[place], factors.error, __ATOMIC_RELAXED);
    __atomic_store_n((uint32_t *)(uintptr_t)(list->slots + row), slot, __ATOMIC_RELAXED);
}

bunko_code_factors bunko_list_read(const bunko_list *list, size_t row, uint8_t *restrict code, size_t width) {
    bunko_quad_load(list->codes + row / 4 * (width / 2), row % 4, code, width);
    return bunko_list_factors(list, row);
}

bunko_code_factors bunko_list_factors(const bunko_list *list, size_t row) {
    size_t place = row % 4;
    const bunko_quad_factors *factors = list->factors + row / 4;
    return (bunko_code_factors){
        __atomic_load_n(&factors->alpha[place], __ATOMIC_RELAXED), __atomic_load_n(&factors->add[place], __ATOMIC_RELAXED),
        __atomic_load_n(&factors->error[place], __ATOMIC_RELAXED)};
}

// The codes of rows first...first + count - 1, at most 32, as a block; `first` is a multiple of 4.
static void transpose_rows(const bunko_list *list, size_t first, size_t count, size_t width, uint8_t *restrict block) {
    const uint8_t *codes[8];
    size_t quads = (count + 3) / 4;
    for (size_t i = 0; i < quads; i++) codes[i] = list->codes + (first / 4 + i) * (width / 2);
    bunko_transpose(codes, quads, width, block);
}

void bunko_list_fill_blocks(const bunko_list *list, size_t from, size_t count, size_t width) {
    if (list->blocks == NULL) return;
    for (size_t row = from / 32 * 32; row + 32 <= count; row += 32) {
        transpose_rows(list, row, 32, width, (uint8_t *)(uintptr_t)(list->blocks + row * (width / 8)));
    }
}

void bunko_list_publish(const bunko_list *list, uint32_t count, size_t width) {
    bunko_list_fill_blocks(list, *list->count, count, width);
    __atomic_store_n((uint32_t *)(uintptr_t)list->count, count, __ATOMIC_RELEASE);
}

uint32_t bunko_list_count(const bunko_list *list) { return __atomic_load_n(list->count, __ATOMIC_ACQUIRE); }

void bunko_transpose_list(
    const bunko_list *list, size_t count, size_t width, uint8_t *restrict blocks, float *restrict alpha, float *restrict add) {
    for (size_t row = 0; row < count; row += 32) {
        transpose_rows(list, row, count - row < 32 ? count - row : 32, width, blocks + row * (width / 8));
    }
    for (size_t row = 0; row < count; row++) {
        bunko_code_factors factors = bunko_list_factors(list, row);
        alpha[row] = bunko_half_to_float(factors.alpha);
        add[row] = bunko_half_to_float(factors.add);
    }
}

void bunko_estimate(
    const uint8_t *restrict blocks, const float *restrict alpha, const float *restrict add, size_t count, const bunko_code_query *query,
    float *restrict estimates) {
    size_t width = query->query->width;
    int32_t sums[64];
    int32_t total = query->query->total;
    float step = query->query->step, base = query->base;
    for (size_t row = 0; row < count; row += 64) {
        size_t here = count - row < 64 ? count - row : 64;
        const uint8_t *block = blocks + row * (width / 8), *behind = block + 4 * width;
        if (here > 32) {
            bunko_block_pair_sums(query->query, block, behind, row + 64 < count ? behind + 4 * width : NULL, sums);
        } else {
            bunko_block_sums(query->query, block, NULL, sums);
        }
        for (size_t i = 0; i < here; i++) {
            estimates[row + i] = base + add[row + i] + alpha[row + i] * (step * (float)(2 * sums[i] - total));
        }
    }
}
