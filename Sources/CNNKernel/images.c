// What is computed from the images alone: their checksum and the Gram matrix.
#include "fast.h"
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
    const uint32_t size = (uint32_t)job->topology->size[0], m = nnk_images_here(job);
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
        const nnk_status status = !nnk_is_mirrored(job) || j < m
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
    const uint32_t size = (uint32_t)job->topology->size[0],
                   step = NNK_FAST && job->images.images ? size : NNK_PATCH;
    uint32_t crc = *data_crc;
    for (uint32_t k = 0; k < size; k += step) {
        nnk_patch p;
        if (nnk_fetch(job, bytes, image, 1, k, step, &p) != NNK_OK) return NNK_E_SOURCE;
        crc = job->arithmetic->crc32(crc, p.x, p.width);
        if (NNK_HAS_OPTIONS && sums) add_sums(sums, p.x, p.width);
    }
    *data_crc = crc;
    return NNK_MORE;
}

nnk_status nnk_digest(const nnk_job *job, const arena *a, uint32_t item) {
    nnk_byte_sums sums = {0, 0};
    uint32_t own = 0; // with a share, the checksum is of all images already
    uint32_t *crc = nnk_share_of(job) ? &own : &a->trainer->data_crc;
    const bool takes_sums = nnk_forms_gram(job) || nnk_takes_contrast_off(job);
    const nnk_status status = nnk_digest_image(job, a->bytes, item, crc, takes_sums ? &sums : NULL);
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

/// Blocks of a row of blocks: those that the lower triangle has a part of.
static uint32_t blocks_in_row(const nnk_job *job, uint32_t side, uint32_t row) {
    return (nnk_smaller(row + side, job->examples) + side - 1) / side;
}

uint32_t nnk_count_blocks(const nnk_job *job, const nnk_trainer *t, uint32_t side) {
    uint32_t count = 0;
    for (uint32_t row = nnk_formed(t); row < job->examples; row += side)
        count += blocks_in_row(job, side, row);
    return count << nnk_is_mirrored(job);
}

/// Where a block of products is.
typedef struct place {
    uint32_t row, column; ///< of its first product
    bool with_mirrors;    ///< the columns are mirror images
} place;

static inline place place_of(const nnk_job *job, const nnk_trainer *t, uint32_t side, uint32_t block) {
    const uint32_t is_mirrored = nnk_is_mirrored(job);
    place p = {.row = nnk_formed(t), .with_mirrors = block & is_mirrored};
    block >>= is_mirrored;
    for (uint32_t count; block >= (count = blocks_in_row(job, side, p.row)); p.row += side) block -= count;
    p.column = block * side;
    return p;
}

/// Stores the products of a block in G.
static void store_block(const nnk_job *job, const arena *a, place p, uint32_t side,
                        const uint32_t *products) {
    const uint32_t is_mirrored = nnk_is_mirrored(job), m = job->examples;
    const uint32_t end = nnk_smaller(p.row + side, m);
    for (uint32_t j = p.row; j < end; j++)
        for (uint32_t i = 0; i < side; i++) {
            const uint32_t k = p.column + i, product = *products++;
            if (k > j) continue;
            job->method->store(job, a, p.with_mirrors ? m + j : j, k, product);
            if (is_mirrored)
                job->method->store(job, a, m + (p.with_mirrors ? k : j), p.with_mirrors ? j : m + k, product);
        }
}

nnk_status nnk_multiply_block(const nnk_job *job, const arena *a, const nnk_tiling *b, uint32_t block,
                              uint32_t offset, uint32_t width) {
    const uint32_t side = NNK_FAST ? b->side : NNK_LANES;
    const place p = place_of(job, a->trainer, side, block);
    const uint32_t column = p.with_mirrors ? job->examples + p.column : p.column;
    nnk_patch x, other;
    const nnk_patch *y = &x; // on the diagonal images are read once
    if (nnk_fetch(job, b->bytes, p.row, side, offset, width, &x) != NNK_OK) return NNK_E_SOURCE;
    if (column != p.row) {
        y = &other;
        if (nnk_fetch(job, b->bytes + side * NNK_PATCH, column, side, offset, width, &other) != NNK_OK)
            return NNK_E_SOURCE;
    }
    if (offset == 0) memset(b->products, 0, (size_t)side * side * sizeof *b->products);
    job->arithmetic->gram_products(b->products, side, x, *y);
    if (offset + width >= (uint32_t)job->topology->size[0]) store_block(job, a, p, side, b->products);
    return NNK_MORE;
}

uint32_t nnk_gram_items(const nnk_job *job, const nnk_trainer *t) {
    return nnk_gram_of(job) ? 0 : nnk_count_blocks(job, t, NNK_LANES);
}

nnk_status nnk_form_gram(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t size = (uint32_t)job->topology->size[0], width = nnk_is_mapped(job) ? size : NNK_PATCH;
    const nnk_tiling b = {NNK_LANES, a->bytes, a->products};
    for (uint32_t k = 0; k < size; k += width)
        if (nnk_multiply_block(job, a, &b, item, k, width) != NNK_MORE) return NNK_E_SOURCE;
    return NNK_MORE;
}
