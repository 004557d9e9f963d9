// Power fails while Examples/teach-camera records examples, trains and writes models: what was stored is
// there, and the model in use is the old one or the new one, whole.
#include "camera.h"
#include "learner.h"
#include "power.h"
#include "settings.h"
#include "store.h"
#include "teach.h"
#include <string.h>

enum { IMAGE_BYTES = NNK_INPUTS(DEEP), ROW = 192, MOST_EXAMPLES = 8 };

_Alignas(8) static uint8_t
    memory[NNK_DUAL_BYTES(DEEP, 4, IMAGES) + NNK_DUAL_ADJUSTED_BYTES(DEEP, 4, IMAGES) + 4096];
const board this_board = {"emulated", &nnk_f32_dual, &nnk_i8_inference, memory, sizeof memory};

void board_write(const char *text) { (void)text; }
uint32_t board_microseconds(void) { return 0; }
void board_watchdog(void) {}
void teach_alive(void) {}

// ---- What the user does -----------------------------------------------------------------------------------

typedef struct change {
    enum { RECORD, RELABEL, UNDO } kind;
    uint32_t label;
} change;

static const change changes[] = {{RECORD, 0}, {RECORD, 1}, {RELABEL, 0}, {RECORD, 1},
                                 {UNDO, 0},   {RECORD, 1}, {RECORD, 0}};
enum { CHANGES = sizeof changes / sizeof changes[0] };

/// The examples after so many changes: label, and which image, numbered by the change that recorded it.
typedef struct examples {
    uint32_t count, label[MOST_EXAMPLES], image[MOST_EXAMPLES];
} examples;

static examples after(uint32_t count) {
    examples e = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (changes[i].kind == UNDO) e.count--;
        if (changes[i].kind == RELABEL) e.label[e.count - 1] = changes[i].label;
        if (changes[i].kind != RECORD) continue;
        e.label[e.count] = changes[i].label;
        e.image[e.count++] = i;
    }
    return e;
}

static uint8_t pixel(uint32_t image, uint32_t at) {
    return (uint8_t)((image * 7919 + at + 1) * 2654435761u >> 24);
}

static void record(uint32_t image, uint32_t label) {
    uint8_t row[ROW];
    if (store_is_full()) failed("the card is full");
    store_begin_image();
    for (uint32_t at = 0; at < IMAGE_BYTES; at += ROW) {
        for (uint32_t k = 0; k < ROW; k++) row[k] = pixel(image, at + k);
        if (!store_row(row, ROW)) failed("a row cannot be stored");
    }
    if (!store_record(label)) failed("an example cannot be recorded");
}

static void make_change(uint32_t i) {
    switch (changes[i].kind) {
    case RECORD: record(i, changes[i].label); break;
    case RELABEL:
        if (!store_relabel(changes[i].label)) failed("an example cannot be relabelled");
        break;
    case UNDO:
        if (!store_undo()) failed("an example cannot be forgotten");
        break;
    }
}

static void learn_change(uint32_t i) {
    switch (changes[i].kind) {
    case RECORD: learner_added(); break;
    case RELABEL: learner_relabelled(); break;
    case UNDO: learner_removed(store_examples()); break;
    }
}

// ---- What is on the card ----------------------------------------------------------------------------------

static bool has_examples(examples e) {
    if (store_examples() != e.count) return false;
    for (uint32_t j = 0; j < e.count; j++) {
        uint8_t bytes[IMAGE_BYTES];
        if (store_labels()[j] != e.label[j] || store_image(NULL, j, 0, IMAGE_BYTES, bytes) != NNK_OK)
            return false;
        for (uint32_t at = 0; at < IMAGE_BYTES; at++)
            if (bytes[at] != pixel(e.image[j], at)) return false;
    }
    return true;
}

/// After how many changes the examples are those on the card.
static uint32_t changes_on_card(void) {
    for (uint32_t i = 0; i <= CHANGES; i++)
        if (has_examples(after(i))) return i;
    failed("the examples on the card are none that there ever were");
}

