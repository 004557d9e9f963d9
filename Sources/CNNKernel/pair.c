// The loop of nnk_dual_wide on two threads. pair.h says how the work is divided.
//
// Column p of half h is example 16 (p / 8) + 8 h + p mod 8. A half's columns of P, D, G and of the
// activations are copies, made when the two begin; those of P, D and the activations go back when they end.
// Each thread has the parameters above W1 to itself too, and changes them as the other does.
#include "pair.h"

enum {
    PATIENCE = 1 << 14, ///< turns of waiting; an iteration of the other takes a hundredth of that
    LEAST_STRETCH = 16, ///< iterations between two costs; for fewer, copies would take too long
};

static size_t blocks_of(const nnk_job *job) { return NNK_STRIDE(job->examples) / NNK_LANES; }

/// Columns of a half: a multiple of 16, as the kernels like it.
static size_t columns_of(const nnk_job *job) { return NNK_STRIDE(blocks_of(job) * NNK_HALF); }

static size_t parameters_above(const nnk_job *job) {
    return nnk_parameter_count(job->topology) - nnk_biases_at(job->topology, 1);
}

static void *take(uint8_t **next, size_t bytes) {
    uint8_t *part = *next;
    *next += NNK_LINE(bytes);
    return part;
}

static nnk_letter carve_letter(uint8_t **next, size_t above, size_t units, size_t columns, size_t real) {
    nnk_letter letter = {.sums = take(next, above)};
    letter.masks = take(next, units * columns / NNK_LANES * sizeof(uint16_t));
    letter.values = take(next, (units * columns + NNK_LANES) * real);
    return letter;
}

static nnk_delta_list carve_list(uint8_t **next, size_t units, size_t columns, size_t real) {
    nnk_delta_list list = {.values = take(next, (units * columns + NNK_LANES) * real)};
    list.rows = take(next, (units * columns + NNK_LANES) * sizeof(uint32_t));
    list.ends = take(next, units * columns / NNK_LANES * sizeof(uint32_t));
    return list;
}

/// The parts of a half from `next` on.
static nnk_pair_half carve_half(const nnk_job *job, uint8_t **next) {
    const size_t real = nnk_real_bytes(job), columns = columns_of(job);
    const size_t units = (size_t)job->topology->size[1], above = parameters_above(job) * real;
    nnk_pair_half h = {.progress = 0};
    h.parameters = take(next, above);
    h.logits = take(next, units * columns * real);
    h.deltas = take(next, units * columns * real);
    h.activations = take(next, nnk_unit_count(job->topology) * columns * real);
    h.gram = take(next, columns * job->examples * real);
    h.labels = take(next, columns);
    h.list = carve_list(next, units, 2 * columns, real);
    for (int32_t i = 0; i < 2; i++) h.letters[i] = carve_letter(next, above, units, columns, real);
    return h;
}

int32_t nnk_pair_fits(const nnk_job *job) {
    return job->method->number == NNK_DUAL_WIDE && job->arithmetic->pair &&
           job->examples * nnk_real_bytes(job) < NNK_LEAST_ROW &&
           (job->cost_every == 0 || job->cost_every >= LEAST_STRETCH);
}

nnk_pair *nnk_pair_carve(const nnk_job *job, void *memory) {
    uint8_t *next = (uint8_t *)memory + (64 - (uintptr_t)memory % 64) % 64;
    nnk_pair *pair = take(&next, sizeof *pair);
    for (int32_t i = 0; i < 2; i++) pair->half[i] = carve_half(job, &next);
    pair->abandoned = 0;
    return pair;
}

size_t nnk_pair_bytes(const nnk_job *job) {
    if (!nnk_pair_fits(job)) return 0;
    uint8_t *first = (uint8_t *)(uintptr_t)64, *next = first; // anywhere
    (void)take(&next, sizeof(nnk_pair));
    for (int32_t i = 0; i < 2; i++) (void)carve_half(job, &next);
    return (size_t)(next - first) + 64;
}

uint32_t nnk_pair_iterations(const nnk_job *job, const nnk_trainer *t) {
    if (t->phase != FORWARD || t->item != 0) return 0;
    const uint32_t left = job->iterations - t->iteration - 1; // the last one ends the loop
    const uint32_t since = job->cost_every ? t->iteration % job->cost_every : 1;
    if (since == 0) return 0;
    return job->cost_every ? nnk_smaller(left, job->cost_every - since) : left;
}

