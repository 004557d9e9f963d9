/// The model file: what is written is read, and what is damaged is refused.
#include "header.h"
#include "jobs.h"
#include "layout.h"
#include "little_endian.h"

enum { LAST_STATUS = NNK_E_PARAMETER };

static const nnk_topology small = {3, {50, 4, 3, 1}};

static file small_model(int32_t type) {
    data d = random_data(&small, 5);
    const nnk_job job = job_of(&small, type == NNK_F32 ? &nnk_f32 : &nnk_f64, &d, 2);
    file f = train(&job);
    release_data(d);
    return f;
}

/// A bit at a time, by the definition.
static uint32_t crc_by_bits(uint32_t crc, const uint8_t *bytes, size_t count) {
    crc = ~crc;
    for (size_t i = 0; i < 8 * count; i++) {
        const uint32_t bit = (crc ^ (uint32_t)bytes[i / 8] >> i % 8) & 1;
        crc = crc >> 1 ^ (bit ? 0xedb88320u : 0);
    }
    return ~crc;
}

/// Every kernel's, from any place on; of so many bytes that nnk_crc32 asks the processor what it has.
static void test_crc_kernels(void) {
    enum { MOST = 40000 };
    uint8_t *bytes = random_bytes(MOST + 3);
    FOR_EACH_TYPE(type) {
        FOR_EACH_ARITHMETIC(k, type) {
            for (size_t count = 0; count < 400; count++) {
                const uint32_t start = (uint32_t)random_below(UINT32_MAX);
                const uint8_t *from = bytes + count % 4;
                CHECK_EQUAL(k->crc32(start, from, count), crc_by_bits(start, from, count));
            }
            CHECK_EQUAL(k->crc32(7, bytes, MOST), crc_by_bits(7, bytes, MOST));
        }
    }
    for (size_t i = 0; i < 3; i++)
        CHECK_EQUAL(nnk_crc32(9, bytes + i, MOST), crc_by_bits(9, bytes + i, MOST));
    free(bytes);
}

static void test_crc(void) {
    CHECK(nnk_crc32(0, (const uint8_t *)"123456789", 9) == 0xcbf43926);
    CHECK(nnk_crc32(0, (const uint8_t *)"", 0) == 0 && nnk_crc32(0x12345678, NULL, 0) == 0x12345678);
    const uint8_t zeros[4] = {0};
    CHECK(nnk_crc32(0, zeros, 4) == 0x2144df1c);
    uint8_t *bytes = random_bytes(1000);
    const uint32_t whole = nnk_crc32(0, bytes, 1000);
    for (size_t cut = 0; cut <= 1000; cut++) {
        const uint32_t head = nnk_crc32(0, bytes, cut), tail = nnk_crc32(0, bytes + cut, 1000 - cut);
        CHECK(nnk_crc32(head, bytes + cut, 1000 - cut) == whole);
        CHECK_EQUAL(nnk_crc32_joined(head, tail, 1000 - cut), whole);
    }
    free(bytes);
}

static void test_header(void) {
    FOR_EACH_TYPE(type) {
        data d = random_data(&small, 5);
        nnk_job job = job_of(&small, type == NNK_F32 ? &nnk_f32 : &nnk_f64, &d, 3);
        job.seed = 0x89abcdef;
        job.learning_rate = 0.0075;
        for (int32_t initializer = NNK_INIT_DEFAULT; initializer <= NNK_INIT_SMALL; initializer++) {
            job.initializer = initializer;
            file f = train(&job);
            nnk_model peeked;
            CHECK_EQUAL(nnk_model_peek(&peeked, f.bytes, &small), NNK_OK);
            CHECK(peeked.parameters == NULL);
            nnk_model m = opened(&f, &small);
            CHECK(m.topology == &small && m.parameters == f.bytes + NNK_HEADER_BYTES);
            CHECK_EQUAL(m.dtype, type);
            CHECK_EQUAL(m.method, NNK_PRIMAL);
            CHECK_EQUAL(m.initializer, initializer == NNK_INIT_SMALL ? NNK_INIT_SMALL : NNK_INIT_DEEP);
            CHECK(m.seed == 0x89abcdef && m.iterations == 3 && m.examples == 5 && m.learning_rate == 0.0075);
            CHECK(m.data_crc == nnk_crc32(nnk_crc32(0, d.labels, 5), d.images, 5 * 50));
            CHECK_EQUAL(m.payload_bytes + NNK_HEADER_BYTES, f.size);
            CHECK(peeked.seed == m.seed && peeked.payload_bytes == m.payload_bytes &&
                  peeked.dtype == m.dtype);
            free(f.bytes);
        }
        release_data(d);
    }
    // Where the fields lie is what other readers rely on.
    file f = small_model(NNK_F64);
    const uint8_t start[] = {0x8e,       'N', 'N', 0x1a, 1, 64, NNK_F64, 0, 3, NNK_INIT_DEEP,
                             NNK_PRIMAL, 0,   50,  0,    4, 0,  3,       0, 1, 0,
                             0,          0,   0,   0,    0, 0,  0,       0, 5, 0,
                             0,          0};
    CHECK_SAME(f.bytes, start, sizeof start);
    CHECK_EQUAL(get_u32(f.bytes + 32), f.size - 64);
    CHECK(get_u32(f.bytes + 36) == nnk_crc32(0, f.bytes + 64, f.size - 64));
    CHECK(get_u32(f.bytes + 40) == 1 && get_u32(f.bytes + 44) == 2);
    CHECK(get_f64(f.bytes + 48) == 0.5);
    CHECK(get_u32(f.bytes + 60) == nnk_crc32(0, f.bytes, 60));
    free(f.bytes);
}

