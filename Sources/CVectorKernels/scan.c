#include "CVectorKernels.h"

#include <math.h>
#include <string.h>

#include "scan.h"

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
    size_t quad = row / 4, place = row % 4;
    bunko_quad_load(list->codes + quad * (width / 2), place, code, width);
    const bunko_quad_factors *factors = list->factors + quad;
    return (bunko_code_factors){
        __atomic_load_n(&factors->alpha[place], __ATOMIC_RELAXED), __atomic_load_n(&factors->add[place], __ATOMIC_RELAXED),
        __atomic_load_n(&factors->error[place], __ATOMIC_RELAXED)};
}

void bunko_list_publish(const bunko_list *list, uint32_t count) {
    __atomic_store_n((uint32_t *)(uintptr_t)list->count, count, __ATOMIC_RELEASE);
}

uint32_t bunko_list_count(const bunko_list *list) { return __atomic_load_n(list->count, __ATOMIC_ACQUIRE); }

// MARK: heaps of floats, the smallest first

static void sift_down(float *heap, size_t count, size_t parent) {
    for (;;) {
        size_t child = 2 * parent + 1;
        if (child >= count) return;
        if (child + 1 < count && heap[child + 1] < heap[child]) child++;
        if (heap[parent] <= heap[child]) return;
        float value = heap[parent];
        heap[parent] = heap[child];
        heap[child] = value;
        parent = child;
    }
}

// Keeps the k largest values.
static void keep_largest(float *heap, size_t *count, size_t k, float value) {
    if (*count < k) {
        size_t child = (*count)++;
        while (child > 0 && heap[(child - 1) / 2] > value) {
            heap[child] = heap[(child - 1) / 2];
            child = (child - 1) / 2;
        }
        heap[child] = value;
    } else if (value > heap[0]) {
        heap[0] = value;
        sift_down(heap, k, 0);
    }
}

static void keep_lower_bound(bunko_collector *collector, float bound) {
    keep_largest(collector->lower, &collector->lower_count, collector->k, bound);
    if (collector->lower_count == collector->k) collector->threshold = collector->lower[0];
}

void bunko_collect_exact(bunko_collector *collector, float score) {
    keep_lower_bound(collector, score);
    keep_largest(collector->exact, &collector->exact_count, collector->k, score);
}

void bunko_prune(bunko_collector *collector) {
    size_t kept = 0;
    for (size_t i = 0; i < collector->count; i++) {
        if (collector->candidates[i].upper >= collector->threshold) collector->candidates[kept++] = collector->candidates[i];
    }
    collector->count = kept;
}

// MARK: the scan

/// Up to eight quads that are summed together.
typedef struct {
    const uint8_t *codes[8];
    const bunko_quad_factors *factors[8];
    const uint32_t *slots[8];
    size_t count;
    /// Codes in these quads.
    size_t published;
    /// Rows that exist and are allowed: bit 4 j + i for code i of quad j.
    uint32_t rows;
    /// Copies of quads that a writer may still be filling.
    uint8_t *copies;
    bunko_quad_factors factor_copies[8];
    uint32_t slot_copies[8][4];
} batch;

static inline bool is_allowed(const bunko_rows *rows, uint32_t slot) {
    return slot < rows->slots && (rows->words[slot >> 6] >> (slot & 63) & 1);
}

static inline uint32_t allowed_of(const bunko_rows *rows, const uint32_t *slots, size_t count) {
    uint32_t mask = 0;
    for (size_t i = 0; i < count; i++) mask |= (uint32_t)is_allowed(rows, slots[i]) << i;
    return mask;
}

// Adds a whole quad, or copies the part of one that is published.
static inline void add_quad(batch *batch, const bunko_list *list, size_t quad, size_t published, uint32_t mask, size_t width) {
    size_t j = batch->count++;
    batch->codes[j] = list->codes + quad * (width / 2);
    batch->factors[j] = list->factors + quad;
    batch->slots[j] = list->slots + 4 * quad;
    if (published < 4) {
        uint8_t *copy = batch->copies + j * (width / 2);
        bunko_quad_copy(batch->codes[j], copy, width);
        batch->codes[j] = copy;
        memset(&batch->factor_copies[j], 0, sizeof batch->factor_copies[j]);
        for (size_t i = 0; i < published; i++) {
            batch->factor_copies[j].alpha[i] = __atomic_load_n(&batch->factors[j]->alpha[i], __ATOMIC_RELAXED);
            batch->factor_copies[j].add[i] = __atomic_load_n(&batch->factors[j]->add[i], __ATOMIC_RELAXED);
            batch->factor_copies[j].error[i] = __atomic_load_n(&batch->factors[j]->error[i], __ATOMIC_RELAXED);
            batch->slot_copies[j][i] = __atomic_load_n(&batch->slots[j][i], __ATOMIC_RELAXED);
        }
        batch->factors[j] = &batch->factor_copies[j];
        batch->slots[j] = batch->slot_copies[j];
    }
    batch->published += published;
    batch->rows |= mask << (4 * j);
}

