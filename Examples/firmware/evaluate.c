#include "evaluate.h"

/// What lies in the arena.
typedef struct memory {
    nnk_model model;
    uint8_t pixels[NNK_PATCH];
    _Alignas(8) uint8_t predictor[];
} memory;

static memory *arena(void) { return (memory *)(void *)this_board.arena; }

nnk_status open_model(card_file *file, const nnk_model **model) {
    const nnk_reader reader = {card_file_read, file};
    nnk_steps steps = {0};
    nnk_status status;
    do status = nnk_model_read_step(&arena()->model, reader, &nnk_deep, &steps);
    while (status > 0);
    *model = &arena()->model;
    return status;
}

/// Predicts with image `image` of the card.
static nnk_status predict(uint32_t image, double *probability) {
    uint8_t *pixels = arena()->pixels, *predictor = arena()->predictor;
    nnk_status status = nnk_predict_begin(predictor, this_board.arena_bytes - sizeof(memory), &arena()->model,
                                          this_board.inference);
    for (uint32_t at = 0; at < NNK_INPUTS(DEEP) && status == NNK_OK; at += NNK_PATCH) {
        status = card_image(NULL, image, at, NNK_PATCH, pixels);
        if (status == NNK_OK) status = nnk_predict_feed(predictor, pixels, NNK_PATCH);
    }
    return status == NNK_OK ? nnk_predict_finish(predictor, probability) : status;
}

nnk_status evaluate(uint32_t first, uint32_t count, score *result) {
    *result = (score){0, 0, 0};
    for (uint32_t j = first; j < first + count; j++) {
        uint8_t label;
        double p;
        const nnk_status status = predict(j, &p);
        if (status != NNK_OK) return status;
        if (!card_bytes(CARD_LABELS * CARD_BLOCK + j, 1, &label)) return NNK_E_SOURCE;
        if (result->images++ == 0) result->of_first_one = p;
        result->right += (p > 0.5) == label;
    }
    return NNK_OK;
}
