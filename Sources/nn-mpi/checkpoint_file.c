#include "checkpoint_file.h"

#include "checkpoint_differences.h"
#include "clock.h"
#include "console.h"
#include "memory.h"
#include "ranks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CHECKPOINT_SECONDS // tests save more often
#define CHECKPOINT_SECONDS 30
#endif
static const double interval_seconds = CHECKPOINT_SECONDS; ///< between two checkpoints of a run that goes on
static const int patience_seconds = 120;                   ///< of the other ranks, while a disk is slow

// ---- Writing ----------------------------------------------------------------------------------------------

static bool save(checkpoint_file *c, const nnk_job *job, void *arena, file_error *error) {
    memory_file to = memory_file_of(nnk_checkpoint_bytes(job));
    nnk_checkpoint progress = {0};
    nnk_status status;
    ranks_be_patient(patience_seconds);
    while ((status = nnk_checkpoint_save(job, arena, &progress, (nnk_sink){memory_write, &to})) > 0) {
    }
    if (status < 0) ranks_fail(EXIT_INTERNAL, "a checkpoint: %s", nnk_status_text(status));
    const bool is_done = output_write_locked(&c->file, to.bytes, to.count, error);
    free(to.bytes);
    ranks_be_patient(0);
    c->saved = clock_seconds();
    return is_done;
}

void checkpoint_open(checkpoint_file *c, const options *o) {
    file_error error;
    *c = (checkpoint_file){.options = o, .has_progress = o->resume};
    if (!o->checkpoint || ranks_rank() != 0) return;
    if (!output_open(&c->file, o->checkpoint, &error) || (o->resume && !output_lock(&c->file, &error)))
        ranks_fail(error.exit_code, "%s", error.text);
}

static bool is_writer(const checkpoint_file *c) { return c->options->checkpoint && ranks_rank() == 0; }

void checkpoint_begin(checkpoint_file *c, const nnk_job *job, void *arena) {
    file_error error;
    c->saved = clock_seconds();
    if (!c->options->checkpoint || c->options->resume) return;
    if (nnk_checkpoint_bytes(job) == 0)
        ranks_fail(EXIT_USAGE, "--checkpoint: a run of more than 2 GiB of memory on a rank cannot be saved");
    if (is_writer(c) && !save(c, job, arena, &error)) ranks_fail(error.exit_code, "%s", error.text);
}

bool checkpoint_is_due(const checkpoint_file *c) {
    return is_writer(c) && clock_seconds() - c->saved > interval_seconds;
}

void checkpoint_save(checkpoint_file *c, const nnk_job *job, void *arena) {
    file_error error;
    if (!is_writer(c)) return;
    if (save(c, job, arena, &error)) {
        c->has_progress = true;
        c->failure[0] = '\0';
    } else if (strcmp(error.text, c->failure) != 0) {
        console_note(c->options, "warning: %s; the training goes on", error.text);
        memcpy(c->failure, error.text, sizeof c->failure);
    }
}

void checkpoint_save_last(checkpoint_file *c, const nnk_job *job, void *arena) {
    file_error error;
    if (is_writer(c) && !save(c, job, arena, &error)) ranks_fail(error.exit_code, "%s", error.text);
}

void checkpoint_remove(checkpoint_file *c) {
    if (is_writer(c)) output_remove_locked(&c->file);
}

void checkpoint_remove_if_of_no_use(checkpoint_file *c) {
    if (!c->has_progress) checkpoint_remove(c);
}

// ---- Reading ----------------------------------------------------------------------------------------------

static _Noreturn void refuse(const char *path, const char *expected, const char *found) {
    ranks_fail(EXIT_BAD_DATA, "%s: expected %s, got %s", path, expected, found);
}

