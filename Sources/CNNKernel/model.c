#include "nnkernel/model.h"
#include "header.h"
#include "layout.h"
#include "nnkernel/kernels.h"

// Offsets in the header; docs/FORMAT.md describes the fields.
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_HEADER_BYTES = 5,
    AT_DTYPE = 6,
    AT_KIND = 7,
    AT_LAYERS = 8,
    AT_INITIALIZER = 9,
    AT_METHOD = 10,
    AT_ZERO = 11,
    AT_SIZES = 12,
    AT_EXAMPLES = 28,
    AT_PAYLOAD_BYTES = 32,
    AT_PAYLOAD_CRC = 36,
    AT_SEED = 40,
    AT_ITERATIONS = 44,
    AT_LEARNING_RATE = 48,
    AT_DATA_CRC = 56,
    AT_HEADER_CRC = 60,
};

enum { VERSION = 1 };

// The last byte is what DOS takes for the end of a text; the first is no ASCII.
static const uint8_t magic[4] = {0x8e, 'N', 'N', 0x1a};

void nnk_header_write(uint8_t h[NNK_HEADER_BYTES], const nnk_model *m, uint32_t kind, uint32_t payload_crc) {
    memset(h, 0, NNK_HEADER_BYTES);
    memcpy(h + AT_MAGIC, magic, sizeof magic);
    h[AT_VERSION] = VERSION;
    h[AT_HEADER_BYTES] = NNK_HEADER_BYTES;
    h[AT_DTYPE] = (uint8_t)m->dtype;
    h[AT_KIND] = (uint8_t)kind;
    h[AT_LAYERS] = (uint8_t)m->topology->layers;
    h[AT_INITIALIZER] = (uint8_t)m->initializer;
    h[AT_METHOD] = (uint8_t)m->method;
    for (int32_t l = 0; l <= m->topology->layers; l++)
        nnk_put16(h + AT_SIZES + 2 * l, (uint32_t)m->topology->size[l]);
    nnk_put32(h + AT_EXAMPLES, m->examples);
    nnk_put32(h + AT_PAYLOAD_BYTES, m->payload_bytes);
    nnk_put32(h + AT_PAYLOAD_CRC, payload_crc);
    nnk_put32(h + AT_SEED, m->seed);
    nnk_put32(h + AT_ITERATIONS, m->iterations);
    nnk_put_f64(h + AT_LEARNING_RATE, m->learning_rate);
    nnk_put32(h + AT_DATA_CRC, m->data_crc);
    nnk_put32(h + AT_HEADER_CRC, nnk_crc32(0, h, AT_HEADER_CRC));
}

void nnk_put_class_names(uint8_t bytes[2 * NNK_CLASS_NAME_BYTES], const char *const names[2]) {
    memset(bytes, 0, 2 * NNK_CLASS_NAME_BYTES);
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *name = (const uint8_t *)names[i];
        uint32_t count = 0;
        while (name && name[count] && count < NNK_CLASS_NAME_BYTES - 1) count++;
        // Where the name goes on in the middle of a character of UTF-8, that one goes.
        while (count > 0 && (name[count] & 0xc0) == 0x80) count--;
        for (; count > 0; count--) bytes[i * NNK_CLASS_NAME_BYTES + count - 1] = name[count - 1];
    }
}

uint32_t nnk_payload_bytes(const nnk_topology *t, int32_t dtype) {
    const uint32_t parameters =
        dtype == NNK_I8 ? nnk_input_weights_at(t, dtype) + (uint32_t)t->size[0] * (uint32_t)t->size[1]
                        : nnk_parameter_count(t) * (dtype == NNK_F32 ? 4u : 8u);
    return parameters + 2 * NNK_CLASS_NAME_BYTES;
}

uint32_t nnk_model_bytes(const nnk_topology *topology, int32_t dtype) {
    return NNK_HEADER_BYTES + nnk_payload_bytes(topology, dtype);
}

uint32_t nnk_bytes_of_reals(const nnk_topology *topology, int32_t dtype) {
    return dtype == NNK_I8 ? nnk_input_weights_at(topology, dtype)
                           : nnk_payload_bytes(topology, dtype) - 2 * NNK_CLASS_NAME_BYTES;
}

/// Bytes are for inference alone: no trainer is of them.
static int32_t dtype_valid(int32_t dtype, uint32_t kind) {
    return dtype == NNK_F32 || dtype == NNK_F64 || (dtype == NNK_I8 && kind == NNK_KIND_MODEL);
}

