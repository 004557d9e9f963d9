// Reading a model, where it lies.
#include "header.h"

uint32_t nnk_model_bytes(const nnk_topology *topology, int32_t dtype) {
    if (!nnk_topology_valid(topology) || !nnk_dtype_valid(dtype, NNK_KIND_MODEL)) return 0;
    return NNK_HEADER_BYTES + nnk_payload_bytes(topology, dtype);
}

/// Whether the header has this topology.
static bool has_topology(const nnk_header *h, const nnk_topology *t) {
    if (h->layers != t->layers) return false;
    for (int32_t l = 0; l <= t->layers; l++)
        if (h->size[l] != t->size[l]) return false;
    return true;
}

/// As nnk_model_peek; also gives the header.
static nnk_status peek(nnk_model *m, nnk_header *h, const void *bytes, const nnk_topology *topology) {
    if (!m || !bytes || !nnk_topology_valid(topology)) return NNK_E_ARGUMENT;
    const nnk_status status = nnk_header_read(h, bytes, NNK_KIND_MODEL);
    if (status != NNK_OK) return status;
    if (!has_topology(h, topology)) return NNK_E_TOPOLOGY;
    memset(m, 0, sizeof *m);
    m->topology = topology;
    m->payload_bytes = h->payload_bytes;
    m->dtype = h->dtype;
    m->options = h->options;
    m->method = h->method;
    m->initializer = h->initializer;
    m->seed = h->seed;
    m->iterations = h->iterations;
    m->examples = h->examples;
    m->data_crc = h->data_crc;
    m->payload_crc = h->payload_crc;
    m->learning_rate = h->learning_rate;
    const uint32_t needed = nnk_payload_bytes(topology, m->dtype) + nnk_record_bytes(m->options);
    return m->payload_bytes == needed ? NNK_OK : NNK_E_SIZE;
}

nnk_status nnk_model_peek(nnk_model *m, const void *bytes, const nnk_topology *topology) {
    nnk_header h;
    return peek(m, &h, bytes, topology);
}

nnk_status nnk_model_open(nnk_model *m, const void *bytes, size_t length, const nnk_topology *topology) {
    nnk_header h;
    if (length < NNK_HEADER_BYTES) return NNK_E_LENGTH;
    if ((uintptr_t)bytes % 8 != 0) return NNK_E_ALIGN;
    const nnk_status status = peek(m, &h, bytes, topology);
    if (status != NNK_OK) return status;
    if (length - NNK_HEADER_BYTES < m->payload_bytes) return NNK_E_LENGTH;
    if (length - NNK_HEADER_BYTES > m->payload_bytes) return NNK_E_SIZE;
    const uint8_t *payload = (const uint8_t *)bytes + NNK_HEADER_BYTES;
    if (nnk_crc32(0, payload, m->payload_bytes) != h.payload_crc) return NNK_E_PAYLOAD;
    const uint8_t *records = payload + nnk_payload_bytes(topology, m->dtype),
                  *names = records - 2 * NNK_CLASS_NAME_BYTES;
    if (m->options) m->records = records;
    // Checksums can be right where numbers are not.
    if (!nnk_origin_valid(m) || !nnk_options_valid(m)) return NNK_E_HEADER;
    m->parameters = payload;
    for (int32_t i = 0; i < 2; i++) {
        m->class_names[i] = (const char *)(names + i * NNK_CLASS_NAME_BYTES);
        if (m->class_names[i][NNK_CLASS_NAME_BYTES - 1] != 0) return NNK_E_KIND;
    }
    return NNK_OK;
}

void nnk_model_to_native(const nnk_model *m, void *bytes) {
    if (!m || !bytes || nnk_model_bytes(m->topology, m->dtype) == 0) return;
    nnk_swap((uint8_t *)bytes + NNK_HEADER_BYTES, nnk_bytes_of_reals(m->topology, m->dtype),
             m->dtype == NNK_F64 ? 8 : 4);
}

nnk_status nnk_model_record(const nnk_model *m, nnk_training_record *record) {
    if (!m || !record) return NNK_E_ARGUMENT;
    memset(record, 0, sizeof *record);
    if (m->options && m->records) memcpy(record, m->records, sizeof *record);
    nnk_swap_record(record);
    return !m->records || nnk_record_valid(m, record) ? NNK_OK : NNK_E_HEADER;
}

nnk_status nnk_model_expectation(const nnk_model *m, nnk_expectation *expectation) {
    if (!m || !expectation) return NNK_E_ARGUMENT;
    if (!(m->options & NNK_OPTION_JUDGED) || !m->records) return NNK_E_STATE;
    memcpy(expectation, (const uint8_t *)m->records + NNK_TRAINING_RECORD_BYTES, sizeof *expectation);
    nnk_swap_expectation(expectation);
    return nnk_expectation_valid(expectation) ? NNK_OK : NNK_E_HEADER;
}

void nnk_records_to_file(nnk_records *records) {
    if (!records) return;
    nnk_swap_record(&records->training);
    nnk_swap_expectation(&records->expectation);
}