static _Noreturn void refuse_status(const char *path, const memory_file *from, nnk_status status) {
    char text[80];
    switch (status) {
    case NNK_E_MAGIC: refuse(path, "a checkpoint", from->count ? "another kind of file" : "an empty file");
    case NNK_E_KIND: refuse(path, "a checkpoint", "a model");
    case NNK_E_LENGTH:
        snprintf(text, sizeof text, "only its first %zu bytes", from->count);
        refuse(path, "a complete checkpoint", text);
    case NNK_E_VERSION:
        snprintf(text, sizeof text, "version %d", from->bytes[4]);
        refuse(path, "a checkpoint of format version 1", text);
    default: refuse(path, "an intact checkpoint", "a damaged one");
    }
}

/// All bytes of the file, which rank 0 reads, on all ranks.
static memory_file read_on_all_ranks(const checkpoint_file *c) {
    memory_file from = {NULL, 0, 0};
    file_error error;
    if (ranks_rank() == 0 && !output_read_locked(&c->file, &from, &error))
        ranks_fail(error.exit_code, "%s", error.text);
    memory_broadcast(&from);
    return from;
}

/// Little-endian, as all numbers of the file.
static uint32_t number_at(const memory_file *from, size_t offset) {
    const uint8_t *b = from->bytes + offset;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/// Whether the file is a whole checkpoint (docs/FORMAT.md).
static nnk_status check(const memory_file *from, nnk_job_numbers *numbers, uint32_t *data_crc) {
    static const uint8_t magic[] = {0x8e, 0x4e, 0x4e, 0x1a};
    enum { PAYLOAD_BYTES_AT = 32 };
    if (from->count < sizeof magic || memcmp(from->bytes, magic, sizeof magic) != 0) return NNK_E_MAGIC;
    if (from->count < NNK_CHECKPOINT_START_BYTES) return NNK_E_LENGTH;
    const nnk_status status = nnk_checkpoint_peek(from->bytes, numbers, data_crc);
    if (status != NNK_OK) return status;
    const size_t payload = number_at(from, PAYLOAD_BYTES_AT), there = from->count - NNK_HEADER_BYTES;
    if (there != payload) return there < payload ? NNK_E_LENGTH : NNK_E_SIZE;
    const uint32_t crc = nnk_crc32(0, from->bytes + NNK_HEADER_BYTES, payload);
    return crc == nnk_model_payload_crc(from->bytes) ? NNK_OK : NNK_E_PAYLOAD;
}

static nnk_status load(const nnk_job *job, void *arena, size_t bytes, memory_file *from) {
    nnk_checkpoint progress = {0};
    nnk_status status;
    while ((status = nnk_checkpoint_load(job, arena, bytes, &progress, (nnk_reader){memory_read, from})) > 0)
        ranks_poll();
    return status;
}

/// A checkpoint that was saved early in the setup does not say which images it has seen: such a run begins
/// anew.
void checkpoint_load(checkpoint_file *c, const nnk_job *job, void *arena, size_t bytes, uint32_t data_crc) {
    enum { WEIGHTS_CRC_AT = NNK_CHECKPOINT_START_BYTES + 28 };
    const char *path = c->options->checkpoint;
    memory_file from = read_on_all_ranks(c);
    nnk_job_numbers numbers;
    uint32_t saved_data_crc;
    char found[1000];
    nnk_status status = check(&from, &numbers, &saved_data_crc);
    if (status != NNK_OK) refuse_status(path, &from, status);
    const uint32_t weights_crc = numbers.options & NNK_OPTION_WEIGHTS ? number_at(&from, WEIGHTS_CRC_AT) : 0;
    if (checkpoint_differences(&numbers, saved_data_crc, weights_crc, job, data_crc, found, sizeof found))
        refuse(path, "a checkpoint of this run", found);
    status = saved_data_crc ? load(job, arena, bytes, &from) : nnk_train_begin(job, arena, bytes);
    free(from.bytes);
    if (status == NNK_E_STATE) refuse(path, "a checkpoint of this run", "one with other training data");
    if (status < 0) refuse(path, "an intact checkpoint", "a damaged one");
}