nnk_status nnk_header_check(const uint8_t h[NNK_HEADER_BYTES], uint32_t kind) {
    if (memcmp(h + AT_MAGIC, magic, sizeof magic) != 0) return NNK_E_MAGIC;
    if (nnk_crc32(0, h, AT_HEADER_CRC) != nnk_get32(h + AT_HEADER_CRC)) return NNK_E_HEADER;
    if (h[AT_VERSION] != VERSION || h[AT_HEADER_BYTES] != NNK_HEADER_BYTES) return NNK_E_VERSION;
    return h[AT_KIND] == kind && dtype_valid(h[AT_DTYPE], kind) ? NNK_OK : NNK_E_KIND;
}

nnk_topology nnk_header_topology(const uint8_t h[NNK_HEADER_BYTES]) {
    nnk_topology t = {0, {0}};
    if (h[AT_LAYERS] > NNK_MAX_LAYERS) return t;
    t.layers = h[AT_LAYERS];
    for (int32_t l = 0; l <= t.layers; l++) t.size[l] = (int32_t)nnk_get16(h + AT_SIZES + 2 * l);
    return t;
}

void nnk_header_read(nnk_model *m, const uint8_t h[NNK_HEADER_BYTES]) {
    *m = (nnk_model){
        .payload_bytes = nnk_get32(h + AT_PAYLOAD_BYTES),
        .dtype = h[AT_DTYPE],
        .method = h[AT_METHOD],
        .initializer = h[AT_INITIALIZER],
        .seed = nnk_get32(h + AT_SEED),
        .iterations = nnk_get32(h + AT_ITERATIONS),
        .examples = nnk_get32(h + AT_EXAMPLES),
        .data_crc = nnk_get32(h + AT_DATA_CRC),
        .learning_rate = nnk_get_f64(h + AT_LEARNING_RATE),
    };
}

uint32_t nnk_header_payload_crc(const uint8_t h[NNK_HEADER_BYTES]) { return nnk_get32(h + AT_PAYLOAD_CRC); }

/// nnk_topology_equal, without a copy.
static int32_t has_topology(const uint8_t h[NNK_HEADER_BYTES], const nnk_topology *t) {
    if (h[AT_LAYERS] != t->layers) return 0;
    for (int32_t l = 0; l <= t->layers; l++)
        if (nnk_get16(h + AT_SIZES + 2 * l) != (uint32_t)t->size[l]) return 0;
    return 1;
}

nnk_status nnk_model_peek(nnk_model *m, const void *bytes, const nnk_topology *topology) {
    if (!nnk_topology_valid(topology)) return NNK_E_ARGUMENT;
    const nnk_status status = nnk_header_check(bytes, NNK_KIND_MODEL);
    if (status != NNK_OK) return status;
    if (!has_topology(bytes, topology)) return NNK_E_TOPOLOGY;
    nnk_header_read(m, bytes);
    m->topology = topology;
    return m->payload_bytes == nnk_payload_bytes(topology, m->dtype) ? NNK_OK : NNK_E_SIZE;
}

nnk_status nnk_model_open(nnk_model *m, const void *bytes, size_t length, const nnk_topology *topology) {
    const uint8_t *h = bytes;
    if (length < NNK_HEADER_BYTES) return NNK_E_LENGTH;
    if ((uintptr_t)bytes % 8 != 0) return NNK_E_ALIGN;
    nnk_status status = nnk_model_peek(m, bytes, topology);
    if (status != NNK_OK) return status;
    if (length - NNK_HEADER_BYTES < m->payload_bytes) return NNK_E_LENGTH;
    if (length - NNK_HEADER_BYTES > m->payload_bytes) return NNK_E_SIZE;
    if (nnk_crc32(0, h + NNK_HEADER_BYTES, m->payload_bytes) != nnk_header_payload_crc(h))
        return NNK_E_PAYLOAD;
    if (!nnk_rate_valid(m)) return NNK_E_HEADER; // checksums can be right where numbers are not
    m->parameters = h + NNK_HEADER_BYTES;
    const uint8_t *names = h + length - 2 * NNK_CLASS_NAME_BYTES;
    for (int32_t i = 0; i < 2; i++) {
        m->class_names[i] = (const char *)(names + i * NNK_CLASS_NAME_BYTES);
        if (m->class_names[i][NNK_CLASS_NAME_BYTES - 1] != 0) return NNK_E_KIND;
    }
    return NNK_OK;
}

void nnk_model_to_native(const nnk_model *m, void *bytes) {
    nnk_swap_reals((uint8_t *)bytes + NNK_HEADER_BYTES, nnk_bytes_of_reals(m->topology, m->dtype),
                   m->dtype == NNK_F64 ? 8 : 4);
}
