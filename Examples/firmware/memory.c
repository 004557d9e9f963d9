// The functions of a C library that the core and the compiler need. firmware.mk builds this file with
// -fno-builtin and -fno-tree-loop-distribute-patterns, without which gcc turns these loops into calls of
// themselves.
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    unsigned char *t = to;
    const unsigned char *f = from;
    while (count-- > 0) *t++ = *f++;
    return to;
}

void *memset(void *to, int byte, size_t count) {
    unsigned char *t = to;
    while (count-- > 0) *t++ = (unsigned char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t count) {
    const unsigned char *x = a, *y = b;
    for (; count > 0; count--, x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}
