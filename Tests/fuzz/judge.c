/// Any logits and labels: scores, intervals, calibration and doubtful labels are in their ranges, or refused.
#include "fuzz.h"
#include "layout.h"

enum { MOST_EXAMPLES = 24, MOST_REPEATS = 2 };

static bool is_share(double x) { return x >= 0 && x <= 1; }

static void check_scores(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t m,
                         bool are_finite) {
    uint32_t *order = room_for(m * sizeof *order);
    nnk_scores s;
    REQUIRE(nnk_score(logits, repeats, labels, m, order, &s) == NNK_OK);
    REQUIRE(s.examples == m && is_share(s.guessing) && s.guessing_log_loss >= 0);
    if (are_finite) {
        REQUIRE(is_share(s.accuracy) && is_share(s.low) && is_share(s.high) && s.low <= s.high);
        REQUIRE(s.log_loss >= 0 && s.log_loss_error >= 0 && is_share(s.auc) && is_share(s.calibration_error));
    } else {
        REQUIRE(s.accuracy != s.accuracy && s.log_loss != s.log_loss && !nnk_better_than_guessing(&s));
    }
    nnk_order(logits, m, order);
    uint64_t seen = 0;
    for (uint32_t j = 0; j < m; j++) seen |= order[j] < m ? (uint64_t)1 << order[j] : 0;
    REQUIRE(seen == ((uint64_t)1 << m) - 1);
    nnk_bin bins[NNK_CALIBRATION_BINS];
    nnk_fill_bins(logits, labels, m, order, bins, NNK_CALIBRATION_BINS);
    uint32_t in_bins = 0;
    for (uint32_t b = 0; b < NNK_CALIBRATION_BINS; b++) in_bins += bins[b].examples;
    REQUIRE(in_bins == m);
    free(order);
}

static void check_calibration(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t m,
                              const uint32_t *fold, bool are_finite) {
    nnk_calibration c = {0, 0};
    const nnk_status status = nnk_calibrate(logits, repeats, labels, m, fold, 1, &c);
    REQUIRE(status == NNK_OK || (status == NNK_E_DIVERGED && !are_finite));
    REQUIRE(status != NNK_OK || (nnk_finite(c.scale) && c.scale >= NNK_LEAST_SCALE && nnk_finite(c.shift)));
    double *own = room_for(m * sizeof *own);
    nnk_own_class(logits, repeats, labels, m, own);
    for (uint32_t j = 0; j < m; j++) REQUIRE(is_share(own[j]) || !are_finite);
    free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    input in = {bytes, count};
    const uint32_t m = take_below(&in, MOST_EXAMPLES) + 1, repeats = take_below(&in, MOST_REPEATS) + 1;
    const bool has_folds = take_below(&in, 2);
    uint8_t *labels = room_for(m);
    uint32_t *fold = room_for(m * sizeof *fold), wrong = 0;
    double *logits = room_for(repeats * m * sizeof *logits);
    bool are_finite = true;
    for (uint32_t j = 0; j < m; j++) {
        const uint32_t byte = take_below(&in, 256);
        labels[j] = byte == 255 ? 2 : byte & 1;
        wrong += labels[j] == 2;
        fold[j] = byte >> 1 & 3;
    }
    take_bytes(&in, logits, repeats * m * sizeof *logits);
    for (uint32_t j = 0; j < repeats * m; j++) are_finite = are_finite && nnk_finite(logits[j]);
    if (wrong == 0) {
        check_scores(logits, repeats, labels, m, are_finite);
        check_calibration(logits, repeats, labels, m, has_folds ? fold : NULL, are_finite);
    } else {
        nnk_scores s;
        nnk_calibration c;
        REQUIRE(nnk_score(logits, repeats, labels, m, fold, &s) == NNK_E_LABEL);
        REQUIRE(nnk_calibrate(logits, repeats, labels, m, NULL, 0, &c) == NNK_E_LABEL);
    }
    free(labels);
    free(fold);
    free(logits);
    return 0;
}
