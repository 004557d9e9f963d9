// Reading a model that is not in memory, slice by slice.
#include "predictor.h"

/// Reads and checks up to NNK_AT_ONCE bytes of the payload. Not inlined, so that the header takes no
/// stack then.
static __attribute__((noinline)) nnk_status check_next(const nnk_model *m, nnk_steps *steps) {
    const uint32_t end = nnk_smaller(m->payload_bytes, steps->position + NNK_AT_ONCE);
    while (steps->position < end) {
        uint8_t bytes[NNK_PATCH];
        const uint32_t count = nnk_smaller(sizeof bytes, end - steps->position);
        if (nnk_model_read(m, steps->position, count, bytes) != NNK_OK) return NNK_E_SOURCE;
        nnk_check_payload(m, steps, bytes, count);
    }
    return NNK_MORE;
}

static __attribute__((noinline)) nnk_status read_model_header(nnk_model *m, nnk_reader reader,
                                                              const nnk_topology *topology) {
    uint8_t header[NNK_HEADER_BYTES];
    if (reader.read(reader.context, 0, sizeof header, header) != NNK_OK) return NNK_E_SOURCE;
    const nnk_status status = nnk_model_peek(m, header, topology);
    m->reader = reader;
    return status;
}

/// Where the name of class `index` begins in the payload.
static uint32_t name_at(const nnk_model *m, uint32_t index) {
    return nnk_payload_bytes(m->topology, m->dtype) - (2 - index) * NNK_CLASS_NAME_BYTES;
}

/// The last checks, of what a right checksum does not say.
static nnk_status check_model_contents(const nnk_model *m) {
    if (!nnk_origin_valid(m) || !nnk_options_valid(m)) return NNK_E_HEADER;
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t last;
        if (nnk_model_read(m, name_at(m, i) + NNK_CLASS_NAME_BYTES - 1, 1, &last) != NNK_OK)
            return NNK_E_SOURCE;
        if (last != 0) return NNK_E_KIND;
    }
    return NNK_OK;
}

nnk_status nnk_model_read_step(nnk_model *m, nnk_reader reader, const nnk_topology *topology,
                               nnk_steps *steps) {
    if (!m || !reader.read || !nnk_topology_valid(topology) || !steps) return NNK_E_ARGUMENT;
    nnk_status status = steps->position == 0 ? read_model_header(m, reader, topology) : NNK_OK;
    if (status != NNK_OK) return status;
    if (steps->position > m->payload_bytes) return NNK_E_ARGUMENT;
    if (steps->position < m->payload_bytes) return check_next(m, steps);
    status = nnk_checked_payload(m, steps);
    if (status == NNK_OK) status = check_model_contents(m);
    if (status == NNK_OK) m->reading = &nnk_predict_reading;
    return status;
}

nnk_status nnk_model_class_name(const nnk_model *m, int32_t index, char name[NNK_CLASS_NAME_BYTES]) {
    if (!m || !name || (index != 0 && index != 1)) return NNK_E_ARGUMENT;
    memset(name, 0, NNK_CLASS_NAME_BYTES);
    if (!m->class_names[index] && m->reader.read)
        return nnk_model_read(m, name_at(m, (uint32_t)index), NNK_CLASS_NAME_BYTES - 1, name);
    for (size_t i = 0; i < NNK_CLASS_NAME_BYTES - 1 && m->class_names[index] && m->class_names[index][i]; i++)
        name[i] = m->class_names[index][i];
    return NNK_OK;
}
