#ifndef BUNKO_COLLECTOR_INTERNAL_H
#define BUNKO_COLLECTOR_INTERNAL_H

#include "CVectorKernels.h"

// Heaps of floats, the smallest first.
static inline void sift_down(float *heap, size_t count, size_t parent) {
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
static inline void keep_largest(float *heap, size_t *count, size_t k, float value) {
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

static inline void keep_lower_bound(bunko_collector *collector, float bound) {
    keep_largest(collector->lower, &collector->lower_count, collector->k, bound);
    if (collector->lower_count == collector->k) collector->threshold = collector->lower[0];
}

#endif
