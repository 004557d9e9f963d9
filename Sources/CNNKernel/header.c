#include "header.h"

/// Models of version 2 have options, and records; those that have none are of version 1. Those of trainings
/// with shards are of version 3. Checkpoints, also of that number, are for the version of the core that wrote
/// them alone.
static uint8_t version_of(const nnk_header *h) {
    enum { PLAIN = 1, WITH_OPTIONS = 2, WITH_SHARDS = 3, CHECKPOINT = 3 };
    _Static_assert(NNK_KIND_MODEL == 0 && (int)WITH_SHARDS == (int)CHECKPOINT, "which is one test below");
    return h->kind | h->method >> 4 ? CHECKPOINT : h->options ? WITH_OPTIONS : PLAIN;
}

// The first byte is no ASCII character; the last one ends a text on DOS.
static const uint32_t magic = 0x1a4e4e8e; // 0x8e, 'N', 'N', 0x1a

/// Turns all but the last field from this processor's byte order to little-endian, or back.
static void swap_header(nnk_header *h) {
    uint8_t *bytes = (uint8_t *)h;
    nnk_swap(&h->magic, sizeof h->magic, 4);
    nnk_swap(h->size, sizeof h->size, 2);
    nnk_swap(bytes + offsetof(nnk_header, examples), 5 * 4, 4);
    nnk_swap(&h->learning_rate, sizeof h->learning_rate, 8);
    nnk_swap(&h->data_crc, sizeof h->data_crc, 4);
}

nnk_status nnk_header_write(nnk_header *h, const nnk_job_numbers *job, int32_t dtype, nnk_sink sink) {
    h->magic = magic;
    h->header_bytes = sizeof *h;
    h->dtype = (uint8_t)dtype;
    h->layers = (uint8_t)job->topology.layers;
    h->initializer = (uint8_t)job->initializer;
    h->version = version_of(h);
    for (int32_t l = 0; l <= h->layers; l++) h->size[l] = (uint16_t)job->topology.size[l];
    h->examples = job->examples;
    h->seed = job->seed;
    h->iterations = job->iterations;
    h->learning_rate = job->learning_rate;
    swap_header(h);
    h->header_crc = nnk_crc32(0, (const uint8_t *)h, offsetof(nnk_header, header_crc));
    nnk_swap(&h->header_crc, sizeof h->header_crc, 4);
    return sink.write(sink.context, 0, (const uint8_t *)h, sizeof *h) == NNK_OK ? NNK_OK : NNK_E_SINK;
}

nnk_status nnk_header_read(nnk_header *h, const void *bytes, uint32_t kind) {
    memcpy(h, bytes, sizeof *h);
    swap_header(h);
    nnk_swap(&h->header_crc, sizeof h->header_crc, 4);
    if (h->magic != magic) return NNK_E_MAGIC;
    if (nnk_crc32(0, bytes, offsetof(nnk_header, header_crc)) != h->header_crc) return NNK_E_HEADER;
    _Static_assert(NNK_OPTIONS == UINT8_MAX, "a header has no unknown option");
    if (h->kind != kind) return NNK_E_KIND;
    if (h->version != version_of(h) || h->header_bytes != NNK_HEADER_BYTES) return NNK_E_VERSION;
    return nnk_dtype_valid(h->dtype, kind) ? NNK_OK : NNK_E_KIND;
}

uint32_t nnk_payload_bytes(const nnk_topology *t, int32_t dtype) {
    const uint32_t parameters =
        dtype == NNK_I8 ? nnk_input_weights_at(t, dtype) + (uint32_t)t->size[0] * (uint32_t)t->size[1]
                        : nnk_parameters_of(t) * (dtype == NNK_F32 ? 4u : 8u);
    return parameters + 2 * NNK_CLASS_NAME_BYTES;
}

bool nnk_mirror_valid(nnk_mirror m, uint32_t inputs) {
    return m.pixel_bytes > 0 && m.row_bytes > 0 && m.row_bytes % m.pixel_bytes == 0 &&
           inputs % m.row_bytes == 0;
}

_Static_assert(NNK_OPTIONS == UINT8_MAX, "a header has no unknown option");

bool nnk_expectation_valid(const nnk_expectation *e) {
    // The bits of floats that are not negative ascend with them, and those of negative ones are above.
    enum { ONE = 0x3f800000, INFINITE = 0x7f800000 };
    const uint32_t __attribute__((may_alias)) *bits =
        (const void *)((const uint8_t *)e + offsetof(nnk_expectation, accuracy));
    const uint32_t accuracy = bits[0], low = bits[1], high = bits[2], log_loss = bits[3], auc = bits[4],
                   guessing = bits[5];
    return accuracy <= ONE && low <= high && high <= ONE && log_loss < INFINITE && auc <= ONE &&
           guessing <= ONE && nnk_finite(e->shift) && (nnk_positive(e->scale) || nnk_is_zero(e->scale));
}

bool nnk_record_valid(const nnk_model *m, const nnk_training_record *r) {
    // The option of each 4 bytes of the record. Without it they are zero.
    static const uint8_t option_of[] = {NNK_OPTION_MIRRORED,  NNK_OPTION_MIRRORED, NNK_OPTION_DECAY,
                                        NNK_OPTION_DECAY,     NNK_OPTION_WEIGHTS,  NNK_OPTION_START,
                                        NNK_OPTION_KEEP_BEST, NNK_OPTION_WEIGHTS};
    const uint32_t __attribute__((may_alias)) *word = (const void *)r;
    for (uint32_t i = 0; i < sizeof option_of; i++)
        if (word[i] && !(m->options & option_of[i])) return false;
    if (r->kept_iteration > m->iterations) return false;
    if (m->options & NNK_OPTION_DECAY && !nnk_positive(r->weight_decay)) return false;
    return !(m->options & NNK_OPTION_MIRRORED) || nnk_mirror_valid(r->mirror, (uint32_t)m->topology->size[0]);
}

bool nnk_reals_sound(const uint8_t *bytes, int32_t count, int32_t real_bytes, int32_t scales) {
    // The upper 16 bits of positive reals ascend with them; those of infinities and NaN are the last.
    const uint32_t infinite = real_bytes == 4 ? 0x7f80 : 0x7ff0;
    for (int32_t end = real_bytes; end <= count; end += real_bytes) {
        const uint32_t upper = (uint32_t)bytes[end - 1] << 8 | bytes[end - 2];
        if ((end > scales ? upper & 0x7fff : upper) >= infinite) return false;
    }
    return true;
}

void nnk_check_payload(const nnk_model *m, nnk_steps *steps, const uint8_t *bytes, uint32_t count) {
    if (!nnk_payload_sound(m, steps->position, bytes, count)) steps->unsound = 1;
    steps->crc = nnk_crc32(steps->crc, bytes, count);
    steps->position += count;
}

void nnk_put_class_names(uint8_t bytes[2 * NNK_CLASS_NAME_BYTES], const char *const names[2]) {
    memset(bytes, 0, 2 * NNK_CLASS_NAME_BYTES);
    for (uint32_t i = 0; i < 2; i++) {
        const char *name = names[i];
        uint32_t count = 0;
        if (!name) continue;
        while (name[count] && count < NNK_CLASS_NAME_BYTES - 1) count++;
        // A character of UTF-8 that would be cut is left out.
        while (count > 0 && (name[count] & 0xc0) == 0x80) count--;
        memcpy(bytes + i * NNK_CLASS_NAME_BYTES, name, count);
    }
}
