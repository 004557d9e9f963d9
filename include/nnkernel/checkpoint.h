/// Checkpoints: save a training between two slices of work, and resume it later or on another machine.
///
/// A training that resumes from a checkpoint writes the same model, to the byte, as one that was never
/// interrupted, on any processor. Only while nnk_dual forms P and the first Gram matrix, the core's small
/// build (NNK_FAST=0) and the fast one do not go on with each other's. docs/FORMAT.md describes the file.
///
///     nnk_checkpoint progress = {0};
///     while (nnk_checkpoint_save(&job, arena, &progress, sink) > 0) {}    // or _load, with a reader
#ifndef NNKERNEL_CHECKPOINT_H
#define NNKERNEL_CHECKPOINT_H

#include "nnkernel/model.h"
#include "nnkernel/train.h"
#include "nnkernel/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The first bytes of a checkpoint, which say of which job it is.
#define NNK_CHECKPOINT_START_BYTES (NNK_HEADER_BYTES + 36)

/// How far saving or loading is. It must start as zeros; then only the functions change it.
typedef struct nnk_checkpoint {
    uint32_t position; ///< bytes of the payload that are done; when loading, then images that are compared
    uint32_t crc;      ///< of these
} nnk_checkpoint;

/// Bytes of a checkpoint of this job; 0 if a field of the job is out of its range, or if the arena is larger
/// than 2 GiB and the job has no shards.
size_t nnk_checkpoint_bytes(const nnk_job *job);

/// With nnk_job.shards a checkpoint holds no rows of examples, and all processes of a share write the same
/// one: any number of processes, or one without a share, goes on with it. It can be saved where an iteration
/// begins, and once all are done; else the answer is NNK_E_STATE.
///
/// Writes the next bytes, up to 3072: NNK_MORE, and NNK_OK when the header, the last 64 bytes, is written. Do
/// not train between these calls. A model that is half written will be written from its beginning.
///
/// NNK_E_SINK: the sink failed; call again to try the same bytes again. NNK_E_STATE: the arena holds no
/// trainer of this job. NNK_E_DIVERGED: the training has failed, or a number of it is not
/// finite: it cannot be saved.
nnk_status nnk_checkpoint_save(const nnk_job *job, void *arena, nnk_checkpoint *progress, nnk_sink sink);

/// Reads the job's numbers from a checkpoint's first NNK_CHECKPOINT_START_BYTES bytes, and the CRC-32 of its
/// data: of the labels, one byte each, then of the images, as nnk_crc32 gives it; 0 if it was not complete
/// when the checkpoint was saved. `bytes` may have any alignment. NNK_E_MAGIC, NNK_E_HEADER (also for numbers
/// that no job has), NNK_E_VERSION, NNK_E_KIND, NNK_E_TOPOLOGY (a topology that this build's limits do not
/// allow).
nnk_status nnk_checkpoint_peek(const void *bytes, nnk_job_numbers *job, uint32_t *data_crc);

/// Reads the next bytes, up to 3072, into the arena (`bytes` bytes, aligned to 8), and then compares the
/// job's labels and images with those of the checkpoint, one image per call: NNK_MORE, and NNK_OK when all of
/// it is right. Until then the arena holds no trainer, and what it held before is lost.
///
/// The data are compared by their CRC-32, so every image is read once; with a share only if its contrast is
/// needed, as the share says the CRC-32. Training computes this CRC in its
/// setup. In a checkpoint that was saved earlier, it covers the labels and the images up to there, and only
/// these are compared. With nnk_dual such a checkpoint can hold products with all images: the caller must
/// then make sure that the images are the same, or begin anew.
///
/// NNK_E_STATE: the checkpoint is of another job, of other data, or of other
/// weights of the examples. NNK_E_SOURCE: reading the checkpoint or
/// an image failed; call again to try it again. NNK_E_SIZE, NNK_E_PAYLOAD: the checkpoint is damaged, or in a
/// state that no training reaches. Also all errors of nnk_train_begin and nnk_checkpoint_peek.
nnk_status nnk_checkpoint_load(const nnk_job *job, void *arena, size_t bytes, nnk_checkpoint *progress,
                               nnk_reader reader) NNK_VERSIONED(nnk_checkpoint_load);

#ifdef __cplusplus
}
#endif

#endif