static void test_class_names(void) {
    const char *const long_name = "a name of more than thirty-one bytes, of which the first are kept";
    const char *const names[][2] = {{NULL, NULL}, {"", "cat"}, {"non-cat", "cat"}, {long_name, NULL}};
    // Of a name that would be cut within a character nothing of it is left: here all would be.
    uint8_t put[2 * NNK_CLASS_NAME_BYTES];
    char no_start[NNK_CLASS_NAME_BYTES + 1], name[NNK_CLASS_NAME_BYTES];
    memset(no_start, '\x80', sizeof no_start - 1);
    no_start[sizeof no_start - 1] = 0;
    nnk_put_class_names(put, (const char *const[2]){no_start, "a"});
    CHECK(put[0] == 0 && put[NNK_CLASS_NAME_BYTES - 1] == 0 && put[NNK_CLASS_NAME_BYTES] == 'a');
    const nnk_model nameless = {.class_names = {NULL, "b"}};
    CHECK_EQUAL(nnk_model_class_name(&nameless, 0, name), NNK_OK);
    CHECK(name[0] == 0);
    CHECK_EQUAL(nnk_model_class_name(&nameless, 1, name), NNK_OK);
    CHECK(name[0] == 'b' && name[1] == 0);
    CHECK_EQUAL(nnk_model_class_name(&nameless, 2, name), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_class_name(&nameless, -1, name), NNK_E_ARGUMENT);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) FOR_EACH_TYPE(type) {
            data d = random_data(&small, 2);
            nnk_job job = job_of(&small, type == NNK_F32 ? &nnk_f32 : &nnk_f64, &d, 1);
            job.class_names[0] = names[i][0];
            job.class_names[1] = names[i][1];
            file f = train(&job);
            nnk_model m = opened(&f, &small);
            for (int c = 0; c < 2; c++) {
                const char *want = names[i][c] ? names[i][c] : "";
                CHECK(strncmp(m.class_names[c], want, NNK_CLASS_NAME_BYTES - 1) == 0);
                CHECK(strlen(m.class_names[c]) < NNK_CLASS_NAME_BYTES);
                for (size_t b = strlen(m.class_names[c]); b < NNK_CLASS_NAME_BYTES; b++)
                    CHECK(m.class_names[c][b] == 0);
            }
            release_data(d);
            // A name that does not end: written by something else, with right checksums.
            uint8_t *payload = f.bytes + NNK_HEADER_BYTES;
            nnk_model_to_native(&m, f.bytes); // back to the file's order
            for (size_t c = 0; c < 2; c++) {
                uint8_t *changed = copy_of(f.bytes, f.size);
                memset(changed + f.size - (2 - c) * NNK_CLASS_NAME_BYTES, 'x', NNK_CLASS_NAME_BYTES);
                put_u32(changed + 36, nnk_crc32(0, changed + NNK_HEADER_BYTES, m.payload_bytes));
                put_u32(changed + 60, nnk_crc32(0, changed, 60));
                CHECK_EQUAL(open_status(changed, f.size, &small), NNK_E_KIND);
                free(changed);
            }
            CHECK(payload[0] == f.bytes[64]);
            free(f.bytes);
        }
}

static void test_damage(void) {
    FOR_EACH_TYPE(type) {
        file f = small_model(type);
        CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_OK);
        for (size_t bit = 0; bit < 8 * NNK_HEADER_BYTES; bit++) {
            f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_EQUAL(open_status(f.bytes, f.size, &small), bit < 32 ? NNK_E_MAGIC : NNK_E_HEADER);
            f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (uint32_t i = 0; i < 1000; i++) {
            const uint32_t bit = 8 * NNK_HEADER_BYTES + random_below((uint32_t)(f.size - 64) * 8);
            f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_E_PAYLOAD);
            f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t length = 0; length < f.size; length++) {
            uint8_t *cut = copy_of(f.bytes, length); // so that a sanitizer sees a read beyond
            CHECK_EQUAL(open_status(cut, length, &small), NNK_E_LENGTH);
            free(cut);
        }
        for (size_t more = 1; more < 20; more++)
            CHECK_EQUAL(open_status(f.bytes, f.size + more, &small), NNK_E_SIZE);
        uint8_t *shifted = room_for(f.size + 8);
        for (size_t by = 0; by < 8; by++) {
            memcpy(shifted + by, f.bytes, f.size);
            CHECK_EQUAL(open_status(shifted + by, f.size, &small), by == 0 ? NNK_OK : NNK_E_ALIGN);
        }
        free(shifted);
        CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_OK);
        free(f.bytes);
    }
}

static void test_other_topologies(void) {
    static const nnk_topology others[] = {
        {3, {51, 4, 3, 1}},    {3, {50, 5, 3, 1}}, {3, {50, 4, 2, 1}},  {2, {50, 4, 1}},
        {4, {50, 4, 3, 1, 1}}, {2, {50, 3, 1}},    {3, {306, 4, 3, 1}}, {3, {50, 4, 259 - 3, 1}},
    };
    file f = small_model(NNK_F32);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK_EQUAL(open_status(f.bytes, f.size, &others[i]), NNK_E_TOPOLOGY);
    const nnk_topology invalid = {0, {50}};
    CHECK_EQUAL(open_status(f.bytes, f.size, &invalid), NNK_E_ARGUMENT);
    free(f.bytes);
}

