#!/usr/bin/env python3
"""Runs the same training job with SwiftNN and with other programs, side by side.

    compare.py job        209 images, 12288-20-7-5-1, 2500 iterations: time, ratio, peak memory, final cost
    compare.py scaling    m = 50 ... 4096 synthetic images: dual, primal and PyTorch
    compare.py many       the networks of a cross-validation: how many are trained per second

Prints Markdown; --json FILE also writes the numbers. Each contestant runs in its own process. Each round runs
all contestants in turn, so that noise affects all alike. The minimum and the median time are kept.

The time of SwiftNN is that of the whole process, from its start until it has ended and the model is on disk.
The time of the others is that of the training alone, without start, imports, reading and scaling of images.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
THREADS = min(2, os.cpu_count() or 1)
TORCH = ["torch_columns", "torch_rows", "torch_autograd"]
EXAMPLES = [50, 100, 209, 1000, 4096]
PIXELS = 12288  # bytes of an image
JOB = 2500  # iterations of a whole job


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = Path(options.folder)

    def measure(self, command, threads=THREADS):
        """Runs a command. Returns the JSON that it prints, its wall time (s) and its peak memory (bytes)."""
        result = self.folder / f"measured-{threading.get_ident()}.json"
        names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
        env = {**os.environ, **dict.fromkeys(names, str(threads))}
        tool = [self.options.tools / "measure", result]
        done = subprocess.run(
            tool + command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if done.returncode:
            sys.exit(f"compare.py: {' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr}")
        measured = json.loads(result.read_text())
        return json.loads(done.stdout), measured["seconds"], measured["peak_bytes"]

    def ours(self, method, precision, data, iterations):
        command = [
            self.options.nn_cli,
            "train",
            "--train",
            data,
            "--method",
            method,
            "--precision",
            precision,
        ]
        command += ["--iterations", str(iterations), "--quiet", "--json", "-o", self.folder / "model.nnk"]
        answer, seconds, peak = self.measure(command)
        parts = {**answer["seconds"], "start and end": seconds - answer["seconds"]["total"]}
        return {"seconds": seconds, "peak": peak, "costs": answer["costs"], "parts": parts}

    def script(self, name, precision, data, iterations, threads=THREADS):
        command = [sys.executable, HERE / "contestants.py", name, precision, data, str(iterations)]
        answer, _, peak = self.measure(command, threads)
        return {"seconds": answer["seconds"], "peak": peak, "costs": answer["costs"]}

    def networks(self, name, precision, data, iterations, folds, threads):
        """Trains networks with a script, as many at once as there are processors for, with so many threads
        each. Returns the seconds of one whole job, divided by how many ran at once."""
        command = [sys.executable, HERE / "contestants.py", name, precision, data, str(iterations), str(folds)]
        at_once = THREADS // threads
        with ThreadPoolExecutor(at_once) as pool:
            answers = [a for a, _, _ in pool.map(lambda _: self.measure(command, threads), range(at_once))]
        seconds = max(answer["seconds"] for answer in answers) / at_once
        return {"seconds": seconds * self.options.iterations / iterations, "costs": answers[0]["costs"]}

    def fastest_networks(self, names, precision, data, iterations, folds):
        """The fastest way to train networks with these scripts: (name, threads of one network)."""
        ways = [(name, threads) for name in names for threads in sorted({1, THREADS})]
        times = {w: self.networks(w[0], precision, data, iterations, folds, w[1])["seconds"] for w in ways}
        best = min(ways, key=times.get)
        note(f"fastest in {precision}: {best[0]}, {THREADS // best[1]} at once, {best[1]} threads each")
        return best

    def many(self, how, precision, data, folds, seeds, most):
        """Runs the program `many`. Returns what it says, and the seconds of the process for one network."""
        command = [self.options.tools / "many", data, how, precision, THREADS, folds, seeds]
        answer, seconds, _ = self.measure([*map(str, [*command, self.options.iterations, most])])
        return {**answer, "seconds": seconds / answer["networks"]}

    def nn_cli_in_turn(self, precision, data, options, networks):
        """One `nn-cli train` after the other, each with another seed."""
        command = [self.options.nn_cli, "train", *(["--train", data] if data else []), "--center", *options]
        command += ["--precision", precision, "--iterations", str(self.options.iterations)]
        command += ["--quiet", "--json", "-o", self.folder / "model.nnk", "--seed"]
        seconds = sum(self.measure([*command, str(seed)])[1] for seed in range(1, networks + 1))
        return {"seconds": seconds / networks}

    def fann(self, precision, data, iterations):
        tool = self.options.tools / {"f32": "fann-float", "f64": "fann-double"}[precision]
        answer, _, peak = self.measure([tool, data, str(iterations)])
        return {"seconds": answer["seconds"], "peak": peak, "costs": []}

    def fastest(self, variants, precision, data, iterations, rounds=2):
        """The fastest of several variants (name, threads) of one contestant, found in a short race."""
        times = {v: [] for v in variants}
        for _ in range(rounds):
            for name, threads in variants:
                run = self.script(name, precision, data, iterations, threads)
                times[name, threads].append(run["seconds"])
        best = min(variants, key=lambda v: min(times[v]))
        note(f"fastest in {precision}: {best[0]}, {best[1]} threads")
        return best


def note(text):
    print(text, file=sys.stderr, flush=True)


def training(runs, best):
    """For SwiftNN: the parts of the best run, and the time from images in memory to W1 in memory."""
    times = [run["parts"]["setup"] + run["parts"]["loop"] for run in runs]
    return {
        "parts": best["parts"],
        "training_min": min(times),
        "training_median": statistics.median(times),
    }


def summary(row, runs, iterations):
    """The row with its times. The times of runs shorter than the job are scaled up to the job."""
    times = [run["seconds"] * iterations / row["iterations_run"] for run in runs]
    costs = runs[0]["costs"]
    best = min(runs, key=lambda run: run["seconds"])
    return {
        **row,
        "seconds_min": min(times),
        "seconds_median": statistics.median(times),
        "runs": len(runs),
        "peak_bytes": max(run["peak"] for run in runs),
        "final_cost": costs[-1] if costs else None,
        **(training(runs, best) if "parts" in best else {}),
    }


def interleaved(contestants, rounds):
    """One list of runs per contestant. A contestant is (label, function, runs per round)."""
    results = [[] for _ in contestants]
    for round in range(rounds):
        note(f"round {round + 1} of {rounds}")
        for (label, run, count), result in zip(contestants, results):
            result += [run() for _ in range(count)]
            note(f"  {label}: {result[-1]['seconds']:.3f} s")
    return results


def job(bench, data, raw):
    iterations, rounds = bench.options.iterations, bench.options.rounds
    rows, contestants = [], []
    whole = f"whole process, {os.cpu_count()} threads"

    def contestant(name, precision, what, run, times=1, count=iterations):
        rows.append({"name": name, "precision": precision, "what": what, "iterations_run": count})
        contestants.append((f"{name} {precision}", run, times))

    for p in ["f32", "f64"]:
        race = min(200, iterations)
        torch = bench.fastest([(name, THREADS) for name in TORCH], p, raw, race)
        dual = bench.fastest([("numpy_dual", 1), ("numpy_dual", THREADS)], p, raw, race)
        contestant("SwiftNN, dual", p, whole, lambda p=p: bench.ours("dual", p, data, iterations), 5)
        contestant("SwiftNN, primal", p, whole, lambda p=p: bench.ours("primal", p, data, iterations))
        contestant(
            "numpy, dual",
            p,
            f"training, {dual[1]} thread{'s' if dual[1] > 1 else ''}",
            lambda p=p, v=dual: bench.script(v[0], p, raw, iterations, v[1]),
            5,
        )
        contestant(
            "numpy, seed's algorithm",
            p,
            f"training, {THREADS} threads",
            lambda p=p: bench.script("numpy_seed", p, raw, iterations),
        )
        contestant(
            "PyTorch",
            p,
            f"training loop ({torch[0].removeprefix('torch_')}), {THREADS} threads",
            lambda p=p, v=torch: bench.script(v[0], p, raw, iterations),
        )
        if (bench.options.tools / "fann-float").exists():
            few = min(10, iterations)
            contestant(
                "FANN", p, f"{few} iterations, scaled up", lambda p=p, n=few: bench.fann(p, raw, n), count=few
            )
    runs = interleaved(contestants, rounds)
    rows = [summary(row, result, iterations) for row, result in zip(rows, runs)]
    image = bench.folder / "image.bin"
    image.write_bytes(raw.read_bytes()[:PIXELS])
    predict = [bench.options.nn_cli, "predict", image, "-m", bench.folder / "model.nnk", "--json"]
    predictions = [bench.measure(predict) for _ in range(20 * rounds)]
    for row in rows:
        row["ratio"] = row["seconds_min"] / find(rows, "SwiftNN, dual", row["precision"])["seconds_min"]
    return {
        "iterations": iterations,
        "rounds": rounds,
        "drawn": bench.drawn,
        "rows": rows,
        "predict": {
            "seconds_min": min(seconds for _, seconds, _ in predictions),
            "seconds_median": statistics.median(seconds for _, seconds, _ in predictions),
            "peak_bytes": max(peak for _, _, peak in predictions),
        },
    }


def find(rows, name, precision, **more):
    wanted = {"name": name, "precision": precision, **more}
    return next((row for row in rows if all(row[k] == v for k, v in wanted.items())), None)


def job_markdown(result):
    lines = [
        "| contestant | precision | what is timed | minimum, s | median, s | ratio to our dual | "
        f"peak memory, MB | cost at {(result['iterations'] - 1) // 100 * 100} |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in sorted(result["rows"], key=lambda row: row["precision"]):
        cost = f"{row['final_cost'][1]:.10f}" if row["final_cost"] else "-"
        lines.append(
            f"| {row['name']} | {row['precision']} | {row['what']} | {row['seconds_min']:.3f} | "
            f"{row['seconds_median']:.3f} | {row['ratio']:.1f} | {row['peak_bytes'] / 1e6:.0f} | {cost} |"
        )
    return "\n".join(lines)


def scaling(bench):
    rows = []
    for m in bench.options.examples:
        data, raw = bench.folder / f"{m}.h5", bench.folder / f"{m}.raw"
        subprocess.run([sys.executable, HERE / "contestants.py", "draw", str(m), data], check=True)
        subprocess.run([sys.executable, HERE / "contestants.py", "raw", data, raw], check=True)
        # About the same work for every m, but enough iterations to measure the speed.
        slow, quick = max(12, min(300, 60_000 // m)), max(40, min(JOB, 200_000 // m))
        if bench.options.quick:
            slow, quick = max(3, slow // 10), max(3, quick // 10)
        contestants, here = [], []
        for p in ["f32", "f64"]:
            torch = bench.fastest([(name, THREADS) for name in TORCH], p, raw, max(3, slow // 4), rounds=1)[0]
            for name, count, run in [
                ("SwiftNN, dual", quick, lambda p=p: bench.ours("dual", p, data, quick)),
                ("SwiftNN, primal", slow, lambda p=p: bench.ours("primal", p, data, slow)),
                ("PyTorch", slow, lambda p=p, t=torch: bench.script(t, p, raw, slow)),
            ]:
                here.append({"name": name, "precision": p, "examples": m, "iterations_run": count})
                contestants.append((f"{m} images, {name} {p}", run, 1))
        for row, runs in zip(here, interleaved(contestants, bench.options.rounds)):
            loops = [run["parts"]["loop"] if "parts" in run else run["seconds"] for run in runs]
            rests = [run["seconds"] - loop for run, loop in zip(runs, loops)]
            row["iteration_min"] = min(loops) / row["iterations_run"]
            row["iteration_median"] = statistics.median(loops) / row["iterations_run"]
            row["rest_min"] = min(rests) if row["name"] != "PyTorch" else 0
            row["job"] = row["rest_min"] + row["iteration_min"] * JOB
            row["peak_bytes"] = max(run["peak"] for run in runs)
            rows.append(row)
        data.unlink(), raw.unlink()
    return {"rounds": bench.options.rounds, "rows": rows}


def scaling_markdown(result):
    lines = [
        "| images | precision | dual, ms | primal, ms | PyTorch, ms | PyTorch / primal | dual job, s | "
        "primal job, s | PyTorch loop, s | peak memory dual / primal / PyTorch, MB |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for m in sorted({row["examples"] for row in result["rows"]}):
        for p in ["f32", "f64"]:
            rows = [
                find(result["rows"], n, p, examples=m)
                for n in ["SwiftNN, dual", "SwiftNN, primal", "PyTorch"]
            ]
            ms = " | ".join(f"{row['iteration_min'] * 1e3:.3g}" for row in rows)
            jobs = " | ".join(f"{row['job']:.3g}" for row in rows)
            peaks = " / ".join(f"{row['peak_bytes'] / 1e6:.0f}" for row in rows)
            ratio = rows[2]["iteration_min"] / rows[1]["iteration_min"]
            lines.append(f"| {m} | {p} | {ms} | {ratio:.2f} | {jobs} | {peaks} |")
    return "\n".join(lines)


def splits(examples):
    """Title, folds, seeds, and what nn-cli train holds out."""
    return [
        ("5 folds x 10 seeds", 5, 10, ["--hold-out", "0.2"]),
        (f"{examples} folds of one image", examples, 1, []),
    ]


def many(bench, data, raw):
    """The networks of a cross-validation. `seconds` of a row are those of one network."""
    examples = raw.stat().st_size // (PIXELS + 1)
    quick, rows, contestants = bench.options.quick, [], []
    slow, turns, most = (3, 2, 4) if quick else (201, 10, bench.options.networks)

    def contestant(name, title, precision, what, run):
        rows.append({"name": name, "split": title, "precision": precision, "what": what})
        contestants.append((f"{name}, {title}, {precision}", run, 1))

    ways = {}  # the fastest, found once for both splits

    def scripts(name, names, title, p, folds, iterations):
        if (name, p) not in ways:
            some = names[:1] if quick else names
            ways[name, p] = bench.fastest_networks(some, p, raw, max(3, iterations // 4), folds)
        way = ways[name, p]
        program = way[0].removeprefix("torch_")
        contestant(
            name,
            title,
            p,
            f"training loop{f' ({program})' if len(names) > 1 else ''}, {iterations} iterations scaled up, "
            f"{THREADS // way[1]} at once, {way[1]} thread{'s' if way[1] > 1 else ''} each",
            lambda: bench.networks(way[0], p, raw, iterations, folds, way[1]),
        )

    for title, folds, seeds, options in splits(examples):
        for p in ["f32", "f64"]:

            def ours(how, most, p=p, folds=folds, seeds=seeds):
                return bench.many(how, p, raw, folds, seeds, most)

            together = f"whole process, {THREADS} at once, 1 thread each"
            contestant(SHARED, title, p, together, lambda ours=ours: ours("models", most))
            contestant(SHARED_COSTS, title, p, together, lambda ours=ours: ours("costs", most))
            contestant(
                IN_TURN, title, p, f"whole process, {THREADS} threads", lambda ours=ours: ours("in-turn", turns)
            )
            contestant(
                NN_CLI,
                title,
                p,
                f"whole processes, {os.cpu_count()} threads",
                lambda p=p, options=options: bench.nn_cli_in_turn(p, data, options, turns),
            )
            scripts("PyTorch", TORCH, title, p, folds, slow)
            scripts("scikit-learn", ["sklearn_mlp"], title, p, folds, max(3, slow // 4))
    for row, runs in zip(rows, interleaved(contestants, bench.options.rounds)):
        times = [run["seconds"] for run in runs]
        best = min(runs, key=lambda run: run["seconds"])
        row.update(best, seconds_min=min(times), seconds_median=statistics.median(times), runs=runs)
    for row in rows:
        shared = find(rows, SHARED, row["precision"], split=row["split"])
        # Contestants of one round ran under the same conditions, so the ratio is taken in each round.
        ratios = [other["seconds"] / our["seconds"] for other, our in zip(row["runs"], shared["runs"])]
        row["ratio"] = statistics.median(ratios)
    for row in rows:
        del row["runs"]
    return {"rounds": bench.options.rounds, "examples": examples, "networks_in_turn": turns, "rows": rows}


SHARED = "SwiftNN, one Gram matrix"
SHARED_COSTS = "SwiftNN, one Gram matrix, held-out costs only"
IN_TURN = "SwiftNN, one network after the other, in one process"
NN_CLI = "`nn-cli train`, one after the other"


def many_markdown(result):
    lines = [
        "| contestant | networks | precision | what is timed | networks per second | median | "
        "time of one to ours | held-out accuracy |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in result["rows"]:
        right = f"{row['right'] / row['held_out']:.1%}" if row.get("right") else "-"
        lines.append(
            f"| {row['name']} | {row['split']} | {row['precision']} | {row['what']} | "
            f"{1 / row['seconds_min']:.3g} | {1 / row['seconds_median']:.3g} | {row['ratio']:.3g} | {right} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["job", "scaling", "many"])
    parser.add_argument("--nn-cli", default=HERE / "../.build/release/nn-cli", type=Path)
    parser.add_argument("--tools", default=HERE / "build", type=Path, help="folder of measure and fann-*")
    parser.add_argument("--train", type=Path, help="data set of the job (default: drawings by nn-cli)")
    parser.add_argument("--iterations", type=int, default=JOB, help="iterations of the job")
    parser.add_argument("--rounds", type=int, default=3, help="rounds through all contestants")
    parser.add_argument("--examples", type=int, nargs="+", default=EXAMPLES, help="for the scaling run")
    parser.add_argument("--networks", type=int, default=1_000_000, help="of many: train only the first ones")
    parser.add_argument("--quick", action="store_true", help="run few iterations, only to test that it works")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    if options.quick:
        options.iterations, options.rounds = min(options.iterations, 101), 1
    with tempfile.TemporaryDirectory() as options.folder:
        bench = Bench(options)
        if options.what == "scaling":
            result = scaling(bench)
            print(scaling_markdown(result))
        else:
            data, raw = options.train, bench.folder / "data.raw"
            bench.drawn = data is None
            if bench.drawn:
                command = [options.nn_cli, "dataset", "synth", "-o", bench.folder / "drawn"]
                subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
                data = bench.folder / "drawn/train.h5"
            subprocess.run([sys.executable, HERE / "contestants.py", "raw", data, raw], check=True)
            if options.what == "many":
                result = many(bench, data, raw)
                print(many_markdown(result))
            else:
                result = job(bench, data, raw)
                print(job_markdown(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
