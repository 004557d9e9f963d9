/// The kernels of inference as some compiler options make them: with fused products, which no macro tells of.
/// Prediction must refuse each table.
///
/// Not a test of its own: float_flags.cmake builds it, with these kernels, in several ways.
#include "check.h"
#include "nnkernel/predict.h"
#include "vector_arithmetic.h"

int main(void) {
    static const nnk_topology topology = {2, {10, 4, 1}};
    static _Alignas(8) uint8_t memory[1024];
    const nnk_inference *const tables[] = {
        &nnk_f32_inference,
        &nnk_f64_inference,
        &nnk_i8_inference,
        &nnk_f32_contrast_inference,
        &nnk_f64_contrast_inference,
        &nnk_i8_contrast_inference,
#if NNK_X86
        &nnk_i8_avx2_inference, // what has fused products has AVX2
#endif
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const nnk_model m = {.topology = &topology, .dtype = tables[i]->dtype, .parameters = memory};
        CHECK_EQUAL(nnk_predict_begin(memory, sizeof memory, &m, tables[i]), NNK_E_FLOAT);
    }
    return check_end();
}
