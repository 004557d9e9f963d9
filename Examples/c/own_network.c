// A network of one's own: 768-12-4-1, for 16 x 16 RGB pixels. It trains, saves a checkpoint half way, goes on
// from it as after a restart, writes the model file, and predicts from the file.
#include <nnkernel/nnkernel.h>
#include <stdio.h>
#include <string.h>

#define NNK_NETWORK_SMALL (768, 12, 4, 1)
enum { IMAGES = 20, PIXELS = NNK_INPUTS(SMALL) };

static const nnk_topology small = NNK_TOPOLOGY(SMALL);
static uint8_t images[IMAGES][PIXELS], labels[IMAGES];
_Alignas(8) static uint8_t arena[NNK_DUAL_BYTES(SMALL, 4, IMAGES)];
_Alignas(8) static uint8_t model_file[NNK_MODEL_BYTES(SMALL, 4)];
static uint8_t checkpoint_file[NNK_DUAL_CHECKPOINT_BYTES(SMALL, 4, IMAGES)];

// Here "files" are arrays. A program writes to a file or to flash at the same offsets.
static nnk_status write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    memcpy((uint8_t *)context + offset, bytes, count);
    return NNK_OK;
}

static nnk_status read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    memcpy(out, (const uint8_t *)context + offset, count);
    return NNK_OK;
}

static nnk_status save(const nnk_job *job) {
    nnk_checkpoint progress = {0};
    const nnk_sink sink = {write, checkpoint_file};
    nnk_status status;
    while ((status = nnk_checkpoint_save(job, arena, &progress, sink)) > 0) {
    }
    return status;
}

static nnk_status resume(const nnk_job *job) {
    nnk_checkpoint progress = {0};
    const nnk_reader reader = {read, checkpoint_file};
    nnk_status status;
    while ((status = nnk_checkpoint_load(job, arena, sizeof arena, &progress, reader)) > 0) {
    }
    return status;
}

/// Trains until `iterations` are done, or to the end.
static nnk_status train(const nnk_job *job, uint32_t iterations) {
    nnk_progress progress = {0};
    nnk_status status = NNK_MORE;
    while (status > 0 && progress.iteration < iterations) {
        status = nnk_train_step(job, arena);
        if (status >= 0) nnk_train_progress(job, arena, &progress);
        if (status == NNK_COST)
            printf("iteration %u: cost %.4f\n", (unsigned)progress.cost_iteration, progress.cost);
    }
    return status < 0 ? status : NNK_OK;
}

static nnk_status write_model(const nnk_job *job) {
    const nnk_sink sink = {write, model_file};
    nnk_status status;
    while ((status = nnk_train_finish(job, arena, sink)) > 0) {
    }
    return status;
}

static nnk_status predict(const nnk_model *model, const uint8_t *image, double *probability) {
    _Alignas(8) uint8_t memory[NNK_PREDICT_BYTES(SMALL, 4)];
    nnk_status status = nnk_predict_begin(memory, sizeof memory, model, &nnk_f32_inference);
    if (status == NNK_OK) status = nnk_predict_feed(memory, image, PIXELS);
    return status == NNK_OK ? nnk_predict_finish(memory, probability) : status;
}

int main(void) {
    for (int j = 0; j < IMAGES; j++) { // class 0: dark; class 1: bright
        labels[j] = j % 2 == 1;
        memset(images[j], 5 * j + 150 * labels[j], PIXELS);
    }
    const nnk_job job = {.topology = &small,
                         .arithmetic = &nnk_f32,
                         .method = &nnk_dual,
                         .seed = 1,
                         .iterations = 2000,
                         .cost_every = 500,
                         .examples = IMAGES,
                         .learning_rate = 0.0075,
                         .labels = labels,
                         .class_names = {"dark", "bright"},
                         .images = {.images = images[0]}};
    nnk_status status = nnk_train_begin(&job, arena, sizeof arena);
    if (status == NNK_OK) status = train(&job, 1000);
    if (status == NNK_OK) status = save(&job);
    memset(arena, 0, sizeof arena); // as after a restart
    if (status == NNK_OK) status = resume(&job);
    if (status == NNK_OK) status = train(&job, UINT32_MAX);
    if (status == NNK_OK) status = write_model(&job);

    nnk_model model;
    if (status == NNK_OK) status = nnk_model_open(&model, model_file, sizeof model_file, &small);
    if (status == NNK_OK) nnk_model_to_native(&model, model_file); // swaps bytes on big-endian processors
    for (int j = 0; j < 4 && status == NNK_OK; j++) {
        double probability;
        status = predict(&model, images[j], &probability);
        if (status == NNK_OK)
            printf("image %d: %s with probability %.4f\n", j, model.class_names[1], probability);
    }
    if (status != NNK_OK) printf("%s\n", nnk_status_text(status));
    return status != NNK_OK;
}
