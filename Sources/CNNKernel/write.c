// Writing a model from memory: as it is, calibrated, or with weights as bytes.
#include "header.h"
#include "quantize.h"

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

/// Puts the real at `from`, little-endian. NNK_E_PARAMETER, in the writer: it is not finite, or a scale below
/// zero.
static void put_real(writer *w, const void *from, int32_t real_bytes, bool is_scale) {
    uint8_t bytes[8];
    memcpy(bytes, from, (size_t)real_bytes);
    nnk_swap(bytes, (uint32_t)real_bytes, real_bytes);
    if (!nnk_reals_sound(bytes, real_bytes, real_bytes, is_scale ? real_bytes : 0))
        w->status = NNK_E_PARAMETER;
    for (int32_t i = 0; i < real_bytes; i++) put_byte(w, bytes[i]);
}

/// Puts what follows the parameters, and writes the header.
static nnk_status finish(writer *w, const nnk_model *model, int32_t dtype) {
    const uint8_t *records = model->records;
    uint8_t names[2 * NNK_CLASS_NAME_BYTES];
    nnk_put_class_names(names, model->class_names);
    for (uint32_t b = 0; b < sizeof names; b++) put_byte(w, names[b]);
    for (uint32_t b = 0; b < nnk_record_bytes(model->options); b++) put_byte(w, records ? records[b] : 0);
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
                         .method = nnk_method_with(model->method, model->shards),
                         .payload_bytes = w->position,
                         .payload_crc = w->crc,
                         .data_crc = model->data_crc};
    return nnk_header_write(&header, &job, dtype, w->sink);
}

static bool records_valid(const nnk_model *m) {
    nnk_records records;
    return nnk_model_record(m, &records.training) == NNK_OK && nnk_record_valid(m, &records.training) &&
           (!(m->options & NNK_OPTION_JUDGED) || nnk_model_expectation(m, &records.expectation) == NNK_OK);
}

/// Whether all fields that a file takes are in their ranges.
static bool writable(const nnk_model *m, nnk_sink sink) {
    return m && nnk_topology_valid(m->topology) && m->parameters &&
           nnk_dtype_valid(m->dtype, NNK_KIND_MODEL) && nnk_origin_valid(m) &&
           nnk_shards_valid(m->shards, m->method) && nnk_options_valid(m) && records_valid(m) && sink.write;
}

nnk_status nnk_model_write(const nnk_model *m, nnk_sink sink) {
    if (!writable(m, sink)) return NNK_E_ARGUMENT;
    writer w = {.sink = sink};
    const uint8_t *parameters = m->parameters;
    const int32_t real_bytes = m->dtype == NNK_F64 ? 8 : 4;
    const uint32_t reals = nnk_bytes_of_reals(m->topology, m->dtype),
                   scales = m->dtype == NNK_I8 ? 4 * (uint32_t)m->topology->size[1] : 0,
                   all = nnk_payload_bytes(m->topology, m->dtype) - 2 * NNK_CLASS_NAME_BYTES;
    for (uint32_t at = 0; at < reals && w.status == NNK_OK; at += (uint32_t)real_bytes)
        put_real(&w, parameters + at, real_bytes, at < scales);
    for (uint32_t at = reals; at < all; at++) put_byte(&w, parameters[at]);
    return finish(&w, m, m->dtype);
}

// ---- Calibrated -------------------------------------------------------------------------------------------

static double parameter(const nnk_model *m, uint32_t index) {
    return m->dtype == NNK_F32 ? (double)((const float *)m->parameters)[index]
                               : ((const double *)m->parameters)[index];
}

