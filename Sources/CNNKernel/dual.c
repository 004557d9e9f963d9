// Gradient descent by P = W1 X and G = X^T X (train.h): wide, with everything in memory, and packed, row by
// row. Every number is computed by the same operations in the same order, so both give the same bits.
#include "trainer.h"

/// What turns a delta into its weight in P -= rate/m dZ1 G: pixels count 1/255 on both sides of G.
static double delta_scale(const nnk_job *job) {
    return -job->learning_rate / job->examples / (255.0 * 255.0) * job->arithmetic->gram_unit;
}

static uint32_t block_count(const nnk_job *job) { return (job->examples + NNK_LANES - 1) / NNK_LANES; }

/// Weights of a row that the memory of the Gram matrix has room for, in whole patches.
static uint32_t piece_length(const nnk_job *job) {
    const size_t real = nnk_real_bytes(job), m = job->examples, size = (size_t)job->topology->size[0];
    const size_t bytes = NNK_LARGER(m * (m + 1) / 2 * (real == 4 ? 3 : 4), 2 * NNK_PATCH * real);
    const size_t length = bytes / real / NNK_PATCH * NNK_PATCH;
    return (uint32_t)(length < size ? length : size);
}

/// p (count) += the piece of a row of W1(0) in a->gram, times 16 images.
static nnk_status project_block(const nnk_job *job, const arena *a, uint8_t *p, uint32_t block,
                                uint32_t offset, uint32_t width) {
    const uint32_t first = block * NNK_LANES, count = nnk_smaller(NNK_LANES, job->examples - first);
    const size_t real = nnk_real_bytes(job);
    // A source may fail half-way: P must be as it was then.
    memcpy(a->products, p + first * real, count * real);
    for (uint32_t k = 0; k < width; k += NNK_PATCH) {
        nnk_patch patch;
        if (nnk_fetch(job, a->bytes, first, count, offset + k, nnk_smaller(NNK_PATCH, width - k), &patch) !=
            NNK_OK)
            return NNK_E_SOURCE;
        job->arithmetic->project(a->products, a->gram + k * real, patch);
    }
    memcpy(p + first * real, a->products, count * real);
    return NNK_OK;
}

static uint32_t piece_count(const nnk_job *job) {
    const uint32_t length = piece_length(job);
    return ((uint32_t)job->topology->size[0] + length - 1) / length;
}

uint32_t nnk_project_rows_items(const nnk_job *job) {
    return (uint32_t)job->topology->size[1] * piece_count(job) * (block_count(job) + 1);
}

/// Packed: P. For each piece of each row of W1(0), the items are: drawing it, then 16 images each.
nnk_status nnk_project_rows(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    const uint32_t length = piece_length(job), pieces = piece_count(job), slices = block_count(job) + 1;
    const uint32_t slice = item % slices, piece = item / slices % pieces, unit = item / slices / pieces;
    const uint32_t offset = piece * length, width = nnk_smaller(length, (uint32_t)t->size[0] - offset);
    uint8_t *p = nnk_row(job, a, a->logits, unit);
    if (slice == 0) {
        job->arithmetic->initialize(a->gram, width, t->size[0], nnk_initializer_of(job), &a->trainer->random);
        return NNK_MORE;
    }
    if (project_block(job, a, p, slice - 1, offset, width) != NNK_OK) return NNK_E_SOURCE;
    if (piece == pieces - 1 && slice == slices - 1) job->arithmetic->project_end(p, job->examples);
    return NNK_MORE;
}

/// Wide: P for 16 images, by all of W1(0).
nnk_status nnk_project(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t first = item * NNK_LANES, count = nnk_smaller(NNK_LANES, job->examples - first);
    if (nnk_input_sums(job, a, first, count) != NNK_OK) return NNK_E_SOURCE;
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = NNK_LANES;
    // The biases are zeros still.
    job->arithmetic->input_activate(a->logits + first * nnk_real_bytes(job), a->scratch,
                                    nnk_parameter(job, a, nnk_biases_at(job->topology, 1)), 0, shape);
    return NNK_MORE;
}

