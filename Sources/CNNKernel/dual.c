// Gradient descent by P = W1 X and G = X^T X (train.h): wide, with everything in memory, and packed, row by
// row. Every number is computed by the same operations in the same order, so both give the same bits.
#include "trainer.h"

/// What turns a delta into its weight in P -= rate/m dZ1 G: pixels count 1/255 on both sides of G.
static double delta_scale(const nnk_job *job) {
    return -job->learning_rate / job->examples / (255.0 * 255.0) * job->arithmetic->gram_unit;
}

static uint32_t block_count(const nnk_job *job) {
    return (job->examples + NNK_LANES - 1) / NNK_LANES;
}

static void enter_loop(const nnk_job *job, const arena *a) {
    nnk_enter(a->trainer, job->iterations ? FORWARD : TRAINED);
}

static void leave_iteration(const nnk_job *job, const arena *a) {
    const uint32_t after = job->method == NNK_DUAL ? TRAINED : EXPAND;
    nnk_enter(a->trainer, ++a->trainer->iteration < job->iterations ? FORWARD : after);
}

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

/// Packed: P, row by row. `item` counts, for each piece of each row, drawing it and then blocks of 16 images.
static nnk_status project_rows(const nnk_job *job, const arena *a) {
    const nnk_topology *t = job->topology;
    nnk_trainer *trainer = a->trainer;
    const uint32_t size = (uint32_t)t->size[0], length = piece_length(job),
                   pieces = (size + length - 1) / length;
    const uint32_t slices = block_count(job) + 1, slice = trainer->item % slices;
    const uint32_t piece = trainer->item / slices % pieces, unit = trainer->item / slices / pieces;
    const uint32_t offset = piece * length, width = nnk_smaller(length, size - offset);
    uint8_t *p = nnk_row(job, a, a->logits, unit);
    if (slice == 0) {
        job->arithmetic->initialize(a->gram, width, t->size[0], nnk_initializer_of(job), &trainer->random);
    } else {
        if (project_block(job, a, p, slice - 1, offset, width) != NNK_OK) return NNK_E_SOURCE;
        if (piece == pieces - 1 && slice == slices - 1) job->arithmetic->project_end(p, job->examples);
    }
    if (++trainer->item == slices * pieces * (uint32_t)t->size[1]) nnk_enter(trainer, DRAW);
    return NNK_MORE;
}

