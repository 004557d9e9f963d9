#include "evaluation.h"

#include "memory.h"
#include "ranks.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- One rank's part --------------------------------------------------------------------------------------

/// Returns false if computing the probability overflows.
static bool predict(void *memory, const nnk_model *model, const nnk_inference *inference,
                    const uint8_t *image, double *probability) {
    const size_t bytes = nnk_predict_bytes(model->topology, inference);
    return nnk_predict_begin(memory, bytes, model, inference) == NNK_OK &&
           nnk_predict_feed(memory, image, (size_t)model->topology->size[0]) == NNK_OK &&
           nnk_predict_finish(memory, probability) == NNK_OK;
}

static void note(evaluation *e, bool is_held_out, uint8_t label, double probability) {
    evaluation_counts *c = is_held_out ? &e->held_out : &e->taught;
    c->examples[label]++;
    c->right[label] += (probability > 0.5) == label;
    if (is_held_out) return;
    if (probability < e->low) e->low = probability;
    if (probability > e->high) e->high = probability;
}

static evaluation evaluate_part(const nnk_model *model, const nnk_job *job, uint32_t first, uint32_t count,
                                const uint8_t *images) {
    const nnk_inference *inference = nnk_fastest_inference(model->dtype);
    void *memory = memory_of(nnk_predict_bytes(model->topology, inference));
    evaluation e = {.low = INFINITY, .high = -INFINITY};
    for (uint32_t i = 0; i < count && !e.overflows; i++) {
        const uint8_t *image = images + (size_t)i * (size_t)model->topology->size[0];
        double probability;
        ranks_poll();
        if (!predict(memory, model, inference, image, &probability))
            e.overflows = 1;
        else
            note(&e, job->weights && !(job->weights[first + i] > 0), job->labels[first + i], probability);
    }
    free(memory);
    return e;
}

// ---- All ranks --------------------------------------------------------------------------------------------

static void add_counts(evaluation_counts *sum, const evaluation_counts *c) {
    for (int label = 0; label < 2; label++) {
        sum->examples[label] += c->examples[label];
        sum->right[label] += c->right[label];
    }
}

evaluation evaluate(const nnk_model *model, const nnk_job *job, uint32_t first, uint32_t count,
                    const uint8_t *images) {
    const uint32_t ranks = (uint32_t)ranks_count();
    evaluation *parts = memory_of(ranks * sizeof *parts), all = {.low = INFINITY, .high = -INFINITY};
    memset(parts, 0, ranks * sizeof *parts);
    parts[ranks_rank()] = evaluate_part(model, job, first, count, images);
    ranks_gather_columns(parts, 1, ranks * sizeof *parts, sizeof *parts, ranks);
    for (uint32_t i = 0; i < ranks; i++) {
        add_counts(&all.taught, &parts[i].taught);
        add_counts(&all.held_out, &parts[i].held_out);
        all.low = fmin(all.low, parts[i].low);
        all.high = fmax(all.high, parts[i].high);
        all.overflows |= parts[i].overflows;
    }
    free(parts);
    return all;
}

double evaluation_accuracy(const evaluation_counts *c) {
    return ((double)c->right[0] + c->right[1]) / ((double)c->examples[0] + c->examples[1]);
}

// ---- Layers that are off ----------------------------------------------------------------------------------

/// A parameter of a model in float or double.
static double parameter(const nnk_model *model, const void *parameters, size_t i) {
    return model->dtype == NNK_F32 ? (double)((const float *)parameters)[i] : ((const double *)parameters)[i];
}

static bool has_weights(const nnk_model *model, int32_t layer) {
    const int32_t *size = model->topology->size;
    const size_t count = (size_t)size[layer - 1] * (size_t)size[layer];
    const void *weights = nnk_model_weights(model, layer);
    for (size_t i = 0; i < count; i++)
        if (parameter(model, weights, i) != 0) return true;
    return false;
}

/// The probability if all inputs of that layer are zeros.
static double probability_above(const nnk_model *model, int32_t layer) {
    const nnk_topology *t = model->topology;
    double inputs[NNK_MAX_UNITS] = {0}, outputs[NNK_MAX_UNITS];
    for (bool is_first = true; layer <= t->layers; layer++, is_first = false) {
        const void *weights = nnk_model_weights(model, layer), *biases = nnk_model_biases(model, layer);
        const size_t rows = (size_t)t->size[layer], columns = is_first ? 0 : (size_t)t->size[layer - 1];
        for (size_t i = 0; i < rows; i++) {
            double z = 0;
            for (size_t k = 0; k < columns; k++) z += parameter(model, weights, i * columns + k) * inputs[k];
            z += parameter(model, biases, i);
            outputs[i] = layer == t->layers ? 1 / (1 + exp(-z)) : fmax(z, 0);
        }
        memcpy(inputs, outputs, rows * sizeof *inputs);
    }
    return inputs[0];
}

int32_t silent_layer(const nnk_model *model, double low, double high) {
    const double tolerance = 1e-6; // a prediction in float rounds the same numbers differently
    if (high - low > tolerance) return 0;
    for (int32_t layer = model->topology->layers; layer > 1; layer--)
        if (has_weights(model, layer) && fabs(probability_above(model, layer) - low) <= tolerance)
            return layer - 1;
    return 0;
}
