#include "CVectorKernels.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BUNKO_THREAD_SANITIZER 1
#endif
#endif

#if defined(BUNKO_THREAD_SANITIZER)

void __tsan_acquire(void *address);
void __tsan_release(void *address);

void bunko_release_order(const void *address) { __tsan_release((void *)(uintptr_t)address); }

void bunko_acquire_order(const void *address) { __tsan_acquire((void *)(uintptr_t)address); }

#else

void bunko_release_order(const void *address) { (void)address; }

void bunko_acquire_order(const void *address) { (void)address; }

#endif
