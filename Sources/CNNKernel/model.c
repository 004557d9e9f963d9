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

nnk_status nnk_model_peek(nnk_model *m, const void *bytes, const nnk_topology *topology) {
    nnk_header h;
    if (!m || !bytes || !nnk_topology_valid(topology)) return NNK_E_ARGUMENT;
    const nnk_status status = nnk_header_read(&h, bytes, NNK_KIND_MODEL);
    if (status != NNK_OK) return status;
    if (!has_topology(&h, topology)) return NNK_E_TOPOLOGY;
    memset(m, 0, sizeof *m);
    m->topology = topology;
    m->payload_bytes = h.payload_bytes;
    m->dtype = h.dtype;
    m->options = h.options;
    if (nnk_has_shards(&h))
        m->shards = nnk_shards_in(&h);
    else
        m->method = h.method;
    m->initializer = h.initializer;
    m->seed = h.seed;
    m->iterations = h.iterations;
    m->examples = h.examples;
    m->data_crc = h.data_crc;
    m->payload_crc = h.payload_crc;
    m->learning_rate = h.learning_rate;
    const uint32_t needed = nnk_payload_bytes(topology, m->dtype) + nnk_record_bytes(m->options);
    return m->payload_bytes == needed ? NNK_OK : NNK_E_SIZE;
}

/// The first checks of nnk_model_open, which are those of the header and the length.
static nnk_status check_start(nnk_model *m, const void *bytes, size_t length, const nnk_topology *topology) {
    if (length < NNK_HEADER_BYTES) return NNK_E_LENGTH;
    if ((uintptr_t)bytes % 8 != 0) return NNK_E_ALIGN;
    const nnk_status status = nnk_model_peek(m, bytes, topology);
    if (status != NNK_OK) return status;
    if (length - NNK_HEADER_BYTES < m->payload_bytes) return NNK_E_LENGTH;
    return length - NNK_HEADER_BYTES > m->payload_bytes ? NNK_E_SIZE : NNK_OK;
}

/// The last checks, and where the parts of the payload are.
static nnk_status describe(nnk_model *m, const uint8_t *payload) {
    const uint8_t *records = payload + nnk_payload_bytes(m->topology, m->dtype),
                  *names = records - 2 * NNK_CLASS_NAME_BYTES;
    if (!nnk_origin_valid(m) || !nnk_options_valid(m)) return NNK_E_HEADER;
    m->class_names[0] = (const char *)names;
    m->class_names[1] = (const char *)names + NNK_CLASS_NAME_BYTES;
    if (names[NNK_CLASS_NAME_BYTES - 1] | names[2 * NNK_CLASS_NAME_BYTES - 1]) return NNK_E_KIND;
    if (m->options) m->records = records;
    m->parameters = payload;
    return NNK_OK;
}

nnk_status nnk_model_open(nnk_model *m, const void *bytes, size_t length, const nnk_topology *topology) {
    const nnk_status status = check_start(m, bytes, length, topology);
    if (status != NNK_OK) return status;
    const uint8_t *payload = (const uint8_t *)bytes + NNK_HEADER_BYTES;
    if (nnk_crc32(0, payload, m->payload_bytes) != m->payload_crc) return NNK_E_PAYLOAD;
    return nnk_payload_sound(m, 0, payload, m->payload_bytes) ? describe(m, payload) : NNK_E_PARAMETER;
}

nnk_status nnk_model_open_step(nnk_model *m, const void *bytes, size_t length, const nnk_topology *topology,
                               nnk_steps *steps) {
    if (!steps) return NNK_E_ARGUMENT;
    nnk_status status = steps->position == 0 ? check_start(m, bytes, length, topology) : NNK_OK;
    if (status != NNK_OK) return status;
    if (!m || !bytes || steps->position > m->payload_bytes) return NNK_E_ARGUMENT;
    const uint8_t *payload = (const uint8_t *)bytes + NNK_HEADER_BYTES;
    const uint32_t count = nnk_smaller(NNK_AT_ONCE, m->payload_bytes - steps->position);
    if (count > 0) {
        nnk_check_payload(m, steps, payload + steps->position, count);
        return NNK_MORE;
    }
    status = nnk_checked_payload(m, steps);
    return status == NNK_OK ? describe(m, payload) : status;
}

void nnk_model_to_native(const nnk_model *m, void *bytes) {
    if (!m || !bytes || nnk_model_bytes(m->topology, m->dtype) == 0) return;
    nnk_swap((uint8_t *)bytes + NNK_HEADER_BYTES, nnk_bytes_of_reals(m->topology, m->dtype),
             m->dtype == NNK_F64 ? 8 : 4);
}

static bool has_records(const nnk_model *m) { return m->options && (m->records || m->reader.read); }

/// Copies `count` bytes of a model's records, from byte `at` on.
static nnk_status copy_records(const nnk_model *m, uint32_t at, uint32_t count, void *out) {
    if (!m->records) return nnk_model_read(m, nnk_payload_bytes(m->topology, m->dtype) + at, count, out);
    memcpy(out, (const uint8_t *)m->records + at, count);
    return NNK_OK;
}

nnk_status nnk_model_record(const nnk_model *m, nnk_training_record *record) {
    if (!m || !record) return NNK_E_ARGUMENT;
    memset(record, 0, sizeof *record);
    if (!has_records(m)) return NNK_OK;
    const nnk_status status = copy_records(m, 0, sizeof *record, record);
    if (status != NNK_OK) return status;
    nnk_swap_record(record);
    return nnk_record_valid(m, record) ? NNK_OK : NNK_E_HEADER;
}

nnk_status nnk_model_expectation(const nnk_model *m, nnk_expectation *expectation) {
    if (!m || !expectation) return NNK_E_ARGUMENT;
    if (!(m->options & NNK_OPTION_JUDGED) || !has_records(m)) return NNK_E_STATE;
    const nnk_status status = copy_records(m, NNK_TRAINING_RECORD_BYTES, sizeof *expectation, expectation);
    if (status != NNK_OK) return status;
    nnk_swap_expectation(expectation);
    return nnk_expectation_valid(expectation) ? NNK_OK : NNK_E_HEADER;
}

void nnk_records_to_file(nnk_records *records) {
    if (!records) return;
    nnk_swap_record(&records->training);
    nnk_swap_expectation(&records->expectation);
}
