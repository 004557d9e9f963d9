/// The model file: what is written is read, and what is damaged is refused.
#include "jobs.h"
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
    for (size_t cut = 0; cut <= 1000; cut++)
        CHECK(nnk_crc32(nnk_crc32(0, bytes, cut), bytes + cut, 1000 - cut) == whole);
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
    return check_end();
}
