/// The model file: what is written is read, and what is damaged is refused.
#include "jobs.h"
#include "layout.h"
#include "little_endian.h"

enum { LAST_STATUS = NNK_E_FLOAT };

static const nnk_topology small = {3, {50, 4, 3, 1}};

static nnk_status open_status(const void *bytes, size_t length, const nnk_topology *t) {
    nnk_model model;
    return nnk_model_open(&model, bytes, length, t);
}

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
        {10, 2, NNK_E_HEADER},    {10, 255, NNK_E_HEADER},
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
    file f = {.room = nnk_model_bytes(&small, type) + NNK_TRAINING_RECORD_BYTES};
    f.bytes = room_for(f.room);
    return f;
}

/// A model with all options.
static nnk_model model_with_options(int32_t type, const void *parameters) {
    return (nnk_model){.topology = &small,
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
                       .learning_rate = 0.5,
                       .record = {{10, 2}, 0.25, 0x11223344, 0x55667788, 6, 0x99aabbcc}};
}

/// The record that model_with_options has, as docs/FORMAT.md states it.
static const uint8_t record_bytes[] = {10,   0,    0, 0,    2,    0,    0,    0,    0,    0,    0,
                                       0,    0,    0, 0xd0, 0x3f, 0x44, 0x33, 0x22, 0x11, 0x88, 0x77,
                                       0x66, 0x55, 6, 0,    0,    0,    0xcc, 0xbb, 0xaa, 0x99};

static void seal(file *f) {
    put_u32(f->bytes + 36, crc_by_bits(0, f->bytes + 64, f->size - 64));
    put_u32(f->bytes + 60, crc_by_bits(0, f->bytes, 60));
}

/// A file with options from one without: the bytes of version 2 by hand.
static file by_hand(const file *plain) {
    file f = {.room = plain->size + sizeof record_bytes, .size = plain->size + sizeof record_bytes};
    f.bytes = room_for(f.room);
    memcpy(f.bytes, plain->bytes, plain->size);
    memcpy(f.bytes + plain->size, record_bytes, sizeof record_bytes);
    f.bytes[4] = 2;
    f.bytes[11] = 127;
    put_u32(f.bytes + 32, (uint32_t)(f.size - 64));
    seal(&f);
    return f;
}

static int same_record(const nnk_model *a, const nnk_model *b) {
    const nnk_training_record *r = &a->record, *s = &b->record;
    return a->options == b->options && r->mirror.row_bytes == s->mirror.row_bytes &&
           r->mirror.pixel_bytes == s->mirror.pixel_bytes && r->weight_decay == s->weight_decay &&
           r->weights_crc == s->weights_crc && r->start_crc == s->start_crc &&
           r->kept_iteration == s->kept_iteration && r->weights_rule == s->weights_rule;
}

/// What is written is what is by hand, and is read; a bit more or less in the record is noticed.
static void check_options(const nnk_model *m, nnk_status (*write)(const nnk_model *, nnk_sink),
                          int32_t type) {
    nnk_model without = *m;
    without.options = 0;
    memset(&without.record, 0, sizeof without.record);
    file plain = empty_file(type), f = empty_file(type), again = empty_file(type);
    CHECK_EQUAL(write(&without, sink_of(&plain)), NNK_OK);
    CHECK_EQUAL(plain.size, nnk_model_bytes(&small, type));
    CHECK_EQUAL(write(m, sink_of(&f)), NNK_OK);
    file want = by_hand(&plain);
    CHECK_SAME_FILE(f, want);

    nnk_model peeked, read;
    CHECK_EQUAL(nnk_model_peek(&peeked, f.bytes, &small), NNK_OK);
    CHECK(peeked.options == NNK_OPTIONS && peeked.record.mirror.row_bytes == 0);
    for (size_t bit = 8 * plain.size; bit < 8 * f.size; bit++) {
        f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_E_PAYLOAD);
        f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bytes = 64; bytes < f.size; bytes++) {
        uint8_t *cut = copy_of(f.bytes, bytes);
        CHECK_EQUAL(open_status(cut, bytes, &small), NNK_E_LENGTH);
        free(cut);
    }
    CHECK_EQUAL(open_status(f.bytes, f.size + 1, &small), NNK_E_SIZE);
    read = opened(&f, &small);
    CHECK(same_record(&read, m) && strcmp(read.class_names[0], "non-cat") == 0 &&
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
        const nnk_model m = model_with_options(type, parameters);
        check_options(&m, nnk_model_write, type);
        free(parameters);
    }
}

/// The status of opening a model with other options or another record, whose checksums are right; writing
/// such a model says the same.
static nnk_status status_of(const nnk_model *m) {
    nnk_model plain = *m;
    plain.options = 0;
    memset(&plain.record, 0, sizeof plain.record);
    file one = empty_file(m->dtype), written = empty_file(m->dtype);
    CHECK_EQUAL(nnk_model_write(&plain, sink_of(&one)), NNK_OK);
    file f = by_hand(&one);
    uint8_t *record = f.bytes + f.size - sizeof record_bytes;
    f.bytes[11] = (uint8_t)m->options;
    put_u32(record, m->record.mirror.row_bytes);
    put_u32(record + 4, m->record.mirror.pixel_bytes);
    put_f64(record + 8, m->record.weight_decay);
    put_u32(record + 16, m->record.weights_crc);
    put_u32(record + 20, m->record.start_crc);
    put_u32(record + 24, m->record.kept_iteration);
    put_u32(record + 28, m->record.weights_rule);
    seal(&f);
    const nnk_status status = open_status(f.bytes, f.size, &small);
    const nnk_status writing = nnk_model_write(m, sink_of(&written));
    CHECK_EQUAL(writing, status == NNK_OK ? NNK_OK : NNK_E_ARGUMENT);
    if (status == NNK_OK) CHECK_SAME_FILE(written, f);
    free(one.bytes);
    free(f.bytes);
    free(written.bytes);
    return status;
}

