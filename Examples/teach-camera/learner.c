#include "learner.h"
#include "console.h"
#include "store.h"
#include "teach.h"

/// A place for a model on the card.
typedef struct place {
    uint32_t number; // in the store
    uint32_t first;  // block
    nnk_model model; // if it is `newest`
} place;

static place places[2] = {{.number = 0, .first = STORE_MODELS},
                          {.number = 1, .first = STORE_MODELS + STORE_MODEL_BLOCKS}};
static place *newest; // NULL: there is no whole model
static place *next = &places[0];

static enum { RESTING, TRAINING, WRITING, CHECKING } doing; // CHECKING: what was written
static bool is_begun;                                       // the arena holds a training
static bool is_failed;                                      // until learner_retry
static nnk_block_writer writer;
static uint32_t written_crc; // of the payload that was written
static nnk_steps steps;      // of the check
static nnk_job job;
static uint32_t iterations, settings_crc;
static uint32_t changed; // when the training began or went on

// ---- Models -----------------------------------------------------------------------------------------------

static nnk_status read_model(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    const place *p = context;
    return store_read(p->first * CARD_BLOCK + offset, count, out) ? NNK_OK : NNK_E_SOURCE;
}

/// Takes a step of checking every byte of a model on the card. NNK_OK: it is open.
static nnk_status check_step(place *p) {
    const nnk_reader reader = {read_model, p};
    const nnk_status status = nnk_model_read_step(&p->model, reader, &nnk_deep, &steps);
    return status == NNK_OK && p->model.dtype != NNK_I8 ? NNK_E_KIND : status;
}

/// Checks a whole model; true if it is whole.
static bool is_whole(place *p) {
    nnk_status status;
    steps = (nnk_steps){0};
    while ((status = check_step(p)) > 0) teach_alive();
    return status == NNK_OK;
}

/// The `write` function of the core's nnk_sink: a whole block. The first one, with the header, comes last.
static nnk_status write_block(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    const place *p = context;
    (void)count;
    if (offset == 0) written_crc = nnk_model_payload_crc(bytes);
    return store_write(p->first + offset / CARD_BLOCK, bytes) ? NNK_OK : NNK_E_SINK;
}

/// From now on a model is written into the place that is not in use.
static void begin_writing(void) {
    static uint8_t memory[NNK_BLOCK_WRITER_BYTES(CARD_BLOCK)];
    writer = (nnk_block_writer){.device = {write_block, next}, .block_bytes = CARD_BLOCK, .memory = memory};
    doing = WRITING;
}

static void use(place *p) {
    newest = p;
    next = &places[1 - p->number];
}

/// The newest model that is whole. Returns true if it is of today's examples and settings.
static bool find_model(void) {
    store_model found[2];
    const uint32_t count = store_models(found);
    for (uint32_t i = 0; i < count; i++) {
        place *p = &places[found[i].place];
        if (!is_whole(p) || p->model.payload_crc != found[i].crc) continue;
        use(p);
        return found[i].is_newest && found[i].settings == settings_crc;
    }
    return false;
}

// ---- Training ---------------------------------------------------------------------------------------------

/// A status below 0 stops the work. After a failure of the card it can go on with the same slice.
static nnk_status check(const char *what, nnk_status status) {
    if (status >= 0) return status;
    print(what);
    print(": ");
    print(nnk_status_text(status));
    print("\n");
    is_failed = true;
    if (status != NNK_E_SOURCE && status != NNK_E_SINK) {
        doing = RESTING;
        is_begun = false;
    }
    return status;
}

static bool has_both_classes(void) {
    for (uint32_t j = 1; j < job.examples; j++)
        if (job.labels[j] != job.labels[0]) return true;
    return false;
}

/// Goes on with the examples as they are now, or begins. A training of a single class would learn nothing.
static void go_on(void) {
    const uint32_t done = learner_progress().iteration; // of the job as it was
    is_failed = false;
    changed = board_microseconds();
    job.examples = store_examples();
    if (!has_both_classes()) {
        doing = RESTING;
        is_begun = false;
        return;
    }
    job.iterations = done + iterations;
    doing = TRAINING;
    const nnk_status status = is_begun ? nnk_train_again(&job, this_board.arena, false)
                                       : nnk_train_begin(&job, this_board.arena, this_board.arena_bytes);
    is_begun = check("training", status) == NNK_OK;
}

void learner_begin(const settings *s) {
    settings_crc = s->crc;
    iterations = s->iterations;
    job = (nnk_job){
        .topology = &nnk_deep,
        .arithmetic = this_board.arithmetic,
        .method = &nnk_dual,
        .seed = s->seed,
        .cost_every = 1,
        .learning_rate = s->rate,
        .labels = store_labels(),
        .class_names = {s->names[0], s->names[1]},
        .images = {.read = store_image},
        .center = true,
        .capacity = IMAGES,
    };
    if (!find_model()) go_on();
}

void learner_added(void) { go_on(); }
void learner_relabelled(void) { go_on(); }

void learner_removed(uint32_t example) {
    job.examples = store_examples();
    if (is_begun && job.examples > 0)
        is_begun = check("training", nnk_train_forget(&job, this_board.arena, example)) == NNK_OK;
    go_on();
}

/// The next model is whole: the log says so, and it is used.
static void switch_models(void) {
    if (!store_switch(next->number, next->model.payload_crc, settings_crc)) {
        check("model", NNK_E_SINK);
        return;
    }
    use(next);
    doing = RESTING;
    print("model of ");
    print_number(job.examples);
    print(" examples after ");
    print_number(learner_progress().iteration);
    print(" iterations, ");
    print_number((board_microseconds() - changed) / 1000);
    print(" ms after the last change\n");
}

/// A model that is not what was written is written once more, when learner_retry is called.
static void check_written(void) {
    const nnk_status status = check_step(next);
    if (status > 0) return;
    if (status == NNK_OK && next->model.payload_crc == written_crc) {
        switch_models();
    } else {
        begin_writing();
        check("model", NNK_E_SINK);
    }
}

static nnk_status write_step(void) {
    const nnk_sink sink = {nnk_block_write, &writer};
    return check("model", nnk_train_finish_as(&job, this_board.arena, NNK_I8, sink));
}

bool learner_step(void) {
    if (is_failed) return false;
    switch (doing) {
    case RESTING: return false;
    case TRAINING:
        if (check("training", nnk_train_step(&job, this_board.arena)) == NNK_OK) begin_writing();
        break;
    case WRITING:
        if (write_step() != NNK_OK) break;
        doing = CHECKING;
        steps = (nnk_steps){0};
        break;
    case CHECKING: check_written(); break;
    }
    return true;
}

void learner_retry(void) { is_failed = false; }

const nnk_model *learner_model(void) { return newest ? &newest->model : NULL; }

nnk_progress learner_progress(void) {
    nnk_progress progress = {0};
    if (is_begun) nnk_train_progress(&job, this_board.arena, &progress);
    return progress;
}
