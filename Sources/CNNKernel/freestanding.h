/// The two functions that the core needs from a C library; compilers generate calls of them too. Without a C
/// library, and so without <string.h>, the program must define them.
#ifndef NNK_FREESTANDING_H
#define NNK_FREESTANDING_H

#if __has_include(<string.h>)
#include <string.h>
#else
#include <stddef.h>
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int byte, size_t count);
#endif

#endif
