/// Trainings with shards (nnk_job.shards): against a tree of sums that is built by recursion from the
/// kernels, against trainings without shards, and shared among processes, which are threads here. And the
/// slices of the dual methods, shared among arenas by their results (share.h).
#include "jobs.h"
#include "nnkernel/checkpoint.h"

#include <pthread.h>

enum { EXAMPLES = 70, ITERATIONS = 4, MOST_PROCESSES = 5 };

/// Where the tests' networks have rows that can be mirrored.
static const nnk_mirror mirrors[TOPOLOGIES] = {{5, 1}, {13, 1}, {24, 3}, {9, 3}, {20, 1}};

/// Options of a job; KEEP_BEST comes with WEIGHTS.
enum {
    CENTER = 1,
    OWN_CONTRAST = 2,
    MIRROR = 4,
    WEIGHTS = 8,
    DECAY = 16,
    START = 32,
    KEEP_BEST = 64,
    ALL = 127
};

typedef struct setting {
    data data;
    float weights[EXAMPLES];
    file start_file;
    nnk_model start;
    nnk_job job;
} setting;

static setting *setting_of(int32_t network, int options, int32_t type, uint32_t shards) {
    setting *s = room_for(sizeof *s);
    const nnk_topology *t = &topologies[network];
    s->data = drawn_photos(t, EXAMPLES);
    s->data.labels[0] = 0, s->data.labels[1] = 1; // which teach
    for (uint32_t j = 0; j < EXAMPLES; j++) s->weights[j] = j % 5 == 3 ? 0 : (float)(j % 7 + 1) / 4;
    nnk_job job = job_of(t, nnk_fastest(type), &s->data, ITERATIONS);
    job.initializer = NNK_INIT_DEEP;
    job.learning_rate = 0.05;
    job.own_contrast = options & OWN_CONTRAST;
    s->start_file = train(&job);
    s->start = opened(&s->start_file, t);
    job.seed = 7;
    job.cost_every = 2;
    job.shards = shards;
    job.center = options & CENTER;
    if (options & MIRROR) job.mirror = mirrors[network];
    if (options & WEIGHTS) job.weights = s->weights;
    if (options & DECAY) job.weight_decay = 0.3;
    if (options & START) job.start = &s->start;
    job.keep_best = options & KEEP_BEST;
    s->job = job;
    return s;
}

static void release_setting(setting *s) {
    release_data(s->data);
    free(s->start_file.bytes);
    free(s);
}

// ---- The tree, by recursion -------------------------------------------------------------------------------

/// A sum over examples, of `count` elements: what examples begin to end add to it, from zeros.
typedef void terms(const void *what, size_t begin, size_t end, void *sum);

/// sum = the node of `shards` shards, from `first` on, of a job with that many examples.
static void tree(const nnk_job *job, uint32_t first, uint32_t shards, terms *add, const void *what,
                 size_t count, int32_t type, void *sum) {
    memset(sum, 0, bytes_of(count, type));
    if (shards == 1) {
        add(what, job->examples * (size_t)first / job->shards,
            job->examples * ((size_t)first + 1) / job->shards, sum);
        return;
    }
    void *right = room_for(bytes_of(count, type));
    tree(job, first, shards / 2, add, what, count, type, sum);
    tree(job, first + shards / 2, shards / 2, add, what, count, type, right);
    for (size_t i = 0; i < count; i++) put(sum, i, plus(get(sum, i, type), get(right, i, type), type), type);
    free(right);
}

/// A layer at work: (units, examples) of what goes in, as bytes in the first layer, and of its deltas.
typedef struct at_work {
    const nnk_job *job;
    const uint8_t *bytes;
    nnk_real *below, *deltas;
    size_t outputs, inputs;
} at_work;

static nnk_real *place(const at_work *w, nnk_real *rows, size_t row, size_t column) {
    return at(rows, row * EXAMPLES + column, w->job->arithmetic->dtype);
}

static void weight_terms(const void *what, size_t begin, size_t end, void *sum) {
    const at_work *w = what;
    const nnk_arithmetic *k = w->job->arithmetic;
    for (size_t i = 0; i < w->outputs; i++)
        for (size_t n = 0; n < w->inputs; n++) {
            double total = 0;
            for (size_t j = begin; w->bytes && j < end; j++)
                total = plus_product(total, get(w->deltas, i * EXAMPLES + j, k->dtype),
                                     w->bytes[j * w->inputs + n], k->dtype);
            if (!w->bytes)
                total = k->dot(place(w, w->deltas, i, begin), place(w, w->below, n, begin), end - begin);
            put(sum, i * w->inputs + n, total, k->dtype);
        }
}

static void bias_terms(const void *what, size_t begin, size_t end, void *sum) {
    const at_work *w = what;
    const int32_t type = w->job->arithmetic->dtype;
    for (size_t i = 0; i < w->outputs; i++) {
        double lanes[16] = {0};
        for (size_t j = begin; j < end; j++)
            lanes[(j - begin) % 16] =
                plus(lanes[(j - begin) % 16], get(w->deltas, i * EXAMPLES + j, type), type);
        put(sum, i, sum_of_16(lanes, type), type);
    }
}

