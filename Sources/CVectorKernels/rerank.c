#include "collector.h"

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

// A row is fetched while the row two before it is scored.
enum { AHEAD = 2 };

size_t bunko_rerank(
    bunko_collector *collector, const float *restrict query, size_t extent, size_t dimensions, const bunko_vectors *partitions,
    unsigned shift, size_t limit, bunko_scored *restrict scored) {
    bunko_prune(collector);
    bunko_candidate *heap = collector->candidates;
    size_t count = collector->count, done = 0;
    for (size_t i = count / 2; i-- > 0;) sink_candidate(heap, count, i);
    bunko_candidate ring[AHEAD + 1];
    const float *rows[AHEAD + 1];
    size_t waiting = 0, head = 0;
    while (done < limit) {
        const float *fetched = NULL;
        while (waiting <= AHEAD && count > 0) {
            size_t place = (head + waiting++) % (AHEAD + 1);
            ring[place] = heap[0];
            heap[0] = heap[--count];
            sink_candidate(heap, count, 0);
            fetched = rows[place] = row_of(&ring[place], partitions, shift, dimensions);
            if (done == 0 && waiting <= AHEAD) bunko_prefetch(fetched, extent * sizeof(float));
        }
        if (waiting == 0) break;
        bunko_candidate next = ring[head];
        if (collector->exact_count == collector->k && next.upper < collector->exact[0]) break;
        float score = bunko_dot_ahead(rows[head], query, extent, fetched);
        head = (head + 1) % (AHEAD + 1);
        waiting--;
        keep_largest(collector->exact, &collector->exact_count, collector->k, score);
        scored[done++] = (bunko_scored){score, next.slot, next.partition};
    }
    collector->count = 0;
    return done;
}
