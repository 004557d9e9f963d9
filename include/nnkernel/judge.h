/// Judging a detector: how often will it be right about images that it has not seen, which way of training
/// is best, and what would help most?
///
/// 1. The examples are dealt into folds. For each fold a network is trained on all other examples. So each
///    example gets a held-out logit, from a network that has not learned it: this is cross-validation.
/// 2. Scores sum up held-out logits: how many are right, and how sure the network is of them.
/// 3. The recipe with the lowest held-out log loss is chosen, or a preferred one that is about as good.
/// 4. Calibration makes probabilities honest: of the images that get 0.9, nine of ten are of class 1.
/// 5. What to expect is judged on each fold after choosing and calibrating on the others. A recipe that was
///    chosen and judged on the same examples would look better than it is.
/// 6. Doubtful labels, images that are nearly alike, and the learning curve tell what would help.
///
/// A program does this:
///
///     const nnk_validation v = {.job = job, // cost_every tells which numbers of iterations are compared
///                               .recipes = nnk_recipes,
///                               .recipe_count = NNK_RECIPES,
///                               .folds = {.count = 5, .seed = 1},
///                               .repeats = 1};
///     for (uint32_t n = 0; n < nnk_validation_networks(&v); n++) // in any order, on any thread or machine
///         status = nnk_validation_train(&v, n, arena, sizeof arena, scratch, logits);
///     status = nnk_choose(&v, logits, NULL, 0, &choice);
///     status = nnk_calibrate(nnk_validation_logits(&v, logits, choice), v.repeats, labels, job.examples,
///                            NULL, 0, &calibration);
///     status = nnk_expect(&v, logits, order, expected);
///     status = nnk_score(expected, v.repeats, labels, job.examples, order, &scores);
///
/// All memory is the caller's. The numbers are the same on every processor and for any number of threads:
/// all is computed in double, in one order, with + - * / and the core's own functions.
#ifndef NNKERNEL_JUDGE_H
#define NNKERNEL_JUDGE_H

#include "nnkernel/status.h"
#include "nnkernel/train.h"
#include "nnkernel/version.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- 1. Folds and networks --------------------------------------------------------------------------------

/// How examples are dealt into folds.
typedef struct nnk_folds {
    uint32_t count; ///< 2 ... NNK_MAX_FOLDS; or as many as there are examples: leave one out
    /// So many examples of a class that follow each other in the data stay in one fold. Use it for frames
    /// taken one after another: they are nearly alike, and in two folds one would give away the other. 0 and
    /// 1: every example for itself.
    uint32_t block;
    uint32_t seed; ///< of the generator in random.h
} nnk_folds;

#define NNK_MAX_FOLDS 64

/// Deals examples into folds at random. Each class is dealt by itself, so that the numbers of its blocks in
/// two folds differ by one at most (stratified folds). All deals with these numbers have the same
/// probability.
///   labels, fold (examples): fold[j] becomes 0 ... count - 1
///
/// NNK_E_ARGUMENT. NNK_E_LABEL: a label is neither 0 nor 1. NNK_E_WEIGHT: there is no second block of a
/// class, so one fold would hold out the whole class.
nnk_status nnk_deal_folds(const nnk_folds *folds, const uint8_t *labels, uint32_t examples, uint32_t *fold);

/// A way to train. Zeros: as the job says, without mirror images, own contrast and decay.
typedef struct nnk_recipe {
    bool mirror; ///< the job's `mirror` says how
    bool own_contrast;
    double weight_decay;
    double learning_rate; ///< 0: the job's
    /// The share of each class's training examples that teach, above 0 and below 1; 0: all of them. The
    /// others are left out, for a learning curve.
    double share[2];
} nnk_recipe;

/// The recipes to try where nobody says which, the preferred ones first: those that learn the least from
/// chance, by mirror images, own contrast and more decay. They are for centred images. Own contrast enlarges
/// the inputs, so it takes more decay.
#define NNK_RECIPES 8
extern const nnk_recipe nnk_recipes[NNK_RECIPES];

/// A cross-validation: for each recipe, repeat and fold, a network. Networks are numbered: folds run fastest,
/// recipes slowest.
typedef struct nnk_validation {
    /// The images and labels, and what all networks have in common. After each `cost_every` iterations up to
    /// `iterations`, a multiple of it, the held-out logits are taken: these are the points. `mirror` says how
    /// recipes mirror. Weights, keep_best, gram and what recipes decide are ignored.
    nnk_job job;
    const nnk_recipe *recipes;
    uint32_t recipe_count;
    nnk_folds folds;
    uint32_t repeats; ///< 1 or more. Repeat r adds r to the seeds of the folds and of the initial weights
    bool balance;     ///< both classes weigh alike
    /// Gram matrices of the images (train.h), without mirror images and with them. NULL: each network forms
    /// its own. The primal method ignores them.
    const void *gram, *mirrored_gram;
} nnk_validation;

/// A recipe and a point.
typedef struct nnk_choice {
    uint32_t recipe; ///< 0 ... recipe_count - 1
    uint32_t point;  ///< 0: after cost_every iterations; the last: after all
} nnk_choice;

