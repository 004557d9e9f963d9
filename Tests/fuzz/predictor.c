/// Predictions with any parameters, of any image in any pieces, and with calls that are out of order.
#include "models.h"

enum { MOST_PIECES = 300 };

/// Feeds the image in the pieces that the input names; a longer piece than is left is refused.
static nnk_status feed(void *memory, const uint8_t *image, uint32_t inputs, input pieces) {
    uint32_t at = 0;
    double probability;
    for (uint32_t calls = 0; at < inputs && calls < MOST_PIECES; calls++) {
        const uint32_t piece = pieces.count ? take_below(&pieces, 256) : inputs - at;
        REQUIRE(nnk_predict_finish(memory, &probability) == NNK_E_STATE);
        uint8_t *bytes = room_for(piece);
        memcpy(bytes, image + at, nnk_smaller(piece, inputs - at));
        const nnk_status status = nnk_predict_feed(memory, bytes, piece);
        free(bytes);
        if (status == NNK_E_SOURCE) return status;
        REQUIRE(status == (piece > inputs - at ? NNK_E_ARGUMENT : NNK_OK));
        if (status == NNK_OK) at += piece;
    }
    return nnk_predict_feed(memory, image + at, inputs - at);
}

/// The prediction with a model in memory or one that is read.
static nnk_status predict_in_pieces(const nnk_model *m, const nnk_inference *inference, const uint8_t *image,
                                    input pieces, double *probability) {
    const size_t bytes = m->parameters ? nnk_predict_bytes(m->topology, inference)
                                       : nnk_predict_reading_bytes(m->topology, inference);
    void *memory = room_for(bytes);
    REQUIRE(nnk_predict_begin(memory, bytes - 1, m, inference) == NNK_E_MEMORY);
    REQUIRE(nnk_predict_begin(memory, bytes, m, inference) == NNK_OK);
    nnk_status status = feed(memory, image, (uint32_t)m->topology->size[0], pieces);
    if (status == NNK_OK) status = nnk_predict_finish(memory, probability);
    REQUIRE(nnk_predict_finish(memory, probability) == NNK_E_STATE);
    free(memory);
    return status;
}

/// A model that is read, from a file that may fail once: the same, or NNK_E_SOURCE.
static void check_read(memory_file *f, const nnk_model *m, const uint8_t *image, input pieces,
                       nnk_status expected, double probability) {
    nnk_model read;
    nnk_steps steps = {0};
    nnk_status status;
    double found = 0;
    do status = nnk_model_read_step(&read, reader_of(f), m->topology, &steps);
    while (status == NNK_MORE);
    REQUIRE(status == NNK_OK);
    f->calls = 0;
    f->fail_at = take_below(&pieces, 64);
    status = predict_in_pieces(&read, definition_of(m->dtype), image, pieces, &found);
    REQUIRE(status == NNK_E_SOURCE ? f->fail_at > 0 : status == expected);
    REQUIRE(status != NNK_OK || memcmp(&found, &probability, sizeof found) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    input in = {bytes, count};
    const nnk_topology *t = take_topology(&in);
    uint8_t image[MOST_INPUTS], some[24];
    take_bytes(&in, some, sizeof some);
    const input pieces = {some, some[0] % sizeof some};
    for (uint32_t i = 0; i < sizeof image; i++) image[i] = (uint8_t)(some[i % sizeof some] * (i + 1));
    nnk_model m = take_model(&in, t), written;

    double probability = 0, fastest = 0;
    const nnk_status status = predict_in_pieces(&m, definition_of(m.dtype), image, pieces, &probability);
    REQUIRE(status == NNK_E_PARAMETER || (status == NNK_OK && probability >= 0 && probability <= 1));
    REQUIRE(predict_in_pieces(&m, nnk_fastest_inference(m.dtype), image, pieces, &fastest) == status);
    REQUIRE(status != NNK_OK || memcmp(&fastest, &probability, sizeof fastest) == 0);

    memory_file f = new_file(MOST_ROOM);
    const nnk_status wrote = nnk_model_write(&m, sink_of(&f));
    REQUIRE(wrote == NNK_OK || wrote == NNK_E_PARAMETER);
    if (wrote == NNK_OK && nnk_model_open(&written, f.bytes, f.size, t) == NNK_OK)
        check_read(&f, &m, image, pieces, status, probability);
    free((void *)(uintptr_t)m.parameters);
    free(f.bytes);
    return 0;
}
