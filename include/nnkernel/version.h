/// The version of this interface, and a check that headers and library have the same one.
#ifndef NNKERNEL_VERSION_H
#define NNKERNEL_VERSION_H

#include <stdint.h>

#define NNK_VERSION_MAJOR 0
#define NNK_VERSION_MINOR 1
#define NNK_VERSION_PATCH 0

/// Versions compare as numbers: NNK_VERSION >= NNK_VERSION_NUMBER(0, 2, 0).
#define NNK_VERSION_NUMBER(major, minor, patch) ((major)*10000 + (minor)*100 + (patch))

/// The version of this interface.
#define NNK_VERSION NNK_VERSION_NUMBER(NNK_VERSION_MAJOR, NNK_VERSION_MINOR, NNK_VERSION_PATCH)

/// Stands behind the declarations of functions that programs call first. The symbol of such a function ends
/// with the version, as in nnk_train_begin_0_1, so headers and library of two versions do not link. Before
/// 1.0 a minor version may change structures and sizes.
///
/// C, C++ and Swift call the function by its own name. A program that looks symbols up needs the longer one.
#define NNK_VERSIONED(function)                                                                              \
    __asm__(NNK_TEXT_(__USER_LABEL_PREFIX__) #function                                                       \
            "_" NNK_TEXT_(NNK_VERSION_MAJOR) "_" NNK_TEXT_(NNK_VERSION_MINOR))
#define NNK_TEXT_(macro)  NNK_TEXT_OF_(macro)
#define NNK_TEXT_OF_(...) #__VA_ARGS__ // __USER_LABEL_PREFIX__ may be empty

#ifdef __cplusplus
extern "C" {
#endif

/// The version of the library: NNK_VERSION as it was compiled.
///
///     const int is_same = nnk_version() == NNK_VERSION;
int32_t nnk_version(void);

#ifdef __cplusplus
}
#endif

#endif
