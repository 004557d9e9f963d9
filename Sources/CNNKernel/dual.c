// The dual method in little memory (train.h): W1 exists a piece of a row at a time, G as a packed triangle,
// and the loop goes unit by unit. Every number is computed by the operations of nnk_dual_wide in the same
// order.
#include "fast.h"
#include "layout.h"
#include "work.h"

/// Bytes of the packed Gram matrix of so many examples.
static size_t triangle_bytes(const nnk_job *job, size_t m) {
    return NNK_ROUND_UP(m * (m + 1) / 2 * (nnk_real_bytes(job) == 4 ? 3 : 4), 8);
}

/// Bytes of the place of the packed Gram matrix, which also has room for two patches of weights.
static size_t gram_bytes(const nnk_job *job) {
    const size_t room = 2 * NNK_PATCH * nnk_real_bytes(job);
    return nnk_gram_of(job) ? room : NNK_LARGER(triangle_bytes(job, nnk_room(job)), room);
}

/// The layers' rows and scratch lie where the images' bytes and the products do: the loop needs only the
/// former, the setup and the writing only the latter.
static void dual_carve(const nnk_job *job, arena *a) {
    const nnk_topology *t = job->topology;
    const size_t real = nnk_real_bytes(job), row = nnk_room(job) * real, units_1 = (size_t)t->size[1];
    const size_t above = nnk_parameters_of(t) - units_1 * (size_t)t->size[0];
    const size_t rows_above = nnk_units_of(t) - units_1;
    const size_t in_loop = NNK_ROUND_UP((rows_above + 2) * row, 8);
    const size_t outside =
        NNK_LARGER(2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES, NNK_DUAL_WRITING_BYTES(units_1, real));
    a->stride = nnk_room(job);
    a->width = nnk_columns(job);
    a->row = row;
    a->parameters = (nnk_real *)(void *)(a->trainer + 1);
    uint8_t *next = (uint8_t *)a->parameters + NNK_ROUND_UP(above * real, 8);
    if (NNK_HAS_OPTIONS) next = nnk_carve_kept(job, a, nnk_carve_adjusted(job, a, next));
    a->logits = (nnk_real *)(void *)next;
    a->deltas = nnk_row(a, a->logits, units_1);
    a->bytes = next + NNK_ROUND_UP(2 * units_1 * row, 8);
    a->activations = (nnk_real *)(void *)a->bytes;
    a->scratch = nnk_row(a, a->activations, rows_above);
    a->triangle = a->bytes + NNK_LARGER(in_loop, outside);
    a->packed_gram = a->triangle;
    if (nnk_gram_of(job)) nnk_carve_gram(job, a, nnk_gram_of(job));
    a->end = a->triangle + gram_bytes(job);
}

// ---- Rows of W1(0) ----------------------------------------------------------------------------------------
//
// Rows are drawn one after the other from one generator. To read the images once for several rows, the
// generator runs ahead to the start of each of them, and what it is there is kept. The small build (fast.h)
// takes one row at a time, and reads the images as often.

enum { SKIPPED_AT_ONCE = 1024 }; ///< weights

/// A generator that waits, in words, so that checkpoints can hold it in any processor's byte order.
typedef struct waiting {
    uint32_t word[NNK_RANDOM_WORDS + 2], spare[2];
} waiting;

static void keep_random(const nnk_random *random, waiting *w) {
    const uint64_t spare = nnk_bits(random->spare);
    memcpy(w->word, random, sizeof w->word); // `word`, `next` and `has_spare`
    w->spare[0] = (uint32_t)spare;
    w->spare[1] = (uint32_t)(spare >> 32);
}

static void wake_random(nnk_random *random, const waiting *w) {
    const uint64_t spare = (uint64_t)w->spare[1] << 32 | w->spare[0];
    memcpy(random, w->word, sizeof w->word);
    memcpy(&random->spare, &spare, sizeof spare);
}