/// Headers whose checksum is right, and the order of the checks.
static void test_other_headers(void) {
    static const struct {
        size_t at;
        uint8_t value;
        nnk_status status;
    } changes[] = {
        {4, 0, NNK_E_VERSION},    {4, 2, NNK_E_VERSION},
        {5, 0, NNK_E_VERSION},    {5, 128, NNK_E_VERSION},
        {6, 0, NNK_E_KIND},       {6, 4, NNK_E_KIND},
        {7, 1, NNK_E_KIND},       {8, 0, NNK_E_TOPOLOGY},
        {8, 2, NNK_E_TOPOLOGY},   {8, 4, NNK_E_TOPOLOGY},
        {8, 255, NNK_E_TOPOLOGY}, {12, 51, NNK_E_TOPOLOGY},
        {13, 1, NNK_E_TOPOLOGY},  {14, 5, NNK_E_TOPOLOGY},
        {18, 2, NNK_E_TOPOLOGY},  {32, 0, NNK_E_SIZE},
        {35, 1, NNK_E_SIZE},      {35, 255, NNK_E_SIZE},
        {6, NNK_F64, NNK_E_SIZE}, {6, NNK_I8, NNK_E_SIZE},
        {36, 1, NNK_E_PAYLOAD},   {9, NNK_INIT_NONE, NNK_E_HEADER},
        {9, 3, NNK_E_HEADER},     {9, 255, NNK_E_HEADER},
        {10, 2, NNK_E_HEADER},    {10, 15, NNK_E_HEADER},
        {10, 16, NNK_E_VERSION},  {10, 255, NNK_E_VERSION}, // with shards, which are of version 3
    };
    file f = small_model(NNK_F32);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint8_t *b = copy_of(f.bytes, f.size);
        b[changes[i].at] =
            (uint8_t)(b[changes[i].at] == changes[i].value ? changes[i].value ^ 1 : changes[i].value);
        put_u32(b + 60, nnk_crc32(0, b, 60));
        CHECK_EQUAL(open_status(b, f.size, &small), changes[i].status);
        free(b);
    }
    // Damage everything, then repair it in the order in which it must be found.
    uint8_t *b = room_for(f.size + 8);
    memcpy(b + 1, f.bytes, f.size);
    memset(b + 1, 0, 60);
    CHECK_EQUAL(open_status(b + 1, 63, &small), NNK_E_LENGTH);
    CHECK_EQUAL(open_status(b + 1, 64, &small), NNK_E_ALIGN);
    memmove(b, b + 1, f.size);
    b[f.size - 1] ^= 1;
    CHECK_EQUAL(open_status(b, 64, &small), NNK_E_MAGIC);
    memcpy(b, f.bytes, 4);
    CHECK_EQUAL(open_status(b, 64, &small), NNK_E_HEADER);
    const struct {
        size_t from, to;
        nnk_status status;
    } repairs[] = {{4, 4, NNK_E_VERSION},
                   {4, 6, NNK_E_KIND},
                   {6, 8, NNK_E_TOPOLOGY},
                   {8, 28, NNK_E_SIZE},
                   {28, 36, NNK_E_LENGTH}};
    for (size_t i = 0; i < sizeof repairs / sizeof repairs[0]; i++) {
        memcpy(b + repairs[i].from, f.bytes + repairs[i].from, repairs[i].to - repairs[i].from);
        put_u32(b + 60, nnk_crc32(0, b, 60));
        CHECK_EQUAL(open_status(b, 64, &small), repairs[i].status);
    }
    CHECK_EQUAL(open_status(b, f.size + 1, &small), NNK_E_SIZE);
    CHECK_EQUAL(open_status(b, f.size, &small), NNK_E_PAYLOAD);
    free(b);
    free(f.bytes);
}

