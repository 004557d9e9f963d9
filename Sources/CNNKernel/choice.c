// Which recipe, how its logits are calibrated, and what to expect of it.
#include "exp_log.h"
#include "judgement.h"
#include "layout.h"
#include "math_f64.h"

/// Held-out logits and the examples that count.
typedef struct seen {
    const double *logits; ///< (repeats, examples)
    uint32_t repeats, examples;
    const uint8_t *labels;
    const uint32_t *fold; ///< NULL: all examples count
    uint32_t left_out;
} seen;

static bool counts(const seen *s, uint32_t j) { return !s->fold || s->fold[j] != s->left_out; }

// ---- Calibrating ------------------------------------------------------------------------------------------
//
// The loss of target t is -t log p - (1 - t) log(1 - p), p = sigmoid(a z + c). Its sum is convex in a and c,
// so Newton's method with halved steps finds the lowest one: with r = p - t and w = p (1 - p),
//
//     gradient (sum r z, sum r),   Hessian [[sum w z^2, sum w z], [sum w z, sum w]]
//
// If a is below NNK_LEAST_SCALE there, the lowest loss that is allowed has a = NNK_LEAST_SCALE, since the sum
// is convex. Its derivative by c, sum r, rises with c and is zero at the best c.

/// Sums over all logits that count.
typedef struct newton {
    double loss, g[2], h[3];
} newton;

typedef struct smooth_targets {
    double of[2], mean;
} smooth_targets;

static smooth_targets smooth_targets_of(const seen *s) {
    double count[2] = {0, 0};
    for (uint32_t j = 0; j < s->examples; j++)
        if (counts(s, j)) count[s->labels[j]]++;
    smooth_targets t = {{1 / (count[0] + 2), (count[1] + 1) / (count[1] + 2)}, 0.5};
    if (count[0] + count[1] > 0) t.mean = (count[0] * t.of[0] + count[1] * t.of[1]) / (count[0] + count[1]);
    return t;
}

static newton sums_at(const seen *s, const smooth_targets *t, nnk_calibration c) {
    newton n = {0, {0, 0}, {0, 0, 0}};
    for (uint32_t r = 0; r < s->repeats; r++)
        for (uint32_t j = 0; j < s->examples; j++) {
            if (!counts(s, j)) continue;
            const double z = s->logits[(size_t)r * s->examples + j], y = c.scale * z + c.shift;
            const double p = nnk_probability(y), q = nnk_probability(-y), target = t->of[s->labels[j]];
            n.loss += target * nnk_log_loss(y, 1) + (1 - target) * nnk_log_loss(y, 0);
            n.g[0] += (p - target) * z, n.g[1] += p - target;
            n.h[0] += p * q * z * z, n.h[1] += p * q * z, n.h[2] += p * q;
        }
    return n;
}

/// Newton's step; zeros where there is none.
static nnk_calibration step_of(const newton *n) {
    const double determinant = n->h[0] * n->h[2] - n->h[1] * n->h[1];
    if (!(determinant > 0)) return (nnk_calibration){0, 0};
    return (nnk_calibration){(n->h[2] * n->g[0] - n->h[1] * n->g[1]) / determinant,
                             (n->h[0] * n->g[1] - n->h[1] * n->g[0]) / determinant};
}

/// Takes Newton's step, halved until the loss is lower. Returns whether there was one.
static bool descend(const seen *s, const smooth_targets *t, nnk_calibration *c, newton *n) {
    const nnk_calibration step = step_of(n);
    for (double part = 1; part > 1e-4; part /= 2) {
        const nnk_calibration next = {c->scale - part * step.scale, c->shift - part * step.shift};
        const newton there = sums_at(s, t, next);
        if (!(there.loss < n->loss)) continue;
        *c = next;
        *n = there;
        return true;
    }
    return false;
}

/// The lowest loss from `c` on.
static nnk_calibration lowest(const seen *s, const smooth_targets *t, nnk_calibration c) {
    enum { MOST_STEPS = 100 }; // it takes 5 to 10
    newton n = sums_at(s, t, c);
    for (uint32_t i = 0; i < MOST_STEPS && descend(s, t, &c, &n); i++) {
    }
    return c;
}