static uint32_t model_in_use(void) { return learner_model() ? learner_model()->payload_crc : 0; }

// ---- The session ------------------------------------------------------------------------------------------

enum { UNKNOWN_MODEL = 0, NO_MODEL = 1 };

/// What the starts without a loss leave for the others: the last model of a session that starts after so many
/// changes, with a model of these examples on the card (1) or without (0).
static struct known { uint32_t last_model[CHANGES + 1][2]; } * known;

/// Works until there is nothing to do.
static void work(uint32_t at) {
    while (learner_step()) promised((promise){at, model_in_use()});
    promised((promise){at, model_in_use()});
}

/// Starts as teach.c does. Returns how many changes are on the card.
static uint32_t begin(bool *has_model) {
    static settings chosen;
    const char *failure = settings_read(&chosen);
    if (!failure) failure = store_open();
    if (failure) failed(failure);
    const uint32_t at = changes_on_card();
    learner_begin(&chosen);
    found((promise){at, model_in_use()});
    *has_model = !learner_step();
    return at;
}

/// The session goes on where it was: the user sees which examples there are.
static void session(void) {
    bool has_model;
    const uint32_t first = begin(&has_model);
    work(first);
    for (uint32_t i = first; i < CHANGES; i++) {
        make_change(i);
        promised((promise){i + 1, model_in_use()});
        learn_change(i);
        work(i + 1);
    }
    if (!has_examples(after(CHANGES))) failed("the session ends with other examples");
    const uint32_t crc = model_in_use();
    uint32_t *expected = &known->last_model[first][has_model];
    if (*expected == 0) *expected = crc;
    const bool is_old =
        first == CHANGES && has_model; // a model of the session before, which may_find looks at
    if (crc == 0 || (crc != *expected && !is_old))
        failed("the session ends with another model than without a loss");
    done();
}

static bool are_equal(uint32_t one, uint32_t other) {
    const examples a = after(one), b = after(other);
    return a.count == b.count && memcmp(a.label, b.label, a.count * sizeof a.label[0]) == 0 &&
           memcmp(a.image, b.image, a.count * sizeof a.image[0]) == 0;
}

/// The examples are those before or after the change in which the power was lost. The model is the one that
/// was in use, or the one that was being written.
static bool may_find(promise found, promise before, promise next) {
    const bool is_next = before.at < CHANGES && are_equal(found.at, before.at + 1);
    return (is_next || are_equal(found.at, before.at)) &&
           (found.model == before.model || found.model == next.model);
}

// ---- The sessions without a loss --------------------------------------------------------------------------

static uint32_t prepared; // changes

/// Stores the examples after so many changes, without their history.
static void store_alone(void) {
    const examples e = after(prepared);
    const char *failure = store_open();
    if (failure) failed(failure);
    for (uint32_t j = 0; j < e.count; j++) record(e.image[j], e.label[j]);
    done();
}

static void train_alone(void) {
    bool has_model;
    work(begin(&has_model));
    done();
}

int main(int argc, char **argv) {
    static const char name[] = "power-store", what[] = "each write of a board that learns from its camera";
    static const program storing = {name, what, store_alone, may_find},
                         training = {name, what, train_alone, may_find},
                         all = {name, what, session, may_find};
    uint8_t text[CARD_BLOCK] = "teach-camera\nname_a=cup\nname_b=pen\nrate=0.1\niterations=2\n";
    known = shared_memory(sizeof *known);
    put_block(STORE_SETTINGS, text);
    keep_card();
    for (prepared = 0; prepared <= CHANGES; prepared++) {
        restore_card();
        run_undisturbed(&storing);
        run_undisturbed(&all);
        restore_card();
        run_undisturbed(&storing);
        run_undisturbed(&training);
        run_undisturbed(&all);
    }
    restore_card();
    return lose_power(&all, argc, argv);
}