static void cost_terms(const void *what, size_t begin, size_t end, void *sum) {
    const at_work *w = what;
    const nnk_targets targets = {w->job->labels + begin, NULL, end - begin, false, EXAMPLES};
    const double cost = w->job->arithmetic->logit_cost(place(w, w->deltas, 0, begin), &targets, end - begin);
    memcpy(sum, &cost, sizeof cost);
}

/// z (outputs, examples) of layer 1: 1/255 W x + b.
static void first_logits(const at_work *w, const nnk_real *weights, const nnk_real *biases, nnk_real *z) {
    const int32_t type = w->job->arithmetic->dtype;
    const double scale = type == NNK_F32 ? (double)(1.0f / 255.0f) : 1.0 / 255;
    for (size_t i = 0; i < w->outputs; i++)
        for (size_t j = 0; j < EXAMPLES; j++) {
            double sum = 0;
            for (size_t k = 0; k < w->inputs; k++)
                sum = plus_product(sum, get(weights, i * w->inputs + k, type), w->bytes[j * w->inputs + k],
                                   type);
            put(z, i * EXAMPLES + j, plus(rounded(sum * scale, type), get(biases, i, type), type), type);
        }
}

/// parameters -= rate times the tree's sum.
static void descend(const at_work *w, terms *add, size_t count, double rate, nnk_real *parameters) {
    const nnk_arithmetic *k = w->job->arithmetic;
    void *sum = room_for(bytes_of(count, k->dtype));
    tree(w->job, 0, w->job->shards, add, w, count, k->dtype, sum);
    k->update(parameters, sum, rate, count);
    free(sum);
}

/// One iteration of a job without options. Returns its cost.
///   p: the parameters as in a model
static double iterate(const nnk_job *job, nnk_real *p) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const double rate = job->learning_rate / (double)EXAMPLES;
    at_work w[NNK_MAX_LAYERS + 1];
    size_t weights[NNK_MAX_LAYERS + 1], next = 0;
    nnk_real *rows[NNK_MAX_LAYERS + 1] = {NULL};
    for (int32_t l = 1; l <= t->layers; l++) {
        const size_t outputs = (size_t)t->size[l], inputs = (size_t)t->size[l - 1];
        rows[l] = room_for(bytes_of(outputs * EXAMPLES, k->dtype));
        weights[l] = next;
        next += outputs * (inputs + 1);
        w[l] = (at_work){job, l == 1 ? job->images.images : NULL, rows[l - 1], rows[l], outputs, inputs};
        nnk_real *at_weights = at(p, weights[l], k->dtype),
                 *biases = at(p, weights[l] + outputs * inputs, k->dtype);
        if (l == 1)
            first_logits(&w[l], at_weights, biases, rows[l]);
        else
            k->linear_forward(rows[l], at_weights, biases, rows[l - 1],
                              (nnk_shape){outputs, inputs, EXAMPLES, EXAMPLES});
        if (l < t->layers) k->relu(rows[l], rows[l], outputs * EXAMPLES);
    }
    double cost;
    tree(job, 0, job->shards, cost_terms, &w[t->layers], 1, NNK_F64, &cost);
    CHECK(k->logit_backward(rows[t->layers], job->labels, EXAMPLES));
    for (int32_t l = t->layers; l >= 1; l--) {
        const size_t outputs = w[l].outputs, inputs = w[l].inputs;
        nnk_real *own = at(p, weights[l], k->dtype), *below = room_for(bytes_of(inputs * EXAMPLES, k->dtype));
        for (size_t n = 0; l > 1 && n < inputs; n++)
            for (size_t j = 0; j < EXAMPLES; j++) {
                double sum = 0;
                for (size_t i = 0; i < outputs; i++)
                    sum = plus_product(sum, get(own, i * inputs + n, k->dtype),
                                       get(rows[l], i * EXAMPLES + j, k->dtype), k->dtype);
                put(below, n * EXAMPLES + j, get(rows[l - 1], n * EXAMPLES + j, k->dtype) > 0 ? sum : 0,
                    k->dtype);
            }
        descend(&w[l], weight_terms, outputs * inputs, l == 1 ? rate / 255 : rate, own);
        descend(&w[l], bias_terms, outputs, rate, at(own, outputs * inputs, k->dtype));
        if (l > 1) memcpy(rows[l - 1], below, bytes_of(inputs * EXAMPLES, k->dtype));
        free(below);
    }
    for (int32_t l = 1; l <= t->layers; l++) free(rows[l]);
    return cost;
}

static void test_tree(int32_t network, int32_t type, uint32_t shards) {
    setting *s = setting_of(network, START, type, shards);
    const size_t count = nnk_parameter_count(s->job.topology);
    nnk_real *p = copy_of(s->start.parameters, bytes_of(count, type));
    s->job.cost_every = 1;
    const size_t bytes = nnk_train_bytes(&s->job);
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&s->job, arena, bytes), NNK_OK);
    nnk_status status;
    while ((status = nnk_train_step(&s->job, arena)) > 0) {
        nnk_progress now;
        if (status != NNK_COST) continue;
        CHECK_EQUAL(nnk_train_progress(&s->job, arena, &now), NNK_OK);
        CHECK(now.cost == iterate(&s->job, p));
    }
    CHECK_EQUAL(status, NNK_OK);
    file f = new_file(&s->job);
    CHECK_EQUAL(finish(&s->job, arena, &f), NNK_OK);
    const nnk_model m = opened(&f, s->job.topology);
    CHECK_EQUAL(m.shards, shards);
    CHECK_EQUAL(f.bytes[4], 3); // the version
    for (size_t i = 0; i < count; i++) CHECK(parameter_of(&m, i) == get(p, i, type));
    free(f.bytes);
    free(arena);
    free(p);
    release_setting(s);
}