static void test_topologies(void) {
    CHECK(nnk_topology_valid(&nnk_deep) && nnk_topology_valid(&nnk_two_layer));
    CHECK_EQUAL(nnk_parameter_count(&nnk_deep), NNK_PARAMETERS(DEEP));
    CHECK_EQUAL(nnk_parameter_count(&nnk_two_layer), NNK_PARAMETERS(TWO_LAYER));
    CHECK_EQUAL(nnk_unit_count(&nnk_deep), NNK_UNITS(DEEP));
    CHECK_EQUAL(nnk_unit_count(&nnk_two_layer), NNK_UNITS(TWO_LAYER));
    CHECK(nnk_topology_equal(&nnk_deep, &nnk_deep) && !nnk_topology_equal(&nnk_deep, &nnk_two_layer));
    static const nnk_topology good[] = {{1, {1, 1}},
                                        {1, {NNK_MAX_INPUTS, 1}},
                                        {2, {1, NNK_MAX_UNITS, 1}},
                                        {7, {1, 1, 1, 1, 1, 1, 1, 1}},
                                        {2, {5, 4, 1, 99}}}; // what stands behind the last layer is nothing
    static const nnk_topology bad[] = {{0, {1, 1}},      {-1, {1, 1}}, {8, {1, 1, 1, 1, 1, 1, 1, 1}},
                                       {1, {0, 1}},      {1, {-5, 1}}, {1, {NNK_MAX_INPUTS + 1, 1}},
                                       {2, {1, 0, 1}},   {1, {1, 2}},  {2, {1, NNK_MAX_UNITS + 1, 1}},
                                       {2, {1, -1, 1}},  {1, {1, 0}},  {2, {1, 1, 0}},
                                       {3, {1, 1, 0, 1}}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) CHECK(nnk_topology_valid(&good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CHECK(!nnk_topology_valid(&bad[i]));
    CHECK(nnk_topology_equal(&good[4], &(nnk_topology){2, {5, 4, 1}}));
    CHECK(!nnk_topology_equal(&good[4], &(nnk_topology){2, {5, 3, 1}}));
}

/// The accessors lead to where docs/FORMAT.md says that the parts are; the file is read in between.
static void test_parts(void) {
    const uint32_t first = 50 * 4, above = 4 * 1 + (4 + 1) * 3 + (3 + 1) * 1; // W1; b1, W2, b2, W3, b3
    FOR_EACH_TYPE(type) {
        file f = small_model(type);
        const nnk_model m = opened(&f, &small);
        const uint8_t *parameters = f.bytes + NNK_HEADER_BYTES;
        const uint32_t real = (uint32_t)bytes_of(1, type);
        const uint32_t indices[][2] = {{0, 200}, {204, 216}, {219, 222}};
        for (int32_t l = 1; l <= 3; l++) {
            CHECK(nnk_model_weights(&m, l) == parameters + indices[l - 1][0] * real);
            CHECK(nnk_model_biases(&m, l) == parameters + indices[l - 1][1] * real);
            CHECK_EQUAL(nnk_model_weights_at(&small, type, l), 64 + indices[l - 1][0] * real);
            CHECK_EQUAL(nnk_model_biases_at(&small, type, l), 64 + indices[l - 1][1] * real);
        }
        CHECK(nnk_model_scales(&m) == NULL);
        CHECK(nnk_model_payload_crc(f.bytes) == get_u32(f.bytes + 36));

        file q = {.room = nnk_model_bytes(&small, NNK_I8)};
        q.bytes = room_for(q.room);
        CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&q)), NNK_OK);
        const nnk_model i8 = opened(&q, &small);
        CHECK((const uint8_t *)nnk_model_scales(&i8) == q.bytes + 64);
        CHECK((const uint8_t *)nnk_model_biases(&i8, 1) == q.bytes + 64 + 4 * 4);
        CHECK((const uint8_t *)nnk_model_weights(&i8, 2) == q.bytes + 64 + 4 * (4 + 4));
        CHECK((const uint8_t *)nnk_model_biases(&i8, 3) == q.bytes + 64 + 4 * (4 + above - 1));
        CHECK((const uint8_t *)nnk_model_weights(&i8, 1) == q.bytes + 64 + 4 * (4 + above));
        CHECK(nnk_model_weights_at(&small, NNK_I8, 1) + first + 64 == q.size);
        const int8_t *w = nnk_model_weights(&i8, 1);
        for (uint32_t i = 0; i < first; i++) // what the i8 model stands for
            CHECK_NEAR(w[i] * (double)nnk_model_scales(&i8)[i / 50], parameter_of(&m, i),
                       (double)nnk_model_scales(&i8)[i / 50] * 0.5001);

        const nnk_model peeked = {.topology = &small, .dtype = type};
        CHECK(!nnk_model_weights(&peeked, 1) && !nnk_model_biases(&peeked, 1) && !nnk_model_weights(NULL, 1));
        CHECK(!nnk_model_biases(NULL, 1) && !nnk_model_scales(NULL) && !nnk_model_scales(&peeked));
        CHECK(!nnk_model_weights(&m, 0) && !nnk_model_weights(&m, 4) && !nnk_model_biases(&m, -1));
        CHECK_EQUAL(nnk_model_weights_at(&small, 99, 1), 0);
        CHECK_EQUAL(nnk_model_biases_at(NULL, type, 1), 0);
        CHECK_EQUAL(nnk_model_payload_crc(NULL), 0);
        free(q.bytes);
        free(f.bytes);
    }
}

// ---- Version 2 --------------------------------------------------------------------------------------------

static file empty_file(int32_t type) {
    file f = {.room = nnk_model_bytes(&small, type) + NNK_TRAINING_RECORD_BYTES + NNK_EXPECTATION_BYTES};
    f.bytes = room_for(f.room);
    return f;
}

/// A model and what it says.
typedef struct described {
    nnk_model m;
    nnk_records r; ///< in this processor's byte order; `m` does not point to it
} described;

/// A model with all options.
static described model_with_options(int32_t type, const void *parameters) {
    return (described){
        .m = {.topology = &small,
              .parameters = parameters,
              .class_names = {"non-cat", "cat"},
              .dtype = type,
              .options = NNK_OPTIONS,
              .method = NNK_DUAL,
              .initializer = NNK_INIT_DEEP,
              .seed = 7,
              .iterations = 8,
              .examples = 9,
              .data_crc = 10,
              .learning_rate = 0.5},
        .r = {.training = {{10, 2}, 0.25, 0x11223344, 0x55667788, 6, 0x99aabbcc},
              .expectation = {2, -0.5, 0.75f, 0.5f, 1, 2, 0.25f, 0.125f, 0x01020304, 5}},
    };
}

/// The records that model_with_options has, as docs/FORMAT.md states them.
static const uint8_t record_bytes[] = {
    10,   0,    0,    0,    2,    0,    0,    0,    0, 0, 0,    0,    0,    0,    0xd0, 0x3f, // decay
    0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55, 6, 0, 0,    0,    0xcc, 0xbb, 0xaa, 0x99, // CRCs
    0,    0,    0,    0,    0,    0,    0,    0x40, 0, 0, 0,    0,    0,    0,    0xe0, 0xbf, // scale
    0,    0,    0x40, 0x3f, 0,    0,    0,    0x3f, 0, 0, 0x80, 0x3f, 0,    0,    0,    0x40, // scores
    0,    0,    0x80, 0x3e, 0,    0,    0,    0x3e, 4, 3, 2,    1,    5,    0,    0,    0,    // folds
};