/// The lowest loss with this scale, by bisection. With z the largest logit, no probability is above the mean
/// target at c = log odds of that - scale z, so sum r <= 0; and with z the smallest one, sum r >= 0.
static nnk_calibration lowest_at(const seen *s, const smooth_targets *t, double scale, double log_odds) {
    enum { MOST_HALVINGS = 1100 }; // it takes 55, but more for a c next to 0 or logits above 10^15
    double most = -DBL_MAX, least = DBL_MAX;
    for (uint32_t r = 0; r < s->repeats; r++)
        for (uint32_t j = 0; j < s->examples; j++) {
            if (!counts(s, j)) continue;
            const double z = s->logits[(size_t)r * s->examples + j];
            if (z > most) most = z;
            if (z < least) least = z;
        }
    // If no example counts, these are on both sides of 0, and so the shift is 0.
    double low = log_odds - scale * most, high = log_odds - scale * least;
    for (uint32_t i = 0; i < MOST_HALVINGS; i++) {
        const double middle = low / 2 + high / 2;
        if (!(middle > low && middle < high)) break;
        const newton n = sums_at(s, t, (nnk_calibration){scale, middle});
        if (n.g[1] < 0)
            low = middle;
        else
            high = middle;
    }
    return (nnk_calibration){scale, low / 2 + high / 2};
}

static nnk_calibration calibrate(const seen *s) {
    const smooth_targets t = smooth_targets_of(s);
    const double log_odds = nnk_log_f64(t.mean) - nnk_log_f64(1 - t.mean);
    const nnk_calibration both = lowest(s, &t, (nnk_calibration){0, log_odds});
    return both.scale >= NNK_LEAST_SCALE ? both : lowest_at(s, &t, NNK_LEAST_SCALE, log_odds);
}

/// Whether all logits that count are finite.
static bool are_finite(const seen *s) {
    for (uint32_t j = 0; j < s->examples; j++)
        for (uint32_t r = 0; counts(s, j) && r < s->repeats; r++)
            if (!nnk_finite(s->logits[(size_t)r * s->examples + j])) return false;
    return true;
}

static bool are_labels(const uint8_t *labels, uint32_t examples) {
    for (uint32_t j = 0; j < examples; j++)
        if (labels[j] > 1) return false;
    return true;
}

nnk_status nnk_calibrate(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t examples,
                         const uint32_t *fold, uint32_t left_out, nnk_calibration *calibration) {
    if (!logits || repeats == 0 || !labels || examples == 0 || !calibration) return NNK_E_ARGUMENT;
    const seen s = {logits, repeats, examples, labels, fold, left_out};
    if (!are_labels(labels, examples)) return NNK_E_LABEL;
    if (!are_finite(&s)) return NNK_E_DIVERGED;
    *calibration = calibrate(&s);
    return NNK_OK;
}

// ---- Choosing ---------------------------------------------------------------------------------------------

/// A recipe and a point, calibrated.
typedef struct candidate {
    nnk_choice choice;
    seen seen;
    nnk_calibration calibration;
    double loss; ///< the mean; DBL_MAX if it diverged
} candidate;

/// The mean over the repeats of an example's log loss.
static double loss_of(const candidate *c, uint32_t j) {
    const seen *s = &c->seen;
    double sum = 0;
    for (uint32_t r = 0; r < s->repeats; r++) {
        const double z = s->logits[(size_t)r * s->examples + j];
        sum += nnk_log_loss(c->calibration.scale * z + c->calibration.shift, s->labels[j]);
    }
    return sum / s->repeats;
}

/// What is chosen from: a validation, and the examples that count.
typedef struct search {
    const nnk_validation *v;
    double *logits;
    const uint32_t *fold;
    uint32_t left_out;
    uint32_t points;
} search;

/// The candidate of that place in the order of preference: recipe by recipe, the most iterations first.
static candidate candidate_at(const search *s, uint32_t place) {
    candidate c = {.choice = {place / s->points, s->points - 1 - place % s->points}, .loss = DBL_MAX};
    c.seen = (seen){nnk_validation_logits(s->v, s->logits, c.choice),
                    s->v->repeats,
                    s->v->job.examples,
                    s->v->job.labels,
                    s->fold,
                    s->left_out};
    if (!are_finite(&c.seen)) return c;
    c.calibration = calibrate(&c.seen);
    double sum = 0, count = 0;
    for (uint32_t j = 0; j < c.seen.examples; j++) {
        if (!counts(&c.seen, j)) continue;
        sum += loss_of(&c, j);
        count++;
    }
    if (count > 0) c.loss = sum / count;
    return c;
}

