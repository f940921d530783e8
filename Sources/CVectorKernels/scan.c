#include "CVectorKernels.h"

#include <math.h>
#include <string.h>

#include "collector.h"
#include "scan.h"

/// Up to eight quads that are summed together.
typedef struct batch {
    /// The same eight quads as a block; null where there is none.
    const uint8_t *block;
    const uint8_t *codes[8];
    const bunko_quad_factors *factors[8];
    const uint32_t *slots[8];
    /// Codes that are published in each quad, 4 but for the last quad of a list.
    uint8_t published[8];
    size_t count;
    /// Codes in these quads.
    size_t rows_read;
    /// Rows that exist and are allowed: bit 4 j + i for code i of quad j.
    uint32_t rows;
    /// Where the first quad was found.
    bunko_cursor start;
    bunko_quad_factors factor_copies[8];
    uint32_t slot_copies[8][4];
} batch;

static inline bool is_allowed(const bunko_rows *rows, uint32_t slot) {
    return slot < rows->slots && (rows->words[slot >> 6] >> (slot & 63) & 1);
}

uint64_t bunko_allowed_scalar(const bunko_rows *rows, const uint32_t *slots, size_t count) {
    uint64_t mask = 0;
    for (size_t i = 0; i < count; i++) mask |= (uint64_t)is_allowed(rows, slots[i]) << i;
    return mask;
}

// Which of up to 64 slots are allowed: bit i for the i-th.
static inline uint64_t allowed_of(const bunko_rows *rows, const uint32_t *slots, size_t count) {
#if defined(__x86_64__)
    if (count >= 8 && bunko_cpu_has_avx2()) return bunko_allowed_avx2(rows, slots, count);
#endif
    return bunko_allowed_scalar(rows, slots, count);
}

static inline void clear(batch *batch) {
    batch->block = NULL;
    batch->count = batch->rows_read = 0;
    batch->rows = 0;
}

static inline void add_quad(batch *batch, const bunko_list *list, size_t quad, size_t published, uint32_t mask, size_t width) {
    size_t j = batch->count++;
    batch->codes[j] = list->codes + quad * (width / 2);
    batch->factors[j] = list->factors + quad;
    batch->slots[j] = list->slots + 4 * quad;
    batch->published[j] = (uint8_t)published;
    batch->rows_read += published;
    batch->rows |= mask << (4 * j);
}

