// What held-out logits are worth.
#include "exp_log.h"
#include "judgement.h"
#include "layout.h"
#include "math_f64.h"

static double absolute(double x) { return x < 0 ? -x : x; }

static double at_most_1(double x) { return x > 1 ? 1 : x; } // NaN stays

double nnk_probability(double logit) {
    const double e = nnk_exp_f64(-absolute(logit));
    return (logit < 0 ? e : 1) / (1 + e);
}

double nnk_log_loss(double logit, uint8_t label) {
    const double wrong = label ? -logit : logit; // how far it is on the wrong side
    return (wrong > 0 ? wrong : 0) + nnk_log_f64(1 + nnk_exp_f64(-absolute(wrong)));
}

// ---- Order ------------------------------------------------------------------------------------------------

static bool comes_before(const double *logits, uint32_t a, uint32_t b) {
    return logits[a] < logits[b] || (!(logits[a] > logits[b]) && a < b);
}

/// Lets the example at `i` sink in a heap of `count` whose largest is at 0.
static void sink(const double *logits, uint32_t *heap, uint32_t i, uint32_t count) {
    const uint32_t example = heap[i];
    for (uint32_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && comes_before(logits, heap[child], heap[child + 1])) child++;
        if (!comes_before(logits, example, heap[child])) break;
        heap[i] = heap[child];
    }
    heap[i] = example;
}

void nnk_order(const double *logits, uint32_t examples, uint32_t *order) {
    if (!logits || !order) return;
    for (uint32_t i = 0; i < examples; i++) order[i] = i;
    for (uint32_t i = examples / 2; i-- > 0;) sink(logits, order, i, examples);
    for (uint32_t last = examples; last-- > 1;) {
        const uint32_t largest = order[0];
        order[0] = order[last];
        order[last] = largest;
        sink(logits, order, 0, last);
    }
}

// ---- Scores -----------------------------------------------------------------------------------------------

/// The 97.5 % point of the normal distribution.
static const double normal_quantile = 1.959963984540054;

void nnk_interval(double share, double count, double *low, double *high) {
    if (!low || !high || !(count > 0) || !(share >= 0) || !(share <= 1)) return;
    const double z2 = normal_quantile * normal_quantile / count, center = share + z2 / 2;
    const double radicand = share * (1 - share) / count + z2 / count / 4;
    const double half = normal_quantile * nnk_sqrt_f64(radicand);
    *low = (center - half) / (1 + z2);
    *high = at_most_1((center + half) / (1 + z2));
    if (*low < 0) *low = 0; // by rounding
}

/// The pairs of an example of class 1 and one of class 0 in which the first has the higher logit, a tie
/// counting half, as a share of all pairs.
static double area(const double *logits, const uint8_t *labels, uint32_t examples, const uint32_t *order) {
    double zeros = 0, ones = 0, won = 0;
    for (uint32_t first = 0, end; first < examples; first = end) {
        double tied[2] = {0, 0};
        for (end = first; end < examples && !(logits[order[end]] > logits[order[first]]); end++)
            tied[labels[order[end]]]++;
        won += tied[1] * (zeros + tied[0] / 2);
        zeros += tied[0];
        ones += tied[1];
    }
    return zeros * ones > 0 ? won / (zeros * ones) : 0.5;
}

static double calibration_error(const double *logits, const uint8_t *labels, uint32_t examples,
                                const uint32_t *order) {
    nnk_bin bins[NNK_CALIBRATION_BINS];
    double error = 0;
    nnk_fill_bins(logits, labels, examples, order, bins, NNK_CALIBRATION_BINS);
    for (uint32_t b = 0; b < NNK_CALIBRATION_BINS; b++)
        error += bins[b].examples * absolute(bins[b].probability - bins[b].share);
    return error / examples;
}

/// The entropy of a share, in nats.
static double entropy(double p) {
    return p > 0 && p < 1 ? -p * nnk_log_f64(p) - (1 - p) * nnk_log_f64(1 - p) : 0;
}

static bool all_finite(const double *logits, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!nnk_finite(logits[i])) return false;
    return true;
}

/// Adds the scores of one repeat that are means over the repeats.
static void add_repeat(const double *logits, const uint8_t *labels, uint32_t examples, uint32_t *order,
                       nnk_scores *s) {
    uint32_t right = 0;
    for (uint32_t j = 0; j < examples; j++) right += (logits[j] > 0) == labels[j];
    nnk_order(logits, examples, order);
    s->accuracy += (double)right / examples;
    s->auc += area(logits, labels, examples, order);
    s->calibration_error += calibration_error(logits, labels, examples, order);
}

static double mean_loss(const double *logits, uint32_t repeats, uint32_t examples, uint32_t j,
                        uint8_t label) {
    double sum = 0;
    for (uint32_t r = 0; r < repeats; r++) sum += nnk_log_loss(logits[(size_t)r * examples + j], label);
    return sum / repeats;
}

