// Which examples a network of a cross-validation does not learn.
#include "freestanding.h"
#include "judgement.h"

uint32_t nnk_draw(uint64_t *state, uint32_t count) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (uint32_t)(((z ^ z >> 31) >> 32) * count >> 32);
}

static bool leaves_one_out(const nnk_folds *f, uint32_t examples) { return f->count == examples; }

bool nnk_folds_valid(const nnk_folds *f, uint32_t examples) {
    if (leaves_one_out(f, examples)) return f->count >= 2 && f->block <= 1;
    return f->count >= 2 && f->count <= NNK_MAX_FOLDS && f->count < examples;
}

/// Blocks that each fold still gets, and their sum.
typedef struct fold_room {
    uint32_t of[NNK_MAX_FOLDS], left;
} fold_room;

/// Shares out `blocks` as equally as possible. One block more have the folds from `first` on.
static fold_room share_out(uint32_t blocks, uint32_t folds, uint32_t first) {
    fold_room r = {.left = blocks};
    for (uint32_t k = 0; k < folds; k++) r.of[k] = blocks / folds;
    for (uint32_t k = 0; k < blocks % folds; k++) r.of[(first + k) % folds]++;
    return r;
}

/// Gives a block to a fold, all ways to share out the blocks having the same chance.
static uint32_t take_fold(fold_room *r, uint64_t *random) {
    uint32_t place = nnk_draw(random, r->left--), k = 0;
    for (; place >= r->of[k]; k++) place -= r->of[k];
    r->of[k]--;
    return k;
}

/// Deals the examples of a class. Returns the number of its blocks.
///   first: the fold that may get a block more
static uint32_t deal_class(const nnk_folds *f, const uint8_t *labels, uint32_t examples, uint8_t label,
                           uint32_t first, uint64_t *random, uint32_t *fold) {
    const uint32_t block = f->block > 1 ? f->block : 1;
    uint32_t count = 0, number = 0, current = 0;
    for (uint32_t j = 0; j < examples; j++) count += labels[j] == label;
    const uint32_t blocks = count / block + (count % block > 0); // a block may be as long as 2^32 - 1
    fold_room r = share_out(blocks, f->count, first);
    for (uint32_t j = 0; j < examples; j++) {
        if (labels[j] != label) continue;
        if (number++ % block == 0) current = take_fold(&r, random);
        fold[j] = current;
    }
    return blocks;
}

/// Every example is a fold. Returns how many are of class 1.
static uint32_t deal_each(const uint8_t *labels, uint32_t examples, uint32_t *fold) {
    uint32_t ones = 0;
    for (uint32_t j = 0; j < examples; j++) {
        fold[j] = j;
        ones += labels[j];
    }
    return ones;
}

nnk_status nnk_deal_folds(const nnk_folds *folds, const uint8_t *labels, uint32_t examples, uint32_t *fold) {
    if (!folds || !labels || !fold || !nnk_folds_valid(folds, examples)) return NNK_E_ARGUMENT;
    for (uint32_t j = 0; j < examples; j++)
        if (labels[j] > 1) return NNK_E_LABEL;
    uint64_t random = folds->seed;
    uint32_t blocks[2];
    if (leaves_one_out(folds, examples)) {
        blocks[1] = deal_each(labels, examples, fold);
        blocks[0] = examples - blocks[1];
    } else {
        blocks[0] = deal_class(folds, labels, examples, 0, 0, &random, fold);
        blocks[1] = deal_class(folds, labels, examples, 1, blocks[0] % folds->count, &random, fold);
    }
    return blocks[0] == 1 || blocks[1] == 1 ? NNK_E_WEIGHT : NNK_OK;
}