/// Wide: P for 16 images, by all of W1(0). `item`: the block of 16.
static nnk_status project(const nnk_job *job, const arena *a) {
    const uint32_t first = a->trainer->item * NNK_LANES,
                   count = nnk_smaller(NNK_LANES, job->examples - first);
    if (nnk_input_sums(job, a, first, count) != NNK_OK) return NNK_E_SOURCE;
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = NNK_LANES;
    // The biases are zeros still.
    job->arithmetic->input_activate(a->logits + first * nnk_real_bytes(job), a->scratch,
                                    nnk_parameter(job, a, nnk_biases_at(job->topology, 1)), 0, shape);
    a->trainer->item++;
    if (first + count == job->examples) nnk_enter(a->trainer, GRAM);
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

/// 16 x 16 elements of G. `item`: the block, counted along the rows of the lower triangle.
static nnk_status form_gram(const nnk_job *job, const arena *a) {
    const uint32_t size = (uint32_t)job->topology->size[0], m = job->examples;
    uint32_t row = 0, column = a->trainer->item;
    while (column > row) column -= ++row;
    const uint32_t first = row * NNK_LANES, other = column * NNK_LANES;
    if (a->trainer->item == 0 && job->method == NNK_DUAL_WIDE)
        memset(a->gram, 0,
               a->stride * m * nnk_real_bytes(job)); // the columns that fill up the stride stay so
    memset(a->products, 0, NNK_GRAM_BLOCK_BYTES);
    const uint32_t step = job->images.images ? size : NNK_PATCH;
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
    a->trainer->item++;
    if (row + 1 == block_count(job) && column == row) enter_loop(job, a);
    return NNK_MORE;
}

/// Wide: A1 = max(P + b1, 0), and the layers above.
static nnk_status forward(const nnk_job *job, const arena *a) {
    job->arithmetic->dual_logits(nnk_activations(job, a, 1, 0), a->logits,
                                 nnk_parameter(job, a, nnk_biases_at(job->topology, 1)), 1,
                                 nnk_layer_shape(job, a, 1));
    nnk_forward_above(job, a, 0, a->columns);
    nnk_enter(a->trainer, BACKWARD);
    return NNK_MORE;
}

/// Wide: D += dZ1, P -= rate/m dZ1 G.
static nnk_status descend(const nnk_job *job, const arena *a) {
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    uint8_t *dz = nnk_activations(job, a, 1, 0);
    job->arithmetic->dual_collect(a->deltas, dz, delta_scale(job), shape.outputs * a->stride);
    shape.examples = job->examples;
    job->arithmetic->dual_update(a->logits, dz, a->gram, shape, a->scratch);
    leave_iteration(job, a);
    return NNK_MORE;
}

/// Wide: W1 = W1(0) - rate/m D X^T, NNK_PATCH columns a slice. `item`: the patch.
static nnk_status expand(const nnk_job *job, const arena *a) {
    int32_t last = 0;
    if (nnk_input_descent(job, a, a->deltas, &last) != NNK_MORE) return NNK_E_SOURCE;
    if (last) nnk_enter(a->trainer, TRAINED);
    return NNK_MORE;
}

/// Packed: row `unit` of A1, into the first row of scratch.
static uint8_t *activation_row(const nnk_job *job, const arena *a, uint32_t unit) {
    const nnk_shape one = {1, 1, a->columns, a->stride};
    uint8_t *bias = nnk_parameter(job, a, nnk_biases_at(job->topology, 1) + unit);
    job->arithmetic->dual_logits(a->scratch, nnk_row(job, a, a->logits, unit), bias, 1, one);
    return a->scratch;
}

/// Packed: the parts of layer 2's logits, a unit of layer 1 a slice; then the layers above. `item`: units
/// done.
static nnk_status forward_rows(const nnk_job *job, const arena *a) {
    const nnk_topology *t = job->topology;
    const nnk_shape shape = nnk_layer_shape(job, a, 2);
    const uint32_t unit = a->trainer->item++;
    uint8_t *z = nnk_activations(job, a, 2, 0);
    if (unit == 0) memset(z, 0, shape.outputs * a->stride * nnk_real_bytes(job));
    if (unit < (uint32_t)t->size[1]) {
        job->arithmetic->unit_forward(z, nnk_parameter(job, a, nnk_weights_at(t, 2) + unit),
                                      activation_row(job, a, unit), shape);
        return NNK_MORE;
    }
    job->arithmetic->dual_logits(z, z, nnk_parameter(job, a, nnk_biases_at(t, 2)), t->layers > 2, shape);
    nnk_forward_above(job, a, 0, a->columns);
    nnk_enter(a->trainer, BACKWARD);
    return NNK_MORE;
}

/// Packed: down to the deltas of layer 2, as nnk_backward does it; layer 2 itself learns in descend_rows.
static nnk_status backward_above(const nnk_job *job, const arena *a) {
    const nnk_status status = nnk_backward(job, a);
    if (status >= 0 && (int32_t)a->trainer->item == job->topology->layers - 1) nnk_enter(a->trainer, DESCENT);
    return status;
}

/// Packed: everything that a unit of layer 1 has part in, a unit a slice; then b2. `item`: units done.
static nnk_status descend_rows(const nnk_job *job, const arena *a) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const double step = job->learning_rate / job->examples;
    const nnk_shape shape = nnk_layer_shape(job, a, 2), one = {1, 1, a->columns, a->stride};
    const uint32_t unit = a->trainer->item++;
    uint8_t *dz = nnk_activations(job, a, 2, 0);
    if (unit == (uint32_t)t->size[1]) {
        k->bias_step(nnk_parameter(job, a, nnk_biases_at(t, 2)), dz, step, shape);
        leave_iteration(job, a);
        return NNK_MORE;
    }
    uint8_t *row = activation_row(job, a, unit); // and then the unit's deltas
    k->unit_step(row, nnk_parameter(job, a, nnk_weights_at(t, 2) + unit), dz, step, nnk_row(job, a, row, 1),
                 shape);
    k->bias_step(nnk_parameter(job, a, nnk_biases_at(t, 1) + unit), row, step, one);
    k->dual_collect(nnk_row(job, a, a->deltas, unit), row, delta_scale(job), job->examples);
    k->dual_walk(nnk_row(job, a, a->logits, unit), row, a->gram, job->examples);
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
    // Without iterations there is no descent, and 0 x step would turn a weight of -0 into 0.
    if (job->iterations) k->input_step(w, g, job->learning_rate / job->examples / 255.0, size, 1, width);
    *bytes = w;
    *count = width * real;
    return NNK_OK;
}

nnk_status nnk_dual_step(const nnk_job *job, const arena *a) {
    const int32_t packed = job->method == NNK_DUAL;
    switch (a->trainer->phase) {
    case PROJECT_ROWS:
        return project_rows(job, a);
    case PROJECT:
        return project(job, a);
    case GRAM:
        return form_gram(job, a);
    case FORWARD:
        return packed ? forward_rows(job, a) : forward(job, a);
    case BACKWARD:
        return packed ? backward_above(job, a) : nnk_backward(job, a);
    case DESCENT:
        return packed ? descend_rows(job, a) : descend(job, a);
    default:
        return expand(job, a);
    }
}
