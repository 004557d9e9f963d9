/// Part of real_f32.h and real_f64.h. The functions and types of all instantiations have the same names, so
/// each is a translation unit of its own.
#if defined(NNK_INSTANTIATED)
#error "*f32*.c, *f64*.c and i8_*.c cannot be in one file: scripts/amalgamate.py writes the core as one"
#endif
#define NNK_INSTANTIATED