/// Puts `x` rounded to float; NNK_E_PARAMETER if it is not finite or too large.
static void put_float(writer *w, double x) {
    const bool fits = x >= -(double)FLT_MAX && x <= (double)FLT_MAX;
    const float rounded = fits ? (float)x : 0;
    if (!fits) w->status = NNK_E_PARAMETER;
    put_real(w, &rounded, 4, false);
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
            put_real(w, &calibrated, 8, false);
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

/// Looks at the next weights of row `unit` of W1 for the largest in size. NNK_E_PARAMETER, in the writer: one
/// is not finite, or too large for a float.
static void scan(writer *w, const nnk_model *m, uint32_t unit, nnk_steps *s) {
    enum { WEIGHTS_AT_ONCE = 3072 };
    const uint32_t inputs = (uint32_t)m->topology->size[0],
                   end = nnk_smaller(inputs, s->scanned + WEIGHTS_AT_ONCE);
    for (; s->scanned < end; s->scanned++) {
        const double x = parameter(m, unit * inputs + s->scanned), size = x < 0 ? -x : x;
        if (!(size <= (double)FLT_MAX)) {
            w->status = NNK_E_PARAMETER;
            return;
        }
        if (size > s->largest) s->largest = size;
    }
}

static void end_row(nnk_steps *s) {
    s->scanned = 0;
    s->largest = s->carried = 0;
}

/// Puts the next floats behind the scales: b1, W2, b2, ...   index: of the first among all floats
static void put_floats(writer *w, const nnk_model *m, uint32_t index) {
    const uint32_t end = nnk_smaller(nnk_i8_floats(m->topology), index + sizeof w->bytes / 4),
                   b1 = nnk_biases_at(m->topology, 1), scales = (uint32_t)m->topology->size[1];
    for (; index < end; index++) put_float(w, parameter(m, b1 + index - scales));
}

/// Puts the next weights of row `unit` of W1 as bytes, from weight k on.
static void put_weights(writer *w, const nnk_model *m, uint32_t unit, uint32_t k, nnk_steps *s) {
    const uint32_t inputs = (uint32_t)m->topology->size[0],
                   end = nnk_smaller(inputs, k + (uint32_t)sizeof w->bytes);
    const double scale = (double)nnk_scale_of(s->largest);
    const bool carries = m->options & NNK_OPTION_OWN_CONTRAST;
    for (; k < end; k++)
        put_byte(w, (uint8_t)nnk_quantized(parameter(m, unit * inputs + k), scale, carries, &s->carried));
    if (end == inputs) end_row(s);
}

/// Puts the next parameters: scales, the other floats, then W1. A row of W1 is scanned before its scale is
/// put, and once more before its weights are.
static void put_next(writer *w, const nnk_model *m, nnk_steps *s) {
    const uint32_t inputs = (uint32_t)m->topology->size[0], scales = 4 * (uint32_t)m->topology->size[1],
                   floats = 4 * nnk_i8_floats(m->topology), at = s->position;
    const uint32_t unit = at < scales ? at / 4 : (at - floats) / inputs;
    if (at >= scales && at < floats) {
        put_floats(w, m, at / 4);
    } else if (s->scanned < inputs) {
        scan(w, m, unit, s);
    } else if (at < scales) {
        put_float(w, (double)nnk_scale_of(s->largest));
        end_row(s);
    } else {
        put_weights(w, m, unit, (at - floats) % inputs, s);
    }
}

nnk_status nnk_model_quantize_step(const nnk_model *m, nnk_sink sink, nnk_steps *steps) {
    if (!writable(m, sink) || !steps) return NNK_E_ARGUMENT;
    if (m->dtype == NNK_I8) return NNK_E_KIND;
    const uint32_t all = nnk_payload_bytes(m->topology, NNK_I8) - 2 * NNK_CLASS_NAME_BYTES;
    if (steps->position > all) return NNK_E_ARGUMENT;
    writer w = {.sink = sink, .position = steps->position, .crc = steps->crc};
    if (steps->position == all) return finish(&w, m, NNK_I8);
    nnk_steps next = *steps; // after an error the steps stay as they are
    put_next(&w, m, &next);
    flush(&w);
    if (w.status != NNK_OK) return w.status;
    next.position = w.position;
    next.crc = w.crc;
    *steps = next;
    return NNK_MORE;
}

nnk_status nnk_model_quantize(const nnk_model *m, nnk_sink sink) {
    nnk_steps steps = {0};
    nnk_status status;
    do status = nnk_model_quantize_step(m, sink, &steps);
    while (status == NNK_MORE);
    return status;
}
