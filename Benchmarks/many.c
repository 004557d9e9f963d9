// Trains many networks on one data set: every fold of a cross-validation, once per seed. Prints one JSON
// object.
//
//     many DATA.raw HOW f32|f64 THREADS FOLDS SEEDS ITERATIONS [NETWORKS]
//
// HOW is `models`: all networks share one Gram matrix, and every thread takes whole networks. Their models
// are written into memory, and the held-out images are classified with them; or `costs`: the same without
// models, for programs that want the held-out costs alone; or `in-turn`: one network after the other as
// `nn-cli train` does it, each with a Gram matrix of its own, formed by a team of all threads, and a model.
//
// DATA.raw: m images of 12288 bytes, then m labels. Image j belongs to fold j mod FOLDS and is held out of
// that fold's networks. NETWORKS ends the run early.
#include "bench.h"
#include <pthread.h>
#include <sched.h>

enum { MAX_THREADS = 64, MAX_COSTS = 100, COST_EVERY = 100 };

static const nnk_arithmetic *arithmetic;
static uint32_t threads, folds, networks, iterations;
static int has_models;

/// The seconds of the parts of trainings, added up over networks, and what the networks are worth.
typedef struct score {
    double setup, loop, expand, finish, evaluate;
    uint32_t held_out, right; ///< images
    double held_out_cost;     ///< added up over these images, when the last cost was due
} score;

/// A thread, and the memory in which it trains one network after the other.
typedef struct worker {
    pthread_t thread;
    void *arena, *scratch;
    size_t arena_bytes, model_bytes;
    uint8_t *model;
    float *weights;
    const void *gram; ///< shared; NULL: every network forms its own
    score score;
} worker;

static double first_costs[MAX_COSTS]; ///< of the first network
static uint32_t first_cost_count;

// ------------------------------------------------------------------------------------------- one network

static uint32_t fold_of(uint32_t network) { return network % folds; }
static int is_held_out(uint32_t network, uint32_t image) { return image % folds == fold_of(network); }

static nnk_job job_of(uint32_t network, float *weights, const void *gram) {
    for (uint32_t j = 0; weights && j < m; j++) weights[j] = is_held_out(network, j) ? 0 : 1;
    return (nnk_job){.topology = &nnk_deep,
                     .arithmetic = arithmetic,
                     .method = &nnk_dual_wide,
                     .seed = 1 + network / folds,
                     .iterations = iterations,
                     .cost_every = COST_EVERY,
                     .examples = m,
                     .learning_rate = 0.0075,
                     .labels = labels,
                     .images = {.images = images},
                     .weights = weights,
                     .center = true,
                     .gram = gram};
}

static void yield(void) { sched_yield(); }

typedef struct helper {
    nnk_team *team;
    void *scratch;
    pthread_t thread;
} helper;

static void *help(void *context) {
    const helper *h = context;
    while (nnk_team_help(h->team, h->scratch) > 0) sched_yield();
    return NULL;
}

/// As nnk_train_run, with helpers who are there only while there is work for them.
///   scratch: of all helpers, one after the other
static nnk_status run_in_team(const nnk_job *job, void *arena, uint8_t *scratch, uint32_t slices) {
    nnk_team team = {.threads = threads, .yield = yield};
    const uint32_t count = nnk_team_shares(&team, job, arena);
    helper helpers[MAX_THREADS];
    for (uint32_t i = 0; i < count; i++) {
        helpers[i] = (helper){&team, scratch + i * (nnk_train_scratch_bytes(job) + 64) / 64 * 64, 0};
        check(pthread_create(&helpers[i].thread, NULL, help, &helpers[i]) == 0, "thread");
    }
    const nnk_status status = nnk_team_run(&team, job, arena, slices);
    nnk_team_dismiss(&team);
    for (uint32_t i = 0; i < count; i++) check(pthread_join(helpers[i].thread, NULL) == 0, "join");
    return status;
}

