// The longest step of opening, of reading and of quantizing a model, which lies in RAM. The clock counts
// instructions (scripts/boards.sh --counts): it prints rows of a table, in thousands.
#include "board.h"
#include "console.h"

#include <string.h>

#define NNK_NETWORK_SAMPLE (6144, 3, 1) // a row has two steps, which look at up to 3072 weights or bytes
enum { F32_BYTES = NNK_MODEL_BYTES(SAMPLE, 4), I8_BYTES = NNK_MODEL_I8_BYTES(SAMPLE) };
static const nnk_topology topology = NNK_TOPOLOGY(SAMPLE);
static _Alignas(8) uint8_t f32_file[F32_BYTES], i8_file[I8_BYTES];

static void check(nnk_status status) {
    if (status >= 0) return;
    print(nnk_status_text(status));
    board_end(65);
}

static nnk_status store(void *file, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    uint8_t *to = (uint8_t *)file + offset;
    if (to != bytes) memcpy(to, bytes, count);
    return NNK_OK;
}

static nnk_status give(void *file, uint32_t offset, uint32_t count, uint8_t *out) {
    memcpy(out, (const uint8_t *)file + offset, count);
    return NNK_OK;
}

/// A model of random weights, written over its own parameters.
static void make_model(void) {
    float *parameters = (float *)(void *)(f32_file + NNK_HEADER_BYTES);
    nnk_random random;
    nnk_random_seed(&random, 1);
    for (uint32_t i = 0; i < NNK_PARAMETERS(SAMPLE); i++) parameters[i] = (float)nnk_random_normal(&random);
    const nnk_model model = {.topology = &topology, .dtype = NNK_F32, .parameters = parameters};
    check(nnk_model_write(&model, (nnk_sink){store, f32_file}));
}

enum { OPEN, READ, QUANTIZE, WAYS };
static const char *const names[WAYS] = {"opening", "reading", "quantizing"};

/// Takes all steps, and prints the longest.
static void measure(int32_t way, const char *type, uint8_t *file, size_t bytes) {
    nnk_model model, opened;
    nnk_steps steps = {0};
    uint32_t longest = 0;
    check(nnk_model_open(&opened, file, bytes, &topology));
    for (nnk_status status = NNK_MORE; status > 0;) {
        const uint32_t since = board_microseconds();
        if (way == OPEN)
            status = nnk_model_open_step(&model, file, bytes, &topology, &steps);
        else if (way == READ)
            status = nnk_model_read_step(&model, (nnk_reader){give, file}, &topology, &steps);
        else
            status = nnk_model_quantize_step(&opened, (nnk_sink){store, i8_file}, &steps);
        const uint32_t took = board_microseconds() - since;
        check(status);
        if (took > longest) longest = took;
    }
    print("| ");
    print(names[way]);
    print(" | ");
    print(type);
    print(" | ");
    print_number(longest);
    print(" |\n");
}

void firmware(void) {
    make_model();
    for (int32_t way = OPEN; way < WAYS; way++) measure(way, "f32", f32_file, F32_BYTES);
    for (int32_t way = OPEN; way < QUANTIZE; way++) measure(way, "i8", i8_file, I8_BYTES);
    board_end(0);
}
