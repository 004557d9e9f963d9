/// Examples that come and go: the Gram matrix is kept, and the model is that of a training with the examples
/// that are left.
#include "jobs.h"
#include "phases.h"
#include <math.h>

/// Several passes over the images, several blocks of the Gram matrix, rows of W1 that end with a part of a
/// patch, and an odd number of weights.
static const nnk_topology topology = {4, {601, 9, 7, 5, 1}};
enum { EXAMPLES = 70, CAPACITY = 100 };

/// A data set whose images and labels can be moved, and the job that learns it.
typedef struct learner {
    data d;
    float weights[CAPACITY];
    nnk_job job;
    void *arena;
    size_t bytes;
} learner;

enum { PLAIN, CENTERED, CONTRAST, WEIGHTED, STARTED, OPTIONS };

/// Takes `count` of a pool of examples as the learner's.
static void take(learner *l, const data *pool, const uint32_t *which, uint32_t count) {
    const uint32_t size = (uint32_t)topology.size[0];
    for (uint32_t j = 0; j < count; j++) {
        memcpy(l->d.images + (size_t)j * size, pool->images + (size_t)which[j] * size, size);
        l->d.labels[j] = pool->labels[which[j]];
        l->weights[j] = (float)(1 + which[j] % 3);
    }
    l->job.examples = l->d.reader.examples = count;
}

static learner *new_learner(int32_t type, int32_t option, const nnk_model *start, uint32_t capacity) {
    learner *l = room_for(sizeof *l);
    l->d = random_data(&topology, CAPACITY);
    l->job = job_of(&topology, arithmetic_at(type, 0), &l->d, 30);
    l->job.method = &nnk_dual;
    l->job.learning_rate = 0.05;
    l->job.cost_every = 10;
    l->job.capacity = capacity;
    l->job.center = option >= CENTERED && option != STARTED;
    l->job.own_contrast = option == CONTRAST || option == WEIGHTED;
    if (option == WEIGHTED) {
        l->job.weights = l->weights;
        l->job.weight_decay = 0.1;
    }
    if (option == STARTED) l->job.start = start;
    return l;
}

static void begin(learner *l) {
    l->bytes = nnk_train_bytes(&l->job);
    l->arena = room_for(l->bytes);
    memset(l->arena, 0xa5, l->bytes);
    CHECK_EQUAL(nnk_train_begin(&l->job, l->arena, l->bytes), NNK_OK);
}

static void release(learner *l) {
    release_data(l->d);
    free(l->arena);
    free(l);
}

static file trained(learner *l) {
    file f = new_file(&l->job);
    CHECK_EQUAL(steps(&l->job, l->arena), NNK_OK);
    CHECK_EQUAL(finish(&l->job, l->arena, &f), NNK_OK);
    return f;
}

/// The model of a training from the beginning, of a job without room for more examples.
static file trained_apart(const learner *l) {
    nnk_job job = l->job;
    job.capacity = 0;
    return train(&job);
}

/// A model to start from.
static file new_start(int32_t type) {
    nnk_job job = job_of(&topology, arithmetic_at(type, 0), &(data){0}, 0);
    data d = random_data(&topology, 3);
    job.labels = d.labels;
    job.images = mapped(&d);
    job.examples = 3;
    job.seed = 7;
    file f = train(&job);
    release_data(d);
    return f;
}

static void check_equal_to_apart(learner *l) {
    file got = trained(l), want = trained_apart(l);
    CHECK_SAME_FILE(got, want);
    free(got.bytes);
    free(want.bytes);
}

/// Numbers 0 ... count - 1 without one of them.
static uint32_t all_but(uint32_t *which, uint32_t count, uint32_t one) {
    uint32_t n = 0;
    for (uint32_t j = 0; j < count; j++)
        if (j != one) which[n++] = j;
    return n;
}