/// How many networks; how many points. 0 if the validation is not valid.
uint32_t nnk_validation_networks(const nnk_validation *v);
uint32_t nnk_validation_points(const nnk_validation *v);

/// Bytes of all held-out logits: (recipes, points, repeats, examples) doubles.
size_t nnk_validation_bytes(const nnk_validation *v);

/// The held-out logits of a recipe at a point: (repeats, examples). NULL for a choice out of range.
double *nnk_validation_logits(const nnk_validation *v, double *logits, nnk_choice choice);

/// Bytes of the arena that is large enough for each of the networks, and bytes of scratch for one: aligned to
/// 8.
size_t nnk_validation_arena_bytes(const nnk_validation *v);
size_t nnk_validation_scratch_bytes(const nnk_validation *v);

/// Trains a network and stores its held-out logits. Several threads can do so at once, each with an arena and
/// scratch of its own; `logits` is common to all.
///
/// The errors of nnk_deal_folds and of training. NNK_E_DIVERGED: the logits of these examples are NaN, and
/// the validation can go on. NNK_E_ARGUMENT: there is no such network.
nnk_status nnk_validation_train(const nnk_validation *v, uint32_t network, void *arena, size_t arena_bytes,
                                void *scratch, double *logits) NNK_VERSIONED(nnk_validation_train);

/// The same in slices: the job of a network, which lives as long as the scratch. Begin it, and take slices
/// until nnk_train_progress has the cost after all of v->job.iterations, or until one fails. Then
/// nnk_validation_store stores the logits.
nnk_status nnk_validation_begin(const nnk_validation *v, uint32_t network, void *scratch, nnk_job *job);
nnk_status nnk_validation_store(const nnk_validation *v, uint32_t network, const void *scratch, bool diverged,
                                double *logits);

// ---- 2. Scores --------------------------------------------------------------------------------------------

/// What logits are worth. An example is right if its logit is above 0 for class 1, and otherwise for class 0.
typedef struct nnk_scores {
    uint32_t examples;
    double accuracy;       ///< the share that is right
    double low, high;      ///< Wilson's interval of 95 % around the accuracy (nnk_interval)
    double log_loss;       ///< the mean of -log(probability of the example's class), in nats
    double log_loss_error; ///< its standard error
    double auc; ///< area under the ROC curve: how often class 1 has the higher logit of two; 0.5: one class
    double guessing;          ///< the accuracy of always naming the larger class
    double guessing_log_loss; ///< the log loss of always naming the shares of the classes: their entropy
    /// Expected calibration error: the mean of |probability - share of class 1| over NNK_CALIBRATION_BINS
    /// bins (nnk_fill_bins), weighted by their examples.
    double calibration_error;
} nnk_scores;

#define NNK_CALIBRATION_BINS 10

/// order = the examples by ascending logit, equal ones in their order; in any order if a logit is NaN.
///   logits, order (examples)
void nnk_order(const double *logits, uint32_t examples, uint32_t *order);

/// Scores the logits of a validation, or others.
///   logits (repeats, examples), labels (examples); order (examples): scratch
///
/// With several repeats, each score is their mean. NNK_E_ARGUMENT. NNK_E_LABEL. If a logit is not finite, the
/// scores are NaN, but for those of guessing.
nnk_status nnk_score(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t examples,
                     uint32_t *order, nnk_scores *scores);

/// 1 if the whole interval is above guessing, else 0.
int32_t nnk_better_than_guessing(const nnk_scores *scores);

/// Wilson's interval of 95 % for the probability of an event that was seen in `share` of `count` independent
/// trials. share: 0 ... 1; count: above 0; otherwise nothing is written.
void nnk_interval(double share, double count, double *low, double *high);

/// How many examples are classified how, if class 1 is named where the logit is above `threshold`.
typedef struct nnk_confusion {
    uint32_t true_positives, false_positives, true_negatives, false_negatives;
} nnk_confusion;

nnk_confusion nnk_confusion_at(const double *logits, const uint8_t *labels, uint32_t examples,
                               double threshold);

/// Of those named class 1, the share that is; of class 1, the share that is named. 1 and 0 where there is
/// none.
double nnk_precision(const nnk_confusion *c);
double nnk_recall(const nnk_confusion *c);

/// Examples of similar probability.
typedef struct nnk_bin {
    uint32_t examples;
    double probability; ///< of class 1, their mean
    double share;       ///< of class 1 among them
} nnk_bin;

/// Sorts the examples into bins of nearly equal numbers by their probabilities. In order, `order` as
/// nnk_order made it.
void nnk_fill_bins(const double *logits, const uint8_t *labels, uint32_t examples, const uint32_t *order,
                   nnk_bin *bins, uint32_t count);

/// 1 / (1 + exp(-logit)), and -log of the probability of the class.
double nnk_probability(double logit);
double nnk_log_loss(double logit, uint8_t label);

// ---- 3. The choice ----------------------------------------------------------------------------------------

