/// Trains three small networks and predicts with them, and tells whether the results have the known bits.
///
/// All of it is static, so that each program and each plugin has its own.
#ifndef TRAINED_H
#define TRAINED_H

#include <nnkernel/nnkernel.h>
#include <stdio.h>
#include <string.h>

#define NNK_NETWORK_SMALL (768, 12, 4, 1)
#define KNOWN_CRC         0x8bc0ed39u // the same with every compiler, processor and option
enum { EXAMPLES = 21 };

typedef struct model_file {
    _Alignas(8) uint8_t bytes[NNK_MODEL_BYTES(SMALL, 8)];
    uint32_t length;
} model_file;

static nnk_status append(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    model_file *file = context;
    memcpy(file->bytes + offset, bytes, count);
    if (file->length < offset + count) file->length = offset + count;
    return NNK_OK;
}

/// Bright images are of class 1.
static void draw(uint8_t *images, uint8_t *labels) {
    uint32_t random = 1;
    for (uint32_t i = 0; i < EXAMPLES * NNK_INPUTS(SMALL); i++) {
        random = random * 1664525 + 1013904223;
        labels[i / NNK_INPUTS(SMALL)] = i / NNK_INPUTS(SMALL) % 2;
        images[i] = (uint8_t)((random >> 25) + 128 * (i / NNK_INPUTS(SMALL) % 2));
    }
}

static nnk_status train(const nnk_job *job, void *arena, size_t bytes, nnk_sink sink) {
    nnk_status status = nnk_train_begin(job, arena, bytes);
    while (status >= 0 && (status = nnk_train_step(job, arena)) > 0) {
    }
    while (status >= 0 && (status = nnk_train_finish(job, arena, sink)) > 0) {
    }
    return status;
}

static nnk_status predict(const model_file *file, const nnk_inference *inference, const uint8_t *image,
                          double *probability) {
    static _Alignas(8) uint8_t memory[NNK_PREDICT_BYTES(SMALL, 8)];
    static const nnk_topology topology = NNK_TOPOLOGY(SMALL);
    nnk_model model;
    nnk_status status = nnk_model_open(&model, file->bytes, file->length, &topology);
    if (status == NNK_OK) status = nnk_predict_begin(memory, sizeof memory, &model, inference);
    if (status == NNK_OK) status = nnk_predict_feed(memory, image, NNK_INPUTS(SMALL));
    return status == NNK_OK ? nnk_predict_finish(memory, probability) : status;
}

/// 1 if the header is of the library's version, and the models and probabilities have the known CRC-32.
static int is_trained(void) {
    static const nnk_topology topology = NNK_TOPOLOGY(SMALL);
    static uint8_t images[EXAMPLES * NNK_INPUTS(SMALL)], labels[EXAMPLES];
    static _Alignas(8) uint8_t
        arena[NNK_LARGER(NNK_PRIMAL_BYTES(SMALL, 8, EXAMPLES), NNK_DUAL_WIDE_BYTES(SMALL, 8, EXAMPLES))];
    const nnk_arithmetic *const arithmetics[] = {&nnk_f32_dual, nnk_fastest(NNK_F32), nnk_fastest(NNK_F64)};
    const nnk_method *const methods[] = {&nnk_dual, &nnk_dual_wide, &nnk_primal};
    uint32_t crc = 0;
    draw(images, labels);
    for (int k = 0; k < 3; k++) {
        static model_file file;
        const nnk_job job = {.topology = &topology,
                             .arithmetic = arithmetics[k],
                             .method = methods[k],
                             .seed = 1,
                             .iterations = 40,
                             .examples = EXAMPLES,
                             .learning_rate = 0.01,
                             .labels = labels,
                             .images = {.images = images}};
        const nnk_inference *inference =
            k == 0 ? &nnk_f32_inference : nnk_fastest_inference(k == 1 ? NNK_F32 : NNK_F64);
        double probability[2] = {0, 0};
        file.length = 0;
        nnk_status status = train(&job, arena, sizeof arena, (nnk_sink){append, &file});
        for (uint32_t i = 0; i < 2 && status == NNK_OK; i++)
            status = predict(&file, inference, images + i * NNK_INPUTS(SMALL), &probability[i]);
        if (status != NNK_OK) return printf("network %d: %s\n", k, nnk_status_text(status)), 0;
        crc = nnk_crc32(nnk_crc32(crc, file.bytes, file.length), (const uint8_t *)probability,
                        sizeof probability);
    }
    if (nnk_version() == NNK_VERSION && crc == KNOWN_CRC) return 1;
    printf("header %d, library %d, CRC-32 of all %#x, expected %#x\n", NNK_VERSION, nnk_version(), crc,
           KNOWN_CRC);
    return 0;
}

#endif