/// One way to come to the same examples: with the learner's arena as it is after so many slices, and some of
/// the model.
static void go_some_way(learner *l, uint32_t way) {
    file f = new_file(&l->job);
    nnk_status status = NNK_MORE;
    if (way % 3 == 0)
        status = steps(&l->job, l->arena);
    else
        for (uint32_t i = random_below(way % 3 == 1 ? 4000 : 40); i > 0 && status > 0; i--)
            status = nnk_train_step(&l->job, l->arena);
    if (status == NNK_OK && way % 2 == 0)
        for (uint32_t i = random_below(60); i > 0; i--) nnk_train_finish(&l->job, l->arena, sink_of(&f));
    free(f.bytes);
}

/// Each of some random images goes; then training from the beginning gives the bytes of one without it. Then
/// it comes back, as the last one, and goes again.
static void test_forgetting(int32_t type, int32_t option) {
    data pool = random_data(&topology, EXAMPLES);
    file start_file = new_start(type);
    const nnk_model start = opened(&start_file, &topology);
    uint32_t which[EXAMPLES];
    learner *l = new_learner(type, option, &start, CAPACITY);
    take(l, &pool, which, all_but(which, EXAMPLES, EXAMPLES));
    begin(l);
    check_equal_to_apart(l); // room alone changes nothing
    for (uint32_t n = 0; n < 20; n++) {
        if (n >= 2 && !check_takes((uint32_t)(option * 32) + n)) continue;
        const uint32_t gone = n < 2 ? n * (EXAMPLES - 1) : random_below(EXAMPLES);
        take(l, &pool, which, all_but(which, EXAMPLES, EXAMPLES));
        l->job.seed = 1;
        CHECK_EQUAL(nnk_train_begin(&l->job, l->arena, l->bytes), NNK_OK);
        go_some_way(l, n);
        take(l, &pool, which, all_but(which, EXAMPLES, gone));
        CHECK_EQUAL(nnk_train_forget(&l->job, l->arena, gone), NNK_OK);
        if (n % 4 == 1) go_some_way(l, n);
        CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_OK);
        check_equal_to_apart(l);
        which[EXAMPLES - 1] = gone;
        take(l, &pool, which, EXAMPLES);
        CHECK_EQUAL(nnk_train_again(&l->job, l->arena, n % 2), NNK_OK);
        if (n % 2 == 0) CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_OK);
        if (n % 5 == 0) check_equal_to_apart(l);
    }
    release(l);
    free(start_file.bytes);
    release_data(pool);
}

/// The largest difference of two models' parameters.
static double distance(file *a, file *b) {
    const nnk_model x = opened(a, &topology), y = opened(b, &topology);
    double largest = 0;
    for (uint32_t i = 0; i < nnk_parameter_count(&topology); i++) {
        const double difference = parameter_of(&x, i) - parameter_of(&y, i);
        if (difference > largest) largest = difference;
        if (-difference > largest) largest = -difference;
    }
    return largest;
}

/// Examples that come change no weight: without more iterations the model is the one before but for rounding.
/// Then more iterations lower the cost.
static void test_warm(int32_t type, int32_t option) {
    data pool = random_data(&topology, EXAMPLES);
    file start_file = new_start(type);
    const nnk_model start = opened(&start_file, &topology);
    const double unit = type == NNK_F32 ? 0x1p-23 : 0x1p-52;
    uint32_t which[EXAMPLES];
    all_but(which, EXAMPLES, EXAMPLES);
    learner *l = new_learner(type, option, &start, CAPACITY);
    take(l, &pool, which, EXAMPLES - 3);
    begin(l);
    file before = trained(l),
         again = (CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK), trained(l));
    CHECK_SAME_FILE(before, again); // nothing changed
    // Three more: the parameters stay.
    take(l, &pool, which, EXAMPLES);
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
    file more = trained(l);
    // Sums of 601 products, thirty times, each rounded: the difference is some hundreds of units, times the
    // largest pixel sum's share.
    CHECK(distance(&before, &more) < 2000 * unit);
    nnk_progress progress, later;
    CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &progress), NNK_OK);
    l->job.iterations = 400;
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
    CHECK_EQUAL(steps(&l->job, l->arena), NNK_OK);
    CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &later), NNK_OK);
    CHECK(later.iteration == 400);
    // Without the mean taken off, units may be off for all images; decay may be stronger than these labels.
    if (option == CENTERED || option == CONTRAST) CHECK(later.cost < progress.cost);
    // One that goes leaves the training where it is.
    take(l, &pool, which, EXAMPLES - 1);
    CHECK_EQUAL(nnk_train_forget(&l->job, l->arena, EXAMPLES - 1), NNK_OK);
    CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &later), NNK_OK);
    CHECK_EQUAL(later.iteration, 400);
    free(before.bytes);
    free(again.bytes);
    free(more.bytes);
    release(l);
    free(start_file.bytes);
    release_data(pool);
}

