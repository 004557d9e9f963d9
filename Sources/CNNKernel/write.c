// Writing a model from memory: as it is, calibrated, or with weights as bytes.
#include "header.h"
#include "math_f64.h"

/// Collects the bytes of a payload and passes them to a sink.
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

/// Puts the real at `from`, little-endian.
static void put_real(writer *w, const void *from, int32_t real_bytes) {
    uint8_t bytes[8];
    memcpy(bytes, from, (size_t)real_bytes);
    nnk_swap(bytes, (uint32_t)real_bytes, real_bytes);
    for (int32_t i = 0; i < real_bytes; i++) put_byte(w, bytes[i]);
}

/// Puts what follows the parameters, and writes the header.
static nnk_status finish(writer *w, const nnk_model *model, int32_t dtype) {
    uint8_t trailer[NNK_MOST_TRAILER_BYTES];
    const uint32_t count = nnk_put_trailer(trailer, model->class_names, model->options, model->records);
    for (uint32_t b = 0; b < count; b++) put_byte(w, trailer[b]);
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
    nnk_header header = {.options = (uint8_t)model->options,
                         .payload_bytes = w->position,
                         .payload_crc = w->crc,
                         .data_crc = model->data_crc};
    return nnk_header_write(&header, &job, w->sink);
}

static bool records_valid(const nnk_model *m) {
    nnk_records records;
    return nnk_model_record(m, &records.training) == NNK_OK && nnk_record_valid(m, &records.training) &&
           (!(m->options & NNK_OPTION_JUDGED) || nnk_model_expectation(m, &records.expectation) == NNK_OK);
}

/// Whether all fields that a file takes are in their ranges.
static bool writable(const nnk_model *m, nnk_sink sink) {
    return m && nnk_topology_valid(m->topology) && m->parameters &&
           nnk_dtype_valid(m->dtype, NNK_KIND_MODEL) && nnk_origin_valid(m) && nnk_options_valid(m) &&
           records_valid(m) && sink.write;
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

// ---- Calibrated -------------------------------------------------------------------------------------------

static double parameter(const nnk_model *m, uint32_t index) {
    return m->dtype == NNK_F32 ? (double)((const float *)m->parameters)[index]
                               : ((const double *)m->parameters)[index];
}

/// Puts `x` rounded to float; NNK_E_PAYLOAD if it is not finite or too large.
static void put_float(writer *w, double x) {
    const bool fits = x >= -(double)FLT_MAX && x <= (double)FLT_MAX;
    const float rounded = fits ? (float)x : 0;
    if (!fits) w->status = NNK_E_PAYLOAD;
    put_real(w, &rounded, 4);
}

static void put_double(writer *w, double x) {
    if (!nnk_finite(x)) w->status = NNK_E_PAYLOAD;
    put_real(w, &x, 8);
}

/// Puts the parameters, with the last layer's weights times the scale, and its bias also plus the shift.
static void put_calibrated(writer *w, const nnk_model *m, const nnk_expectation *e) {
    const uint32_t last = nnk_weights_at(m->topology, m->topology->layers),
                   bias = nnk_biases_at(m->topology, m->topology->layers);
    for (uint32_t i = 0; i <= bias && w->status == NNK_OK; i++) {
        const double x = parameter(m, i), scaled = i < last ? x : x * e->scale,
                     calibrated = i < bias ? scaled : scaled + e->shift;
        if (m->dtype == NNK_F32)
            put_float(w, calibrated);
        else
            put_double(w, calibrated);
    }
}

nnk_status nnk_model_calibrate(const nnk_model *m, const nnk_expectation *e, nnk_sink sink) {
    if (!writable(m, sink) || !e || !nnk_expectation_valid(e)) return NNK_E_ARGUMENT;
    if (m->dtype == NNK_I8) return NNK_E_KIND;
    if (m->options & NNK_OPTION_JUDGED) return NNK_E_STATE;
    nnk_records records = {.expectation = *e};
    nnk_model_record(m, &records.training);
    nnk_records_to_file(&records);
    nnk_model judged = *m;
    judged.options |= NNK_OPTION_JUDGED;
    judged.records = &records;
    writer w = {.sink = sink};
    put_calibrated(&w, m, e);
    return finish(&w, &judged, m->dtype);
}

// ---- Weights as bytes -------------------------------------------------------------------------------------

/// The scale of row `unit` of W1: a 127th of its largest weight. 0 for a row that is zero, or so small that
/// its scale would be subnormal, which has too few bits; negative if a weight is not finite or is too large
/// for a float.
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

/// Puts a row of W1 as w / scale, rounded to the nearest even: |w / scale| <= 127 (1 + 2^-24), so no byte
/// overflows.
///
/// With own contrast the row's weights sum up to zero, so that the image's mean does not count; rounded one
/// by one, their sum would be tens of steps away. So what rounding leaves of a weight is carried to the next
/// one, and the sum of the bytes is that of the weights, to half a step.
static void put_row(writer *w, const nnk_model *m, uint32_t unit) {
    const uint32_t inputs = (uint32_t)m->topology->size[0];
    const double scale = (double)scale_of(m, unit);
    double carried = 0;
    for (uint32_t k = 0; k < inputs; k++) {
        const double steps = (scale > 0 ? parameter(m, unit * inputs + k) / scale : 0) + carried;
        double q = steps + NNK_ROUND_F64 - NNK_ROUND_F64;
        if (q > 127) q = 127; // only if something was carried
        if (q < -127) q = -127;
        if (m->options & NNK_OPTION_OWN_CONTRAST) carried = steps - q;
        put_byte(w, (uint8_t)(int32_t)q);
    }
}

nnk_status nnk_model_quantize(const nnk_model *m, nnk_sink sink) {
    if (!writable(m, sink)) return NNK_E_ARGUMENT;
    if (m->dtype == NNK_I8) return NNK_E_KIND;
    writer w = {.sink = sink};
    const uint32_t units = (uint32_t)m->topology->size[1], all = nnk_parameters_of(m->topology);
    for (uint32_t i = 0; i < units; i++) {
        const float scale = scale_of(m, i);
        if (scale < 0) return NNK_E_PAYLOAD;
        put_real(&w, &scale, 4);
    }
    for (uint32_t i = nnk_biases_at(m->topology, 1); i < all; i++) put_float(&w, parameter(m, i));
    for (uint32_t i = 0; i < units && w.status == NNK_OK; i++) put_row(&w, m, i);
    return finish(&w, m, NNK_I8);
}
