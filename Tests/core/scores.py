#!/usr/bin/env python3
"""Prints scores.h: what scikit-learn says of held-out logits, for test_judge.c, which draws the same logits.

    scores.py > scores.h
    scores.py --check      exit code 1 if scores.h differs in more than rounding
"""

import pathlib
import re
import sys

import numpy as np
from sklearn import calibration, metrics

# Examples, how far apart the classes are, steps of logits (0: none are tied), and the share of class 1 of 256.
SETS = [(5, 2.0, 0.0, 128), (60, 1.0, 0.0, 128), (209, 0.5, 0.25, 90), (1000, 3.0, 0.0, 200), (259, 0.0, 0.0, 100)]
THRESHOLDS = [-1.0, 0.0, 0.5, 2.0]


def random_bits_at(index):
    """random_bits_at of check.h for an array of indices."""
    with np.errstate(over="ignore"):
        z = np.asarray(index, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        return z ^ z >> np.uint64(31)


def draw(examples, distance, step, share):
    """Labels, and logits that are the sum of four uniform numbers and, for class 1, a distance."""
    bits = random_bits_at(np.arange(5 * examples) + 1).reshape(examples, 5)
    labels = (bits[:, 0] & np.uint64(255)) < np.uint64(share)
    uniform = (bits[:, 1:] >> np.uint64(11)).astype(float) * 2.0**-53
    logits = 2 * (uniform[:, 0] + uniform[:, 1] + uniform[:, 2] + uniform[:, 3] - 2)
    logits = logits + np.where(labels, distance, -distance)
    return labels.astype(int), np.round(logits / step) * step if step else logits


def rows():
    for examples, distance, step, share in SETS:
        y, z = draw(examples, distance, step, share)
        p = 1 / (1 + np.exp(-z))
        precision = [metrics.precision_score(y, z > t, zero_division=1) for t in THRESHOLDS]
        recall = [metrics.recall_score(y, z > t) for t in THRESHOLDS]
        a, b = calibration._sigmoid_calibration(z, y)
        yield [examples, distance, step, share], [
            metrics.accuracy_score(y, z > 0), metrics.log_loss(y, p), metrics.roc_auc_score(y, z),
            *precision, *recall], [-a, -b]


def text():
    out = ["// Made by scores.py with scikit-learn: do not edit.", "// clang-format off", "",
           f"static const double scores_thresholds[] = {{{', '.join(map(repr, THRESHOLDS))}}};", "",
           "/// The scores: accuracy, log loss and area, then precision and recall at each threshold.",
           "static const struct {", "    uint32_t examples;", "    double distance, step;", "    uint32_t share;",
           f"    double scores[{3 + 2 * len(THRESHOLDS)}], calibration[2];", "} scores_rows[] = {"]
    for draws, scores, fit in rows():
        out.append(f"    {{{', '.join(map(repr, draws))},")
        out.append(f"     {{{', '.join(f'{float(x):.15g}' for x in scores)}}},")
        out.append(f"     {{{', '.join(f'{float(x):.6g}' for x in fit)}}}}},")
    return "\n".join(out) + "\n};\n"


def numbers(of):
    return [float(x) for x in re.findall(r"-?\d[\d.e+-]*", of)]


if sys.argv[1:] == ["--check"]:
    old, new = numbers(pathlib.Path(__file__).with_suffix(".h").read_text()), numbers(text())
    same = len(old) == len(new) and all(abs(a - b) <= 1e-4 * max(1, abs(a)) for a, b in zip(old, new))
    sys.exit(None if same else "scores.h differs from what scores.py prints")
sys.stdout.write(text())
