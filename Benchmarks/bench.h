// What the C programs of the benchmarks share: a clock, memory, the photos, and a model file in memory.
#ifndef BENCH_H
#define BENCH_H

#include "nnkernel/nnkernel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIXELS = 12288 };

static inline double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void check(int ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "benchmark: failed: %s\n", what);
    exit(70);
}

static inline void *memory(size_t bytes) {
    void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    check(p != NULL, "memory");
    memset(p, 0, bytes);
    return p;
}

static const uint8_t *images, *labels;
static uint32_t m; ///< how many images there are

/// Reads m images of 12288 bytes, then m labels.
static inline void read_data(const char *path) {
    FILE *in = fopen(path, "rb");
    check(in && fseek(in, 0, SEEK_END) == 0, path);
    const size_t bytes = (size_t)ftell(in);
    m = (uint32_t)(bytes / (PIXELS + 1));
    uint8_t *data = memory(bytes);
    rewind(in);
    check(m > 0 && fread(data, 1, bytes, in) == bytes && fclose(in) == 0, path);
    images = data;
    labels = data + (size_t)m * PIXELS;
}

/// A sink's function: the context is the memory of the file.
static inline nnk_status to_memory(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    memcpy((uint8_t *)context + offset, bytes, count);
    return NNK_OK;
}

#endif
