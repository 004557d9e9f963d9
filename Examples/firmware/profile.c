#include "profile.h"
#if PROFILE
#include "console.h"

/// The phases are numbered as in checkpoints (docs/FORMAT.md); the call that begins a training is BEGINNING.
enum { BEGINNING = 31, PHASES };

static struct {
    uint32_t slices, longest, total; ///< the times in microseconds
    uint64_t bytes;
} phases[PHASES];

static uint32_t phase = BEGINNING, since;

void profile_begin(void) { since = board_microseconds(); }

void profile_slice(const void *arena) {
    const uint32_t now = board_microseconds(), took = now - since;
    phases[phase].slices++;
    phases[phase].total += took;
    if (took > phases[phase].longest) phases[phase].longest = took;
    phase = ((const nnk_trainer *)arena)->phase;
}

nnk_status profile_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out) {
    phases[phase].bytes += count;
    return card_image(context, example, offset, count, out);
}

static void print_field(const char *name, uint32_t n) {
    print(name);
    print_number(n);
}

void profile_print(void) {
    for (uint32_t p = 0; p < PHASES; p++) {
        if (phases[p].slices == 0) continue;
        print_field("profile: phase ", p);
        print_field(" slices ", phases[p].slices);
        print_field(" us ", phases[p].total);
        print_field(" longest ", phases[p].longest);
        print_field(" KiB ", (uint32_t)(phases[p].bytes >> 10));
        print("\n");
    }
}
#endif
