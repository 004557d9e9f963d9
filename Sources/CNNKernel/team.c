// A team of threads: the leader trains, the others help where slices are independent of each other.
//
// The leader makes an offer of so many shares. Whoever takes `left` from n to n - 1 has claimed share n - 1.
// The leader claims shares too and, when none is left, waits for those that helpers have claimed. A share may
// take only microseconds, so both sides spin.
//
// Processors that cannot exchange a word atomically, such as a Cortex-M0+, have no threads to speak of:
// without this file, the core needs no functions for that.
#include "nnkernel/team.h"
#include "arena.h"

#if __GCC_ATOMIC_INT_LOCK_FREE == 2
/// Items of one phase, in shares of `size`.
typedef struct offer {
    const nnk_job *job;
    arena a;
    uint32_t phase;
    uint32_t first, items, size;
} offer;

enum {
    IDLE_TURNS = 1000,      ///< of a helper that finds no work, before its caller may let others run
    WAITING_TURNS = 1000,   ///< of the leader that waits, between two calls of `yield`
    SHARES_PER_THREAD = 16, ///< of one offer, at most
    MOST_THREADS = 1 << 16, ///< that work is divided for, so that no product overflows
    LEAST_ROW = 4096,       ///< bytes of one unit's activations, from which on spans are shared
};

/// One turn of waiting.
static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb"); // longer than yield, which most processors ignore
#else
    for (int32_t i = 0; i < 16; i++) __asm__ volatile("" ::: "memory"); // about as long as those
#endif
}

/// Claims a share. Returns its number plus 1; 0 if none is left.
static uint32_t claim(nnk_team *team) {
    uint32_t left = __atomic_load_n(&team->left, __ATOMIC_RELAXED);
    while (left > 0 && !__atomic_compare_exchange_n(&team->left, &left, left - 1, 1, __ATOMIC_ACQUIRE,
                                                    __ATOMIC_RELAXED)) {
    }
    return left;
}

static void do_share(const offer *o, const arena *a, uint32_t share) {
    NNK_ASSERT(share * o->size < o->items);
    const uint32_t begin = share * o->size;
    const nnk_phase *phase = &o->job->method->phases[o->phase];
    if (nnk_has_spans(o->job, o->phase))
        phase->span(o->job, a, o->first + begin, nnk_smaller(o->size, o->items - begin));
    else // one item, whose images are mapped, so it cannot fail
        phase->work(o->job, a, o->first + begin);
}

/// The items that lie ahead, as many as make SHARES_PER_THREAD. A span is divided evenly among the threads;
/// else a share is one item.
static offer next_offer(const nnk_team *team, const nnk_job *job, const arena *a) {
    const nnk_trainer *t = a->trainer;
    offer o = {job, *a, t->phase, t->item, nnk_items_of(job, t, t->phase) - t->item, 1};
    const uint32_t threads = nnk_smaller(team->threads, MOST_THREADS), most = threads * SHARES_PER_THREAD;
    if (nnk_has_spans(job, o.phase)) o.size = nnk_smaller(NNK_SPAN, nnk_part_count(o.items, threads));
    if (o.items / o.size > most) o.items = most * o.size;
    return o;
}

/// Whether it pays to share a phase. What a thread works on must first come out of another one's cache, which
/// takes microseconds; the spans of short rows take no longer than that.
static bool is_shared(const nnk_job *job, uint32_t number) {
    return nnk_is_parallel(job, number) &&
           (!nnk_has_spans(job, number) || nnk_columns(job) * nnk_real_bytes(job) >= LEAST_ROW);
}

/// How many helpers have work in what comes next. The loop counts as a whole, as its phases come in turn.
static uint32_t helpers_next(const nnk_team *team, const nnk_job *job, const nnk_trainer *t) {
    const bool in_loop = nnk_is_in_loop(t);
    const uint32_t first = in_loop ? FORWARD : t->phase, last = in_loop ? DESCENT : t->phase;
    NNK_ASSERT(last < MODEL);
    for (uint32_t number = first; number <= last; number++)
        if (is_shared(job, number)) return nnk_smaller(team->threads, MOST_THREADS) - 1;
    return 0;
}

uint32_t nnk_team_shares(const nnk_team *team, const nnk_job *job, const void *memory) {
    if (!team || team->threads < 2 || nnk_readiness(job, memory) != NNK_MORE || !job->images.images) return 0;
    return helpers_next(team, job, memory);
}

/// Waits until helpers have done so many shares.
static void wait_for(nnk_team *team, uint32_t shares) {
    for (uint32_t turn = 1; __atomic_load_n(&team->done, __ATOMIC_ACQUIRE) < shares; turn++) {
        pause_briefly();
        if (team->yield && turn % WAITING_TURNS == 0) team->yield();
    }
}

/// Does all of the offer, with those who help.
static void share(nnk_team *team, offer *o) {
    const uint32_t shares = nnk_part_count(o->items, o->size);
    uint32_t mine = 0;
    team->offer = o;
    __atomic_store_n(&team->done, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&team->left, shares, __ATOMIC_RELEASE);
    for (uint32_t n; (n = claim(team)) > 0; mine++) do_share(o, &o->a, n - 1);
    wait_for(team, shares - mine);
}

nnk_status nnk_team_run(nnk_team *team, const nnk_job *job, void *memory, uint32_t slices) {
    if (!team || team->threads < 1) return NNK_E_ARGUMENT;
    nnk_status status = nnk_readiness(job, memory);
    if (status != NNK_MORE || team->threads < 2 || !job->images.images)
        return nnk_train_run(job, memory, slices);
    arena a;
    nnk_carve(job, memory, &a);
    nnk_trainer *t = a.trainer;
    const bool in_setup = nnk_is_in_setup(t);
    const uint32_t helpers = helpers_next(team, job, t);
    while (status == NNK_MORE && slices-- > 0 && in_setup == nnk_is_in_setup(t)) {
        if (nnk_is_trained(t)) return NNK_OK;
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
    if (!team || !scratch) return NNK_E_ARGUMENT;
    if ((uintptr_t)scratch % 8 != 0) return NNK_E_ALIGN;
    for (uint32_t turn = 0; turn < IDLE_TURNS; turn++) {
        const uint32_t n = claim(team);
        if (n > 0) {
            const offer *o = team->offer;
            arena a = o->a;
            nnk_carve_scratch(o->job, &a, scratch);
            do_share(o, &a, n - 1);
            __atomic_fetch_add(&team->done, 1, __ATOMIC_RELEASE);
            turn = 0;
        } else if (__atomic_load_n(&team->over, __ATOMIC_ACQUIRE)) {
            return NNK_OK;
        } else {
            pause_briefly();
        }
    }
    return NNK_MORE;
}

void nnk_team_dismiss(nnk_team *team) {
    if (team) __atomic_store_n(&team->over, 1, __ATOMIC_RELEASE);
}
#endif
