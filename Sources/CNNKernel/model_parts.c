// Where the parts of a model file are.
#include "header.h"
#include "layout.h"

static int32_t is_layer(const nnk_topology *t, int32_t dtype, int32_t number) {
    return nnk_model_bytes(t, dtype) != 0 && number >= 1 && number <= t->layers;
}

/// The parameter of that index, in a model whose parameters behind W1 are reals. In an i8 model the scales
/// and these come first, and W1 is last.
static uint32_t position_of_parameter(const nnk_topology *t, int32_t dtype, uint32_t index) {
    const uint32_t units = (uint32_t)t->size[1], first = units * (uint32_t)t->size[0];
    if (dtype != NNK_I8) return NNK_HEADER_BYTES + index * (dtype == NNK_F64 ? 8u : 4u);
    return NNK_HEADER_BYTES + (index < first ? nnk_input_weights_at(t, dtype) : 4 * (units + index - first));
}

uint32_t nnk_model_weights_at(const nnk_topology *topology, int32_t dtype, int32_t number) {
    return is_layer(topology, dtype, number)
               ? position_of_parameter(topology, dtype, nnk_weights_at(topology, number))
               : 0;
}

uint32_t nnk_model_biases_at(const nnk_topology *topology, int32_t dtype, int32_t number) {
    return is_layer(topology, dtype, number)
               ? position_of_parameter(topology, dtype, nnk_biases_at(topology, number))
               : 0;
}

/// A pointer into the parameters, which are the first part of the payload.
static const void *parameters_from(const nnk_model *m, uint32_t at) {
    return at > 0 && m->parameters ? (const uint8_t *)m->parameters + (at - NNK_HEADER_BYTES) : NULL;
}

const void *nnk_model_weights(const nnk_model *m, int32_t number) {
    return m ? parameters_from(m, nnk_model_weights_at(m->topology, m->dtype, number)) : NULL;
}

const void *nnk_model_biases(const nnk_model *m, int32_t number) {
    return m ? parameters_from(m, nnk_model_biases_at(m->topology, m->dtype, number)) : NULL;
}

const float *nnk_model_scales(const nnk_model *m) {
    return m && m->dtype == NNK_I8 ? parameters_from(m, NNK_HEADER_BYTES) : NULL;
}

uint32_t nnk_model_payload_crc(const void *header) {
    uint32_t crc;
    if (!header) return 0;
    memcpy(&crc, (const uint8_t *)header + offsetof(nnk_header, payload_crc), sizeof crc);
    nnk_swap(&crc, sizeof crc, sizeof crc);
    return crc;
}