_Static_assert(offsetof(nnk_random, word) == 0 &&
                   offsetof(nnk_random, has_spare) == (NNK_RANDOM_WORDS + 1) * sizeof(uint32_t),
               "the words of a generator lie side by side, and come first");

/// Bytes that each of several rows at once takes: of a generator, unless the weights are those of a model.
static size_t waiting_bytes(const nnk_job *job) { return nnk_start_of(job) ? 0 : sizeof(waiting); }

static uint32_t inputs_of(const nnk_job *job) { return (uint32_t)job->topology->size[0]; }

/// Runs the generator ahead by a part of a row, whose start is kept in `rows`, one for each row.
///   done: weights by which it ran ahead before. Returns how many they are now.
static uint32_t run_ahead(const nnk_job *job, nnk_random *random, waiting *rows, uint32_t done) {
    const uint32_t size = inputs_of(job), offset = done % size;
    NNK_ASSERT(rows);
    const uint32_t count = nnk_smaller(SKIPPED_AT_ONCE, size - offset);
    if (offset == 0) keep_random(random, &rows[done / size]);
    job->arithmetic->skip(count, random);
    done += count;
    if (done % size == 0) keep_random(random, &rows[done / size]);
    return done;
}

/// w (count) = weights of a row of W1(0), by the generator that waits for that row, if one does.
static void draw(const nnk_job *job, const arena *a, nnk_real *w, waiting *row, uint32_t unit,
                 uint32_t offset, uint32_t count) {
    nnk_random *random = &a->trainer->random;
    if (NNK_FAST && row) wake_random(random, row);
    nnk_initialize(job, a, w, 1, unit * inputs_of(job) + offset, count);
    if (NNK_FAST && row) keep_random(random, row);
}

// ---- P = W1(0) X ------------------------------------------------------------------------------------------

/// Rows of P that are formed in one pass over the images, and where.
typedef struct pass {
    uint32_t rows; ///< of each pass but perhaps the last one
    uint8_t *bytes;
    nnk_real *piece;  ///< (rows, NNK_PATCH) weights
    waiting *waiting; ///< (rows); NULL where one row is drawn at a time, or none
} pass;

/// What the setup may use: the place of D while that is zero, the rows of the loop, and the place of G while
/// that is not formed.
static pass pass_of(const nnk_job *job, const arena *a) {
    const size_t real = nnk_real_bytes(job), units = (size_t)job->topology->size[1];
    uint8_t *from = NNK_FAST && nnk_projected(a->trainer) == 0 ? (uint8_t *)a->deltas : a->bytes;
    const uint8_t *to = nnk_formed(a->trainer) > 0 ? a->triangle : a->end;
    pass p = {.bytes = from, .piece = (nnk_real *)(void *)(from + NNK_PATCH_BYTES)};
    const size_t rows = (size_t)(to - (uint8_t *)p.piece) / (NNK_PATCH * real + waiting_bytes(job));
    NNK_ASSERT(rows >= 1 || !NNK_FAST);
    p.rows = (uint32_t)(!NNK_FAST ? 1 : rows < units ? rows : units);
    if (NNK_FAST && p.rows > 1 && !nnk_start_of(job))
        p.waiting = (waiting *)(void *)nnk_at(job, p.piece, p.rows * NNK_PATCH);
    return p;
}

/// Blocks of 16 examples whose columns of P are not there.
static uint32_t blocks_to_project(const nnk_job *job, const nnk_trainer *t) {
    return nnk_part_count(nnk_columns(job) - nnk_projected(t), NNK_LANES);
}

/// Sets D to zeros again, whose place was used for other things.
static void clear_deltas(const arena *a) {
    memset(a->deltas, 0, (size_t)((uint8_t *)a->activations - (uint8_t *)a->deltas));
}

/// Where an item of PROJECT_ROWS stands.
typedef struct position {
    uint32_t unit, rows; ///< of the pass
    uint32_t skips;      ///< items of the pass in which the generator runs ahead
    uint32_t item;       ///< of the pass
} position;