/// One block's products into G, where column k <= row j.
static void store_block(const nnk_job *job, const arena *a, uint32_t row, uint32_t column) {
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t *products = (const uint32_t *)(const void *)a->products;
    const size_t element = k->real_bytes == 4 ? 3 : 4;
    for (size_t i = 0; i < NNK_LANES && row + i < job->examples; i++)
        for (size_t c = 0; c < NNK_LANES && column + c <= row + i; c++) {
            const size_t j = row + i;
            const uint32_t sum = products[i * NNK_LANES + c];
            if (job->method == NNK_DUAL)
                k->gram_pack(a->gram + (j * (j + 1) / 2 + column + c) * element, sum);
            else
                k->gram_spread(a->gram, sum, j, column + c, job->examples);
        }
}

/// Wide: zeros in the columns that fill up the last block, for the rows of block `rows`.
static void pad_gram(const nnk_job *job, const arena *a, uint32_t rows) {
    const size_t m = job->examples, real = nnk_real_bytes(job), rest = a->stride - m;
    for (size_t k = rows * NNK_LANES; k < m && k < (rows + 1) * (size_t)NNK_LANES; k++)
        memset(a->gram + ((m / NNK_LANES * m + k) * NNK_LANES + m % NNK_LANES) * real, 0, rest * real);
}

/// 16 x 16 elements of G; the items count the blocks along the rows of the lower triangle.
nnk_status nnk_form_gram(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t size = (uint32_t)job->topology->size[0], m = job->examples;
    uint32_t row = 0, column = item;
    while (column > row) column -= ++row;
    const uint32_t first = row * NNK_LANES, other = column * NNK_LANES;
    const uint32_t step = job->images.images ? size : NNK_PATCH;
    memset(a->products, 0, NNK_GRAM_BLOCK_BYTES);
    for (uint32_t k = 0; k < size; k += step) {
        nnk_patch x, y;
        const uint32_t width = nnk_smaller(step, size - k);
        if (nnk_fetch(job, a->bytes, first, nnk_smaller(NNK_LANES, m - first), k, width, &x) != NNK_OK ||
            nnk_fetch(job, a->bytes + NNK_PATCH_BYTES, other, nnk_smaller(NNK_LANES, m - other), k, width,
                      &y) != NNK_OK)
            return NNK_E_SOURCE;
        job->arithmetic->gram_products((uint32_t *)(void *)a->products, x, y);
    }
    store_block(job, a, first, other);
    if (job->method == NNK_DUAL_WIDE && row + 1 == block_count(job)) pad_gram(job, a, column);
    return NNK_MORE;
}

/// Wide: A1 = max(P + b1, 0), and the layers above.
nnk_status nnk_wide_forward(const nnk_job *job, const arena *a, uint32_t item) {
    (void)item; // the only one
    job->arithmetic->dual_logits(nnk_activations(job, a, 1, 0), a->logits,
                                 nnk_parameter(job, a, nnk_biases_at(job->topology, 1)), 1,
                                 nnk_layer_shape(job, a, 1));
    nnk_forward_above(job, a, 0, a->columns);
    return NNK_MORE;
}

/// Wide: D += dZ1, P -= rate/m dZ1 G.
nnk_status nnk_wide_descend(const nnk_job *job, const arena *a, uint32_t item) {
    (void)item; // the only one
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = job->examples;
    job->arithmetic->dual_update(a->logits, a->deltas, nnk_activations(job, a, 1, 0), delta_scale(job),
                                 a->gram, shape, a->scratch);
    return NNK_MORE;
}

/// Wide: NNK_PATCH columns of W1 = W1(0) - rate/m D X^T.
nnk_status nnk_wide_expand(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_input_descent(job, a, a->deltas, item);
}