/// Takes slices: with a team where the worker has scratch for it, else alone.
static nnk_status run(const worker *w, const nnk_job *job, uint32_t slices) {
    return w->scratch ? run_in_team(job, w->arena, w->scratch, slices) : nnk_train_run(job, w->arena, slices);
}

static nnk_progress progress_of(const worker *w, const nnk_job *job) {
    nnk_progress progress;
    check(nnk_train_progress(job, w->arena, &progress) == NNK_OK, "progress");
    return progress;
}

/// Classifies the held-out images with the model.
static void evaluate(worker *w, uint32_t network) {
    const nnk_inference *inference = nnk_fastest_inference(arithmetic->dtype);
    _Alignas(8) uint8_t predictor[NNK_PREDICT_BYTES(DEEP, 8)];
    nnk_model model;
    check(nnk_model_open(&model, w->model, w->model_bytes, &nnk_deep) == NNK_OK, "open");
    for (uint32_t j = 0; j < m; j++) {
        double probability = 0;
        if (!is_held_out(network, j)) continue;
        check(nnk_predict_begin(predictor, sizeof predictor, &model, inference) == NNK_OK &&
                  nnk_predict_feed(predictor, images + (size_t)j * PIXELS, PIXELS) == NNK_OK &&
                  nnk_predict_finish(predictor, &probability) == NNK_OK,
              "predict");
        w->score.right += (probability > 0.5) == labels[j];
    }
}

static void train(worker *w, uint32_t network) {
    const nnk_job job = job_of(network, w->weights, w->gram);
    score *s = &w->score;
    const double start = now();
    check(nnk_train_begin(&job, w->arena, w->arena_bytes) == NNK_OK, "begin");
    while (progress_of(w, &job).stage == NNK_SETUP) check(run(w, &job, UINT32_MAX) > 0, "setup");
    const double looping = now();
    // An iteration takes more than four slices, so the loop ends between two calls, or just before.
    for (uint32_t left; (left = iterations - progress_of(w, &job).iteration) > 0;) {
        const nnk_status status = run(w, &job, 4 * left);
        check(status >= 0, "loop");
        if (status == NNK_COST && network == 0 && first_cost_count < MAX_COSTS)
            first_costs[first_cost_count++] = progress_of(w, &job).cost;
    }
    const double expanding = now();
    for (uint32_t j = 0; j < m; j++)
        if (is_held_out(network, j)) {
            s->held_out++;
            s->held_out_cost += progress_of(w, &job).held_out_cost;
        }
    s->setup += looping - start;
    s->loop += expanding - looping;
    if (!has_models) return;
    while (run(w, &job, UINT32_MAX) > 0) {
    }
    const double finishing = now();
    nnk_status status;
    do status = nnk_train_finish(&job, w->arena, (nnk_sink){to_memory, w->model});
    while (status > 0);
    check(status == NNK_OK, "model");
    const double evaluating = now();
    evaluate(w, network);
    s->expand += finishing - expanding;
    s->finish += evaluating - finishing;
    s->evaluate += now() - evaluating;
}

// ------------------------------------------------------------------------------------------ all networks

static worker new_worker(const void *gram) {
    worker w = {.gram = gram, .weights = memory(m * sizeof(float))};
    const nnk_job job = job_of(0, w.weights, gram);
    w.arena_bytes = nnk_train_bytes(&job);
    w.model_bytes = nnk_model_bytes(&nnk_deep, arithmetic->dtype) + NNK_TRAINING_RECORD_BYTES;
    check(w.arena_bytes > 0, "job");
    w.arena = memory(w.arena_bytes);
    w.model = memory(w.model_bytes);
    return w;
}

/// Trains one network after the other, each with a Gram matrix of its own and in a team. Returns the seconds.
static double train_in_turn(worker *w) {
    *w = new_worker(NULL);
    const nnk_job job = job_of(0, w->weights, NULL);
    w->scratch = memory(threads * (nnk_train_scratch_bytes(&job) + 64));
    const double start = now();
    for (uint32_t n = 0; n < networks; n++) train(w, n);
    return now() - start;
}

