#include "model_file.h"

#include "console.h"
#include "interrupt.h"
#include "memory.h"
#include "ranks.h"
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST = 1 << 26 }; ///< bytes, far above those of any model

// ---- Reading ----------------------------------------------------------------------------------------------

/// For messages.
static const char *shown_path(const char *path) {
    return strcmp(path, "-") == 0 ? "stdin" : *path ? path : "\"\"";
}

/// Returns when there are bytes, the end, or an error that reading tells.
static void wait_for_bytes(int file, const char *path) {
    unsigned tenths = 0;
    while (true) {
        struct pollfd wish = {.fd = file, .events = POLLIN};
        const int ready = poll(&wish, 1, 100);
        if (ready > 0 || (ready < 0 && errno != EINTR)) return;
        if (!interrupt_waits_on(path, &tenths))
            ranks_fail(EXIT_INTERRUPTED, "%s: interrupted before its end; expected a model file",
                       shown_path(path));
    }
}

/// Up to one byte more than the largest model has.
static bool read_all(int file, const char *path, memory_file *f) {
    *f = memory_file_of(LARGEST + 1);
    while (f->count < f->capacity) {
        wait_for_bytes(file, path);
        const ssize_t part = read(file, f->bytes + f->count, f->capacity - f->count);
        if (part == 0) return true;
        if (part < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (part > 0) f->count += (size_t)part;
        ranks_poll();
    }
    return true;
}

/// A named pipe is opened without its writer.
static memory_file read_file(const char *path) {
    memory_file f;
    const bool is_standard = strcmp(path, "-") == 0;
    const int file = is_standard ? STDIN_FILENO : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat there;
    if (file < 0)
        ranks_fail(EXIT_MISSING, "%s: %s; expected a model file", shown_path(path),
                   errno == ENOENT ? "no such file" : strerror(errno));
    if (fstat(file, &there) == 0 && S_ISDIR(there.st_mode))
        ranks_fail(EXIT_MISSING, "%s: a folder; expected a model file", path);
    if (!read_all(file, path, &f))
        ranks_fail(EXIT_IO, "%s: %s; expected a model file", shown_path(path), strerror(errno));
    if (!is_standard) close(file);
    return f;
}

// ---- Opening ----------------------------------------------------------------------------------------------

/// Opens a model of one of the two topologies.
static nnk_status open_model(nnk_model *model, const memory_file *f) {
    nnk_status status = nnk_model_open(model, f->bytes, f->count, &nnk_deep);
    if (status == NNK_E_TOPOLOGY) status = nnk_model_open(model, f->bytes, f->count, &nnk_two_layer);
    nnk_training_record record;
    return status == NNK_OK ? nnk_model_record(model, &record) : status;
}

static _Noreturn void refuse(const char *path, const char *expected, const char *found) {
    ranks_fail(EXIT_BAD_DATA, "%s: expected %s, got %s", shown_path(path), expected, found);
}

static _Noreturn void refuse_status(const char *path, const memory_file *f, nnk_status status) {
    char text[80];
    if (f->count < 4 || status == NNK_E_MAGIC)
        refuse(path, "a SwiftNN model", f->count ? "another kind of file" : "an empty file");
    switch (status) {
    case NNK_E_LENGTH:
        snprintf(text, sizeof text, "only its first %zu bytes", f->count);
        refuse(path, "a complete model", text);
    case NNK_E_HEADER: refuse(path, "an intact model", "a damaged header (wrong checksum)");
    case NNK_E_VERSION:
        if (f->bytes[4] <= 3) {
            snprintf(text, sizeof text, "options %d in version %d", f->bytes[11], f->bytes[4]);
            refuse(path, "a model with known options", text);
        }
        snprintf(text, sizeof text, "version %d", f->bytes[4]);
        refuse(path, "a model of format version 1 to 3", text);
    case NNK_E_KIND:
        if (f->bytes[7] == 1) refuse(path, "a model", "a checkpoint (train --resume makes a model from it)");
        refuse(path, "a model with f32, f64 or i8 weights and two class names", "another kind of model");
    case NNK_E_TOPOLOGY: refuse(path, "a 12288-20-7-5-1 or 12288-7-1 network", "another network");
    case NNK_E_SIZE: refuse(path, "a file as long as its header says", "a longer one");
    case NNK_E_PAYLOAD: refuse(path, "an intact model", "damaged weights (wrong checksum)");
    case NNK_E_PARAMETER:
        refuse(path, "finite weights, and no scale below 0", "an infinity, a NaN or a negative scale");
    default: refuse(path, "a usable model", nnk_status_text(status));
    }
}

// ---- A model to start from --------------------------------------------------------------------------------

static const char *topology_name(const nnk_topology *t) {
    return t == &nnk_deep ? "a 12288-20-7-5-1 network" : "a 12288-7-1 network";
}

/// Whether all parameters are floats that are no infinities.
static bool fits_float(const nnk_model *model) {
    if (model->dtype != NNK_F64) return true;
    const double *p = model->parameters;
    const uint32_t count = nnk_parameter_count(model->topology);
    for (uint32_t i = 0; i < count; i++)
        if (fabs(p[i]) > (double)FLT_MAX) return false;
    return true;
}

static void check_options(const options *o, const nnk_model *model) {
    char expected[80];
    if (model->topology != options_topology(o)) {
        snprintf(expected, sizeof expected, "%s, as --topology says", topology_name(options_topology(o)));
        refuse(o->from, expected, topology_name(model->topology));
    }
    const bool has_contrast = model->options & NNK_OPTION_OWN_CONTRAST;
    if (has_contrast != o->own_contrast)
        refuse(o->from,
               o->own_contrast ? "a model trained with --own-contrast, as this one is to be"
                               : "a model trained without --own-contrast, as this one is to be",
               o->own_contrast ? "one trained without it" : "one trained with it");
    if (o->precision == PRECISION_F32 && !fits_float(model))
        refuse(o->from, "weights within the range of f32", "larger ones");
}

/// The same two names in reverse order would make all answers wrong. Others may mean the same classes.
static void check_classes(const options *o, const char *const ours[2], const char *const theirs[2]) {
    if (!*theirs[0] && !*theirs[1]) return;
    if (strcmp(ours[0], theirs[0]) == 0 && strcmp(ours[1], theirs[1]) == 0) return;
    if (strcmp(ours[0], theirs[1]) == 0 && strcmp(ours[1], theirs[0]) == 0)
        ranks_fail(EXIT_BAD_DATA, "%s: expected class 0 %s, class 1 %s, as in %s, got class 0 %s, class 1 %s",
                   o->data, theirs[0], theirs[1], o->from, ours[0], ours[1]);
    console_note(
        o,
        "warning: %s has class 0 %s, class 1 %s, but %s has class 0 %s, class 1 %s; they count as the "
        "same classes",
        o->data, ours[0], ours[1], o->from, theirs[0], theirs[1]);
}

model_file model_to_start_from(const options *o, const char *const class_names[2]) {
    model_file start = {.bytes = NULL};
    if (!o->from) return start;
    memory_file f = {NULL, 0, 0};
    if (ranks_rank() == 0) f = read_file(o->from);
    memory_broadcast(&f);
    const nnk_status status = open_model(&start.model, &f);
    if (status != NNK_OK) refuse_status(o->from, &f, status);
    start.bytes = f.bytes;
    check_options(o, &start.model);
    check_classes(o, class_names, start.model.class_names);
    return start;
}

// ---- A model that is replaced -----------------------------------------------------------------------------

const char *model_path(const options *o) { return o->output ? o->output : "model.nnk"; }

static _Noreturn void refuse_replacing(const char *path, const char *found) {
    ranks_fail(
        EXIT_USAGE,
        "%s is %s, and would be replaced; write another file with --output, or replace it with --force", path,
        found);
}

void model_check_replaced(const options *o, uint32_t data_crc) {
    const char *path = model_path(o);
    struct stat there;
    if (ranks_rank() != 0 || o->output || o->force) return;
    if (stat(path, &there) != 0 || !S_ISREG(there.st_mode)) return;
    memory_file f = read_file(path);
    nnk_model model;
    char text[100];
    if (open_model(&model, &f) != NNK_OK) refuse_replacing(path, "no usable model");
    if (model.initializer == NNK_INIT_NONE) refuse_replacing(path, "a model of imported weights");
    snprintf(text, sizeof text, "a model trained on other images (%" PRIu32 " image%s, CRC-32 %08" PRIx32 ")",
             model.examples, model.examples == 1 ? "" : "s", model.data_crc);
    if (model.data_crc != data_crc) refuse_replacing(path, text);
    free(f.bytes);
}
