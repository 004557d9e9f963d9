/// Training and prediction under floating-point traps, as a program may set them to find its own errors: no
/// kernel divides by zero, overflows or computes what is no number, though vectors compute lanes that are not
/// used. Nor does a calibration by logits that tell nothing.
#define _GNU_SOURCE // feenableexcept
#include <fenv.h>

#include "jobs.h"

int main(void) {
    nnk_calibration c;
    const double same[] = {1, 1, 1};
    const uint8_t labels[] = {0, 1, 1};
#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__i386__))
    for (size_t n = 0; n < TOPOLOGIES; n++) {
        const nnk_topology *t = &topologies[n];
        for (uint32_t examples = 1; examples < 40; examples += 19) {
            data d = random_data(t, examples);
            FOR_EACH_TYPE(type) FOR_EACH_ARITHMETIC(k, type) FOR_EACH_METHOD_OF(method, t) {
                nnk_job job = job_of(t, k, &d, 30);
                job.method = methods[method];
                const file usual = train(&job);
                const nnk_model m = opened((file *)(uintptr_t)&usual, t);
                const double want = predict(nnk_fastest_inference(type), &m, d.images, 0);
                feenableexcept(FE_OVERFLOW | FE_INVALID | FE_DIVBYZERO);
                const file trapped = train(&job);
                const double got = predict(nnk_fastest_inference(type), &m, d.images, 0);
                fedisableexcept(FE_ALL_EXCEPT);
                CHECK_SAME_FILE(usual, trapped);
                CHECK(want == got);
                free(usual.bytes);
                free(trapped.bytes);
            }
            release_data(d);
        }
    }
    feenableexcept(FE_OVERFLOW | FE_INVALID | FE_DIVBYZERO);
#endif
    CHECK_EQUAL(nnk_calibrate(same, 1, labels, 3, NULL, 0, &c), NNK_OK);
    return check_end();
}
