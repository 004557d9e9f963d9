#!/usr/bin/env python3
"""Prints docs/SPEED.md from the results of compare.py and kernels. scripts/bench.sh calls it.

speed.py FOLDER > SPEED.md        FOLDER has job.json, scaling.json, many.json, kernels.json, machine.json
"""

import json
import sys
from pathlib import Path

from compare import (
    IN_TURN,
    JOB,
    NN_CLI,
    SHARED,
    SHARED_COSTS,
    find,
    job_markdown,
    many_markdown,
    scaling_markdown,
)

PRECISIONS = ["f32", "f64"]


def table(head, align, rows):
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in [head, align, *rows])


def percent(x):
    return f"{100 * x:.0f} %"


def time(seconds):
    for unit, size in [("s", 1), ("ms", 1e-3), ("us", 1e-6)]:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


class Kernels:
    """The results of the program `kernels`."""

    def __init__(self, answer):
        self.rows, self.jobs = answer["kernels"], {job["precision"]: job for job in answer["jobs"]}

    def row(self, name, precision):
        return find(self.rows, name, precision)

    def seconds(self, name, precision):
        return self.row(name, precision)["seconds_min"]

    def rate(self, name, precision):
        row = self.row(name, precision)
        return row["work"] / row["seconds_min"]

    def peak(self, precision):
        return self.rate("peak", precision)

    def share(self, name, precision):
        return self.rate(name, precision) / self.peak(precision)

    def loop_operations(self, precision):
        kernels = self.jobs[precision]["kernels"]
        return sum(kernels[name]["operations"] for name in LOOP)

    def loop_share(self, precision):
        """The loop's share of the peak, counting only the operations that are left when zeros are skipped."""
        return (
            self.loop_operations(precision) / self.jobs[precision]["seconds"]["loop"] / self.peak(precision)
        )


SETUP = ["initialize", "gram_products", "input_forward"]
LOOP = [
    "dual_logits",
    "linear_forward",
    "relu",
    "logit_cost",
    "logit_backward",
    "hidden_update",
    "bias_update",
    "dual_update",
]
EXPAND = ["input_gradient", "input_update"]


def figures(job, scaling, many, kernels):
    """The table of figures and goals. `reached` is None where there is no goal."""
    rows = []

    def figure(what, goal, value, reached, how):
        rows.append([what, goal, value, {None: "-", True: "yes", False: "**no**"}[reached], how])

    def times(name, goal):
        for p in PRECISIONS:
            ours, other = find(job["rows"], "SwiftNN, dual", p), find(job["rows"], name, p)
            algebra, torch = find(job["rows"], "numpy, dual", p), find(job["rows"], "PyTorch", p)
            ratio = other["seconds_min"] / ours["seconds_min"]
            idea, rest = (
                torch["seconds_min"] / algebra["seconds_min"],
                algebra["seconds_min"] / ours["seconds_min"],
            )
            medians = other["seconds_median"] / ours["seconds_median"]
            how = f"{time(other['seconds_min'])} / {time(ours['seconds_min'])}"
            how += f" = {idea:.1f} (the dual algebra) x {rest:.1f} (the kernels)"
            how += f"; ratio of the medians {medians:.1f} x"
            figure(f"whole job against {name}, {p}", f">= {goal} x", f"{ratio:.1f} x", ratio >= goal, how)

    times("PyTorch", 100)
    for p in PRECISIONS:
        ours, other = find(job["rows"], "SwiftNN, dual", p), find(job["rows"], "numpy, dual", p)
        training = ours["training_min"]
        figure(
            f"training against numpy, dual, {p}",
            "-",
            f"{other['seconds_min'] / training:.1f} x",
            None,
            f"{time(other['seconds_min'])} / {time(training)}, both in process, from images in memory to W1 "
            "in memory: the algebra is the same, so the ratio is that of the kernels; ratio of the medians "
            f"{other['seconds_median'] / ours['training_median']:.1f} x; to SwiftNN as a whole process "
            f"{other['seconds_min'] / ours['seconds_min']:.1f} x",
        )
    predict, read = kernels.seconds("predict", "f32"), kernels.seconds("weights read", "f32")
    figure(
        "one image in process, f32, against reading the weights",
        "<= 1.4 x",
        f"{predict / read:.2f} x",
        predict <= 1.4 * read,
        f"{time(predict)} / {time(read)}",
    )
    for p in PRECISIONS:
        share = kernels.loop_share(p)
        figure(
            f"dual loop, {p}, share of the peak without FMA",
            ">= 60 %",
            percent(share),
            share >= 0.6,
            f"{kernels.loop_operations(p) / kernels.jobs[p]['seconds']['loop'] / 1e9:.1f} of "
            f"{kernels.peak(p) / 1e9:.1f} GFLOP/s, one thread",
        )
    most = max(row["examples"] for row in scaling["rows"])
    for p in PRECISIONS:
        primal, torch = (find(scaling["rows"], n, p, examples=most) for n in ["SwiftNN, primal", "PyTorch"])
        ratio = torch["iteration_min"] / primal["iteration_min"]
        figure(
            f"primal against PyTorch, {most} images, {p}",
            ">= 1.5 x",
            f"{ratio:.2f} x",
            ratio >= 1.5,
            f"{time(torch['iteration_min'])} / {time(primal['iteration_min'])} per iteration; "
            "no dual algebra, so the ratio is that of the kernels",
        )
    for name, goal in [("PyTorch", 200), (NN_CLI, 2.5)]:
        for row in many["rows"]:
            if row["name"] != name:
                continue
            shared = find(many["rows"], SHARED, row["precision"], split=row["split"])
            figure(
                f"networks per second, {row['split']}, {row['precision']}, against {name}",
                f">= {goal} x",
                f"{row['ratio']:.3g} x",
                row["ratio"] >= goal,
                f"{time(row['seconds_median'])} / {time(shared['seconds_median'])} per network, medians; the "
                "ratio is the median of those within one round",
            )
    ours, torch = find(job["rows"], "SwiftNN, dual", "f64"), find(job["rows"], "PyTorch", "f64")
    apart = abs(ours["final_cost"][1] - torch["final_cost"][1])
    figure("final cost against PyTorch, f64", "<= 1e-6 apart", f"{apart:.1e}", apart <= 1e-6, "the same job")
    seconds = job["predict"]["seconds_min"]
    figure(
        "`nn-cli predict image.bin`, whole process",
        "< 10 ms",
        time(seconds),
        seconds < 0.01,
        f"median {time(job['predict']['seconds_median'])}, {job['predict']['peak_bytes'] / 1e6:.0f} MB",
    )
    return table(["what", "goal", "measured", "reached", "how"], ["---", "---", "---:", "---", "---"], rows)


