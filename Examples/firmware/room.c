// Tells how many training images a board has room for. Runs on the machine that builds: firmware.mk gives it
// what `nm -S` prints of the firmware.
#include "nnkernel/nnkernel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_STACK = 1024 };

/// Bytes of the arena for `m` images.
static size_t arena_for(uint32_t m, int is_centred, size_t real_bytes) {
    return NNK_DUAL_BYTES(DEEP, real_bytes, m) +
           (is_centred ? NNK_DUAL_ADJUSTED_BYTES(DEEP, real_bytes, m) : 0);
}

/// The most images whose arena, and `others` bytes more for each, fit into `bytes`.
static uint32_t most(size_t bytes, size_t others, int is_centred, size_t real_bytes) {
    uint32_t m = 0;
    while (arena_for(m + 1, is_centred, real_bytes) + others * (m + 1) <= bytes) m++;
    return m;
}

int main(void) {
    unsigned long stack_lowest = 0, stack_highest = 0;
    size_t arena = 0, labels = 0, real_bytes = 4;
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        // Address, size unless it is a linker script's, kind, name.
        char words[4][128];
        const int count = sscanf(line, "%127s %127s %127s %127s", words[0], words[1], words[2], words[3]);
        if (count < 3) continue;
        const char *name = words[count - 1];
        const unsigned long address = strtoul(words[0], NULL, 16);
        const size_t size = count == 4 ? strtoul(words[1], NULL, 16) : 0;
        if (strcmp(name, "arena") == 0) arena = size;
        if (strcmp(name, "labels") == 0) labels = size;
        if (strcmp(name, "nnk_f64_dual") == 0) real_bytes = 8;
        if (strcmp(name, "stack_lowest") == 0) stack_lowest = address;
        if (strcmp(name, "stack_highest") == 0) stack_highest = address;
    }
    const size_t ram = arena + labels + stack_highest - stack_lowest - LEAST_STACK; // for arena and labels
    printf("arena: %zu bytes, room for %u images, or for %u with center; RAM: room for %u, or %u: up to "
           "IMAGES=%u\n",
           arena, most(arena, 0, 0, real_bytes), most(arena, 0, 1, real_bytes), most(ram, 1, 0, real_bytes),
           most(ram, 1, 1, real_bytes),
           most(ram, 1, arena >= arena_for((uint32_t)labels, 1, real_bytes), real_bytes));
    return 0;
}
