/// Training jobs for tests: small data sets, sources and sinks that can fail, and functions that train a
/// model.
#ifndef JOBS_H
#define JOBS_H

#include "nnkernel/nnkernel.h"
#include "reals.h"

/// Networks of each depth, whose inputs end with a whole patch or with a part of one.
static const nnk_topology topologies[] = {
    {3, {10, 4, 3, 1}},      {1, {13, 1}}, {2, {192, 5, 1}}, {7, {9, 6, 5, 4, 5, 4, 3, 1}},
    {4, {400, 20, 7, 5, 1}},
};
enum { TOPOLOGIES = sizeof topologies / sizeof topologies[0] };

/// The methods by their numbers.
static const nnk_method *const methods[] = {&nnk_primal, &nnk_dual, &nnk_dual_wide};

#define FOR_EACH_METHOD(method) for (int32_t method = NNK_PRIMAL; method <= NNK_DUAL_WIDE; method++)

/// The methods that can train `t`: the dual methods need a layer above the first.
#define FOR_EACH_METHOD_OF(method, t)                                                                        \
    FOR_EACH_METHOD(method)                                                                                  \
    if (method == NNK_PRIMAL || (t)->layers > 1)

/// A model in memory, written by file_write. Bytes are aligned to 8.
typedef struct file {
    uint8_t *bytes;
    size_t room, size;       ///< what there is, and what is written from 0 on
    uint32_t next;           ///< the offset that must come next
    uint32_t calls, fail_at; ///< the call that fails, counted from 1; 0: none
} file;

static inline nnk_status file_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    file *f = context;
    f->calls++;
    if (offset == NNK_HEADER_BYTES) f->next = offset; // the first bytes, or once again
    // Offsets ascend without gaps from 64 on, and the header comes last.
    CHECK(offset == f->next || (offset == 0 && count == NNK_HEADER_BYTES && f->next > NNK_HEADER_BYTES));
    if (!CHECK((size_t)offset + count <= f->room)) return NNK_E_SINK;
    const int fails = f->calls == f->fail_at;
    if (offset > 0) f->next = fails ? 0 : offset + count;
    memcpy(f->bytes + offset, bytes, fails ? count / 2 : count);
    if (fails) return NNK_E_SINK;
    if (offset == 0) f->size = f->next;
    return NNK_OK;
}

static inline file new_file(const nnk_job *job) {
    const size_t parameters = bytes_of(nnk_parameter_count(job->topology), job->arithmetic->dtype);
    file f = {.room = parameters + 4096};
    f.bytes = room_for(f.room);
    memset(f.bytes, 0xee, f.room);
    return f;
}

static inline nnk_sink sink_of(file *f) { return (nnk_sink){file_write, f}; }

/// Images that are read through a callback.
typedef struct reader {
    const uint8_t *images;
    uint32_t size, examples;
    uint32_t calls, fail_at; ///< as in file
} reader;

static inline nnk_status reader_read(void *context, uint32_t example, uint32_t offset, uint32_t count,
                                     uint8_t *out) {
    reader *r = context;
    r->calls++;
    if (!CHECK(count > 0 && example < r->examples && offset <= r->size && count <= r->size - offset))
        return NNK_E_SOURCE;
    memcpy(out, r->images + (size_t)example * r->size + offset, count);
    if (r->calls != r->fail_at) return NNK_OK;
    memset(out, 0x5a, count / 2 + 1); // half read, and broken
    return NNK_E_SOURCE;
}

/// A data set of random images and random labels.
typedef struct data {
    uint8_t *images, *labels;
    reader reader;
} data;

static inline data random_data(const nnk_topology *t, uint32_t examples) {
    const uint32_t size = (uint32_t)t->size[0];
    data d = {random_bytes((size_t)examples * size), room_for(examples), {NULL, size, examples, 0, 0}};
    for (uint32_t j = 0; j < examples; j++) d.labels[j] = (uint8_t)random_below(2);
    d.reader.images = d.images;
    return d;
}

/// Images that differ in brightness and contrast, as photos do, and labels. They are the same in every
/// program, and options.py draws them too. Image 2 has no contrast: its bytes are all equal.
static inline data drawn_photos(const nnk_topology *t, uint32_t examples) {
    const uint32_t size = (uint32_t)t->size[0];
    const size_t pixels = (size_t)examples * size;
    data d = {room_for(pixels), room_for(examples), {NULL, size, examples, 0, 0}};
    for (size_t i = 0; i < pixels; i++) {
        const uint64_t own = random_bits_at(i / size + 1), pixel = random_bits_at(examples + 1 + i) & 255;
        const uint64_t low = own & 127, contrast = i / size == 2 ? 0 : own >> 8 & 127;
        d.images[i] = (uint8_t)(low + (contrast * pixel >> 8));
    }
    for (uint32_t j = 0; j < examples; j++) d.labels[j] = random_bits_at(j + 1) >> 32 & 1;
    d.reader.images = d.images;
    return d;
}

static inline void release_data(data d) {
    free(d.images);
    free(d.labels);
}

static inline nnk_source mapped(const data *d) { return (nnk_source){.images = d->images}; }

static inline nnk_source read_in(data *d) { return (nnk_source){.read = reader_read, .context = &d->reader}; }

static inline nnk_job job_of(const nnk_topology *t, const nnk_arithmetic *k, const data *d,
                             uint32_t iterations) {
    return (nnk_job){.topology = t,
                     .arithmetic = k,
                     .method = &nnk_primal,
                     .seed = 1,
                     .iterations = iterations,
                     .cost_every = 1,
                     .examples = d->reader.examples,
                     .learning_rate = 0.5,
                     .labels = d->labels,
                     .images = mapped(d)};
}

