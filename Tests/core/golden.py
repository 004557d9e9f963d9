#!/usr/bin/env python3
"""Prints golden.h: numpy's random numbers and initial weights, for test_random.c, and these weights quantized
to i8, for test_i8.c.

    golden.py > golden.h
    golden.py --check       exit code 1 if golden.h differs

numpy uses the logarithm of the C library, so run this on Linux with glibc, on a processor with fused
multiply-add. Elsewhere, about one normal in a thousand differs in its last bit.
"""

import pathlib
import sys
import zlib

import numpy as np

SEQUENCE_SEEDS = [0, 1, 2, 12345, 2**32 - 1]
WEIGHT_SEEDS = [1, 2, 12345]
COUNT = 10001  # odd, so that half a pair of normals is left; more than 16 times the generator's 624 words
DEEP = [12288, 20, 7, 5, 1]
TWO_LAYER = [12288, 7, 1]


def crc(array, dtype):
    return f"0x{zlib.crc32(np.ascontiguousarray(array, dtype=dtype).tobytes()):08x}"


def initial_parameters(seed, sizes, scaled):
    """W1, b1, W2, b2, ... drawn layer by layer from one generator."""
    np.random.seed(seed)
    parts = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        parts.append(scaled(np.random.randn(outputs, inputs), inputs).ravel())
        parts.append(np.zeros(outputs))
    return np.concatenate(parts)


def sequences(seed):
    words = np.random.RandomState(seed)._bit_generator.random_raw(COUNT)
    np.random.seed(seed)
    uniforms = np.random.random_sample(COUNT)
    np.random.seed(seed)
    normals = np.random.randn(COUNT)
    # A uniform drawn between the two normals of a pair does not discard the second normal.
    between, spare = np.random.random_sample(), np.random.randn()
    return (
        f"    {{{seed}u, {crc(words, '<u4')}, {crc(uniforms, '<f8')}, {crc(normals, '<f8')},\n"
        f"     {words[0]}u, {uniforms[0].hex()}, {normals[0].hex()}, {between.hex()}, {spare.hex()}}},"
    )


def weights(seed):
    deep = initial_parameters(seed, DEEP, lambda w, inputs: w / np.sqrt(inputs))
    small = initial_parameters(seed, TWO_LAYER, lambda w, inputs: w * 0.01)
    return (
        f"    {{{seed}u, {crc(deep, '<f8')}, {crc(deep, '<f4')}, "
        f"{crc(small, '<f8')}, {crc(small, '<f4')}}},"
    )


def quantized(parameters, sizes):
    """The parameters of an i8 model as in docs/FORMAT.md: scales, b1, W2, b2, ... as float, then W1 as int8."""
    inputs, units = sizes[:2]
    w = parameters[: inputs * units].reshape(units, inputs)
    scale = (np.abs(w).max(axis=1) / 127).astype("<f4")
    steps = np.rint(w / scale.astype("<f8")[:, None]).astype("i1")
    floats = np.concatenate([scale, parameters[inputs * units :].astype("<f4")])
    return np.frombuffer(floats.tobytes() + steps.tobytes(), "u1")


def weights_as_bytes(seed):
    crcs = []
    for sizes, scaled in [(DEEP, lambda w, inputs: w / np.sqrt(inputs)), (TWO_LAYER, lambda w, inputs: w * 0.01)]:
        double = initial_parameters(seed, sizes, scaled)
        single = double.astype("<f4").astype("<f8")
        crcs += [crc(quantized(double, sizes), "u1"), crc(quantized(single, sizes), "u1")]
    return f"    {{{seed}u, {', '.join(crcs)}}},"


def header():
    lines = [
        "/// Printed by golden.py: numpy's random numbers. Each CRC-32 is of little-endian numbers.",
        "#ifndef GOLDEN_H",
        "#define GOLDEN_H",
        "",
        "#include <stdint.h>",
        "",
        f"#define GOLDEN_COUNT {COUNT}",
        "",
        "// clang-format off",
        "/// After seed(seed): CRC-32 of GOLDEN_COUNT words, uniforms and normals; the first of each;",
        "/// then a uniform and a normal, drawn after the normals.",
        "static const struct {",
        "    uint32_t seed, words_crc, uniforms_crc, normals_crc;",
        "    uint32_t word;",
        "    double uniform, normal, between, spare;",
        "} golden_sequences[] = {",
        *map(sequences, SEQUENCE_SEEDS),
        "};",
        "",
        "/// CRC-32 of all initial parameters, W1, b1, W2, b2, ..., as double and as float.",
        "static const struct {",
        "    uint32_t seed, deep_f64, deep_f32, two_layer_f64, two_layer_f32;",
        "} golden_weights[] = {",
        *map(weights, WEIGHT_SEEDS),
        "};",
        "",
        "/// CRC-32 of the same parameters quantized to i8 (a payload without names), from double and from float.",
        "static const struct {",
        "    uint32_t seed, deep_f64, deep_f32, two_layer_f64, two_layer_f32;",
        "} golden_bytes[] = {",
        *map(weights_as_bytes, WEIGHT_SEEDS),
        "};",
        "// clang-format on",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


if sys.argv[1:] == ["--check"]:
    if (pathlib.Path(__file__).parent / "golden.h").read_text() != header():
        sys.exit("golden.h is not what golden.py prints")
elif sys.argv[1:]:
    sys.exit(__doc__)
else:
    sys.stdout.write(header())
