// A board that learns from its camera. Button A or B records what the camera sees as an example of its class;
// training goes on between the frames; the light shows what the newest model says of each frame.
#include "teach.h"
#include "buttons.h"
#include "camera.h"
#include "console.h"
#include "frame.h"
#include "learner.h"
#include "settings.h"
#include "store.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND, SOON = 5000 }; // microseconds

/// Patterns of the light, see board_light.
enum {
    DARK = 0,          // no model yet
    IS_A = 0xffff,     // steady
    IS_B = 0x00ff,     // half a second on, half a second off
    NOT_SURE = 0x0101, // two short flashes a second
    STORED = 0x5555,   // fast: the card has it
    FULL = 0x0fff,     // long: there is no room
    TROUBLE = 0x0505,  // pairs of flashes: no frame, or the card failed
};

static settings chosen;
/// Of the frame that is being stored or predicted. With so many rows at a time, an answer reads 640 blocks of
/// the card instead of 1750: a block has weights for 512 bytes of the image (predict.h).
static uint8_t rows[8 * FRAME_ROW_BYTES];
static uint32_t answers, longest_slice;
static uint32_t frame_due, minute_due, minutes;
static uint32_t answer_light; // the pattern of the last answer
static uint32_t light_held;   // until then the light shows something else, if is_held
static bool is_held;

void teach_alive(void) {
    board_watchdog();
    buttons_look();
}

/// Microseconds until a time of the clock; 0 if it is over.
static uint32_t until(uint32_t time) {
    const int32_t left = (int32_t)(time - board_microseconds());
    return left > 0 ? (uint32_t)left : 0;
}

static bool is_over(uint32_t time) { return until(time) == 0; }

// ---- What the user sees -----------------------------------------------------------------------------------

/// Shows a pattern for a second, whatever is answered meanwhile.
static void hold_light(uint32_t pattern) {
    board_light(pattern);
    light_held = board_microseconds() + SECOND;
    is_held = true;
}

/// Shows the last answer, unless the light is held.
static void show_answer(void) {
    if (is_held && !is_over(light_held)) return;
    is_held = false;
    board_light(answer_light);
}

static void say_trouble(const char *what, const char *why) {
    hold_light(TROUBLE);
    print(what);
    print(": ");
    print(why);
    print("\n");
}

/// "recorded cup as example 12"
static void say_stored(const char *what, uint32_t label, uint32_t example) {
    hold_light(STORED);
    print(what);
    print(chosen.names[label]);
    print(", example ");
    print_number(example + 1);
    print("\n");
}

static void say_minute(void) {
    extern uint32_t stack_lowest[], stack_highest[]; // from the linker script
    const nnk_progress progress = learner_progress();
    print("minute ");
    print_number(++minutes);
    print(": ");
    print_number(store_examples());
    print(" examples, iteration ");
    print_number(progress.iteration);
    print(", cost ");
    print_real(progress.cost);
    print(", ");
    print_number(answers);
    print(" answers, longest slice ");
    print_number(longest_slice);
    print(" us, ");
    print_number((uint32_t)(stack_highest - stack_lowest) * 4 - stack_used());
    print(" bytes of stack never used\n");
}

// ---- What the user does -----------------------------------------------------------------------------------

/// Writes what the camera sees to the card. Returns NULL, or what is wrong.
static const char *store_frame(void) {
    const char *failure = frame_begin();
    store_begin_image();
    for (uint32_t y = 0; y < 64 && !failure; y++) {
        failure = frame_row(rows);
        if (!failure && !store_row(rows, FRAME_ROW_BYTES)) failure = "the card cannot be written";
        teach_alive();
    }
    return failure;
}

static void record(uint32_t label) {
    const char *failure = store_is_full();
    if (failure) {
        hold_light(FULL);
        print("not recorded: ");
        print(failure);
        print("\n");
        return;
    }
    failure = store_frame();
    if (!failure && !store_record(label)) failure = "the card cannot be written";
    if (failure) {
        say_trouble("not recorded", failure);
        return;
    }
    say_stored("recorded ", label, store_examples() - 1);
    learner_added();
}