static inline nnk_status steps(const nnk_job *job, void *arena) {
    nnk_status status;
    while ((status = nnk_train_step(job, arena)) > 0) {
    }
    return status;
}

static inline nnk_status finish(const nnk_job *job, void *arena, file *f) {
    nnk_status status;
    while ((status = nnk_train_finish(job, arena, sink_of(f))) > 0) {
    }
    return status;
}

/// Trains from the beginning to a model, in this arena.
static inline nnk_status train_in(const nnk_job *job, void *arena, size_t bytes, file *f) {
    nnk_status status = nnk_train_begin(job, arena, bytes);
    if (status == NNK_OK) status = steps(job, arena);
    return status == NNK_OK ? finish(job, arena, f) : status;
}

/// Trains a job, which must succeed, and returns its model.
static inline file train(const nnk_job *job) {
    const size_t bytes = nnk_train_bytes(job);
    void *arena = room_for(bytes);
    memset(arena, 0xa5, bytes);
    file f = new_file(job);
    CHECK_EQUAL(train_in(job, arena, bytes, &f), NNK_OK);
    free(arena);
    return f;
}

static inline int same_file(const file *a, const file *b) {
    return a->size > NNK_HEADER_BYTES && a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

#define CHECK_SAME_FILE(a, b) CHECK(same_file(&(a), &(b)))

/// A file on a card, which is read piece by piece.
typedef struct on_card {
    const uint8_t *bytes;
    size_t size;
    uint32_t calls, fail_at; ///< as in file
    uint32_t read;           ///< bytes
} on_card;

static inline nnk_status card_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    on_card *card = context;
    card->calls++;
    if (offset > card->size || count > card->size - offset || !CHECK(count > 0)) return NNK_E_SOURCE;
    card->read += count;
    memcpy(out, card->bytes + offset, count);
    if (card->calls != card->fail_at) return NNK_OK;
    memset(out, 0x5a, count / 2 + 1); // half read, and broken
    return NNK_E_SOURCE;
}

static inline nnk_reader reader_of(on_card *card) { return (nnk_reader){card_read, card}; }

/// Opens a model on a card. Each step reads at most what model.h says, and one byte of each class name.
static inline nnk_status read_model(nnk_model *m, on_card *card, const nnk_topology *t) {
    nnk_steps steps = {0};
    nnk_status status;
    do {
        const uint32_t before = card->read;
        status = nnk_model_read_step(m, reader_of(card), t, &steps);
        CHECK(card->read - before <= NNK_HEADER_BYTES + 3072);
    } while (status > 0);
    return status;
}

/// The status of opening a model in memory, at once and in steps, and of reading it: they agree, but for its
/// length and place, of which a reader knows nothing.
static inline nnk_status open_status(const void *bytes, size_t length, const nnk_topology *t) {
    nnk_model m, by_steps, by_reader;
    nnk_steps steps = {0};
    on_card card = {.bytes = bytes, .size = length};
    const nnk_status status = nnk_model_open(&m, bytes, length, t), read = read_model(&by_reader, &card, t);
    nnk_status last;
    do last = nnk_model_open_step(&by_steps, bytes, length, t, &steps);
    while (last > 0);
    CHECK_EQUAL(last, status);
    if (status == NNK_OK) CHECK(memcmp(&m, &by_steps, sizeof m) == 0);
    if (status == NNK_E_LENGTH)
        CHECK(read == NNK_E_SOURCE || read == NNK_E_ARGUMENT);
    else if (status == NNK_E_SIZE) // its header's size, or bytes behind its end
        CHECK(read == NNK_E_SIZE || read == NNK_OK || read == NNK_E_PAYLOAD);
    else if (status != NNK_E_ALIGN)
        CHECK_EQUAL(read, status);
    return status;
}

/// Parameter `i` of a model in this processor's byte order.
static inline double parameter_of(const nnk_model *m, size_t i) { return get(m->parameters, i, m->dtype); }

/// Opens a model, which must be valid, and turns it to this processor's byte order.
static inline nnk_model opened(file *f, const nnk_topology *t) {
    nnk_model model = {0};
    if (CHECK_EQUAL(nnk_model_open(&model, f->bytes, f->size, t), NNK_OK))
        nnk_model_to_native(&model, f->bytes);
    else
        exit(check_end());
    return model;
}

static inline nnk_training_record record_of(const nnk_model *m) {
    nnk_training_record record;
    CHECK_EQUAL(nnk_model_record(m, &record), NNK_OK);
    return record;
}

/// The probability of an image that is fed in pieces of `piece` bytes; 0: of random sizes.
static inline double predict(const nnk_inference *k, const nnk_model *m, const uint8_t *x, uint32_t piece) {
    const uint32_t size = (uint32_t)m->topology->size[0];
    const size_t bytes = nnk_predict_bytes(m->topology, k);
    void *memory = room_for(bytes); // no byte more, so that a sanitizer sees one
    memset(memory, 0xa5, bytes);
    double p = -1;
    CHECK_EQUAL(nnk_predict_begin(memory, bytes, m, k), NNK_OK);
    for (uint32_t at = 0; at < size;) {
        uint32_t count = piece ? piece : random_below(500);
        if (count > size - at) count = size - at;
        uint8_t *part = copy_of(x + at, count);
        CHECK_EQUAL(nnk_predict_feed(memory, part, count), NNK_OK);
        free(part);
        at += count;
    }
    CHECK_EQUAL(nnk_predict_finish(memory, &p), NNK_OK);
    free(memory);
    return p;
}

#endif
