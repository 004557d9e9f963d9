#!/usr/bin/env python3
"""Measures what `nn-cli teach` promises, on photos that it has not seen. scripts/check-teach.sh runs it.

    teach.py camera cats labels --nn-cli PROGRAM --data FOLDER [--seeds N]
    teach.py raw --data FOLDER --output FILE

FOLDER has train_catvnoncat.h5, test_catvnoncat.h5 and camera/. Each measurement prints a table and its means, and fails
if a promise is broken:

raw      none: writes the 259 cat photos for intervals.c
camera   every pair of classes of every set, taught on all but the last five photos of each class, and tested on these
         five; beside `train` without options on the same photos
cats     the 259 cat photos, dealt into five folds around `teach`: accuracy, log loss, and those of guessing
labels   ten wrong labels among 200 drawings: how many are among the ten most doubtful
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import tempfile

import h5py
import numpy as np
from PIL import Image

SIDE = 64
LEFT_OUT = 5


def run(program, *words):
    done = subprocess.run([program, *map(str, words), "--json", "--quiet"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: exit code {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def write(path, kind, images, labels, classes):
    with h5py.File(path, "w") as file:
        file[f"{kind}_set_x"] = np.asarray(images, np.uint8)
        file[f"{kind}_set_y"] = np.asarray(labels, np.int64)
        file["list_classes"] = np.array([name.encode() for name in classes])


def photos(folder):
    """The photos of a folder in their order, as images."""
    opened = [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.jpg"))]
    return np.stack([np.asarray(photo.resize((SIDE, SIDE), Image.BILINEAR)) for photo in opened])


def probabilities(program, model, images, work):
    """What a model answers for images."""
    paths = []
    for index, image in enumerate(images):
        paths.append(work / f"image-{index}.bin")
        paths[-1].write_bytes(np.ascontiguousarray(image).tobytes())
    answers = run(program, "predict", *paths, "--model", model)
    answers = answers["predictions"] if "predictions" in answers else [answers]
    return np.array([answer["probability"] for answer in answers])


def promise(is_kept, what):
    if not is_kept:
        raise SystemExit(f"broken: {what}")


def measure_camera(program, data, work, seeds):
    print("set, classes, seed: expected (interval), tested; train without options, tested")
    rows = []
    for group in sorted(path for path in (data / "camera").iterdir() if path.is_dir()):
        for first, second in itertools.combinations(sorted(path for path in group.iterdir() if path.is_dir()), 2):
            sets = [photos(first), photos(second)]
            taught = np.concatenate([part[:-LEFT_OUT] for part in sets])
            rest = np.concatenate([part[-LEFT_OUT:] for part in sets])
            labels = np.repeat([0, 1], [len(part) - LEFT_OUT for part in sets])
            truth = np.repeat([0, 1], LEFT_OUT)
            write(work / "train.h5", "train", taught, labels, [first.name, second.name])
            for seed in range(1, seeds + 1):
                model = work / "model.nnk"
                expected = run(program, "teach", work / "train.h5", "-o", model, "--seed", seed)["expected"]
                p = probabilities(program, model, rest, work)
                run(program, "train", "--train", work / "train.h5", "-o", model, "--seed", seed)
                q = probabilities(program, model, rest, work)
                rows.append(((p > 0.5) == truth, (q > 0.5) == truth, len(set(p > 0.5)) == 1, len(set(q > 0.5)) == 1))
                low, high = expected["interval"]
                print(f"{group.name}, {first.name} {second.name}, {seed}: {expected['accuracy']:.2f} "
                      f"({low:.2f} to {high:.2f}), {rows[-1][0].mean():.1f}; {rows[-1][1].mean():.1f}", flush=True)
    taught, trained, same, same_trained = map(np.array, zip(*rows))
    print(f"camera: {len(rows)} models; teach {taught.mean():.3f}, train {trained.mean():.3f}; the same answer for all "
          f"ten: teach {same.sum()}, train {same_trained.sum()}")
    promise(same.sum() == 0, "no detector answers the same for all")


def all_cats(data):
    """The 259 images and labels."""
    parts = [(h5py.File(data / f"{kind}_catvnoncat.h5"), kind) for kind in ("train", "test")]
    return [np.concatenate([file[f"{kind}_set_{letter}"][:] for file, kind in parts]) for letter in "xy"]


def measure_cats(program, data, work, seeds):
    images, labels = all_cats(data)
    results = []
    for seed in range(1, seeds + 1):
        order = np.random.RandomState(seed).permutation(len(labels))
        p = np.empty(len(labels))
        for fold in range(5):
            held = np.sort(order[fold::5])
            rest = np.setdiff1d(order, held)
            write(work / "train.h5", "train", images[rest], labels[rest], ["non-cat", "cat"])
            answer = run(program, "teach", work / "train.h5", "-o", work / "model.nnk", "--seed", seed)
            p[held] = probabilities(program, work / "model.nnk", images[held], work)
            recipe, expected = answer["recipe"], answer["expected"]
            print(f"cats, seed {seed}, fold {fold}: expected {expected['accuracy']:.3f}, log loss "
                  f"{expected['log_loss']:.3f}, tested {((p[held] > 0.5) == labels[held]).mean():.3f}; {recipe}", flush=True)
        loss = -np.log(np.where(labels == 1, p, 1 - p)).mean()
        results.append((((p > 0.5) == labels).mean(), loss))
        print(f"cats, seed {seed}: accuracy {results[-1][0]:.3f}, log loss {loss:.3f}", flush=True)
    accuracy, loss = np.mean(results, axis=0)
    share = max(labels.mean(), 1 - labels.mean())
    entropy = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    print(f"cats: accuracy {accuracy:.3f} (guessing {share:.3f}), log loss {loss:.3f} (guessing {entropy:.3f})")
    promise(accuracy >= 0.67 and loss <= 0.64, "accuracy 0.67 or more and log loss 0.64 or less on the cat photos")


def measure_labels(program, data, work, seeds):
    subprocess.run([program, "dataset", "synth", "-o", work / "drawn", "--quiet"], check=True)
    drawn = h5py.File(work / "drawn" / "train.h5")
    images, labels = drawn["train_set_x"][:200], drawn["train_set_y"][:200]
    classes = [name.decode() for name in drawn["list_classes"][:]]
    found = []
    for seed in range(1, seeds + 1):
        wrong = np.sort(np.random.RandomState(seed).choice(200, 10, replace=False))
        planted = labels.copy()
        planted[wrong] = 1 - planted[wrong]
        write(work / "train.h5", "train", images, planted, classes)
        answer = run(program, "teach", work / "train.h5", "-o", work / "model.nnk", "--seed", seed)
        named = [doubt["name"] for doubt in answer["doubtful"][:10]]
        found.append(len(set(named) & {f"#{index}" for index in wrong}))
        print(f"labels, seed {seed}: {found[-1]} of 10 wrong labels are among the ten most doubtful", flush=True)
    print(f"labels: {min(found)} at least")
    promise(min(found) >= 8, "eight of ten wrong labels are found")


MEASUREMENTS = {"camera": measure_camera, "cats": measure_cats, "labels": measure_labels}


def main():
    parser = argparse.ArgumentParser(description="Measures what teach promises.")
    parser.add_argument("--nn-cli")
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("what", nargs="+", choices=["raw", *MEASUREMENTS])
    arguments = parser.parse_args()
    if arguments.what == ["raw"]:
        images, labels = all_cats(arguments.data)
        arguments.output.write_bytes(images.astype(np.uint8).tobytes() + labels.astype(np.uint8).tobytes())
        return
    for what in arguments.what:
        with tempfile.TemporaryDirectory() as folder:
            MEASUREMENTS[what](arguments.nn_cli, arguments.data, pathlib.Path(folder), arguments.seeds)


main()
