// Switches an LED on for cats. Images arrive a few bytes at a time, and the model stays in flash. The RAM
// used is the stack: one predictor, and the frames of the calls. With LEARN=1 the model first learns photos
// of the user's own (learn.h).
#include "blink.h"
#include "board.h"
#include "console.h"
#if LEARN
#include "learn.h"
#endif

enum { PIECE = 16, BAD_DATA = 65 };
_Static_assert(NNK_INPUTS(DEEP) % PIECE == 0, "an image is a whole number of pieces");

enum { MODEL_BYTES = NNK_MODEL_I8_BYTES(DEEP), NAMES_AT = MODEL_BYTES - 2 * NNK_CLASS_NAME_BYTES };
_Static_assert(MODEL_BYTES == 246820 && NNK_TRAINING_RECORD_BYTES == 32 && NNK_EXPECTATION_BYTES == 48,
               "cat.S checks the same sizes");
extern const uint8_t model_file[], model_end[]; // cat.S

/// Whether the model takes each image's own contrast off: such an inference has more code. The Makefile
/// looks.
#if !defined(OWN_CONTRAST)
#define OWN_CONTRAST 0
#endif
#if OWN_CONTRAST
#define INFERENCE nnk_i8_contrast_inference
#else
#define INFERENCE nnk_i8_inference
#endif

/// What nnk_model_open would return, as a constant in flash.
static const nnk_model model = {
    .topology = &nnk_deep,
    .parameters = model_file + NNK_HEADER_BYTES,
    .class_names = {(const char *)model_file + NAMES_AT,
                    (const char *)model_file + NAMES_AT + NNK_CLASS_NAME_BYTES},
    .dtype = NNK_I8,
    .options = OWN_CONTRAST ? NNK_OPTION_OWN_CONTRAST : 0,
};

/// Not inlined, so that the frames of two such functions are never on the stack at the same time.
#define APART __attribute__((noinline)) static

/// Opens the file: checks that it is undamaged and of the kind of `model`.
static nnk_status open_model(nnk_model *found) {
    const size_t bytes = (size_t)(model_end - model_file);
    const nnk_status status = nnk_model_open(found, model_file, bytes, model.topology);
    const bool fits =
        found->dtype == model.dtype && (found->options & NNK_OPTION_OWN_CONTRAST) == model.options;
    return status == NNK_OK && !fits ? NNK_E_KIND : status;
}

/// Checks the model in flash and, with LEARN=1, learns. Then `in_use` predicts.
#if LEARN
static const nnk_model *in_use;

static nnk_status prepare(void) {
    static nnk_model factory;
    const nnk_status status = open_model(&factory);
    if (status == NNK_OK) in_use = learn(&factory);
    return status;
}
#else
static const nnk_model *const in_use = &model;

APART nnk_status prepare(void) {
    nnk_model found;
    return open_model(&found);
}
#endif

/// Feeds one image to the predictor; NNK_MORE if there are no more images.
APART nnk_status receive_image(void *predictor) {
    nnk_status status = NNK_OK;
    for (uint32_t at = 0; at < NNK_INPUTS(DEEP) && status == NNK_OK; at += PIECE) {
        uint8_t piece[PIECE];
        const uint32_t count = board_receive(piece, PIECE);
        if (count < PIECE) return at + count == 0 ? NNK_MORE : NNK_E_SOURCE;
        status = nnk_predict_feed(predictor, piece, PIECE);
    }
    return status;
}

/// Computes the probability of class 1 for the next image; NNK_MORE if there are no more images.
APART nnk_status classify(double *probability) {
#if LEARN
    uint8_t *const predictor = learn_memory; // also has room for pieces of a model on the card
    enum { BYTES = sizeof learn_memory };
#else
    _Alignas(8) uint8_t predictor[NNK_PREDICT_I8_BYTES(DEEP)];
    enum { BYTES = sizeof predictor };
#endif
    nnk_status status = nnk_predict_begin(predictor, BYTES, in_use, &INFERENCE);
    if (status == NNK_OK) status = receive_image(predictor);
    return status == NNK_OK ? nnk_predict_finish(predictor, probability) : status;
}

static void show(double probability) {
    const int32_t is_cat = probability > 0.5;
    board_led(is_cat);
    print(in_use->class_names[is_cat]);
    print(" (probability of ");
    print(in_use->class_names[1]);
    print(": ");
    print_number((uint32_t)((float)probability * 100 + 0.5f));
    print(" %, bits ");
    print_bits(probability);
    print(")\n");
}

/// By its number in status.h: the texts would not fit beside a model of 246,900 bytes into 256 KB of flash.
_Noreturn static void fail(const char *what, nnk_status status) {
    print(what);
    print(": error ");
    print_number((uint32_t)-status);
    print(" of status.h\n");
    board_end(BAD_DATA);
}

void firmware(void) {
    double probability;
    nnk_status status = prepare();
    if (status != NNK_OK) fail("model", status);
    while ((status = classify(&probability)) == NNK_OK) show(probability);
    if (status < 0) fail("image", status); // NNK_E_SOURCE: it has fewer than 12288 bytes
    print("RAM used: ");
    print_number(ram_used());
    print(" bytes\n");
    board_end(0);
}
