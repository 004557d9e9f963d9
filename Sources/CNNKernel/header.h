/// The header of files, and how large their payloads are. docs/FORMAT.md describes the fields.
#ifndef NNK_HEADER_H
#define NNK_HEADER_H

#include "layout.h"
#include "nnkernel/kernels.h"
#include "nnkernel/model.h"
#include "nnkernel/train.h"

enum { NNK_KIND_MODEL = 0, NNK_KIND_CHECKPOINT = 1 };

/// The first 64 bytes of a file, on a little-endian processor.
typedef struct nnk_header {
    uint32_t magic;
    uint8_t version, header_bytes, dtype, kind;
    uint8_t layers, initializer, method, options;
    uint16_t size[NNK_MAX_LAYERS + 1];
    uint32_t examples, payload_bytes, payload_crc, seed, iterations;
    double learning_rate;
    uint32_t data_crc, header_crc;
} nnk_header;

_Static_assert(sizeof(nnk_header) == NNK_HEADER_BYTES && offsetof(nnk_header, examples) == 28 &&
                   offsetof(nnk_header, learning_rate) == 48,
               "nothing lies between the fields");

#pragma GCC visibility push(hidden) // not for users of a shared library

/// Completes a header and writes it. The caller has set the kind, the options, the shards in the method's
/// upper bits, the payload's bytes and CRC, and the data's CRC; this function adds the job's numbers, what is
/// the same in all headers, and the header's own CRC. The header is in the file's byte order afterwards.
/// NNK_OK, NNK_E_SINK.
nnk_status nnk_header_write(nnk_header *header, const nnk_job_numbers *job, int32_t dtype, nnk_sink sink);

/// Reads a header from its bytes, into this processor's byte order. NNK_OK, NNK_E_MAGIC, NNK_E_HEADER,
/// NNK_E_VERSION, NNK_E_KIND.
nnk_status nnk_header_read(nnk_header *header, const void *bytes, uint32_t kind);

/// The primal method with 2^n shards is method 16 + n.
static inline bool nnk_has_shards(const nnk_header *h) { return h->method >> 4 == 1; }
static inline int32_t nnk_method_in(const nnk_header *h) {
    return nnk_has_shards(h) ? NNK_PRIMAL : h->method;
}
static inline uint32_t nnk_shards_in(const nnk_header *h) {
    return nnk_has_shards(h) ? 1u << (h->method & 15) : 0;
}
static inline uint8_t nnk_method_with(int32_t method, uint32_t shards) {
    if (shards == 0) return (uint8_t)method;
    method = 1 << 4;
    while (shards >>= 1) method++;
    return (uint8_t)method;
}

_Static_assert(NNK_MAX_SHARDS == 1 << 15, "a header has no number of shards that is out of range");

/// Whether files of that kind have that element type: trainers have no i8.
static inline bool nnk_dtype_valid(int32_t dtype, uint32_t kind) {
    return dtype >= NNK_F32 && dtype <= (kind == NNK_KIND_MODEL ? NNK_I8 : NNK_F64);
}

/// Reads `count` bytes of a model's payload, from byte `at` on, through its reader. NNK_OK, NNK_E_SOURCE.
static inline nnk_status nnk_model_read(const nnk_model *m, uint32_t at, uint32_t count, void *out) {
    const nnk_status status = m->reader.read(m->reader.context, NNK_HEADER_BYTES + at, count, out);
    return status == NNK_OK ? NNK_OK : NNK_E_SOURCE;
}

/// Bytes of a model's parameters and of the class names behind them, without the records.
uint32_t nnk_payload_bytes(const nnk_topology *topology, int32_t dtype);

/// Bytes of the records.
static inline uint32_t nnk_record_bytes(int32_t options) {
    const uint32_t expectation = options & NNK_OPTION_JUDGED ? NNK_EXPECTATION_BYTES : 0;
    return options ? NNK_TRAINING_RECORD_BYTES + expectation : 0;
}

_Static_assert(sizeof(nnk_training_record) == NNK_TRAINING_RECORD_BYTES &&
                   offsetof(nnk_training_record, weight_decay) == 8 &&
                   sizeof(nnk_expectation) == NNK_EXPECTATION_BYTES &&
                   offsetof(nnk_records, expectation) == NNK_TRAINING_RECORD_BYTES,
               "records in memory are those in a file, but for the order of bytes");

/// Turns a record from this processor's byte order to little-endian, or back.
static inline void nnk_swap_record(nnk_training_record *r) {
    nnk_swap(&r->mirror, sizeof r->mirror, 4);
    nnk_swap(&r->weight_decay, sizeof r->weight_decay, 8);
    nnk_swap(&r->weights_crc, 4 * sizeof r->weights_crc, 4);
}

