// Writing a model: slice by slice at the end of a training, or from memory: as it is, calibrated, or with
// weights as bytes.
#include "arena.h"
#include "header.h"
#include "math_f64.h"

/// Puts both names as they lie in a payload, without the characters that have no room. NULL: an empty name.
static void put_class_names(uint8_t bytes[2 * NNK_CLASS_NAME_BYTES], const char *const names[2]) {
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

enum { MOST_TRAILER_BYTES = 2 * NNK_CLASS_NAME_BYTES + sizeof(nnk_records) };

/// Puts what follows the parameters: the class names, and with options the records. Returns its bytes.
///   records: in the file's byte order; NULL: zeros
static uint32_t put_trailer(uint8_t bytes[MOST_TRAILER_BYTES], const char *const names[2], int32_t options,
                            const void *records) {
    uint8_t *behind_names = bytes + 2 * NNK_CLASS_NAME_BYTES;
    const uint32_t record_bytes = nnk_record_bytes(options);
    put_class_names(bytes, names);
    if (records)
        memcpy(behind_names, records, record_bytes);
    else
        memset(behind_names, 0, record_bytes);
    return 2 * NNK_CLASS_NAME_BYTES + record_bytes;
}

// ---- At the end of a training -----------------------------------------------------------------------------

/// Whether all little-endian reals are finite: an exponent of ones is an infinity or a NaN.
static bool all_finite(const uint8_t *bytes, uint32_t count, int32_t real_bytes) {
    const uint32_t size = (uint32_t)real_bytes, low = real_bytes == 4 ? 0x80 : 0xf0;
    for (uint32_t i = size; i <= count; i += size)
        if ((bytes[i - 1] & 0x7f) == 0x7f && (bytes[i - 2] & low) == low) return false;
    return true;
}

/// Makes the next parameters, little-endian. `left` bytes of parameters are not written yet.
static nnk_status next_parameters(const nnk_job *job, const arena *a, uint32_t left, uint8_t **bytes,
                                  uint32_t *count) {
    const nnk_topology *t = job->topology;
    const uint32_t real = (uint32_t)job->arithmetic->real_bytes, at = a->trainer->item;
    const uint32_t first = (uint32_t)t->size[0] * (uint32_t)t->size[1] * real; // W1
    if (at < first) {
        const nnk_status status = job->method->next_weights(job, a, bytes, count);
        if (status != NNK_OK) return status;
    } else {
        *bytes = a->bytes;
        *count = nnk_smaller(NNK_AT_ONCE, left);
        memcpy(*bytes, (const uint8_t *)nnk_layer(job, a, 1).biases + (at - first), *count);
    }
    nnk_swap(*bytes, *count, job->arithmetic->real_bytes);
    return all_finite(*bytes, *count, job->arithmetic->real_bytes) ? NNK_OK : NNK_E_DIVERGED;
}

/// The options of a training, and what belongs to them, in the file's byte order.
typedef struct options {
    int32_t bits;
    nnk_training_record record;
} options;

static options options_of(const nnk_job *job, const nnk_trainer *t) {
    if (!NNK_HAS_OPTIONS) return (options){0, {{0, 0}, 0, 0, 0, 0, 0}};
    const nnk_job_numbers *numbers = &t->job;
    options o = {(int32_t)(numbers->options & NNK_OPTIONS),
                 {.mirror = numbers->mirror,
                  .weight_decay = numbers->weight_decay,
                  .weights_crc = t->weights_crc,
                  .weights_rule = nnk_weights_of(job) ? job->weights_rule : 0,
                  .kept_iteration = nnk_keeps_best(job) ? t->kept_iteration : 0,
                  .start_crc = numbers->start_crc}};
    nnk_swap_record(&o.record);
    return o;
}

static nnk_status write_payload(const nnk_job *job, const arena *a, const options *o, nnk_sink sink) {
    nnk_trainer *t = a->trainer;
    uint8_t *bytes = a->bytes;
    uint32_t count;
    if (t->item == 0) {
        t->payload_crc = 0;
        nnk_random_seed(&t->random, job->seed); // packed dual draws W1(0) once more
    }
    const uint32_t parameters =
        nnk_payload_bytes(job->topology, job->arithmetic->dtype) - 2 * NNK_CLASS_NAME_BYTES;
    NNK_ASSERT(t->item <= parameters);
    if (t->item < parameters) {
        const nnk_status status = next_parameters(job, a, parameters - t->item, &bytes, &count);
        if (status != NNK_OK) return status;
        NNK_ASSERT(count > 0 && t->item + count <= parameters);
    } else {
        count = put_trailer(bytes, job->class_names, o->bits, &o->record);
    }
    if (sink.write(sink.context, NNK_HEADER_BYTES + t->item, bytes, count) != NNK_OK) return NNK_E_SINK;
    t->payload_crc = job->arithmetic->crc32(t->payload_crc, bytes, count);
    t->item += count;
    return NNK_MORE;
}

nnk_status nnk_train_finish(const nnk_job *job, void *memory, nnk_sink sink) {
    const nnk_status ready = sink.write ? nnk_check_trainer(job, memory) : NNK_E_ARGUMENT;
    if (ready != NNK_OK) return ready;
    const arena a = nnk_carve(job, memory);
    nnk_trainer *t = a.trainer;
    if (t->outcome == FAILED) return NNK_E_DIVERGED;
    if (!nnk_is_trained(t) || nnk_forms_gram(job)) return NNK_E_STATE;
    if (t->outcome == WRITTEN) nnk_rewind_model(t);
    const options o = options_of(job, t);
    const uint32_t payload_bytes =
        nnk_payload_bytes(job->topology, job->arithmetic->dtype) + nnk_record_bytes(o.bits);
    nnk_status status;
    if (t->item < payload_bytes) {
        status = write_payload(job, &a, &o, sink);
    } else {
        nnk_header header = {.options = (uint8_t)o.bits,
                             .payload_bytes = payload_bytes,
                             .payload_crc = t->payload_crc,
                             .data_crc = t->data_crc};
        status = nnk_header_write(&header, &t->job, sink);
    }
    if (status == NNK_OK) t->outcome = WRITTEN;
    if (status == NNK_E_DIVERGED) t->outcome = FAILED;
    if (status == NNK_E_SINK) t->item = 0; // from its beginning once more
    return status;
}

// ---- From memory ------------------------------------------------------------------------------------------

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
    uint8_t trailer[MOST_TRAILER_BYTES];
    const uint32_t count = put_trailer(trailer, model->class_names, model->options, model->records);
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
