#include "evaluate.h"
#include <string.h>

enum { UNITS = NNK_UNITS_1(DEEP), PATCHES = NNK_INPUTS(DEEP) / NNK_PATCH };
enum { ABOVE = NNK_PARAMETERS(DEEP) - UNITS * NNK_INPUTS(DEEP) }; // parameters after W1

/// Memory for a batch of images, in the arena, which training no longer needs. All are reals.
typedef struct memory {
    uint8_t *weights; ///< (UNITS, NNK_PATCH)
    uint8_t *above;   ///< (ABOVE)
    uint8_t *work;    ///< (UNITS)
    uint8_t *sums;    ///< (batch, UNITS)
    uint32_t batch;   ///< images
} memory;

static uint32_t real_bytes(void) { return (uint32_t)this_board.inference->real_bytes; }

static memory carve(void) {
    memory m = {.weights = this_board.arena};
    m.above = m.weights + UNITS * NNK_PATCH * real_bytes();
    m.work = m.above + ABOVE * real_bytes();
    m.sums = m.work + UNITS * real_bytes();
    m.batch = (uint32_t)(this_board.arena + this_board.arena_bytes - m.sums) / (UNITS * real_bytes());
    return m;
}

/// Reads NNK_PATCH columns of W1 and adds their products to the sums of all images of the batch, so each
/// weight is read once per batch.
static nnk_status add_patch(card_file *model, const memory *m, uint32_t first, uint32_t count,
                            uint32_t patch) {
    const uint32_t row = NNK_PATCH * real_bytes();
    for (uint32_t i = 0; i < UNITS; i++) {
        const uint32_t at =
            nnk_model_weights_at(&nnk_deep, this_board.inference->dtype, 1) + (i * PATCHES + patch) * row;
        if (card_file_read(model, at, row, m->weights + i * row) != NNK_OK) return NNK_E_SOURCE;
    }
    for (uint32_t j = 0; j < count; j++) {
        uint8_t x[NNK_PATCH];
        if (card_image(NULL, first + j, patch * NNK_PATCH, sizeof x, x) != NNK_OK) return NNK_E_SOURCE;
        this_board.inference->accumulate((nnk_real *)(m->sums + j * UNITS * real_bytes()),
                                         (const nnk_parameters *)m->weights, NNK_PATCH, UNITS, x, sizeof x);
    }
    return NNK_OK;
}

static nnk_status evaluate_batch(card_file *model, const memory *m, uint32_t first, uint32_t count,
                                 score *result) {
    nnk_topology layers_above = nnk_deep;
    layers_above.size[0] = 0; // with 0 inputs, the parameters begin with b1
    memset(m->sums, 0, count * UNITS * real_bytes());
    for (uint32_t patch = 0; patch < PATCHES; patch++)
        if (add_patch(model, m, first, count, patch) != NNK_OK) return NNK_E_SOURCE;
    for (uint32_t j = 0; j < count; j++) {
        uint8_t label;
        uint8_t *sums = m->sums + j * UNITS * real_bytes();
        const uint32_t no_contrast[2] = {0, 0}; // only models with own contrast need it
        const double p = this_board.inference->head(&layers_above, (const nnk_parameters *)m->above,
                                                    no_contrast, (nnk_real *)sums, (nnk_real *)m->work);
        if (!card_bytes(CARD_LABELS * CARD_BLOCK + first + j, 1, &label)) return NNK_E_SOURCE;
        if (result->images++ == 0) result->of_first_one = p;
        result->right += (p > 0.5) == label;
    }
    return NNK_OK;
}

nnk_status evaluate(card_file *model, uint32_t first, uint32_t count, score *result) {
    const memory m = carve();
    const uint32_t above_at = nnk_model_biases_at(&nnk_deep, this_board.inference->dtype, 1);
    nnk_status status = card_file_read(model, above_at, ABOVE * real_bytes(), m.above);
    *result = (score){0, 0, 0};
    while (count > 0 && status == NNK_OK) {
        const uint32_t some = count < m.batch ? count : m.batch;
        status = evaluate_batch(model, &m, first, some, result);
        first += some;
        count -= some;
    }
    return status;
}
