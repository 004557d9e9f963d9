// A team of threads: one leads and trains, the others help where slices are independent of each other.
//
// The leader makes an offer of so many shares. Whoever takes `left` from n to n - 1 has claimed share n - 1;
// the leader claims too, and when none is left, waits for those that helpers have claimed. An iteration of
// the dual is some microseconds, so both sides spin.
//
// Where that is too short to be shared phase by phase, the offer is to go through the loop as a pair. Until
// a helper comes, the leader goes on alone.
#include "nnkernel/team.h"
#include "pair.h"

/// Items of one phase, in shares of `size`; or, without a phase, one place in a pair.
typedef struct offer {
    const nnk_job *job;
    arena a;
    const nnk_phase *phase;
    uint32_t first, items, size;
    nnk_pair *pair;     ///< in the helper's memory, once it has come
    int32_t iterations; ///< for the pair
    uint32_t begun;     ///< BEGUN by the leader, or the helper is GONE
} offer;

enum {
    IDLE_TURNS = 1000, ///< of looking for work; then the caller may let others run
    SHARES_A_THREAD = 16,
    MOST_THREADS = 1 << 16, ///< that work is divided for; so that no product overflows
};

// Of a pair.
enum {
    PAIR_ITERATIONS = 256,  ///< at a time
    PAIR_TRIAL = 16,        ///< iterations that show whether a pair is faster
    REST = 512,             ///< iterations alone after it has not paid; then twice as many each time
    MOST_STALLS = 16,       ///< that are counted
    OFFER_TURNS = 100,      ///< of waiting for who takes an offer
    FOLLOW_TURNS = 1 << 14, ///< of waiting for the leader: some iterations
};

/// An offer's `begun`, from 0.
enum { BEGUN = 1, GONE = 2 };

/// The number of a share that is this thread's from now on, plus 1; 0 if none is left.
static uint32_t claim(nnk_team *team) {
    uint32_t left = __atomic_load_n(&team->left, __ATOMIC_RELAXED);
    while (left > 0 && !__atomic_compare_exchange_n(&team->left, &left, left - 1, 1, __ATOMIC_ACQUIRE,
                                                    __ATOMIC_RELAXED)) {
    }
    return left;
}

static void do_share(const offer *o, const arena *a, uint32_t share) {
    const uint32_t begin = share * o->size, count = nnk_smaller(o->size, o->items - begin);
    if (o->phase->span)
        o->phase->span(o->job, a, o->first + begin, count);
    else // from mapped images, so it can't fail
        for (uint32_t i = 0; i < count; i++) o->phase->work(o->job, a, o->first + begin + i);
}

/// The items that lie ahead, up to some for each thread: evenly in spans, else one a share.
static offer next_offer(const nnk_team *team, const nnk_job *job, const arena *a) {
    const nnk_trainer *t = a->trainer;
    offer o = {job, *a, &job->method->phases[t->phase], t->item, nnk_items_of(job, t->phase) - t->item, 1, 0,
               0,   0};
    const uint32_t threads = nnk_smaller(team->threads, MOST_THREADS), most = threads * SHARES_A_THREAD;
    if (o.phase->span) o.size = nnk_smaller(NNK_SPAN, (o.items + threads - 1) / threads);
    if (o.items / o.size > most) o.items = most * o.size;
    return o;
}

/// Whether a phase is worth an offer: what a thread takes over of a span must come out of the other's cache
/// first, and takes microseconds.
static int32_t is_shared(const nnk_job *job, uint32_t number) {
    const nnk_phase *phase = &job->method->phases[number];
    return phase->parallel && (!phase->span || job->examples * nnk_real_bytes(job) >= NNK_LEAST_ROW);
}

/// Helpers for what comes next: of the loop all phases do, again and again.
static uint32_t helpers_next(const nnk_team *team, const nnk_job *job, const nnk_trainer *t) {
    const uint32_t all = nnk_smaller(team->threads, MOST_THREADS) - 1;
    if (t->phase < FORWARD || t->phase > DESCENT)
        return t->phase < TRAINED && is_shared(job, t->phase) ? all : 0;
    for (uint32_t number = FORWARD; number <= DESCENT; number++)
        if (is_shared(job, number)) return all;
    return nnk_pair_fits(job) && team->rest == 0;
}

