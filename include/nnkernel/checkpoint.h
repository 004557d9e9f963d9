/// Checkpoints: a trainer between two slices of work as bytes, to go on from later or elsewhere.
///
/// A run that goes on from a checkpoint ends with the model of a run that was never interrupted, to the
/// byte, on any processor. docs/FORMAT.md has the layout.
///
///     nnk_checkpoint progress = {0};
///     while (nnk_checkpoint_save(&job, arena, &progress, sink) > 0) {}    // or _load, with a reader
#ifndef NNKERNEL_CHECKPOINT_H
#define NNKERNEL_CHECKPOINT_H

#include "nnkernel/model.h"
#include "nnkernel/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How far saving or loading is. Starts as zeros; all else is the functions' own.
typedef struct nnk_checkpoint {
    uint32_t position; ///< bytes of the payload that are done; when loading, then images that are compared
    uint32_t crc;      ///< of these
} nnk_checkpoint;

/// Bytes of a checkpoint of such a job; 0 if a field of the job is out of its range, or the arena above 2
/// GiB.
size_t nnk_checkpoint_bytes(const nnk_job *job);

/// Writes the next bytes, up to 3072: NNK_MORE, then NNK_OK with the header. No slice of training may be
/// taken meanwhile, and the next checkpoint starts with zeros again. NNK_E_SINK (the same bytes can be tried
/// again), NNK_E_STATE, NNK_E_DIVERGED, NNK_E_ARGUMENT.
nnk_status nnk_checkpoint_save(const nnk_job *job, void *arena, nnk_checkpoint *progress, nnk_sink sink);

/// Reads the job's numbers from a checkpoint's first NNK_HEADER_BYTES + 4 bytes, and the CRC-32 of its data:
/// of the labels, one byte each, then of the images, as nnk_crc32 gives it; 0 if it was not complete when the
/// checkpoint was saved. NNK_E_MAGIC, NNK_E_HEADER, NNK_E_VERSION, NNK_E_KIND, NNK_E_TOPOLOGY (a topology that
/// this build's limits do not allow).
nnk_status nnk_checkpoint_peek(const void *bytes, nnk_job_numbers *job, uint32_t *data_crc);

/// Reads `count` bytes of a file from position `offset` on into `out`; returns NNK_OK or NNK_E_SOURCE.
typedef struct nnk_reader {
    nnk_status (*read)(void *context, uint32_t offset, uint32_t count, uint8_t *out);
    void *context;
} nnk_reader;

/// Reads the next bytes, up to 3072, into the arena, then compares the job's labels and images with those of
/// the checkpoint, one image per call: NNK_MORE, then NNK_OK when all is there and right. Until then the arena
/// holds no trainer.
///
/// The data are compared by their checksum, which is formed in the setup, so all images are read once. A
/// checkpoint that was saved before tells only of the labels, and of the images that were in it by then.
///
/// NNK_E_STATE: it is a checkpoint of another job, or of other data. NNK_E_SOURCE: a read failed, of the
/// checkpoint or of an image, and can be tried again. NNK_E_SIZE and NNK_E_PAYLOAD: it is damaged, or says
/// what no training leads to. All errors of nnk_train_begin and nnk_checkpoint_peek.
nnk_status nnk_checkpoint_load(const nnk_job *job, void *arena, size_t bytes, nnk_checkpoint *progress,
                               nnk_reader reader);

#ifdef __cplusplus
}
#endif

#endif
