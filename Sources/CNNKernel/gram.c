// The Gram matrix, for both dual methods.
#include "trainer.h"

double nnk_delta_scale(const nnk_job *job) {
    return -nnk_step(job) / (255.0 * 255.0) * job->arithmetic->gram_unit;
}

nnk_status nnk_gram_block(const nnk_job *job, const arena *a, uint32_t item, uint32_t *first,
                          uint32_t *other) {
    const uint32_t size = (uint32_t)job->topology->size[0];
    uint32_t row = 0, column = item;
    while (column > row) column -= ++row;
    *first = row * NNK_LANES;
    *other = column * NNK_LANES;
    const uint32_t step = job->images.images ? size : NNK_PATCH;
    memset(a->products, 0, NNK_GRAM_BLOCK_BYTES);
    for (uint32_t k = 0; k < size; k += step) {
        nnk_patch x, y;
        if (nnk_fetch(job, a->bytes, *first, NNK_LANES, k, step, &x) != NNK_OK ||
            nnk_fetch(job, a->bytes + NNK_PATCH_BYTES, *other, NNK_LANES, k, step, &y) != NNK_OK)
            return NNK_E_SOURCE;
        job->arithmetic->gram_products(a->products, x, y);
    }
    return NNK_OK;
}
