/// The file of train --checkpoint. Rank 0 writes it, as nn-cli does; all ranks go on from it.
#ifndef CHECKPOINT_FILE_H
#define CHECKPOINT_FILE_H

#include "options.h"
#include "output_file.h"

typedef struct checkpoint_file {
    const options *options;
    output_file file;
    double saved;       ///< when it was saved last
    bool has_progress;  ///< there is more in the file than the beginning of the run
    char failure[1024]; ///< why the run could not be saved the last time
} checkpoint_file;

/// Checks, on rank 0, that the file can be written, or locks the one that the run continues from.
void checkpoint_open(checkpoint_file *c, const options *o);

/// Saves a run that begins, so that its file is there, and locked, from now on.
void checkpoint_begin(checkpoint_file *c, const nnk_job *job, void *arena);

/// Whether a run that goes on is to be saved again.
bool checkpoint_is_due(const checkpoint_file *c);

/// Saves a run that goes on. That this fails, as on a full disk, does not end the run; nor does it if its
/// parameters are no longer finite, which the next cost tells all ranks.
void checkpoint_save(checkpoint_file *c, const nnk_job *job, void *arena);

/// On all ranks: saves a run that ends. That this fails ends it with another exit code. Returns false if the
/// parameters are no longer finite.
bool checkpoint_save_last(checkpoint_file *c, const nnk_job *job, void *arena);

/// On all ranks: continues from the file, if it is of the same run.
///   arena: of `bytes` bytes; data_crc: of the labels, then the images
void checkpoint_load(checkpoint_file *c, const nnk_job *job, void *arena, size_t bytes, uint32_t data_crc);

/// Removes the file: once the model is written, it is of no use.
void checkpoint_remove(checkpoint_file *c);

/// Removes the file of a run that failed, unless there is something to continue from.
void checkpoint_remove_if_of_no_use(checkpoint_file *c);

#endif