/// Chooses a recipe and a point by the one-standard-error rule. Each pair of them is a candidate, in order of
/// preference: recipe by recipe, the most iterations first. Each is calibrated, as the detector will be. The
/// first candidate is chosen whose log loss is above the lowest one by no more than one standard error of
/// this difference, taken over the examples. A network that diverged is never chosen.
///   fold (examples): examples whose fold is `left_out` do not count; NULL: all count
///
/// NNK_E_ARGUMENT. NNK_E_LABEL. NNK_E_DIVERGED: every recipe diverged.
nnk_status nnk_choose(const nnk_validation *v, const double *logits, const uint32_t *fold, uint32_t left_out,
                      nnk_choice *choice);

// ---- 4. Calibration ---------------------------------------------------------------------------------------

/// The calibrated logit is scale z + shift.
typedef struct nnk_calibration {
    double scale, shift;
} nnk_calibration;

#define NNK_LEAST_SCALE 0.1

/// Finds the scale and the shift with the lowest log loss (Platt scaling). Of n1 examples of class 1, each
/// counts as (n1 + 1) / (n1 + 2) of class 1, and of n0 of class 0 as 1 / (n0 + 2): so logits without a
/// mistake give no infinite scale. The scale is NNK_LEAST_SCALE or more: a network that is no better than
/// chance answers with probabilities near the share of class 1, but not the same for all images.
///   logits (repeats, examples); labels, fold (examples): as for nnk_choose
///
/// NNK_E_ARGUMENT. NNK_E_LABEL. NNK_E_DIVERGED: a logit is not finite.
nnk_status nnk_calibrate(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t examples,
                         const uint32_t *fold, uint32_t left_out, nnk_calibration *calibration);

// ---- 5. What to expect ------------------------------------------------------------------------------------

/// Judges the whole way to a detector: for each fold of each repeat, a recipe and a point are chosen and
/// calibrated on the examples of the other folds, and applied to this one.
///   fold (examples): scratch; expected (repeats, examples): the calibrated logits, for nnk_score
///
/// NNK_E_ARGUMENT. NNK_E_DIVERGED: as for nnk_choose.
nnk_status nnk_expect(const nnk_validation *v, const double *logits, uint32_t *fold, double *expected);

// ---- 6. What would help -----------------------------------------------------------------------------------

/// probability (examples) = the mean over the repeats of the probability of each example's own class. The
/// lowest ones are the most doubtful labels: nnk_order finds them.
void nnk_own_class(const double *logits, uint32_t repeats, const uint8_t *labels, uint32_t examples,
                   double *probability);

/// How far two images are apart: the root of the mean square of the differences of their bytes, 0 ... 255,
/// from the Gram matrix on its own that the job formed with the method nnk_gram or nnk_gram_packed. With
/// mirror images, these come behind the images. NaN for wrong arguments.
double nnk_image_distance(const nnk_job *job, const void *gram, uint32_t j, uint32_t k);

/// The mean distances of two images of the same class.
typedef struct nnk_likeness {
    double neighbours; ///< of those that follow each other in the data
    double pairs;      ///< of all
} nnk_likeness;

/// Measures them. The arguments are those of nnk_image_distance; the job has labels.
///
/// NNK_E_ARGUMENT; NNK_E_STATE: the Gram matrix is not formed.
nnk_status nnk_measure_likeness(const nnk_job *job, const void *gram, nnk_likeness *likeness);

/// 1 if neighbours are so much more alike than others (below 0.8) that the images seem to be frames taken one
/// after another: nnk_folds.block should keep them together.
int32_t nnk_is_sequence(const nnk_likeness *likeness);

/// 1 if images at this distance are nearly alike: at most 0.15 of that of all pairs.
int32_t nnk_nearly_alike(const nnk_likeness *likeness, double distance);

/// The recipes of a learning curve: `chosen` with a half of class 0, with a half of class 1, with a half of
/// both, and with a quarter of both.
#define NNK_CURVE_RECIPES 4
void nnk_curve_recipes(const nnk_recipe *chosen, nnk_recipe recipes[NNK_CURVE_RECIPES]);

/// What to expect of the detector that all examples teach. The networks that were judged have learned
/// (folds - 1) / folds of the examples. Accuracy grows about linearly with the logarithm of their number, so
/// what a doubling has gained, times log2(folds / (folds - 1)), is added; but no more than half of what is
/// missing to 1.
///
/// The interval is that of half as many examples: which examples a network learned makes its accuracy scatter
/// about as much as which ones it was asked about. Its low end is without the gain. Its high end is with
/// twice the gain, and the accuracy may be as good as it looks on the folds on which it was chosen.
///   whole: the scores of nnk_expect; chosen: those of the chosen logits, calibrated on all folds;
///   half: those with a half of both classes (curve[2])
void nnk_extrapolate(const nnk_scores *whole, const nnk_scores *chosen, const nnk_scores *half,
                     uint32_t folds, nnk_scores *expected);

/// The class of which more examples would help most: the one whose halving costs more log loss. -1 if
/// neither costs more than a standard error.
///   whole, curve: the scores of the chosen recipe, and of its nnk_curve_recipes
int32_t nnk_class_to_add(const nnk_scores *whole, const nnk_scores curve[NNK_CURVE_RECIPES]);

#ifdef __cplusplus
}
#endif

#endif