static position position_of(const nnk_job *job, const nnk_trainer *t, const pass *p, uint32_t item) {
    const uint32_t units = (uint32_t)job->topology->size[1], blocks = blocks_to_project(job, t);
    const uint32_t skips_of_row = nnk_part_count(inputs_of(job), SKIPPED_AT_ONCE);
    position at = {.item = item, .rows = 1};
    if (!NNK_FAST) {
        const uint32_t items = nnk_patches(job, t) * (1 + blocks);
        at.unit = item / items;
        at.item = item % items;
        return at;
    }
    for (; at.unit < units; at.unit += at.rows) {
        at.rows = nnk_smaller(p->rows, units - at.unit);
        at.skips = p->waiting ? (at.rows - 1) * skips_of_row : 0;
        const uint32_t items = at.skips + nnk_patches(job, t) * (at.rows + blocks);
        if (at.item < items) break;
        at.item -= items;
    }
    return at;
}

static uint32_t project_rows_items(const nnk_job *job, const nnk_trainer *t) {
    arena a;
    nnk_carve(job, (void *)(uintptr_t)t, &a);
    const pass p = pass_of(job, &a);
    if (blocks_to_project(job, t) == 0) return 0;
    if (!NNK_FAST)
        return (uint32_t)job->topology->size[1] * nnk_patches(job, t) * (1 + blocks_to_project(job, t));
    return UINT32_MAX - position_of(job, t, &p, UINT32_MAX).item;
}

/// A row's weights of a patch. NNK_MORE; NNK_E_PARAMETER: a weight of the model to start from is not finite.
static nnk_status draw_piece(const nnk_job *job, const arena *a, const pass *p, const position *at,
                             uint32_t row, uint32_t offset) {
    const uint32_t unit = at->unit + row, count = nnk_smaller(NNK_PATCH, inputs_of(job) - offset);
    nnk_real *w = nnk_at(job, p->piece, row * NNK_PATCH);
    draw(job, a, w, NNK_FAST && p->waiting && at->rows > 1 ? &p->waiting[row] : NULL, unit, offset, count);
    for (uint32_t k = 0; nnk_start_of(job) && k < count; k++)
        if (!nnk_finite(nnk_get(job, w, k))) return NNK_E_PARAMETER;
    if (!nnk_takes_contrast_off(job) || nnk_projected(a->trainer) > 0) return NNK_MORE; // or they are known
    if (offset == 0) nnk_set(job, a->row_sums, unit, 0);
    job->arithmetic->add_up(nnk_at(job, a->row_sums, unit), w, 1, count);
    return NNK_MORE;
}

/// Adds the products of 16 images with a patch of the rows to P.
static nnk_status project_block(const nnk_job *job, const arena *a, const pass *p, const position *at,
                                uint32_t block, uint32_t offset) {
    const uint32_t first = nnk_projected(a->trainer) + block * NNK_LANES;
    nnk_patch patch;
    if (nnk_fetch(job, p->bytes, first, NNK_LANES, offset, NNK_PATCH, &patch) != NNK_OK) return NNK_E_SOURCE;
    job->arithmetic->project(nnk_at(job, nnk_row(a, a->logits, at->unit), first), a->stride, p->piece,
                             NNK_PATCH, at->rows, patch);
    return NNK_MORE;
}

/// The images' bytes counted as whole numbers until here.
static void end_pass(const nnk_job *job, const arena *a, const position *at) {
    const uint32_t first = nnk_projected(a->trainer), units = (uint32_t)job->topology->size[1];
    for (uint32_t row = 0; row < at->rows; row++)
        job->arithmetic->project_end(nnk_at(job, nnk_row(a, a->logits, at->unit + row), first),
                                     nnk_columns(job) - first);
    if (NNK_FAST && at->unit + at->rows == units && first == 0) clear_deltas(a);
}

