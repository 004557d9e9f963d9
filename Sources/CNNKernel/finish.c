// Writing a model at the end of a training, slice by slice.
#include "finish.h"
#include "header.h"

/// The next part in the job's own type, of parameters that end at byte `end`. As next_part.
static nnk_status next_reals(const nnk_job *job, const arena *a, uint32_t end, uint8_t **bytes,
                             uint32_t *count) {
    nnk_trainer *t = a->trainer;
    const uint32_t real = (uint32_t)nnk_real_bytes(job), first = nnk_weights_of_w1(job) * real;
    if (t->item < first) {
        nnk_real *w;
        const nnk_status status = job->method->next_weights(job, a, &w, count);
        if (status != NNK_OK) return status;
        t->weight += *count;
        *bytes = (uint8_t *)w;
        *count *= real;
    } else {
        *count = nnk_smaller(NNK_AT_ONCE, end - t->item);
        memcpy(*bytes, (const uint8_t *)nnk_layer(job, a, 1).biases + (t->item - first), *count);
    }
    nnk_swap(*bytes, *count, job->arithmetic->real_bytes);
    return nnk_reals_sound(*bytes, (int32_t)*count, job->arithmetic->real_bytes, 0) ? NNK_OK : NNK_E_DIVERGED;
}

/// The options that a model names.
static int32_t model_options(const nnk_trainer *t) {
    return NNK_HAS_OPTIONS ? (int32_t)(t->job.options & NNK_OPTIONS) : 0;
}

/// The method and the shards that a model names. The dual methods are one, as they give the same bits.
static uint8_t method_of(const nnk_trainer *t) {
    _Static_assert(NNK_PRIMAL == 0 && NNK_DUAL == 1 && NNK_DUAL_WIDE == 2, "become 0, 1 and 1");
    const uint8_t method = (uint8_t)(((uint32_t)t->job.method + 1) / 2);
    return NNK_HAS_OPTIONS ? nnk_method_with(method, t->job.shards) : method;
}

/// Puts what follows the parameters, and returns its bytes. Not inlined, so that the parameters take no stack
/// for it.
static __attribute__((noinline)) uint32_t put_trailer(const nnk_job *job, const nnk_trainer *t,
                                                      uint8_t *bytes) {
    nnk_put_class_names(bytes, job->class_names);
    if (!model_options(t)) return 2 * NNK_CLASS_NAME_BYTES;
    nnk_training_record record = {.mirror = job->mirror,
                                  .weight_decay = job->weight_decay,
                                  .weights_crc = t->weights_crc,
                                  .weights_rule = nnk_weights_of(job) ? job->weights_rule : 0,
                                  .kept_iteration = nnk_keeps_best(job) ? t->kept_iteration : 0,
                                  .start_crc = t->job.start_crc};
    nnk_swap_record(&record);
    memcpy(bytes + 2 * NNK_CLASS_NAME_BYTES, &record, sizeof record);
    return 2 * NNK_CLASS_NAME_BYTES + sizeof record;
}

static __attribute__((noinline)) nnk_status write_header(const nnk_trainer *t, nnk_sink sink) {
    nnk_header header = {.options = (uint8_t)model_options(t),
                         .method = method_of(t),
                         .payload_bytes = t->item,
                         .payload_crc = t->payload_crc,
                         .data_crc = t->data_crc};
    return nnk_header_write(&header, &t->job, (int32_t)t->file_dtype, sink);
}

/// Writes the next part of the payload: of the parameters, which end at byte `end`, or what follows them.
/// NNK_MORE, NNK_E_SINK, and as next_part.
static nnk_status write_part(const nnk_job *job, const arena *a, const nnk_parts *parts, uint32_t end,
                             nnk_sink sink) {
    nnk_trainer *t = a->trainer;
    uint8_t *bytes = a->bytes;
    uint32_t count;
    nnk_status status = NNK_OK;
    if (t->item == end)
        count = put_trailer(job, t, bytes);
    else if (parts)
        status = parts->next_part(job, a, &bytes, &count);
    else
        status = next_reals(job, a, end, &bytes, &count);
    if (status != NNK_OK) return status;
    if (count == 0) return NNK_MORE; // other work came first
    if (sink.write(sink.context, NNK_HEADER_BYTES + t->item, bytes, count) != NNK_OK) return NNK_E_SINK;
    t->payload_crc = job->arithmetic->crc32(t->payload_crc, bytes, count);
    t->item += count;
    return NNK_MORE;
}

void nnk_rewind_weights(const nnk_job *job, nnk_trainer *t) {
    t->weight = t->ahead = 0;
    nnk_random_seed(&t->random, job->seed); // packed dual draws W1(0) once more
}

/// The model is written from its beginning.
static void begin_model(const nnk_job *job, nnk_trainer *t, int32_t dtype) {
    nnk_rewind_model(t);
    nnk_rewind_weights(job, t);
    t->scanned = t->payload_crc = 0;
    t->file_dtype = (uint32_t)dtype;
}

nnk_status nnk_finish(const nnk_job *job, void *memory, const nnk_parts *parts, nnk_sink sink) {
    const nnk_status ready = sink.write ? nnk_check_trainer(job, memory) : NNK_E_ARGUMENT;
    if (ready != NNK_OK) return ready;
    arena a;
    nnk_carve(job, memory, &a);
    nnk_trainer *t = memory;
    const int32_t dtype = parts ? parts->dtype : job->arithmetic->dtype;
    if (t->outcome == FAILED) return NNK_E_DIVERGED;
    if (!nnk_is_trained(t) || nnk_forms_gram(job)) return NNK_E_STATE;
    if (t->file_dtype != (uint32_t)dtype) begin_model(job, t, dtype);
    const uint32_t parameters = nnk_payload_bytes(job->topology, dtype) - 2 * NNK_CLASS_NAME_BYTES;
    const nnk_status status =
        t->item <= parameters ? write_part(job, &a, parts, parameters, sink) : write_header(t, sink);
    if (status == NNK_E_DIVERGED) t->outcome = FAILED;
    if (status == NNK_OK || status == NNK_E_SINK) nnk_rewind_model(t); // the next call begins a file
    return status;
}

nnk_status nnk_train_finish(const nnk_job *job, void *memory, nnk_sink sink) {
    return nnk_finish(job, memory, NULL, sink);
}
