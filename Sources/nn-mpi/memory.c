#define _DEFAULT_SOURCE // madvise

#include "memory.h"

#include "console.h"
#include "ranks.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 1 << 21 }; ///< a huge one, as most processors have them

void *memory_of(size_t bytes) {
    const size_t alignment = bytes < PAGE ? 8 : PAGE;
    void *memory =
        bytes < SIZE_MAX - PAGE ? aligned_alloc(alignment, (bytes / alignment + 1) * alignment) : NULL;
#ifdef MADV_HUGEPAGE
    // Iterations go through all of a large arena.
    if (memory && alignment == PAGE) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    if (!memory) ranks_fail(EXIT_INTERNAL, "not enough memory: expected %zu bytes", bytes);
    return memory;
}

memory_file memory_file_of(size_t capacity) { return (memory_file){memory_of(capacity), 0, capacity}; }

nnk_status memory_write(void *file, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    memory_file *f = file;
    if (offset > f->capacity || count > f->capacity - offset) return NNK_E_SINK;
    memcpy(f->bytes + offset, bytes, count);
    if (offset + (size_t)count > f->count) f->count = offset + (size_t)count;
    ranks_poll();
    return NNK_OK;
}

nnk_status memory_read(void *file, uint32_t offset, uint32_t count, uint8_t *out) {
    const memory_file *f = file;
    if (offset > f->count || count > f->count - offset) return NNK_E_SOURCE;
    memcpy(out, f->bytes + offset, count);
    ranks_poll();
    return NNK_OK;
}

void memory_broadcast(memory_file *file) {
    uint64_t count = file->count;
    ranks_broadcast(&count, sizeof count, 0);
    if (ranks_rank() != 0) {
        *file = memory_file_of((size_t)count);
        file->count = (size_t)count;
    }
    ranks_broadcast(file->bytes, file->count, 0);
}