/// The cost of the examples by a model.
static double cost_by_model(const learner *l, file *f) {
    const nnk_model m = opened(f, &topology);
    const nnk_inference *k = nnk_fastest_inference(m.dtype);
    double total = 0, weight = 0;
    for (uint32_t j = 0; j < l->job.examples; j++) {
        const double p = predict(k, &m, l->d.images + (size_t)j * (uint32_t)topology.size[0], 0);
        const double w = l->job.weights ? (double)l->weights[j] : 1;
        total -= w * log(l->d.labels[j] ? p : 1 - p);
        weight += w;
    }
    return total / weight;
}

/// Goes on to the next cost, which must be that of the model of these parameters.
static void check_next_cost(learner *l) {
    nnk_status status;
    while ((status = nnk_train_step(&l->job, l->arena)) == NNK_MORE) {
    }
    if (status != NNK_COST) return;
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &progress), NNK_OK);
    nnk_job still = l->job;
    still.iterations = progress.iteration; // so that the model is the one whose cost this is
    uint8_t *copy = copy_of(l->arena, l->bytes);
    CHECK_EQUAL(nnk_train_again(&still, copy, false), NNK_OK);
    CHECK_EQUAL(steps(&still, copy), NNK_OK);
    file f = new_file(&still);
    CHECK_EQUAL(finish(&still, copy, &f), NNK_OK);
    CHECK_NEAR(progress.cost, cost_by_model(l, &f), l->job.arithmetic->dtype == NNK_F32 ? 2e-3 : 1e-10);
    free(f.bytes);
    free(copy);
}

/// A single example is one like many: others come to it one by one, from a source whose bytes need a place.
/// As in test_warm, the parameters stay; and after some iterations more, P is that of the parameters.
static void test_from_one(int32_t type, int32_t option) {
    data pool = random_data(&topology, EXAMPLES);
    uint32_t which[EXAMPLES];
    all_but(which, EXAMPLES, EXAMPLES);
    learner *l = new_learner(type, option, NULL, CAPACITY);
    l->job.images = read_in(&l->d);
    l->job.cost_every = 1;
    take(l, &pool, which, 1);
    begin(l);
    for (uint32_t count = 2; count <= 4; count++) {
        file before = trained(l);
        take(l, &pool, which, count);
        CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
        file after = trained(l);
        CHECK(distance(&before, &after) < 2000 * (type == NNK_F32 ? 0x1p-23 : 0x1p-52));
        l->job.iterations += 3;
        CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
        for (int n = 0; n < 3; n++) check_next_cost(l);
        free(before.bytes);
        free(after.bytes);
    }
    release(l);
    release_data(pool);
}

/// A change at each slice of an iteration.
static void test_any_slice(int32_t type, int32_t option) {
    data pool = random_data(&topology, EXAMPLES);
    file start_file = new_start(type);
    const nnk_model start = opened(&start_file, &topology);
    uint32_t which[EXAMPLES];
    all_but(which, EXAMPLES, EXAMPLES);
    learner *l = new_learner(type, option, &start, CAPACITY);
    l->job.cost_every = 1;
    take(l, &pool, which, EXAMPLES / 2);
    begin(l);
    nnk_progress progress;
    do {
        nnk_train_step(&l->job, l->arena);
        CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &progress), NNK_OK);
    } while (progress.iteration < 3);
    while (progress.iteration < 4) {
        learner other = *l;
        other.arena = copy_of(l->arena, l->bytes);
        CHECK_EQUAL(nnk_train_again(&other.job, other.arena, false), NNK_OK);
        check_next_cost(&other);
        free(other.arena);
        nnk_train_step(&l->job, l->arena);
        CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &progress), NNK_OK);
    }
    release(l);
    free(start_file.bytes);
    release_data(pool);
}