/// With one shard the sums are those without shards, unless there are mirror images.
static void test_one_shard(int32_t network, int options, int32_t type) {
    setting *s = setting_of(network, options & ~MIRROR, type, 0);
    file plain = train(&s->job);
    s->job.shards = 1;
    file one = train(&s->job);
    const size_t behind = NNK_HEADER_BYTES + bytes_of(nnk_parameter_count(s->job.topology), type);
    CHECK(plain.size == one.size && memcmp(plain.bytes + NNK_HEADER_BYTES, one.bytes + NNK_HEADER_BYTES,
                                           behind - NNK_HEADER_BYTES) == 0);
    free(plain.bytes);
    free(one.bytes);
    release_setting(s);
}

// ---- Processes --------------------------------------------------------------------------------------------

typedef struct cluster cluster;

/// One of the processes that share a job, each in a thread of its own.
typedef struct process {
    cluster *cluster;
    uint32_t number;
    reader reader;
    nnk_share share;
    nnk_job job;
    void *arena;
    nnk_status status;
    nnk_progress last; ///< that it had
    bool is_parallel;  ///< the slice that it takes
    bool adds_shared;  ///< a slice that adds up with other processes could have been taken by any thread
    pthread_t thread;
} process;

struct cluster {
    pthread_barrier_t barrier;
    uint32_t processes, counts[MOST_PROCESSES], lengths[MOST_PROCESSES];
    uint32_t stop_at; ///< iteration
    bool differ;      ///< two processes have called with other counts
    const file *checkpoint;
    uint8_t *nodes;
    process process[MOST_PROCESSES];
};

/// nnk_share.sum: by way of memory.
static void sum(void *context, void *nodes, uint32_t count, int32_t real_bytes) {
    process *p = context;
    cluster *c = p->cluster;
    uint32_t before = 0, first = 0;
    for (uint32_t i = 0; i < p->number; first += c->counts[i++])
        before += nnk_shard_nodes(p->job.shards, first, c->counts[i]);
    const size_t bytes = count * (size_t)real_bytes,
                 own = nnk_shard_nodes(p->job.shards, first, c->counts[p->number]);
    c->lengths[p->number] = count;
    p->adds_shared |= p->is_parallel;
    memcpy(c->nodes + before * bytes, nodes, own * bytes);
    pthread_barrier_wait(&c->barrier);
    if (p->number == 0) {
        for (uint32_t i = 1; i < c->processes; i++) c->differ |= c->lengths[i] != count;
        nnk_sum_nodes(p->job.shards, c->counts, c->processes, c->nodes, count, real_bytes);
    }
    pthread_barrier_wait(&c->barrier);
    memcpy(nodes, c->nodes, bytes);
    pthread_barrier_wait(&c->barrier);
}

static nnk_status file_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    const file *f = context;
    if ((size_t)offset + count > f->size) return NNK_E_SOURCE;
    memcpy(out, f->bytes + offset, count);
    return NNK_OK;
}

static nnk_status load(const nnk_job *job, void *arena, const file *checkpoint) {
    nnk_checkpoint progress = {0, 0};
    nnk_status status;
    while ((status = nnk_checkpoint_load(job, arena, nnk_train_bytes(job), &progress,
                                         (nnk_reader){file_read, (void *)(uintptr_t)checkpoint})) > 0) {
    }
    return status;
}

/// Trains until the end, or an iteration.
static void *run(void *context) {
    process *p = context;
    const cluster *c = p->cluster;
    const size_t bytes = nnk_train_bytes(&p->job);
    p->status =
        c->checkpoint ? load(&p->job, p->arena, c->checkpoint) : nnk_train_begin(&p->job, p->arena, bytes);
    if (p->status != NNK_OK) return NULL;
    do {
        p->is_parallel = nnk_train_parallel(&p->job, p->arena) > 0;
        p->status = nnk_train_step(&p->job, p->arena);
    } while (p->status > 0 && nnk_train_progress(&p->job, p->arena, &p->last) == NNK_OK &&
             (p->last.stage == NNK_SETUP || p->last.iteration != c->stop_at));
    return NULL;
}

