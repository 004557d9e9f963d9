/// What the core needs of a C library: two functions, which compilers call by themselves too. Where there
/// is no C library, and no <string.h>, the program brings them.
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
