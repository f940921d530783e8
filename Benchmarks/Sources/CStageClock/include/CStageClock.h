#ifndef C_STAGE_CLOCK_H
#define C_STAGE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

// When a search enters and leaves the kernels that part its stages. The linker leads the calls of those kernels through this room
// (--wrap=…, see Package.swift), so the index itself knows nothing of being measured.

/// What the last search on the calling thread did; times in nanoseconds of `stage_clock_now`.
typedef struct {
    /// The query is quantised; the first scan begins; the re-rank begins and ends. 0 where it did not come to that.
    uint64_t quantized, scan_begins, rerank_begins, rerank_ends;
    /// Rows whose codes were scanned, rows that were left as candidates, and rows that were scored.
    size_t scanned, candidates, scored;
} stage_clock;

/// Forgets the last search.
void stage_clock_reset(void);
/// The times and counts since then.
stage_clock stage_clock_read(void);
/// A clock that only goes forward.
uint64_t stage_clock_now(void);

#endif