/// P, as the loop has it, is that of the parameters: the cost of the next iteration is the cost of the model,
/// after any number of changes.
static void test_cost_after_changes(int32_t type, int32_t option) {
    data pool = random_data(&topology, EXAMPLES);
    file start_file = new_start(type);
    const nnk_model start = opened(&start_file, &topology);
    uint32_t which[CAPACITY], count = EXAMPLES / 2;
    for (uint32_t j = 0; j < count; j++) which[j] = j;
    learner *l = new_learner(type, option, &start, CAPACITY);
    l->job.cost_every = 1;
    take(l, &pool, which, count);
    begin(l);
    for (uint32_t n = 0; n < 40; n++) {
        l->job.iterations = n + 3;
        if (n % 2 == 0 && count > 2) {
            const uint32_t gone = random_below(count--);
            memmove(which + gone, which + gone + 1, (count - gone) * sizeof *which);
            take(l, &pool, which, count);
            CHECK_EQUAL(nnk_train_forget(&l->job, l->arena, gone), NNK_OK);
        } else {
            which[count++] = random_below(EXAMPLES);
            l->job.learning_rate = n % 3 ? 0.05 : 0.03;
            take(l, &pool, which, count);
            CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
        }
        if (n % 4 == 3) continue; // two changes in a row
        if (n % 3 == 1) {
            for (uint32_t i = random_below(1500); i > 0; i--) nnk_train_step(&l->job, l->arena);
            continue; // a change in the middle
        }
        check_next_cost(l);
    }
    release(l);
    free(start_file.bytes);
    release_data(pool);
}

/// The cost after two examples have gone, with `between` slices after the first one went.
static double cost_without_two(int32_t type, int32_t option, uint32_t between) {
    data pool = drawn_photos(&topology, EXAMPLES);
    uint32_t which[EXAMPLES], count = all_but(which, EXAMPLES, EXAMPLES);
    learner *l = new_learner(type, option, NULL, CAPACITY);
    take(l, &pool, which, count);
    begin(l);
    CHECK_EQUAL(steps(&l->job, l->arena), NNK_OK);
    for (uint32_t n = 0; n < 2; n++) {
        const uint32_t gone = n == 0 ? 7 : 3;
        memmove(which + gone, which + gone + 1, (--count - gone) * sizeof *which);
        take(l, &pool, which, count);
        CHECK_EQUAL(nnk_train_forget(&l->job, l->arena, gone), NNK_OK);
        nnk_status status = NNK_MORE;
        for (uint32_t i = 0; i < between && status > 0; i++) status = nnk_train_step(&l->job, l->arena);
    }
    l->job.iterations = 31;
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
    CHECK_EQUAL(steps(&l->job, l->arena), NNK_OK);
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &progress), NNK_OK);
    release(l);
    release_data(pool);
    return progress.cost;
}

/// It makes no difference, but for rounding, whether an example goes before, in or after the setup that
/// follows when another one has gone.
static void test_two_gone(int32_t type, int32_t option) {
    const double want = cost_without_two(type, option, UINT32_MAX);
    for (uint32_t between = 0; between < 90; between += 15)
        CHECK_NEAR(cost_without_two(type, option, between), want, type == NNK_F32 ? 1e-4 : 1e-12);
}

enum { COME, GO, DECAY, CHANGES };

