#ifndef BUNKO_FILES_H
#define BUNKO_FILES_H

#include <stdbool.h>
#include <stdint.h>

/// Gives the room of a part of a file back to the file system; the file stays as long, and reads as zeros there. False with `errno` set when the
/// file system knows no holes. Swift's module of the C library leaves `fallocate` out.
bool bunko_punch_hole(int descriptor, int64_t offset, int64_t length);

#endif
