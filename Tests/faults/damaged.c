// Damaged model and checkpoint files, given to the core: each is refused, or safe to use.
//
//     damaged quick | full | soak SECONDS
#include "jobs.h"
#include <time.h>

/// Where numbers lie in a header (docs/FORMAT.md).
enum { AT_PAYLOAD_BYTES = 32, AT_PAYLOAD_CRC = 36, AT_HEADER_CRC = 60 };
enum { EXAMPLES = 7, MOST_SLICES = 4000, FILES = 21 };

static const nnk_topology small = {3, {24, 4, 3, 1}};
static const nnk_mirror mirrored = {12, 3};

static unsigned long points, accepted;
static const char *what; ///< the file that is damaged now, for failures

static void expect(bool is_right, const char *damage, size_t at, unsigned long value) {
    points++;
    if (is_right) return;
    printf("damaged: %s: %s %lu, %lu\n", what, damage, (unsigned long)at, value);
    exit(1);
}

static void put_u32(uint8_t *bytes, uint32_t value) {
    for (uint32_t i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> 8 * i);
}

/// Makes both checksums right.
static void mend(uint8_t *bytes, size_t size) {
    put_u32(bytes + AT_PAYLOAD_CRC, nnk_crc32(0, bytes + NNK_HEADER_BYTES, size - NNK_HEADER_BYTES));
    put_u32(bytes + AT_HEADER_CRC, nnk_crc32(0, bytes, AT_HEADER_CRC));
}

// ---- Models -----------------------------------------------------------------------------------------------

static nnk_status no_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    (void)context, (void)offset, (void)bytes, (void)count;
    return NNK_OK;
}
static const nnk_sink nowhere = {no_write, NULL};

static const nnk_inference *inference_of(const nnk_model *m) {
    const bool own = m->options & NNK_OPTION_OWN_CONTRAST;
    if (m->dtype == NNK_I8) return own ? &nnk_i8_contrast_inference : &nnk_i8_inference;
    if (m->dtype == NNK_F64) return own ? &nnk_f64_contrast_inference : &nnk_f64_inference;
    return own ? &nnk_f32_contrast_inference : &nnk_f32_inference;
}

/// The result of a prediction is a probability, or an error.
static bool predicts(const nnk_model *m, const uint8_t *image) {
    double p = -1;
    const size_t bytes = nnk_predict_bytes(m->topology, inference_of(m));
    void *memory = room_for(bytes);
    nnk_status status = nnk_predict_begin(memory, bytes, m, inference_of(m));
    if (status == NNK_OK) status = nnk_predict_feed(memory, image, (size_t)m->topology->size[0]);
    if (status == NNK_OK) status = nnk_predict_finish(memory, &p);
    free(memory);
    return status < 0 || (p >= 0 && p <= 1);
}

/// Trains on from a model: it ends with a model or an error.
static void train_from(const nnk_model *m, const data *d) {
    nnk_job job = job_of(m->topology, m->dtype == NNK_F64 ? &nnk_f64 : &nnk_f32, d, 2);
    job.start = m;
    job.own_contrast = m->options & NNK_OPTION_OWN_CONTRAST;
    job.method = &nnk_dual;
    const size_t bytes = nnk_train_bytes(&job);
    if (bytes == 0) return;
    void *arena = room_for(bytes);
    nnk_status status = nnk_train_begin(&job, arena, bytes);
    for (uint32_t i = 0; i < MOST_SLICES && status >= 0 && (i == 0 || status > 0); i++)
        status = nnk_train_step(&job, arena);
    while (status >= 0 && (status = nnk_train_finish(&job, arena, nowhere)) > 0) {
    }
    free(arena);
}

/// Does with an accepted model what programs do.
static bool use_model(uint8_t *bytes, size_t size, const data *d) {
    nnk_model m;
    nnk_training_record record;
    nnk_expectation e;
    if (nnk_model_open(&m, bytes, size, &small) != NNK_OK) return false;
    nnk_model_to_native(&m, bytes);
    const bool has_record = nnk_model_record(&m, &record) == NNK_OK;
    const bool is_judged = nnk_model_expectation(&m, &e) == NNK_OK;
    bool is_right = !is_judged || (e.low <= e.high && e.accuracy <= 1);
    is_right &= !has_record || record.kept_iteration <= m.iterations;
    is_right &=
        strlen(m.class_names[0]) < NNK_CLASS_NAME_BYTES && strlen(m.class_names[1]) < NNK_CLASS_NAME_BYTES;
    is_right &= predicts(&m, d->images);
    nnk_model_quantize(&m, nowhere);
    nnk_model_calibrate(&m, &(nnk_expectation){.scale = 2, .high = 1}, nowhere);
    nnk_model_write(&m, nowhere);
    train_from(&m, d);
    return is_right;
}

