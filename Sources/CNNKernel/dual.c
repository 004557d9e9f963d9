// The dual method in little memory (train.h): W1 exists a piece of a row at a time, G as a packed triangle,
// and the loop goes unit by unit. Every number is computed by the operations of nnk_dual_wide in the same
// order.
#include "layout.h"
#include "work.h"

/// Bytes of the packed Gram matrix.
static size_t triangle_bytes(const nnk_job *job) {
    const size_t m = nnk_columns(job);
    return NNK_ROUND_UP(m * (m + 1) / 2 * (nnk_real_bytes(job) == 4 ? 3 : 4), 8);
}

/// Bytes of the place of the packed Gram matrix, which also has room for two patches of weights.
static size_t gram_bytes(const nnk_job *job) {
    const size_t room = 2 * NNK_PATCH * nnk_real_bytes(job);
    return nnk_gram_of(job) ? room : NNK_LARGER(triangle_bytes(job), room);
}

/// The layers' rows and scratch lie where the images' bytes and the products do: the loop needs only the
/// former, the setup and the writing only the latter.
static void carve(const nnk_job *job, arena *a) {
    const nnk_topology *t = job->topology;
    const size_t real = nnk_real_bytes(job), row = nnk_columns(job) * real, units_1 = (size_t)t->size[1];
    const size_t above = nnk_parameters_of(t) - units_1 * (size_t)t->size[0];
    const size_t rows_above = nnk_units_of(t) - units_1;
    const size_t in_loop = NNK_ROUND_UP((rows_above + 2) * row, 8);
    a->stride = nnk_columns(job);
    a->row = row;
    a->parameters = (nnk_real *)(void *)(a->trainer + 1);
    uint8_t *next = nnk_carve_kept(
        job, a, nnk_carve_adjusted(job, a, (uint8_t *)a->parameters + NNK_ROUND_UP(above * real, 8)));
    a->logits = (nnk_real *)(void *)next;
    a->deltas = nnk_row(a, a->logits, units_1);
    a->bytes = next + NNK_ROUND_UP(2 * units_1 * row, 8);
    a->products = (uint32_t *)(void *)(a->bytes + 2 * NNK_PATCH_BYTES);
    a->activations = (nnk_real *)(void *)a->bytes;
    a->scratch = nnk_row(a, a->activations, rows_above);
    a->triangle = a->bytes + NNK_LARGER(in_loop, 2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES);
    a->packed_gram = a->triangle;
    if (nnk_gram_of(job)) nnk_carve_gram(job, a, nnk_gram_of(job));
    a->end = a->triangle + gram_bytes(job);
}

/// Weights of a row that the place of the Gram matrix has room for: whole patches, or all of the row.
static uint32_t piece_length(const nnk_job *job) {
    const size_t real = nnk_real_bytes(job), size = (size_t)job->topology->size[0];
    const size_t length = gram_bytes(job) / real / NNK_PATCH * NNK_PATCH;
    return (uint32_t)(length < size ? length : size);
}

/// p (count) += the piece of a row of W1(0), times 16 images.
static nnk_status project_block(const nnk_job *job, const arena *a, nnk_real *p, uint32_t block,
                                uint32_t offset, uint32_t width) {
    const uint32_t first = block * NNK_LANES, count = nnk_smaller(NNK_LANES, nnk_columns(job) - first);
    const size_t real = nnk_real_bytes(job);
    // A source may fail half-way, and then P must be as it was.
    memcpy(a->sums, nnk_at(job, p, first), count * real);
    for (uint32_t k = 0; k < width; k += NNK_PATCH) {
        nnk_patch patch;
        if (nnk_fetch(job, a->bytes, first, NNK_LANES, offset + k, NNK_PATCH, &patch) != NNK_OK)
            return NNK_E_SOURCE;
        job->arithmetic->project(a->sums, NNK_LANES, nnk_at(job, a->piece, k), NNK_PATCH, 1, patch);
    }
    memcpy(nnk_at(job, p, first), a->sums, count * real);
    return NNK_OK;
}

static uint32_t piece_count(const nnk_job *job) {
    const uint32_t length = piece_length(job);
    return ((uint32_t)job->topology->size[0] + length - 1) / length;
}

static uint32_t project_rows_items(const nnk_job *job) {
    return (uint32_t)job->topology->size[1] * piece_count(job) * (nnk_blocks(job) + 1);
}

/// P = W1(0) X. For each piece of each row of W1(0), the first item draws it, and each further one multiplies
/// it with 16 images.
static nnk_status project_rows(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    const uint32_t length = piece_length(job), pieces = piece_count(job), slices = nnk_blocks(job) + 1;
    const uint32_t slice = item % slices, piece = item / slices % pieces, unit = item / slices / pieces;
    const uint32_t offset = piece * length, width = nnk_smaller(length, (uint32_t)t->size[0] - offset);
    nnk_real *p = nnk_row(a, a->logits, unit);
    if (slice == 0) {
        nnk_initialize(job, a, a->piece, 1, unit * (uint32_t)t->size[0] + offset, width);
        if (nnk_takes_contrast_off(job))
            job->arithmetic->add_up(nnk_at(job, a->row_sums, unit), a->piece, 1, width);
        return NNK_MORE;
    }
    if (project_block(job, a, p, slice - 1, offset, width) != NNK_OK) return NNK_E_SOURCE;
    if (piece == pieces - 1 && slice == slices - 1) job->arithmetic->project_end(p, nnk_columns(job));
    return NNK_MORE;
}