static void seal(file *f) {
    put_u32(f->bytes + 36, crc_by_bits(0, f->bytes + 64, f->size - 64));
    put_u32(f->bytes + 60, crc_by_bits(0, f->bytes, 60));
}

/// A file with these options from one without: the bytes of version 2 by hand.
static file by_hand(const file *plain, int32_t options) {
    const uint32_t more = options & NNK_OPTION_JUDGED ? 80 : 32;
    file f = {.room = plain->size + more, .size = plain->size + more};
    f.bytes = room_for(f.room);
    memcpy(f.bytes, plain->bytes, plain->size);
    memcpy(f.bytes + plain->size, record_bytes, more);
    f.bytes[4] = 2;
    f.bytes[11] = (uint8_t)options;
    put_u32(f.bytes + 32, (uint32_t)(f.size - 64));
    seal(&f);
    return f;
}

/// Writes the model with its records.
static nnk_status write_described(const described *d, file *f) {
    nnk_records records = d->r;
    nnk_model m = d->m;
    nnk_records_to_file(&records);
    m.records = &records;
    return nnk_model_write(&m, sink_of(f));
}

/// Whether a model says what `d` does.
static int says(const nnk_model *m, const described *d) {
    const nnk_training_record r = record_of(m), *s = &d->r.training;
    const nnk_expectation *want = &d->r.expectation;
    nnk_expectation e;
    return m->options == d->m.options && r.mirror.row_bytes == s->mirror.row_bytes &&
           r.mirror.pixel_bytes == s->mirror.pixel_bytes && r.weight_decay == s->weight_decay &&
           r.weights_crc == s->weights_crc && r.start_crc == s->start_crc &&
           r.kept_iteration == s->kept_iteration && r.weights_rule == s->weights_rule &&
           nnk_model_expectation(m, &e) == NNK_OK && e.scale == want->scale && e.shift == want->shift &&
           e.accuracy == want->accuracy && e.low == want->low && e.high == want->high &&
           e.log_loss == want->log_loss && e.auc == want->auc && e.guessing == want->guessing &&
           e.examples == want->examples && e.folds == want->folds;
}

/// Of a file with all options, cut or with one bit more or less in its records.
static void check_damaged(file *f, size_t plain_bytes) {
    for (size_t bit = 8 * plain_bytes; bit < 8 * f->size; bit++) {
        f->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQUAL(open_status(f->bytes, f->size, &small), NNK_E_PAYLOAD);
        f->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bytes = 64; bytes < f->size; bytes++) {
        uint8_t *cut = copy_of(f->bytes, bytes);
        CHECK_EQUAL(open_status(cut, bytes, &small), NNK_E_LENGTH);
        free(cut);
    }
    CHECK_EQUAL(open_status(f->bytes, f->size + 1, &small), NNK_E_SIZE);
}

/// What is written is what is by hand, and is read.
static void check_options(const described *d) {
    const int32_t type = d->m.dtype;
    nnk_model without = d->m;
    without.options = 0;
    file plain = empty_file(type), f = empty_file(type), again = empty_file(type);
    CHECK_EQUAL(nnk_model_write(&without, sink_of(&plain)), NNK_OK);
    CHECK_EQUAL(plain.size, nnk_model_bytes(&small, type));
    CHECK_EQUAL(write_described(d, &f), NNK_OK);
    file want = by_hand(&plain, NNK_OPTIONS);
    CHECK_SAME_FILE(f, want);

    nnk_model peeked;
    nnk_expectation e;
    CHECK_EQUAL(nnk_model_peek(&peeked, f.bytes, &small), NNK_OK);
    CHECK(peeked.options == NNK_OPTIONS && record_of(&peeked).mirror.row_bytes == 0);
    CHECK_EQUAL(nnk_model_expectation(&peeked, &e), NNK_E_STATE);
    check_damaged(&f, plain.size);
    const nnk_model read = opened(&f, &small);
    CHECK(says(&read, d) && strcmp(read.class_names[0], "non-cat") == 0 &&
          strcmp(read.class_names[1], "cat") == 0);
    CHECK_EQUAL(read.payload_bytes, f.size - 64);
    CHECK_EQUAL(nnk_model_write(&read, sink_of(&again)), NNK_OK);
    CHECK_SAME_FILE(again, want);
    free(plain.bytes);
    free(f.bytes);
    free(again.bytes);
    free(want.bytes);
}

static void test_options(void) {
    FOR_EACH_TYPE(type) {
        void *parameters = random_reals(nnk_parameter_count(&small), type);
        const described d = model_with_options(type, parameters);
        check_options(&d);
        free(parameters);
    }
}

/// Puts records at `to`, as docs/FORMAT.md states them; the expectation only if the options have one.
static void put_records(uint8_t *to, const described *d) {
    const nnk_training_record *r = &d->r.training;
    const nnk_expectation *e = &d->r.expectation;
    const float scores[] = {e->accuracy, e->low, e->high, e->log_loss, e->auc, e->guessing};
    put_u32(to, r->mirror.row_bytes);
    put_u32(to + 4, r->mirror.pixel_bytes);
    put_f64(to + 8, r->weight_decay);
    put_u32(to + 16, r->weights_crc);
    put_u32(to + 20, r->start_crc);
    put_u32(to + 24, r->kept_iteration);
    put_u32(to + 28, r->weights_rule);
    if (!(d->m.options & NNK_OPTION_JUDGED)) return;
    put_f64(to + 32, e->scale);
    put_f64(to + 40, e->shift);
    for (int i = 0; i < 6; i++) {
        uint32_t bits;
        memcpy(&bits, &scores[i], 4);
        put_u32(to + 48 + 4 * i, bits);
    }
    put_u32(to + 72, e->examples);
    put_u32(to + 76, e->folds);
}

