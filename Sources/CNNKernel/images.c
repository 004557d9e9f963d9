// What is computed from the images alone: their checksum and the Gram matrix.
#include "work.h"

/// Copies bytes of an image.
static nnk_status copy_bytes(const nnk_job *job, uint32_t image, uint32_t offset, uint32_t count,
                             uint8_t *out) {
    if (!job->images.images) return job->images.read(job->images.context, image, offset, count, out);
    memcpy(out, job->images.images + (size_t)image * (size_t)job->topology->size[0] + offset, count);
    return NNK_OK;
}

/// Reverses the order of the pixels.
static void reverse_pixels(uint8_t *pixels, uint32_t count, uint32_t pixel_bytes) {
    for (uint32_t i = 0, j = count - pixel_bytes; i < j; i += pixel_bytes, j -= pixel_bytes)
        for (uint32_t b = 0; b < pixel_bytes; b++) {
            const uint8_t byte = pixels[i + b];
            pixels[i + b] = pixels[j + b];
            pixels[j + b] = byte;
        }
}

/// Copies bytes of an image's mirror image. Each part of a row comes from one part of the same row.
static nnk_status copy_mirrored(const nnk_job *job, uint32_t image, uint32_t offset, uint32_t count,
                                uint8_t *out) {
    const uint32_t row = job->mirror.row_bytes;
    for (uint32_t done = 0, part; done < count; done += part) {
        const uint32_t at = (offset + done) % row, begin = offset + done - at;
        part = nnk_smaller(count - done, row - at);
        if (copy_bytes(job, image, begin + row - at - part, part, out + done) != NNK_OK) return NNK_E_SOURCE;
        reverse_pixels(out + done, part, job->mirror.pixel_bytes);
    }
    return NNK_OK;
}

nnk_status nnk_fetch(const nnk_job *job, uint8_t *bytes, uint32_t first, uint32_t count, uint32_t offset,
                     uint32_t width, nnk_patch *patch) {
    const uint32_t size = (uint32_t)job->topology->size[0], m = job->examples;
    NNK_ASSERT(first < nnk_columns(job) && offset < size);
    count = nnk_smaller(count, nnk_columns(job) - first);
    width = nnk_smaller(width, size - offset);
    *patch = (nnk_patch){bytes, NNK_PATCH, count, width};
    if (job->images.images && first + count <= m) {
        patch->x = job->images.images + (size_t)first * size + offset;
        patch->stride = size;
        return NNK_OK;
    }
    NNK_ASSERT(width <= NNK_PATCH);
    for (uint32_t j = first; j < first + count; j++, bytes += NNK_PATCH) {
        const nnk_status status = j < m || !nnk_is_mirrored(job)
                                      ? copy_bytes(job, j, offset, width, bytes)
                                      : copy_mirrored(job, j - m, offset, width, bytes);
        if (status != NNK_OK) return NNK_E_SOURCE;
    }
    return NNK_OK;
}

static void add_sums(nnk_byte_sums *sums, const uint8_t *x, size_t count) {
    for (size_t k = 0; k < count; k++) {
        sums->bytes += x[k];
        sums->squares += (uint32_t)x[k] * x[k];
    }
}

nnk_status nnk_digest_image(const nnk_job *job, uint8_t *bytes, uint32_t image, uint32_t *data_crc,
                            nnk_byte_sums *sums) {
    const uint32_t size = (uint32_t)job->topology->size[0], step = job->images.images ? size : NNK_PATCH;
    uint32_t crc = *data_crc;
    for (uint32_t k = 0; k < size; k += step) {
        nnk_patch p;
        if (nnk_fetch(job, bytes, image, 1, k, step, &p) != NNK_OK) return NNK_E_SOURCE;
        crc = job->arithmetic->crc32(crc, p.x, p.width);
        if (sums) add_sums(sums, p.x, p.width);
    }
    *data_crc = crc;
    return NNK_MORE;
}

nnk_status nnk_digest(const nnk_job *job, const arena *a, uint32_t item) {
    nnk_byte_sums sums = {0, 0};
    const bool takes_sums = nnk_forms_gram(job) || nnk_takes_contrast_off(job);
    const nnk_status status =
        nnk_digest_image(job, a->bytes, item, &a->trainer->data_crc, takes_sums ? &sums : NULL);
    if (status != NNK_MORE) return status;
    if (nnk_forms_gram(job))
        a->sums_of[item] = sums;
    else if (nnk_takes_contrast_off(job))
        nnk_take_contrast(job, a, item, sums);
    return NNK_MORE;
}

double nnk_delta_scale(const nnk_job *job, const arena *a) {
    return -nnk_weight_rate(job, a) / (255.0 * 255.0) * job->arithmetic->gram_unit;
}

/// Blocks of 16 images.
static uint32_t image_blocks(const nnk_job *job) { return (job->examples + NNK_LANES - 1) / NNK_LANES; }

uint32_t nnk_gram_items(const nnk_job *job) {
    if (nnk_gram_of(job)) return 0;
    return (image_blocks(job) * (image_blocks(job) + 1) / 2) << nnk_is_mirrored(job);
}

/// Multiplies 16 images from `row` on with 16 examples from `column` on, in a->products. NNK_OK,
/// NNK_E_SOURCE.
static nnk_status multiply_blocks(const nnk_job *job, const arena *a, uint32_t row, uint32_t column) {
    const uint32_t size = (uint32_t)job->topology->size[0], width = nnk_is_mapped(job) ? size : NNK_PATCH;
    memset(a->products, 0, NNK_GRAM_BLOCK_BYTES);
    for (uint32_t k = 0; k < size; k += width) {
        nnk_patch x, y;
        if (nnk_fetch(job, a->bytes, row, NNK_LANES, k, width, &x) != NNK_OK ||
            nnk_fetch(job, a->bytes + NNK_PATCH_BYTES, column, NNK_LANES, k, width, &y) != NNK_OK)
            return NNK_E_SOURCE;
        job->arithmetic->gram_products(a->products, NNK_LANES, x, y);
    }
    return NNK_OK;
}

nnk_status nnk_form_gram(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t is_mirrored = nnk_is_mirrored(job), with_mirrors = item & is_mirrored, m = job->examples;
    uint32_t row = 0, column = item >> is_mirrored;
    while (column > row) column -= ++row;
    row *= NNK_LANES;
    column *= NNK_LANES;
    if (multiply_blocks(job, a, row, with_mirrors ? m + column : column) != NNK_OK) return NNK_E_SOURCE;
    for (uint32_t j = row; j < row + NNK_LANES && j < m; j++)
        for (uint32_t k = column; k < column + NNK_LANES && k <= j; k++) {
            const uint32_t product = a->products[(j - row) * NNK_LANES + k - column];
            job->method->store(job, a, with_mirrors ? m + j : j, k, product);
            if (is_mirrored)
                job->method->store(job, a, m + (with_mirrors ? k : j), with_mirrors ? j : m + k, product);
        }
    return NNK_MORE;
}