/// The learner's job and arena change in one of these ways.
static void change(learner *l, const data *pool, uint32_t *which, uint32_t way, uint32_t gone) {
    const uint32_t count = l->job.examples;
    switch (way) {
    case COME:
        which[count] = EXAMPLES - 1;
        take(l, pool, which, count + 1);
        break;
    case GO:
        for (uint32_t j = gone; j + 1 < count; j++) which[j] = which[j + 1];
        take(l, pool, which, count - 1);
        break;
    default: l->job.weight_decay = 2; break;
    }
    CHECK_EQUAL(way == GO ? nnk_train_forget(&l->job, l->arena, gone)
                          : nnk_train_again(&l->job, l->arena, false),
                NNK_OK);
}

/// After one has gone: two changes with some slices between, up to an iteration that has begun, leave P that
/// of the parameters.
static void test_two_changes(int32_t type, int32_t option) {
    enum { COUNT = 10, MOST_SLICES = 240 };
    data pool = random_data(&topology, EXAMPLES);
    file start_file = new_start(type);
    const nnk_model start = opened(&start_file, &topology);
    learner *l = new_learner(type, option, &start, CAPACITY);
    uint32_t which[CAPACITY];
    all_but(which, COUNT, COUNT);
    take(l, &pool, which, COUNT);
    l->job.iterations = 8;
    l->job.cost_every = 1;
    begin(l);
    free(trained(l).bytes);
    l->job.iterations = 20;
    change(l, &pool, which, GO, 1);
    const nnk_job job = l->job;
    uint8_t *arena = copy_of(l->arena, l->bytes);
    for (uint32_t slices = 0; slices < MOST_SLICES; slices += slices < 12 ? 1 : 7)
        for (uint32_t way = 0; way < CHANGES * CHANGES; way++) {
            if (!check_takes((slices * CHANGES * CHANGES + way) * OPTIONS + (uint32_t)option)) continue;
            l->job = job;
            memcpy(l->arena, arena, l->bytes);
            take(l, &pool, which, all_but(which, COUNT, 1));
            change(l, &pool, which, way % CHANGES, 0);
            for (uint32_t i = 0; i < slices; i++) nnk_train_step(&l->job, l->arena);
            change(l, &pool, which, way / CHANGES, l->job.examples - 1);
            check_next_cost(l);
        }
    free(arena);
    release(l);
    free(start_file.bytes);
    release_data(pool);
}

/// More iterations later give the bytes of one training; another label and another rate those of a training
/// with them, if that begins again.
static void test_other_changes(int32_t type, int32_t option) {
    data pool = random_data(&topology, EXAMPLES);
    file start_file = new_start(type);
    const nnk_model start = opened(&start_file, &topology);
    uint32_t which[EXAMPLES];
    learner *l = new_learner(type, option, &start, CAPACITY);
    take(l, &pool, which, all_but(which, EXAMPLES, EXAMPLES));
    begin(l);
    free(trained(l).bytes);
    l->job.iterations = 50;
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
    check_equal_to_apart(l);
    l->d.labels[3] ^= 1;
    l->job.learning_rate = 0.02;
    l->job.iterations = 7;
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_E_ARGUMENT); // 50 are done
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_OK);
    check_equal_to_apart(l);
    release(l);
    free(start_file.bytes);
    release_data(pool);
}

static nnk_status file_at(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    return reader_read(context, 0, offset, count, out);
}

