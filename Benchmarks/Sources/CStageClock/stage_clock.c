#include "CStageClock.h"

#include <time.h>

#include "bunko_codes.h"
#include "bunko_scan.h"

static _Thread_local stage_clock clock_of_thread;

uint64_t stage_clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void stage_clock_reset(void) { clock_of_thread = (stage_clock){0}; }

stage_clock stage_clock_read(void) { return clock_of_thread; }

// The linker calls the kernels __real_…, and sends their callers here.

bunko_quantized_query __real_bunko_quantize(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes);
bool __real_bunko_scan(
    const bunko_list *lists, const uint32_t *order, size_t count, bunko_cursor *cursor, const bunko_code_query *query,
    const bunko_rows *rows, const bunko_reach *reach, uint32_t partition, bunko_collector *collector, uint8_t *restrict scratch,
    bunko_scanned *scanned);
size_t __real_bunko_rerank(
    bunko_collector *collector, const float *restrict query, size_t dimensions, const bunko_vectors *partitions, unsigned shift,
    size_t limit, bunko_scored *restrict scored);

bunko_quantized_query __wrap_bunko_quantize(
    const float *restrict query, size_t width, int8_t *restrict values, uint8_t *restrict tables, uint8_t *restrict planes) {
    bunko_quantized_query quantized = __real_bunko_quantize(query, width, values, tables, planes);
    clock_of_thread.quantized = stage_clock_now();
    return quantized;
}

bool __wrap_bunko_scan(
    const bunko_list *lists, const uint32_t *order, size_t count, bunko_cursor *cursor, const bunko_code_query *query,
    const bunko_rows *rows, const bunko_reach *reach, uint32_t partition, bunko_collector *collector, uint8_t *restrict scratch,
    bunko_scanned *scanned) {
    if (clock_of_thread.scan_begins == 0) clock_of_thread.scan_begins = stage_clock_now();
    size_t before = scanned->rows;
    bool ended = __real_bunko_scan(lists, order, count, cursor, query, rows, reach, partition, collector, scratch, scanned);
    clock_of_thread.scanned += scanned->rows - before;
    return ended;
}

size_t __wrap_bunko_rerank(
    bunko_collector *collector, const float *restrict query, size_t dimensions, const bunko_vectors *partitions, unsigned shift,
    size_t limit, bunko_scored *restrict scored) {
    clock_of_thread.candidates = collector->count;
    clock_of_thread.rerank_begins = stage_clock_now();
    size_t count = __real_bunko_rerank(collector, query, dimensions, partitions, shift, limit, scored);
    clock_of_thread.rerank_ends = stage_clock_now();
    clock_of_thread.scored += count;
    return count;
}
