// The layers above the first: their initial weights, the forward pass, the loss and the backward pass.
#include "layout.h"
#include "work.h"

uint32_t nnk_draw_above_items(const nnk_job *job, const nnk_trainer *t) {
    if (nnk_projected(t) > 0) return 0; // the parameters stay
    return nnk_units_of(job->topology) - (uint32_t)job->topology->size[1];
}

nnk_status nnk_draw_above(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    int32_t number = 2;
    while (item >= (uint32_t)t->size[number]) item -= (uint32_t)t->size[number++];
    const layer l = nnk_layer(job, a, number);
    const size_t inputs = l.shape.inputs;
    nnk_initialize(job, a, nnk_at(job, l.weights, item * inputs), number, (uint32_t)(item * inputs), inputs);
    if (nnk_start_of(job)) nnk_set(job, l.biases, item, nnk_initial_bias(job, number, item));
    return NNK_MORE;
}

void nnk_forward_above(const nnk_job *job, const arena *a, uint32_t first, size_t columns) {
    const nnk_arithmetic *k = job->arithmetic;
    const int32_t last = job->topology->layers;
    NNK_ASSERT(first + columns <= a->stride);
    nnk_real *below = nnk_at(job, nnk_layer(job, a, 1).rows, first);
    for (int32_t number = 2; number <= last; number++) {
        layer l = nnk_layer(job, a, number);
        nnk_real *z = nnk_at(job, l.rows, first);
        l.shape.examples = columns;
        k->linear_forward(z, l.weights, l.biases, below, l.shape);
        for (size_t i = 0; number < last && i < l.shape.outputs; i++)
            k->relu(nnk_row(a, z, i), nnk_row(a, z, i), columns);
        below = z;
    }
}

/// The logits. Not inlined, so that the loss, which has the deepest calls, has no layer on its stack.
static __attribute__((noinline)) nnk_real *last_rows(const nnk_job *job, const arena *a) {
    return nnk_layer(job, a, job->topology->layers).rows;
}

/// The examples that teach, or those that are held out.
static nnk_targets targets_of(const nnk_job *job, const nnk_trainer *t, bool held_out) {
    nnk_targets targets = {job->labels, nnk_weights_of(job), job->examples, held_out, t->total_weight};
    if (!held_out) return targets;
    targets.total = 0;
    for (uint32_t j = 0; j < job->examples; j++)
        if (nnk_weights_of(job)[j] == 0) targets.total += nnk_is_mirrored(job) ? 2 : 1;
    return targets;
}

/// Writes the logits of the examples that are held out.
static void give_logits(const nnk_job *job, uint32_t iteration, const nnk_real *z) {
    double *row = job->held_out_logits + (size_t)(iteration / job->cost_every) * job->examples;
    const uint32_t first = nnk_first_here(job), end = first + nnk_images_here(job);
    for (uint32_t j = first; j < end; j++)
        if (nnk_weights_of(job)[j] == 0) row[j] = nnk_get(job, z, j - first);
}

/// The cost, and that of the examples that are held out.
static void take_costs(const nnk_job *job, nnk_trainer *t, const nnk_real *z) {
    const nnk_targets taught = targets_of(job, t, false);
    t->cost = job->arithmetic->logit_cost(z, &taught, nnk_columns(job));
    if (!nnk_weights_of(job)) return;
    const nnk_targets held_out = targets_of(job, t, true);
    if (held_out.total > 0) t->held_out_cost = job->arithmetic->logit_cost(z, &held_out, nnk_columns(job));
}

static void copy_kept(const nnk_job *job, const arena *a, bool back) {
    const bool is_dual = nnk_is_dual(job->method);
    uint8_t *parameters = is_dual ? (uint8_t *)nnk_layer(job, a, 1).biases : (uint8_t *)a->parameters;
    uint8_t *kept = (uint8_t *)a->kept;
    const size_t bytes = nnk_kept_parameters(job) * nnk_real_bytes(job);
    const size_t rows = is_dual ? (size_t)job->topology->size[1] * a->row : 0;
    memcpy(back ? parameters : kept, back ? kept : parameters, bytes);
    if (rows > 0)
        memcpy(back ? (uint8_t *)a->deltas : kept + bytes, back ? kept + bytes : (uint8_t *)a->deltas, rows);
}

/// Keeps the parameters whose costs have just been taken, if their held-out cost is the lowest so far.
static void keep_best(const nnk_job *job, const arena *a) {
    nnk_trainer *t = a->trainer;
    if (t->iteration > 0 && !(t->held_out_cost < t->best_cost)) return;
    t->best_cost = t->held_out_cost;
    t->kept_iteration = t->iteration;
    copy_kept(job, a, false);
}

nnk_status nnk_restore(const nnk_job *job, const arena *a, uint32_t item) {
    (void)item; // there is one
    copy_kept(job, a, true);
    return NNK_MORE;
}

uint32_t nnk_restore_items(const nnk_job *job, const nnk_trainer *t) {
    return (void)t, nnk_keeps_best(job) && job->iterations > 0;
}

