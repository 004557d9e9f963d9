#define MODEL_NNK_IMPLEMENTATION // in this file only
#include "model.h"
#include <nnkernel/nnkernel.h>
#include <stdio.h>

_Alignas(8) static uint8_t memory[NNK_PREDICT_I8_BYTES(DEEP)];

// The probability of class 1 for the image that the camera sends.
static nnk_status predict(const nnk_model *model, FILE *camera, double *probability) {
    nnk_status status = nnk_predict_begin(memory, sizeof memory, model, &nnk_i8_inference);
    for (int row = 0; row < 64 && status == NNK_OK; row++) {
        uint8_t pixels[64 * 3];
        if (fread(pixels, sizeof pixels, 1, camera) != 1) return NNK_E_SOURCE;
        status = nnk_predict_feed(memory, pixels, sizeof pixels);
    }
    return status == NNK_OK ? nnk_predict_finish(memory, probability) : status;
}

int main(void) {
    nnk_model model;
    nnk_status status = nnk_model_open(&model, model_nnk, sizeof model_nnk, &nnk_deep);
    if (status != NNK_OK) return printf("model.h: %s\n", nnk_status_text(status)), 1;
    FILE *camera = fopen("image.bin", "rb");
    double probability;
    while (camera && predict(&model, camera, &probability) == NNK_OK)
        printf("%s (%f)\n", model.class_names[probability > 0.5], probability);
    return 0;
}
