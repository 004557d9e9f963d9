// What is computed from the images alone: their checksum and the Gram matrix.
#include "work.h"

nnk_status nnk_fetch(const nnk_job *job, uint8_t *bytes, uint32_t first, uint32_t count, uint32_t offset,
                     uint32_t width, nnk_patch *patch) {
    const uint32_t size = (uint32_t)job->topology->size[0];
    NNK_ASSERT(first < job->examples && offset < size);
    count = nnk_smaller(count, job->examples - first);
    width = nnk_smaller(width, size - offset);
    *patch = (nnk_patch){bytes, NNK_PATCH, count, width};
    if (job->images.images) {
        patch->x = job->images.images + (size_t)first * size + offset;
        patch->stride = size;
        return NNK_OK;
    }
    NNK_ASSERT(width <= NNK_PATCH);
    for (uint32_t j = 0; j < count; j++)
        if (job->images.read(job->images.context, first + j, offset, width, bytes + j * NNK_PATCH) != NNK_OK)
            return NNK_E_SOURCE;
    return NNK_OK;
}

nnk_status nnk_digest_image(const nnk_job *job, uint8_t *bytes, uint32_t image, uint32_t *data_crc) {
    const uint32_t size = (uint32_t)job->topology->size[0], step = job->images.images ? size : NNK_PATCH;
    uint32_t crc = *data_crc;
    for (uint32_t k = 0; k < size; k += step) {
        nnk_patch p;
        if (nnk_fetch(job, bytes, image, 1, k, step, &p) != NNK_OK) return NNK_E_SOURCE;
        crc = job->arithmetic->crc32(crc, p.x, p.width);
    }
    *data_crc = crc;
    return NNK_MORE;
}

nnk_status nnk_digest(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_digest_image(job, a->bytes, item, &a->trainer->data_crc);
}

double nnk_delta_scale(const nnk_job *job) {
    return -nnk_rate_per_example(job) / (255.0 * 255.0) * job->arithmetic->gram_unit;
}

nnk_status nnk_gram_block(const nnk_job *job, const arena *a, uint32_t item, uint32_t *row,
                          uint32_t *column) {
    const uint32_t size = (uint32_t)job->topology->size[0], width = job->images.images ? size : NNK_PATCH;
    uint32_t i = 0, j = item;
    while (j > i) j -= ++i;
    *row = i * NNK_LANES;
    *column = j * NNK_LANES;
    memset(a->products, 0, NNK_GRAM_BLOCK_BYTES);
    for (uint32_t k = 0; k < size; k += width) {
        nnk_patch x, y;
        if (nnk_fetch(job, a->bytes, *row, NNK_LANES, k, width, &x) != NNK_OK ||
            nnk_fetch(job, a->bytes + NNK_PATCH_BYTES, *column, NNK_LANES, k, width, &y) != NNK_OK)
            return NNK_E_SOURCE;
        job->arithmetic->gram_products(a->products, x, y);
    }
    return NNK_OK;
}
