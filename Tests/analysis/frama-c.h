/// What Frama-C 25 does not know of C11.
#define _Alignas(x)
#define _Static_assert(...)
#define __builtin_memcpy memcpy
