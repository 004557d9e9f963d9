// Training, slice by slice.
#include "arena.h"
#include "nnkernel/model.h"

nnk_status nnk_train_begin(const nnk_job *job, void *memory, size_t bytes) {
    const nnk_status status = nnk_check_start(job, memory, bytes);
    if (status != NNK_OK) return status;
    nnk_trainer *t = memory;
    // Biases, P and D begin as zeros; and a checkpoint shows nothing of what was in this memory before.
    memset(memory, 0, nnk_train_bytes(job));
    t->magic = NNK_TRAINER_MAGIC;
    nnk_take_numbers(&t->job, job);
    t->total_weight = nnk_total_weight(job);
    if (nnk_weights_of(job)) t->weights_crc = nnk_weights_crc(job);
    t->kept_iteration = job->iterations;
    t->left = 1;
    t->file_dtype = UINT32_MAX;
    t->data_crc = nnk_forms_gram(job) ? 0 : nnk_first_data_crc(job);
    nnk_random_seed(&t->random, job->seed);
    nnk_advance(job, t, 0); // from PROJECT_ROWS to the first phase that the method has
    return NNK_OK;
}

/// Does `count` items of the phase: one, if it has no span.
static nnk_status work(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    const uint32_t number = a->trainer->phase;
    const nnk_phase *phase = &job->method->phases[number];
    NNK_ASSERT(count > 0 && first + count <= nnk_items_of(job, a->trainer, number));
    NNK_ASSERT((size_t)(a->end - (uint8_t *)a->trainer) == nnk_train_bytes(job) ||
               nnk_is_parallel(job, number));
    if (nnk_has_spans(job, number)) {
        phase->span(job, a, first, count);
        return NNK_MORE;
    }
    const nnk_status status = phase->work(job, a, first);
    if (status == NNK_E_DIVERGED) a->trainer->outcome = FAILED;
    return status;
}

nnk_status nnk_train_run(const nnk_job *job, void *memory, uint32_t slices) {
    nnk_status status = nnk_readiness(job, memory);
    if (status != NNK_MORE) return status;
    arena a;
    nnk_carve(job, memory, &a);
    nnk_trainer *t = a.trainer;
    const bool in_setup = nnk_is_in_setup(t);
    while (status == NNK_MORE && slices-- > 0 && in_setup == nnk_is_in_setup(t)) {
        if (nnk_is_trained(t)) return NNK_OK;
        const uint32_t count = nnk_has_spans(job, t->phase)
                                   ? nnk_smaller(NNK_SPAN, nnk_items_of(job, t, t->phase) - t->item)
                                   : 1;
        status = work(job, &a, t->item, count);
        if (status > 0) nnk_advance(job, t, count);
    }
    return status;
}

nnk_status nnk_train_step(const nnk_job *job, void *memory) { return nnk_train_run(job, memory, 1); }

uint32_t nnk_train_parallel(const nnk_job *job, const void *memory) {
    const nnk_trainer *t = memory;
    if (nnk_readiness(job, t) != NNK_MORE) return 0;
    return nnk_is_parallel(job, t->phase) ? nnk_items_of(job, t, t->phase) - t->item : 0;
}

nnk_status nnk_train_items(const nnk_job *job, void *memory, uint32_t first, uint32_t count, void *scratch) {
    const uint32_t ahead = nnk_train_parallel(job, memory);
    if (first >= ahead || count > ahead - first || !scratch) return NNK_E_ARGUMENT;
    if ((uintptr_t)scratch % 8 != 0) return NNK_E_ALIGN;
    arena a;
    nnk_carve(job, memory, &a);
    nnk_carve_scratch(job, &a, scratch);
    const uint32_t at_once = nnk_has_spans(job, a.trainer->phase) ? count : 1;
    nnk_status status = NNK_MORE;
    for (uint32_t i = 0; i < count && status > 0; i += at_once)
        status = work(job, &a, a.trainer->item + first + i, at_once);
    return status;
}

nnk_status nnk_train_advance(const nnk_job *job, void *memory, uint32_t items) {
    const uint32_t ahead = nnk_train_parallel(job, memory);
    if (ahead == 0 || items > ahead) return NNK_E_ARGUMENT;
    nnk_advance(job, memory, items);
    return NNK_MORE;
}

nnk_status nnk_train_progress(const nnk_job *job, const void *memory, nnk_progress *progress) {
    const nnk_trainer *t = memory;
    const nnk_status status = progress ? nnk_check_trainer(job, memory) : NNK_E_ARGUMENT;
    if (status != NNK_OK) return status;
    const bool is_trained = nnk_is_trained(t) && t->outcome != FAILED;
    const int32_t stage = nnk_is_in_setup(t) ? NNK_SETUP : is_trained ? NNK_TRAINED : NNK_LOOP;
    *progress =
        (nnk_progress){stage, t->iteration, t->cost_iteration, t->kept_iteration, t->cost, t->held_out_cost};
    return NNK_OK;
}