def kernel_table(kernels):
    rows = []
    for row in kernels.rows:
        unit, rate, share = row["unit"], "-", "-"
        if row["work"]:
            rate = row["work"] / row["seconds_min"]
            against = {"flop": "peak", "multiply-add": "peak, 16-bit multiply-add"}.get(unit)
            yardstick = kernels.rate(against, row["precision"]) if against else 0
            share = percent(rate / yardstick) if yardstick else "-"
            rate = f"{rate / 1e9:.3g} G{unit}/s"
        rows.append(
            [
                row["name"],
                row["precision"],
                time(row["seconds_min"]),
                time(row["seconds_median"]),
                rate,
                share,
            ]
        )
    return table(
        ["kernel", "precision", "minimum", "median", "rate", "share of peak"],
        ["---", "---", "---:", "---:", "---:", "---:"],
        rows,
    )


def phase_table(kernels, precision, names, phase):
    job = kernels.jobs[precision]
    total, rows = job["seconds_with_clocks"][phase], []
    for name in sorted(names, key=lambda n: -job["kernels"][n]["seconds"]):
        kernel = job["kernels"][name]
        rows.append([f"`{name}`", kernel["seconds"], kernel["operations"] if name != "gram_products" else 0])
    known = sum(row[1] for row in rows)
    total = max(total, known)
    rows.append(["everything else", total - known, 0])
    return [
        [
            f"{phase}, {precision}",
            name,
            time(seconds) if seconds else "0 s",
            percent(seconds / total),
            (
                f"{count / seconds / 1e9:.1f} GFLOP/s, {percent(count / seconds / kernels.peak(precision))}"
                if count
                else "-"
            ),
        ]
        for name, seconds, count in rows
        if seconds / total >= 0.02
    ]


def phases(kernels):
    rows = [
        row
        for p in PRECISIONS
        for names, phase in [(SETUP, "setup"), (LOOP, "loop"), (EXPAND, "expand")]
        for row in phase_table(kernels, p, names, phase)
    ]
    return table(
        ["phase", "kernel", "time", "share of phase", "rate, share of peak"],
        ["---", "---", "---:", "---:", "---:"],
        rows,
    )


def verdict(share):
    return (
        "so arithmetic limits it" if share >= 0.6 else "so arithmetic does not limit it: there is room left"
    )


