#include <nnkernel/nnkernel.h>
#include <stdio.h>
#include <string.h>

enum { IMAGES = 20, PIXELS = NNK_INPUTS(DEEP) }; // 64 x 64, R G B

static uint8_t images[IMAGES][PIXELS], labels[IMAGES];
_Alignas(8) static uint8_t arena[NNK_DUAL_BYTES(DEEP, 4, IMAGES)]; // all the memory that training needs
_Alignas(8) static uint8_t file[NNK_MODEL_BYTES(DEEP, 4)];

static nnk_status write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    memcpy((uint8_t *)context + offset, bytes, count); // or to flash, or to a file
    return NNK_OK;
}

static nnk_status train(void) {
    const nnk_job job = {.topology = &nnk_deep,
                         .arithmetic = &nnk_f32,
                         .method = &nnk_dual,
                         .seed = 1,
                         .iterations = 2500,
                         .examples = IMAGES,
                         .learning_rate = 0.0075,
                         .labels = labels,
                         .images = {.images = images[0]}};
    nnk_status status = nnk_train_begin(&job, arena, sizeof arena);
    while (status >= 0 && (status = nnk_train_step(&job, arena)) > 0) {
    } // each step is a bounded slice of work
    while (status >= 0 && (status = nnk_train_finish(&job, arena, (nnk_sink){write, file})) > 0) {
    }
    return status;
}

static nnk_status predict(const nnk_model *model, const uint8_t *image, double *probability) {
    _Alignas(8) static uint8_t memory[NNK_PREDICT_BYTES(DEEP, 4)];
    nnk_status status = nnk_predict_begin(memory, sizeof memory, model, &nnk_f32_inference);
    if (status == NNK_OK) status = nnk_predict_feed(memory, image, PIXELS); // in any number of pieces
    return status == NNK_OK ? nnk_predict_finish(memory, probability) : status;
}

int main(void) {
    for (int j = 0; j < IMAGES; j++) { // class 0: dark; class 1: bright
        labels[j] = j % 2 == 1;
        memset(images[j], 5 * j + 150 * labels[j], PIXELS);
    }
    nnk_model model;
    nnk_status status = train();
    if (status == NNK_OK) status = nnk_model_open(&model, file, sizeof file, &nnk_deep);
    if (status == NNK_OK) nnk_model_to_native(&model, file); // swaps bytes on big-endian processors
    for (int j = 0; j < 4 && status == NNK_OK; j++) {
        double probability;
        status = predict(&model, images[j], &probability);
        printf("image %d: bright with probability %.4f\n", j, probability);
    }
    if (status != NNK_OK) printf("%s\n", nnk_status_text(status));
    return status != NNK_OK;
}