static inline void nnk_swap_expectation(nnk_expectation *e) {
    nnk_swap(&e->scale, 2 * sizeof e->scale, 8);
    nnk_swap(&e->accuracy, sizeof *e - 2 * sizeof e->scale, 4);
}

/// Floats of an i8 model: a scale for each row of W1, b1, W2, b2, ...
static inline uint32_t nnk_i8_floats(const nnk_topology *t) {
    const uint32_t units = (uint32_t)t->size[1];
    return units + nnk_parameters_of(t) - units * (uint32_t)t->size[0];
}

/// Bytes of the parameters in front of W1: in an i8 model, the floats.
static inline uint32_t nnk_input_weights_at(const nnk_topology *t, int32_t dtype) {
    return dtype == NNK_I8 ? 4 * nnk_i8_floats(t) : 0;
}

/// Bytes of a model's parameters that are floats or doubles; they come first.
static inline uint32_t nnk_bytes_of_reals(const nnk_topology *t, int32_t dtype) {
    const uint32_t bytes = dtype == NNK_I8 ? (uint32_t)t->size[0] * (uint32_t)t->size[1] : 0; // of W1
    return nnk_payload_bytes(t, dtype) - 2 * NNK_CLASS_NAME_BYTES - bytes;
}

/// Whether reals, as they lie in a file, are finite, and those in the first `scales` bytes also not negative.
///   bytes (count): reals of real_bytes each, 4 or 8; a count or scales of 0 or below: none
bool nnk_reals_sound(const uint8_t *bytes, int32_t count, int32_t real_bytes, int32_t scales);

/// Whether a model may have the parameters among the bytes of its payload from byte `at` on.   bytes (count)
static inline bool nnk_payload_sound(const nnk_model *m, uint32_t at, const uint8_t *bytes, uint32_t count) {
    const int32_t behind = (int32_t)(nnk_bytes_of_reals(m->topology, m->dtype) - at),
                  scales = m->dtype == NNK_I8 ? 4 * m->topology->size[1] - (int32_t)at : 0;
    return nnk_reals_sound(bytes, behind < (int32_t)count ? behind : (int32_t)count,
                           m->dtype == NNK_F64 ? 8 : 4, scales);
}

/// Takes in the next `count` bytes of a model's payload, for nnk_checked_payload.
void nnk_check_payload(const nnk_model *m, nnk_steps *steps, const uint8_t *bytes, uint32_t count);

/// What the whole payload said: NNK_OK, NNK_E_PAYLOAD, NNK_E_PARAMETER.
static inline nnk_status nnk_checked_payload(const nnk_model *m, const nnk_steps *steps) {
    if (steps->crc != m->payload_crc) return NNK_E_PAYLOAD;
    return steps->unsound ? NNK_E_PARAMETER : NNK_OK;
}

/// Puts both names as they lie in a payload, without the characters that have no room. NULL: an empty name.
void nnk_put_class_names(uint8_t bytes[2 * NNK_CLASS_NAME_BYTES], const char *const names[2]);

/// Whether a training by that method can have so many shards: none, or a power of two with the primal.
static inline bool nnk_shards_valid(uint32_t shards, int32_t method) {
    return shards == 0 || (method == NNK_PRIMAL && shards <= NNK_MAX_SHARDS && (shards & (shards - 1)) == 0);
}

/// Whether a model can say this of its origin: the method and the initializer exist; a training has a
/// learning rate, an imported model has none.
static inline bool nnk_origin_valid(const nnk_model *m) {
    if (m->method < NNK_PRIMAL || m->method > NNK_DUAL) return false;
    if (m->initializer < NNK_INIT_NONE || m->initializer > NNK_INIT_SMALL) return false;
    if (m->initializer == NNK_INIT_NONE) return nnk_is_zero(m->learning_rate);
    return nnk_positive(m->learning_rate);
}

/// Whether the rows of a mirrored image are whole, and so are their pixels.
bool nnk_mirror_valid(nnk_mirror mirror, uint32_t inputs);

/// Whether a model of this origin can have these options.
static inline bool nnk_options_valid(const nnk_model *m) {
    const int32_t of_imported = NNK_OPTION_OWN_CONTRAST | NNK_OPTION_JUDGED;
    return !(m->options & ~(m->initializer == NNK_INIT_NONE ? of_imported : NNK_OPTIONS));
}

/// Whether each field of the training record has its option, and a value in its range.
bool nnk_record_valid(const nnk_model *m, const nnk_training_record *record);

/// Whether all numbers are in their ranges.
bool nnk_expectation_valid(const nnk_expectation *expectation);

#pragma GCC visibility pop

#endif