static void take_log_loss(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t examples,
                          nnk_scores *s) {
    double sum = 0, squares = 0;
    for (uint32_t j = 0; j < examples; j++) sum += mean_loss(logits, repeats, examples, j, labels[j]);
    s->log_loss = sum / examples;
    for (uint32_t j = 0; j < examples; j++) {
        const double d = mean_loss(logits, repeats, examples, j, labels[j]) - s->log_loss;
        squares += d * d;
    }
    s->log_loss_error = nnk_standard_error(squares, examples);
}

double nnk_standard_error(double squares, uint32_t count) {
    const double radicand = count > 1 ? squares / (count - 1.0) / count : 0;
    if (radicand < DBL_MIN) return 0;
    return radicand <= DBL_MAX ? nnk_sqrt_f64(radicand) : radicand; // infinite, or NaN
}

static void take_guessing(const uint8_t *labels, uint32_t examples, nnk_scores *s) {
    uint32_t ones = 0;
    for (uint32_t j = 0; j < examples; j++) ones += labels[j];
    const double share = (double)ones / examples;
    s->guessing = share > 0.5 ? share : 1 - share;
    s->guessing_log_loss = entropy(share);
}

nnk_status nnk_score(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t examples,
                     uint32_t *order, nnk_scores *s) {
    if (!logits || repeats == 0 || !labels || examples == 0 || !order || !s) return NNK_E_ARGUMENT;
    for (uint32_t j = 0; j < examples; j++)
        if (labels[j] > 1) return NNK_E_LABEL;
    *s = (nnk_scores){.examples = examples};
    take_guessing(labels, examples, s);
    if (!all_finite(logits, (size_t)repeats * examples)) {
        s->accuracy = s->low = s->high = s->log_loss = s->log_loss_error = s->auc = s->calibration_error =
            NNK_NAN;
        return NNK_OK;
    }
    for (uint32_t r = 0; r < repeats; r++)
        add_repeat(logits + (size_t)r * examples, labels, examples, order, s);
    s->accuracy /= repeats;
    s->auc /= repeats;
    s->calibration_error /= repeats;
    take_log_loss(logits, repeats, labels, examples, s);
    nnk_interval(s->accuracy, examples, &s->low, &s->high);
    return NNK_OK;
}

void nnk_extrapolate(const nnk_scores *whole, const nnk_scores *chosen, const nnk_scores *half,
                     uint32_t folds, nnk_scores *expected) {
    if (!whole || !chosen || !half || folds < 2 || !expected) return;
    const double doublings = nnk_log_f64((double)folds / (folds - 1.0)) / nnk_log_f64(2);
    const double least = whole->accuracy, count = whole->examples / 2.0, missing = (1 - least) / 2;
    const double growth = (least - half->accuracy) * doublings, gain = growth > 0 ? growth : 0;
    const double most = (chosen->accuracy > least ? chosen->accuracy : least) + 2 * gain;
    double unused;
    *expected = *whole;
    expected->accuracy = least + (gain < missing ? gain : missing);
    nnk_interval(least, count, &expected->low, &unused);
    nnk_interval(at_most_1(most), count, &unused, &expected->high);
}

int32_t nnk_better_than_guessing(const nnk_scores *s) { return s && s->low > s->guessing; }

// ---- Thresholds and bins ----------------------------------------------------------------------------------

nnk_confusion nnk_confusion_at(const double *logits, const uint8_t *labels, uint32_t examples,
                               double threshold) {
    nnk_confusion c = {0, 0, 0, 0};
    for (uint32_t j = 0; logits && labels && j < examples; j++) {
        const bool named = logits[j] > threshold, is = labels[j] == 1;
        c.true_positives += named && is;
        c.false_positives += named && !is;
        c.false_negatives += !named && is;
        c.true_negatives += !named && !is;
    }
    return c;
}

static double share_of(uint32_t part, uint32_t rest, double of_none) {
    return part + rest > 0 ? (double)part / ((double)part + rest) : of_none;
}

double nnk_precision(const nnk_confusion *c) {
    return c ? share_of(c->true_positives, c->false_positives, 1) : 0;
}

double nnk_recall(const nnk_confusion *c) {
    return c ? share_of(c->true_positives, c->false_negatives, 0) : 0;
}

void nnk_fill_bins(const double *logits, const uint8_t *labels, uint32_t examples, const uint32_t *order,
                   nnk_bin *bins, uint32_t count) {
    if (!logits || !labels || !order || !bins) return;
    for (uint32_t b = 0, next = 0; b < count; b++) {
        const uint32_t end = (uint32_t)((uint64_t)examples * (b + 1) / count);
        double probability = 0, ones = 0;
        const uint32_t first = next;
        for (; next < end; next++) {
            probability += nnk_probability(logits[order[next]]);
            ones += labels[order[next]];
        }
        const double n = next > first ? next - first : 1;
        bins[b] = (nnk_bin){next - first, probability / n, ones / n};
    }
}

void nnk_own_class(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t examples,
                   double *probability) {
    if (!logits || repeats == 0 || !labels || !probability) return;
    for (uint32_t j = 0; j < examples; j++) {
        double sum = 0;
        for (uint32_t r = 0; r < repeats; r++) {
            const double z = logits[(size_t)r * examples + j];
            sum += nnk_probability(labels[j] ? z : -z);
        }
        probability[j] = sum / repeats;
    }
}