/// A checkpoint between any two slices of a setup after a change.
static void test_checkpoints(int32_t type, int32_t option, bool anew) {
    data pool = random_data(&topology, EXAMPLES);
    file start_file = new_start(type);
    const nnk_model start = opened(&start_file, &topology);
    uint32_t which[EXAMPLES];
    all_but(which, EXAMPLES, EXAMPLES);
    learner *l = new_learner(type, option, &start, CAPACITY);
    take(l, &pool, which, EXAMPLES - 20);
    begin(l);
    free(trained(l).bytes);
    take(l, &pool, which, EXAMPLES);
    l->job.iterations = 60;
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, anew), NNK_OK);
    void *first = copy_of(l->arena, l->bytes), *other = room_for(l->bytes);
    file want = trained(l);
    memcpy(l->arena, first, l->bytes);
    for (nnk_status status = NNK_MORE; status > 0;) {
        nnk_checkpoint saving = {0, 0}, loading = {0, 0};
        file c = {.room = nnk_checkpoint_bytes(&l->job)};
        c.bytes = room_for(c.room);
        while (nnk_checkpoint_save(&l->job, l->arena, &saving, sink_of(&c)) > 0) {
        }
        CHECK_EQUAL(c.size, c.room);
        reader from = {.images = c.bytes, .size = (uint32_t)c.size, .examples = 1};
        memset(other, 0x5a, l->bytes);
        nnk_status loaded;
        do loaded = nnk_checkpoint_load(&l->job, other, l->bytes, &loading, (nnk_reader){file_at, &from});
        while (loaded > 0);
        CHECK_EQUAL(loaded, NNK_OK);
        learner resumed = *l;
        resumed.arena = other;
        file got = trained(&resumed);
        CHECK_SAME_FILE(got, want);
        free(got.bytes);
        free(c.bytes);
        for (uint32_t i = 0; i < 97 && status > 0; i++) status = nnk_train_step(&l->job, l->arena);
    }
    free(first);
    free(other);
    free(want.bytes);
    release(l);
    free(start_file.bytes);
    release_data(pool);
}

/// nnk_dual in its several passes, blocks and pairs of rows gives the bytes of nnk_dual_wide, and NNK_I8
/// those that nnk_model_quantize makes.
static void test_sizes(int32_t type, const nnk_topology *t, uint32_t examples, bool contrast) {
    data d = random_data(t, examples);
    nnk_job job = job_of(t, arithmetic_at(type, 0), &d, 20);
    job.learning_rate = 0.05;
    job.own_contrast = job.center = contrast;
    for (uint32_t capacity = 0; capacity <= examples; capacity += examples) {
        job.method = &nnk_dual_wide;
        job.capacity = 0;
        file square = train(&job), quantized = new_file(&job), straight = new_file(&job), packed;
        job.method = &nnk_dual;
        job.capacity = capacity;
        job.images = read_in(&d);
        packed = train(&job);
        CHECK_SAME_FILE(packed, square);
        const nnk_model m = opened(&packed, t);
        CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&quantized)), NNK_OK);
        const size_t bytes = nnk_train_bytes(&job);
        void *arena = room_for(bytes);
        CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
        CHECK_EQUAL(steps(&job, arena), NNK_OK);
        nnk_status status = NNK_MORE;
        for (uint32_t i = 0; i < 7; i++) status = nnk_train_finish(&job, arena, sink_of(&straight));
        while ((status = nnk_train_finish_as(&job, arena, NNK_I8, sink_of(&straight))) > 0) {
        }
        CHECK_EQUAL(status, NNK_OK);
        CHECK_SAME_FILE(straight, quantized);
        CHECK_EQUAL(nnk_train_finish_as(&job, arena, type == NNK_F32 ? NNK_F64 : NNK_F32, sink_of(&straight)),
                    NNK_E_KIND);
        CHECK_EQUAL(finish(&job, arena, &straight), NNK_OK);
        CHECK_SAME_FILE(straight, square);
        free(arena);
        free(square.bytes);
        free(packed.bytes);
        free(quantized.bytes);
        free(straight.bytes);
    }
    release_data(d);
}

