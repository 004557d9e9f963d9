// Trains the job on the card, writes the model to the card, and evaluates it. After a loss of power, the next
// start resumes from the newest checkpoint. If the model is already on the card, it is only evaluated.
#include "board.h"
#include "card.h"
#include "console.h"
#include "evaluate.h"
#include "profile.h"
#include <string.h>

enum { BAD_DATA = 65, CANNOT_SAVE = 74 };

static card_job on_card;
static uint8_t labels[IMAGES];

static card_file model_file = {.first = CARD_MODEL};

enum { PLACES = 3, PLACE_BLOCKS = (CARD_MODEL - CARD_CHECKPOINTS) / PLACES };
static card_file checkpoints[PLACES] = {{.first = CARD_CHECKPOINTS},
                                        {.first = CARD_CHECKPOINTS + PLACE_BLOCKS},
                                        {.first = CARD_CHECKPOINTS + 2 * PLACE_BLOCKS}};

/// Not inlined, so that the frames of two such functions are never on the stack at the same time.
#define APART __attribute__((noinline)) static

_Noreturn static void fail(const char *what, const char *why, int32_t code) {
    print(what);
    print(": ");
    print(why);
    print("\n");
    board_end(code);
}

/// Returns `status` unless it is an error, which ends the program.
static nnk_status check(const char *what, nnk_status status) {
    if (status < 0) fail(what, nnk_status_text(status), status == NNK_E_SINK ? CANNOT_SAVE : BAD_DATA);
    return status;
}

APART void read_job(nnk_job *job) {
    if (!card_read_job(&on_card)) fail("card", "no job in block 0; card.py makes cards", BAD_DATA);
    if (on_card.examples > IMAGES) {
        print("card: ");
        print_number(on_card.examples);
        print(" training images; room for ");
        print_number(IMAGES);
        fail("", "make IMAGES=N makes room for more", BAD_DATA);
    }
    if (!card_bytes(CARD_LABELS * CARD_BLOCK, on_card.examples, labels))
        fail("card", "the labels cannot be read", BAD_DATA);
    *job = (nnk_job){
        .topology = &nnk_deep,
        .arithmetic = this_board.arithmetic,
        .method = &nnk_dual,
        .seed = on_card.seed,
        .iterations = on_card.iterations,
        .cost_every = on_card.cost_every,
        .examples = on_card.examples,
        .learning_rate = on_card.learning_rate,
        .labels = labels,
        .class_names = {on_card.class_names[0], on_card.class_names[1]},
        .images = {.read = profile_image},
        .center = on_card.center,
    };
}

// ---- Checkpoints ------------------------------------------------------------------------------------------
// Each checkpoint takes the place of the oldest one. While it is written the others are complete: one of them
// also on a card that says of a block too early that it is stored.

static card_file *newest_checkpoint(void) {
    card_file *file = &checkpoints[0];
    for (uint32_t i = 1; i < PLACES; i++)
        if (checkpoints[i].serial > file->serial) file = &checkpoints[i];
    return file;
}

static card_file *oldest_checkpoint(void) {
    card_file *file = &checkpoints[0];
    for (uint32_t i = 1; i < PLACES; i++)
        if (checkpoints[i].serial < file->serial) file = &checkpoints[i];
    return file;
}

static void save_checkpoint(const nnk_job *job) {
    card_file *file = oldest_checkpoint();
    const nnk_sink sink = {card_file_write, file};
    nnk_checkpoint progress = {0, 0};
    file->serial = newest_checkpoint()->serial + 1;
    while (check("checkpoint", nnk_checkpoint_save(job, this_board.arena, &progress, sink)) > 0) {
    }
}

static int32_t load_checkpoint(const nnk_job *job, card_file *file) {
    const nnk_reader reader = {card_file_read, file};
    nnk_checkpoint progress = {0, 0};
    nnk_status status;
    do status = nnk_checkpoint_load(job, this_board.arena, this_board.arena_bytes, &progress, reader);
    while (status > 0);
    return status == NNK_OK;
}

