#!/usr/bin/env python3
"""docs/SPEED.md from the answers of compare.py and kernels. scripts/bench.sh calls it.

speed.py FOLDER > SPEED.md        FOLDER: job.json, scaling.json, kernels.json, machine.json
"""

import json
import sys
from pathlib import Path

from compare import JOB, find, job_markdown, scaling_markdown

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
    """The answer of the program `kernels`."""

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
        """Of the peak, on the operations that are left when zeros are skipped."""
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
    "hidden_step",
    "bias_step",
    "dual_update",
]
EXPAND = ["input_gradient", "input_step"]


def figures(job, scaling, kernels):
    """The table of goals."""
    rows = []

    def figure(what, goal, value, reached, how):
        rows.append([what, goal, value, "yes" if reached else "**no**", how])

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
            how += f"; of the medians {medians:.1f} x"
            figure(f"whole job against {name}, {p}", f">= {goal} x", f"{ratio:.1f} x", ratio >= goal, how)

    times("PyTorch", 100)
    for p in PRECISIONS:
        ours, other = find(job["rows"], "SwiftNN, dual", p), find(job["rows"], "numpy, dual", p)
        training = ours["training_min"]
        figure(
            f"training against numpy, dual, {p}",
            ">= 4 x",
            f"{other['seconds_min'] / training:.1f} x",
            other["seconds_min"] >= 4 * training,
            f"{time(other['seconds_min'])} / {time(training)}, in process both, from images in memory to W1, on "
            "two threads where that is faster: the algebra is the same, all of it is the kernels' and how they are "
            "shared; of the medians "
            f"{other['seconds_median'] / ours['training_median']:.1f} x. Against ours as a whole process "
            f"{other['seconds_min'] / ours['seconds_min']:.1f} x",
        )
    predict, read = kernels.seconds("predict", "f32"), kernels.seconds("weights read", "f32")
    figure(
        "one image in process, f32, against reading its weights",
        "<= 1.4 x",
        f"{predict / read:.2f} x",
        predict <= 1.4 * read,
        f"{time(predict)} / {time(read)}",
    )
    for p in PRECISIONS:
        share = kernels.loop_share(p)
        figure(
            f"dual loop, {p}, of the peak without FMA",
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
            f"{time(torch['iteration_min'])} / {time(primal['iteration_min'])} an iteration; "
            "no dual algebra, all of it is the kernels'",
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
        ["kernel", "precision", "least", "median", "rate", "of peak"],
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
        ["phase", "where", "time", "share", "rate, of the peak"], ["---", "---", "---:", "---:", "---:"], rows
    )


def verdict(share):
    return (
        "so arithmetic bounds it" if share >= 0.6 else "so arithmetic does not bound it: there is room left"
    )


def process_text(job, p):
    ours = find(job["rows"], "SwiftNN, dual", p)
    names = ["start and end", "load", "setup", "loop", "finish"]
    parts = ", ".join(f"{name} {time(ours['parts'][name])}" for name in names)
    return (
        f"**The process, {p}**: {time(ours['seconds_min'])}, of which {parts}. `start and end` is spent "
        "outside of the command (linking, and the end of the process); `load` is HDF5; `finish` writes the "
        "model, down to the disk, and then evaluates it."
    )


def setup_text(kernels):
    normal, crc = kernels.row("initialize", "f64"), kernels.row("crc32", "f64")
    gram, madd = kernels.rate("gram_products", "f64"), kernels.row("peak, 16-bit multiply-add", "f64")
    share = gram / (madd["work"] / madd["seconds_min"]) if madd["work"] else 0
    of_peak = f", {percent(share)} of what the 16-bit multiply-add does, {verdict(share)}" if share else ""
    forward = [f"{percent(kernels.share('input_forward', p))} in {p}" for p in PRECISIONS]
    return (
        f"**Setup**: the Gram matrix is made at {gram / 1e9:.1f} G multiply-adds of bytes a second{of_peak}. "
        f"A normal number takes {time(normal['seconds_min'] / normal['work'])}: numpy's generator is serial "
        f"by definition. The checksum of the images runs at "
        f"{crc['work'] / crc['seconds_min'] / 1e9:.1f} GB/s. "
        f"`input_forward`, the product of W1 and the images, converts bytes on its way and reaches "
        f"{', '.join(forward)} of the peak."
    )