/// Whatever changes, a checkpoint that is saved can be loaded, and the parameters are numbers: when no
/// example is held out any more, and when nothing is left of the initial weights.
static void test_ends(int32_t type) {
    data pool = random_data(&topology, EXAMPLES);
    uint32_t which[EXAMPLES];
    all_but(which, EXAMPLES, EXAMPLES);
    learner *l = new_learner(type, WEIGHTED, NULL, CAPACITY);
    take(l, &pool, which, 20);
    for (uint32_t j = 0; j < 5; j++) l->weights[j] = 0;
    l->job.learning_rate = 0.5;
    l->job.weight_decay = 1.998; // a thousandth is left by each iteration
    l->job.iterations = 150;
    begin(l);
    free(trained(l).bytes);
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &progress), NNK_OK);
    CHECK(progress.held_out_cost > 0);
    l->job.weights = NULL;
    l->job.iterations += 2;
    for (uint32_t count = 30; count <= 40; count += 10) {
        take(l, &pool, which, count);
        CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
        CHECK_EQUAL(nnk_train_progress(&l->job, l->arena, &progress), NNK_OK);
        CHECK(progress.held_out_cost == 0);
        nnk_checkpoint saving = {0, 0}, loading = {0, 0};
        file c = {.room = nnk_checkpoint_bytes(&l->job)};
        c.bytes = room_for(c.room);
        while (nnk_checkpoint_save(&l->job, l->arena, &saving, sink_of(&c)) > 0) {
        }
        on_card card = {.bytes = c.bytes, .size = c.size};
        nnk_status loaded;
        do loaded = nnk_checkpoint_load(&l->job, l->arena, l->bytes, &loading, reader_of(&card));
        while (loaded > 0);
        CHECK_EQUAL(loaded, NNK_OK);
        free(c.bytes);
        free(trained(l).bytes);
    }
    release(l);
    release_data(pool);
}

/// One that has begun with 20 examples of the pool, and takes the mean off.
static learner *centered_learner(int32_t type, const data *pool, uint32_t which[EXAMPLES]) {
    learner *l = new_learner(type, CENTERED, NULL, CAPACITY);
    all_but(which, EXAMPLES, EXAMPLES);
    take(l, pool, which, 20);
    begin(l);
    return l;
}

/// What begins anew is as the first one, whatever was left of the initial weights when the decay changed.
static void test_anew_after_decay(int32_t type) {
    data pool = random_data(&topology, EXAMPLES);
    uint32_t which[EXAMPLES];
    learner *l = centered_learner(type, &pool, which);
    for (uint32_t way = 0; way < 2; way++) {
        l->job.weight_decay = 1;
        CHECK_EQUAL(nnk_train_begin(&l->job, l->arena, l->bytes), NNK_OK);
        free(trained(l).bytes);
        l->job.weight_decay = 0.5;
        l->job.iterations++;
        CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
        free(trained(l).bytes);
        if (way == 0)
            CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_OK);
        else
            CHECK_EQUAL(nnk_train_begin(&l->job, l->arena, l->bytes), NNK_OK);
        check_equal_to_apart(l);
    }
    release(l);
    release_data(pool);
}

/// A change before anything is computed, and while the biases are folded; after a training that diverged; and
/// the last of the examples that were there.
static void test_unusual_moments(int32_t type) {
    data pool = random_data(&topology, EXAMPLES);
    uint32_t which[EXAMPLES];
    learner *l = centered_learner(type, &pool, which);
    take(l, &pool, which, 21);
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
    check_equal_to_apart(l);
    const nnk_trainer *t = l->arena;
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_OK);
    while (t->phase != FOLD || t->item == 0) CHECK(nnk_train_step(&l->job, l->arena) > 0);
    l->job.iterations++;
    l->job.cost_every = l->job.iterations - 1;
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
    check_next_cost(l);
    const double rate = l->job.learning_rate;
    for (int forgets = 0; forgets < 2; forgets++) {
        l->job.learning_rate = type == NNK_F32 ? 1e30 : 1e300;
        CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_OK);
        CHECK_EQUAL(steps(&l->job, l->arena), NNK_E_DIVERGED);
        l->job.learning_rate = rate;
        CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_E_DIVERGED);
        if (forgets) {
            take(l, &pool, which, 20);
            CHECK_EQUAL(nnk_train_forget(&l->job, l->arena, 20), NNK_OK);
        } else {
            CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_OK);
        }
        check_equal_to_apart(l);
    }
    free(l->arena);
    take(l, &pool, which, 1);
    begin(l);
    free(trained(l).bytes);
    take(l, &pool, which, 2);
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, false), NNK_OK);
    take(l, &pool, which + 1, 1);
    CHECK_EQUAL(nnk_train_forget(&l->job, l->arena, 0), NNK_OK);
    check_equal_to_apart(l);
    release(l);
    release_data(pool);
}

