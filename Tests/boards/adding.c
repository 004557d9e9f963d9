// What it takes that examples come and go: the card's images are learned but for the last one, which then is
// added; one is forgotten; and the training begins again from the initial weights. The clock counts
// instructions (scripts/boards.sh --counts). Of the loop there is one iteration.
#include "board.h"
#include "card.h"
#include "console.h"

static card_job on_card;
static uint8_t labels[IMAGES];
static uint64_t bytes_read;
static uint32_t gone = IMAGES; ///< the image that was forgotten; those behind it have moved up

static nnk_status image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out) {
    bytes_read += count;
    return card_image(context, example + (example >= gone), offset, count, out);
}

static void check(nnk_status status) {
    if (status >= 0) return;
    print(nnk_status_text(status));
    board_end(65);
}

/// Takes all slices of the setup, and prints what they took: all of it, and G.
static void set_up(const char *what, const nnk_job *job) {
    enum { GRAM = 4 }; // docs/FORMAT.md
    uint32_t total = 0, gram = 0, longest = 0;
    nnk_progress progress;
    bytes_read = 0;
    for (;;) {
        check(nnk_train_progress(job, this_board.arena, &progress));
        if (progress.stage != NNK_SETUP) break;
        const uint32_t phase = ((const nnk_trainer *)this_board.arena)->phase, since = board_microseconds();
        check(nnk_train_step(job, this_board.arena));
        const uint32_t took = board_microseconds() - since;
        total += took;
        if (phase == GRAM) gram += took;
        if (took > longest) longest = took;
    }
    print(what);
    print(": setup ");
    print_number(total);
    print(" us, of it G ");
    print_number(gram);
    print(" us, longest slice ");
    print_number(longest);
    print(" us, KiB read ");
    print_number((uint32_t)(bytes_read >> 10));
    print("\n");
    while (nnk_train_step(job, this_board.arena) > 0) {
    }
}

static void print_call(const char *what, uint32_t since) {
    print(what);
    print(": call ");
    print_number(board_microseconds() - since);
    print(" us\n");
}

void firmware(void) {
    static nnk_job job;
    if (!card_read_job(&on_card) || on_card.examples > IMAGES ||
        !card_bytes(CARD_LABELS * CARD_BLOCK, on_card.examples, labels))
        board_end(65);
    job = (nnk_job){.topology = &nnk_deep,
                    .arithmetic = this_board.arithmetic,
                    .method = &nnk_dual,
                    .seed = on_card.seed,
                    .iterations = 1,
                    .examples = on_card.examples - 1,
                    .learning_rate = on_card.learning_rate,
                    .labels = labels,
                    .images = {.read = image},
                    .center = on_card.center,
                    .capacity = on_card.examples};
    uint32_t since = board_microseconds();
    check(nnk_train_begin(&job, this_board.arena, this_board.arena_bytes));
    print_call("begin", since);
    set_up("begin", &job);
    job.examples++;
    job.iterations++;
    since = board_microseconds();
    check(nnk_train_again(&job, this_board.arena, false));
    print_call("add", since);
    set_up("add", &job);
    gone = 10;
    job.examples--;
    job.iterations++;
    for (uint32_t j = gone; j < job.examples; j++) labels[j] = labels[j + 1];
    since = board_microseconds();
    check(nnk_train_forget(&job, this_board.arena, gone));
    print_call("forget", since);
    set_up("forget", &job);
    since = board_microseconds();
    check(nnk_train_again(&job, this_board.arena, true));
    print_call("anew", since);
    set_up("anew", &job);
    board_end(0);
}
