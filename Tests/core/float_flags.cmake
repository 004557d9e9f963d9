# Compiler options under which the results would have other bits. Where a macro tells of them, the core does not compile,
# and the message names the option. Where none does, the core turns the option off, or training and prediction answer
# NNK_E_FLOAT.
#
#     cmake -DROOT=. -DFOLDER=scratch -DPROCESSOR=x86_64 -P float_flags.cmake
set(passed 0)
set(failed 0)
set(flags -std=gnu11 -O1 -w -I${ROOT}/include -I${ROOT}/Sources/CNNKernel)
set(sources predict header topology crc32 crc32_x86 x86 math_f32 math_f64 sums contrast f32_inference f64_inference
            i8_inference i8_avx2)
list(TRANSFORM sources REPLACE "(.+)" "${ROOT}/Sources/CNNKernel/\\1.c")

macro(count condition what)
    if(${condition})
        math(EXPR passed "${passed} + 1")
    else()
        math(EXPR failed "${failed} + 1")
        message("failed: ${what}\n${messages}")
    endif()
endmacro()

# One file stands for all that compute. `named` says whether the message is about the option.
macro(compile compiler option)
    execute_process(COMMAND ${compiler} ${flags} ${option} -fsyntax-only ${ROOT}/Sources/CNNKernel/f32.c
                    RESULT_VARIABLE status ERROR_VARIABLE messages)
    string(REGEX MATCH "must not be built with[^\"\n]*${option}" named "${messages}")
endmacro()

# What clang may do with numbers stands beside each operation. Its pragma forgets negations; the core has few, and where
# their result is zero, its sign does not matter.
macro(translate compiler option)
    execute_process(COMMAND ${compiler} ${flags} ${option} -S -emit-llvm ${ROOT}/Sources/CNNKernel/f32.c -o -
                    RESULT_VARIABLE status OUTPUT_VARIABLE code ERROR_VARIABLE messages)
    set(turned_off FALSE)
    if(status EQUAL 0 AND code MATCHES " f(add|mul|div) float" AND
       NOT code MATCHES " f(add|sub|mul|div|cmp) (fast|reassoc|nnan|ninf|nsz|arcp|contract|afn) ")
        set(turned_off TRUE)
    endif()
endmacro()

# Inference and float_flags.c, with fused products. This processor may lack them, and then nothing can be run.
macro(run compiler options)
    execute_process(COMMAND ${compiler} ${flags} ${options} ${ROOT}/Tests/core/float_flags.c ${sources} -lm
                            -o ${FOLDER}/float_flags
                    RESULT_VARIABLE status ERROR_VARIABLE messages)
    if(status EQUAL 0)
        execute_process(COMMAND ${FOLDER}/float_flags RESULT_VARIABLE status OUTPUT_VARIABLE messages)
    endif()
    if(status STREQUAL "Illegal instruction")
        message("not tried, as this processor has no fused products: ${compiler} ${options}")
    else()
        string(COMPARE EQUAL "${status}" 0 refused)
        count(refused "${compiler} ${options}: kernels are refused when they run")
    endif()
endmacro()

find_program(gcc NAMES gcc)
find_program(clang NAMES clang)
if(gcc)
    foreach(option -ffast-math -Ofast -ffinite-math-only -funsafe-math-optimizations -freciprocal-math
                   -fno-signed-zeros -fsingle-precision-constant)
        compile(${gcc} ${option})
        count(named "${gcc} ${option} is refused by name")
    endforeach()
endif()
if(clang)
    foreach(option -ffast-math -Ofast -ffinite-math-only)
        compile(${clang} ${option})
        count(named "${clang} ${option} is refused by name")
    endforeach()
    # Other processors' clang has no way to turn these off (docs/DESIGN.md).
    if(PROCESSOR MATCHES "x86_64|AMD64|aarch64|arm64")
        foreach(option -freciprocal-math -fno-signed-zeros -fapprox-func -funsafe-math-optimizations)
            translate(${clang} ${option})
            count(turned_off "${clang} ${option} is turned off")
        endforeach()
    endif()
    set(fused "")
    if(PROCESSOR MATCHES "x86_64|AMD64")
        set(fused -mfma)
    endif()
    run(${clang} "-ffp-contract=fast;${fused}")
    compile(${clang} -ffp-model=fast) # earlier versions than 18 tell of it
    if(NOT named)
        run(${clang} "-ffp-model=fast;${fused}")
    endif()
endif()
message("${passed} passed, ${failed} failed")
if(failed OR NOT passed)
    message(FATAL_ERROR "float flags")
endif()