/// Copies rows of a half's columns: out of the arena's rows, or into them.
static void copy_columns(const nnk_job *job, uint8_t *own, uint8_t *whole, size_t rows, size_t number,
                         int32_t outwards) {
    const size_t real = nnk_real_bytes(job), eight = NNK_HALF * real, blocks = blocks_of(job);
    const size_t columns = columns_of(job), stride = NNK_STRIDE(job->examples);
    for (size_t i = 0; i < rows; i++)
        for (size_t b = 0; b < columns / NNK_HALF; b++) {
            uint8_t *here = own + i * columns * real + b * eight;
            uint8_t *there = whole + (i * stride + (2 * b + number) * NNK_HALF) * real;
            if (b >= blocks)
                memset(here, 0, eight);
            else
                memcpy(outwards ? here : there, outwards ? there : here, eight);
        }
}

/// A half's columns of G, in blocks of 16 as they lie in the arena.
static void copy_gram(const nnk_job *job, const arena *a, uint8_t *gram, size_t number) {
    const size_t real = nnk_real_bytes(job), m = job->examples, eight = NNK_HALF * real;
    for (size_t b = 0; b < columns_of(job) / NNK_HALF; b++)
        for (size_t k = 0; k < m; k++) {
            uint8_t *to = gram + (b / 2 * m + k) * 2 * eight + b % 2 * eight;
            if (b < blocks_of(job))
                memcpy(to, a->gram + (b * m + k) * 2 * eight + number * eight, eight);
            else
                memset(to, 0, eight);
        }
}

static size_t example_of(size_t column, size_t number) {
    return column / NNK_HALF * NNK_LANES + number * NNK_HALF + column % NNK_HALF;
}

static void begin(const nnk_job *job, const arena *a, nnk_pair_half *h, size_t number) {
    const size_t units = (size_t)job->topology->size[1];
    memcpy(h->parameters, nnk_parameter(job, a, nnk_biases_at(job->topology, 1)),
           parameters_above(job) * nnk_real_bytes(job));
    copy_columns(job, h->logits, a->logits, units, number, 1);
    copy_columns(job, h->deltas, a->deltas, units, number, 1);
    copy_gram(job, a, h->gram, number);
    for (size_t p = 0; p < columns_of(job); p++) {
        const size_t example = example_of(p, number);
        h->labels[p] = example < job->examples ? job->labels[example] : 0;
    }
}

static void end(const nnk_job *job, const arena *a, nnk_pair_half *h, size_t number) {
    const size_t units = (size_t)job->topology->size[1];
    copy_columns(job, h->logits, a->logits, units, number, 0);
    copy_columns(job, h->deltas, a->deltas, units, number, 0);
    copy_columns(job, h->activations, a->activations, nnk_unit_count(job->topology), number, 0);
    if (number == 0)
        memcpy(nnk_parameter(job, a, nnk_biases_at(job->topology, 1)), h->parameters,
               parameters_above(job) * nnk_real_bytes(job));
}

/// Where a layer's parameters begin among those from b1 on, and its rows among the activations'.
typedef struct place {
    nnk_shape shape;
    size_t weights, biases, rows; ///< in bytes
} place;

static place place_of(const nnk_job *job, int32_t l) {
    const nnk_topology *t = job->topology;
    const size_t real = nnk_real_bytes(job), columns = columns_of(job), skipped = nnk_biases_at(t, 1);
    place p = {.shape = {(size_t)t->size[l], (size_t)t->size[l - 1], columns, columns}};
    p.weights = l > 1 ? (nnk_weights_at(t, l) - skipped) * real : 0;
    p.biases = (nnk_biases_at(t, l) - skipped) * real;
    for (int32_t i = 1; i < l; i++) p.rows += (size_t)t->size[i] * columns * real;
    return p;
}

/// Activations up to the last layer's logits, which become its deltas. Returns whether they were finite.
static int32_t forward(const nnk_job *job, nnk_pair_half *h, size_t number) {
    const nnk_arithmetic *k = job->arithmetic;
    const int32_t layers = job->topology->layers;
    place at = place_of(job, 1);
    uint8_t *rows = h->activations;
    k->dual_logits(rows, h->logits, h->parameters, 1, at.shape);
    for (int32_t l = 2; l <= layers; l++) {
        at = place_of(job, l);
        uint8_t *above = h->activations + at.rows;
        k->linear_forward(above, h->parameters + at.weights, h->parameters + at.biases, rows, at.shape);
        if (l < layers) k->relu(above, above, at.shape.outputs * at.shape.stride);
        rows = above;
    }
    const int32_t finite = k->logit_backward(rows, h->labels, at.shape.examples);
    for (size_t p = at.shape.examples; p-- > 0 && example_of(p, number) >= job->examples;)
        memset(rows + p * nnk_real_bytes(job), 0, nnk_real_bytes(job));
    return finite;
}