/// P = W1(0) X, in passes over the images. In a pass the generator first runs ahead to each of its rows. Then
/// for each patch, an item draws a row's weights, and each further one multiplies them with 16 images.
static nnk_status project_rows(const nnk_job *job, const arena *a, uint32_t item) {
    nnk_trainer *t = a->trainer;
    const pass p = pass_of(job, a);
    const position at = position_of(job, t, &p, item);
    const uint32_t size = inputs_of(job), skips_of_row = nnk_part_count(size, SKIPPED_AT_ONCE);
    if (NNK_FAST && at.item < at.skips) {
        const uint32_t done = at.item / skips_of_row * size + at.item % skips_of_row * SKIPPED_AT_ONCE;
        run_ahead(job, &t->random, p.waiting, done);
        return NNK_MORE;
    }
    const uint32_t blocks = blocks_to_project(job, t), steps = at.rows + blocks,
                   step = (at.item - at.skips) % steps;
    const uint32_t patch = (at.item - at.skips) / steps, offset = patch * NNK_PATCH;
    if (step < at.rows) return draw_piece(job, a, &p, &at, step, offset);
    if (project_block(job, a, &p, &at, step - at.rows, offset) != NNK_MORE) return NNK_E_SOURCE;
    if (patch == nnk_patches(job, t) - 1 && step == steps - 1) end_pass(job, a, &at);
    return NNK_MORE;
}

// ---- G ----------------------------------------------------------------------------------------------------

enum { MOST_SIDE = 48 }; ///< images of a block: so that a slice stays short

/// The larger the blocks, the fewer times are the images read. Their products lie in front of G; where D is
/// still zero, its place is used for the images' bytes.
static nnk_tiling gram_tiling(const nnk_job *job, const arena *a) {
    const bool is_first = NNK_FAST && nnk_formed(a->trainer) == 0;
    uint8_t *from = is_first ? (uint8_t *)a->deltas : a->bytes;
    uint32_t side = NNK_LANES;
    while (is_first && side < MOST_SIDE && side < job->examples) {
        const size_t next = side + NNK_LANES, products = next * next * sizeof(uint32_t);
        if (products > (size_t)(a->triangle - a->bytes) ||
            products + 2 * next * NNK_PATCH > (size_t)(a->triangle - from))
            break;
        side += NNK_LANES;
    }
    uint32_t *products = (uint32_t *)(void *)a->triangle - (size_t)side * side;
    return (nnk_tiling){side, from, products};
}

static uint32_t gram_items(const nnk_job *job, const nnk_trainer *t) {
    uint32_t side = NNK_LANES;
    if (nnk_gram_of(job)) return 0;
    if (NNK_FAST) {
        arena a;
        nnk_carve(job, (void *)(uintptr_t)t, &a);
        side = gram_tiling(job, &a).side;
    }
    return nnk_count_blocks(job, t, side) * nnk_patches(job, t);
}

/// An item is a patch of each image of a block.
static nnk_status form_gram(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t patches = nnk_patches(job, a->trainer);
    const nnk_tiling tiling = gram_tiling(job, a);
    const nnk_status status =
        nnk_multiply_block(job, a, &tiling, item / patches, item % patches * NNK_PATCH, NNK_PATCH);
    const bool is_done = NNK_FAST && status == NNK_MORE && nnk_formed(a->trainer) == 0 &&
                         item + 1 == nnk_count_blocks(job, a->trainer, tiling.side) * patches;
    if (is_done) clear_deltas(a);
    return status;
}

void nnk_dual_words(const nnk_job *job, const arena *a, uint32_t phase, uint8_t **from, uint8_t **to) {
    *from = *to = a->triangle;
    if (phase == PROJECT_ROWS) {
        const pass p = pass_of(job, a);
        *from = *to = (uint8_t *)nnk_at(job, p.piece, p.rows * NNK_PATCH);
        if (NNK_FAST && p.waiting) *to += p.rows * sizeof(waiting);
    }
    if (phase == GRAM) *from = (uint8_t *)gram_tiling(job, a).products;
}