/// The status of opening a model and asking for its records.
static nnk_status read_status(const file *f) {
    nnk_model m;
    nnk_records r;
    uint8_t *copy = copy_of(f->bytes, f->size);
    nnk_status status = nnk_model_open(&m, copy, f->size, &small);
    if (status == NNK_OK) status = nnk_model_record(&m, &r.training);
    if (status == NNK_OK && m.options & NNK_OPTION_JUDGED) status = nnk_model_expectation(&m, &r.expectation);
    free(copy);
    return status;
}

/// The status of reading a model with other options or other records, whose checksums are right; writing
/// such a model says the same.
static nnk_status status_of(const described *d) {
    nnk_model plain = d->m;
    plain.options = 0;
    file one = empty_file(d->m.dtype), written = empty_file(d->m.dtype);
    CHECK_EQUAL(nnk_model_write(&plain, sink_of(&one)), NNK_OK);
    file f = by_hand(&one, d->m.options);
    put_records(f.bytes + one.size, d);
    seal(&f);
    const nnk_status status = read_status(&f);
    const nnk_status writing = write_described(d, &written);
    CHECK_EQUAL(writing, status == NNK_OK ? NNK_OK : NNK_E_ARGUMENT);
    if (status == NNK_OK) CHECK_SAME_FILE(written, f);
    free(one.bytes);
    free(f.bytes);
    free(written.bytes);
    return status;
}

#define WITH(field, value, status)                                                                           \
    do {                                                                                                     \
        described changed = all;                                                                             \
        changed.field = value;                                                                               \
        CHECK_EQUAL(status_of(&changed), status);                                                            \
    } while (0)

/// Options and records that no training has.
static void test_options_without_sense(void) {
    void *parameters = random_reals(nnk_parameter_count(&small), NNK_F32);
    const described all = model_with_options(NNK_F32, parameters);
    CHECK_EQUAL(status_of(&all), NNK_OK);
    // A field without its option. What is not judged has no expectation at all.
    for (int32_t option = 1; option <= NNK_OPTIONS; option *= 2) {
        const int needs_no_field =
            option == NNK_OPTION_CENTERED || option == NNK_OPTION_OWN_CONTRAST || option == NNK_OPTION_JUDGED;
        WITH(m.options, NNK_OPTIONS - option, needs_no_field ? NNK_OK : NNK_E_HEADER);
    }
    // Rows of the mirror that do not divide the image, pixels that do not divide the row, none at all.
    static const nnk_mirror bad[] = {{7, 1}, {10, 3}, {10, 0}, {0, 2}, {0, 0}, {2, 10}, {100, 10}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) WITH(r.training.mirror, bad[i], NNK_E_HEADER);
    static const nnk_mirror good[] = {{10, 5}, {50, 50}, {1, 1}, {2, 1}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) WITH(r.training.mirror, good[i], NNK_OK);
    const double decays[] = {0, -0.0, -1, (double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < sizeof decays / sizeof decays[0]; i++)
        WITH(r.training.weight_decay, decays[i], NNK_E_HEADER);
    WITH(r.training.weight_decay, 1e-300, NNK_OK);
    WITH(r.training.kept_iteration, 8, NNK_OK);
    WITH(r.training.kept_iteration, 9, NNK_E_HEADER);
    // Checksums and numbers of the caller's may be zero.
    WITH(r.training.weights_crc, 0, NNK_OK);
    WITH(r.training.weights_rule, 0, NNK_OK);
    WITH(r.training.start_crc, 0, NNK_OK);
    // Weights that were imported: prediction needs own contrast, and anyone can judge.
    described imported = {.m = {.topology = &small, .parameters = parameters, .dtype = NNK_F32}};
    for (imported.m.options = 1; imported.m.options <= NNK_OPTIONS; imported.m.options++) {
        const int32_t of_training = imported.m.options & ~(NNK_OPTION_OWN_CONTRAST | NNK_OPTION_JUDGED);
        CHECK_EQUAL(status_of(&imported), of_training ? NNK_E_HEADER : NNK_OK);
    }
    imported.m.options = NNK_OPTION_OWN_CONTRAST;
    imported.r.training.start_crc = 1;
    CHECK_EQUAL(status_of(&imported), NNK_E_HEADER);
    free(parameters);
}

/// Records and a version without options: nothing says that of a plain model.
static void test_records_without_options(void) {
    void *parameters = random_reals(nnk_parameter_count(&small), NNK_F32);
    const described all = model_with_options(NNK_F32, parameters);
    file f = empty_file(NNK_F32);
    CHECK_EQUAL(write_described(&all, &f), NNK_OK);
    f.bytes[11] = 0;
    memset(f.bytes + f.size - sizeof record_bytes, 0, sizeof record_bytes);
    seal(&f);
    CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_E_VERSION);
    f.bytes[4] = 1;
    seal(&f);
    CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_E_SIZE);
    f.bytes[11] = 1;
    seal(&f);
    CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_E_VERSION);
    // All records, and options of which one record is.
    f.bytes[4] = 2;
    f.bytes[11] = NNK_OPTIONS - NNK_OPTION_JUDGED;
    seal(&f);
    CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_E_SIZE);
    free(f.bytes);
    free(parameters);
}

