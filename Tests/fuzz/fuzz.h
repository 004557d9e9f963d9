/// What the fuzzers share: how they take numbers from an input, what must hold, and files in memory.
///
/// Each fuzzer is a program of libFuzzer, built by CMakeLists.txt and run by scripts/fuzz.sh. It must refuse
/// or accept any bytes; the sanitizers find what it does to memory, and REQUIRE states what must hold.
#ifndef FUZZ_H
#define FUZZ_H

#include "nnkernel/nnkernel.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#define REQUIRE(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

static inline _Noreturn void fuzz_fail(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    abort();
}

/// Memory of exactly `count` bytes, so that the address sanitizer finds any access beyond.
static inline void *room_for(size_t count) {
    void *memory = malloc(count ? count : 1);
    REQUIRE(memory);
    return memory;
}

// ---- Inputs -----------------------------------------------------------------------------------------------

/// What is left of an input. Behind its end are zeros.
typedef struct input {
    const uint8_t *bytes;
    size_t count;
} input;

static inline void take_bytes(input *in, void *to, size_t count) {
    const size_t some = count < in->count ? count : in->count;
    memset(to, 0, count);
    if (some > 0) memcpy(to, in->bytes, some);
    in->bytes += some;
    in->count -= some;
}

/// A number from 0 to n - 1; n: up to 256.
static inline uint32_t take_below(input *in, uint32_t n) {
    uint8_t byte;
    take_bytes(in, &byte, 1);
    return byte % n;
}

// ---- Files ------------------------------------------------------------------------------------------------

/// A file in memory. As a sink it grows; as a reader it ends. A call fails if its number is `fail_at`; 0:
/// none.
typedef struct memory_file {
    uint8_t *bytes;
    size_t room, size;
    uint32_t calls, fail_at;
} memory_file;

static inline memory_file new_file(size_t room) {
    return (memory_file){.bytes = room_for(room), .room = room};
}

static inline nnk_status memory_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    memory_file *f = context;
    REQUIRE(count > 0 && (size_t)offset + count <= f->room);
    if (++f->calls == f->fail_at) return NNK_E_SINK;
    memcpy(f->bytes + offset, bytes, count);
    if (offset + count > f->size) f->size = offset + count;
    return NNK_OK;
}

static inline nnk_status memory_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    memory_file *f = context;
    if (++f->calls == f->fail_at || offset > f->size || count > f->size - offset) return NNK_E_SOURCE;
    memcpy(out, f->bytes + offset, count);
    return NNK_OK;
}

static inline nnk_sink sink_of(memory_file *f) { return (nnk_sink){memory_write, f}; }
static inline nnk_reader reader_of(memory_file *f) { return (nnk_reader){memory_read, f}; }

/// Where things lie in the header of a model or a checkpoint (docs/FORMAT.md).
enum { AT_PAYLOAD_BYTES = 32, AT_PAYLOAD_CRC = 36, AT_HEADER_CRC = 60 };

/// The input as a file: as it is, or with as many bytes as its header says and the right checksums, so that
/// what is behind these checks is reached.
static inline memory_file file_of(input in, bool is_mended) {
    enum { MOST = 1 << 16 };
    size_t size = in.count;
    uint32_t payload, crc;
    is_mended = is_mended && size >= NNK_HEADER_BYTES;
    if (is_mended) {
        memcpy(&payload, in.bytes + AT_PAYLOAD_BYTES, sizeof payload);
        if (payload < MOST) size = NNK_HEADER_BYTES + payload;
    }
    memory_file f = new_file(size);
    f.size = size;
    take_bytes(&in, f.bytes, size);
    if (is_mended) {
        crc = nnk_crc32(0, f.bytes + NNK_HEADER_BYTES, size - NNK_HEADER_BYTES);
        memcpy(f.bytes + AT_PAYLOAD_CRC, &crc, sizeof crc);
        crc = nnk_crc32(0, f.bytes, AT_HEADER_CRC);
        memcpy(f.bytes + AT_HEADER_CRC, &crc, sizeof crc);
    }
    return f;
}

#endif
