// Measures how often an initial weight in f32 differs from numpy's weight rounded to float: f32 uses a
// shorter logarithm. This is too rare to count, so it is estimated from the differences of the doubles.
// Prints the figures of docs/DESIGN.md. scripts/check-math.sh runs it.
#include "nnkernel/topology.h"
#include "normals.h"
#include <math.h>
#include <stdio.h>

enum { PAIRS = 20000000, SEED = 1 };

int main(void) {
    nnk_random random;
    nnk_random_seed(&random, SEED);
    double doubles = 0, floats = 0;
    for (int i = 0; i < PAIRS; i++) {
        nnk_points p;
        double exact[2], quick[2];
        nnk_draw_points(&random, &p, 1);
        nnk_normals_of(&p, 1, exact, nnk_exact_log);
        nnk_normals_of(&p, 1, quick, nnk_log_by_squaring);
        for (int n = 0; n < 2; n++) {
            // The two doubles round to different floats with a probability of their distance / the spacing of
            // floats.
            doubles += exact[n] != quick[n];
            floats += fabs(exact[n] - quick[n]) / ldexp(1, ilogb(exact[n]) - 23);
        }
    }
    doubles /= 2.0 * PAIRS;
    floats /= 2.0 * PAIRS;
    const double networks = 1 / (floats * nnk_parameter_count(&nnk_deep));
    printf("f32 weights: 1 in %.0f differs as a double, 1 in %.1e as a float; 1 in %.1e networks has such a "
           "float\n",
           1 / doubles, 1 / floats, networks);
    return doubles < 1.5e-3 && floats < 1e-11 ? 0 : 1;
}