/// Expectations that no judgement has.
static void test_expectations_without_sense(void) {
    void *parameters = random_reals(nnk_parameter_count(&small), NNK_F64);
    const described all = model_with_options(NNK_F64, parameters);
    const float bad[] = {-0.25f, -FLT_TRUE_MIN, 1.0000001f, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        WITH(r.expectation.accuracy, bad[i], NNK_E_HEADER);
        WITH(r.expectation.low, bad[i], NNK_E_HEADER);
        WITH(r.expectation.high, bad[i], NNK_E_HEADER);
        WITH(r.expectation.auc, bad[i], NNK_E_HEADER);
        WITH(r.expectation.guessing, bad[i], NNK_E_HEADER);
        WITH(r.expectation.log_loss, bad[i], i == 2 ? NNK_OK : NNK_E_HEADER); // it may be above 1
    }
    const double none[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        WITH(r.expectation.scale, none[i], NNK_E_HEADER);
        WITH(r.expectation.shift, none[i], NNK_E_HEADER);
    }
    WITH(r.expectation.scale, -1e-300, NNK_E_HEADER);
    WITH(r.expectation.high, 0.25f, NNK_E_HEADER); // below low
    // No better than chance: the answer is always the same.
    WITH(r.expectation.scale, 0, NNK_OK);
    WITH(r.expectation.scale, -0.0, NNK_OK);
    WITH(r.expectation.shift, -1e300, NNK_OK);
    WITH(r.expectation.low, 1, NNK_OK);
    WITH(r.expectation.accuracy, 0, NNK_OK);
    WITH(r.expectation.examples, 0, NNK_OK);
    WITH(r.expectation.folds, UINT32_MAX, NNK_OK);
    free(parameters);
}
#undef WITH

/// Quantizing keeps options and records, at whatever address the records then lie.
static void test_options_quantized(void) {
    void *parameters = random_reals(nnk_parameter_count(&small), NNK_F64);
    described d = model_with_options(NNK_F64, parameters);
    file f = empty_file(NNK_F64), i8 = empty_file(NNK_I8);
    CHECK_EQUAL(write_described(&d, &f), NNK_OK);
    const nnk_model m = opened(&f, &small);
    CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&i8)), NNK_OK);
    CHECK_EQUAL(i8.size, nnk_model_bytes(&small, NNK_I8) + sizeof record_bytes);
    CHECK_SAME(i8.bytes + i8.size - sizeof record_bytes, record_bytes, sizeof record_bytes);
    const nnk_model q = opened(&i8, &small);
    CHECK(q.dtype == NNK_I8 && says(&q, &d));
    d.m.dtype = NNK_I8;
    d.m.parameters = q.parameters;
    check_options(&d);
    free(f.bytes);
    free(i8.bytes);
    free(parameters);
}

// ---- Calibration ------------------------------------------------------------------------------------------

/// The parameters of a calibrated model against those of the model before: equal below the last layer; there
/// within the roundings of a product, a sum, and to the model's type.
static void check_calibrated(const nnk_model *before, const nnk_model *after, const nnk_expectation *e) {
    const uint32_t last = nnk_weights_at(before->topology, before->topology->layers),
                   bias = nnk_biases_at(before->topology, before->topology->layers);
    const double unit = before->dtype == NNK_F32 ? 0x1p-24 : 0x1p-53;
    for (uint32_t i = 0; i <= bias; i++) {
        const wide x = (wide)parameter_of(before, i), scaled = x * (wide)e->scale,
                   want = i < last   ? x
                          : i < bias ? scaled
                                     : scaled + (wide)e->shift;
        const wide error = wide_abs((wide)parameter_of(after, i) - want),
                   most = (wide)unit * wide_abs(want) +
                          (wide)0x1p-53 * (wide_abs(scaled) + wide_abs(want)) * (wide)1.001 +
                          (wide)(before->dtype == NNK_F32 ? (double)FLT_TRUE_MIN : 0);
        CHECK(i < last ? error == 0 : error <= most);
    }
}

/// A model with these options, calibrated: it says so, and keeps what it said.
static void check_calibration(int32_t type, int32_t options, const nnk_topology *t) {
    void *parameters = random_reals(nnk_parameter_count(t), type);
    described d = model_with_options(type, parameters);
    const nnk_expectation e = {1.7, -0.3, 0.7f, 0.6f, 0.8f, 0.5f, 0.75f, 0.6f, 60, 5};
    const size_t room = nnk_model_bytes(t, type) + sizeof(nnk_records);
    file f = {.room = room, .bytes = room_for(room)}, judged = {.room = room, .bytes = room_for(room)};
    d.m.topology = t;
    d.m.options = options;
    if (!options) memset(&d.r.training, 0, sizeof d.r.training);
    CHECK_EQUAL(write_described(&d, &f), NNK_OK);
    const nnk_model m = opened(&f, t);
    CHECK_EQUAL(nnk_model_calibrate(&m, &e, sink_of(&judged)), NNK_OK);
    CHECK_EQUAL(judged.size, nnk_model_bytes(t, type) + sizeof(nnk_records));
    CHECK_SAME(judged.bytes + 12, f.bytes + 12, 20); // sizes and examples
    CHECK_SAME(judged.bytes + 40, f.bytes + 40, 20); // from the seed to the CRC of the data
    const nnk_model after = opened(&judged, t);
    d.m.options |= NNK_OPTION_JUDGED;
    d.r.expectation = e;
    CHECK(says(&after, &d) && strcmp(after.class_names[1], "cat") == 0);
    check_calibrated(&m, &after, &e);
    file again = {.room = room, .bytes = room_for(room)};
    CHECK_EQUAL(nnk_model_calibrate(&after, &e, sink_of(&again)), NNK_E_STATE);
    CHECK_EQUAL(again.size, 0);
    free(again.bytes);
    free(judged.bytes);
    free(f.bytes);
    free(parameters);
}

