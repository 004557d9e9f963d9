// Prints the probability of class 1 for each image, as the bits of a double:
//
//     answers MODEL IMAGES        IMAGES: 12288 bytes each
#include "nnkernel/nnkernel.h"
#include <stdio.h>
#include <string.h>

static _Alignas(8) uint8_t file[NNK_MODEL_I8_BYTES(DEEP) + NNK_TRAINING_RECORD_BYTES + 1];
static _Alignas(8) uint8_t memory[NNK_PREDICT_I8_BYTES(DEEP)];

int main(int count, char **word) {
    static uint8_t image[NNK_INPUTS(DEEP)];
    nnk_model model;
    FILE *in = count == 3 ? fopen(word[1], "rb") : NULL, *images = count == 3 ? fopen(word[2], "rb") : NULL;
    if (!in || !images) return 64;
    const size_t length = fread(file, 1, sizeof file, in);
    nnk_status status = nnk_model_open(&model, file, length, &nnk_deep);
    while (status == NNK_OK && fread(image, sizeof image, 1, images) == 1) {
        double p = 0;
        uint64_t bits;
        status = nnk_predict_begin(memory, sizeof memory, &model, &nnk_i8_inference);
        if (status == NNK_OK) status = nnk_predict_feed(memory, image, sizeof image);
        if (status == NNK_OK) status = nnk_predict_finish(memory, &p);
        memcpy(&bits, &p, sizeof bits);
        printf("%016llx\n", (unsigned long long)bits);
    }
    if (status != NNK_OK) fprintf(stderr, "answers: %s\n", nnk_status_text(status));
    return status == NNK_OK ? 0 : 65;
}
