// Writing a model at the end of a training, slice by slice.
#include "finish.h"
#include "header.h"

/// Whether all little-endian reals are finite: an exponent of ones is an infinity or a NaN.
static bool all_finite(const uint8_t *bytes, uint32_t count, int32_t real_bytes) {
    const uint32_t size = (uint32_t)real_bytes, low = real_bytes == 4 ? 0x80 : 0xf0;
    for (uint32_t i = size; i <= count; i += size)
        if ((bytes[i - 1] & 0x7f) == 0x7f && (bytes[i - 2] & low) == low) return false;
    return true;
}

/// The next part in the job's own type.
static nnk_status next_reals(const nnk_job *job, const arena *a, uint8_t **bytes, uint32_t *count) {
    nnk_trainer *t = a->trainer;
    const uint32_t real = (uint32_t)job->arithmetic->real_bytes, first = nnk_weights_of_w1(job) * real;
    if (t->item < first) {
        nnk_real *w;
        uint32_t weights;
        const nnk_status status = job->method->next_weights(job, a, &w, &weights);
        if (status != NNK_OK) return status;
        t->weight += weights;
        *bytes = (uint8_t *)w;
        *count = weights * real;
    } else {
        *bytes = a->bytes;
        *count =
            nnk_smaller(NNK_AT_ONCE, nnk_bytes_of_reals(job->topology, job->arithmetic->dtype) - t->item);
        memcpy(*bytes, (const uint8_t *)nnk_layer(job, a, 1).biases + (t->item - first), *count);
    }
    nnk_swap(*bytes, *count, job->arithmetic->real_bytes);
    return all_finite(*bytes, *count, job->arithmetic->real_bytes) ? NNK_OK : NNK_E_DIVERGED;
}

/// The options of a training, and what belongs to them, in the file's byte order.
typedef struct options {
    int32_t bits;
    nnk_training_record record;
} options;

static options options_of(const nnk_job *job, const nnk_trainer *t) {
    if (!NNK_HAS_OPTIONS) return (options){0, {{0, 0}, 0, 0, 0, 0, 0}};
    const nnk_job_numbers *numbers = &t->job;
    options o = {(int32_t)(numbers->options & NNK_OPTIONS),
                 {.mirror = numbers->mirror,
                  .weight_decay = numbers->weight_decay,
                  .weights_crc = t->weights_crc,
                  .weights_rule = nnk_weights_of(job) ? job->weights_rule : 0,
                  .kept_iteration = nnk_keeps_best(job) ? t->kept_iteration : 0,
                  .start_crc = numbers->start_crc}};
    nnk_swap_record(&o.record);
    return o;
}

void nnk_rewind_weights(const nnk_job *job, nnk_trainer *t) {
    t->weight = t->ahead = 0;
    t->carried = 0;
    nnk_random_seed(&t->random, job->seed); // packed dual draws W1(0) once more
}

/// Writes the next part of the payload, or what follows the parameters. NNK_MORE, NNK_E_SINK, and as
/// next_part.
static nnk_status write_part(const nnk_job *job, const arena *a, uint8_t *bytes, uint32_t count,
                             nnk_sink sink) {
    nnk_trainer *t = a->trainer;
    if (count == 0) return NNK_MORE; // other work came first
    if (sink.write(sink.context, NNK_HEADER_BYTES + t->item, bytes, count) != NNK_OK) return NNK_E_SINK;
    t->payload_crc = job->arithmetic->crc32(t->payload_crc, bytes, count);
    t->item += count;
    return NNK_MORE;
}

static nnk_status write_parameters(const nnk_job *job, const arena *a, const nnk_parts *parts,
                                   nnk_sink sink) {
    uint8_t *bytes = a->bytes;
    uint32_t count = 0;
    const nnk_status status = parts->next_part(job, a, &bytes, &count);
    return status == NNK_OK ? write_part(job, a, bytes, count, sink) : status;
}

// Not inlined, so that the parameters take no stack for what comes behind them.

static __attribute__((noinline)) nnk_status write_trailer(const nnk_job *job, const arena *a, nnk_sink sink) {
    const options o = options_of(job, a->trainer);
    return write_part(job, a, a->bytes, nnk_put_trailer(a->bytes, job->class_names, o.bits, &o.record), sink);
}

static __attribute__((noinline)) nnk_status write_header(const nnk_job *job, const nnk_trainer *t,
                                                         int32_t dtype, nnk_sink sink) {
    nnk_header header = {.options = (uint8_t)options_of(job, t).bits,
                         .payload_bytes = t->item,
                         .payload_crc = t->payload_crc,
                         .data_crc = t->data_crc};
    return nnk_header_write(&header, &t->job, dtype, sink);
}

/// The model is written from its beginning.
static void begin_model(const nnk_job *job, nnk_trainer *t, int32_t dtype) {
    nnk_rewind_model(t);
    nnk_rewind_weights(job, t);
    t->payload_crc = 0;
    t->file_dtype = (uint32_t)dtype;
}

nnk_status nnk_finish(const nnk_job *job, void *memory, const nnk_parts *parts, nnk_sink sink) {
    const nnk_status ready = sink.write ? nnk_check_trainer(job, memory) : NNK_E_ARGUMENT;
    if (ready != NNK_OK) return ready;
    const arena a = nnk_carve(job, memory);
    nnk_trainer *t = a.trainer;
    if (t->outcome == FAILED) return NNK_E_DIVERGED;
    if (!nnk_is_trained(t) || nnk_forms_gram(job)) return NNK_E_STATE;
    if (t->outcome == WRITTEN || t->file_dtype != (uint32_t)parts->dtype) begin_model(job, t, parts->dtype);
    const uint32_t parameters = nnk_payload_bytes(job->topology, parts->dtype) - 2 * NNK_CLASS_NAME_BYTES;
    const nnk_status status = t->item < parameters    ? write_parameters(job, &a, parts, sink)
                              : t->item == parameters ? write_trailer(job, &a, sink)
                                                      : write_header(job, t, parts->dtype, sink);
    if (status == NNK_OK) t->outcome = WRITTEN;
    if (status == NNK_E_DIVERGED) t->outcome = FAILED;
    if (status == NNK_E_SINK) nnk_rewind_model(t); // from its beginning once more
    return status;
}

nnk_status nnk_train_finish(const nnk_job *job, void *memory, nnk_sink sink) {
    static const nnk_parts floats = {.dtype = NNK_F32, .next_part = next_reals},
                           doubles = {.dtype = NNK_F64, .next_part = next_reals};
    const bool is_double = job && job->arithmetic && job->arithmetic->dtype == NNK_F64;
    return nnk_finish(job, memory, is_double ? &doubles : &floats, sink);
}
