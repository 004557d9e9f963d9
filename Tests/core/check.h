/// The test harness: checks that count failures and continue, repeatable random numbers, and a wide reference
/// type.
///
/// Each test is a separate program. It prints each failure with file and line, then a closing line, and exits
/// with 1 if a check failed. Where all rounds take too long, with sanitizers or an emulator, build with
/// -DCHECK_SHARE=10, or 100: of the long loops a tenth is left. With -DCHECK_FIRST=1 it ends at the first
/// failure.
#ifndef CHECK_H
#define CHECK_H

// Included first, because reference computations must not be contracted either.
#include "strict_float.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CHECK_SHARE
#define CHECK_SHARE 1
#endif

static unsigned long check_passed, check_failed;

static inline int check_that(int ok, const char *file, int line, const char *what) {
    if (ok) {
        check_passed++;
        return 1;
    }
    // One bug may fail a million checks, so only the first failures are printed.
    if (check_failed++ < 20) printf("%s:%d: failed: %s\n", file, line, what);
#ifdef CHECK_FIRST
    exit(1);
#endif
    return 0;
}

static inline int check_equal(long got, long want, const char *file, int line, const char *what) {
    char text[200];
    if (got == want) return check_that(1, file, line, what);
    snprintf(text, sizeof text, "%s is %ld, expected %ld", what, got, want);
    return check_that(0, file, line, text);
}

static inline int check_near(double got, double want, double tolerance, const char *file, int line,
                             const char *what) {
    char text[200];
    if (fabs(got - want) <= tolerance) return check_that(1, file, line, what);
    snprintf(text, sizeof text, "%s is %.17g, expected %.17g within %.3g", what, got, want, tolerance);
    return check_that(0, file, line, text);
}

#define CHECK(condition)       check_that((condition) != 0, __FILE__, __LINE__, #condition)
#define CHECK_EQUAL(got, want) check_equal((long)(got), (long)(want), __FILE__, __LINE__, #got)
#define CHECK_NEAR(got, want, tolerance)                                                                     \
    check_near((double)(got), (double)(want), (double)(tolerance), __FILE__, __LINE__, #got)
#define CHECK_SAME(a, b, bytes) CHECK(memcmp((a), (b), (bytes)) == 0)

/// Prints the closing line; returns the result of main.
static inline int check_end(void) {
    printf("%lu passed, %lu failed\n", check_passed, check_failed);
    return check_failed != 0 || check_passed == 0;
}

/// The number of rounds: `full` / CHECK_SHARE, at least 1.
static inline uint32_t check_rounds(uint32_t full) { return full / CHECK_SHARE > 0 ? full / CHECK_SHARE : 1; }

/// Element `index` of a fixed random sequence of 64 bits each (splitmix64).
static inline uint64_t random_bits_at(uint64_t index) {
    uint64_t z = index * 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/// Whether a round of a loop is taken, of which each tries something else: one of CHECK_SHARE, drawn.
static inline bool check_takes(uint64_t round) { return random_bits_at(round + 1) % CHECK_SHARE == 0; }

/// The next element of it, from 1 on.
static inline uint64_t random_bits(void) {
    static uint64_t index = 0;
    return random_bits_at(++index);
}

static inline uint32_t random_below(uint32_t n) { return (uint32_t)(random_bits() >> 32) % n; }

/// Uniform on [low, high).
static inline double random_between(double low, double high) {
    return low + (high - low) * ((double)(random_bits() >> 11) * 0x1p-53);
}

/// Allocates exactly `bytes`, so that a sanitizer finds any access beyond. Ends the test if there is no
/// memory.
static inline void *room_for(size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory) {
        printf("no memory for %lu bytes\n", (unsigned long)bytes);
        exit(1);
    }
    return memory;
}

static inline void *copy_of(const void *from, size_t bytes) {
    void *copy = room_for(bytes);
    memcpy(copy, from, bytes);
    return copy;
}

// The type of reference results: long double, except with newlib, which lacks some of its functions.
#if defined(__NEWLIB__)
typedef double wide;
#define WIDE_EPSILON DBL_EPSILON
#define wide_exp     exp
#define wide_log     log
#define wide_log1p   log1p
#define wide_abs     fabs
#define wide_frexp   frexp
#define wide_ldexp   ldexp
#else
typedef long double wide;
#define WIDE_EPSILON LDBL_EPSILON
#define wide_exp     expl
#define wide_log     logl
#define wide_log1p   log1pl
#define wide_abs     fabsl
#define wide_frexp   frexpl
#define wide_ldexp   ldexpl
#endif

#endif
