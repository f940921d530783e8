#ifndef BUNKO_SANITIZER_H
#define BUNKO_SANITIZER_H

// Orders that ThreadSanitizer cannot see, told to it: those of a lock the kernel handed over, and those of reference counts. Other builds do
// nothing here.

/// What this thread did until now happens before whatever another does after `bunko_acquire_order` of the same address.
void bunko_release_order(const void *address);
void bunko_acquire_order(const void *address);

#endif