/// The processes of a job, which have so many shards each: 0 ends the list. Every other one reads its images.
static cluster *new_cluster(const nnk_job *job, const uint32_t counts[MOST_PROCESSES]) {
    cluster *c = room_for(sizeof *c);
    memset(c, 0, sizeof *c);
    uint32_t first = 0, nodes = 0;
    const size_t size = (size_t)job->topology->size[0];
    for (uint32_t i = 0; i < MOST_PROCESSES && counts[i] > 0; first += counts[i++]) {
        process *p = &c->process[i];
        const uint32_t begin = nnk_shard_start(job->examples, job->shards, first),
                       end = nnk_shard_start(job->examples, job->shards, first + counts[i]);
        const uint8_t *images = job->images.images + begin * size;
        *p = (process){
            .cluster = c, .number = i, .job = *job, .reader = {images, (uint32_t)size, end - begin, 0, 0}};
        p->share = (nnk_share){first, counts[i], nnk_crc32(0, job->images.images, EXAMPLES * size), sum, p};
        p->job.share = &p->share;
        p->job.images =
            i % 2 ? (nnk_source){.read = reader_read, .context = &p->reader} : (nnk_source){.images = images};
        p->arena = room_for(nnk_train_bytes(&p->job));
        memset(p->arena, 0xa5, nnk_train_bytes(&p->job));
        c->counts[i] = counts[i];
        c->processes++;
        nodes += nnk_shard_nodes(job->shards, first, counts[i]);
    }
    c->nodes = room_for((size_t)nodes * 8 * 256 * NNK_PATCH);
    c->stop_at = UINT32_MAX;
    CHECK_EQUAL(first, job->shards);
    CHECK_EQUAL(pthread_barrier_init(&c->barrier, NULL, c->processes), 0);
    return c;
}

static void run_all(cluster *c) {
    for (uint32_t i = 0; i < c->processes; i++)
        CHECK_EQUAL(pthread_create(&c->process[i].thread, NULL, run, &c->process[i]), 0);
    for (uint32_t i = 0; i < c->processes; i++) CHECK_EQUAL(pthread_join(c->process[i].thread, NULL), 0);
    CHECK(!c->differ);
    for (uint32_t i = 0; i < c->processes; i++) CHECK(!c->process[i].adds_shared);
    for (uint32_t i = 1; i < c->processes; i++) {
        CHECK_EQUAL(c->process[i].status, c->process[0].status);
        CHECK_EQUAL(c->process[i].last.iteration, c->process[0].last.iteration);
        CHECK(memcmp(&c->process[i].last.cost, &c->process[0].last.cost, 2 * sizeof(double)) == 0);
    }
}

static void release_cluster(cluster *c) {
    pthread_barrier_destroy(&c->barrier);
    for (uint32_t i = 0; i < c->processes; i++) free(c->process[i].arena);
    free(c->nodes);
    free(c);
}

/// MEAN and FOLD, behind the last iteration, need the other processes too: all of it has been done by `run`.
static void check_models(cluster *c, const file *want) {
    for (uint32_t i = 0; i < c->processes; i++) {
        process *p = &c->process[i];
        file f = new_file(&p->job);
        CHECK_EQUAL(finish(&p->job, p->arena, &f), NNK_OK);
        CHECK_SAME_FILE(f, *want);
        free(f.bytes);
    }
}

static const uint32_t partitions[][MOST_PROCESSES] = {{16}, {8, 8}, {1, 15}, {5, 6, 5}, {3, 1, 4, 7, 1}};
enum { PARTITIONS = sizeof partitions / sizeof partitions[0] };

static void test_partition(int32_t network, int options, int32_t type, size_t partition) {
    setting *s = setting_of(network, options, type, 16);
    double logits[2][ITERATIONS / 2][EXAMPLES] = {0};
    s->job.held_out_logits = logits[0][0];
    file want = train(&s->job);
    s->job.held_out_logits = logits[1][0];
    cluster *c = new_cluster(&s->job, partitions[partition]);
    run_all(c);
    CHECK_EQUAL(c->process[0].status, NNK_OK);
    CHECK_SAME(logits[0], logits[1], sizeof logits[0]); // each process has written those of its examples
    check_models(c, &want);
    release_cluster(c);
    free(want.bytes);
    release_setting(s);
}

static void test_partitions(void) {
    uint64_t round = 0;
    for (int32_t network = 0; network < TOPOLOGIES; network++)
        for (int options = 0; options <= ALL; options += options < 8 ? 1 : 17)
            for (size_t partition = 0; partition < PARTITIONS; partition++)
                if ((!(options & KEEP_BEST) || options & WEIGHTS) && check_takes(round++))
                    test_partition(network, options, NNK_F32 + (int32_t)round % 2, partition);
}

// ---- Checkpoints ------------------------------------------------------------------------------------------

static nnk_status save(const nnk_job *job, void *arena, file *f) {
    nnk_checkpoint progress = {0, 0};
    nnk_status status;
    while ((status = nnk_checkpoint_save(job, arena, &progress, sink_of(f))) > 0) {
    }
    return status;
}

/// What all processes have come to: one file.
static file checkpoint_of(cluster *c) {
    file first = {0};
    for (uint32_t i = 0; i < c->processes; i++) {
        process *p = &c->process[i];
        file f = new_file(&p->job);
        f.room = nnk_checkpoint_bytes(&p->job);
        f.bytes = realloc(f.bytes, f.room);
        CHECK_EQUAL(save(&p->job, p->arena, &f), NNK_OK);
        CHECK_EQUAL(f.size, f.room);
        if (i > 0) CHECK_SAME_FILE(f, first);
        if (i > 0)
            free(f.bytes);
        else
            first = f;
    }
    return first;
}