/// Whether the loss of `a` is above that of `b` by no more than one standard error of their difference, taken
/// example by example.
static bool is_about_as_good(const candidate *a, const candidate *b) {
    const double above = a->loss - b->loss;
    double squares = 0;
    uint32_t count = 0;
    for (uint32_t j = 0; j < a->seen.examples; j++) {
        if (!counts(&a->seen, j)) continue;
        const double d = loss_of(a, j) - loss_of(b, j) - above;
        squares += d * d;
        count++;
    }
    return above <= nnk_standard_error(squares, count);
}

nnk_status nnk_choose(const nnk_validation *v, const double *logits, const uint32_t *fold, uint32_t left_out,
                      nnk_choice *choice) {
    const uint32_t points = nnk_validation_points(v);
    if (points == 0 || !logits || !v->job.labels || !choice) return NNK_E_ARGUMENT;
    if (!are_labels(v->job.labels, v->job.examples)) return NNK_E_LABEL;
    const search s = {v, (double *)(uintptr_t)logits, fold, left_out, points};
    const uint32_t places = v->recipe_count * points;
    candidate best = candidate_at(&s, 0);
    for (uint32_t i = 1; i < places; i++) {
        const candidate c = candidate_at(&s, i);
        if (c.loss < best.loss) best = c;
    }
    if (!(best.loss < DBL_MAX)) return NNK_E_DIVERGED;
    *choice = best.choice;
    for (uint32_t i = 0; i < places; i++) { // up to the best one, which is as good as itself
        const candidate c = candidate_at(&s, i);
        if (!(c.loss < DBL_MAX) || !is_about_as_good(&c, &best)) continue;
        *choice = c.choice;
        break;
    }
    return NNK_OK;
}

// ---- What to expect ---------------------------------------------------------------------------------------

/// Chooses and calibrates without a fold, and applies it to this fold of a repeat.
static nnk_status expect_fold(const nnk_validation *v, const double *logits, const uint32_t *fold,
                              uint32_t number, uint32_t repeat, double *expected) {
    const uint32_t m = v->job.examples;
    nnk_choice choice;
    const nnk_status status = nnk_choose(v, logits, fold, number, &choice);
    if (status != NNK_OK) return status;
    const double *z = nnk_validation_logits(v, (double *)(uintptr_t)logits, choice);
    const seen s = {z, v->repeats, m, v->job.labels, fold, number};
    const nnk_calibration c = calibrate(&s);
    for (uint32_t j = 0; j < m; j++)
        if (fold[j] == number) expected[j] = c.scale * z[(size_t)repeat * m + j] + c.shift;
    return NNK_OK;
}

nnk_status nnk_expect(const nnk_validation *v, const double *logits, uint32_t *fold, double *expected) {
    if (nnk_validation_points(v) == 0 || !logits || !v->job.labels || !fold || !expected)
        return NNK_E_ARGUMENT;
    for (uint32_t r = 0; r < v->repeats; r++) {
        nnk_status status = nnk_validation_deal(v, r, fold);
        for (uint32_t k = 0; status == NNK_OK && k < v->folds.count; k++)
            status = expect_fold(v, logits, fold, k, r, expected + (size_t)r * v->job.examples);
        if (status != NNK_OK) return status;
    }
    return NNK_OK;
}

// ---- What would help --------------------------------------------------------------------------------------

void nnk_curve_recipes(const nnk_recipe *chosen, nnk_recipe recipes[NNK_CURVE_RECIPES]) {
    static const double shares[NNK_CURVE_RECIPES][2] = {{0.5, 0}, {0, 0.5}, {0.5, 0.5}, {0.25, 0.25}};
    for (uint32_t i = 0; chosen && recipes && i < NNK_CURVE_RECIPES; i++) {
        recipes[i] = *chosen;
        recipes[i].share[0] = shares[i][0];
        recipes[i].share[1] = shares[i][1];
    }
}

int32_t nnk_class_to_add(const nnk_scores *whole, const nnk_scores curve[NNK_CURVE_RECIPES]) {
    if (!whole || !curve) return -1;
    const double costs[2] = {curve[0].log_loss - whole->log_loss, curve[1].log_loss - whole->log_loss};
    const int32_t dearer = costs[1] > costs[0];
    return costs[dearer] > whole->log_loss_error ? dearer : -1;
}
