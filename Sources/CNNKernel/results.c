// What processes that share a dual training exchange (share.h).
#include "arena.h"
#include "nnkernel/share.h"

/// Where the slices of a phase leave their results, from its first slice on. No rows: this is not shared.
static nnk_results results_of(const nnk_job *job, const arena *a) {
    const size_t units = (size_t)job->topology->size[1], real = nnk_real_bytes(job), block = NNK_LANES * real;
    const bool is_wide = job->method->number == NNK_DUAL_WIDE;
    if (a->trainer->phase == GRAM) return (nnk_results){a->gram, 1, nnk_columns(job) * a->row, 0};
    if (is_wide && a->trainer->phase == PROJECT) return (nnk_results){a->logits, units, a->row, block};
    if (is_wide && a->trainer->phase == DESCENT) // D lies behind P
        return (nnk_results){a->logits, 2 * units, a->row, block};
    if (a->trainer->phase == EXPAND)
        return (nnk_results){a->parameters, 1, (size_t)job->topology->size[0] * units * real,
                             NNK_PATCH * units * real};
    return (nnk_results){0};
}

nnk_status nnk_train_results(const nnk_job *job, void *memory, nnk_results *results) {
    if (!results) return NNK_E_ARGUMENT;
    const nnk_status status = nnk_check_trainer(job, memory);
    if (status != NNK_OK) return status;
    if (nnk_train_parallel(job, memory) == 0) return NNK_E_STATE;
    arena a;
    nnk_carve(job, memory, &a);
    *results = results_of(job, &a);
    if (results->rows == 0) return NNK_E_STATE;
    const size_t done = a.trainer->item * results->item_bytes;
    results->at = (uint8_t *)results->at + done;
    if (results->rows == 1) results->row_bytes -= done;
    return NNK_OK;
}
