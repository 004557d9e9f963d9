/// Random numbers and initial weights against those that numpy drew (golden.py).
#include "golden.h"
#include "jobs.h"
#include "little_endian.h"
#include "normals.h"

static uint32_t crc_of(uint32_t crc, double x) {
    uint8_t bytes[8];
    put_f64(bytes, x);
    return nnk_crc32(crc, bytes, sizeof bytes);
}

static void test_sequences(void) {
    for (size_t s = 0; s < sizeof golden_sequences / sizeof golden_sequences[0]; s++) {
        nnk_random random;
        uint32_t words = 0, uniforms = 0, normals = 0;
        for (uint32_t i = 0; i < GOLDEN_COUNT; i++) {
            if (i == 0) nnk_random_seed(&random, golden_sequences[s].seed);
            const uint32_t word = nnk_next_word(&random);
            uint8_t bytes[4];
            put_u32(bytes, word);
            words = nnk_crc32(words, bytes, sizeof bytes);
            if (i == 0) CHECK(word == golden_sequences[s].word);
        }
        CHECK(words == golden_sequences[s].words_crc);
        nnk_random_seed(&random, golden_sequences[s].seed);
        for (uint32_t i = 0; i < GOLDEN_COUNT; i++) {
            const double uniform = nnk_random_uniform(&random);
            uniforms = crc_of(uniforms, uniform);
            if (i == 0) CHECK(uniform == golden_sequences[s].uniform);
        }
        CHECK(uniforms == golden_sequences[s].uniforms_crc);
        nnk_random_seed(&random, golden_sequences[s].seed);
        for (uint32_t i = 0; i < GOLDEN_COUNT; i++) {
            const double normal = nnk_random_normal(&random);
            normals = crc_of(normals, normal);
            if (i == 0) CHECK(normal == golden_sequences[s].normal);
        }
        CHECK(normals == golden_sequences[s].normals_crc);
        CHECK(nnk_random_uniform(&random) == golden_sequences[s].between);
        CHECK(nnk_random_normal(&random) == golden_sequences[s].spare);
    }
}

/// Returns the CRC-32 of the parameters of a model without any iteration.
static uint32_t untrained(const nnk_topology *t, const nnk_arithmetic *k, uint32_t seed) {
    data d = random_data(t, 1);
    nnk_job job = job_of(t, k, &d, 0);
    job.seed = seed;
    file f = train(&job);
    CHECK(f.size >= NNK_HEADER_BYTES + bytes_of(nnk_parameter_count(t), k->dtype));
    const uint32_t crc = nnk_crc32(0, f.bytes + NNK_HEADER_BYTES, bytes_of(nnk_parameter_count(t), k->dtype));
    free(f.bytes);
    release_data(d);
    return crc;
}

static void test_weights(void) {
    for (size_t s = 0; s < sizeof golden_weights / sizeof golden_weights[0]; s++) {
        const uint32_t seed = golden_weights[s].seed;
        FOR_EACH_ARITHMETIC(k, NNK_F64) {
            CHECK(untrained(&nnk_deep, k, seed) == golden_weights[s].deep_f64);
            CHECK(untrained(&nnk_two_layer, k, seed) == golden_weights[s].two_layer_f64);
        }
        FOR_EACH_ARITHMETIC(k, NNK_F32) {
            CHECK(untrained(&nnk_deep, k, seed) == golden_weights[s].deep_f32);
            CHECK(untrained(&nnk_two_layer, k, seed) == golden_weights[s].two_layer_f32);
        }
    }
}

/// Two weights, found by trying 10^9 numbers of inputs, for which the nearest float depends on the last bits
/// of the double. No other test would notice if vectors used their other logarithm there.
static void test_between_floats(void) {
    static const struct {
        uint32_t index;
        int32_t inputs;
        float weight;
    } cases[] = {{166, 631864386, 0x1.492812p-15f}, {2177, 1531713194, 0x1.5a229ep-17f}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) FOR_EACH_ARITHMETIC(k, NNK_F32) {
            nnk_random random;
            float weights[2178];
            nnk_random_seed(&random, 1);
            k->initialize((nnk_real *)weights, sizeof weights / sizeof weights[0], cases[c].inputs,
                          NNK_INIT_DEEP, &random);
            CHECK(weights[cases[c].index] == cases[c].weight);
        }
}

