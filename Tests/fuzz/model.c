/// Any bytes as a model, in memory and read piece by piece: both ways must say the same, and what is accepted
/// must predict, and can be written again.
#include "models.h"

/// Opens a file in all ways; `m` is then as nnk_model_open made it.
static nnk_status open_in_all_ways(nnk_model *m, nnk_model *read, memory_file *f, const nnk_topology *t) {
    nnk_model stepped, peeked;
    nnk_steps steps = {0};
    nnk_status status, reading;
    do status = nnk_model_open_step(&stepped, f->bytes, f->size, t, &steps);
    while (status == NNK_MORE);
    REQUIRE(nnk_model_open(m, f->bytes, f->size, t) == status);
    if (f->size >= NNK_HEADER_BYTES) {
        const nnk_status peek = nnk_model_peek(&peeked, f->bytes, t);
        REQUIRE(peek == NNK_OK || peek == status);
    }
    steps = (nnk_steps){0};
    do reading = nnk_model_read_step(read, reader_of(f), t, &steps);
    while (reading == NNK_MORE);
    // A reader notices the end of the file alone, and nothing behind it.
    if (status == NNK_E_LENGTH)
        REQUIRE(reading == NNK_E_SOURCE);
    else
        REQUIRE(reading == status || status == NNK_E_SIZE);
    return status;
}

/// What both models say, beside the parameters.
static void compare(const nnk_model *m, const nnk_model *read) {
    nnk_training_record record, read_record;
    nnk_expectation expectation, read_expectation;
    const nnk_status status = nnk_model_record(m, &record), judged = nnk_model_expectation(m, &expectation);
    REQUIRE(nnk_model_record(read, &read_record) == status);
    REQUIRE(status != NNK_OK || memcmp(&record, &read_record, sizeof record) == 0);
    REQUIRE(nnk_model_expectation(read, &read_expectation) == judged);
    REQUIRE(judged != NNK_OK || memcmp(&expectation, &read_expectation, sizeof expectation) == 0);
    for (int32_t i = 0; i < 2; i++) {
        char name[NNK_CLASS_NAME_BYTES], read_name[NNK_CLASS_NAME_BYTES];
        REQUIRE(nnk_model_class_name(m, i, name) == NNK_OK && strcmp(name, m->class_names[i]) == 0);
        REQUIRE(nnk_model_class_name(read, i, read_name) == NNK_OK && strcmp(name, read_name) == 0);
    }
}

static void check_accepted(const nnk_model *m, const nnk_model *read, const memory_file *f, uint32_t piece) {
    double probability, other;
    compare(m, read);
    nnk_model_to_native(m, f->bytes);
    const nnk_status status = checked_prediction(m, piece, &probability);
    REQUIRE(checked_prediction(read, piece, &other) == status && memcmp(&probability, &other, 8) == 0);

    memory_file copy = new_file(f->size);
    const nnk_status written = nnk_model_write(m, sink_of(&copy));
    REQUIRE(written == NNK_OK || written == NNK_E_ARGUMENT); // a record may be no training's
    if (written == NNK_OK) {
        const nnk_model again = opened(&copy, m->topology);
        REQUIRE(copy.size == f->size && checked_prediction(&again, piece, &other) == status);
        REQUIRE(memcmp(&probability, &other, 8) == 0);
    }
    free(copy.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    input in = {bytes, count};
    const nnk_topology *t = take_topology(&in);
    const uint32_t piece = take_below(&in, 255) + 1;
    for (int is_mended = 0; is_mended < 2; is_mended++) {
        memory_file f = file_of(in, is_mended);
        nnk_model m, read;
        if (open_in_all_ways(&m, &read, &f, t) == NNK_OK) check_accepted(&m, &read, &f, piece);
        free(f.bytes);
    }
    return 0;
}
