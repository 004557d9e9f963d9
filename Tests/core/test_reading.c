/// Models on a card: what is read piece by piece says and answers what the same file in memory does, to the
/// bit.
#include "jobs.h"

static const nnk_topology shapes[] = {
    {4, {400, 20, 7, 5, 1}},
    {2, {193, 7, 1}},
    {1, {192, 1}},
    {1, {1, 1}},
    {3, {191, 3, 60, 1}},
    {7, {385, 5, 4, 9, 4, 30, 4, 1}},
    {5, {576, 1, 2, 1, 3, 1}},
    {6, {15, 60, 2, 2, 2, 2, 1}},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

#define FOR_EACH_DTYPE(type) for (int32_t type = NNK_F32; type <= NNK_I8; type++)

/// An inference for all models with this element type, one that this processor has vectors for, and one for
/// plain models alone.
static const nnk_inference *inference_at(int32_t type, int i) {
    static const nnk_inference *const contrast[] = {&nnk_f32_contrast_inference, &nnk_f64_contrast_inference,
                                                    &nnk_i8_contrast_inference};
    static const nnk_inference *const plain[] = {&nnk_f32_inference, &nnk_f64_inference, &nnk_i8_inference};
    return i == 0 ? contrast[type - NNK_F32] : i == 1 ? nnk_fastest_inference(type) : plain[type - NNK_F32];
}

/// A file with random parameters; with own contrast it also was judged, so it has both records.
static file model_file(const nnk_topology *t, int32_t type, bool own_contrast) {
    const int32_t from_type = type == NNK_F32 ? NNK_F32 : NNK_F64;
    nnk_real *parameters = random_reals(nnk_parameter_count(t), from_type);
    nnk_records records = {.expectation = {1, 0, 0.7f, 0.6f, 0.8f, 0.5f, 0.75f, 0.6f, 60, 5}};
    nnk_records_to_file(&records);
    const nnk_model m = {.topology = t,
                         .parameters = parameters,
                         .class_names = {"non-cat", "a name of thirty-one characters"},
                         .records = own_contrast ? &records : NULL,
                         .dtype = from_type,
                         .options = own_contrast ? NNK_OPTION_OWN_CONTRAST | NNK_OPTION_JUDGED : 0};
    file f = {.room = nnk_model_bytes(t, type) + (own_contrast ? sizeof records : 0)};
    f.bytes = room_for(f.room);
    CHECK_EQUAL(type == NNK_I8 ? nnk_model_quantize(&m, sink_of(&f)) : nnk_model_write(&m, sink_of(&f)),
                NNK_OK);
    CHECK_EQUAL(f.size, f.room);
    free(parameters);
    return f;
}

static nnk_model read_whole(on_card *card, const nnk_topology *t) {
    nnk_model m;
    CHECK_EQUAL(read_model(&m, card, t), NNK_OK);
    return m;
}

/// Predicts with a model on a card. The image comes in pieces of `piece` bytes; 0: of random sizes.
static nnk_status predict_by_reading(const nnk_inference *k, const nnk_model *m, const uint8_t *x,
                                     uint32_t piece, double *p) {
    const uint32_t size = (uint32_t)m->topology->size[0];
    const size_t bytes = nnk_predict_reading_bytes(m->topology, k);
    void *memory = room_for(bytes); // no byte more, so that a sanitizer sees one
    memset(memory, 0xa5, bytes);
    nnk_status status = nnk_predict_begin(memory, bytes, m, k);
    for (uint32_t at = 0; at < size && status == NNK_OK;) {
        uint32_t count = piece ? piece : random_below(500);
        if (count > size - at) count = size - at;
        uint8_t *part = copy_of(x + at, count);
        status = nnk_predict_feed(memory, part, count);
        free(part);
        at += count;
    }
    if (status == NNK_E_SOURCE) { // it is over
        CHECK_EQUAL(nnk_predict_feed(memory, x, 1), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_predict_finish(memory, p), NNK_E_STATE);
    }
    if (status == NNK_OK) {
        status = nnk_predict_finish(memory, p);
        CHECK_EQUAL(nnk_predict_finish(memory, p), NNK_E_STATE);
    }
    free(memory);
    return status;
}

/// Both models, without pointers.
static void check_same_fields(const nnk_model *a, const nnk_model *b) {
    CHECK(a->topology == b->topology && a->payload_bytes == b->payload_bytes && a->dtype == b->dtype &&
          a->options == b->options && a->initializer == b->initializer && a->payload_crc == b->payload_crc);
    for (int32_t i = 0; i < 2; i++) {
        char name[NNK_CLASS_NAME_BYTES], other[NNK_CLASS_NAME_BYTES];
        CHECK_EQUAL(nnk_model_class_name(a, i, name), NNK_OK);
        CHECK_EQUAL(nnk_model_class_name(b, i, other), NNK_OK);
        CHECK(memcmp(name, other, sizeof name) == 0);
        CHECK(strcmp(name, i ? "a name of thirty-one characters" : "non-cat") == 0);
    }
    nnk_records of_a, of_b;
    CHECK_EQUAL(nnk_model_record(a, &of_a.training), NNK_OK);
    CHECK_EQUAL(nnk_model_record(b, &of_b.training), NNK_OK);
    CHECK(memcmp(&of_a.training, &of_b.training, sizeof of_a.training) == 0);
    const nnk_status judged = a->options & NNK_OPTION_JUDGED ? NNK_OK : NNK_E_STATE;
    CHECK_EQUAL(nnk_model_expectation(a, &of_a.expectation), judged);
    CHECK_EQUAL(nnk_model_expectation(b, &of_b.expectation), judged);
    if (judged == NNK_OK)
        CHECK(memcmp(&of_a.expectation, &of_b.expectation, sizeof of_a.expectation) == 0 &&
              of_b.expectation.folds == 5);
}

static void test_same(int32_t type, bool own_contrast) {
    for (size_t s = 0; s < SHAPES; s++) {
        const nnk_topology *t = &shapes[s];
        file f = model_file(t, type, own_contrast);
        uint8_t *bytes = copy_of(f.bytes, f.size); // stays little-endian
        on_card card = {.bytes = bytes, .size = f.size};
        const nnk_model m = read_whole(&card, t), in_memory = opened(&f, t);
        CHECK(m.parameters == NULL && nnk_model_weights(&m, 1) == NULL && nnk_model_biases(&m, 1) == NULL);
        check_same_fields(&m, &in_memory);
        for (int i = 0; i < (own_contrast ? 2 : 3); i++) {
            const nnk_inference *k = inference_at(type, i);
            for (uint32_t round = 0; round < 3; round++) {
                uint8_t *x = random_bytes((size_t)t->size[0]);
                const double want = predict(k, &in_memory, x, (uint32_t)t->size[0]);
                static const uint32_t pieces[] = {1, 191, 192, 193, 600, 0, 0};
                for (size_t n = 0; n < sizeof pieces / sizeof pieces[0]; n++) {
                    double p = -1;
                    CHECK_EQUAL(predict_by_reading(k, &m, x, pieces[n], &p), NNK_OK);
                    CHECK(p == want);
                }
                free(x);
            }
        }
        free(bytes);
        free(f.bytes);
    }
}

/// W1 is read in pieces of up to NNK_PATCH weights, and everything is read once for each image.
static void test_pieces(int32_t type) {
    const nnk_topology *t = &shapes[0];
    file f = model_file(t, type, false);
    on_card card = {.bytes = f.bytes, .size = f.size};
    const nnk_model m = read_whole(&card, t);
    uint8_t *x = random_bytes(400);
    double p;
    card.calls = card.read = 0;
    CHECK_EQUAL(predict_by_reading(inference_at(type, 0), &m, x, 0, &p), NNK_OK);
    CHECK_EQUAL(card.calls, 3 * 20 + 1); // three patches of 20 rows
    CHECK_EQUAL(card.read, f.size - NNK_HEADER_BYTES - 2 * NNK_CLASS_NAME_BYTES);
    free(x);
    free(f.bytes);
}

/// A reader that fails at each of its calls in turn: opening goes on where it was, a prediction begins anew.
static void test_failures(int32_t type) {
    const nnk_topology *t = &shapes[5];
    file f = model_file(t, type, true);
    on_card card = {.bytes = f.bytes, .size = f.size};
    nnk_model m = read_whole(&card, t);
    const uint32_t calls = card.calls;
    for (uint32_t fail_at = 1; fail_at <= calls; fail_at++) {
        nnk_steps steps = {0};
        nnk_status status, failure = NNK_OK;
        card = (on_card){.bytes = f.bytes, .size = f.size, .fail_at = fail_at};
        while ((status = nnk_model_read_step(&m, reader_of(&card), t, &steps)) != NNK_OK) {
            if (status != NNK_MORE) failure = status;
            _Alignas(8) uint8_t memory[1 << 14]; // not before all of it is checked
            if (steps.position > 0)
                CHECK_EQUAL(nnk_predict_begin(memory, sizeof memory, &m, inference_at(type, 0)),
                            NNK_E_ARGUMENT);
            if (!CHECK(card.calls <= calls + 2)) break;
        }
        CHECK_EQUAL(failure, NNK_E_SOURCE);
    }
    uint8_t *x = random_bytes((size_t)t->size[0]);
    double want = -1, p = -1;
    card.calls = card.fail_at = 0;
    CHECK_EQUAL(predict_by_reading(inference_at(type, 0), &m, x, 100, &want), NNK_OK);
    const uint32_t reads = card.calls;
    for (card.fail_at = 1; card.fail_at <= reads; card.fail_at++)
        for (uint32_t piece = 100; piece <= NNK_PATCH; piece += NNK_PATCH - 100) {
            card.calls = 0;
            CHECK_EQUAL(predict_by_reading(inference_at(type, 0), &m, x, piece, &p), NNK_E_SOURCE);
        }
    CHECK(p == -1);
    card.fail_at = 0;
    CHECK_EQUAL(predict_by_reading(inference_at(type, 0), &m, x, 100, &p), NNK_OK);
    CHECK(p == want);
    char name[NNK_CLASS_NAME_BYTES];
    nnk_records records;
    card.size = 0;
    CHECK_EQUAL(nnk_model_class_name(&m, 0, name), NNK_E_SOURCE);
    CHECK_EQUAL(nnk_model_record(&m, &records.training), NNK_E_SOURCE);
    CHECK_EQUAL(nnk_model_expectation(&m, &records.expectation), NNK_E_SOURCE);
    nnk_model nameless = m;
    nameless.class_names[0] = NULL;
    nameless.reader.read = NULL;
    CHECK_EQUAL(nnk_model_class_name(&nameless, 0, name), NNK_OK);
    CHECK(name[0] == 0);
    nnk_model unread = m;
    unread.reader.read = NULL; // nothing to read the records from
    CHECK_EQUAL(nnk_model_record(&unread, &records.training), NNK_OK);
    CHECK_EQUAL(records.training.weights_crc, 0);
    free(x);
    free(f.bytes);
}

/// An imported model that says how it was trained, under right checksums.
static void test_options_of_imported(int32_t type) {
    const nnk_topology *t = &shapes[5];
    file f = model_file(t, type, true);
    CHECK_EQUAL(open_status(f.bytes, f.size, t), NNK_OK);
    f.bytes[11] |= NNK_OPTION_DECAY; // of the options
    const uint32_t crc = nnk_crc32(0, f.bytes, 60);
    for (uint32_t b = 0; b < 4; b++) f.bytes[60 + b] = (uint8_t)(crc >> 8 * b);
    CHECK_EQUAL(open_status(f.bytes, f.size, t), NNK_E_HEADER);
    free(f.bytes);
}

/// A file that changes while it is read: the checksum finds it, unless the byte had been read before.
static void test_damage_while_reading(int32_t type) {
    const nnk_topology *t = &shapes[0];
    file f = model_file(t, type, false);
    for (uint32_t round = 0; round < 200; round++) {
        on_card card = {.bytes = f.bytes, .size = f.size};
        nnk_steps steps = {0};
        nnk_model m;
        const uint32_t at = NNK_HEADER_BYTES + random_below((uint32_t)f.size - NNK_HEADER_BYTES),
                       after = random_below((uint32_t)(f.size / 3072 + 1));
        nnk_status status = NNK_MORE;
        for (uint32_t step = 0; step < after; step++)
            CHECK_EQUAL(status = nnk_model_read_step(&m, reader_of(&card), t, &steps), NNK_MORE);
        const bool was_read = at < NNK_HEADER_BYTES + steps.position;
        f.bytes[at] ^= 4;
        while (status == NNK_MORE) status = nnk_model_read_step(&m, reader_of(&card), t, &steps);
        f.bytes[at] ^= 4;
        const bool ends_a_name = at == f.size - 1 || at == f.size - 1 - NNK_CLASS_NAME_BYTES;
        if (!was_read || !ends_a_name) CHECK_EQUAL(status, was_read ? NNK_OK : NNK_E_PAYLOAD);
    }
    free(f.bytes);
}

/// The memory is known to the byte, and what is too small, not aligned or of another type is refused.
static void test_memory(int32_t type) {
    const nnk_topology *t = &shapes[0];
    const nnk_inference *k = inference_at(type, 0),
                        *other = inference_at(type == NNK_F32 ? NNK_I8 : NNK_F32, 0);
    file f = model_file(t, type, false);
    on_card card = {.bytes = f.bytes, .size = f.size};
    nnk_model m = read_whole(&card, t);
    const size_t bytes = nnk_predict_reading_bytes(t, k);
    CHECK_EQUAL(bytes, type == NNK_I8 ? NNK_PREDICT_READING_I8_BYTES_OF((400, 20, 7, 5, 1))
                                      : NNK_PREDICT_READING_BYTES_OF((400, 20, 7, 5, 1), bytes_of(1, type)));
    uint8_t *memory = room_for(2 * bytes + 8192);
    for (size_t b = 0; b < bytes; b++) CHECK_EQUAL(nnk_predict_begin(memory, b, &m, k), NNK_E_MEMORY);
    for (size_t by = 1; by < 8; by++) CHECK_EQUAL(nnk_predict_begin(memory + by, bytes, &m, k), NNK_E_ALIGN);
    CHECK_EQUAL(nnk_predict_begin(memory, 2 * bytes + 8192, &m, other), NNK_E_KIND);
    CHECK_EQUAL(nnk_predict_begin(memory, bytes, &m, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_begin(memory, bytes, &m, k), NNK_OK);
    m.options = NNK_OPTION_OWN_CONTRAST;
    CHECK_EQUAL(nnk_predict_begin(memory, bytes, &m, inference_at(type, 2)), NNK_E_KIND);
    // It cannot be written again, nor quantized: that takes the parameters.
    m.options = 0;
    file out = {.room = f.size, .bytes = room_for(f.size)};
    CHECK_EQUAL(nnk_model_write(&m, sink_of(&out)), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&out)), NNK_E_ARGUMENT);
    free(out.bytes);
    free(memory);
    free(f.bytes);
}

int main(void) {
    FOR_EACH_DTYPE(type) {
        test_same(type, false);
        test_same(type, true);
        test_pieces(type);
        test_failures(type);
        test_options_of_imported(type);
        test_damage_while_reading(type);
        test_memory(type);
    }
    return check_end();
}
