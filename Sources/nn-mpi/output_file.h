/// Files of rank 0: a reader finds the old content or the new, never a part of it.
///
/// Where a path leads is found out once, at the beginning (output_place.h). The content goes to a hidden file
/// beside the target, which gets the target's name once it is complete and on the disk. A pipe or a device is
/// written to as it is.
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include "memory.h"
#include "output_place.h"

typedef struct output_file {
    const char *path; ///< as the user wrote it; "-": the standard output
    output_place place;
    int lock; ///< of a file that this run has to itself: it is open, and locked; -1: none
} output_file;

/// Seconds that a disk may take, for ranks_be_patient around the functions that write.
enum { OUTPUT_PATIENCE = 300 };

/// Why a file could not be used: file, reason, what was expected.
typedef struct file_error {
    int exit_code;
    char text[1024];
} file_error;

/// Checks that the file can be written, so that this is known before hours of work.
bool output_open(output_file *f, const char *path, file_error *error);

bool output_write(output_file *f, const void *bytes, size_t count, file_error *error);

/// Whether both paths lead to one file, be it there or not yet.
bool output_is_same(const char *a, const char *b);

/// Whether the path leads to the standard output: "-", "/dev/stdout".
bool output_is_stdout(const char *path);

// ---- Files that one run has to itself ---------------------------------------------------------------------

/// Locks the file that is there. A lock ends with the process.
bool output_lock(output_file *f, file_error *error);

/// The first bytes of the locked file, at most so many, for free().
bool output_read_locked(const output_file *f, size_t most, memory_file *to, file_error *error);

/// Writes the file, which is locked from then on. It replaces the locked file, and no other.
bool output_write_locked(output_file *f, const void *bytes, size_t count, file_error *error);

/// Removes the file, unless it is not the locked one any more.
void output_remove_locked(output_file *f);

#endif
