// Adjusted images: the mean of all images taken off, and each image's own brightness and contrast (train.h).
//
// No adjusted image is ever made. Let x_j be the bytes of an image, a_j their mean, and s_j = 1 / sd_j its
// contrast (contrast.h); without NNK_OPTION_OWN_CONTRAST, a_j = 0 and s_j = 1. The network learns
//
//     x'_j = x^_j - (1/M) sum over k of x^_k,   x^_j = s_j (x_j - a_j 1) / 255
//
// of which only the products with weights and with each other are needed. P is kept times sd:
// P~_j = sd_j W1 x'_j. So a row of P starts as W1(0) x_j / 255, from which a_j times the row's sum and then
// sd_j times the mean are taken off; a logit of layer 1 is s_j P~_j + b1, and a delta is multiplied by s_j.
// What is left of the Gram matrix is G without three products of vectors, with c_j = a_j sqrt(n), n inputs:
//
//     G' = G - c c^T - g sd^T - sd g^T,   g = G^ s / M - (s . (G^ s / M)) / 2M sd,   G^ = G - c c^T
//
// Without NNK_OPTION_CENTERED, g is not taken off. All of it is stored in the unit of G (gram_unit).
#include "contrast.h"
#include "layout.h"
#include "math_f64.h"
#include "work.h"

/// sqrt(n / unit): what a mean of bytes is multiplied by in c.
static double brightness_factor(const nnk_job *job) {
    return nnk_sqrt_f64((double)job->topology->size[0] / job->arithmetic->gram_unit);
}

void nnk_take_contrast(const nnk_job *job, const arena *a, uint32_t image, nnk_byte_sums sums) {
    const uint32_t inputs = (uint32_t)job->topology->size[0];
    const double contrast = nnk_contrast(sums.bytes, sums.squares, inputs);
    const double brightness = (double)sums.bytes / (double)inputs * brightness_factor(job);
    for (uint32_t j = image; j < nnk_columns(job); j += nnk_images_here(job)) { // and its mirror image
        nnk_set(job, a->contrast, j, contrast);
        nnk_set(job, a->spread, j, 1 / contrast);
        nnk_set(job, a->brightness, j, brightness);
    }
}

/// Two rows of examples.
typedef struct two_rows {
    const nnk_real *x, *y;
} two_rows;

static nnk_status add_products(const nnk_job *job, const arena *a, nnk_part part, const void *what,
                               nnk_real *sum) {
    const two_rows *r = what;
    const size_t at = part.column * nnk_real_bytes(job);
    const void *x = (const uint8_t *)r->x + at, *y = (const uint8_t *)r->y + at;
    const double product = job->arithmetic->dot(x, y, part.count);
    nnk_set(job, sum, 0, product);
    return (void)a, NNK_OK;
}

/// The sum of x y over all examples of all processes.
///   x, y (stride)
static double dot_of_all(const nnk_job *job, const arena *a, const nnk_real *x, const nnk_real *y) {
    if (!nnk_shards_of(job)) return job->arithmetic->dot(x, y, nnk_columns(job));
    job->method->sum_of_shards(job, a, 1, nnk_real_bytes(job), add_products, &(two_rows){x, y});
    return nnk_get(job, a->nodes, 0);
}

/// s = sd = 1.
void nnk_take_no_contrast(const nnk_job *job, const arena *a) {
    for (uint32_t j = 0; j < nnk_columns(job); j++) nnk_set(job, a->contrast, j, 1);
}

/// The vector g.
static void form_means(const nnk_job *job, const arena *a) {
    const nnk_arithmetic *k = job->arithmetic;
    const size_t m = nnk_columns(job);
    nnk_real *e = nnk_row(a, a->activations, 1); // nothing is in these rows yet
    memcpy(e, a->contrast, a->row);
    k->scale(e, 1 / (double)m, a->width);
    memset(a->means, 0, a->row);
    job->method->times_gram(job, a, a->means, e);
    if (nnk_takes_contrast_off(job))
        k->update(a->means, a->brightness, k->dot(a->brightness, e, m), a->width);
    k->update(a->means, a->spread, k->dot(a->contrast, a->means, m) / (2 * (double)m), a->width);
}

/// Zeros where an image has no contrast, as it has no x^ either. What rounding leaves there would decide
/// whether a unit is on. Such an image alone has s = 1: s is 2 or more of any other one.
static void clear_flat(const nnk_job *job, const arena *a, nnk_real *row) {
    for (size_t j = 0; j < nnk_columns(job); j++)
        if (nnk_get(job, a->contrast, j) == 1) nnk_set(job, row, j, 0);
}

