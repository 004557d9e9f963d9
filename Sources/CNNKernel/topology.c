#include "layout.h"

const nnk_topology nnk_deep = {4, {12288, 20, 7, 5, 1}};
const nnk_topology nnk_two_layer = {2, {12288, 7, 1}};

int32_t nnk_topology_valid(const nnk_topology *t) {
    if (!t || t->layers < 1 || t->layers > NNK_MAX_LAYERS) return 0;
    for (int32_t l = 0; l <= t->layers; l++) {
        const int32_t most = l == 0 ? NNK_MAX_INPUTS : l < t->layers ? NNK_MAX_UNITS : 1;
        if (t->size[l] < 1 || t->size[l] > most) return 0;
    }
    return 1;
}

int32_t nnk_topology_equal(const nnk_topology *a, const nnk_topology *b) {
    if (!nnk_topology_valid(a) || !nnk_topology_valid(b) || a->layers != b->layers) return 0;
    for (int32_t l = 0; l <= a->layers; l++)
        if (a->size[l] != b->size[l]) return 0;
    return 1;
}

uint32_t nnk_parameters_of(const nnk_topology *t) {
    uint32_t count = 0;
    for (int32_t l = 1; l <= t->layers; l++) count += (uint32_t)t->size[l] * ((uint32_t)t->size[l - 1] + 1);
    return count;
}

uint32_t nnk_units_of(const nnk_topology *t) {
    uint32_t count = 0;
    for (int32_t l = 1; l <= t->layers; l++) count += (uint32_t)t->size[l];
    return count;
}

uint32_t nnk_parameter_count(const nnk_topology *t) {
    return nnk_topology_valid(t) ? nnk_parameters_of(t) : 0;
}

uint32_t nnk_unit_count(const nnk_topology *t) { return nnk_topology_valid(t) ? nnk_units_of(t) : 0; }