uint32_t nnk_team_shares(const nnk_team *team, const nnk_job *job, const void *memory) {
    if (team->threads < 2 || nnk_readiness(job, memory) != NNK_MORE || !job->images.images) return 0;
    return helpers_next(team, job, memory);
}

/// Makes an offer.
static void make(nnk_team *team, offer *o, uint32_t shares) {
    team->offer = o;
    __atomic_store_n(&team->done, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&team->left, shares, __ATOMIC_RELEASE);
}

/// Waits until helpers have done so many shares.
static void wait_for(nnk_team *team, uint32_t shares) {
    while (__atomic_load_n(&team->done, __ATOMIC_ACQUIRE) < shares) nnk_pause();
}

/// Does all of the offer, with those who help.
static void share(nnk_team *team, offer *o) {
    const uint32_t shares = (o->items + o->size - 1) / o->size;
    uint32_t mine = 0;
    make(team, o, shares);
    for (uint32_t n; (n = claim(team)) > 0; mine++) do_share(o, &o->a, n - 1);
    wait_for(team, shares - mine);
}

// ---- The loop in a pair ---------------------------------------------------------------------------------

/// The helper's part: if the leader does not begin soon, it goes.
static void follow(offer *o, void *memory) {
    nnk_pair *pair = nnk_pair_carve(o->job, memory);
    uint32_t none = 0;
    __atomic_store_n(&o->pair, pair, __ATOMIC_RELEASE);
    for (uint32_t turn = 0; turn < FOLLOW_TURNS && !__atomic_load_n(&o->begun, __ATOMIC_ACQUIRE); turn++)
        nnk_pause();
    if (__atomic_compare_exchange_n(&o->begun, &none, GONE, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return;
    if (o->iterations > 0) (void)nnk_pair_run(pair, o->job, &o->a, 1, o->iterations);
}

/// Whether the helper is still there, and begins now, for so many iterations.
static int32_t begins(offer *o, uint32_t iterations) {
    uint32_t none = 0;
    o->iterations = (int32_t)iterations;
    return __atomic_compare_exchange_n(&o->begun, &none, BEGUN, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/// Whether any of the loop lies ahead.
static int32_t in_loop(const nnk_trainer *t) { return t->phase >= FORWARD && t->phase <= DESCENT; }

static uint64_t time_of(const nnk_team *team) { return team->clock ? team->clock() : 0; }

/// A mean of the last few times; one that stands out, as when a thread loses its processor, counts little.
static uint64_t smoothed(uint64_t mean, uint64_t time) {
    if (mean == 0) return time;
    if (time > 2 * mean) time = 2 * mean;
    return mean - mean / 4 + time / 4;
}

/// What is left of an iteration.
static nnk_status run_alone(nnk_team *team, const nnk_job *job, nnk_trainer *t) {
    const int32_t is_plain = nnk_pair_iterations(job, t) > 0; // whole, without a cost
    const uint32_t iteration = t->iteration;
    const uint64_t begin = time_of(team);
    nnk_status status = NNK_MORE;
    while (status == NNK_MORE && in_loop(t) && t->iteration == iteration) status = nnk_train_run(job, t, 1);
    if (is_plain) team->alone = smoothed(team->alone, time_of(team) - begin);
    return status;
}

/// Goes on alone until the helper is back: where it has lost its processor, that may take milliseconds.
static nnk_status run_until_back(nnk_team *team, const nnk_job *job, nnk_trainer *t, nnk_status status) {
    while (status == NNK_MORE && in_loop(t) && !__atomic_load_n(&team->done, __ATOMIC_ACQUIRE))
        status = run_alone(team, job, t);
    wait_for(team, 1);
    return status;
}

/// A pair does not pay at the moment: no more of it for some time.
static void rest(nnk_team *team) {
    team->rest = (uint32_t)REST << team->stalls;
    team->stalls += team->stalls < MOST_STALLS;
}

/// So many iterations in a pair, if the helper is still there. Returns 0 if the helper is to be waited for.
static int32_t run_pair(nnk_team *team, offer *o, uint32_t iterations) {
    if (!begins(o, iterations)) return 0;
    const uint64_t begin = time_of(team);
    if (nnk_pair_run(o->pair, o->job, &o->a, 0, o->iterations) != NNK_OK) {
        rest(team);
        return 0;
    }
    wait_for(team, 1);
    o->a.trainer->iteration += iterations;
    // Two hardware threads of one core, for instance, are no faster than one.
    if (iterations >= PAIR_TRIAL && time_of(team) - begin > team->alone * iterations) rest(team);
    return 1;
}

/// An offer, and iterations alone until a helper has taken it or nothing is left that a pair can do. Returns
/// how many of them a pair can do then.
static uint32_t await_helper(nnk_team *team, offer *o, nnk_status *status, uint32_t *slices) {
    nnk_trainer *t = o->a.trainer;
    make(team, o, 1);
    for (uint32_t turn = 0; turn < OFFER_TURNS && !__atomic_load_n(&o->pair, __ATOMIC_ACQUIRE); turn++)
        nnk_pause(); // a microsecond or two, for who is there already
    for (; *status == NNK_MORE && *slices > 0 && in_loop(t); --*slices) {
        const uint32_t ahead = nnk_smaller(nnk_pair_iterations(o->job, t), PAIR_ITERATIONS);
        const int32_t is_timed = !team->clock || team->alone > 0;
        if (ahead > 0 && is_timed && __atomic_load_n(&o->pair, __ATOMIC_ACQUIRE)) return ahead;
        *status = run_alone(team, o->job, t);
    }
    return 0;
}

/// Iterations, those in a pair as one slice; alone those with a cost, and while nobody comes. Ends where
/// nnk_team_shares changes.
static nnk_status run_in_pair(nnk_team *team, const nnk_job *job, const arena *a, uint32_t slices) {
    nnk_status status = NNK_MORE;
    while (status == NNK_MORE && slices > 0 && in_loop(a->trainer) && team->rest == 0) {
        offer o = {.job = job, .a = *a};
        const uint32_t ahead = await_helper(team, &o, &status, &slices);
        const int32_t is_back = ahead > 0 ? run_pair(team, &o, ahead) : claim(team) > 0;
        if (ahead > 0) slices--;
        if (is_back) continue;
        if (ahead == 0) (void)begins(&o, 0); // so that it need not wait
        status = run_until_back(team, job, a->trainer, status);
    }
    return status;
}

/// Iterations alone, until it is time for a pair again.
static nnk_status run_at_rest(nnk_team *team, const nnk_job *job, nnk_trainer *t, uint32_t slices) {
    nnk_status status = NNK_MORE;
    for (; status == NNK_MORE && slices > 0 && in_loop(t) && team->rest > 0; slices--, team->rest--)
        status = run_alone(team, job, t);
    return status;
}

nnk_status nnk_team_run(nnk_team *team, const nnk_job *job, void *memory, uint32_t slices) {
    nnk_status status = nnk_readiness(job, memory);
    if (status != NNK_MORE || team->threads < 2 || !job->images.images)
        return nnk_train_run(job, memory, slices);
    const arena a = nnk_carve(job, memory);
    nnk_trainer *t = a.trainer;
    const int32_t setup = t->phase < FORWARD;
    const uint32_t helpers = helpers_next(team, job, t);
    if (in_loop(t) && nnk_pair_fits(job))
        return team->rest ? run_at_rest(team, job, t, slices) : run_in_pair(team, job, &a, slices);
    while (status == NNK_MORE && slices-- > 0 && setup == (t->phase < FORWARD)) {
        if (t->phase == TRAINED) return NNK_OK;
        if (helpers != helpers_next(team, job, t)) return NNK_MORE;
        if (!is_shared(job, t->phase)) {
            status = nnk_train_run(job, memory, 1);
            continue;
        }
        offer o = next_offer(team, job, &a);
        share(team, &o);
        nnk_advance(job, t, o.items);
    }
    return status;
}

nnk_status nnk_team_help(nnk_team *team, void *scratch) {
    for (uint32_t turn = 0; turn < IDLE_TURNS; turn++) {
        const uint32_t n = claim(team);
        if (n > 0) {
            offer *o = team->offer;
            arena a = o->a;
            nnk_carve_scratch(o->job, &a, scratch);
            if (o->phase)
                do_share(o, &a, n - 1);
            else
                follow(o, a.end);
            __atomic_fetch_add(&team->done, 1, __ATOMIC_RELEASE);
            turn = 0;
        } else if (__atomic_load_n(&team->over, __ATOMIC_ACQUIRE)) {
            return NNK_OK;
        } else {
            nnk_pause();
        }
    }
    return NNK_MORE;
}

void nnk_team_dismiss(nnk_team *team) { __atomic_store_n(&team->over, 1, __ATOMIC_RELEASE); }