/// Adjusts a row of W1 X / 255. Returns the mean over the images of W1 x^, which it has taken off, or 0.
///   row_sum: the sum of that row of W1; first: columns before that one have lost their brightness already
static double adjust_row(const nnk_job *job, const arena *a, nnk_real *row, double row_sum, size_t first) {
    const nnk_arithmetic *k = job->arithmetic;
    if (nnk_takes_contrast_off(job)) {
        k->update(nnk_at(job, row, first), nnk_at(job, a->brightness, first),
                  row_sum / (255 * brightness_factor(job)), a->width - first);
        clear_flat(job, a, row);
    }
    if (!nnk_centers(job)) return 0;
    const double mean = dot_of_all(job, a, a->contrast, row) / (double)nnk_all_columns(job);
    k->update(row, a->spread, mean, a->width);
    return mean;
}

/// The sum of a row of W1, where that is in memory, transposed.
static double sum_of_row(const nnk_job *job, const arena *a, uint32_t unit) {
    const size_t units = (size_t)job->topology->size[1];
    nnk_set(job, a->row_sums, unit, 0);
    job->arithmetic->add_up(nnk_at(job, a->row_sums, unit), nnk_at(job, a->parameters, unit), units,
                            (size_t)job->topology->size[0]);
    return nnk_get(job, a->row_sums, unit);
}

static nnk_status prepare(const nnk_job *job, const arena *a) {
    if (!nnk_is_adjusted(job)) return NNK_MORE;
    if (!nnk_takes_contrast_off(job)) nnk_take_no_contrast(job, a);
    if (nnk_takes_contrast_off(job) && nnk_gram_of(job)) {
        for (uint32_t j = 0; j < job->examples; j++) nnk_take_contrast(job, a, j, a->sums_of[j]);
    }
    if (nnk_centers(job) && nnk_is_dual(job->method)) form_means(job, a);
    return NNK_MORE;
}

/// The mean over the images of (W1 - left W1(0)) x^ = -rate/m (D H) X^^T x^, H = 1 - 1 1^T / M.
static double descended_mean(const nnk_job *job, const arena *a, uint32_t unit) {
    const nnk_arithmetic *k = job->arithmetic;
    const size_t m = nnk_columns(job);
    const nnk_real *d = nnk_row(a, a->deltas, unit);
    const double half = k->dot(a->contrast, a->means, m) / (double)m;
    const double product = k->dot(a->means, d, m) - half * k->dot(a->spread, d, m);
    return nnk_delta_scale(job, a) * product;
}

uint32_t nnk_adjust_items(const nnk_job *job, const nnk_trainer *t) {
    if (!nnk_is_adjusted(job) && !nnk_start_of(job) && !nnk_is_open(job)) return 0;
    if (nnk_projected(t) == nnk_columns(job) && !t->unadjusted) return 0; // nothing came or went
    return 1 + (nnk_is_dual(job->method) || nnk_start_of(job) ? (uint32_t)job->topology->size[1] : 0);
}

uint32_t nnk_first_mean_items(const nnk_job *job, const nnk_trainer *t) {
    return nnk_is_adjusted(job) && nnk_start_of(job) ? nnk_blocks(job, t) : 0;
}

/// The sum of a row of W1(0).
static double row_sum_of(const nnk_job *job, const arena *a, uint32_t unit) {
    if (!nnk_takes_contrast_off(job)) return 0;
    return nnk_is_dual(job->method) ? nnk_get(job, a->row_sums, unit) : sum_of_row(job, a, unit);
}

nnk_status nnk_adjust(const nnk_job *job, const arena *a, uint32_t item) {
    if (item == 0) return prepare(job, a);
    const uint32_t unit = item - 1, first = nnk_projected(a->trainer);
    const layer l = nnk_layer(job, a, 1);
    const double left = nnk_left(job, a->trainer, a->trainer->iteration);
    double mean = 0;
    if (first > 0) nnk_settle(job, a, unit);
    if (nnk_is_adjusted(job)) {
        nnk_real *row = nnk_row(a, nnk_is_dual(job->method) ? a->logits : l.rows, unit);
        mean = adjust_row(job, a, row, left * row_sum_of(job, a, unit), first);
        // W1(0)'s share of it; there is no other one before the loop.
        const double descended = first > 0 ? descended_mean(job, a, unit) : 0;
        // Where next to nothing of W1(0) is left, rounding would be all of it.
        nnk_set(job, a->row_means, unit, left > (double)FLT_MIN ? (mean - descended) / left : 0);
    }
    // The bias of a model is for images as they are.
    if (first > 0)
        nnk_set(job, l.biases, unit, nnk_get(job, l.biases, unit) + mean);
    else if (nnk_start_of(job))
        nnk_set(job, l.biases, unit, nnk_initial_bias(job, 1, unit) + mean);
    return NNK_MORE;
}

