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

// ---- Writing ----------------------------------------------------------------------------------------------

typedef enum result { SAVED, FAILED, DIVERGED } result;

static result write_patiently(checkpoint_file *c, const memory_file *from, file_error *error) {
    ranks_be_patient(OUTPUT_PATIENCE);
    const bool is_done = output_write_locked(&c->file, from->bytes, from->count, error);
    ranks_be_patient(0);
    return is_done ? SAVED : FAILED;
}

static result save(checkpoint_file *c, const nnk_job *job, void *arena, file_error *error) {
    memory_file to = memory_file_of(nnk_checkpoint_bytes(job));
    nnk_checkpoint progress = {0};
    nnk_status status;
    while ((status = nnk_checkpoint_save(job, arena, &progress, (nnk_sink){memory_write, &to})) > 0) {
    }
    if (status < 0 && status != NNK_E_DIVERGED)
        ranks_fail(EXIT_INTERNAL, "a checkpoint: %s", nnk_status_text(status));
    const result r = status == NNK_OK ? write_patiently(c, &to, error) : DIVERGED;
    free(to.bytes);
    c->saved = clock_seconds();
    return r;
}

/// The same where a file that cannot be written ends the run. Returns false if the run has diverged.
static bool save_or_fail(checkpoint_file *c, const nnk_job *job, void *arena) {
    file_error error;
    const result r = save(c, job, arena, &error);
    if (r == FAILED) ranks_fail(error.exit_code, "%s", error.text);
    return r == SAVED;
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
    c->saved = clock_seconds();
    if (!c->options->checkpoint || c->options->resume) return;
    if (is_writer(c)) save_or_fail(c, job, arena);
}

bool checkpoint_is_due(const checkpoint_file *c) {
    return is_writer(c) && clock_seconds() - c->saved > interval_seconds;
}

void checkpoint_save(checkpoint_file *c, const nnk_job *job, void *arena) {
    file_error error;
    if (!is_writer(c)) return;
    const result r = save(c, job, arena, &error);
    if (r == SAVED) {
        c->has_progress = true;
        c->failure[0] = '\0';
    } else if (r == FAILED && strcmp(error.text, c->failure) != 0) {
        console_note(c->options, "warning: %s; the training goes on", error.text);
        memcpy(c->failure, error.text, sizeof c->failure);
    }
}

bool checkpoint_save_last(checkpoint_file *c, const nnk_job *job, void *arena) {
    bool is_finite = !is_writer(c) || save_or_fail(c, job, arena);
    ranks_broadcast(&is_finite, sizeof is_finite, 0);
    return is_finite;
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
        refuse(path, "a checkpoint of format version 3", text);
    default: refuse(path, "an intact checkpoint", "a damaged one");
    }
}

/// Little-endian, as all numbers of the file.
static uint32_t number_at(const memory_file *from, size_t offset) {
    const uint8_t *b = from->bytes + offset;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/// Places in the file (docs/FORMAT.md).
enum {
    PAYLOAD_BYTES_AT = 32,
    WEIGHTS_CRC_AT = NNK_CHECKPOINT_START_BYTES + 28,
    LEAST_PAYLOAD = WEIGHTS_CRC_AT + 4 - NNK_HEADER_BYTES
};

/// Whether the file begins as a checkpoint that a run can have written.
static nnk_status check_start(const memory_file *from, nnk_job_numbers *numbers, uint32_t *data_crc) {
    static const uint8_t magic[] = {0x8e, 0x4e, 0x4e, 0x1a};
    if (from->count < sizeof magic || memcmp(from->bytes, magic, sizeof magic) != 0) return NNK_E_MAGIC;
    if (from->count < NNK_CHECKPOINT_START_BYTES) return NNK_E_LENGTH;
    const nnk_status status = nnk_checkpoint_peek(from->bytes, numbers, data_crc);
    if (status != NNK_OK) return status;
    const uint32_t payload = number_at(from, PAYLOAD_BYTES_AT);
    return payload >= LEAST_PAYLOAD && payload <= INT32_MAX ? NNK_OK : NNK_E_SIZE;
}

/// The first bytes of the file, at most so many.
static memory_file read_first(const checkpoint_file *c, size_t most) {
    memory_file from;
    file_error error;
    if (!output_read_locked(&c->file, most, &from, &error)) ranks_fail(error.exit_code, "%s", error.text);
    return from;
}

/// The start says how much there is to read. Of a file that is longer, one byte more is read; of one that is
/// no checkpoint, nothing more.
static memory_file read_checkpoint(const checkpoint_file *c) {
    nnk_job_numbers numbers;
    uint32_t data_crc;
    memory_file start = read_first(c, NNK_CHECKPOINT_START_BYTES);
    if (check_start(&start, &numbers, &data_crc) != NNK_OK) return start;
    const size_t bytes = NNK_HEADER_BYTES + (size_t)number_at(&start, PAYLOAD_BYTES_AT);
    free(start.bytes);
    return read_first(c, bytes + 1);
}

/// Whether the file is a whole checkpoint.
static nnk_status check(const memory_file *from, nnk_job_numbers *numbers, uint32_t *data_crc) {
    const nnk_status status = check_start(from, numbers, data_crc);
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
    const char *path = c->options->checkpoint;
    memory_file from = {NULL, 0, 0};
    if (ranks_rank() == 0) from = read_checkpoint(c);
    memory_broadcast(&from);
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