/// Opens a model in memory of its length, at once, in steps and read from a card; uses it if it is accepted.
/// Returns the status; *is_right: it was safe.
static nnk_status try_model(const uint8_t *bytes, size_t size, const data *d, bool *is_right) {
    uint8_t *copy = copy_of(bytes, size);
    const nnk_status status = open_status(copy, size, &small);
    *is_right = status != NNK_OK || use_model(copy, size, d);
    accepted += status == NNK_OK;
    free(copy);
    return status;
}

// ---- Checkpoints ------------------------------------------------------------------------------------------

/// A training, and the arena that a checkpoint is loaded into.
typedef struct training {
    nnk_job job;
    size_t bytes;
} training;

/// Trains on from what is accepted: it ends with a model or an error, and can be saved.
static bool go_on(const nnk_job *job, void *arena) {
    nnk_status status = NNK_MORE;
    nnk_checkpoint progress = {0, 0};
    uint32_t slices = 0;
    while (status > 0 && slices++ < MOST_SLICES) status = nnk_train_step(job, arena);
    if (status > 0) return false; // it does not end
    while (status == NNK_OK && nnk_checkpoint_save(job, arena, &progress, nowhere) > 0) {
    }
    for (slices = 0; status >= 0 && slices++ < MOST_SLICES;) {
        status = nnk_train_finish(job, arena, nowhere);
        if (status == NNK_OK) return true;
    }
    return status < 0;
}

static nnk_status try_checkpoint(const uint8_t *bytes, size_t size, const training *t, bool *is_right) {
    on_card card = {.bytes = bytes, .size = size};
    nnk_checkpoint progress = {0, 0};
    nnk_status status;
    void *arena = room_for(t->bytes);
    memset(arena, 0xa5, t->bytes);
    do status = nnk_checkpoint_load(&t->job, arena, t->bytes, &progress, reader_of(&card));
    while (status > 0);
    *is_right = status != NNK_OK || go_on(&t->job, arena);
    accepted += status == NNK_OK;
    free(arena);
    nnk_job_numbers numbers;
    uint32_t crc;
    if (size >= NNK_CHECKPOINT_START_BYTES && nnk_checkpoint_peek(bytes, &numbers, &crc) == NNK_OK)
        *is_right &= nnk_topology_valid(&numbers.topology) && isfinite(numbers.learning_rate);
    return status;
}

// ---- What is done to a file -------------------------------------------------------------------------------

/// A file, and how it is tried: as a model with data, or as a checkpoint of a training.
typedef struct subject {
    file file;
    const data *data;
    const training *training; ///< NULL: the file is a model
} subject;

static nnk_status try_file(const subject *s, const uint8_t *bytes, size_t size, bool *is_right) {
    return s->training ? try_checkpoint(bytes, size, s->training, is_right)
                       : try_model(bytes, size, s->data, is_right);
}

static bool is_refused(const subject *s, const uint8_t *bytes, size_t size) {
    bool is_right;
    return try_file(s, bytes, size, &is_right) != NNK_OK;
}

/// Every length, and 1 to 64 bytes too many. A checkpoint is read to its end, so what is behind it does not
/// matter.
static void cut_and_append(const subject *s) {
    const size_t size = s->file.size;
    for (size_t length = 0; length < size; length++)
        expect(is_refused(s, s->file.bytes, length), "cut off at", length, 0);
    uint8_t *longer = room_for(size + 64);
    for (uint32_t more = 1; more <= 64; more++) {
        bool is_right;
        memcpy(longer, s->file.bytes, size);
        for (uint32_t i = 0; i < more; i++) longer[size + i] = (uint8_t)(more * 37 + i);
        const nnk_status status = try_file(s, longer, size + more, &is_right);
        expect(s->training ? status == NNK_OK && is_right : status == NNK_E_SIZE, "with more bytes:", more,
               0);
    }
    free(longer);
}

