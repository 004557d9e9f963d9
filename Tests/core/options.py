#!/usr/bin/env python3
"""Prints options.h: what trainings with options must give. Plain gradient descent in f64 on the changed images, which
exist here as arrays.

    options.py > options.h
    options.py --check      exit code 1 if options.h differs in more than rounding

The images are those of drawn_photos (jobs.h), the initial weights numpy's.
"""

import pathlib
import re
import sys
import zlib

import numpy as np

TOPOLOGIES = [  # those of jobs.h, then one more; a picture's row and pixel in bytes
    ([10, 4, 3, 1], (5, 1)),
    ([13, 1], (13, 1)),
    ([192, 5, 1], (24, 3)),
    ([9, 6, 5, 4, 5, 4, 3, 1], (9, 3)),
    ([400, 20, 7, 5, 1], (20, 1)),
    ([768, 12, 4, 1], (48, 3)),
]
EXAMPLES = 24
ITERATIONS = 60
START_ITERATIONS = 20
COST_EVERY = 10
SHOWN = [0, 30, 50]  # iterations whose costs are in the table
LOGITS = 3
RATE = 0.05
DECAY = 0.25
SEED = 3
START_SEED = 4
# Letters: c centred, o own contrast, m mirrored, w weights, d decay, s started from a model.
OPTIONS = ["", "c", "o", "co", "m", "cm", "w", "cw", "d", "cd", "s", "cs", "cos", "comwd", "comwds"]