static void test_checkpoint(int32_t network, int options, int32_t type, uint32_t iteration) {
    setting *s = setting_of(network, options, type, 16);
    file want = train(&s->job);
    for (size_t from = 0; from < PARTITIONS; from++) {
        cluster *c = new_cluster(&s->job, partitions[from]),
                *other = new_cluster(&s->job, partitions[(from + 2) % PARTITIONS]);
        c->stop_at = iteration;
        run_all(c);
        file checkpoint = checkpoint_of(c);
        other->checkpoint = &checkpoint;
        run_all(other);
        CHECK_EQUAL(other->process[0].status, NNK_OK);
        check_models(other, &want);
        // One machine goes on with it too.
        const size_t bytes = nnk_train_bytes(&s->job);
        void *arena = room_for(bytes);
        memset(arena, 0xa5, bytes);
        CHECK_EQUAL(load(&s->job, arena, &checkpoint), NNK_OK);
        CHECK_EQUAL(steps(&s->job, arena), NNK_OK);
        file got = new_file(&s->job);
        CHECK_EQUAL(finish(&s->job, arena, &got), NNK_OK);
        CHECK_SAME_FILE(got, want);
        free(got.bytes);
        free(arena);
        free(checkpoint.bytes);
        release_cluster(c);
        release_cluster(other);
    }
    free(want.bytes);
    release_setting(s);
}

/// With shards a checkpoint is refused unless an iteration is about to begin, or the last one is done.
static void test_saving(int options, uint32_t shards) {
    setting *s = setting_of(0, options, NNK_F64, shards);
    const size_t bytes = nnk_train_bytes(&s->job);
    void *arena = room_for(bytes), *again = room_for(2 * bytes); // for more shards too
    file want = train(&s->job), f = new_file(&s->job);
    f.room = nnk_checkpoint_bytes(&s->job);
    f.bytes = realloc(f.bytes, f.room);
    uint32_t saved = 0;
    nnk_status status = nnk_train_begin(&s->job, arena, bytes);
    for (; status >= 0; status = nnk_train_step(&s->job, arena)) {
        const nnk_status last = save(&s->job, arena, &f);
        CHECK(last == NNK_OK || (shards && last == NNK_E_STATE));
        nnk_job other = s->job;
        if (last == NNK_OK) {
            saved++;
            CHECK_EQUAL(load(&s->job, again, &f), NNK_OK);
            CHECK_EQUAL(steps(&s->job, again), NNK_OK);
            file got = new_file(&s->job);
            CHECK_EQUAL(finish(&s->job, again, &got), NNK_OK);
            CHECK_SAME_FILE(got, want);
            free(got.bytes);
            other.shards = 8;
            CHECK_EQUAL(load(&other, again, &f), NNK_E_STATE);
            nnk_progress now;
            CHECK_EQUAL(nnk_train_progress(&s->job, arena, &now), NNK_OK);
            s->data.images[3] ^= 1; // which was read, once the setup is done
            if (now.stage != NNK_SETUP) CHECK_EQUAL(load(&s->job, again, &f), NNK_E_STATE);
            s->data.images[3] ^= 1;
        }
        if (status == NNK_OK && nnk_train_step(&s->job, arena) == NNK_OK) break;
    }
    // After the last step, and once there is none.
    CHECK(shards ? saved == ITERATIONS + 2 : saved > ITERATIONS + 2);
    nnk_job_numbers numbers;
    uint32_t crc;
    CHECK_EQUAL(nnk_checkpoint_peek(f.bytes, &numbers, &crc), NNK_OK);
    CHECK_EQUAL(numbers.shards, shards);
    CHECK_EQUAL(numbers.method, NNK_PRIMAL);
    free(want.bytes);
    free(f.bytes);
    free(arena);
    free(again);
    release_setting(s);
}

// ---- What fails -------------------------------------------------------------------------------------------

/// Logits of one shard alone are not finite: all processes end with the same iteration.
static void test_divergence(int32_t type) {
    setting *s = setting_of(2, 0, type, 16);
    s->job.learning_rate = type == NNK_F32 ? 1e36 : 1e305;
    s->job.cost_every = 0;
    for (size_t i = 0; i < PARTITIONS; i++) {
        cluster *c = new_cluster(&s->job, partitions[i]);
        run_all(c);
        CHECK_EQUAL(c->process[0].status, NNK_E_DIVERGED);
        release_cluster(c);
    }
    release_setting(s);
}

/// A read that fails is tried again.
static void test_reading(int options) {
    setting *s = setting_of(2, options, NNK_F32, 8);
    file want = train(&s->job);
    s->job.images = read_in(&s->data);
    const size_t bytes = nnk_train_bytes(&s->job);
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&s->job, arena, bytes), NNK_OK);
    nnk_status status = NNK_MORE;
    for (uint32_t failed = 0; status > 0 || status == NNK_E_SOURCE; failed++) {
        s->data.reader.fail_at = s->data.reader.calls + 1 + failed * 7;
        while ((status = nnk_train_step(&s->job, arena)) > 0) {
        }
    }
    CHECK_EQUAL(status, NNK_OK);
    file got = new_file(&s->job);
    CHECK_EQUAL(finish(&s->job, arena, &got), NNK_OK);
    CHECK_SAME_FILE(got, want);
    free(got.bytes);
    free(want.bytes);
    free(arena);
    release_setting(s);
}