static void flip_header(const subject *s) {
    for (uint32_t bit = 0; bit < 8 * NNK_HEADER_BYTES; bit++) {
        s->file.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        expect(is_refused(s, s->file.bytes, s->file.size), "flipped bit", bit, 0);
        s->file.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/// Flips 1 to 3 bits of the payload, `count` times: a CRC-32 sees all of these at this length.
static void flip_body(const subject *s, uint32_t count) {
    const uint32_t bits = 8 * (uint32_t)(s->file.size - NNK_HEADER_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t flipped[3];
        const uint32_t flips = 1 + i % 3;
        for (uint32_t k = 0; k < flips; k++) {
            flipped[k] = k == 0 ? random_below(bits) : (flipped[k - 1] + 1 + random_below(bits / 3)) % bits;
            s->file.bytes[NNK_HEADER_BYTES + flipped[k] / 8] ^= (uint8_t)(1 << flipped[k] % 8);
        }
        expect(is_refused(s, s->file.bytes, s->file.size), "flipped bit of the payload", flipped[0], flips);
        for (uint32_t k = 0; k < flips; k++)
            s->file.bytes[NNK_HEADER_BYTES + flipped[k] / 8] ^= (uint8_t)(1 << flipped[k] % 8);
    }
}

/// Puts extremes into each place of the file, with right checksums: refused, or safe.
static void put_extremes(const subject *s, uint32_t stride) {
    static const uint64_t extremes[] = {0,
                                        1,
                                        2,
                                        3,
                                        0x7f,
                                        0x80,
                                        0xff,
                                        0x7fff,
                                        0x8000,
                                        0xffff,
                                        0x7fffffff,
                                        0x80000000,
                                        0xfffffffe,
                                        0xffffffff,
                                        0x7f800000,
                                        0xff800000,
                                        0x7fc00000,
                                        0x7f7fffff,
                                        0x00800000,
                                        0x3f800000,
                                        0xbf800000, // floats
                                        0x7ff0000000000000,
                                        0xfff0000000000000,
                                        0x7ff8000000000000,
                                        0x7fefffffffffffff,
                                        0x0010000000000000,
                                        0x8000000000000000,
                                        0x3ff0000000000000,
                                        0xbff0000000000000,
                                        0xffffffffffffffff}; // doubles
    static const uint32_t widths[] = {1, 2, 4, 8};
    const size_t size = s->file.size;
    uint8_t *bytes = room_for(size);
    for (uint32_t w = 0; w < 4; w++) {
        const uint32_t width = widths[w];
        for (size_t at = 0; at + width <= size;
             at += width * (at < NNK_CHECKPOINT_START_BYTES + 128 ? 1 : stride)) {
            for (uint32_t i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
                if (width < 8 && extremes[i] >> 8 * width) continue;
                bool is_right;
                memcpy(bytes, s->file.bytes, size);
                for (uint32_t k = 0; k < width; k++) bytes[at + k] = (uint8_t)(extremes[i] >> 8 * k);
                if (at != AT_PAYLOAD_CRC && at != AT_HEADER_CRC) mend(bytes, size);
                try_file(s, bytes, size, &is_right);
                expect(is_right, "with an extreme value at", at, i);
            }
        }
    }
    free(bytes);
}

/// Random words of the file become random or extreme, with right checksums, for so many seconds.
static void put_anything(const subject *s, uint32_t count) {
    const size_t size = s->file.size;
    uint8_t *bytes = room_for(size);
    for (uint32_t i = 0; i < count; i++) {
        bool is_right;
        memcpy(bytes, s->file.bytes, size);
        for (uint32_t k = 1 + random_below(4); k > 0; k--)
            bytes[random_below((uint32_t)size)] = (uint8_t)random_bits();
        mend(bytes, size);
        try_file(s, bytes, size, &is_right);
        expect(is_right, "with random bytes, number", i, 0);
    }
    free(bytes);
}

// ---- The files --------------------------------------------------------------------------------------------

/// How much is tried with a file: flips of the payload, random changes, every how many numbers of the payload
/// get extreme values, and every how many hundredths of a training it is saved.
typedef struct amount {
    uint32_t flips, random, stride, between;
} amount;

static void damage(const char *name, const subject *s, amount a) {
    bool is_right;
    what = name;
    if (try_file(s, s->file.bytes, s->file.size, &is_right) != NNK_OK || !is_right) {
        printf("damaged: %s: refused as it is\n", name);
        exit(1);
    }
    cut_and_append(s);
    flip_header(s);
    flip_body(s, a.flips);
    put_extremes(s, a.stride);
    put_anything(s, a.random);
}

static nnk_job with_options(const nnk_job *plain, const float *weights) {
    nnk_job job = *plain;
    job.weights = weights;
    job.weight_decay = 0.01;
    job.mirror = mirrored;
    job.center = job.own_contrast = job.keep_best = true;
    return job;
}

static void damage_model(const char *name, file f, const data *d, amount a) {
    const subject s = {f, d, NULL};
    damage(name, &s, a);
}

static void damage_models(const data *d, const float *weights, amount a) {
    nnk_job plain = job_of(&small, &nnk_f32, d, 3);
    plain.method = &nnk_dual;
    plain.class_names[0] = "non-cat";
    plain.class_names[1] = "cat";
    nnk_job other = with_options(&plain, weights);
    other.arithmetic = &nnk_f64;
    file f32 = train(&plain), f64 = train(&other), judged = new_file(&other), i8 = new_file(&other);
    nnk_model m = opened(&f64, &small);
    const nnk_expectation e = {1.5, -0.25, 0.75f, 0.5f, 0.875f, 0.6f, 0.8f, 0.5f, EXAMPLES, 5};
    CHECK_EQUAL(nnk_model_calibrate(&m, &e, sink_of(&judged)), NNK_OK);
    m = opened(&judged, &small);
    CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&i8)), NNK_OK);
    damage_model("a model in f32", f32, d, a);
    damage_model("a judged model in f64 with options", judged, d, a);
    damage_model("a judged model in i8 with options", i8, d, a);
    free(f32.bytes);
    free(f64.bytes);
    free(judged.bytes);
    free(i8.bytes);
}