bool nnk_dual_words_sound(const nnk_job *job, const nnk_trainer *t) {
    arena a;
    nnk_carve(job, (void *)(uintptr_t)t, &a);
    const pass p = pass_of(job, &a);
    if (!NNK_FAST || t->phase != PROJECT_ROWS || !p.waiting) return true;
    const position at = position_of(job, t, &p, t->item);
    const uint32_t skips_of_row = nnk_part_count(inputs_of(job), SKIPPED_AT_ONCE);
    const uint32_t rows = at.item < at.skips ? nnk_part_count(at.item, skips_of_row) : at.rows;
    for (uint32_t row = 0; at.skips > 0 && row < rows; row++) {
        const waiting *w = &p.waiting[row];
        const uint64_t bits = (uint64_t)w->spare[1] << 32 | w->spare[0];
        double spare;
        memcpy(&spare, &bits, sizeof spare);
        if (!nnk_random_sound(w->word, w->word[NNK_RANDOM_WORDS], w->word[NNK_RANDOM_WORDS + 1], spare))
            return false;
    }
    return true;
}

static void dual_store(const nnk_job *job, const arena *a, size_t j, size_t k, uint32_t product) {
    const size_t element = job->arithmetic->real_bytes == 4 ? 3 : 4;
    job->arithmetic->gram_pack(a->packed_gram + (j * (j + 1) / 2 + k) * element, product);
}

static void dual_times_gram(const nnk_job *job, const arena *a, nnk_real *p, nnk_real *e) {
    job->arithmetic->dual_update_packed(p, e, a->packed_gram, nnk_columns(job));
}

/// Computes row `unit` of A1 = max(P + b1, 0) in the first row of scratch. Returns that unit as a layer.
static layer activate(const nnk_job *job, const arena *a, uint32_t unit) {
    const layer one = {.biases = nnk_at(job, a->parameters, unit),
                       .rows = a->scratch,
                       .shape = {.outputs = 1, .examples = a->width, .stride = a->stride}};
    nnk_real *p = nnk_row(a, a->logits, unit);
    if (nnk_takes_contrast_off(job)) {
        job->arithmetic->multiply(one.rows, p, a->contrast, a->width);
        p = one.rows;
    }
    job->arithmetic->dual_logits(one.rows, p, one.biases, true, one.shape);
    return one;
}

/// Adds a unit of the layer below to the logits of layer `l`.
///   row: its activations
static void add_unit(const nnk_job *job, const arena *a, const layer *l, size_t unit, const nnk_real *row) {
    if (unit == 0) memset(l->rows, 0, l->shape.outputs * a->row);
    job->arithmetic->unit_forward(l->rows, nnk_at(job, l->weights, unit), row, l->shape);
}

/// An item adds a unit of layer 1 to layer 2. The last item computes the layers above.
static nnk_status dual_forward(const nnk_job *job, const arena *a, uint32_t item) {
    layer l = nnk_layer(job, a, 2);
    if (item < l.shape.inputs) {
        add_unit(job, a, &l, item, activate(job, a, item).rows);
        return NNK_MORE;
    }
    for (int32_t number = 2;; number++) {
        nnk_real *below = l.rows;
        const bool is_last = number == job->topology->layers;
        job->arithmetic->dual_logits(l.rows, l.rows, l.biases, !is_last, l.shape);
        if (is_last) return NNK_MORE;
        l = nnk_layer(job, a, number + 1);
        for (size_t i = 0; i < l.shape.inputs; i++) add_unit(job, a, &l, i, nnk_row(a, below, i));
    }
}

/// Updates the weights of layer `l` for one of its inputs.
///   row: the activations of that unit of the layer below, which become its deltas
static void update_unit(const nnk_job *job, const arena *a, const layer *l, size_t unit, nnk_real *row) {
    job->arithmetic->unit_update(row, nnk_at(job, l->weights, unit), l->rows, nnk_weight_rate(job, a),
                                 nnk_row(a, a->scratch, 1), l->shape);
    if (NNK_HAS_OPTIONS) nnk_decay_inputs(job, l, (uint32_t)unit, 1);
}