nnk_adjustment nnk_adjustment_of(const nnk_job *job, const arena *a, const nnk_real *dz) {
    const nnk_arithmetic *k = job->arithmetic;
    const size_t m = nnk_columns(job);
    nnk_adjustment adjustment = {0, 0, 0};
    if (nnk_takes_contrast_off(job)) adjustment.brightness = k->dot(a->brightness, dz, m);
    if (nnk_centers(job)) {
        adjustment.means = k->dot(a->spread, dz, m);
        adjustment.spread = k->dot(a->means, dz, m);
    }
    return adjustment;
}

void nnk_adjust_descent(const nnk_job *job, const arena *a, nnk_adjustment adjustment, nnk_real *row,
                        size_t column, size_t columns) {
    const nnk_arithmetic *k = job->arithmetic;
    const double scale = nnk_delta_scale(job, a);
    nnk_real *p = nnk_at(job, row, column);
    if (nnk_takes_contrast_off(job))
        k->update(p, nnk_at(job, a->brightness, column), scale * adjustment.brightness, columns);
    if (nnk_centers(job)) {
        k->update(p, nnk_at(job, a->means, column), scale * adjustment.means, columns);
        k->update(p, nnk_at(job, a->spread, column), scale * adjustment.spread, columns);
    }
}

double nnk_mean_of_deltas(const nnk_job *job, const arena *a, const nnk_real *row) {
    return dot_of_all(job, a, a->spread, row) / (double)nnk_all_columns(job);
}

void nnk_center_deltas(const nnk_job *job, const arena *a, nnk_real *row) {
    if (nnk_centers(job))
        job->arithmetic->update(row, a->contrast, nnk_mean_of_deltas(job, a, row), a->width);
}

double nnk_mean_of_row(const nnk_job *job, const arena *a, uint32_t unit, double left) {
    return left * nnk_get(job, a->row_means, unit) + descended_mean(job, a, unit);
}

nnk_status nnk_fold(const nnk_job *job, const arena *a, uint32_t unit) {
    const double left = nnk_left(job, a->trainer, a->trainer->kept_iteration),
                 inputs = (double)job->topology->size[0];
    nnk_real *d = nnk_row(a, a->deltas, unit), *b = nnk_layer(job, a, 1).biases;
    const bool is_packed = job->method->number == NNK_DUAL;
    if (is_packed) nnk_set(job, nnk_biases_of(job, a), unit, nnk_get(job, b, unit));
    if (nnk_centers(job)) nnk_set(job, b, unit, nnk_get(job, b, unit) - nnk_mean_of_row(job, a, unit, left));
    if (is_packed) d = memcpy(a->activations, d, a->row); // nnk_dual centres the deltas as it reads them
    nnk_center_deltas(job, a, d);
    if (!nnk_takes_contrast_off(job)) return NNK_MORE;
    const double brightness =
        job->arithmetic->dot(a->brightness, d, nnk_columns(job)) / brightness_factor(job);
    nnk_set(job, a->offsets, unit,
            left * nnk_get(job, a->row_sums, unit) / inputs - nnk_weight_rate(job, a) / 255 * brightness);
    return NNK_MORE;
}

// ---- Where W1 is in memory and changes --------------------------------------------------------------------

nnk_status nnk_adjust_activations(const nnk_job *job, const arena *a, uint32_t unit) {
    const layer l = nnk_layer(job, a, 1);
    const nnk_shape one = {1, 1, a->width, a->stride};
    nnk_real *row = nnk_row(a, l.rows, unit);
    adjust_row(job, a, row, nnk_takes_contrast_off(job) ? sum_of_row(job, a, unit) : 0, 0);
    if (nnk_takes_contrast_off(job)) job->arithmetic->multiply(row, row, a->contrast, a->width);
    job->arithmetic->dual_logits(row, row, nnk_at(job, l.biases, unit), job->topology->layers > 1, one);
    return NNK_MORE;
}

nnk_status nnk_fold_sums(const nnk_job *job, const arena *a, uint32_t unit) {
    const layer l = nnk_layer(job, a, 1);
    const size_t units = l.shape.outputs;
    const double row_sum = nnk_takes_contrast_off(job) ? sum_of_row(job, a, unit) : 0;
    const double mean = adjust_row(job, a, nnk_row(a, l.rows, unit), row_sum, 0);
    nnk_set(job, l.biases, unit, nnk_get(job, l.biases, unit) - mean);
    for (size_t k = 0; nnk_takes_contrast_off(job) && k < l.shape.inputs; k++) {
        const size_t at = k * units + unit;
        nnk_set(job, l.weights, at, nnk_get(job, l.weights, at) - row_sum / (double)l.shape.inputs);
    }
    return NNK_MORE;
}
