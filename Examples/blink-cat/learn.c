#include "learn.h"
#include "card.h"
#include "console.h"

enum { BAD_DATA = 65, CANNOT_SAVE = 74 };

_Alignas(8) uint8_t learn_memory[LEARN_BYTES];
_Static_assert(sizeof learn_memory <= 20 * 1024, "docs/BOARDS.md promises this");

static card_job on_card;
static uint8_t labels[LEARN_PHOTOS];
static card_file file = {.first = CARD_MODEL};
static nnk_model own;

_Noreturn static void fail(const char *what, nnk_status status) {
    print(what);
    print(": error ");
    print_number((uint32_t)-status);
    print(" of status.h\n");
    board_end(status == NNK_E_SINK ? CANNOT_SAVE : BAD_DATA);
}

/// The job on the card, from the factory's model on.
static nnk_job read_job(const nnk_model *factory) {
    if (on_card.examples > LEARN_PHOTOS) fail("card: more than 32 photos", NNK_E_MEMORY);
    if (!card_bytes(CARD_LABELS * CARD_BLOCK, on_card.examples, labels)) fail("labels", NNK_E_SOURCE);
    return (nnk_job){
        .topology = factory->topology,
        .arithmetic = &nnk_f32_dual,
        .method = &nnk_dual,
        .seed = on_card.seed,
        .iterations = on_card.iterations,
        .examples = on_card.examples,
        .learning_rate = on_card.learning_rate,
        .labels = labels,
        .class_names = {on_card.class_names[0], on_card.class_names[1]},
        .images = {.read = card_image},
        .center = on_card.center,
        .own_contrast = (factory->options & NNK_OPTION_OWN_CONTRAST) != 0,
        .start = factory,
    };
}

/// Opens the model in a file on the card; false if it is not there, or damaged.
static bool open_model(nnk_model *model, card_file *from) {
    nnk_steps steps = {0};
    nnk_status status;
    do status = nnk_model_read_step(model, (nnk_reader){card_file_read, from}, &nnk_deep, &steps);
    while (status > 0);
    return status == NNK_OK;
}

/// Trains and writes the model in bytes, slice by slice: a board can do other work between the slices.
static void train(const nnk_job *job) {
    const nnk_sink sink = {card_file_write, &file};
    nnk_status status = nnk_train_begin(job, learn_memory, sizeof learn_memory);
    while (status >= 0 && (status = nnk_train_step(job, learn_memory)) > 0) {
    }
    while (status >= 0 && (status = nnk_train_finish_as(job, learn_memory, NNK_I8, sink)) > 0) {
    }
    if (status < 0) fail("training", status);
}

const nnk_model *learn(const nnk_model *factory) {
    static nnk_job job; // not on the stack, which may take 1 KiB
    if (!card_read_job(&on_card)) return factory;
    if (!open_model(&own, &file)) {
        job = read_job(factory);
        train(&job);
        if (!open_model(&own, &file)) fail("model on the card", NNK_E_PAYLOAD);
    }
    own.class_names[0] = on_card.class_names[0];
    own.class_names[1] = on_card.class_names[1];
    return &own;
}