static void test_arguments(void) {
    setting *s = setting_of(0, 0, NNK_F32, 8);
    nnk_share share = {0, 8, 0, sum, NULL};
    nnk_job job = s->job;
    CHECK(nnk_train_bytes(&job) > 0);
    job.shards = 6;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.shards = 2 * NNK_MAX_SHARDS;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.shards = NNK_MAX_SHARDS;
    CHECK(nnk_train_bytes(&job) > 0);
    for (int32_t method = NNK_DUAL; method <= NNK_DUAL_WIDE; method++) {
        job.method = methods[method];
        CHECK_EQUAL(nnk_train_bytes(&job), 0);
    }
    // The bytes of examples do not count in a checkpoint, where they are more than 2 GiB.
    const nnk_topology large = {4, {10, 256, 256, 256, 1}};
    job = s->job;
    job.topology = &large;
    job.examples = NNK_MAX_EXAMPLES;
    CHECK(nnk_train_bytes(&job) > UINT32_MAX / 2 && nnk_checkpoint_bytes(&job) > 0);
    job.shards = 0;
    CHECK_EQUAL(nnk_checkpoint_bytes(&job), 0);
    job = s->job;
    job.share = &share;
    CHECK(nnk_train_bytes(&job) > 0);
    job.shards = 0;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.shards = 8;
    share.first = 1;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    share.count = 7;
    CHECK(nnk_train_bytes(&job) > 0);
    share.first = 8, share.count = 0;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    share.first = 0, share.count = 1;
    job.examples = 7; // shard 0 has none
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    share.sum = NULL, share.count = 8;
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    release_setting(s);
}

/// An arena is that of a share: with another one it is refused.
static void test_other_share(void) {
    setting *s = setting_of(0, 0, NNK_F32, 8);
    nnk_share share = {0, 8, 0, sum, NULL};
    nnk_job job = s->job;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    nnk_progress now;
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    job.share = &share;
    CHECK_EQUAL(nnk_train_progress(&job, arena, &now), NNK_OK); // it has all shards too
    share.count = 7;
    CHECK_EQUAL(nnk_train_progress(&job, arena, &now), NNK_E_STATE);
    share = (nnk_share){1, 7, 0, sum, NULL};
    CHECK_EQUAL(nnk_train_progress(&job, arena, &now), NNK_E_STATE);
    free(arena);
    release_setting(s);
}

/// With a share one thread alone adds up with the other processes: those slices have no other thread.
static void test_alone(void) {
    setting *s = setting_of(0, CENTER, NNK_F32, 8);
    nnk_share share = {0, 8, 0, sum, NULL};
    nnk_job shared = s->job;
    shared.share = &share;
    const size_t bytes = nnk_train_bytes(&s->job);
    void *arena = room_for(bytes);
    uint32_t alone = 0, parallel = 0;
    nnk_status status = nnk_train_begin(&s->job, arena, bytes);
    for (; status > 0 || status == NNK_OK; status = nnk_train_step(&s->job, arena)) {
        const uint32_t items = nnk_train_parallel(&s->job, arena);
        const uint32_t shared_items = nnk_train_parallel(&shared, arena);
        CHECK(shared_items == items || shared_items == 0);
        alone += shared_items < items;
        parallel += shared_items > 0;
        nnk_progress now;
        CHECK_EQUAL(nnk_train_progress(&s->job, arena, &now), NNK_OK);
        if (now.iteration == 2) break;
    }
    CHECK(alone > 0 && parallel > 0);
    free(arena);
    release_setting(s);
}

/// A model names its shards, and is written once more with them.
static void test_model(void) {
    setting *s = setting_of(0, 0, NNK_F32, 8);
    file want = train(&s->job), got = new_file(&s->job);
    CHECK_EQUAL(want.bytes[10], 16 + 3);
    nnk_model m = opened(&want, s->job.topology);
    CHECK_EQUAL(m.shards, 8);
    CHECK_EQUAL(m.method, NNK_PRIMAL);
    CHECK_EQUAL(nnk_model_write(&m, sink_of(&got)), NNK_OK);
    CHECK_SAME_FILE(got, want);
    static const uint32_t wrong[] = {6, 2 * NNK_MAX_SHARDS};
    for (size_t i = 0; i < 2; i++) {
        m.shards = wrong[i];
        CHECK_EQUAL(nnk_model_write(&m, sink_of(&got)), NNK_E_ARGUMENT);
    }
    m.shards = 8;
    m.method = NNK_DUAL;
    CHECK_EQUAL(nnk_model_write(&m, sink_of(&got)), NNK_E_ARGUMENT);
    m.shards = 0;
    CHECK_EQUAL(nnk_model_write(&m, sink_of(&got)), NNK_OK);
    // Other numbers in the method's place, with the version of shards.
    for (uint32_t method = 0; method < 256; method++) {
        want.bytes[10] = (uint8_t)method;
        const uint32_t crc = nnk_crc32(0, want.bytes, 60);
        for (uint32_t b = 0; b < 4; b++) want.bytes[60 + b] = (uint8_t)(crc >> 8 * b);
        const nnk_status status = method < 16 ? NNK_E_VERSION : method < 32 ? NNK_OK : NNK_E_HEADER;
        CHECK_EQUAL(open_status(want.bytes, want.size, s->job.topology), status);
        if (status == NNK_OK) CHECK_EQUAL(opened(&want, s->job.topology).shards, 1u << (method - 16));
    }
    free(want.bytes);
    free(got.bytes);
    release_setting(s);
}

