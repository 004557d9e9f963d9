/// A minimal firmware without a C library and a heap: it trains, saves a checkpoint and predicts. It defines
/// the two functions of a C library that the core and the compiler need; if they needed another, it would not
/// link.
#include <nnkernel/nnkernel.h>

enum { IMAGES = 209, FLASH_BYTES = NNK_MODEL_BYTES(DEEP, 4) };

_Alignas(8) static uint8_t arena[NNK_DUAL_BYTES(DEEP, 4, IMAGES)];
_Alignas(8) static uint8_t memory[NNK_PREDICT_BYTES(DEEP, 4)];
static uint8_t labels[IMAGES];
_Alignas(8) const uint8_t flash[FLASH_BYTES] = {0};
double probability;

void *memcpy(void *to, const void *from, size_t count) {
    for (size_t i = 0; i < count; i++) ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

void *memset(void *to, int byte, size_t count) {
    for (size_t i = 0; i < count; i++) ((volatile uint8_t *)to)[i] = (uint8_t)byte;
    return to;
}

static nnk_status read(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out) {
    (void)context, (void)example, (void)offset;
    memset(out, 0, count);
    return NNK_OK;
}

static nnk_status write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    (void)context, (void)offset, (void)bytes, (void)count;
    return NNK_OK;
}

int main(void) {
    const nnk_job job = {.topology = &nnk_deep,
                         .arithmetic = &nnk_f32_dual,
                         .method = &nnk_dual,
                         .iterations = 2500,
                         .learning_rate = 0.0075,
                         .examples = IMAGES,
                         .labels = labels,
                         .images = {.read = read}};
    nnk_checkpoint checkpoint = {0, 0};
    nnk_model model;
    nnk_status status = nnk_train_begin(&job, arena, sizeof arena);
    while (status >= 0 && (status = nnk_train_step(&job, arena)) > 0) {
    }
    while (status >= 0 &&
           (status = nnk_checkpoint_save(&job, arena, &checkpoint, (nnk_sink){write, 0})) > 0) {
    }
    while (status >= 0 && (status = nnk_train_finish(&job, arena, (nnk_sink){write, 0})) > 0) {
    }
    if (status == NNK_OK) status = nnk_model_open(&model, flash, sizeof flash, &nnk_deep);
    if (status == NNK_OK) status = nnk_predict_begin(memory, sizeof memory, &model, &nnk_f32_inference);
    if (status == NNK_OK) status = nnk_predict_feed(memory, arena, NNK_INPUTS(DEEP));
    return status == NNK_OK ? nnk_predict_finish(memory, &probability) : status;
}
