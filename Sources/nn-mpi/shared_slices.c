#include "shared_slices.h"

#include "ranks.h"

enum {
    AT_ONCE = 16, ///< slices between two polls: some milliseconds
    /// Images from which on iterations are shared. Each rank saves (1 - 1/ranks) of m^2 products for each
    /// unit of layer 1, and gets 2 m numbers for each from the others.
    LEAST_SHARED_COLUMNS = 1024,
};

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/// Whether an iteration is ahead that each rank does itself: as it is the only one, or as it is not worth
/// sharing.
static bool is_unshared_iteration(const shared_slices *s) {
    nnk_progress progress;
    const uint32_t columns = s->job->examples * (s->job->mirror.row_bytes ? 2 : 1);
    return (ranks_count() == 1 || columns < LEAST_SHARED_COLUMNS) &&
           nnk_train_progress(s->job, s->arena, &progress) == NNK_OK && progress.stage == NNK_LOOP &&
           progress.iteration < s->job->iterations;
}

/// Takes so many slices from `first` on.
static nnk_status take(const shared_slices *s, uint32_t first, uint32_t count) {
    nnk_status status = NNK_MORE;
    for (uint32_t done = 0; done < count && status >= 0; done += AT_ONCE) {
        ranks_poll();
        status = nnk_train_items(s->job, s->arena, first + done, smaller(AT_ONCE, count - done), s->scratch);
    }
    return status;
}

static void exchange(const nnk_results *r, uint32_t items) {
    if (r->item_bytes == 0)
        ranks_or(r->at, r->rows * r->row_bytes);
    else
        ranks_gather_columns(r->at, r->rows, r->row_bytes, r->item_bytes, items);
}

/// A Gram matrix is large, so its parts come together once, when all are there.
static nnk_status take_shared(shared_slices *s, const nnk_results *results, uint32_t most) {
    const uint32_t all = nnk_train_parallel(s->job, s->arena), ranks = (uint32_t)ranks_count();
    const uint32_t items = most < all / ranks ? most * ranks : all;
    uint32_t first, count;
    ranks_share(items, &first, &count);
    const nnk_status status = take(s, first, count);
    if (status < 0) return status;
    s->is_apart = results->item_bytes == 0 && items < all;
    if (!s->is_apart) exchange(results, items);
    s->taken = (items - 1) / ranks + 1;
    return nnk_train_advance(s->job, s->arena, items);
}

nnk_status shared_slices_take(shared_slices *s, uint32_t most) {
    nnk_results results;
    ranks_poll();
    s->taken = smaller(most, AT_ONCE);
    if (is_unshared_iteration(s)) return nnk_train_run(s->job, s->arena, s->taken);
    if (ranks_count() > 1 && nnk_train_results(s->job, s->arena, &results) == NNK_OK)
        return take_shared(s, &results, most);
    const uint32_t items = smaller(most, nnk_train_parallel(s->job, s->arena));
    s->taken = items ? items : 1;
    if (items == 0) return nnk_train_run(s->job, s->arena, 1);
    const nnk_status status = take(s, 0, items);
    return status < 0 ? status : nnk_train_advance(s->job, s->arena, items);
}

void shared_slices_join(shared_slices *s) {
    nnk_results results;
    if (!s->is_apart || nnk_train_results(s->job, s->arena, &results) != NNK_OK) return;
    exchange(&results, 0);
    s->is_apart = false;
}
