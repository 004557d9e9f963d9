/// Memory, and files in it.
#ifndef MEMORY_H
#define MEMORY_H

#include "nnkernel/nnkernel.h"
#include <stddef.h>
#include <stdint.h>

/// Memory aligned to 8, for free(), or the run ends.
void *memory_of(size_t bytes);

typedef struct memory_file {
    uint8_t *bytes;
    size_t count, capacity; ///< count: the bytes that are there
} memory_file;

/// A file without bytes yet, and room for so many.
memory_file memory_file_of(size_t capacity);

/// The functions of an nnk_sink and of an nnk_reader, whose context is a memory_file.
nnk_status memory_write(void *file, uint32_t offset, const uint8_t *bytes, uint32_t count);
nnk_status memory_read(void *file, uint32_t offset, uint32_t count, uint8_t *out);

/// The file of rank 0, on all ranks.
void memory_broadcast(memory_file *file);

#endif