// Replaces quads that a writer may still be filling by copies of their published part.
static inline void copy_partial_quads(batch *batch, size_t width, uint8_t *restrict copies) {
    for (size_t j = 0; j < batch->count; j++) {
        size_t published = batch->published[j];
        if (published == 4) continue;
        uint8_t *copy = copies + j * (width / 2);
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
}

// What the sums do not fetch, so that bounds and slots are there when the sums are.
static inline void prefetch_factors(const batch *batch) {
    for (size_t j = 0; j < batch->count; j++) {
        __builtin_prefetch(batch->factors[j], 0, 3);
        __builtin_prefetch(batch->slots[j], 0, 3);
    }
}

// Eight quads to fetch: with fewer, the last is named again.
static inline const uint8_t *const *quads_ahead(batch *batch) {
    if (batch->count == 0 || batch->block != NULL) return NULL;
    for (size_t j = batch->count; j < 8; j++) batch->codes[j] = batch->codes[batch->count - 1];
    return batch->codes;
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

// Keeps a row if its upper bound reaches the threshold.
static inline void keep(bunko_collector *collector, uint32_t slot, float estimate, float width, uint32_t partition) {
    float upper = estimate + width, lower = estimate - width;
    if (upper < collector->threshold) return;
    collector->candidates[collector->count++] = (bunko_candidate){upper, slot, partition};
    if (lower > collector->threshold || collector->lower_count < collector->k) keep_lower_bound(collector, lower);
}

static inline void collect(
    const batch *batch, const bunko_bounds *bounds, uint32_t hopeful, const bunko_rows *rows, bool tested, uint32_t partition,
    bunko_collector *collector) {
    for (hopeful &= batch->rows; hopeful != 0; hopeful &= hopeful - 1) {
        int i = __builtin_ctz(hopeful);
        uint32_t slot = batch->slots[i / 4][i % 4];
        if (tested || is_allowed(rows, slot)) keep(collector, slot, bounds->estimate[i], bounds->width[i], partition);
    }
}

// Sums a batch and keeps its hopeful rows.
static inline void finish(
    batch *batch, struct batch *next, const bunko_code_query *query, const bunko_rows *rows, bool tested, uint32_t partition,
    bunko_collector *collector, uint8_t *restrict scratch, bunko_scanned *scanned) {
    int32_t sums[32] = {0};
    bunko_bounds bounds;
    if (batch->block != NULL) {
        bunko_block_sums(query->query, batch->block, next->block, sums);
    } else {
        copy_partial_quads(batch, query->query->width, scratch);
        bunko_quad_sums(query->query, batch->codes, batch->count, quads_ahead(next), sums);
    }
    uint32_t hopeful = find_bounds(query, sums, batch->factors, batch->count, collector->threshold, &bounds);
    collect(batch, &bounds, hopeful, rows, tested, partition, collector);
    scanned->rows += batch->rows_read;
    if (tested) scanned->matched += (size_t)__builtin_popcount(batch->rows);
}

// Lists in the order they are probed, and how far the scan has come.
typedef struct {
    const bunko_list *lists;
    const uint32_t *order;
    size_t count, width;
    const bunko_rows *rows;
    const bunko_reach *reach;
    const bunko_collector *collector;
    bunko_cursor at;
    /// Of the list the cursor is in, read once.
    size_t published;
    /// Rows of that list from `group` on that are still to be read: bit i for row group + i.
    uint64_t left;
    size_t group;
} list_reader;

static inline bool is_beyond_reach(const list_reader *reader) {
    const bunko_reach *reach = reader->reach;
    return reach != NULL && reader->at.row == 0 &&
           reach->scores[reader->at.list] < reach->base + reach->slope * reader->collector->threshold;
}

// Looks which of the 64 rows from `group` on are to be read.
static inline void enter_group(list_reader *reader, size_t group) {
    size_t here = reader->published - group < 64 ? reader->published - group : 64;
    reader->group = group;
    reader->left = allowed_of(reader->rows, reader->lists[reader->order[reader->at.list]].slots + group, here);
}

static inline void enter_list(list_reader *reader) {
    if (reader->at.list < reader->count && is_beyond_reach(reader)) reader->count = reader->at.list;
    if (reader->at.list >= reader->count) return;
    reader->published = bunko_list_count(&reader->lists[reader->order[reader->at.list]]);
    if (reader->rows->sparse) {
        reader->left = 0;
        reader->group = reader->at.row / 64 * 64;
        if (reader->at.row < reader->published) {
            enter_group(reader, reader->group);
            reader->left &= UINT64_MAX << reader->at.row % 64;
        }
    }
    if (reader->at.list + 1 == reader->count) return;
    const bunko_list *next = &reader->lists[reader->order[reader->at.list + 1]];
    __builtin_prefetch(next->count, 0, 3);
    if (!reader->rows->sparse) return;
    for (size_t line = 0; line < 8; line++) __builtin_prefetch(next->slots + 16 * line, 0, 3);
}

// Adds quads that lie one behind the other, all of whose rows are read; as many as there is room for. Returns how many.
static inline size_t add_run(batch *batch, const bunko_list *list, size_t row, size_t published, size_t width) {
    size_t quads = (published - row + 3) / 4, first = batch->count, added = quads < 8 - first ? quads : 8 - first;
    size_t rows = published - row < 4 * added ? published - row : 4 * added;
    for (size_t i = 0; i < added; i++) {
        batch->codes[first + i] = list->codes + (row / 4 + i) * (width / 2);
        batch->factors[first + i] = list->factors + row / 4 + i;
        batch->slots[first + i] = list->slots + row + 4 * i;
        batch->published[first + i] = 4;
    }
    if (rows % 4 != 0) batch->published[first + added - 1] = (uint8_t)(rows % 4);
    batch->count += added;
    batch->rows_read += rows;
    batch->rows |= (rows == 32 ? UINT32_MAX : ((uint32_t)1 << rows) - 1) << (4 * first);
    if (first == 0 && rows == 32 && row % 32 == 0 && list->blocks != NULL) batch->block = list->blocks + row * (width / 8);
    return added;
}

static inline void fill_all(list_reader *reader, batch *batch) {
    while (reader->at.list < reader->count) {
        const bunko_list *list = &reader->lists[reader->order[reader->at.list]];
        if (reader->at.row < reader->published) {
            if (batch->count == 8) return;
            reader->at.row += 4 * add_run(batch, list, reader->at.row, reader->published, reader->width);
        } else {
            reader->at = (bunko_cursor){reader->at.list + 1, 0};
            enter_list(reader);
        }
    }
}

// Of quads that are wanted alone, more than this of eight cost more than the block they lie in.
enum { MOST_QUADS_ALONE = 4 };

static inline bool is_block_wanted(uint32_t rows) {
    uint32_t pairs = rows | rows >> 1;
    return __builtin_popcount((pairs | pairs >> 2) & 0x11111111) > MOST_QUADS_ALONE;
}

static inline void fill(list_reader *reader, batch *batch) {
    clear(batch);
    batch->start = reader->at;
    if (!reader->rows->sparse) {
        fill_all(reader, batch);
        return;
    }
    while (reader->at.list < reader->count) {
        const bunko_list *list = &reader->lists[reader->order[reader->at.list]];
        for (;;) {
            while (reader->left == 0 && reader->group + 64 < reader->published) enter_group(reader, reader->group + 64);
            if (reader->left == 0) break;
            if (batch->count == 8) return;
            size_t place = (size_t)__builtin_ctzll(reader->left) / 4 * 4, row = reader->group + place;
            uint32_t rows_of_block = (uint32_t)(reader->left >> place / 32 * 32);
            if (list->blocks != NULL && row / 32 * 32 + 32 <= reader->published && is_block_wanted(rows_of_block)) {
                if (batch->count > 0) return;
                add_run(batch, list, row / 32 * 32, reader->published, reader->width);
                batch->rows = rows_of_block;
                reader->left &= ~((uint64_t)UINT32_MAX << place / 32 * 32);
                reader->at.row = row / 32 * 32 + 32;
                continue;
            }
            size_t here = reader->published - row < 4 ? reader->published - row : 4;
            add_quad(batch, list, row / 4, here, (uint32_t)(reader->left >> place) & 15, reader->width);
            reader->left &= ~((uint64_t)15 << place);
            reader->at.row = row + 4;
        }
        reader->at = (bunko_cursor){reader->at.list + 1, 0};
        enter_list(reader);
    }
}

#if defined(__x86_64__)
static uint64_t find_run_bounds(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *factors, float threshold,
    float *restrict estimates, float *restrict widths) {
    if (bunko_cpu_has_avx512()) return bunko_run_bounds_avx512(query, sums, factors, threshold, estimates, widths);
    return bunko_run_bounds_plain(query, sums, factors, threshold, estimates, widths);
}
#else
#define find_run_bounds bunko_run_bounds_plain
#endif

uint64_t bunko_run_bounds_plain(
    const bunko_code_query *query, const int32_t *restrict sums, const bunko_quad_factors *factors, float threshold,
    float *restrict estimates, float *restrict widths) {
    uint64_t reaching = 0;
    for (size_t half = 0; half < 2; half++) {
        const bunko_quad_factors *of[8];
        bunko_bounds bounds;
        for (size_t quad = 0; quad < 8; quad++) of[quad] = factors + 8 * half + quad;
        reaching |= (uint64_t)find_bounds(query, sums + 32 * half, of, 8, threshold, &bounds) << 32 * half;
        memcpy(estimates + 32 * half, bounds.estimate, sizeof bounds.estimate);
        memcpy(widths + 32 * half, bounds.width, sizeof bounds.width);
    }
    return reaching;
}

// Scans what it can of a list from a row on, a multiple of 32, in runs of two blocks, of which every row is published and read. False when
// the collector is full.
static bool scan_runs(
    const bunko_list *list, size_t published, size_t *row, const bunko_code_query *query, const bunko_rows *rows, uint32_t partition,
    bunko_collector *collector, bunko_scanned *scanned) {
    size_t width = query->query->width;
    for (; *row + 64 <= published; *row += 64) {
        if (collector->capacity - collector->count < 64) bunko_prune(collector);
        if (collector->capacity - collector->count < 64) return false;
        const uint8_t *block = list->blocks + *row * (width / 8), *behind = block + 4 * width;
        const bunko_quad_factors *factors = list->factors + *row / 4;
        const uint32_t *slots = list->slots + *row;
        int32_t sums[64];
        float estimates[64], widths[64];
        bunko_block_pair_sums(query->query, block, behind, behind + 4 * width, sums);
        uint64_t hopeful = find_run_bounds(query, sums, factors, collector->threshold, estimates, widths);
        for (; hopeful != 0; hopeful &= hopeful - 1) {
            int i = __builtin_ctzll(hopeful);
            if (is_allowed(rows, slots[i])) keep(collector, slots[i], estimates[i], widths[i], partition);
        }
        scanned->rows += 64;
    }
    return true;
}

bool bunko_scan(
    const bunko_list *lists, const uint32_t *order, size_t count, bunko_cursor *cursor, const bunko_code_query *query,
    const bunko_rows *rows, const bunko_reach *reach, uint32_t partition, bunko_collector *collector, uint8_t *restrict scratch,
    bunko_scanned *scanned) {
    list_reader reader = {lists, order, count, query->query->width, rows, reach, collector, *cursor, 0, 0, 0};
    batch batches[2], *now = &batches[0], *next = &batches[1];
    enter_list(&reader);
    if (reader.at.list < reader.count && !rows->sparse && reader.at.row % 32 == 0) {
        const bunko_list *list = &lists[order[reader.at.list]];
        bool fits = list->blocks == NULL ||
                    scan_runs(list, reader.published, &reader.at.row, query, rows, partition, collector, scanned);
        *cursor = reader.at;
        if (!fits) return false;
    }
    fill(&reader, now);
    while (now->count > 0) {
        if (collector->capacity - collector->count < 64) bunko_prune(collector);
        if (collector->capacity - collector->count < 64) {
            *cursor = now->start;
            return false;
        }
        fill(&reader, next);
        prefetch_factors(next);
        finish(now, next, query, rows, rows->sparse, partition, collector, scratch, scanned);
        batch *done = now;
        now = next;
        next = done;
    }
    *cursor = reader.at;
    return true;
}

// The next quads that hold allowed rows.
static inline void fill_chosen(
    const bunko_list *lists, const bunko_quad *quads, size_t *position, size_t count, const bunko_rows *rows, size_t width, batch *batch) {
    clear(batch);
    for (; *position < count && batch->count < 8; ++*position) {
        if (*position + 8 < count) {
            bunko_quad later = quads[*position + 8];
            __builtin_prefetch(lists[later.list].slots + 4 * (size_t)later.quad, 0, 3);
        }
        const bunko_list *list = &lists[quads[*position].list];
        size_t row = 4 * (size_t)quads[*position].quad, published = bunko_list_count(list);
        if (row >= published) continue;
        size_t here = published - row < 4 ? published - row : 4;
        uint32_t mask = (uint32_t)bunko_allowed_scalar(rows, list->slots + row, here);
        if (mask != 0) add_quad(batch, list, quads[*position].quad, here, mask, width);
    }
}

void bunko_scan_quads(
    const bunko_list *lists, const bunko_quad *quads, size_t count, const bunko_code_query *query, const bunko_rows *rows,
    uint32_t partition, bunko_collector *collector, uint8_t *restrict scratch, bunko_scanned *scanned) {
    size_t width = query->query->width, position = 0;
    batch batches[2], *now = &batches[0], *next = &batches[1];
    fill_chosen(lists, quads, &position, count, rows, width, now);
    while (now->count > 0) {
        fill_chosen(lists, quads, &position, count, rows, width, next);
        prefetch_factors(next);
        finish(now, next, query, rows, true, partition, collector, scratch, scanned);
        batch *done = now;
        now = next;
        next = done;
    }
}