/// nnk_backward, unit by unit.
static nnk_status backward(const nnk_job *job, const arena *a, uint32_t item) {
    if (item == 0) return nnk_loss(job, a);
    const int32_t number = job->topology->layers + 1 - (int32_t)item;
    const layer l = nnk_layer(job, a, number), below = nnk_layer(job, a, number - 1);
    for (size_t i = 0; i < l.shape.inputs; i++) update_unit(job, a, &l, i, nnk_row(a, below.rows, i));
    nnk_update_biases_of(job, a, &l);
    return NNK_MORE;
}

/// An item updates all that depends on one unit of layer 1: its weights in layer 2, its bias, D and P. The
/// last item updates b2.
static nnk_status dual_descend(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_arithmetic *k = job->arithmetic;
    const layer l = nnk_layer(job, a, 2);
    if (item == l.shape.inputs) {
        nnk_update_biases_of(job, a, &l);
        return NNK_MORE;
    }
    const layer one = activate(job, a, item);
    nnk_real *row = one.rows;
    update_unit(job, a, &l, item, row);
    nnk_update_biases_of(job, a, &one);
    if (nnk_takes_contrast_off(job)) k->multiply(row, row, a->contrast, a->width);
    nnk_adjustment adjustment = {0, 0, 0};
    if (nnk_is_adjusted(job)) adjustment = nnk_adjustment_of(job, a, row);
    k->dual_collect(nnk_row(a, a->deltas, item), row, nnk_delta_scale(job, a), nnk_columns(job));
    k->dual_update_packed(nnk_row(a, a->logits, item), row, a->packed_gram, nnk_columns(job));
    if (nnk_is_adjusted(job))
        nnk_adjust_descent(job, a, adjustment, nnk_row(a, a->logits, item), 0, a->width);
    const double decay = nnk_decay(job);
    if (decay == 1) return NNK_MORE;
    k->scale(nnk_row(a, a->deltas, item), decay, a->width);
    k->scale(nnk_row(a, a->logits, item), decay, a->width);
    return NNK_MORE;
}

// ---- W1 for the model -------------------------------------------------------------------------------------

/// How W1 = W1(0) - rate/m D X^T is made: row by row, or two rows in one pass over the images. Then the
/// second one waits, or the part of it that there is room for, in the place of G.
typedef struct writing {
    nnk_real *w, *g, *d; ///< (rows, NNK_PATCH) weights and gradients; (rows, 16) deltas
    waiting *waiting;    ///< (2): the generators of two rows; NULL if there is one, or none is needed
    nnk_real *held;      ///< weights of the second row, from its start on
    uint32_t held_count; ///< 0: row by row
} writing;

static writing writing_of(const nnk_job *job, const arena *a) {
    const size_t real = nnk_real_bytes(job), patch = NNK_PATCH * real, waiting_rows = 2 * waiting_bytes(job);
    const size_t place = nnk_is_open(job) ? 0 : (size_t)(a->end - a->triangle);
    const size_t room = (size_t)((uint8_t *)nnk_scales_of(job, a) - a->bytes) - NNK_PATCH_BYTES;
    const uint32_t size = inputs_of(job);
    writing w = {.w = (nnk_real *)(void *)(a->bytes + NNK_PATCH_BYTES)};
    uint32_t rows = 1;
    if (NNK_FAST && place > waiting_rows && room >= 2 * (2 * patch + NNK_LANES * real)) {
        const size_t count = (place - waiting_rows) / patch * NNK_PATCH;
        if (count >= size / 2) w.held_count = (uint32_t)(count < size ? count : size);
    }
    if (w.held_count > 0) {
        rows = 2;
        w.held = (nnk_real *)(void *)(a->triangle + waiting_rows);
        if (waiting_rows > 0) w.waiting = (waiting *)(void *)a->triangle;
    }
    w.g = nnk_at(job, w.w, rows * NNK_PATCH);
    w.d = nnk_at(job, w.g, rows * NNK_PATCH);
    return w;
}