static inline void prefetch_quads(const uint8_t *codes, const uint8_t *end) {
    for (; codes < end; codes += 64) __builtin_prefetch(codes, 0, 3);
}

uint32_t bunko_bounds_scalar(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *const *factors, size_t quads,
    float threshold, bunko_bounds *restrict bounds) {
    uint32_t reaching = 0;
    float step = query->query->step, rounding = query->query->rounding;
    for (size_t i = 0; i < 4 * quads; i++) {
        const bunko_quad_factors *of = factors[i / 4];
        float alpha = bunko_half_to_float(of->alpha[i % 4]), error = bunko_half_to_float(of->error[i % 4]) * query->distance;
        float rounded = alpha * rounding;
        float estimate = query->base + bunko_half_to_float(of->add[i % 4]) + alpha * (step * (float)(2 * sums[i] - query->query->total));
        float width = query->epsilon * sqrtf(error * error + rounded * rounded) + BUNKO_BOUND_SLACK;
        bounds->estimate[i] = estimate;
        bounds->width[i] = width;
        reaching |= (uint32_t)(estimate + width >= threshold) << i;
    }
    return reaching;
}

#if defined(__x86_64__)
static uint32_t find_bounds(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *const *factors, size_t quads,
    float threshold, bunko_bounds *restrict bounds) {
    if (bunko_cpu_has_avx2() && __builtin_cpu_supports("f16c")) {
        return bunko_bounds_avx2(query, sums, factors, quads, threshold, bounds);
    }
    return bunko_bounds_scalar(query, sums, factors, quads, threshold, bounds);
}
#else
#define find_bounds bunko_bounds_scalar
#endif

static inline void collect(
    const batch *batch, const bunko_bounds *bounds, uint32_t hopeful, const bunko_rows *rows, bool tested, uint32_t partition,
    bunko_collector *collector) {
    for (hopeful &= batch->rows; hopeful != 0; hopeful &= hopeful - 1) {
        int i = __builtin_ctz(hopeful);
        uint32_t slot = batch->slots[i / 4][i % 4];
        float upper = bounds->estimate[i] + bounds->width[i];
        if ((!tested && !is_allowed(rows, slot)) || upper < collector->threshold) continue;
        collector->candidates[collector->count++] = (bunko_candidate){upper, slot, partition};
        float lower = bounds->estimate[i] - bounds->width[i];
        if (lower > collector->threshold || collector->lower_count < collector->k) keep_lower_bound(collector, lower);
    }
}

size_t bunko_scan(
    const bunko_list *lists, const uint32_t *order, size_t count, bunko_cursor *cursor, const bunko_code_query *query,
    const bunko_rows *rows, uint32_t partition, bunko_collector *collector, uint8_t *restrict scratch, size_t *matched) {
    size_t width = query->query->width, quad_bytes = width / 2, scanned = 0;
    batch batch = {.copies = scratch};
    int32_t sums[32] = {0};
    bunko_bounds bounds;
    bunko_cursor flushed = *cursor;
    for (size_t position = cursor->list; position <= count; position++) {
        bool last = position == count;
        const bunko_list *list = last ? NULL : &lists[order[position]];
        size_t published = last ? 0 : bunko_list_count(list);
        size_t first = position == cursor->list ? cursor->row : 0;
        const uint8_t *end = last ? NULL : list->codes + (published + 3) / 4 * quad_bytes;
        for (size_t row = first; row < published || last; row += 4) {
            if (!last) {
                size_t here = published - row < 4 ? published - row : 4;
                uint32_t mask = (1u << here) - 1;
                if (rows->sparse) {
                    mask = allowed_of(rows, list->slots + row, here);
                    if (mask == 0) continue;
                }
                add_quad(&batch, list, row / 4, here, mask, width);
                if (!rows->sparse) {
                    const uint8_t *ahead = list->codes + (row / 4 + 8) * quad_bytes;
                    prefetch_quads(ahead, ahead + quad_bytes < end ? ahead + quad_bytes : end);
                } else {
                    prefetch_quads(list->codes + row / 4 * quad_bytes, list->codes + (row / 4 + 1) * quad_bytes);
                }
                if (batch.count < 8) continue;
            }
            if (batch.count > 0) {
                if (collector->capacity - collector->count < 64) bunko_prune(collector);
                if (collector->capacity - collector->count < 64) {
                    *cursor = flushed;
                    return scanned;
                }
                bunko_quad_sums(query->query, batch.codes, batch.count, sums);
                uint32_t hopeful = find_bounds(query, sums, batch.factors, batch.count, collector->threshold, &bounds);
                collect(&batch, &bounds, hopeful, rows, rows->sparse, partition, collector);
                scanned += batch.published;
                *matched += (size_t)__builtin_popcount(batch.rows);
                batch.count = batch.published = 0;
                batch.rows = 0;
            }
            flushed = last ? (bunko_cursor){count, 0} : (bunko_cursor){position, row + 4};
            if (last) break;
        }
        if (position + 1 < count) {
            const bunko_list *next = &lists[order[position + 1]];
            if (rows->sparse) {
                const uint8_t *slots = (const uint8_t *)next->slots;
                prefetch_quads(slots, slots + 512);
            } else {
                prefetch_quads(next->codes, next->codes + 8 * quad_bytes);
            }
        }
    }
    *cursor = flushed;
    return scanned;
}

