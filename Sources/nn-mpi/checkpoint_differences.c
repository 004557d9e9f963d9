#include "checkpoint_differences.h"

#include "console.h"
#include "number_text.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/// A text that grows.
typedef struct list {
    char *text;
    size_t bytes, length;
} list;

__attribute__((format(printf, 2, 3))) static void add(list *l, const char *format, ...) {
    va_list arguments;
    const int start = snprintf(l->text + l->length, l->bytes - l->length, l->length ? ", " : "one with ");
    l->length += (size_t)start < l->bytes - l->length ? (size_t)start : 0;
    va_start(arguments, format);
    const int rest = vsnprintf(l->text + l->length, l->bytes - l->length, format, arguments);
    va_end(arguments);
    l->length += (size_t)rest < l->bytes - l->length ? (size_t)rest : 0;
}

static void compare(list *l, const char *name, const char *theirs, const char *ours) {
    if (strcmp(theirs, ours) != 0) add(l, "%s %s (here %s)", name, theirs, ours);
}

static void compare_counts(list *l, const char *name, uint32_t theirs, uint32_t ours) {
    if (theirs != ours) add(l, "%s %" PRIu32 " (here %" PRIu32 ")", name, theirs, ours);
}

static void compare_reals(list *l, const char *name, double theirs, double ours) {
    char a[NUMBER_TEXT_BYTES], b[NUMBER_TEXT_BYTES];
    compare(l, name, number_text(theirs, a), number_text(ours, b));
}

static void compare_flags(list *l, const char *name, bool theirs, bool ours) {
    compare(l, name, theirs ? "on" : "off", ours ? "on" : "off");
}

static const char *precision_name(int32_t dtype) { return dtype == NNK_F32 ? "f32" : "f64"; }

/// Both dual methods give the same bits, but lie in memory in different ways.
static const char *method_name(const nnk_method *method) {
    return method == &nnk_primal ? "primal" : method == &nnk_dual_wide ? "dual" : "dual in least memory";
}

static const char *shards_text(uint32_t shards, char text[64]) {
    snprintf(text, 64, shards ? "%" PRIu32 : "none", shards);
    return text;
}

/// The CRC-32 of weights as little-endian floats, whatever the order of bytes in memory; 0 if there are none.
static uint32_t weights_crc_of(const nnk_job *job) {
    uint32_t crc = 0, bits;
    for (uint32_t i = 0; job->weights && i < job->examples; i++) {
        memcpy(&bits, &job->weights[i], sizeof bits);
        const uint8_t bytes[] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                                 (uint8_t)(bits >> 24)};
        crc = nnk_crc32(crc, bytes, sizeof bytes);
    }
    return crc;
}

bool checkpoint_differences(const nnk_job_numbers *theirs, uint32_t their_data_crc,
                            uint32_t their_weights_crc, const nnk_job *job, uint32_t data_crc, char *text,
                            size_t bytes) {
    char a[64], b[64];
    list l = {text, bytes, 0};
    compare(&l, "--topology", topology_text(&theirs->topology, a), topology_text(job->topology, b));
    compare(&l, "--precision", precision_name(theirs->dtype), precision_name(job->arithmetic->dtype));
    compare(&l, "--method", method_name(nnk_method_of(theirs->method)), method_name(job->method));
    compare_counts(&l, "--seed", theirs->seed, job->seed);
    compare_counts(&l, "--iterations", theirs->iterations, job->iterations);
    compare_reals(&l, "--learning-rate", theirs->learning_rate, job->learning_rate);
    compare_counts(&l, "--log-every", theirs->cost_every, job->cost_every);
    compare_flags(&l, "--center", theirs->options & NNK_OPTION_CENTERED, job->center);
    compare_flags(&l, "--own-contrast", theirs->options & NNK_OPTION_OWN_CONTRAST, job->own_contrast);
    compare_flags(&l, "--mirror", theirs->options & NNK_OPTION_MIRRORED, job->mirror.row_bytes > 0);
    compare_reals(&l, "--weight-decay", theirs->weight_decay, job->weight_decay);
    compare(&l, "--virtual-shards", shards_text(theirs->shards, a), shards_text(job->shards, b));
    compare_flags(&l, "--keep-best", theirs->options & NNK_OPTION_KEEP_BEST, job->keep_best);
    const uint32_t start_crc = job->start ? job->start->payload_crc : 0;
    if (theirs->start_crc != start_crc) add(&l, "another model in --from");
    if (their_weights_crc != weights_crc_of(job)) add(&l, "other weights of images (--hold-out, --balance)");
    if (theirs->examples != job->examples || (their_data_crc && their_data_crc != data_crc))
        add(&l, "other training data");
    return l.length > 0;
}
