#include "header.h"
#include "layout.h"
#include "math_f64.h"

/// A payload on its way to a sink, a few bytes at a time.
typedef struct writer {
    nnk_sink sink;
    nnk_status status; ///< once it is not NNK_OK, nothing more is written
    uint32_t position; ///< bytes of the payload that are written
    uint32_t crc;      ///< of these
    uint32_t pending;
    uint8_t bytes[NNK_PATCH];
} writer;

static void flush(writer *w) {
    if (w->status == NNK_OK && w->pending > 0 &&
        w->sink.write(w->sink.context, NNK_HEADER_BYTES + w->position, w->bytes, w->pending) != NNK_OK)
        w->status = NNK_E_SINK;
    w->crc = nnk_crc32(w->crc, w->bytes, w->pending);
    w->position += w->pending;
    w->pending = 0;
}

static void put_byte(writer *w, uint8_t byte) {
    if (w->pending == sizeof w->bytes) flush(w);
    w->bytes[w->pending++] = byte;
}

/// The real at `from`, of this processor's order.
static void put_real(writer *w, const void *from, int32_t real_bytes) {
    uint8_t bytes[8];
    memcpy(bytes, from, (size_t)real_bytes);
    nnk_swap(bytes, (uint32_t)real_bytes, real_bytes);
    for (int32_t i = 0; i < real_bytes; i++) put_byte(w, bytes[i]);
}

/// The class names, then the header.
static nnk_status finish(writer *w, const nnk_model *model, int32_t dtype) {
    uint8_t names[2 * NNK_CLASS_NAME_BYTES];
    nnk_put_class_names(names, model->class_names);
    for (size_t b = 0; b < sizeof names; b++) put_byte(w, names[b]);
    flush(w);
    if (w->status != NNK_OK) return w->status;
    const nnk_job_numbers job = {
        .topology = *model->topology,
        .dtype = dtype,
        .method = model->method,
        .initializer = model->initializer,
        .seed = model->seed,
        .iterations = model->iterations,
        .examples = model->examples,
        .learning_rate = model->learning_rate,
    };
    nnk_header header = {.payload_bytes = w->position, .payload_crc = w->crc, .data_crc = model->data_crc};
    return nnk_header_write(&header, &job, w->sink);
}

static int32_t writable(const nnk_model *m, nnk_sink sink) {
    return m && m->topology && nnk_topology_valid(m->topology) && m->parameters && m->dtype >= NNK_F32 &&
           m->dtype <= NNK_I8 && nnk_rate_valid(m) && sink.write;
}

nnk_status nnk_model_write(const nnk_model *m, nnk_sink sink) {
    if (!writable(m, sink)) return NNK_E_ARGUMENT;
    writer w = {.sink = sink};
    const uint8_t *parameters = m->parameters;
    const int32_t real_bytes = m->dtype == NNK_F64 ? 8 : 4;
    const uint32_t reals = nnk_bytes_of_reals(m->topology, m->dtype),
                   all = nnk_payload_bytes(m->topology, m->dtype) - 2 * NNK_CLASS_NAME_BYTES;
    for (uint32_t at = 0; at < reals; at += (uint32_t)real_bytes) put_real(&w, parameters + at, real_bytes);
    for (uint32_t at = reals; at < all; at++) put_byte(&w, parameters[at]);
    return finish(&w, m, m->dtype);
}

// ---- Weights as bytes -------------------------------------------------------------------------------------

static double parameter(const nnk_model *m, uint32_t index) {
    return m->dtype == NNK_F32 ? (double)((const float *)m->parameters)[index]
                               : ((const double *)m->parameters)[index];
}

/// What one step of row `unit` of W1 stands for: its largest weight is 127 steps. 0 for a row that is zero,
/// or so small that a step would be subnormal and 127 of them no longer that weight; negative if a weight is
/// too large for a float, or is no number.
static float scale_of(const nnk_model *m, uint32_t unit) {
    const uint32_t inputs = (uint32_t)m->topology->size[0];
    double largest = 0;
    for (uint32_t k = 0; k < inputs; k++) {
        const double w = parameter(m, unit * inputs + k), size = w < 0 ? -w : w;
        if (!(size <= (double)FLT_MAX)) return -1;
        if (size > largest) largest = size;
    }
    return largest / 127 < (double)FLT_MIN ? 0 : (float)(largest / 127);
}

/// `x` rounded to float, if it is a number that a float can hold.
static void put_float(writer *w, double x) {
    const int32_t fits = x >= -(double)FLT_MAX && x <= (double)FLT_MAX;
    const float rounded = fits ? (float)x : 0;
    if (!fits) w->status = NNK_E_PAYLOAD;
    put_real(w, &rounded, 4);
}

/// w / scale, rounded to nearest even: |w / scale| <= 127 (1 + 2^-24), so it needs no limit.
static void put_row(writer *w, const nnk_model *m, uint32_t unit) {
    const uint32_t inputs = (uint32_t)m->topology->size[0];
    const double scale = (double)scale_of(m, unit);
    for (uint32_t k = 0; k < inputs; k++) {
        const double steps = scale > 0 ? parameter(m, unit * inputs + k) / scale : 0;
        put_byte(w, (uint8_t)(int32_t)(steps + NNK_ROUND_F64 - NNK_ROUND_F64));
    }
}

nnk_status nnk_model_quantize(const nnk_model *m, nnk_sink sink) {
    if (!writable(m, sink)) return NNK_E_ARGUMENT;
    if (m->dtype == NNK_I8) return NNK_E_KIND;
    writer w = {.sink = sink};
    const uint32_t units = (uint32_t)m->topology->size[1], all = nnk_parameter_count(m->topology);
    for (uint32_t i = 0; i < units; i++) {
        const float scale = scale_of(m, i);
        if (scale < 0) return NNK_E_PAYLOAD;
        put_real(&w, &scale, 4);
    }
    for (uint32_t i = nnk_biases_at(m->topology, 1); i < all; i++) put_float(&w, parameter(m, i));
    for (uint32_t i = 0; i < units && w.status == NNK_OK; i++) put_row(&w, m, i);
    return finish(&w, m, NNK_I8);
}
