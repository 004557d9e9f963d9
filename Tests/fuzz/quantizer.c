/// Any parameters, quantized at once and in steps whose sink fails, or calibrated: refused, or a model that
/// opens and predicts.
#include "models.h"

/// In steps; after a write that failed, the same step again.
static nnk_status quantize_in_steps(const nnk_model *m, memory_file *f) {
    nnk_steps steps = {0};
    nnk_status status;
    do {
        status = nnk_model_quantize_step(m, sink_of(f), &steps);
        if (status == NNK_E_SINK) status = NNK_MORE;
    } while (status == NNK_MORE);
    return status;
}

static void check_quantizer(const nnk_model *m, uint32_t fail_at, uint32_t piece) {
    memory_file f = new_file(MOST_ROOM), stepped = new_file(MOST_ROOM);
    double probability;
    const nnk_status status = nnk_model_quantize(m, sink_of(&f));
    stepped.fail_at = fail_at;
    REQUIRE(quantize_in_steps(m, &stepped) == status);
    REQUIRE(status == NNK_OK || status == NNK_E_PARAMETER);
    if (status == NNK_OK) {
        REQUIRE(f.size == stepped.size && memcmp(f.bytes, stepped.bytes, f.size) == 0);
        const nnk_model bytes = opened(&f, m->topology);
        checked_prediction(&bytes, piece, &probability);
        REQUIRE(nnk_model_quantize(&bytes, sink_of(&stepped)) == NNK_E_KIND);
    }
    free(f.bytes);
    free(stepped.bytes);
}

static void check_calibration(const nnk_model *m, const nnk_expectation *e, uint32_t piece) {
    memory_file f = new_file(MOST_ROOM);
    double probability;
    const nnk_status status = nnk_model_calibrate(m, e, sink_of(&f));
    REQUIRE(status == NNK_OK || status == NNK_E_PARAMETER || status == NNK_E_ARGUMENT);
    if (status == NNK_OK) {
        const nnk_model judged = opened(&f, m->topology);
        nnk_expectation kept;
        checked_prediction(&judged, piece, &probability);
        REQUIRE(nnk_model_expectation(&judged, &kept) == NNK_OK && memcmp(&kept, e, sizeof kept) == 0);
        REQUIRE(nnk_model_calibrate(&judged, e, sink_of(&f)) == NNK_E_STATE);
        check_quantizer(&judged, 0, piece);
    }
    free(f.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    input in = {bytes, count};
    const nnk_topology *t = take_topology(&in);
    const uint32_t fail_at = take_below(&in, 64), piece = take_below(&in, 255) + 1;
    nnk_expectation expectation;
    take_bytes(&in, &expectation, sizeof expectation);
    const nnk_model m = take_model(&in, t);
    check_quantizer(&m, fail_at, piece);
    check_calibration(&m, &expectation, piece);
    free((void *)(uintptr_t)m.parameters);
    return 0;
}