/// What is refused, and leaves everything as it was.
static void test_refusals(void) {
    data pool = random_data(&topology, EXAMPLES);
    uint32_t which[EXAMPLES];
    all_but(which, EXAMPLES, EXAMPLES);
    learner *l = new_learner(NNK_F32, PLAIN, NULL, EXAMPLES);
    take(l, &pool, which, EXAMPLES);
    begin(l);
    nnk_job job = l->job;
    CHECK_EQUAL(nnk_train_forget(&job, l->arena, 0), NNK_E_ARGUMENT); // it still counts all
    job.examples--;
    CHECK_EQUAL(nnk_train_again(&job, l->arena, true), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_forget(&job, l->arena, EXAMPLES), NNK_E_ARGUMENT);
    job.seed++;
    CHECK_EQUAL(nnk_train_forget(&job, l->arena, 0), NNK_E_STATE);
    job = l->job;
    job.examples++; // more than there is room for
    CHECK_EQUAL(nnk_train_again(&job, l->arena, false), NNK_E_ARGUMENT);
    job = l->job;
    job.capacity++;
    CHECK_EQUAL(nnk_train_step(&job, l->arena), NNK_E_STATE);
    job.capacity = 0;
    CHECK_EQUAL(nnk_train_again(&job, l->arena, false), NNK_E_ARGUMENT);
    job.capacity = EXAMPLES;
    job.method = &nnk_dual_wide;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.method = &nnk_dual;
    job.keep_best = true;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.keep_best = false;
    job.mirror = (nnk_mirror){601, 1};
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.mirror = (nnk_mirror){0, 0};
    CHECK(nnk_train_bytes(&job) > 0);
    job.gram = l->arena;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.gram = NULL;
    double logits[2 * EXAMPLES];
    job.held_out_logits = logits;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.held_out_logits = NULL;
    job.capacity = NNK_MAX_EXAMPLES;
    CHECK(nnk_train_bytes(&job) > 0);
    job.capacity = NNK_MAX_EXAMPLES + 1;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    CHECK_EQUAL(steps(&l->job, l->arena), NNK_OK);
    job = l->job;
    job.examples--;
    job.iterations--;
    CHECK_EQUAL(nnk_train_forget(&job, l->arena, 0), NNK_E_ARGUMENT); // more are done
    l->d.labels[0] = 2;
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_E_LABEL);
    l->d.labels[0] = pool.labels[0];
    check_equal_to_apart(l);
    memset(l->arena, 0xff, l->bytes);
    CHECK_EQUAL(nnk_train_again(&l->job, l->arena, true), NNK_E_STATE);
    release(l);
    release_data(pool);
}

int main(void) {
    for (int32_t type = NNK_F32; type <= NNK_F64; type++) {
        for (uint32_t examples = 1; examples <= 260; examples += examples < 15 ? 7 : 49)
            test_sizes(type, &topology, examples, examples % 2);
        test_sizes(type, &(nnk_topology){2, {500, 7, 1}}, 33, true);
        test_sizes(type, &(nnk_topology){2, {192, 256, 1}}, 20, true);
        for (int32_t option = PLAIN; option < OPTIONS; option++) {
            test_forgetting(type, option);
            test_warm(type, option);
            test_cost_after_changes(type, option);
            test_any_slice(type, option);
            if (option != STARTED) test_from_one(type, option);
            test_two_changes(type, option);
            if (option != STARTED) test_two_gone(type, option);
            test_other_changes(type, option);
            test_checkpoints(type, option, option % 2);
        }
        test_checkpoints(type, CENTERED, false);
        test_ends(type);
        test_anew_after_decay(type);
        test_unusual_moments(type);
    }
    test_refusals();
    return check_end();
}
