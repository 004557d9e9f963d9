#include "nnkernel/model.h"
#include "header.h"
#include "layout.h"
#include "nnkernel/kernels.h"

enum { VERSION = 1 };

// The last byte is what DOS takes for the end of a text; the first is no ASCII.
static const uint32_t magic = 0x1a4e4e8e; // 0x8e, 'N', 'N', 0x1a

/// From this processor's order of bytes to little-endian, or back; but for the last field.
static void swap_header(nnk_header *h) {
    uint8_t *bytes = (uint8_t *)h;
    nnk_swap(&h->magic, sizeof h->magic, 4);
    nnk_swap(h->size, sizeof h->size, 2);
    nnk_swap(bytes + offsetof(nnk_header, examples), 5 * 4, 4);
    nnk_swap(&h->learning_rate, sizeof h->learning_rate, 8);
    nnk_swap(&h->data_crc, sizeof h->data_crc, 4);
}

nnk_status nnk_header_write(nnk_header *h, const nnk_job_numbers *job, nnk_sink sink) {
    h->magic = magic;
    h->version = VERSION;
    h->header_bytes = sizeof *h;
    h->dtype = (uint8_t)job->dtype;
    h->layers = (uint8_t)job->topology.layers;
    h->initializer = (uint8_t)job->initializer;
    h->method = (uint8_t)job->method;
    if (h->kind == NNK_KIND_MODEL && h->method == NNK_DUAL_WIDE) h->method = NNK_DUAL; // the same bits
    for (int32_t l = 0; l <= h->layers; l++) h->size[l] = (uint16_t)job->topology.size[l];
    h->examples = job->examples;
    h->seed = job->seed;
    h->iterations = job->iterations;
    h->learning_rate = job->learning_rate;
    swap_header(h);
    h->header_crc = nnk_crc32(0, (const uint8_t *)h, offsetof(nnk_header, header_crc));
    nnk_swap(&h->header_crc, sizeof h->header_crc, 4);
    return sink.write(sink.context, 0, (const uint8_t *)h, sizeof *h) == NNK_OK ? NNK_OK : NNK_E_SINK;
}

void nnk_put_class_names(uint8_t bytes[2 * NNK_CLASS_NAME_BYTES], const char *const names[2]) {
    memset(bytes, 0, 2 * NNK_CLASS_NAME_BYTES);
    for (uint32_t i = 0; i < 2; i++) {
        const char *name = names[i];
        uint32_t count = 0;
        if (!name) continue;
        while (name[count] && count < NNK_CLASS_NAME_BYTES - 1) count++;
        // A character of UTF-8 that would be cut is left out.
        while (count > 0 && (name[count] & 0xc0) == 0x80) count--;
        memcpy(bytes + i * NNK_CLASS_NAME_BYTES, name, count);
    }
}

uint32_t nnk_payload_bytes(const nnk_topology *t, int32_t dtype) {
    const uint32_t parameters =
        dtype == NNK_I8 ? nnk_input_weights_at(t, dtype) + (uint32_t)t->size[0] * (uint32_t)t->size[1]
                        : nnk_parameter_count(t) * (dtype == NNK_F32 ? 4u : 8u);
    return parameters + 2 * NNK_CLASS_NAME_BYTES;
}

/// Bytes are for inference alone: no trainer is of them.
static int32_t dtype_valid(int32_t dtype, uint32_t kind) {
    return dtype >= NNK_F32 && dtype <= (kind == NNK_KIND_MODEL ? NNK_I8 : NNK_F64);
}

uint32_t nnk_model_bytes(const nnk_topology *topology, int32_t dtype) {
    if (!nnk_topology_valid(topology) || !dtype_valid(dtype, NNK_KIND_MODEL)) return 0;
    return NNK_HEADER_BYTES + nnk_payload_bytes(topology, dtype);
}

uint32_t nnk_bytes_of_reals(const nnk_topology *topology, int32_t dtype) {
    return dtype == NNK_I8 ? nnk_input_weights_at(topology, dtype)
                           : nnk_payload_bytes(topology, dtype) - 2 * NNK_CLASS_NAME_BYTES;
}

nnk_status nnk_header_read(nnk_header *h, const void *bytes, uint32_t kind) {
    memcpy(h, bytes, sizeof *h);
    swap_header(h);
    nnk_swap(&h->header_crc, sizeof h->header_crc, 4);
    if (h->magic != magic) return NNK_E_MAGIC;
    if (nnk_crc32(0, bytes, offsetof(nnk_header, header_crc)) != h->header_crc) return NNK_E_HEADER;
    if (h->version != VERSION || h->header_bytes != NNK_HEADER_BYTES) return NNK_E_VERSION;
    return h->kind == kind && dtype_valid(h->dtype, kind) ? NNK_OK : NNK_E_KIND;
}

/// nnk_topology_equal, of the header's.
static int32_t has_topology(const nnk_header *h, const nnk_topology *t) {
    if (h->layers != t->layers) return 0;
    for (int32_t l = 0; l <= t->layers; l++)
        if (h->size[l] != t->size[l]) return 0;
    return 1;
}

/// nnk_model_peek, and the header.
static nnk_status peek(nnk_model *m, nnk_header *h, const void *bytes, const nnk_topology *topology) {
    if (!m || !bytes || !nnk_topology_valid(topology)) return NNK_E_ARGUMENT;
    const nnk_status status = nnk_header_read(h, bytes, NNK_KIND_MODEL);
    if (status != NNK_OK) return status;
    if (!has_topology(h, topology)) return NNK_E_TOPOLOGY;
    memset(m, 0, sizeof *m);
    m->topology = topology;
    m->payload_bytes = h->payload_bytes;
    m->dtype = h->dtype;
    m->method = h->method;
    m->initializer = h->initializer;
    m->seed = h->seed;
    m->iterations = h->iterations;
    m->examples = h->examples;
    m->data_crc = h->data_crc;
    m->learning_rate = h->learning_rate;
    return m->payload_bytes == nnk_payload_bytes(topology, m->dtype) ? NNK_OK : NNK_E_SIZE;
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
    if (!nnk_rate_valid(m)) return NNK_E_HEADER; // checksums can be right where numbers are not
    m->parameters = payload;
    const uint8_t *names = payload + m->payload_bytes - 2 * NNK_CLASS_NAME_BYTES;
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
