// The functions of a C library that the core and the compiler need.
#include <stdint.h>
#include <string.h>

// Compilers recognize these loops, and would make calls of the same functions of them. The attribute forbids
// it, whatever options this file is compiled with.
#if defined(__clang__)
#define AS_WRITTEN __attribute__((no_builtin))
#else
#define AS_WRITTEN __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

/// A word of any type's memory. Loops take WORDS of them at a time.
typedef uint32_t __attribute__((may_alias)) word;
enum { WORDS = 4 };

static int are_aligned(const void *a, const void *b) {
    return (((uintptr_t)a | (uintptr_t)b) & (sizeof(word) - 1)) == 0;
}

AS_WRITTEN void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if (are_aligned(t, f))
        for (; count >= sizeof(word[WORDS]); count -= sizeof(word[WORDS])) {
            const word *x = (const word *)f;
            const word a = x[0], b = x[1], c = x[2], d = x[3];
            word *y = (word *)t;
            y[0] = a;
            y[1] = b;
            y[2] = c;
            y[3] = d;
            f += sizeof(word[WORDS]);
            t += sizeof(word[WORDS]);
        }
    while (count-- > 0) *t++ = *f++;
    return to;
}

AS_WRITTEN void *memset(void *to, int byte, size_t count) {
    unsigned char *t = to;
    const word all = (unsigned char)byte * 0x01010101u;
    if (are_aligned(t, t))
        for (; count >= sizeof(word[WORDS]); count -= sizeof(word[WORDS])) {
            word *y = (word *)t;
            y[0] = all;
            y[1] = all;
            y[2] = all;
            y[3] = all;
            t += sizeof(word[WORDS]);
        }
    while (count-- > 0) *t++ = (unsigned char)byte;
    return to;
}

AS_WRITTEN int memcmp(const void *a, const void *b, size_t count) {
    const unsigned char *x = a, *y = b;
    for (; count > 0; count--, x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}