// ---- Nodes ------------------------------------------------------------------------------------------------

/// The sum of so many leaves from `first` on, by recursion.
static double leaf_sum(const double *leaves, uint32_t first, uint32_t count) {
    if (count == 1) return leaves[first];
    return leaf_sum(leaves, first, count / 2) + leaf_sum(leaves, first + count / 2, count / 2);
}

/// Writes the nodes of leaves begin to end that are below the one of `count` leaves from `first` on.
static uint32_t nodes_of(const double *leaves, uint32_t first, uint32_t count, uint32_t begin, uint32_t end,
                         double *nodes) {
    if (begin >= first + count || end <= first) return 0;
    if (begin <= first && first + count <= end) {
        *nodes = leaf_sum(leaves, first, count);
        return 1;
    }
    const uint32_t left = nodes_of(leaves, first, count / 2, begin, end, nodes);
    return left + nodes_of(leaves, first + count / 2, count / 2, begin, end, nodes + left);
}

static void test_nodes(uint32_t shards) {
    double leaves[64], nodes[64];
    uint32_t counts[64], processes = 0, all = 0;
    for (uint32_t i = 0; i < shards; i++) leaves[i] = random_between(-1, 1);
    for (uint32_t first = 0; first < shards; first += counts[processes++]) {
        const uint32_t left = shards - first;
        counts[processes] = random_below(4) ? 1 + random_below(left) : 0;
        const uint32_t own = nodes_of(leaves, 0, shards, first, first + counts[processes], nodes + all);
        CHECK_EQUAL(nnk_shard_nodes(shards, first, counts[processes]), own);
        all += own;
    }
    nnk_sum_nodes(shards, counts, processes, nodes, 1, 8);
    CHECK(nodes[0] == leaf_sum(leaves, 0, shards));
}

static void test_wrong_nodes(void) {
    float nodes[2] = {1, 2};
    const uint32_t counts[2] = {1, 8};
    CHECK_EQUAL(nnk_shard_nodes(8, 9, 0), 0);
    CHECK_EQUAL(nnk_shard_nodes(8, 4, 5), 0);
    CHECK_EQUAL(nnk_shard_start(10, 0, 0), 0);
    CHECK_EQUAL(nnk_shard_start(4000000000, 16384, 16383), 3999755859);
    nnk_sum_nodes(8, counts, 2, nodes, 1, 4); // ends where there are more shards than there are
    CHECK(nodes[0] == 1 && nodes[1] == 2);
}

// ---- The dual, shared by results --------------------------------------------------------------------------

/// What one of the processes has of n items: from, and up to.
static uint32_t share_of(uint32_t items, uint32_t number, uint32_t processes) {
    return (uint32_t)((uint64_t)items * number / processes);
}

/// Brings the results of all arenas together in all of them.
static void exchange(const nnk_job *job, void **arenas, uint32_t processes, uint32_t items) {
    nnk_results r[MOST_PROCESSES];
    for (uint32_t p = 0; p < processes; p++) CHECK_EQUAL(nnk_train_results(job, arenas[p], &r[p]), NNK_OK);
    for (uint32_t p = 0; p < processes; p++)
        for (uint32_t to = 0; to < processes; to++)
            for (size_t row = 0; row < r[p].rows; row++) {
                const uint8_t *from = (uint8_t *)r[p].at + row * r[p].row_bytes;
                uint8_t *at_row = (uint8_t *)r[to].at + row * r[to].row_bytes;
                size_t begin = share_of(items, p, processes) * r[p].item_bytes,
                       end = share_of(items, p + 1, processes) * r[p].item_bytes;
                if (r[p].item_bytes == 0) end = r[p].row_bytes;
                if (end > r[p].row_bytes) end = r[p].row_bytes;
                for (size_t b = begin; b < end; b++)
                    if (r[p].item_bytes == 0)
                        at_row[b] |= from[b];
                    else
                        at_row[b] = from[b];
            }
}

/// Takes the slices ahead in all arenas: shared where they have results, else in each. Some come first in all
/// of them, so that slices are counted from the middle of a phase.
static nnk_status slices(const nnk_job *job, void **arenas, uint32_t processes, void *scratch) {
    nnk_results r;
    nnk_status status = NNK_OK;
    uint32_t items = nnk_train_parallel(job, arenas[0]);
    if (items > 2 && random_below(2) == 0) items = 0;
    const bool is_shared = items > 0 && nnk_train_results(job, arenas[0], &r) == NNK_OK;
    for (uint32_t p = 0; p < processes; p++) {
        const uint32_t first = share_of(items, p, processes),
                       count = share_of(items, p + 1, processes) - first;
        if (!is_shared)
            status = nnk_train_step(job, arenas[p]);
        else if (count > 0)
            CHECK_EQUAL(nnk_train_items(job, arenas[p], first, count, scratch), NNK_MORE);
    }
    if (!is_shared) return status;
    exchange(job, arenas, processes, items);
    for (uint32_t p = 0; p < processes; p++) CHECK_EQUAL(nnk_train_advance(job, arenas[p], items), NNK_MORE);
    return NNK_MORE;
}