def process_text(job, p):
    ours = find(job["rows"], "SwiftNN, dual", p)
    names = ["start and end", "load", "setup", "loop", "finish"]
    parts = ", ".join(f"{name} {time(ours['parts'][name])}" for name in names)
    return (
        f"**The process, {p}**: {time(ours['seconds_min'])}, of which {parts}. `start and end` is spent "
        "outside the command (dynamic linking and the end of the process); `load` reads the HDF5 file; "
        "`finish` writes the model to disk and then evaluates it."
    )


def setup_text(kernels):
    normal, crc = kernels.row("initialize", "f64"), kernels.row("crc32", "f64")
    gram, madd = kernels.rate("gram_products", "f64"), kernels.row("peak, 16-bit multiply-add", "f64")
    share = gram / (madd["work"] / madd["seconds_min"]) if madd["work"] else 0
    of_peak = f", {percent(share)} of the peak of 16-bit multiply-adds, {verdict(share)}" if share else ""
    forward = [f"{percent(kernels.share('input_forward', p))} in {p}" for p in PRECISIONS]
    return (
        f"**Setup**: the Gram matrix is computed at {gram / 1e9:.1f} G multiply-adds of bytes per second"
        f"{of_peak}. A normal random number takes {time(normal['seconds_min'] / normal['work'])}: numpy's "
        f"generator is serial by definition. The checksum of the images runs at "
        f"{crc['work'] / crc['seconds_min'] / 1e9:.1f} GB/s. "
        f"`input_forward`, the product of W1 and the images, also converts the bytes, and reaches "
        f"{', '.join(forward)} of the peak."
    )


def loop_text(kernels, p):
    job, share = kernels.jobs[p], kernels.loop_share(p)
    update, none = kernels.row("dual_update", p), kernels.row("dual_update, no deltas", p)
    in_update = job["kernels"]["dual_update"]["seconds"] / job["seconds_with_clocks"]["loop"]
    return (
        f"**The loop, {p}**: {time(job['seconds']['loop'] / job['iterations'])} per iteration. "
        f"{percent(job['elements'])} of the elements of dZ1 are not zero. Counting only these, the loop "
        f"reaches {percent(share)} of the peak without FMA, {verdict(share)}. Loads limit it: units have their "
        f"non-zero deltas at different examples, so they cannot share a row of G. Every product loads an "
        f"operand, and every fourth product a delta as well. With all operands in the first-level cache, "
        f"products with such loads reach {percent(kernels.share('peak, as dual_update loads', p))} of the peak; "
        f"the update of P alone reaches {percent(kernels.share('dual_update', p))}, including the listing of "
        f"deltas and the cost of short lists ({time(none['seconds_min'])} of its "
        f"{time(update['seconds_min'])} are spent before the first product). The update takes "
        f"{percent(in_update)} of the loop. The layers above take the rest: their rows are short, and each sum "
        f"over examples ends with a fixed tree of additions. Skipping only columns that are zero throughout "
        f"would give more products per second, but take longer."
    )


def image_text(kernels, p):
    read, rate = kernels.row("weights read", p), kernels.rate("weights read", p)
    return (
        f"{p} {time(kernels.seconds('predict', p))}; reading the weights from the caches takes "
        f"{time(read['seconds_min'])} ({read['bytes'] / 1e6:.2f} MB at {rate / 1e9:.0f} GB/s)"
    )


def texts(job, kernels):
    """One paragraph per phase: what limits it."""
    expand = [f"{percent(kernels.share('input_gradient', p))} of the peak in {p}" for p in PRECISIONS]
    return "\n\n".join(
        [process_text(job, p) for p in PRECISIONS]
        + [setup_text(kernels)]
        + [loop_text(kernels, p) for p in PRECISIONS]
        + [f"**Writing W1** (`expand`): `input_gradient` reaches {', '.join(expand)}."]
        + [f"**One image**: {'; '.join(image_text(kernels, p) for p in PRECISIONS)}."]
    )


def many_text(many, p):
    """Where the time of a network goes, and what sharing saves."""
    shared = find(many["rows"], SHARED, p, split=many["rows"][0]["split"])
    in_turn, costs = (find(many["rows"], n, p, split=shared["split"]) for n in [IN_TURN, SHARED_COSTS])
    names = ["setup", "loop", "expand", "finish", "evaluate"]
    parts = ", ".join(f"{name} {time(shared['parts'][name] / shared['networks'])}" for name in names)
    saved = 1 - costs["seconds_median"] / shared["seconds_median"]
    return (
        f"**One of many networks, {p}**: {parts}, on one thread, beside others. The Gram matrix takes "
        f"{time(shared['parts']['gram'])}, once. Without models, the networks take {percent(saved)} less. "
        f"In one process, but one network after the other and each with a Gram matrix of its own, they take "
        f"{in_turn['ratio']:.2f} times as long."
    )