static void store(const nnk_job *job, const arena *a, size_t j, size_t k, uint32_t product) {
    const size_t element = job->arithmetic->real_bytes == 4 ? 3 : 4;
    job->arithmetic->gram_pack(a->packed_gram + (j * (j + 1) / 2 + k) * element, product);
}

static void times_gram(const nnk_job *job, const arena *a, nnk_real *p, nnk_real *e) {
    job->arithmetic->dual_update_packed(p, e, a->packed_gram, nnk_columns(job));
}

/// The bias of a unit of layer 1.
static nnk_real *bias(const nnk_job *job, const arena *a, uint32_t unit) {
    return nnk_at(job, a->parameters, unit);
}

/// Computes row `unit` of A1 = max(P + b1, 0) in the first row of scratch.
static nnk_real *activation_row(const nnk_job *job, const arena *a, uint32_t unit) {
    const nnk_shape one = {1, 1, a->stride, a->stride};
    nnk_real *z = a->scratch, *p = nnk_row(a, a->logits, unit);
    if (nnk_takes_contrast_off(job)) job->arithmetic->multiply(z, p, a->contrast, a->stride);
    job->arithmetic->dual_logits(z, nnk_takes_contrast_off(job) ? z : p, bias(job, a, unit), true, one);
    return z;
}

/// Adds a unit of the layer below to the logits of layer `l`.
///   row: its activations
static void add_unit(const nnk_job *job, const arena *a, const layer *l, size_t unit, const nnk_real *row) {
    if (unit == 0) memset(l->rows, 0, l->shape.outputs * a->row);
    job->arithmetic->unit_forward(l->rows, nnk_at(job, l->weights, unit), row, l->shape);
}

/// An item adds a unit of layer 1 to layer 2. The last item computes the layers above.
static nnk_status forward(const nnk_job *job, const arena *a, uint32_t item) {
    layer l = nnk_layer(job, a, 2);
    if (item < l.shape.inputs) {
        add_unit(job, a, &l, item, activation_row(job, a, item));
        return NNK_MORE;
    }
    for (int32_t number = 2;; number++) {
        nnk_real *below = l.rows;
        const bool is_last = number == job->topology->layers;
        job->arithmetic->dual_logits(l.rows, l.rows, l.biases, !is_last, l.shape);
        if (is_last) return NNK_MORE;
        l = nnk_layer(job, a, number + 1);
        for (size_t i = 0; i < l.shape.inputs; i++) add_unit(job, a, &l, i, nnk_row(a, below, i));
    }
}

/// Updates the weights of layer `l` for one of its inputs.
///   row: the activations of that unit of the layer below, which become its deltas
static void update_unit(const nnk_job *job, const arena *a, const layer *l, size_t unit, nnk_real *row) {
    job->arithmetic->unit_update(row, nnk_at(job, l->weights, unit), l->rows, nnk_weight_rate(job, a),
                                 nnk_row(a, a->scratch, 1), l->shape);
    nnk_decay_inputs(job, l, (uint32_t)unit, 1);
}

/// nnk_backward, unit by unit.
static nnk_status backward(const nnk_job *job, const arena *a, uint32_t item) {
    if (item == 0) return nnk_loss(job, a);
    const int32_t number = job->topology->layers + 1 - (int32_t)item;
    const layer l = nnk_layer(job, a, number), below = nnk_layer(job, a, number - 1);
    for (size_t i = 0; i < l.shape.inputs; i++) update_unit(job, a, &l, i, nnk_row(a, below.rows, i));
    job->arithmetic->bias_update(l.biases, l.rows, nnk_rate_per_example(job, a), l.shape);
    return NNK_MORE;
}

/// An item updates all that depends on one unit of layer 1: its weights in layer 2, its bias, D and P. The
/// last item updates b2.
static nnk_status descend(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_arithmetic *k = job->arithmetic;
    const layer l = nnk_layer(job, a, 2);
    if (item == l.shape.inputs) {
        k->bias_update(l.biases, l.rows, nnk_rate_per_example(job, a), l.shape);
        return NNK_MORE;
    }
    const nnk_shape one = {1, 1, a->stride, a->stride};
    nnk_real *row = activation_row(job, a, item);
    update_unit(job, a, &l, item, row);
    k->bias_update(bias(job, a, item), row, nnk_rate_per_example(job, a), one);
    if (nnk_takes_contrast_off(job)) k->multiply(row, row, a->contrast, a->stride);
    const nnk_adjustment adjustment = nnk_adjustment_of(job, a, row);
    k->dual_collect(nnk_row(a, a->deltas, item), row, nnk_delta_scale(job, a), nnk_columns(job));
    k->dual_update_packed(nnk_row(a, a->logits, item), row, a->packed_gram, nnk_columns(job));
    nnk_adjust_descent(job, a, adjustment, nnk_row(a, a->logits, item), 0, a->stride);
    const double decay = nnk_decay(job);
    if (decay == 1) return NNK_MORE;
    k->scale(nnk_row(a, a->deltas, item), decay, a->stride);
    k->scale(nnk_row(a, a->logits, item), decay, a->stride);
    return NNK_MORE;
}