size_t bunko_scan_quads(
    const bunko_list *lists, const bunko_quad *quads, size_t count, const bunko_code_query *query, const bunko_rows *rows,
    uint32_t partition, bunko_collector *collector, uint8_t *restrict scratch, size_t *matched) {
    size_t width = query->query->width, quad_bytes = width / 2, scanned = 0;
    int32_t sums[32] = {0};
    bunko_bounds bounds;
    for (size_t first = 0; first < count; first += 8) {
        batch batch = {.copies = scratch};
        for (size_t i = first + 8; i < count && i < first + 16; i++) {
            const bunko_list *list = &lists[quads[i].list];
            prefetch_quads(list->codes + quads[i].quad * quad_bytes, list->codes + (quads[i].quad + 1) * quad_bytes);
            __builtin_prefetch(list->factors + quads[i].quad, 0, 3);
            __builtin_prefetch(list->slots + 4 * (size_t)quads[i].quad, 0, 3);
        }
        for (size_t i = first; i < count && i < first + 8; i++) {
            const bunko_list *list = &lists[quads[i].list];
            size_t row = 4 * (size_t)quads[i].quad, published = bunko_list_count(list);
            if (row >= published) continue;
            size_t here = published - row < 4 ? published - row : 4;
            uint32_t mask = allowed_of(rows, list->slots + row, here);
            if (mask != 0) add_quad(&batch, list, quads[i].quad, here, mask, width);
        }
        if (batch.count == 0) continue;
        bunko_quad_sums(query->query, batch.codes, batch.count, sums);
        uint32_t hopeful = find_bounds(query, sums, batch.factors, batch.count, collector->threshold, &bounds);
        collect(&batch, &bounds, hopeful, rows, true, partition, collector);
        scanned += batch.published;
        *matched += (size_t)__builtin_popcount(batch.rows);
    }
    return scanned;
}

size_t bunko_scan_shared(
    const bunko_list *list, const bunko_code_query *const *queries, size_t count, const bunko_rows *const *rows, uint32_t partition,
    bunko_collector *const *collectors, uint8_t *restrict scratch) {
    size_t width = queries[0]->query->width, quad_bytes = width / 2, published = bunko_list_count(list);
    uint8_t *block = scratch + 4 * width;
    int32_t sums[32] = {0};
    bunko_bounds bounds;
    for (size_t row = 0; row < published; row += 32) {
        batch batch = {.copies = scratch};
        for (size_t first = row; first < published && first < row + 32; first += 4) {
            size_t here = published - first < 4 ? published - first : 4;
            add_quad(&batch, list, first / 4, here, (1u << here) - 1, width);
        }
        const uint8_t *ahead = list->codes + (row / 4 + 8) * quad_bytes;
        if (row + 64 <= published) prefetch_quads(ahead, ahead + 8 * quad_bytes);
        bunko_transpose(batch.codes, batch.count, width, block);
        for (size_t i = 0; i < count; i++) {
            bunko_block_sums(queries[i]->query, block, sums);
            uint32_t hopeful = find_bounds(queries[i], sums, batch.factors, batch.count, collectors[i]->threshold, &bounds);
            collect(&batch, &bounds, hopeful, rows[i], false, partition, collectors[i]);
        }
    }
    return published;
}

