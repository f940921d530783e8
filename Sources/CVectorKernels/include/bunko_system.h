#ifndef BUNKO_SYSTEM_H
#define BUNKO_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

// What Swift's module of the C library leaves out.

/// Gives the room of a part of a file back to the file system; the file stays as long, and reads as zeros there. False with `errno` set when the
/// file system knows no holes.
bool bunko_punch_hole(int descriptor, int64_t offset, int64_t length);

/// Gives memory that is free, but kept by the allocator, back to the system. Where the allocator is not glibc's nothing happens.
void bunko_trim_heap(void);

#endif
