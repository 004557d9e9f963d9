// What is proved of reading models: whatever the bytes are, nothing beyond them is read or written, and
// nothing is computed that C leaves undefined (scripts/analyze.sh, by Frama-C's EVA).
#include "__fc_builtin.h"
#include "nnkernel/nnkernel.h"

// Files start at multiples of 8 and end where the memory ends, so their lengths are multiples of 8 too.
static const nnk_topology reals = {.layers = 2, .size = {11, 3, 1}}, bytes = {.layers = 2, .size = {8, 1, 1}};
static uint64_t words[80]; // more than the longest file

enum { DTYPE_AT = 6, OPTIONS_AT = 11 }; // in the header

/// Opens any file of `length` bytes. The element type and the options are said apart, because it depends on
/// them where the parts of a file lie.
static void open(size_t length, int dtype, int first_options, int last_options) {
    uint8_t *file = (uint8_t *)words + (sizeof words - length);
    Frama_C_make_unknown((char *)words, sizeof words);
    if (length > OPTIONS_AT) {
        file[DTYPE_AT] = (uint8_t)dtype;
        file[OPTIONS_AT] = (uint8_t)Frama_C_interval(first_options, last_options);
    }
    nnk_model model;
    if (nnk_model_open(&model, file, length, dtype == NNK_I8 ? &bytes : &reals) != NNK_OK) return;
    nnk_training_record record;
    nnk_expectation expectation;
    nnk_model_record(&model, &record);
    nnk_model_expectation(&model, &expectation);
    nnk_model_to_native(&model, file);
}

/// Files of a type with all options, as long as they should be, and shorter and longer ones.
static void open_all(int dtype, size_t length) {
    const size_t lengths[] = {0,
                              NNK_HEADER_BYTES - 8,
                              NNK_HEADER_BYTES,
                              length - 8,
                              length,
                              length + NNK_TRAINING_RECORD_BYTES,
                              length + NNK_TRAINING_RECORD_BYTES + NNK_EXPECTATION_BYTES};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        open(lengths[i], dtype, 0, 0);
        open(lengths[i], dtype, 1, NNK_OPTION_JUDGED - 1);
        open(lengths[i], dtype, NNK_OPTION_JUDGED, NNK_OPTIONS);
    }
}

int main(void) {
    open_all(NNK_F32, nnk_model_bytes(&reals, NNK_F32));
    open_all(NNK_F64, nnk_model_bytes(&reals, NNK_F64));
    open_all(NNK_I8, nnk_model_bytes(&bytes, NNK_I8));
    open_all(NNK_I8 + 1, NNK_HEADER_BYTES + 8);
    return 0;
}