static void test_calibration(void) {
    static const nnk_topology one_layer = {1, {50, 1}}; // W1 is the last layer
    FOR_EACH_TYPE(type) {
        check_calibration(type, 0, &small);
        check_calibration(type, NNK_OPTIONS - NNK_OPTION_JUDGED, &small);
        check_calibration(type, 0, &one_layer);
    }
}

/// What cannot be calibrated, and nothing is written of it.
static void test_calibration_refused(void) {
    const nnk_expectation e = {2, 0, 0.7f, 0.6f, 0.8f, 0.5f, 0.75f, 0.6f, 60, 5};
    FOR_EACH_TYPE(type) {
        file f = small_model(type), q = empty_file(NNK_I8), out = empty_file(type);
        const nnk_model m = opened(&f, &small);
        CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&q)), NNK_OK);
        const nnk_model i8 = opened(&q, &small);
        CHECK_EQUAL(nnk_model_calibrate(&i8, &e, sink_of(&out)), NNK_E_KIND);
        nnk_expectation bad[] = {e, e, e, e};
        bad[0].scale = -1;
        bad[1].shift = (double)NAN;
        bad[2].guessing = 1.5f;
        bad[3].low = 0.9f; // above high
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
            CHECK_EQUAL(nnk_model_calibrate(&m, &bad[i], sink_of(&out)), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_model_calibrate(&m, NULL, sink_of(&out)), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_model_calibrate(NULL, &e, sink_of(&out)), NNK_E_ARGUMENT);
        CHECK_EQUAL(out.size, 0);
        // Too large for the type, and no number.
        const float largest = FLT_MAX;
        const double largest_double = DBL_MAX;
        void *last_weight = f.bytes + nnk_model_weights_at(&small, type, 3);
        if (type == NNK_F32)
            memcpy(last_weight, &largest, sizeof largest);
        else
            memcpy(last_weight, &largest_double, sizeof largest_double);
        CHECK_EQUAL(nnk_model_calibrate(&m, &e, sink_of(&out)), NNK_E_PARAMETER);
        memset(last_weight, 0, type == NNK_F32 ? 4 : 8);
        memset(f.bytes + NNK_HEADER_BYTES, 0xff, 8);
        CHECK_EQUAL(nnk_model_calibrate(&m, &e, sink_of(&out)), NNK_E_PARAMETER);
        free(f.bytes);
        free(q.bytes);
        free(out.bytes);
    }
}

// ---- Of a training ----------------------------------------------------------------------------------------

/// A trained model says what its job was told.
static void test_options_of_training(void) {
    static const float weights[] = {1, 0, 2.5f, 1, 0.25f};
    uint8_t bytes[sizeof weights];
    memcpy(bytes, weights, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i += 4) nnk_swap(bytes + i, 4, 4);
    FOR_EACH_TYPE(type) FOR_EACH_METHOD(method) {
        data d = random_data(&small, 5);
        for (int j = 0; j < 5; j++) d.labels[j] = j & 1; // both classes have weight
        nnk_job job = job_of(&small, type == NNK_F32 ? &nnk_f32 : &nnk_f64, &d, 3);
        job.method = methods[method];
        for (int32_t bits = 0; bits < 8; bits++) {
            job.weights = bits & 1 ? weights : NULL;
            job.weight_decay = bits & 2 ? 0.125 : 0;
            job.mirror = bits & 4 ? (nnk_mirror){10, 2} : (nnk_mirror){0, 0};
            file f = train(&job);
            CHECK_EQUAL(f.size, nnk_model_bytes(&small, type) + (bits ? NNK_TRAINING_RECORD_BYTES : 0));
            CHECK_EQUAL(f.bytes[4], bits ? 2 : 1);
            const nnk_model m = opened(&f, &small);
            CHECK_EQUAL(m.options, (bits & 1 ? NNK_OPTION_WEIGHTS : 0) | (bits & 2 ? NNK_OPTION_DECAY : 0) |
                                       (bits & 4 ? NNK_OPTION_MIRRORED : 0));
            const nnk_training_record record = record_of(&m);
            CHECK_EQUAL(record.weights_crc, bits & 1 ? nnk_crc32(0, bytes, sizeof bytes) : 0);
            CHECK(record.weight_decay == job.weight_decay);
            CHECK(record.mirror.row_bytes == job.mirror.row_bytes &&
                  record.mirror.pixel_bytes == job.mirror.pixel_bytes);
            free(f.bytes);
        }
        release_data(d);
    }
}

static void test_texts(void) {
    const char *unknown = nnk_status_text(-1000);
    CHECK(strcmp(unknown, "unknown status") == 0 && strcmp(nnk_status_text(3), unknown) == 0);
    for (nnk_status a = LAST_STATUS; a <= NNK_COST; a++) {
        const char *text = nnk_status_text(a);
        CHECK(text[0] && text[strlen(text) - 1] != '.' && strcmp(text, unknown) != 0);
        for (nnk_status b = LAST_STATUS; b < a; b++) CHECK(strcmp(text, nnk_status_text(b)) != 0);
    }
}

int main(void) {
    test_crc();
    test_crc_kernels();
    test_topologies();
    test_texts();
    test_parts();
    test_header();
    test_class_names();
    test_damage();
    test_other_topologies();
    test_other_headers();
    test_options();
    test_options_without_sense();
    test_records_without_options();
    test_expectations_without_sense();
    test_options_quantized();
    test_calibration();
    test_calibration_refused();
    test_options_of_training();
    return check_end();
}
