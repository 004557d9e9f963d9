/// No slice of nnk_dual takes more than train.h says. Kernels are wrapped by others that count what they are
/// asked for, and the source counts what is read.
#include "fast.h"
#include "jobs.h"

/// What a slice has done.
static struct {
    uint64_t pairs;   // bytes of pairs of images
    uint64_t images;  // bytes of images times rows of W1
    uint64_t drawn;   // weights
    uint64_t skipped; // weights
    uint64_t summed;  // bytes in checksums
    uint64_t updates; // of a unit through G
    uint64_t descent; // bytes of images, times rows of W1, in gradients
    uint64_t units;   // forward or back, times examples
    uint64_t read;    // bytes
} done;

static nnk_arithmetic plain, counting;

static uint32_t count_crc(uint32_t crc, const uint8_t *bytes, size_t count) {
    done.summed += count;
    return plain.crc32(crc, bytes, count);
}

static void count_draws(nnk_real *w, size_t count, int32_t inputs, int32_t initializer, nnk_random *random) {
    done.drawn += count;
    plain.initialize(w, count, inputs, initializer, random);
}

static void count_skips(size_t count, nnk_random *random) {
    done.skipped += count;
    plain.skip(count, random);
}

static void count_products(uint32_t *sum, size_t stride, nnk_patch x, nnk_patch y) {
    done.pairs += x.examples * y.examples * x.width;
    plain.gram_products(sum, stride, x, y);
}

static void count_projections(nnk_real *p, size_t p_stride, const nnk_real *w, size_t w_stride, size_t units,
                              nnk_patch patch) {
    done.images += units * patch.examples * patch.width;
    plain.project(p, p_stride, w, w_stride, units, patch);
}

static void count_gradients(nnk_real *g, const nnk_real *dz, size_t stride, size_t units, nnk_patch p) {
    done.descent += units * p.examples * p.width;
    plain.input_gradient(g, dz, stride, units, p);
}

static void count_updates(nnk_real *p, const nnk_real *e, const uint8_t *packed, size_t examples) {
    done.updates++;
    plain.dual_update_packed(p, e, packed, examples);
}

static void count_forward(nnk_real *z, const nnk_real *w, const nnk_real *a, nnk_shape s) {
    done.units += s.outputs * s.examples;
    plain.unit_forward(z, w, a, s);
}

static void count_backward(nnk_real *a, nnk_real *w, const nnk_real *dz, double rate, nnk_real *row,
                           nnk_shape s) {
    done.units += 2 * s.outputs * s.examples;
    plain.unit_update(a, w, dz, rate, row, s);
}

static nnk_status count_reads(void *context, uint32_t example, uint32_t offset, uint32_t count,
                              uint8_t *out) {
    done.read += count;
    return reader_read(context, example, offset, count, out);
}

static void count_with(const nnk_arithmetic *arithmetic) {
    plain = counting = *arithmetic;
    counting.crc32 = count_crc;
    counting.initialize = count_draws;
    counting.skip = count_skips;
    counting.gram_products = count_products;
    counting.project = count_projections;
    counting.input_gradient = count_gradients;
    counting.dual_update_packed = count_updates;
    counting.unit_forward = count_forward;
    counting.unit_update = count_backward;
}

/// Checks what a slice did, and forgets it.
static void check_slice(const nnk_job *job, bool writes) {
    const uint64_t size = (uint64_t)job->topology->size[0], units = (uint64_t)job->topology->size[1],
                   m = job->examples;
    uint64_t above = 0;
    for (int32_t l = 2; l <= job->topology->layers; l++)
        above += 2 * (uint64_t)job->topology->size[l] * (uint64_t)job->topology->size[l - 1] * m;
    CHECK(done.pairs <= 48 * 48 * NNK_PATCH);
    CHECK(done.images <= 16 * NNK_PATCH * units);
    CHECK(done.drawn <= (writes ? 2u : 1u) * NNK_PATCH || done.images + done.descent + done.pairs == 0);
    CHECK(done.skipped <= 1024);
    CHECK(done.summed <= (size > 3072 ? size : 3072));
    CHECK(done.updates <= (job->capacity ? 2u : 1u)); // after a change: D is centred, and new columns
    CHECK(done.descent <= (writes ? 2u * m * NNK_PATCH : 0));
    CHECK(done.units <= above);
    CHECK(done.read <= (writes ? m * NNK_PATCH : size > 96 * NNK_PATCH ? size : 96 * NNK_PATCH));
    // And no slice does two of the large ones.
    const int32_t large =
        (done.pairs > 0) + (done.images > 0) + (done.skipped > 0) + (done.updates > 0) + (done.descent > 0);
    CHECK(large <= 1);
    memset(&done, 0, sizeof done);
}

