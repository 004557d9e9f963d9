// Power fails while Examples/firmware trains: it goes on from the last checkpoint, and the model is the same,
// to the byte.
#include "card.h"
#include "power.h"
#include "profile.h"
#include <string.h>

enum { EXAMPLES = IMAGES, TESTS = 1, ITERATIONS = 5, MOST_SLICES = 1000, MOST_MODEL = 32 * CARD_BLOCK };

_Alignas(8) static uint8_t memory[BOARD_ARENA_BYTES(4)];
const board this_board = {"emulated", &nnk_f32_dual, &nnk_f32_inference, memory, sizeof memory};

uint32_t board_microseconds(void) { return 0; }
uint32_t stack_used(void) { return 0; }

// ---- How far the training is ------------------------------------------------------------------------------

typedef struct position {
    uint32_t phase, item, iteration;
} position;

/// What the start without a loss leaves for the others.
static struct known {
    position slices[MOST_SLICES];
    uint32_t slice_count;
    uint8_t model[MOST_MODEL];
    uint32_t model_bytes;
} * known;

static bool is_without_loss;
static bool is_new_run, is_running, is_trained; // of this start
static uint32_t writes_before;                  // the slice

static position here(void) {
    const nnk_trainer *t = (const void *)memory;
    return (position){t->phase, t->item, t->iteration};
}

/// The number of the slice that comes next; after the last one, the number of all.
static uint32_t slice_number(void) {
    const position p = here();
    uint32_t i = 0;
    while (i < known->slice_count && memcmp(&known->slices[i], &p, sizeof p) != 0) i++;
    return i;
}

/// A slice begins. If blocks were written since the last one began, a checkpoint was saved.
void profile_begin(void) {
    if (is_new_run && !is_running) { // the arena holds no training yet
        is_new_run = false;
        return;
    }
    if (is_without_loss && !is_trained) {
        if (known->slice_count == MOST_SLICES) failed("more slices than expected");
        known->slices[known->slice_count++] = here();
    }
    const uint32_t number = slice_number();
    if (!is_running)
        found((promise){number, 0});
    else if (writes_so_far() > writes_before && !is_trained)
        promised((promise){number, 0});
    writes_before = writes_so_far();
    is_running = true;
}

void profile_slice(const void *arena) { (void)arena; }
void profile_print(void) {}
nnk_status profile_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out) {
    return card_image(context, example, offset, count, out);
}

static bool begins_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static char line[200]; // the last one printed

void board_write(const char *text) {
    if (strchr(line, '\n')) line[0] = 0;
    strncat(line, text, sizeof line - 1 - strlen(line));
    if (begins_with(text, "starting a new run")) is_new_run = true;
    if (begins_with(text, "iterations took")) {
        promised((promise){slice_number(), 0});
        is_trained = true;
    }
    if (begins_with(text, "the model is already")) found((promise){UINT32_MAX, 0});
}

// ---- The model --------------------------------------------------------------------------------------------

/// Reads the model on the card, and returns its bytes.
static uint32_t read_model(uint8_t *out) {
    nnk_model m;
    const uint32_t at = (CARD_MODEL + 1) * CARD_BLOCK - NNK_HEADER_BYTES;
    if (!card_bytes(at, NNK_HEADER_BYTES, out) || nnk_model_peek(&m, out, &nnk_deep) != NNK_OK) return 0;
    const uint32_t bytes = NNK_HEADER_BYTES + m.payload_bytes;
    return bytes <= MOST_MODEL && card_bytes(at, bytes, out) ? bytes : 0;
}

void board_end(int32_t code) {
    static uint8_t model[MOST_MODEL];
    const uint32_t bytes = read_model(model);
    if (code != 0) failed(line);
    if (bytes == 0) failed("there is no model");
    if (is_without_loss) {
        memcpy(known->model, model, bytes);
        known->model_bytes = bytes;
    }
    if (bytes != known->model_bytes || memcmp(model, known->model, bytes) != 0)
        failed("the model has other bytes than without a loss");
    promised((promise){UINT32_MAX, 0});
    done();
}

/// The training goes on from the last checkpoint that was complete, or a later one.
static bool may_find(promise found, promise before, promise after) {
    (void)after;
    return found.at >= before.at;
}

static void make_card(uint32_t checkpoint_every) {
    const uint32_t numbers[] = {EXAMPLES, TESTS, ITERATIONS, 2, 1, checkpoint_every};
    const double rate = 0.5;
    const uint32_t center = 1;
    uint8_t block[CARD_BLOCK] = "NNKCARD1";
    memcpy(block + 8, numbers, sizeof numbers);
    memcpy(block + 32, &rate, sizeof rate);
    memcpy(block + 40, &center, sizeof center);
    strcpy((char *)block + 64, "non-cat");
    strcpy((char *)block + 96, "cat");
    put_block(CARD_JOB, block);
    memset(block, 0, sizeof block);
    for (uint32_t j = 0; j < EXAMPLES + TESTS; j++) block[j] = j % 2;
    put_block(CARD_LABELS, block);
    uint32_t noise = 1;
    for (uint32_t b = 0; b < (EXAMPLES + TESTS) * (NNK_INPUTS(DEEP) / CARD_BLOCK); b++) {
        for (uint32_t i = 0; i < CARD_BLOCK; i++)
            block[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
        put_block(CARD_IMAGES + b, block);
    }
}

int main(int argc, char **argv) {
    static const program firmware_program = {
        "power-card", "each write of a training with checkpoints on a board", firmware, may_find};
    known = shared_memory(sizeof *known);
    make_card(30);
    keep_card();
    is_without_loss = true;
    run_undisturbed(&firmware_program);
    is_without_loss = false;
    restore_card();
    return lose_power(&firmware_program, argc, argv);
}