def random_bits_at(index):
    """random_bits_at of check.h for an array of indices."""
    with np.errstate(over="ignore"):
        z = np.asarray(index, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        return z ^ z >> np.uint64(31)


def drawn_photos(size):
    """drawn_photos of jobs.h: images (examples x size bytes) and labels."""
    own = random_bits_at(np.arange(EXAMPLES) + 1)[:, None]
    pixels = random_bits_at(EXAMPLES + 1 + np.arange(EXAMPLES * size).reshape(EXAMPLES, size))
    low, contrast = own & np.uint64(127), own >> np.uint64(8) & np.uint64(127)
    contrast[2] = 0
    images = low + (contrast * (pixels & np.uint64(255)) >> np.uint64(8))
    return images.astype(np.uint8), (own[:, 0] >> np.uint64(32) & np.uint64(1)).astype(np.uint8)


def initial(sizes, seed):
    random, layers = np.random.RandomState(seed), []
    for inputs, outputs in zip(sizes, sizes[1:]):
        w = random.randn(outputs, inputs)
        layers.append((w * 0.01 if len(sizes) <= 3 else w / np.sqrt(inputs), np.zeros((outputs, 1))))
    return layers


def own_contrast_off(x):
    """Each column's mean off; then divided by its standard deviation, unless that is zero."""
    flat = x.max(0) == x.min(0)
    x = np.where(flat, 0, x - x.mean(0))  # the mean of equal numbers may be rounded
    return x / np.where(flat, 1, np.sqrt((x**2).mean(0)))


def forward(layers, a):
    """The pre-activations of all layers."""
    z = []
    for w, b in layers:
        z.append(w @ a + b)
        a = np.maximum(z[-1], 0)
    return z


def cross_entropies(z, y):
    return np.logaddexp(0, np.where(y == 1, -z, z))


def descend(layers, x, y, weights, decay, iterations, watch=lambda iteration, layers: None):
    """Gradient descent; columns of x are the examples. The gradient is divided by the sum of their weights."""
    for iteration in range(iterations + 1):
        watch(iteration, layers)
        if iteration == iterations:
            return layers
        z = forward(layers, x)
        dz, changed = weights * (1 / (1 + np.exp(-z[-1])) - y) / weights.sum(), []
        for l in reversed(range(len(layers))):
            w, b = layers[l]
            below = np.maximum(z[l - 1], 0) if l else x
            changed.append((w - RATE * (dz @ below.T + decay * w), b - RATE * dz.sum(1, keepdims=True)))
            dz = (w.T @ dz) * (z[l - 1] > 0) if l else None
        layers = changed[::-1]


def train(sizes, mirror, options):
    """Costs and held-out costs at the iterations SHOWN, the iteration whose held-out cost is the lowest, and logits."""
    images, y = drawn_photos(sizes[0])
    m = len(images)
    if "m" in options:
        row, pixel = mirror
        flipped = images.reshape(m, -1, row // pixel, pixel)[:, :, ::-1].reshape(m, -1)
        images, y = np.concatenate([images, flipped]), np.concatenate([y, y])
    x = images.T / 255
    if "o" in options:
        x = own_contrast_off(x)
    weights = np.arange(len(y)) % m % 4 / 2 if "w" in options else np.ones(len(y))
    layers = initial(sizes, SEED)
    if "s" in options:
        layers = descend(initial(sizes, START_SEED), x[:, :m], y[:m], np.ones(m), 0, START_ITERATIONS)
    mean = x.mean(1, keepdims=True) if "c" in options else np.zeros((len(x), 1))
    if "s" in options:
        layers[0] = layers[0][0], layers[0][1] + layers[0][0] @ mean

    costs, held_out = {}, {}

    def watch(iteration, layers):
        if iteration % COST_EVERY or iteration == ITERATIONS:
            return
        c = cross_entropies(forward(layers, x - mean)[-1][0], y)
        costs[iteration] = c @ weights / weights.sum()
        held_out[iteration] = c[weights == 0].mean() if "w" in options else 0.0

    decay = DECAY if "d" in options else 0
    layers = descend(layers, x - mean, y, weights, decay, ITERATIONS, watch)
    best = min(held_out, key=held_out.get)
    logits = forward(layers, x - mean)[-1][0][:LOGITS]
    return [costs[i] for i in SHOWN], [held_out[i] for i in SHOWN], best, logits


def rows(number):
    sizes, mirror = TOPOLOGIES[number]
    for options in OPTIONS:
        costs, held_out, best, logits = train(sizes, mirror, options)
        numbers = ["{" + ", ".join(f"{x:.12e}" for x in some) + "}" for some in (costs, held_out, logits)]
        flags = ", ".join(str(int(letter in options)) for letter in "comwds")
        yield f"    {{{number}, {flags}, {best},\n     {numbers[0]},\n     {numbers[1]},\n     {numbers[2]}}},"


def header():
    lists = [", ".join(map(str, sizes)) for sizes, _ in TOPOLOGIES]
    crcs = [zlib.crc32(drawn_photos(sizes[0])[0].tobytes()) for sizes, _ in TOPOLOGIES]
    layers = [len(sizes) - 1 for sizes, _ in TOPOLOGIES]
    mirrors = [mirror for _, mirror in TOPOLOGIES]
    table = [f"    {{{{{n}, {{{s}}}}}, {r}, {p}, 0x{c:08x}}}," for n, s, (r, p), c in zip(layers, lists, mirrors, crcs)]
    lines = [
        "/// Printed by options.py: what trainings with options give in f64, by gradient descent on images that were",
        "/// changed beforehand.",
        "///",
        "/// The images are drawn_photos(topology, OPTIONS_EXAMPLES). Example j has the weight j % 4 / 2, so those of",
        "/// weight 0 are held out. The model to start from is a job with OPTIONS_START_SEED and",
        "/// OPTIONS_START_ITERATIONS and without options, except own contrast, which is as in the row.",
        "///",
        "/// Image 2 has no contrast. With own contrast alone layer 1 gives exactly 0 at first, so ReLU is",
        "/// off, and rounding must not switch it on.",
        "#ifndef OPTIONS_H",
        "#define OPTIONS_H",
        "",
        '#include "nnkernel/topology.h"',
        "",
        f"#define OPTIONS_EXAMPLES         {EXAMPLES}",
        f"#define OPTIONS_ITERATIONS       {ITERATIONS}",
        f"#define OPTIONS_COST_EVERY       {COST_EVERY}",
        f"#define OPTIONS_RATE             {RATE}",
        f"#define OPTIONS_DECAY            {DECAY}",
        f"#define OPTIONS_SEED             {SEED}",
        f"#define OPTIONS_START_SEED       {START_SEED}",
        f"#define OPTIONS_START_ITERATIONS {START_ITERATIONS}",
        "",
        "// clang-format off",
        "/// The networks, a row and a pixel of their mirrored pictures in bytes, and the CRC-32 of all images.",
        "static const struct {",
        "    nnk_topology topology;",
        "    uint32_t row_bytes, pixel_bytes, images_crc;",
        "} options_networks[] = {",
        *table,
        "};",
        "",
        "/// The iterations of the costs below.",
        f"static const uint32_t options_shown[{len(SHOWN)}] = {{{', '.join(map(str, SHOWN))}}};",
        "",
        "/// For each network and each set of options.",
        "static const struct {",
        "    uint8_t network; ///< of options_networks",
        "    bool centered, own_contrast, mirrored, weights, decay, started;",
        "    uint32_t best; ///< of the costs 0, OPTIONS_COST_EVERY, ... below OPTIONS_ITERATIONS: the lowest held out",
        f"    double costs[{len(SHOWN)}], held_out_costs[{len(SHOWN)}]; ///< after options_shown iterations",
        f"    double logits[{LOGITS}]; ///< the written model's for images 0, 1 and 2",
        "} options_rows[] = {",
        *(row for number in range(len(TOPOLOGIES)) for row in rows(number)),
        "};",
        "// clang-format on",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


REAL = r"-?\d\.\d{12}e[-+]\d\d"


def same(a, b):
    """Whether two texts are equal but for the last digits of their reals, which depend on how products are summed."""
    reals = [np.array(re.findall(REAL, text), float) for text in (a, b)]
    return re.sub(REAL, "", a) == re.sub(REAL, "", b) and np.allclose(*reals, rtol=1e-10, atol=1e-11)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if not same((pathlib.Path(__file__).parent / "options.h").read_text(), header()):
            sys.exit("options.h is not what options.py prints")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        sys.stdout.write(header())