/// Deltas of all layers, and what the other needs of them.
static void backward(const nnk_job *job, nnk_pair_half *h, nnk_letter *letter) {
    const nnk_pair_kernels *k = job->arithmetic->pair;
    for (int32_t l = job->topology->layers; l >= 1; l--) {
        const place at = place_of(job, l);
        const uint8_t *dz = h->activations + at.rows;
        if (l > 1)
            k->step(h->activations + place_of(job, l - 1).rows, letter->sums + at.weights,
                    h->parameters + at.weights, dz, at.shape);
        k->bias_sums(letter->sums + at.biases, dz, at.shape);
    }
    k->list(letter, h->activations, nnk_delta_scale(job), place_of(job, 1).shape);
}

/// Parameters, P and D learn what both have found.
static void learn(const nnk_job *job, nnk_pair_half *h, const nnk_letter *letter_0,
                  const nnk_letter *letter_1) {
    const nnk_pair_kernels *k = job->arithmetic->pair;
    const nnk_shape shape = place_of(job, 1).shape;
    k->descend(h->parameters, letter_0->sums, letter_1->sums, nnk_step(job), parameters_above(job));
    k->update(h->logits, h->deltas, h->activations, letter_0, letter_1, &h->list, h->gram, job->examples,
              shape);
}

/// From 0, unless the other has set it already. Returns 1 if it has not.
static int32_t set_progress(nnk_pair_half *h, int32_t progress) {
    int32_t none = 0;
    return __atomic_compare_exchange_n(&h->progress, &none, progress, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/// The other has taken too long. It is let alone where it does not look at the arena: before it copies, and
/// from then to its last letter. It gives up too when it next waits.
static void give_up(nnk_pair *pair, size_t number, int32_t progress, int32_t is_last) {
    const int32_t is_late = progress == 0 && set_progress(&pair->half[1 - number], NNK_HALF_LATE);
    if (is_late || (progress >= NNK_HALF_COPIED && !is_last))
        __atomic_store_n(&pair->abandoned, 1, __ATOMIC_RELAXED);
}

/// Waits until the other's letter is written. Returns 0 if one of the two has given up.
static int32_t wait_for(nnk_pair *pair, size_t number, int32_t iteration, int32_t is_last) {
    for (uint32_t turns = 0;; turns++) {
        const int32_t progress = __atomic_load_n(&pair->half[1 - number].progress, __ATOMIC_ACQUIRE);
        if (progress >= NNK_HALF_COPIED + iteration) return 1;
        if (turns >= PATIENCE) give_up(pair, number, progress, is_last);
        if (__atomic_load_n(&pair->abandoned, __ATOMIC_RELAXED)) return 0;
        nnk_pause();
    }
}

nnk_status nnk_pair_run(nnk_pair *pair, const nnk_job *job, const arena *a, size_t number,
                        int32_t iterations) {
    const nnk_pair_kernels *k = job->arithmetic->pair;
    nnk_pair_half *h = &pair->half[number];
    if (!set_progress(h, NNK_HALF_COPYING)) return NNK_E_STATE;
    begin(job, a, h, number);
    __atomic_store_n(&h->progress, NNK_HALF_COPIED, __ATOMIC_RELEASE);
    for (int32_t i = 1; i <= iterations; i++) {
        nnk_letter *letter = &h->letters[i % 2];
        const nnk_letter *letter_0 = &pair->half[0].letters[i % 2], *letter_1 = &pair->half[1].letters[i % 2];
        k->reserve(letter);
        letter->finite = forward(job, h, number);
        backward(job, h, letter);
        __atomic_store_n(&h->progress, NNK_HALF_COPIED + i, __ATOMIC_RELEASE);
        if (!wait_for(pair, number, i, i == iterations)) return NNK_E_STATE;
        if (!letter_0->finite || !letter_1->finite) return NNK_E_STATE;
        k->fetch(number == 0 ? letter_1 : letter_0);
        learn(job, h, letter_0, letter_1);
    }
    end(job, a, h, number);
    return NNK_OK;
}