def loop_text(kernels, p):
    job, share = kernels.jobs[p], kernels.loop_share(p)
    update, none = kernels.row("dual_update", p), kernels.row("dual_update, no deltas", p)
    in_update = job["kernels"]["dual_update"]["seconds"] / job["seconds_with_clocks"]["loop"]
    return (
        f"**The loop, {p}**: {time(job['seconds']['loop'] / job['iterations'])} an iteration. "
        f"{percent(job['elements'])} of the elements of dZ1 are not zero; counted on these it runs at "
        f"{percent(share)} of the peak without FMA, {verdict(share)}. What stops it: a delta that is not zero "
        f"has a row of G to itself, as its neighbours are zero elsewhere, so every product loads an operand, "
        f"and every fourth a delta as well. With all of that in the first cache, such loads leave "
        f"{percent(kernels.share('peak, as dual_update loads', p))} of the peak; the update of P alone reaches "
        f"{percent(kernels.share('dual_update', p))}, listing deltas and short lists included "
        f"({time(none['seconds_min'])} of its {time(update['seconds_min'])} are spent before the first product). "
        f"It takes {percent(in_update)} of the loop; the layers above take the rest, short rows with every sum "
        f"over examples ended by a fixed tree. Skipping no more than whole columns of zeros would bring more "
        f"products a second, and take longer."
    )


def image_text(kernels, p):
    read, rate = kernels.row("weights read", p), kernels.rate("weights read", p)
    return (
        f"{p} {time(kernels.seconds('predict', p))}, reading its weights from the caches "
        f"{time(read['seconds_min'])} ({read['bytes'] / 1e6:.2f} MB at {rate / 1e9:.0f} GB/s)"
    )


def texts(job, kernels):
    """What bounds each phase, a paragraph each."""
    expand = [f"{percent(kernels.share('input_gradient', p))} of the peak in {p}" for p in PRECISIONS]
    return "\n\n".join(
        [process_text(job, p) for p in PRECISIONS]
        + [setup_text(kernels)]
        + [loop_text(kernels, p) for p in PRECISIONS]
        + [f"**Writing W1** (`expand`): `input_gradient` at {', '.join(expand)}."]
        + [f"**One image**: {'; '.join(image_text(kernels, p) for p in PRECISIONS)}."]
    )


def main():
    folder = Path(sys.argv[1])
    job, scaling, answer, machine = (
        json.loads((folder / f"{name}.json").read_text()) for name in ["job", "scaling", "kernels", "machine"]
    )
    kernels = Kernels(answer)
    data = "drawings of `nn-cli dataset synth`" if job["drawn"] else "the seed document's data"
    quick = (
        " **This was a quick run, to see whether it works: the figures mean nothing.**"
        if machine["quick"]
        else ""
    )
    examples = kernels.jobs["f64"]["examples"]
    print(f"""# Speed

Written by `scripts/bench.sh` on {machine["date"]}, in {machine["minutes"]:.1f} minutes; not edited.{quick}

{table(["machine", ""], ["---", "---"], machine["rows"])}

## Figures

{figures(job, scaling, kernels)}

Times are the least of all runs. The whole job is `nn-cli train` as a process, from its start until it has
ended with the model on disk; of the others, the training alone counts, with images loaded and scaled and
initial weights drawn; ours in process draws them in its time. Two
factors make a ratio to PyTorch: what the dual algebra gives by itself, measured with numpy, and what the
kernels add.

## The same job

12288-20-7-5-1, {examples} images ({data}), {job["iterations"]} iterations, rate 0.0075,
seed 1; {job["rounds"]} rounds through all of them, five runs a round of the short ones.

{job_markdown(job)}

PyTorch is the fastest of three ways in a race of 200 iterations: by hand with examples as columns or as rows
(in place, without a graph), and modules with autograd and SGD. numpy's dual is the faster of one and two
threads. The seed's algorithm also forms the gradient of the images, as its document does. FANN has no ReLU
and no cross-entropy: it runs sigmoids and the squared error, with weights of its own, which is the same work,
on one thread; few iterations, scaled up.

## Scaling

Synthetic images; an iteration of the loop, in milliseconds, and whole jobs of {JOB} iterations: what comes
before and after the loop, measured, and the loop, scaled up from fewer iterations. The dual's loop depends on
how many deltas are zero, which changes as training goes on.

{scaling_markdown(scaling)}

## Kernels

One thread. The peak is s = s c + d, a multiplication and an addition each, in registers; no FMA, because that
would round otherwise. `dual_update` has as many deltas that
are not zero as the loop has on average.

{kernel_table(kernels)}

## Phases

A dual job in process, on one thread, with a clock around every kernel (which slows the loop a little).

{phases(kernels)}

{texts(job, kernels)}""")


if __name__ == "__main__":
    main()
