#define _GNU_SOURCE
#include "bunko_system.h"

#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

bool bunko_punch_hole(int descriptor, int64_t offset, int64_t length) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) == 0;
}

void bunko_trim_heap(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
