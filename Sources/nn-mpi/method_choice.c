#include "method_choice.h"

#include <stdio.h>

static const size_t most_dual_bytes = (size_t)1 << 30;

/// Multiply-adds of a whole run in the first layer, of n inputs and u units, with m images: primal 2 u n m
/// per iteration; dual at most u m^2 per iteration, and 2 u n m + n m^2 / 2 before and after. Mirrored images
/// count as images, but half of the products of their pairs are known from the others.
static double operations(const nnk_job *job, const nnk_method *method) {
    const bool mirrors = job->mirror.row_bytes > 0;
    const double m = mirrors ? 2.0 * job->examples : job->examples;
    const double n = job->topology->size[0], u = job->topology->size[1], steps = job->iterations;
    if (method == &nnk_primal) return steps * 2 * u * n * m;
    return steps * u * m * m + 2 * u * n * m + n * m * m / (mirrors ? 4 : 2);
}

const nnk_method *method_choice(const options *o, const nnk_job *job) {
    if (o->method != METHOD_AUTO) return o->method == METHOD_DUAL ? &nnk_dual_wide : &nnk_primal;
    nnk_job dual = *job;
    dual.method = &nnk_dual_wide;
    const size_t bytes = nnk_train_bytes(&dual);
    const bool is_shorter = operations(job, &nnk_dual_wide) < operations(job, &nnk_primal);
    return bytes > 0 && bytes <= most_dual_bytes && is_shorter ? &nnk_dual_wide : &nnk_primal;
}

const char *method_reason(const options *o, const nnk_job *job, char text[64]) {
    if (o->method != METHOD_AUTO) return "as --method says";
    const bool is_dual = job->method == &nnk_dual_wide;
    const nnk_method *other = is_dual ? &nnk_primal : &nnk_dual_wide;
    const char *name = is_dual ? "primal" : "dual";
    const double ratio = operations(job, other) / operations(job, job->method);
    if (ratio >= 1)
        snprintf(text, 64, "%.*f times fewer operations than %s", ratio < 10 ? 1 : 0, ratio, name);
    else
        snprintf(text, 64, "%s would need too much memory", name);
    return text;
}
