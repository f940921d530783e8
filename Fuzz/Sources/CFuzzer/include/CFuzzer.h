#ifndef BUNKO_FUZZER_H
#define BUNKO_FUZZER_H

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own loop, for programs that bring their own main function.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

/// What is allocated between the two is never called a leak.
void __lsan_disable(void);
void __lsan_enable(void);

#endif
