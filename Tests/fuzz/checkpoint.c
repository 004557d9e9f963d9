/// Any bytes as a checkpoint: refused, or a trainer that goes on, saves checkpoints that are accepted, and
/// writes a model that can be used.
#include "trainings.h"

static nnk_status load(const nnk_job *job, void *arena, size_t bytes, memory_file *f) {
    nnk_checkpoint progress = {0};
    nnk_status status;
    do status = nnk_checkpoint_load(job, arena, bytes, &progress, reader_of(f));
    while (status > 0);
    return status;
}

/// Takes slices to the end. Each says how far it is, with a finite cost.
static nnk_status train(const nnk_job *job, void *arena, uint32_t slices) {
    nnk_progress progress;
    nnk_status status = NNK_MORE;
    for (uint32_t i = 0; i < slices && status > 0; i++) {
        status = nnk_train_step(job, arena);
        REQUIRE(status >= 0 || status == NNK_E_DIVERGED);
        REQUIRE(nnk_train_progress(job, arena, &progress) == NNK_OK);
        REQUIRE(progress.iteration <= job->iterations);
        REQUIRE(status != NNK_COST || (progress.cost - progress.cost == 0 && progress.cost >= 0));
    }
    return status;
}

/// Writes the model, which opens unless a weight is not finite.
static void finish(const nnk_job *job, void *arena) {
    memory_file f = new_file(SMALL_CHECKPOINT);
    nnk_model m;
    nnk_status status;
    do status = nnk_train_finish(job, arena, sink_of(&f));
    while (status > 0);
    REQUIRE(status == NNK_OK || status == NNK_E_DIVERGED);
    if (status == NNK_OK) REQUIRE(nnk_model_open(&m, f.bytes, f.size, job->topology) == NNK_OK);
    free(f.bytes);
}

/// A trainer that was accepted: some slices, a checkpoint, a trainer from that, and the rest.
static void go_on(const nnk_job *job, void *arena, size_t bytes, uint32_t slices) {
    enum { ENOUGH = 1000 };
    memory_file f = new_file(SMALL_CHECKPOINT);
    const nnk_status trained = train(job, arena, slices), saved = save(job, arena, &f);
    // Numbers may be too large before a cost says so.
    REQUIRE(saved == NNK_E_DIVERGED || (saved == NNK_OK && trained >= 0));
    if (saved == NNK_OK) {
        REQUIRE(load(job, arena, bytes, &f) == NNK_OK);
        const nnk_status status = train(job, arena, ENOUGH);
        REQUIRE(status <= 0);
        if (status == NNK_OK) finish(job, arena);
    }
    free(f.bytes);
}

static void check_peek(const memory_file *f) {
    nnk_job_numbers numbers;
    uint32_t crc;
    if (f->size < NNK_CHECKPOINT_START_BYTES) return;
    if (nnk_checkpoint_peek(f->bytes, &numbers, &crc) != NNK_OK) return;
    REQUIRE(nnk_topology_valid(&numbers.topology) && nnk_method_of(numbers.method));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    const fuzz_data d = new_data();
    input in = {bytes, count};
    const nnk_job job = job_of(take_below(&in, TRAININGS), &d);
    const uint32_t slices = take_below(&in, 64);
    const size_t arena_bytes = nnk_train_bytes(&job);
    for (int is_mended = 0; is_mended < 2; is_mended++) {
        memory_file f = file_of(in, is_mended);
        void *arena = room_for(arena_bytes);
        check_peek(&f);
        if (load(&job, arena, arena_bytes, &f) == NNK_OK) go_on(&job, arena, arena_bytes, slices);
        free(arena);
        free(f.bytes);
    }
    return 0;
}