static void *form_gram(void) {
    nnk_job job = job_of(0, NULL, NULL);
    job.method = &nnk_gram;
    const size_t bytes = nnk_train_bytes(&job);
    void *gram = memory(bytes), *scratch = memory(threads * (nnk_train_scratch_bytes(&job) + 64));
    check(bytes > 0 && nnk_train_begin(&job, gram, bytes) == NNK_OK, "Gram matrix");
    nnk_status status;
    while ((status = run_in_team(&job, gram, scratch, UINT32_MAX)) > 0) {
    }
    check(status == NNK_OK, "Gram matrix");
    free(scratch);
    return gram;
}

static uint32_t next_network;

static void *train_whole_networks(void *context) {
    for (uint32_t n; (n = __atomic_fetch_add(&next_network, 1, __ATOMIC_RELAXED)) < networks;)
        train(context, n);
    return NULL;
}

/// Trains all networks on one Gram matrix, which is formed first. Returns the seconds, and those of it.
static double train_together(worker *workers, double *gram_seconds) {
    const double start = now();
    const void *gram = form_gram();
    *gram_seconds = now() - start;
    for (uint32_t i = 0; i < threads; i++) workers[i] = new_worker(gram);
    for (uint32_t i = 1; i < threads; i++)
        check(pthread_create(&workers[i].thread, NULL, train_whole_networks, &workers[i]) == 0, "thread");
    train_whole_networks(&workers[0]);
    for (uint32_t i = 1; i < threads; i++) check(pthread_join(workers[i].thread, NULL) == 0, "join");
    return now() - start;
}

static void print(const worker *workers, double seconds, double gram_seconds) {
    score s = {0};
    for (uint32_t i = 0; i < threads; i++) {
        const score *w = &workers[i].score;
        s.setup += w->setup, s.loop += w->loop, s.expand += w->expand, s.finish += w->finish;
        s.evaluate += w->evaluate, s.held_out += w->held_out, s.right += w->right;
        s.held_out_cost += w->held_out_cost;
    }
    printf("{\"networks\": %u, \"seconds\": %.9f,\n \"parts\": {\"gram\": %.6g, \"setup\": %.6g, \"loop\": "
           "%.6g, "
           "\"expand\": %.6g, \"finish\": %.6g, \"evaluate\": %.6g},\n"
           " \"held_out\": %u, \"right\": %u, \"held_out_cost\": %.10g,\n \"costs\": [",
           networks, seconds, gram_seconds, s.setup, s.loop, s.expand, s.finish, s.evaluate, s.held_out,
           s.right, s.held_out_cost / s.held_out);
    for (uint32_t i = 0; i < first_cost_count; i++)
        printf("%s[%u, %.17g]", i ? ", " : "", i * COST_EVERY, first_costs[i]);
    printf("]}\n");
}

static uint32_t number(const char *text) {
    const long n = strtol(text, NULL, 10);
    check(n > 0 && n <= 1000000, text);
    return (uint32_t)n;
}

int main(int argc, char **argv) {
    if (argc < 8) return 64;
    read_data(argv[1]);
    const int in_turn = strcmp(argv[2], "in-turn") == 0;
    has_models = strcmp(argv[2], "costs") != 0;
    arithmetic = nnk_fastest(strcmp(argv[3], "f32") == 0 ? NNK_F32 : NNK_F64);
    threads = number(argv[4]), folds = number(argv[5]), iterations = number(argv[7]);
    networks = folds * number(argv[6]);
    check(threads <= MAX_THREADS && folds > 1 && folds <= m, "threads and folds");
    if (argc > 8 && number(argv[8]) < networks) networks = number(argv[8]);
    static worker workers[MAX_THREADS];
    double gram_seconds = 0;
    const double seconds = in_turn ? train_in_turn(workers) : train_together(workers, &gram_seconds);
    print(workers, seconds, gram_seconds);
    return 0;
}