/// The next patch of W1 = W1(0) - rate/m D X^T: W1(0) is drawn once more, and has decayed.
static nnk_status next_weights(const nnk_job *job, const arena *a, uint8_t **bytes, uint32_t *count) {
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t real = (uint32_t)k->real_bytes, size = (uint32_t)job->topology->size[0];
    const uint32_t index = a->trainer->item / real, unit = index / size, offset = index % size;
    nnk_real *w = a->piece, *g = nnk_at(job, w, NNK_PATCH);
    nnk_patch p;
    memset(g, 0, NNK_PATCH * real);
    for (uint32_t first = 0; first < nnk_columns(job); first += NNK_LANES) {
        if (nnk_fetch(job, a->bytes, first, NNK_LANES, offset, NNK_PATCH, &p) != NNK_OK) return NNK_E_SOURCE;
        k->input_gradient(g, nnk_at(job, nnk_row(a, a->deltas, unit), first), a->stride, 1, p);
    }
    // Drawn last, so that the generator stands where it stood if the source fails.
    nnk_initialize(job, a, w, 1, index, p.width);
    const double decay = nnk_whole_decay(job, a->trainer->kept_iteration);
    if (decay != 1) k->scale(w, decay, p.width);
    k->input_update(w, g, nnk_weight_rate(job, a) / 255.0, 1, p.width);
    if (nnk_takes_contrast_off(job)) {
        for (uint32_t i = 0; i < p.width; i++)
            memcpy(nnk_at(job, g, i), nnk_at(job, a->row_sums, unit), real);
        k->update(w, g, 1, p.width);
    }
    *bytes = (uint8_t *)w;
    *count = (uint32_t)p.width * real;
    return NNK_OK;
}

static uint32_t items_by_unit(const nnk_job *job) { return (uint32_t)job->topology->size[1] + 1; }

static const nnk_phase phases[MODEL] = {
    [PROJECT_ROWS] = {.work = project_rows, .items = project_rows_items},
    [DRAW] = {.work = nnk_draw_above, .items = nnk_draw_above_items},
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [GRAM] = {.work = nnk_form_gram, .items = nnk_gram_items},
    [ADJUST] = {.work = NNK_OPTION_ONLY(nnk_adjust), .items = NNK_OPTION_ONLY(nnk_adjust_items)},
    [FORWARD] = {.work = forward, .items = items_by_unit},
    [BACKWARD] = {.work = backward, .items = nnk_backward_items},
    [DESCENT] = {.work = descend, .items = items_by_unit},
    [RESTORE] = {.work = NNK_OPTION_ONLY(nnk_restore), .items = NNK_OPTION_ONLY(nnk_restore_items)},
    [FOLD] = {.work = NNK_OPTION_ONLY(nnk_fold), .items = NNK_OPTION_ONLY(nnk_fold_items)},
};

const nnk_method nnk_dual = {
    .number = NNK_DUAL,
    .first_layer = 2,
    .store = store,
    .times_gram = NNK_OPTION_ONLY(times_gram),
    .carve = carve,
    .phases = phases,
    .next_weights = next_weights,
};

// ---- The Gram matrix alone --------------------------------------------------------------------------------

static void carve_gram(const nnk_job *job, arena *a) {
    nnk_carve_gram(job, a, a->trainer);
    a->stride = nnk_columns(job);
    a->row = a->stride * nnk_real_bytes(job);
    a->bytes = a->packed_gram + triangle_bytes(job);
    a->products = (uint32_t *)(void *)(a->bytes + 2 * NNK_PATCH_BYTES);
    a->end = (uint8_t *)a->products + NNK_GRAM_BLOCK_BYTES;
}

static double load(const nnk_job *job, const arena *a, size_t j, size_t k) {
    const size_t row = j > k ? j : k, column = j > k ? k : j;
    const size_t element = job->arithmetic->real_bytes == 4 ? 3 : 4;
    const uint8_t *bytes = a->packed_gram + (row * (row + 1) / 2 + column) * element;
    uint32_t g = 0;
    for (size_t b = 0; b < element; b++) g |= (uint32_t)bytes[b] << 8 * b;
    return g;
}

static const nnk_phase gram_phases[MODEL] = {
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [GRAM] = {.work = nnk_form_gram, .items = nnk_gram_items},
};

const nnk_method nnk_gram_packed = {
    .number = NNK_GRAM_PACKED,
    .first_layer = 2,
    .store = store,
    .load = load,
    .carve = carve_gram,
    .phases = gram_phases,
};
