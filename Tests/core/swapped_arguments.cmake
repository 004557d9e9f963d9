# Calls of kernels with arguments that were mixed up. Compilers must refuse each, for its pointers and nothing else, and
# accept the right call beside it.
#
#     cmake -DCOMPILER=cc -DINCLUDE=include -DFOLDER=scratch -P swapped_arguments.cmake
set(passed 0)
set(failed 0)
set(what "incompatible-pointer-types")

# Compiles one call. Sets `status` to the compiler's, `messages` to what it prints, `errors` to the number of its errors
# and `expected` to how many of these are about pointers.
macro(compile call)
    file(WRITE ${FOLDER}/call.c "#include \"nnkernel/kernels.h\"
void use(const nnk_arithmetic *k, const nnk_inference *i, const nnk_topology *t, nnk_random *random, nnk_real *w,
         nnk_real *b, nnk_real *a, nnk_real *z, nnk_real *dz, nnk_real *p, nnk_real *gram, const nnk_parameters *model,
         const uint8_t *labels, const uint8_t *pixels, uint8_t *packed, uint8_t *scratch, uint32_t *sums, nnk_patch x,
         nnk_shape shape, float *floats);
void use(const nnk_arithmetic *k, const nnk_inference *i, const nnk_topology *t, nnk_random *random, nnk_real *w,
         nnk_real *b, nnk_real *a, nnk_real *z, nnk_real *dz, nnk_real *p, nnk_real *gram, const nnk_parameters *model,
         const uint8_t *labels, const uint8_t *pixels, uint8_t *packed, uint8_t *scratch, uint32_t *sums, nnk_patch x,
         nnk_shape shape, float *floats) {
    (void)k, (void)i, (void)t, (void)random, (void)w, (void)b, (void)a, (void)z, (void)dz, (void)p, (void)gram;
    (void)model, (void)labels, (void)pixels, (void)packed, (void)scratch, (void)sums, (void)x, (void)shape, (void)floats;
    ${call};
}
")
    execute_process(COMMAND ${COMPILER} -std=c11 -Wall -Wextra -Wpedantic -Werror=${what} -I${INCLUDE} -fsyntax-only
                            ${FOLDER}/call.c
                    RESULT_VARIABLE status ERROR_VARIABLE messages)
    string(REGEX MATCHALL "error:" errors "${messages}")
    string(REGEX MATCHALL "${what}" expected "${messages}")
    list(LENGTH errors errors)
    list(LENGTH expected expected)
endmacro()

function(mistake right wrong)
    compile("${right}")
    if(NOT status EQUAL 0 OR NOT messages STREQUAL "")
        message("refused, but right: ${right}\n${messages}")
        math(EXPR failed "${failed} + 1")
    else()
        compile("${wrong}")
        if(status EQUAL 0 OR expected EQUAL 0 OR NOT expected EQUAL errors)
            message("not refused, or for another reason: ${wrong}\n${messages}")
            math(EXPR failed "${failed} + 1")
        else()
            math(EXPR passed "${passed} + 1")
        endif()
    endif()
    set(passed ${passed} PARENT_SCOPE)
    set(failed ${failed} PARENT_SCOPE)
endfunction()

# Labels where reals belong, and the other way round.
mistake("k->cost(p, labels, 3)" "k->cost(labels, p, 3)")
mistake("k->logit_backward(z, labels, 3)" "k->logit_backward(z, z, 3)")
mistake("k->cost_backward(dz, p, labels, 3)" "k->cost_backward(dz, labels, labels, 3)")
mistake("k->linear_forward(z, w, b, a, shape)" "k->linear_forward(z, w, b, labels, shape)")
# Reals that are not said to be the kernels'.
mistake("k->relu((nnk_real *)floats, z, 3)" "k->relu(floats, z, 3)")
# Arguments in another order.
mistake("k->initialize(w, 3, 2, NNK_INIT_DEEP, random)" "k->initialize(random, 3, 2, NNK_INIT_DEEP, random)")
mistake("k->gram_products(sums, 3, x, x)" "k->gram_products(gram, 3, x, x)")
mistake("k->gram_pack(packed, 1)" "k->gram_pack(gram, 1)")
mistake("k->gram_spread(gram, 1, 0, 0, 3)" "k->gram_spread(packed, 1, 0, 0, 3)")
mistake("k->dual_update(p, a, dz, 1, gram, 0, 16, shape, scratch)"
        "k->dual_update(p, a, dz, 1, packed, 0, 16, shape, scratch)")
mistake("k->dual_update(p, a, dz, 1, gram, 0, 16, shape, scratch)"
        "k->dual_update(p, a, dz, 1, gram, 0, 16, shape, gram)")
mistake("k->dual_update_packed(p, dz, packed, 3)" "k->dual_update_packed(p, dz, gram, 3)")
mistake("k->crc32(0, pixels, 3)" "k->crc32(0, sums, 3)")
# Pixels and weights.
mistake("i->accumulate(z, model, 4, 2, pixels, 4)" "i->accumulate(z, pixels, 4, 2, pixels, 4)")
mistake("i->accumulate(z, model, 4, 2, pixels, 4)" "i->accumulate(z, model, 4, 2, model, 4)")
mistake("i->accumulate(z, model, 4, 2, pixels, 4)" "i->accumulate(model, model, 4, 2, pixels, 4)")
mistake("i->head(t, model, sums, z, a)" "i->head(t, w, sums, z, a)")

message("${passed} passed, ${failed} failed")
if(failed GREATER 0 OR passed EQUAL 0)
    message(FATAL_ERROR "mixed-up arguments are not refused")
endif()
