// Mistakes that each tool of scripts/analyze.sh must find, before it is believed that it finds none
// elsewhere.
#include <stdint.h>
#include <stdlib.h>

uint32_t nnk_planted(uint32_t last);

uint32_t nnk_planted(uint32_t last) {
    uint32_t numbers[4], sum; // sum and one of the numbers have no value
    uint32_t *const more = malloc(sizeof numbers);
    for (uint32_t i = 0; i < 3; i++) numbers[i] = last;
    for (uint32_t i = 0; i <= 4; i++)
        sum += numbers[i] + more[i]; // there is no fifth number, and no memory perhaps
    return sum > last;
}

int main(int argc, char **argv) { return argv[0] && nnk_planted((uint32_t)argc) ? 2 : 3; }
