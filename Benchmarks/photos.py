"""Many photos: nn-cli predict FOLDER beside Pillow and onnxruntime, which do the same with the exported model.

    python3 photos.py NN_CLI [--count 150000] [--distinct 1000] [--folder photos]

Makes synthetic photos of 640 x 480 pixels, once, and hard links to them until there are enough. Prints photos per second
and the peak memory of each contestant, in turn.
"""

import argparse
import csv
import multiprocessing
import os
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 640, 480
session = None


def make_photos(folder, count, distinct):
    """Smooth colours with a camera's noise, which compress about as photos do (85 KB)."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        path = folder / f"{index // 1000:03d}" / f"{index:06d}.jpg"
        if path.exists():
            continue
        path.parent.mkdir(exist_ok=True)
        if index >= distinct:
            original = index % distinct
            os.link(folder / f"{original // 1000:03d}" / f"{original:06d}.jpg", path)
            continue
        random = np.random.default_rng(index)
        coarse = random.integers(0, 256, (HEIGHT // 16, WIDTH // 16, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.BICUBIC))
        noisy = smooth + random.normal(0, 6, smooth.shape)
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path, quality=88)


def load(model):
    global session
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)


def answer(path):
    image = np.asarray(Image.open(path).convert("RGB").resize((64, 64), Image.BILINEAR))
    return path, float(session.run(None, {session.get_inputs()[0].name: image[None]})[0].ravel()[0])


def peer(folder, model, processes, table):
    """What a user of Pillow and onnxruntime would write."""
    paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    with open(table, "w", newline="") as file:
        writer = csv.writer(file)
        if processes == 1:
            load(model)
            writer.writerows(map(answer, paths))
        else:
            with multiprocessing.Pool(processes, load, [model]) as pool:
                writer.writerows(pool.imap(answer, paths, chunksize=32))
    # In KB: of this process, and of the largest of the others.
    print(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        + processes * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    )


# Between this process and a contestant: to the memory of a process counts what its parent had when it was started.
LAUNCHER = """
import os, sys
_, status, usage = os.wait4(os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=sys.stderr)
"""


def measure(name, command, count):
    start = time.time()
    launched = [sys.executable, "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(launched, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seconds = time.time() - start
    status, busy, memory = done.stderr.splitlines()[-1].split()
    assert status == "0", done.stderr
    memory = int(done.stdout.strip() or memory)
    print(
        f"{name:40} {count / seconds:8.0f} photos/s {1e3 * float(busy) / count:6.2f} ms of processor time each"
        f" {memory / 1024:6.0f} MB",
        flush=True,
    )


def main():
    if sys.argv[1] == "--peer":
        return peer(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nn_cli")
    parser.add_argument("--count", type=int, default=150_000)
    parser.add_argument("--distinct", type=int, default=1000)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("photos"))
    options = parser.parse_args()
    photos = options.folder / "photos"
    make_photos(photos, options.count, options.distinct)
    model, onnx = str(options.folder / "model.nnk"), str(options.folder / "model.onnx")
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([options.nn_cli, "train", "--precision", "f32", "--iterations", "100", "-o", model], **quiet)
    subprocess.run([options.nn_cli, "export", "-m", model, "--format", "onnx", "-o", onnx], **quiet)
    ours, theirs = options.folder / "ours.csv", options.folder / "theirs.csv"
    few = options.folder / "photos" / "000"
    command = [options.nn_cli, "predict", "--quiet", "-m", model, "--csv", ours]
    measure("nn-cli predict, 1000 photos", [*command, few], len(list(few.iterdir())))
    measure("nn-cli predict", [*command, photos], options.count)
    for processes in [1, 2]:
        again = [sys.executable, __file__, "--peer", photos, onnx, str(processes), theirs]
        measure(f"Pillow and onnxruntime, {processes} process(es)", again, options.count)
    with open(ours, newline="") as a, open(theirs, newline="") as b:
        next(a)
        for mine, other in zip(csv.reader(a), csv.reader(b), strict=True):
            assert mine[0] == other[0] and abs(float(mine[2]) - float(other[1])) < 1e-5, (mine, other)
    print("all answers are the same within 1e-5")


if __name__ == "__main__":
    main()
