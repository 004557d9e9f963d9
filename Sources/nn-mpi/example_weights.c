#include "example_weights.h"

#include "memory.h"
#include <math.h>
#include <stdlib.h>

// The bits of a rule's number (docs/FORMAT.md).
enum { RULE_VERSION = 1 << 24, RULE_BALANCED = 1 << 16 };

/// The examples of a class, in their order.
static uint32_t members_of(const uint8_t *labels, uint32_t count, int label, uint32_t *members) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        if (labels[i] == label) members[found++] = i;
    return found;
}

/// From the last place to the second, each is swapped with one up to it.
static void shuffle(uint32_t *members, uint32_t count, nnk_random *random) {
    for (uint32_t last = count - 1; last > 0; last--) {
        const uint32_t other = (uint32_t)(nnk_random_uniform(random) * (last + 1.0)), kept = members[last];
        members[last] = members[other];
        members[other] = kept;
    }
}

/// How many of a class of so many are held out: one at least, and not the last.
static uint32_t held_out_of(uint32_t count, uint32_t share) {
    const uint64_t rounded = ((uint64_t)count * share + 5000) / 10000;
    return rounded < 1 ? 1 : rounded > count - 1 ? count - 1 : (uint32_t)rounded;
}

static bool hold_out(uint32_t share, uint32_t seed, const uint8_t *labels, uint32_t count, example_weights *w,
                     int *alone) {
    nnk_random random;
    nnk_random_seed(&random, seed);
    uint32_t *members = memory_of(count * sizeof *members);
    bool is_done = true;
    for (int label = 0; label < 2 && is_done; label++) {
        const uint32_t found = members_of(labels, count, label, members);
        *alone = label;
        is_done = found != 1;
        if (found < 2) continue;
        shuffle(members, found, &random);
        const uint32_t taken = held_out_of(found, share);
        for (uint32_t i = 0; i < taken; i++) w->weights[members[i]] = 0;
        w->held_out += taken;
    }
    free(members);
    return is_done;
}

/// Each of m examples that are not held out, m_c of them of its class, weighs m / (2 m_c).
static void balance(const uint8_t *labels, uint32_t count, float *weights) {
    uint32_t sizes[2] = {0, 0};
    for (uint32_t i = 0; i < count; i++) sizes[labels[i]] += weights[i] > 0;
    const double all = (double)sizes[0] + sizes[1];
    for (uint32_t i = 0; i < count; i++)
        if (weights[i] > 0) weights[i] = (float)(all / (2.0 * sizes[labels[i]]));
}

bool example_weights_of(const options *o, const uint8_t *labels, uint32_t count, example_weights *w,
                        int *alone) {
    *w = (example_weights){NULL, 0, 0};
    if (o->hold_out == 0 && !o->balance) return true;
    const uint32_t share = (uint32_t)round(o->hold_out * 10000);
    w->rule = RULE_VERSION | (o->balance ? RULE_BALANCED : 0) | share;
    w->weights = memory_of(count * sizeof *w->weights);
    for (uint32_t i = 0; i < count; i++) w->weights[i] = 1;
    if (share && !hold_out(share, o->seed, labels, count, w, alone)) return false;
    if (o->balance) balance(labels, count, w->weights);
    return true;
}
