/// Small models: of an input's bytes, their files, and predictions with them.
#ifndef MODELS_H
#define MODELS_H

#include "fuzz.h"
#include "layout.h"

/// The inputs are a part of a patch, a whole one, and more than one.
static const nnk_topology topologies[] = {
    {3, {10, 4, 3, 1}}, {1, {13, 1}}, {2, {192, 3, 1}}, {4, {200, 5, 4, 3, 1}}, {7, {9, 6, 5, 4, 5, 4, 3, 1}},
};
enum { TOPOLOGIES = sizeof topologies / sizeof topologies[0], MOST_INPUTS = 200, MOST_ROOM = 1 << 14 };

static inline const nnk_topology *take_topology(input *in) { return &topologies[take_below(in, TOPOLOGIES)]; }

/// The definition of inference, for all models.
static inline const nnk_inference *definition_of(int32_t dtype) {
    return dtype == NNK_F32   ? &nnk_f32_contrast_inference
           : dtype == NNK_F64 ? &nnk_f64_contrast_inference
                              : &nnk_i8_contrast_inference;
}

/// A model whose parameters are the input's bytes, again and again; NULL parameters if there is none of them.
/// It is not opened, so its parameters may be anything. Free the parameters.
static inline nnk_model take_model(input *in, const nnk_topology *t) {
    nnk_model m = {.topology = t, .dtype = (int32_t)take_below(in, 2) + NNK_F32, .learning_rate = 1};
    m.options = take_below(in, 2) ? NNK_OPTION_OWN_CONTRAST : 0;
    m.initializer = NNK_INIT_DEEP;
    const size_t count = nnk_parameter_count(t) * (m.dtype == NNK_F32 ? 4u : 8u);
    uint8_t *parameters = room_for(count);
    for (size_t i = 0; i < count; i++) parameters[i] = in->count ? in->bytes[i % in->count] : 0;
    m.parameters = parameters;
    return m;
}

/// The prediction for an image that arrives in pieces of so many bytes.
static inline nnk_status predict(const nnk_model *m, const nnk_inference *inference, const uint8_t *image,
                                 uint32_t piece, double *probability) {
    const size_t bytes = m->parameters ? nnk_predict_bytes(m->topology, inference)
                                       : nnk_predict_reading_bytes(m->topology, inference);
    const uint32_t inputs = (uint32_t)m->topology->size[0];
    void *memory = room_for(bytes);
    nnk_status status = nnk_predict_begin(memory, bytes, m, inference);
    for (uint32_t at = 0; status == NNK_OK && at < inputs; at += piece)
        status = nnk_predict_feed(memory, image + at, nnk_smaller(piece, inputs - at));
    if (status == NNK_OK) status = nnk_predict_finish(memory, probability);
    free(memory);
    return status;
}

/// What must hold for any model that is open: a probability, or a typed error; the same bits each time.
static inline nnk_status checked_prediction(const nnk_model *m, uint32_t piece, double *probability) {
    uint8_t image[MOST_INPUTS];
    for (uint32_t i = 0; i < sizeof image; i++) image[i] = (uint8_t)(i * 151);
    double fastest = 0;
    *probability = 0;
    const nnk_status status = predict(m, definition_of(m->dtype), image, MOST_INPUTS, probability);
    REQUIRE(status == NNK_E_PARAMETER || (status == NNK_OK && *probability >= 0 && *probability <= 1));
    REQUIRE(predict(m, nnk_fastest_inference(m->dtype), image, piece, &fastest) == status);
    REQUIRE(status != NNK_OK || memcmp(&fastest, probability, sizeof fastest) == 0);
    return status;
}

/// Opens a file that was just written.
static inline nnk_model opened(const memory_file *f, const nnk_topology *t) {
    nnk_model m;
    REQUIRE(nnk_model_open(&m, f->bytes, f->size, t) == NNK_OK);
    nnk_model_to_native(&m, f->bytes);
    return m;
}

#endif
