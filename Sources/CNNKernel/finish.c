// Writing a model at the end of a training, slice by slice.
#include "arena.h"
#include "header.h"

/// Whether all little-endian reals are finite: an exponent of ones is an infinity or a NaN.
static bool all_finite(const uint8_t *bytes, uint32_t count, int32_t real_bytes) {
    const uint32_t size = (uint32_t)real_bytes, low = real_bytes == 4 ? 0x80 : 0xf0;
    for (uint32_t i = size; i <= count; i += size)
        if ((bytes[i - 1] & 0x7f) == 0x7f && (bytes[i - 2] & low) == low) return false;
    return true;
}

/// Makes the next parameters, little-endian. `left` bytes of parameters are not written yet.
static nnk_status next_parameters(const nnk_job *job, const arena *a, uint32_t left, uint8_t **bytes,
                                  uint32_t *count) {
    const nnk_topology *t = job->topology;
    const uint32_t real = (uint32_t)job->arithmetic->real_bytes, at = a->trainer->item;
    const uint32_t first = (uint32_t)t->size[0] * (uint32_t)t->size[1] * real; // W1
    if (at < first) {
        const nnk_status status = job->method->next_weights(job, a, bytes, count);
        if (status != NNK_OK) return status;
    } else {
        *bytes = a->bytes;
        *count = nnk_smaller(NNK_AT_ONCE, left);
        memcpy(*bytes, (const uint8_t *)nnk_layer(job, a, 1).biases + (at - first), *count);
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

static nnk_status write_payload(const nnk_job *job, const arena *a, const options *o, nnk_sink sink) {
    nnk_trainer *t = a->trainer;
    uint8_t *bytes = a->bytes;
    uint32_t count;
    if (t->item == 0) {
        t->payload_crc = 0;
        nnk_random_seed(&t->random, job->seed); // packed dual draws W1(0) once more
    }
    const uint32_t parameters =
        nnk_payload_bytes(job->topology, job->arithmetic->dtype) - 2 * NNK_CLASS_NAME_BYTES;
    NNK_ASSERT(t->item <= parameters);
    if (t->item < parameters) {
        const nnk_status status = next_parameters(job, a, parameters - t->item, &bytes, &count);
        if (status != NNK_OK) return status;
        NNK_ASSERT(count > 0 && t->item + count <= parameters);
    } else {
        count = nnk_put_trailer(bytes, job->class_names, o->bits, &o->record);
    }
    if (sink.write(sink.context, NNK_HEADER_BYTES + t->item, bytes, count) != NNK_OK) return NNK_E_SINK;
    t->payload_crc = job->arithmetic->crc32(t->payload_crc, bytes, count);
    t->item += count;
    return NNK_MORE;
}

nnk_status nnk_train_finish(const nnk_job *job, void *memory, nnk_sink sink) {
    const nnk_status ready = sink.write ? nnk_check_trainer(job, memory) : NNK_E_ARGUMENT;
    if (ready != NNK_OK) return ready;
    const arena a = nnk_carve(job, memory);
    nnk_trainer *t = a.trainer;
    if (t->outcome == FAILED) return NNK_E_DIVERGED;
    if (!nnk_is_trained(t) || nnk_forms_gram(job)) return NNK_E_STATE;
    if (t->outcome == WRITTEN) nnk_rewind_model(t);
    const options o = options_of(job, t);
    const uint32_t payload_bytes =
        nnk_payload_bytes(job->topology, job->arithmetic->dtype) + nnk_record_bytes(o.bits);
    nnk_status status;
    if (t->item < payload_bytes) {
        status = write_payload(job, &a, &o, sink);
    } else {
        nnk_header header = {.options = (uint8_t)o.bits,
                             .payload_bytes = payload_bytes,
                             .payload_crc = t->payload_crc,
                             .data_crc = t->data_crc};
        status = nnk_header_write(&header, &t->job, sink);
    }
    if (status == NNK_OK) t->outcome = WRITTEN;
    if (status == NNK_E_DIVERGED) t->outcome = FAILED;
    if (status == NNK_E_SINK) t->item = 0; // from its beginning once more
    return status;
}