/// All arithmetics draw the same weights, of every number of inputs and by both initializers, and leave the
/// generator alike. Of as many pairs some hundred are close to the middle between two floats.
static void test_same_weights(int32_t type) {
    const size_t most = 20001;
    nnk_real *want = room_for(bytes_of(most, type)), *w = room_for(bytes_of(most, type));
    for (uint32_t round = 0; round < 40; round++) { // all, as points close to zero are rare
        const size_t count = most - random_below(3);
        const int32_t inputs = 1 + (int32_t)random_below(20000);
        const int32_t initializer = round % 2 == 0 ? NNK_INIT_DEEP : NNK_INIT_SMALL;
        nnk_random start, first;
        nnk_random_seed(&start, round);
        if (round % 4 < 2) nnk_random_normal(&start); // another one is waiting
        first = start;
        arithmetic_at(type, 0)->initialize(want, count, inputs, initializer, &first);
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_random random = start;
            k->initialize(w, count, inputs, initializer, &random);
            CHECK_SAME(w, want, bytes_of(count, type));
            CHECK_SAME(&random, &first, sizeof random);
        }
    }
    free(want);
    free(w);
}

/// skip leaves all of the generator as initialize leaves it, with and without a spare normal before and
/// after.
static void test_skip(void) {
    static const size_t counts[] = {0, 1, 0, 2, 3, 128, 191, 192, 12288, 12289};
    FOR_EACH_TYPE(type) FOR_EACH_ARITHMETIC(k, type) {
        nnk_real *w = room_for(bytes_of(12289, type));
        nnk_random drawn, skipped;
        nnk_random_seed(&drawn, 7);
        skipped = drawn;
        // The small form has none.
        for (size_t n = 0; k->skip && n < 3 * sizeof counts / sizeof counts[0]; n++) {
            const size_t count = counts[n % (sizeof counts / sizeof counts[0])];
            k->initialize(w, count, 12288, NNK_INIT_DEEP, &drawn);
            k->skip(count, &skipped);
            CHECK_SAME(&skipped, &drawn, sizeof drawn);
        }
        free(w);
    }
}

/// The state from which the next words of the generator are these.
static nnk_random forged(const uint32_t *words, uint32_t count) {
    nnk_random random;
    nnk_random_seed(&random, 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t y = words[i]; // tempering, undone from its last step on
        y ^= y >> 18;
        y ^= y << 15 & 0xefc60000u;
        uint32_t x = y;
        for (int n = 0; n < 4; n++) x = y ^ (x << 7 & 0x9d2c5680u);
        y = x;
        for (int n = 0; n < 2; n++) x = y ^ x >> 11;
        random.word[i + 397] = x ^ nnk_twist(random.word[i], random.word[i + 1], 0);
    }
    return random;
}

/// Points of the square [-1, 1)^2 that no sequence of a test has: the centre, those of which rounding decides
/// whether they are in the disc, those with one coordinate zero, and one close to the centre. All arithmetics
/// take or leave them alike.
static void test_rare_points(int32_t type) {
    const int64_t one = 1ll << 52;
    const struct {
        int64_t x, y; // unit 2^-52
        bool is_taken;
    } points[] = {{0, 0, false},
                  {-one, 0, false},
                  {-one, 1 << 22, false},
                  {-one, -one, false},
                  {1 - one, 0, true},
                  {0, 1 - one, true},
                  {one / 2, 0, true},
                  {0, -one / 2, true},
                  {one - 1, 1 << 20, true},
                  {-one, 1 << 30, false},
                  {1 - one, 1 << 27, false},
                  {-one + 4, 1 << 26, true},
                  {12345678901, -987654321, true}};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        const uint64_t u[2] = {(uint64_t)(points[i].x + one), (uint64_t)(points[i].y + one)};
        const uint32_t words[] = {(uint32_t)(u[0] >> 26) << 5, (uint32_t)u[0] << 6,
                                  (uint32_t)(u[1] >> 26) << 5, (uint32_t)u[1] << 6};
        const nnk_random start = forged(words, 4);
        nnk_random plain = start, behind = start;
        for (int n = 0; n < 4; n++) CHECK(nnk_next_word(&behind) == words[n]);
        const double normal = nnk_random_normal(&plain), next = nnk_random_normal(&behind);
        CHECK((normal == next) == !points[i].is_taken);
        nnk_real *want = room_for(bytes_of(40, type)), *w = room_for(bytes_of(40, type));
        for (size_t count = 1; count <= 40; count += 13) {
            nnk_random first = start;
            arithmetic_at(type, 0)->initialize(want, count, 7, NNK_INIT_DEEP, &first);
            CHECK(get(want, 0, type) == rounded(normal / sqrt(7), type));
            FOR_EACH_ARITHMETIC(k, type) {
                nnk_random random = start, skipped = start;
                k->initialize(w, count, 7, NNK_INIT_DEEP, &random);
                CHECK_SAME(w, want, bytes_of(count, type));
                CHECK_SAME(&random, &first, sizeof random);
                if (k->skip) k->skip(count, &skipped);
                if (k->skip) CHECK_SAME(&skipped, &first, sizeof first);
            }
        }
        free(want);
        free(w);
    }
}

int main(void) {
    test_sequences();
    test_weights();
    test_between_floats();
    FOR_EACH_TYPE(type) test_same_weights(type);
    FOR_EACH_TYPE(type) test_rare_points(type);
    test_skip();
    return check_end();
}