/// Trains in as many arenas as there are processes.
static void share_slices(const nnk_job *job, void **arenas, uint32_t processes) {
    const size_t bytes = nnk_train_bytes(job), scratch_bytes = nnk_train_scratch_bytes(job);
    void *scratch = room_for(scratch_bytes);
    nnk_status status;
    for (uint32_t p = 0; p < processes; p++) {
        arenas[p] = room_for(bytes);
        CHECK_EQUAL(nnk_train_begin(job, arenas[p], bytes), NNK_OK);
    }
    while ((status = slices(job, arenas, processes, scratch)) > 0) {
    }
    CHECK_EQUAL(status, NNK_OK);
    free(scratch);
}

static void test_shared_dual(int32_t network, int options, int32_t type, uint32_t processes) {
    setting *s = setting_of(network, options, type, 0);
    void *arenas[MOST_PROCESSES], *grams[MOST_PROCESSES];
    s->job.method = &nnk_dual_wide;
    file want = train(&s->job);
    nnk_job gram = s->job;
    gram.method = &nnk_gram;
    share_slices(&s->job, arenas, processes);
    share_slices(&gram, grams, processes);
    for (uint32_t p = 0; p < processes; p++) {
        file got = new_file(&s->job);
        CHECK_EQUAL(finish(&s->job, arenas[p], &got), NNK_OK);
        CHECK_SAME_FILE(got, want);
        free(got.bytes);
        s->job.gram = grams[p];
        got = train(&s->job);
        CHECK_SAME_FILE(got, want);
        free(got.bytes);
        s->job.gram = NULL;
        free(arenas[p]);
    }
    for (uint32_t p = 0; p < processes; p++) free(grams[p]);
    free(want.bytes);
    release_setting(s);
}

/// The dual method in its wide layout has results of the Gram matrix, of columns in each iteration, and of
/// weights. Other methods have none, as what is no trainer.
static void test_results(void) {
    setting *s = setting_of(0, CENTER | START, NNK_F32, 0);
    nnk_results r;
    for (int32_t method = NNK_PRIMAL; method <= NNK_DUAL_WIDE; method++) {
        s->job.method = methods[method];
        const size_t bytes = nnk_train_bytes(&s->job);
        void *arena = room_for(bytes);
        memset(arena, 0, bytes);
        CHECK_EQUAL(nnk_train_results(&s->job, arena, &r), NNK_E_STATE);
        CHECK_EQUAL(nnk_train_begin(&s->job, arena, bytes), NNK_OK);
        CHECK_EQUAL(nnk_train_results(&s->job, arena, NULL), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_train_results(NULL, arena, &r), NNK_E_ARGUMENT);
        uint32_t of_gram = 0, of_columns = 0, of_weights = 0;
        do {
            if (nnk_train_results(&s->job, arena, &r) != NNK_OK) continue;
            of_gram += r.item_bytes == 0;
            of_columns += r.rows > 1;
            of_weights += r.rows == 1 && r.item_bytes > 0;
        } while (nnk_train_step(&s->job, arena) > 0);
        CHECK_EQUAL(of_gram > 0, method == NNK_DUAL_WIDE);
        CHECK_EQUAL(of_columns > ITERATIONS, method == NNK_DUAL_WIDE);
        CHECK_EQUAL(of_weights > 0, method == NNK_DUAL_WIDE);
        free(arena);
    }
    release_setting(s);
}

int main(void) {
    for (int32_t type = NNK_F32; type <= NNK_F64; type++)
        for (int32_t network = 0; network < TOPOLOGIES; network++) {
            for (uint32_t shards = 1; shards <= 256; shards *= 2) test_tree(network, type, shards);
            for (int options = 0; options <= ALL; options += 9)
                test_one_shard(network, options & ~KEEP_BEST, type);
        }
    test_partitions();
    for (int options = 0; options <= ALL; options = options < 4 ? options + 1 : options * 2 + 1) {
        if (options & KEEP_BEST && !(options & WEIGHTS)) continue;
        test_checkpoint(options % TOPOLOGIES, options, NNK_F32 + options % 2, (uint32_t)options % ITERATIONS);
        test_saving(options, 0);
        test_saving(options, 4);
        test_reading(options);
    }
    for (int32_t type = NNK_F32; type <= NNK_F64; type++) test_divergence(type);
    test_arguments();
    test_model();
    test_other_share();
    test_alone();
    for (uint32_t round = 0; round < 1000; round++) test_nodes(1u << random_below(7));
    test_wrong_nodes();
    for (uint32_t processes = 1; processes <= MOST_PROCESSES; processes++)
        for (int options = 0; options <= ALL; options = options * 2 + 1)
            if (!(options & KEEP_BEST) || options & WEIGHTS)
                test_shared_dual(options == 0 ? 4 : 2, options, NNK_F32 + options % 2, processes);
    test_results();
    return check_end();
}