/// Packed: row `unit` of A1, into the first row of scratch.
static uint8_t *activation_row(const nnk_job *job, const arena *a, uint32_t unit) {
    const nnk_shape one = {1, 1, a->columns, a->stride};
    uint8_t *bias = nnk_parameter(job, a, nnk_biases_at(job->topology, 1) + unit);
    job->arithmetic->dual_logits(a->scratch, nnk_row(job, a, a->logits, unit), bias, 1, one);
    return a->scratch;
}

/// Packed: the parts of layer 2's logits, a unit of layer 1 an item; in the end the layers above.
nnk_status nnk_packed_forward(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    const nnk_shape shape = nnk_layer_shape(job, a, 2);
    uint8_t *z = nnk_activations(job, a, 2, 0);
    if (item == 0) memset(z, 0, shape.outputs * a->stride * nnk_real_bytes(job));
    if (item < (uint32_t)t->size[1]) {
        job->arithmetic->unit_forward(z, nnk_parameter(job, a, nnk_weights_at(t, 2) + item),
                                      activation_row(job, a, item), shape);
        return NNK_MORE;
    }
    job->arithmetic->dual_logits(z, z, nnk_parameter(job, a, nnk_biases_at(t, 2)), t->layers > 2, shape);
    nnk_forward_above(job, a, 0, a->columns);
    return NNK_MORE;
}

/// Packed: all that a unit of layer 1 has part in, a unit an item, from the deltas of layer 2; then b2.
nnk_status nnk_packed_descend(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const double step = job->learning_rate / job->examples;
    const nnk_shape shape = nnk_layer_shape(job, a, 2), one = {1, 1, a->columns, a->stride};
    uint8_t *dz = nnk_activations(job, a, 2, 0);
    if (item == (uint32_t)t->size[1]) {
        k->bias_step(nnk_parameter(job, a, nnk_biases_at(t, 2)), dz, step, shape);
        return NNK_MORE;
    }
    uint8_t *row = activation_row(job, a, item); // and then the unit's deltas
    k->unit_step(row, nnk_parameter(job, a, nnk_weights_at(t, 2) + item), dz, step, nnk_row(job, a, row, 1),
                 shape);
    k->bias_step(nnk_parameter(job, a, nnk_biases_at(t, 1) + item), row, step, one);
    k->dual_collect(nnk_row(job, a, a->deltas, item), row, delta_scale(job), job->examples);
    k->dual_walk(nnk_row(job, a, a->logits, item), row, a->gram, job->examples);
    return NNK_MORE;
}

nnk_status nnk_dual_rows(const nnk_job *job, const arena *a, uint8_t **bytes, uint32_t *count) {
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t real = (uint32_t)k->real_bytes, size = (uint32_t)job->topology->size[0];
    const uint32_t index = a->trainer->item / real, unit = index / size, offset = index % size;
    const uint32_t width = nnk_smaller(NNK_PATCH, size - offset);
    const uint32_t batch = job->images.images ? job->examples : NNK_LANES;
    uint8_t *w = a->gram, *g = a->gram + NNK_PATCH * real;
    memset(g, 0, NNK_PATCH * real);
    for (uint32_t first = 0; first < job->examples; first += batch) {
        nnk_patch p;
        const uint32_t some = nnk_smaller(batch, job->examples - first);
        if (nnk_fetch(job, a->bytes, first, some, offset, width, &p) != NNK_OK) return NNK_E_SOURCE;
        k->input_gradient(g, nnk_row(job, a, a->deltas, unit) + first * real, a->stride, 1, p);
    }
    // Drawn last: after a failing source the generator stands where it stood.
    k->initialize(w, width, job->topology->size[0], nnk_initializer_of(job), &a->trainer->random);
    k->input_step(w, g, job->learning_rate / job->examples / 255.0, 1, width);
    *bytes = w;
    *count = width * real;
    return NNK_OK;
}