/// Options and records that no training has.
static void test_options_without_sense(void) {
    void *parameters = random_reals(nnk_parameter_count(&small), NNK_F32);
    const nnk_model all = model_with_options(NNK_F32, parameters);
    CHECK_EQUAL(status_of(&all), NNK_OK);
#define WITH(field, value, status)                                                                           \
    do {                                                                                                     \
        nnk_model m = all;                                                                                   \
        m.field = value;                                                                                     \
        CHECK_EQUAL(status_of(&m), status);                                                                  \
    } while (0)
    // A field without its option.
    for (int32_t option = 1; option <= NNK_OPTIONS; option *= 2) {
        const int needs_no_field = option == NNK_OPTION_CENTERED || option == NNK_OPTION_OWN_CONTRAST;
        WITH(options, NNK_OPTIONS - option, needs_no_field ? NNK_OK : NNK_E_HEADER);
    }
    WITH(options, 128, NNK_E_VERSION);
    WITH(options, 255, NNK_E_VERSION);
    // Rows of the mirror that do not divide the image, pixels that do not divide the row, none at all.
    static const nnk_mirror bad[] = {{7, 1}, {10, 3}, {10, 0}, {0, 2}, {0, 0}, {2, 10}, {100, 10}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) WITH(record.mirror, bad[i], NNK_E_HEADER);
    static const nnk_mirror good[] = {{10, 5}, {50, 50}, {1, 1}, {2, 1}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) WITH(record.mirror, good[i], NNK_OK);
    const double decays[] = {0, -0.0, -1, (double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < sizeof decays / sizeof decays[0]; i++)
        WITH(record.weight_decay, decays[i], NNK_E_HEADER);
    WITH(record.weight_decay, 1e-300, NNK_OK);
    WITH(record.kept_iteration, 8, NNK_OK);
    WITH(record.kept_iteration, 9, NNK_E_HEADER);
    // Checksums and numbers of the caller's may be zero.
    WITH(record.weights_crc, 0, NNK_OK);
    WITH(record.weights_rule, 0, NNK_OK);
    WITH(record.start_crc, 0, NNK_OK);
#undef WITH
    // Weights that were imported: own contrast is the one option that they can have, as prediction needs it.
    nnk_model imported = {.topology = &small, .parameters = parameters, .dtype = NNK_F32};
    for (imported.options = 1; imported.options <= NNK_OPTIONS; imported.options++)
        CHECK_EQUAL(status_of(&imported),
                    imported.options == NNK_OPTION_OWN_CONTRAST ? NNK_OK : NNK_E_HEADER);
    imported.options = NNK_OPTION_OWN_CONTRAST;
    imported.record.start_crc = 1;
    CHECK_EQUAL(status_of(&imported), NNK_E_HEADER);
    // A record with zeros and a version without options: nothing says that of a plain model.
    file f = empty_file(NNK_F32);
    CHECK_EQUAL(nnk_model_write(&all, sink_of(&f)), NNK_OK);
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
    free(f.bytes);
    free(parameters);
}

/// Quantizing keeps options and record, at whatever address the record then lies.
static void test_options_quantized(void) {
    void *parameters = random_reals(nnk_parameter_count(&small), NNK_F64);
    const nnk_model m = model_with_options(NNK_F64, parameters);
    file f = empty_file(NNK_I8);
    CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&f)), NNK_OK);
    CHECK_EQUAL(f.size, nnk_model_bytes(&small, NNK_I8) + NNK_TRAINING_RECORD_BYTES);
    CHECK_SAME(f.bytes + f.size - sizeof record_bytes, record_bytes, sizeof record_bytes);
    const nnk_model q = opened(&f, &small);
    CHECK(q.dtype == NNK_I8 && same_record(&q, &m));
    check_options(&q, nnk_model_write, NNK_I8);
    free(f.bytes);
    free(parameters);
}

/// A trained model says what its job was told.
static void test_options_of_training(void) {
    static const float weights[] = {1, 0, 2.5f, 1, 0.25f};
    uint8_t bytes[sizeof weights];
    memcpy(bytes, weights, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i += 4) nnk_swap(bytes + i, 4, 4);
    FOR_EACH_TYPE(type) FOR_EACH_METHOD(method) {
        data d = random_data(&small, 5);
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
            CHECK_EQUAL(m.record.weights_crc, bits & 1 ? nnk_crc32(0, bytes, sizeof bytes) : 0);
            CHECK(m.record.weight_decay == job.weight_decay);
            CHECK(m.record.mirror.row_bytes == job.mirror.row_bytes &&
                  m.record.mirror.pixel_bytes == job.mirror.pixel_bytes);
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
    test_options_quantized();
    test_options_of_training();
    return check_end();
}