/// g (rows, NNK_PATCH) = D X^T for rows from `unit` on. The mean that is taken off the images is taken off D:
/// X^ H D^T = X^ (D H)^T.
static nnk_status gradient(const nnk_job *job, const arena *a, const writing *w, uint32_t unit, uint32_t rows,
                           uint32_t offset, nnk_patch *p) {
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t columns = nnk_columns(job);
    nnk_real *d = nnk_row(a, a->deltas, unit);
    double mean[2] = {0, 0};
    NNK_ASSERT(columns > 0);
    for (uint32_t r = 0; nnk_centers(job) && r < rows; r++)
        mean[r] = nnk_mean_of_deltas(job, a, nnk_row(a, d, r));
    memset(w->g, 0, rows * NNK_PATCH * nnk_real_bytes(job));
    for (uint32_t first = 0; first < columns; first += NNK_LANES) {
        if (nnk_fetch(job, a->bytes, first, NNK_LANES, offset, NNK_PATCH, p) != NNK_OK) return NNK_E_SOURCE;
        for (uint32_t r = 0; nnk_centers(job) && r < rows; r++) {
            nnk_real *row = nnk_at(job, w->d, r * NNK_LANES);
            memcpy(row, nnk_at(job, nnk_row(a, d, r), first), p->examples * nnk_real_bytes(job));
            k->update(row, nnk_at(job, a->contrast, first), mean[r], p->examples);
        }
        if (nnk_centers(job))
            k->input_gradient(w->g, w->d, NNK_LANES, rows, *p);
        else
            k->input_gradient(w->g, nnk_at(job, d, first), a->stride, rows, *p);
    }
    return NNK_OK;
}

/// w (width) = w - rate/m g, where w is a patch of a row of W1(0), and has decayed.
static void descend_patch(const nnk_job *job, const arena *a, nnk_real *w, nnk_real *g, uint32_t unit,
                          size_t width) {
    const nnk_arithmetic *k = job->arithmetic;
    const double decay = NNK_HAS_OPTIONS ? nnk_left(job, a->trainer, a->trainer->kept_iteration) : 1;
    if (decay != 1) k->scale(w, decay, width);
    k->input_update(w, g, nnk_weight_rate(job, a) / 255.0, 1, width);
    if (!nnk_takes_contrast_off(job)) return;
    for (uint32_t i = 0; i < width; i++) nnk_set(job, g, i, nnk_get(job, a->offsets, unit));
    k->update(w, g, 1, width);
}

/// The next weights of W1: `*count` of them, or none while the generator runs ahead.
static nnk_status next_weights(const nnk_job *job, const arena *a, nnk_real **weights, uint32_t *count) {
    nnk_trainer *t = a->trainer;
    const writing w = writing_of(job, a);
    NNK_ASSERT(inputs_of(job) > 0);
    const uint32_t size = inputs_of(job), unit = t->weight / size, offset = t->weight % size;
    const bool in_pairs = NNK_FAST && w.held_count > 0, is_second = in_pairs && unit % 2 == 1;
    const bool in_pair = is_second || (in_pairs && unit + 1 < (uint32_t)job->topology->size[1]);
    if (is_second && offset < w.held_count) {
        *weights = nnk_at(job, w.held, offset);
        *count = nnk_smaller(NNK_AT_ONCE / (uint32_t)nnk_real_bytes(job), w.held_count - offset);
        if (offset + *count == size && w.waiting) wake_random(&t->random, &w.waiting[1]);
        return NNK_OK;
    }
    const uint32_t start = t->weight - offset, ahead = t->ahead > start ? t->ahead - start : 0;
    if (in_pair && !is_second && w.waiting && ahead < size) {
        t->ahead = start + run_ahead(job, &t->random, w.waiting, ahead);
        *weights = w.w;
        *count = 0;
        return NNK_OK;
    }
    const uint32_t rows = in_pair && offset < w.held_count ? 2 : 1;
    nnk_patch p;
    if (gradient(job, a, &w, unit, rows, offset, &p) != NNK_OK) return NNK_E_SOURCE;
    // Drawn last, so that the generator stands where it stood if the source fails.
    for (uint32_t r = 0; r < rows; r++) {
        nnk_real *row = nnk_at(job, w.w, r * NNK_PATCH);
        draw(job, a, row, NNK_FAST && in_pair && w.waiting ? &w.waiting[is_second + r] : NULL, unit + r,
             offset, (uint32_t)p.width);
        descend_patch(job, a, row, nnk_at(job, w.g, r * NNK_PATCH), unit + r, p.width);
    }
    if (rows == 2)
        memcpy(nnk_at(job, w.held, offset), nnk_at(job, w.w, NNK_PATCH), p.width * nnk_real_bytes(job));
    *weights = w.w;
    *count = (uint32_t)p.width;
    return NNK_OK;
}