/// A checkpoint after so many hundredths of the training's slices.
static void damage_checkpoint(const char *name, const nnk_job *job, uint32_t share, amount a) {
    const training t = {*job, nnk_train_bytes(job)};
    void *arena = room_for(t.bytes);
    uint32_t slices = 0;
    CHECK_EQUAL(nnk_train_begin(job, arena, t.bytes), NNK_OK);
    while (nnk_train_step(job, arena) > 0) slices++;
    CHECK_EQUAL(nnk_train_begin(job, arena, t.bytes), NNK_OK);
    for (uint32_t i = 0; i < slices * share / 100; i++) CHECK(nnk_train_step(job, arena) > 0);
    file f = {.room = nnk_checkpoint_bytes(job)};
    f.bytes = room_for(f.room);
    nnk_checkpoint progress = {0, 0};
    while (nnk_checkpoint_save(job, arena, &progress, sink_of(&f)) > 0) {
    }
    const subject s = {f, NULL, &t};
    damage(name, &s, a);
    free(arena);
    free(f.bytes);
}

static void damage_checkpoints(const data *d, const float *weights, amount a) {
    static const char *const names[] = {"a checkpoint of the primal method",
                                        "a checkpoint of the dual method",
                                        "a checkpoint of the wide dual method"};
    FOR_EACH_METHOD(method) {
        nnk_job plain = job_of(&small, &nnk_f32, d, 3);
        plain.method = methods[method];
        const nnk_job other = with_options(&plain, weights);
        for (uint32_t share = 10; share < 100; share += a.between) {
            damage_checkpoint(names[method], &plain, share, a);
            damage_checkpoint(names[method], &other, share, a);
        }
    }
}

int main(int argc, char **argv) {
    const char *tier = argc > 1 ? argv[1] : "";
    const bool is_soak = strcmp(tier, "soak") == 0 && argc == 3;
    amount a = {100, 100, 211, 80};
    if (strcmp(tier, "full") == 0)
        a = (amount){1000000 / FILES + 1, 50000, 1, 40};
    else if (strcmp(tier, "quick") != 0 && !is_soak) {
        fprintf(stderr, "usage: damaged quick | full | soak SECONDS\n");
        return 64;
    }
    const time_t end = time(NULL) + (is_soak ? atol(argv[2]) : 0);
    data d = random_data(&small, EXAMPLES);
    float weights[EXAMPLES] = {1, 0, 2, 0.5f, 0, 1, 1};
    for (uint32_t j = 0; j < EXAMPLES; j++) d.labels[j] = j % 2;
    do {
        damage_models(&d, weights, a);
        damage_checkpoints(&d, weights, a);
    } while (time(NULL) < end);
    release_data(d);
    printf("%lu points: model and checkpoint files cut off, lengthened, with flipped bits, and with extreme "
           "values "
           "and right checksums; %lu accepted, and used\n",
           points, accepted);
    return check_failed != 0;
}