def cost_text(many):
    """How far the costs of the first network are from PyTorch's, where both were computed last."""
    apart = []
    for p in PRECISIONS:
        ours, torch = (find(many["rows"], n, p, split=many["rows"][0]["split"]) for n in [SHARED, "PyTorch"])
        iteration, cost = torch["costs"][-1]
        apart.append(f"{abs(dict(map(tuple, ours['costs']))[iteration] - cost):.1e} in {p}")
    return f"After {iteration} iterations of the first network, its cost and PyTorch's are {', '.join(apart)} apart."


def main():
    folder = Path(sys.argv[1])
    job, scaling, many, answer, machine = (
        json.loads((folder / f"{name}.json").read_text())
        for name in ["job", "scaling", "many", "kernels", "machine"]
    )
    kernels = Kernels(answer)
    data = "drawings of `nn-cli dataset synth`" if job["drawn"] else "the seed document's data"
    quick = (
        " **This was a quick run, which only tests that the benchmark works: its figures mean nothing.**"
        if machine["quick"]
        else ""
    )
    examples = kernels.jobs["f64"]["examples"]
    print(f"""# Speed

How fast SwiftNN is, compared with PyTorch, scikit-learn, numpy and FANN, and what limits it. `scripts/bench.sh` wrote this
page on {machine["date"]}, in {machine["minutes"]:.1f} minutes; do not edit it by hand.{quick}

{table(["machine", ""], ["---", "---"], machine["rows"])}

## Figures

{figures(job, scaling, many, kernels)}

Times are the minimum of all runs. The whole job is `nn-cli train` as a process, from its start until it has
ended and the model is on disk. For the others, only the training is timed: their images are already loaded
and scaled, and their initial weights drawn. SwiftNN in process draws its weights within its time. A ratio to
PyTorch is the product of two factors: the gain of the dual algebra by itself, measured with numpy, and the
gain of the kernels.

## The same job

12288-20-7-5-1, {examples} images ({data}), {job["iterations"]} iterations, learning rate
0.0075, seed 1. Each of {job["rounds"]} rounds runs all contestants in turn, the short ones five times.

{job_markdown(job)}

PyTorch is the fastest of three programs in a race of 200 iterations: two written by hand, in place and
without a graph, with examples as columns or as rows, and one with modules, autograd and SGD. numpy's dual is
the faster of one and two threads. The seed's algorithm also computes the gradient of the images, as the seed
document does. FANN has no ReLU and no cross-entropy, so it uses sigmoids and the squared error, and draws
other weights; the work per iteration is the same. It runs on one thread, for a few iterations, and its time
is scaled up to the whole job.

## Scaling

On synthetic images: milliseconds per iteration of the loop, and seconds per whole job of {JOB} iterations.
The time of a job is the measured time before and after the loop, and the time of the loop, scaled up from fewer
iterations. The speed of the dual loop depends on how many deltas are zero, which changes during training.

{scaling_markdown(scaling)}

## Many networks

The networks of two cross-validations of the same images: 5 folds with 10 seeds, and every image left out
once. All of them are centred, and all else is as in the same job. The images of a fold have weight 0. Each of
{many["rounds"]} rounds runs all contestants in turn. The ratio is the median of those within one round.

{many_markdown(many)}

"One Gram matrix" is the program Benchmarks/many.c: it forms the Gram matrix once, and each of its threads takes
whole networks, writes their models into memory and classifies the held-out images with them. With the
held-out costs only, it makes no models. `nn-cli train --center` reads the data and forms a Gram matrix each
time, writes the model to disk and evaluates it; a fold is `--hold-out 0.2`. Of those that train one network
after the other, {many["networks_in_turn"]} networks are timed. PyTorch and scikit-learn train on the images that
are not held out, and only their training is timed. PyTorch is the fastest of the three programs above. Both
run in the faster of two ways: one network at a time on all threads, or a network per thread, in processes.
scikit-learn is MLPClassifier with the whole batch, SGD without momentum and without decay. It draws other
weights (Glorot's), computes the cost in every iteration, and checks and converts its input.
{cost_text(many)}

{chr(10).join(many_text(many, p) + chr(10) for p in PRECISIONS)}
## Kernels

Each kernel on one thread. The peak is s = s c + d in registers, one multiplication and one addition; FMA is
not used because it rounds differently. `dual_update` runs with as many non-zero deltas as the loop has on
average.

{kernel_table(kernels)}

## Phases

One dual job in process, on one thread, with a clock around every kernel, which slows the loop a little.

{phases(kernels)}

{texts(job, kernels)}""")


if __name__ == "__main__":
    main()