static uint32_t items_by_unit(const nnk_job *job, const nnk_trainer *t) {
    return (void)t, (uint32_t)job->topology->size[1] + 1;
}

static const nnk_phase dual_phases[MODEL] = {
    [PROJECT_ROWS] = {.work = project_rows, .items = project_rows_items},
    [DRAW] = {.work = nnk_draw_above, .items = nnk_draw_above_items},
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [GRAM] = {.work = form_gram, .items = gram_items},
    [ADJUST] = {.work = NNK_OPTION_ONLY(nnk_adjust), .items = NNK_OPTION_ONLY(nnk_adjust_items)},
    [FORWARD] = {.work = dual_forward, .items = items_by_unit},
    [BACKWARD] = {.work = backward, .items = nnk_backward_items},
    [DESCENT] = {.work = dual_descend, .items = items_by_unit},
    [RESTORE] = {.work = NNK_OPTION_ONLY(nnk_restore), .items = NNK_OPTION_ONLY(nnk_restore_items)},
    [FOLD] = {.work = NNK_OPTION_ONLY(nnk_fold), .items = NNK_OPTION_ONLY(nnk_fold_items)},
};

const nnk_method nnk_dual = {
    .number = NNK_DUAL,
    .first_layer = 2,
    .store = dual_store,
    .times_gram = NNK_OPTION_ONLY(dual_times_gram),
    .carve = dual_carve,
    .phases = dual_phases,
    .next_weights = next_weights,
};

// ---- The Gram matrix alone --------------------------------------------------------------------------------

static void dual_carve_gram(const nnk_job *job, arena *a) {
    nnk_carve_gram(job, a, a->trainer);
    a->stride = a->width = nnk_columns(job);
    a->row = a->stride * nnk_real_bytes(job);
    a->bytes = a->packed_gram + triangle_bytes(job, a->stride);
    a->products = (uint32_t *)(void *)(a->bytes + 2 * NNK_PATCH_BYTES);
    a->end = (uint8_t *)a->products + NNK_GRAM_BLOCK_BYTES;
}

static uint32_t own_gram_items(const nnk_job *job, const nnk_trainer *t) {
    return nnk_count_blocks(job, t, NNK_LANES) * nnk_patches(job, t);
}

static nnk_status form_own_gram(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t patches = nnk_patches(job, a->trainer);
    const nnk_tiling tiling = {NNK_LANES, a->bytes, a->products};
    return nnk_multiply_block(job, a, &tiling, item / patches, item % patches * NNK_PATCH, NNK_PATCH);
}

static double dual_load(const nnk_job *job, const arena *a, size_t j, size_t k) {
    const size_t row = j > k ? j : k, column = j > k ? k : j;
    const size_t element = job->arithmetic->real_bytes == 4 ? 3 : 4;
    const uint8_t *bytes = a->packed_gram + (row * (row + 1) / 2 + column) * element;
    uint32_t g = 0;
    for (size_t b = 0; b < element; b++) g |= (uint32_t)bytes[b] << 8 * b;
    return g;
}

static const nnk_phase dual_gram_phases[MODEL] = {
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [GRAM] = {.work = form_own_gram, .items = own_gram_items},
};

const nnk_method nnk_gram_packed = {
    .number = NNK_GRAM_PACKED,
    .first_layer = 2,
    .store = dual_store,
    .load = dual_load,
    .carve = dual_carve_gram,
    .phases = dual_gram_phases,
};