static void undo(void) {
    const uint32_t last = store_examples() - 1;
    if (store_examples() == 0) return;
    const uint32_t label = store_labels()[last];
    if (!store_undo()) {
        say_trouble("not undone", "the card cannot be written");
        return;
    }
    say_stored("forgotten: ", label, last);
    learner_removed(last);
}

static void relabel(uint32_t label) {
    if (store_examples() == 0) return;
    if (!store_relabel(label)) {
        say_trouble("not changed", "the card cannot be written");
        return;
    }
    say_stored("changed to ", label, store_examples() - 1);
    learner_relabelled();
}

static void act(press p) {
    switch (p) {
    case NO_PRESS: break;
    case PRESS_A: record(0); break;
    case PRESS_B: record(1); break;
    case LONG_A: relabel(0); break;
    case LONG_B: relabel(1); break;
    case PRESS_BOTH: undo(); break;
    }
}

// ---- Answers ----------------------------------------------------------------------------------------------

static nnk_status predict_frame(const char **failure, double *probability) {
    _Alignas(8) static uint8_t memory[NNK_PREDICT_READING_I8_BYTES(DEEP)];
    nnk_status status = nnk_predict_begin(memory, sizeof memory, learner_model(), &nnk_i8_inference);
    *failure = frame_begin();
    for (uint32_t at = 0; at < NNK_INPUTS(DEEP) && status == NNK_OK && !*failure; at += FRAME_ROW_BYTES) {
        const uint32_t in_rows = at % sizeof rows;
        *failure = frame_row(rows + in_rows);
        if (!*failure && in_rows + FRAME_ROW_BYTES == sizeof rows)
            status = nnk_predict_feed(memory, rows, sizeof rows);
        teach_alive();
    }
    return status == NNK_OK && !*failure ? nnk_predict_finish(memory, probability) : status;
}

static void answer(void) {
    const char *failure;
    double p = 0;
    const nnk_status status = predict_frame(&failure, &p);
    frame_due = board_microseconds() + chosen.answer_every * 1000;
    if (failure || status != NNK_OK) {
        say_trouble("no answer", failure ? failure : nnk_status_text(status));
        return;
    }
    const bool is_a = p < chosen.sure_a;
    const bool is_b = p > chosen.sure_b;
    answer_light = is_a ? IS_A : is_b ? IS_B : NOT_SURE;
    answers++;
    print("answer: ");
    print(is_a ? chosen.names[0] : is_b ? chosen.names[1] : "not sure");
    print(", bits ");
    print_bits(p);
    print("\n");
}

// ---- The loop ---------------------------------------------------------------------------------------------

/// Takes a slice of training, and keeps how long the longest one took. Returns false if there is nothing to
/// train.
static bool train(void) {
    const uint32_t since = board_microseconds();
    const bool did = learner_step();
    const uint32_t took = board_microseconds() - since;
    if (took > longest_slice) longest_slice = took;
    return did;
}

/// Until the next frame or the next line of the log, or until a button changes.
static void sleep(void) {
    uint32_t most = until(minute_due);
    if (learner_model() && until(frame_due) < most) most = until(frame_due);
    if (is_held && until(light_held) < most) most = until(light_held);
    if (buttons_are_in_use() && most > SOON) most = SOON;
    board_sleep(most);
}

static void fail(const char *why) {
    print("card: ");
    print(why);
    print("\n");
    board_light(TROUBLE);
    board_end(65);
}

void firmware(void) {
    print("teach-camera\n");
    board_light(DARK);
    const char *failure = settings_read(&chosen);
    if (!failure) failure = store_open();
    if (failure) fail(failure);
    print_number(store_examples());
    print(" examples on the card\n");
    learner_begin(&chosen);
    frame_due = board_microseconds();
    minute_due = frame_due + MINUTE;
    for (;;) {
        teach_alive();
        show_answer();
        const press p = buttons_take();
        if (p != NO_PRESS) {
            act(p);
        } else if (is_over(minute_due)) {
            minute_due += MINUTE;
            say_minute();
            learner_retry();
        } else if (learner_model() && is_over(frame_due)) {
            answer();
        } else if (!train()) {
            sleep();
        }
    }
}