/// Loads the newest valid checkpoint of this job; returns 0 if there is none.
static int32_t resume(const nnk_job *job) {
    for (uint32_t i = 0; i < PLACES; i++) checkpoints[i].serial = card_file_serial(&checkpoints[i]);
    for (;;) {
        card_file *file = newest_checkpoint();
        if (file->serial == 0) return 0;
        if (load_checkpoint(job, file)) return 1;
        file->serial = 0;
    }
}

// ---- Training ---------------------------------------------------------------------------------------------

static nnk_progress progress_of(const nnk_job *job) {
    nnk_progress progress;
    check("progress", nnk_train_progress(job, this_board.arena, &progress));
    return progress;
}

/// Prints the time since `since`, modulo 71 minutes.
static void print_time(const char *what, uint32_t since) {
    print(what);
    print_number(board_microseconds() - since);
    print(" us\n");
}

APART void begin(const nnk_job *job) {
    if (on_card.checkpoint_every && resume(job)) {
        static const char *const stage[] = {"setup", "iterations", "model"};
        print("resuming: ");
        print(stage[progress_of(job).stage]);
        print("\n");
    } else {
        print("starting a new run\n");
        profile_begin();
        check("training", nnk_train_begin(job, this_board.arena, this_board.arena_bytes));
        profile_slice(this_board.arena);
    }
}

/// Trains in slices of work; prints costs and saves checkpoints.
APART void learn(const nnk_job *job) {
    uint32_t since = board_microseconds(), slices = 0;
    nnk_progress progress = progress_of(job);
    nnk_status status;
    do {
        const int32_t before = progress.stage;
        progress = progress_of(job);
        if (before == NNK_SETUP && progress.stage == NNK_LOOP) {
            print_time("setup took ", since);
            since = board_microseconds();
        }
        profile_begin();
        status = check("training", nnk_train_step(job, this_board.arena));
        profile_slice(this_board.arena);
        if (status == NNK_COST) {
            print("Cost after iteration ");
            print_number(progress.iteration);
            print(": ");
            print_real(progress_of(job).cost);
            print("\n");
        }
        if (on_card.checkpoint_every && (++slices % on_card.checkpoint_every == 0 || status == NNK_OK))
            save_checkpoint(job);
    } while (status > 0);
    print_time("iterations took ", since);
}

APART void write_model(const nnk_job *job) {
    const uint32_t since = board_microseconds();
    const nnk_sink sink = {card_file_write, &model_file};
    nnk_status status;
    do {
        profile_begin();
        status = check("model", nnk_train_finish(job, this_board.arena, sink));
        profile_slice(this_board.arena);
    } while (status > 0);
    print_time("writing the model took ", since);
}

// ---- The model on the card --------------------------------------------------------------------------------

/// Whether the card has the model of this job, undamaged.
APART int32_t model_is_there(const nnk_job *job) {
    const nnk_model *m;
    return open_model(&model_file, &m) == NNK_OK && m->dtype == job->arithmetic->dtype &&
           m->method == NNK_DUAL && m->seed == job->seed && m->iterations == job->iterations &&
           m->examples == job->examples && m->learning_rate == job->learning_rate &&
           m->options == (job->center ? NNK_OPTION_CENTERED : 0);
}

APART void print_score(const char *what, uint32_t first, uint32_t count) {
    score result;
    if (count == 0) return;
    check("evaluation", evaluate(first, count, &result));
    print(what);
    print_number(result.right);
    print(" of ");
    print_number(result.images);
    print(" right; probability of the first image: ");
    print_real(result.of_first_one);
    print(", bits ");
    print_bits(result.of_first_one);
    print("\n");
}

void firmware(void) {
    print(this_board.name);
    print("\n");
    static nnk_job job; // not on the stack, which may take 1 KiB
    read_job(&job);
    if (model_is_there(&job)) {
        print("the model is already on the card; card.py make makes a new card, without it\n");
    } else {
        begin(&job);
        learn(&job);
        write_model(&job);
        if (!model_is_there(&job)) fail("model", "the card does not have what was written", CANNOT_SAVE);
    }
    profile_print();
    print_score("training set: ", 0, on_card.examples);
    print_score("test set: ", on_card.examples, on_card.tests);
    print("stack used: ");
    print_number(stack_used());
    print(" bytes\n");
    board_end(0);
}