/// Turns the logits of `count` examples, from that one on, into the last layer's deltas. Returns whether they
/// were finite.
static bool last_deltas(const nnk_job *job, nnk_real *z, uint32_t example, uint32_t count) {
    const bool finite = job->arithmetic->logit_backward(z, job->labels + example, count);
    if (nnk_weights_of(job)) job->arithmetic->weigh(z, nnk_weights_of(job) + example, count);
    return finite;
}

/// What the logits of the examples of all shards say.
typedef struct shard_losses {
    double cost, held_out_cost;
    double infinite; ///< parts with a logit that is not finite
} shard_losses;

/// How they are taken from the logits, which are in that row.
typedef struct loss_terms {
    nnk_real *logits;
    bool is_due; ///< the cost is
    nnk_targets taught, held_out;
} loss_terms;

/// The share of a cost that a part has.
static double cost_of(const nnk_job *job, const nnk_real *z, nnk_targets targets, nnk_part part) {
    targets.labels += part.example;
    if (targets.weights) targets.weights += part.example;
    targets.count = part.count;
    return job->arithmetic->logit_cost(z, &targets, part.count);
}

static nnk_status add_losses(const nnk_job *job, const arena *a, nnk_part part, const void *what,
                             nnk_real *sum) {
    const loss_terms *l = what;
    nnk_real *z = nnk_at(job, l->logits, part.column);
    shard_losses s = {0};
    if (l->is_due) s.cost = cost_of(job, z, l->taught, part);
    if (l->is_due && l->held_out.total > 0) s.held_out_cost = cost_of(job, z, l->held_out, part);
    s.infinite = !last_deltas(job, z, part.example, part.count);
    memcpy(sum, &s, sizeof s);
    return (void)a, NNK_OK;
}

/// take_costs and last_deltas of a job with shards.
static bool sharded_losses(const nnk_job *job, const arena *a, nnk_real *z, bool is_due) {
    nnk_trainer *t = a->trainer;
    loss_terms terms = {.logits = z, .is_due = is_due, .taught = targets_of(job, t, false)};
    if (nnk_weights_of(job)) terms.held_out = targets_of(job, t, true);
    shard_losses s;
    job->method->sum_of_shards(job, a, sizeof s / sizeof s.cost, sizeof s.cost, add_losses, &terms);
    memcpy(&s, a->nodes, sizeof s);
    if (is_due) t->cost = s.cost;
    if (is_due && terms.held_out.total > 0) t->held_out_cost = s.held_out_cost;
    return nnk_is_zero(s.infinite);
}

nnk_status nnk_loss(const nnk_job *job, const arena *a) {
    nnk_trainer *t = a->trainer;
    nnk_real *z = last_rows(job, a);
    nnk_status status = NNK_MORE;
    bool finite = true;
    if (job->cost_every && t->iteration % job->cost_every == 0) {
        if (job->held_out_logits && nnk_weights_of(job)) give_logits(job, t->iteration, z);
        if (!nnk_shards_of(job)) take_costs(job, t, z);
        t->cost_iteration = t->iteration;
        status = NNK_COST;
    }
    if (nnk_shards_of(job)) {
        finite = sharded_losses(job, a, z, status == NNK_COST);
    } else {
        finite = last_deltas(job, z, 0, job->examples);
        if (nnk_is_mirrored(job)) finite &= last_deltas(job, nnk_at(job, z, job->examples), 0, job->examples);
    }
    if (status == NNK_COST && nnk_keeps_best(job)) keep_best(job, a);
    // Finite logits may still add up to an infinite cost.
    return finite && nnk_finite(t->cost) ? status : NNK_E_DIVERGED;
}

void nnk_decay_inputs(const nnk_job *job, const layer *l, uint32_t first, uint32_t units) {
    const double factor = nnk_decay(job);
    if (factor == 1) return;
    for (size_t i = 0; i < l->shape.outputs; i++)
        job->arithmetic->scale(nnk_at(job, l->weights, i * l->shape.inputs + first), factor, units);
}

/// A layer, the activations that it takes in, and how many units these are of.
typedef struct layer_products {
    const layer *above;
    nnk_real *below;
    uint32_t units;
} layer_products;

/// sum (outputs, units) = dZ A^T over the columns of a part.
static nnk_status add_layer_gradient(const nnk_job *job, const arena *a, nnk_part part, const void *what,
                                     nnk_real *sum) {
    const layer_products *p = what;
    for (size_t i = 0; i < p->above->shape.outputs; i++)
        for (size_t k = 0; k < p->units; k++) {
            const nnk_real *dz = nnk_at(job, nnk_row(a, p->above->rows, i), part.column),
                           *below = nnk_at(job, nnk_row(a, p->below, k), part.column);
            const double product = job->arithmetic->dot(dz, below, part.count);
            nnk_set(job, sum, i * p->units + k, product);
        }
    return NNK_OK;
}