static void run_checked(const nnk_job *job, void *arena, int32_t dtype) {
    file f = new_file(job);
    nnk_status status;
    while ((status = nnk_train_step(job, arena)) > 0) check_slice(job, false);
    CHECK_EQUAL(status, NNK_OK);
    while ((status = nnk_train_finish_as(job, arena, dtype, sink_of(&f))) > 0) check_slice(job, true);
    CHECK_EQUAL(status, NNK_OK);
    memset(&done, 0, sizeof done);
    free(f.bytes);
}

/// The bytes that are read in the setup and in writing, each as a number of times that the data set is read.
static void check_reads(const nnk_job *job, double setup, double writing) {
    const double all = (double)job->examples * job->topology->size[0];
    const size_t bytes = nnk_train_bytes(job);
    void *arena = room_for(bytes);
    file f = new_file(job);
    CHECK_EQUAL(nnk_train_begin(job, arena, bytes), NNK_OK);
    memset(&done, 0, sizeof done);
    CHECK_EQUAL(steps(job, arena), NNK_OK);
    CHECK((double)done.read == setup * all);
    done.read = 0;
    CHECK_EQUAL(finish(job, arena, &f), NNK_OK);
    CHECK((double)done.read == writing * all);
    memset(&done, 0, sizeof done);
    free(f.bytes);
    free(arena);
}

static void test(int32_t type, uint32_t examples, uint32_t capacity, bool adjusted) {
    const nnk_topology t = {4, {1920, 20, 7, 5, 1}};
    data d = random_data(&t, examples);
    count_with(type == NNK_F32 ? &nnk_f32 : &nnk_f64);
    nnk_job job = job_of(&t, &counting, &d, 2);
    job.method = &nnk_dual;
    job.learning_rate = 0.05;
    job.center = job.own_contrast = adjusted;
    job.capacity = capacity;
    job.images = (nnk_source){.read = count_reads, .context = &d.reader};
    if (capacity) job.examples -= 20;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    memset(&done, 0, sizeof done);
    run_checked(&job, arena, NNK_I8);
    if (capacity) {
        job.examples += 20;
        job.iterations += 2;
        CHECK_EQUAL(nnk_train_again(&job, arena, false), NNK_OK);
        memset(&done, 0, sizeof done);
        run_checked(&job, arena, type);
        job.examples--; // the last one
        CHECK_EQUAL(nnk_train_forget(&job, arena, job.examples), NNK_OK);
        memset(&done, 0, sizeof done);
        run_checked(&job, arena, type);
        CHECK_EQUAL(nnk_train_again(&job, arena, true), NNK_OK);
        memset(&done, 0, sizeof done);
        run_checked(&job, arena, NNK_I8);
    }
    free(arena);
    release_data(d);
}

int main(void) {
    for (int32_t type = NNK_F32; type <= NNK_F64; type++)
        for (uint32_t examples = 30; examples <= 230; examples += 100) {
            test(type, examples, 0, false);
            test(type, examples, 0, true);
            test(type, examples, examples + 5, examples % 3 == 0);
        }
    const nnk_topology deep = nnk_deep;
    data d = random_data(&deep, 209);
    nnk_job job = job_of(&deep, &counting, &d, 1);
    for (int32_t type = NNK_F32; type <= NNK_F64; type++) {
        count_with(type == NNK_F32 ? &nnk_f32 : &nnk_f64);
        job.method = &nnk_dual;
        job.images = (nnk_source){.read = count_reads, .context = &d.reader};
        // For the checksum, for P and for G: blocks of 48 images meet each other. Then for ten pairs of rows,
        // of which the place of G holds the second one, or 53 of its 64 patches.
        if (NNK_FAST)
            check_reads(&job, 1 + 1 + 5, type == NNK_F32 ? 10 : 10 + 10 * 11 / 64.0);
        else // one row at a time, and blocks of 16 images
            check_reads(&job, 1 + 20 + 14, 20);
    }
    release_data(d);
    return check_end();
}