void bunko_estimate(
    const bunko_list *list, size_t count, const bunko_code_query *query, float *restrict estimates, uint8_t *restrict scratch) {
    size_t width = query->query->width;
    int32_t sums[32] = {0};
    bunko_bounds bounds;
    for (size_t row = 0; row < count; row += 32) {
        batch batch = {.copies = scratch};
        for (size_t first = row; first < count && first < row + 32; first += 4) {
            size_t here = count - first < 4 ? count - first : 4;
            add_quad(&batch, list, first / 4, here, 0, width);
        }
        bunko_quad_sums(query->query, batch.codes, batch.count, sums);
        find_bounds(query, sums, batch.factors, batch.count, 0, &bounds);
        memcpy(estimates + row, bounds.estimate, (count - row < 32 ? count - row : 32) * sizeof(float));
    }
}

// MARK: the re-rank

static void sink_candidate(bunko_candidate *heap, size_t count, size_t parent) {
    bunko_candidate moving = heap[parent];
    for (;;) {
        size_t child = 2 * parent + 1;
        if (child >= count) break;
        if (child + 1 < count && heap[child + 1].upper > heap[child].upper) child++;
        if (moving.upper >= heap[child].upper) break;
        heap[parent] = heap[child];
        parent = child;
    }
    heap[parent] = moving;
}

static const float *row_of(const bunko_candidate *candidate, const bunko_vectors *partitions, unsigned shift, size_t dimensions) {
    size_t row = candidate->slot & ((1u << shift) - 1);
    return partitions[candidate->partition].chunks[candidate->slot >> shift] + row * dimensions;
}

// Rows asked for ahead of the one that is scored: enough to hide the memory's latency behind the products.
enum { AHEAD = 3 };

size_t bunko_rerank(
    bunko_collector *collector, const float *restrict query, size_t dimensions, const bunko_vectors *partitions, unsigned shift,
    size_t limit, bunko_scored *restrict scored) {
    bunko_prune(collector);
    bunko_candidate *heap = collector->candidates;
    size_t count = collector->count, done = 0;
    for (size_t i = count / 2; i-- > 0;) sink_candidate(heap, count, i);
    bunko_candidate ring[AHEAD];
    size_t waiting = 0, head = 0;
    for (;;) {
        while (waiting < AHEAD && count > 0) {
            bunko_candidate best = heap[0];
            heap[0] = heap[--count];
            sink_candidate(heap, count, 0);
            const char *row = (const char *)row_of(&best, partitions, shift, dimensions);
            for (size_t byte = 0; byte < dimensions * sizeof(float); byte += 64) __builtin_prefetch(row + byte, 0, 3);
            ring[(head + waiting++) % AHEAD] = best;
        }
        if (waiting == 0 || done == limit) break;
        bunko_candidate next = ring[head];
        head = (head + 1) % AHEAD;
        waiting--;
        if (collector->exact_count == collector->k && next.upper < collector->exact[0]) break;
        float score = bunko_dot(row_of(&next, partitions, shift, dimensions), query, dimensions);
        keep_largest(collector->exact, &collector->exact_count, collector->k, score);
        scored[done++] = (bunko_scored){score, next.slot, next.partition};
    }
    collector->count = 0;
    return done;
}

// MARK: short numbers

// The same plain loop for each instruction set: the compiler vectorises it, since the order of the sums is free.
static inline __attribute__((always_inline)) float dot_int8(const int8_t *restrict a, const float *restrict b, size_t count) {
    float sums[32] = {0};
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        for (size_t lane = 0; lane < 32; lane++) sums[lane] += (float)a[i + lane] * b[i + lane];
    }
    float sum = 0;
    for (size_t lane = 0; lane < 32; lane++) sum += sums[lane];
    for (; i < count; i++) sum += (float)a[i] * b[i];
    return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static float dot_int8_avx2(const int8_t *restrict a, const float *restrict b, size_t count) {
    return dot_int8(a, b, count);
}
#endif

float bunko_dot_int8(const int8_t *restrict a, const float *restrict b, size_t count) {
#if defined(__x86_64__)
    if (bunko_cpu_has_avx2()) return dot_int8_avx2(a, b, count);
#endif
    return dot_int8(a, b, count);
}

float bunko_round_to_int8(const float *restrict source, int8_t *restrict destination, size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmaxf(largest, fabsf(source[i]));
    float factor = largest > 0 ? 127 / largest : 0;
    for (size_t i = 0; i < count; i++) destination[i] = (int8_t)rintf(source[i] * factor);
    return largest / 127;
}

void bunko_round_to_bfloat16(const float *restrict source, uint16_t *restrict destination, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, source + i, sizeof bits);
        destination[i] = (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}

void bunko_widen_bfloat16(const uint16_t *restrict source, float *restrict destination, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)source[i] << 16;
        memcpy(destination + i, &bits, sizeof bits);
    }
}