/// hidden_update of a job with shards, for up to NNK_SPAN units, from `first` on.
///   below: their activations
static void sharded_update(const nnk_job *job, const arena *a, const layer *above, nnk_real *below,
                           uint32_t first, uint32_t units) {
    const nnk_arithmetic *k = job->arithmetic;
    const size_t inputs = above->shape.inputs;
    const nnk_shape one = {1, inputs, a->width, a->stride};
    nnk_real *w = nnk_at(job, above->weights, first);
    job->method->sum_of_shards(job, a, above->shape.outputs * units, nnk_real_bytes(job), add_layer_gradient,
                               &(layer_products){above, below, units});
    for (size_t u = 0; u < units; u++) { // W^T dZ by the old W, row by row
        memset(a->scratch, 0, a->row);
        for (size_t i = 0; i < above->shape.outputs; i++)
            k->unit_forward(a->scratch, nnk_at(job, w, i * inputs + u), nnk_row(a, above->rows, i), one);
        k->relu_backward(nnk_row(a, below, u), a->scratch, nnk_row(a, below, u), a->width);
    }
    for (size_t i = 0; i < above->shape.outputs; i++)
        k->update(nnk_at(job, w, i * inputs), nnk_at(job, a->nodes, i * units), nnk_weight_rate(job, a),
                  units);
}

/// Updates the weights of a layer for `units` of its inputs from `first` on; the activations of these units
/// of the layer below become their deltas.
static void update_weights(const nnk_job *job, const arena *a, int32_t number, uint32_t first,
                           uint32_t units) {
    const layer above = nnk_layer(job, a, number), below = nnk_layer(job, a, number - 1);
    NNK_ASSERT(first + units <= above.shape.inputs);
    for (uint32_t u = 0; nnk_shards_of(job) && u < units; u += NNK_SPAN)
        sharded_update(job, a, &above, nnk_row(a, below.rows, first + u), first + u,
                       nnk_smaller(NNK_SPAN, units - u));
    if (!nnk_shards_of(job))
        job->arithmetic->hidden_update(nnk_row(a, below.rows, first), nnk_at(job, above.weights, first),
                                       above.rows, nnk_weight_rate(job, a), a->scratch, units, above.shape);
    nnk_decay_inputs(job, &above, first, units);
}

/// sum (outputs) = the sum of dZ's columns in a part: 0 - -1 times it.
static nnk_status add_bias_gradient(const nnk_job *job, const arena *a, nnk_part part, const void *what,
                                    nnk_real *sum) {
    const layer *l = what;
    const nnk_shape shape = {l->shape.outputs, l->shape.inputs, part.count, l->shape.stride};
    job->arithmetic->bias_update(sum, nnk_at(job, l->rows, part.column), -1, shape);
    return (void)a, NNK_OK;
}

void nnk_update_biases_of(const nnk_job *job, const arena *a, const layer *l) {
    const double rate = nnk_rate_per_example(job, a);
    if (!nnk_shards_of(job)) {
        job->arithmetic->bias_update(l->biases, l->rows, rate, l->shape);
        return;
    }
    job->method->sum_of_shards(job, a, l->shape.outputs, nnk_real_bytes(job), add_bias_gradient, l);
    job->arithmetic->update(l->biases, a->nodes, rate, l->shape.outputs);
}

static void update_biases(const nnk_job *job, const arena *a, int32_t number) {
    const layer l = nnk_layer(job, a, number);
    nnk_update_biases_of(job, a, &l);
}

/// The loss. Columns that only fill up the stride have no deltas, so they add zeros to every sum over
/// examples.
static nnk_status padded_loss(const nnk_job *job, const arena *a) {
    const nnk_status status = nnk_loss(job, a);
    const size_t m = nnk_columns(job);
    memset(nnk_at(job, last_rows(job, a), m), 0, (a->width - m) * nnk_real_bytes(job));
    return status;
}

nnk_status nnk_backward(const nnk_job *job, const arena *a, uint32_t item) {
    const int32_t number = job->topology->layers + 1 - (int32_t)item;
    if (item == 0) return padded_loss(job, a);
    update_weights(job, a, number, 0, (uint32_t)job->topology->size[number - 1]);
    update_biases(job, a, number);
    return NNK_MORE;
}

uint32_t nnk_backward_items(const nnk_job *job, const nnk_trainer *t) {
    (void)t;
    const uint32_t layers = (uint32_t)job->topology->layers;
    return layers - (layers > 1);
}

void nnk_update_layer_2(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    update_weights(job, a, 2, first, count);
}

uint32_t nnk_layer_2_items(const nnk_job *job, const nnk_trainer *t) {
    return (void)t, job->topology->layers > 1 ? (uint32_t)job->topology->size[1] : 0;
}

nnk_status nnk_update_biases(const nnk_job *job, const arena *a, uint32_t item) {
    (void)item; // there is one
    if (job->topology->layers > 1) update_biases(job, a, 2);
    update_biases(job, a, 1);
    const layer l = nnk_layer(job, a, 1);
    for (size_t i = 0; nnk_is_adjusted(job) && i < l.shape.outputs; i++) {
        nnk_real *row = nnk_row(a, l.rows, i);
        if (nnk_takes_contrast_off(job)) job->arithmetic->multiply(row, row, a->contrast, a->width);
        if (!nnk_is_dual(job->method)) nnk_center_deltas(job, a, row);
    }
    return NNK_MORE;
}
