#!/usr/bin/env python3
"""Runs one training job with another tool, in a process of its own, so that its memory can be measured.

    contestants.py NAME f32|f64 DATA.raw ITERATIONS [FOLDS]
                                                        prints {"seconds", "costs"} of the training alone
    contestants.py raw IN.h5 OUT.raw                    writes m images of 12288 bytes, then m labels
    contestants.py draw EXAMPLES OUT.h5                 writes a synthetic data set

NAME is a function below: numpy_seed, numpy_dual, torch_rows, torch_columns, torch_autograd, sklearn_mlp. All
run the same full-batch gradient descent, 12288-20-7-5-1, learning rate 0.0075; all but sklearn_mlp begin with
the same weights. Images are loaded and scaled before the clock starts. A cost is computed before every 100th
step. With FOLDS the mean of all images is taken off, and every FOLDSth image is left out, from the first on.
"""

import json
import os
import sys
import time
import warnings

SIZES = [12288, 20, 7, 5, 1]
RATE = 0.0075
LOG_EVERY = 100


def load(path, real):
    """X (12288, m), scaled to [0, 1], and Y (1, m)."""
    data = np.fromfile(path, np.uint8)
    m = data.size // (SIZES[0] + 1)
    x = data[: m * SIZES[0]].reshape(m, -1).T
    return (x / real(255)).astype(real, copy=False), data[m * SIZES[0] :].reshape(1, m).astype(real)


def initial(real):
    np.random.seed(1)
    return [
        [(np.random.randn(n_out, n_in) / np.sqrt(n_in)).astype(real), np.zeros((n_out, 1), real)]
        for n_in, n_out in zip(SIZES, SIZES[1:])
    ]


def cost(p, y):
    p = np.asarray(p, np.float64)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def numpy_seed(x, y, layers, iterations):
    """The seed document's algorithm, with all the arrays that it allocates."""
    m, costs, last = x.shape[1], [], len(layers) - 1
    for iteration in range(iterations):
        a, caches = x, []
        for l, (w, b) in enumerate(layers):
            z = np.dot(w, a) + b
            caches.append((a, z))
            a = 1 / (1 + np.exp(-z)) if l == last else np.maximum(0, z)
        if iteration % LOG_EVERY == 0:
            costs.append([iteration, cost(a, y)])
        da, gradients = -(np.divide(y, a) - np.divide(1 - y, 1 - a)), []
        for l in range(last, -1, -1):
            a_before, z = caches[l]
            if l == last:
                s = 1 / (1 + np.exp(-z))
                dz = da * s * (1 - s)
            else:
                dz = np.array(da, copy=True)
                dz[z <= 0] = 0
            gradients.append((np.dot(dz, a_before.T) / m, np.sum(dz, axis=1, keepdims=True) / m))
            da = np.dot(layers[l][0].T, dz)  # for the images too, as in the seed document
        for layer, (dw, db) in zip(layers, reversed(gradients)):
            layer[0] = layer[0] - RATE * dw
            layer[1] = layer[1] - RATE * db
    return costs


def numpy_dual(x, y, layers, iterations):
    """The algebra of SwiftNN's dual method: P = W1 X and G = X^T X instead of W1 and X."""
    real, m, costs, last = x.dtype.type, x.shape[1], [], len(layers) - 1
    step = real(RATE / m)
    p, g, d = layers[0][0] @ x, x.T @ x, np.zeros((SIZES[1], m), real)
    for iteration in range(iterations):
        activations = [np.maximum(p + layers[0][1], 0)]
        for w, b in layers[1:]:
            z = w @ activations[-1] + b
            activations.append(np.maximum(z, 0))
        dz = 1 / (1 + np.exp(-z))
        if iteration % LOG_EVERY == 0:
            costs.append([iteration, cost(dz, y)])
        dz = (dz - y) * step
        for l in range(last, 0, -1):
            a = activations[l - 1]
            da = (layers[l][0].T @ dz) * (a > 0)
            layers[l][0] -= dz @ a.T
            layers[l][1] -= dz.sum(axis=1, keepdims=True)
            dz = da
        layers[0][1] -= dz.sum(axis=1, keepdims=True)
        d += dz
        p -= dz @ g
    layers[0][0] -= d @ x.T
    return costs


def torch_columns(x, y, layers, iterations, rows=False):
    """PyTorch written by hand: addmm in place, no graph. One column per example, or one row per example."""
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    layers = [[torch.from_numpy(w.copy()), torch.from_numpy(b.copy())] for w, b in layers]
    if rows:
        x, y = x.t().contiguous(), y.t().contiguous()
        for layer in layers:
            layer[1] = layer[1].t().contiguous()
    costs, last, step, axis = [], len(layers) - 1, RATE / y.numel(), 0 if rows else 1
    start = time.perf_counter()
    with torch.inference_mode():
        for iteration in range(iterations):
            activations = [x]
            for l, (w, b) in enumerate(layers):
                a = activations[-1]
                z = torch.addmm(b, a, w.t()) if rows else torch.addmm(b, w, a)
                activations.append(z if l == last else z.relu_())
            dz = torch.sigmoid_(activations.pop())
            if iteration % LOG_EVERY == 0:
                costs.append([iteration, cost(dz.numpy(), y.numpy())])
            dz.sub_(y).mul_(step)
            for l in range(last, -1, -1):
                (w, b), a = layers[l], activations[l]
                if l:
                    da = (dz @ w if rows else w.t() @ dz).mul_(a > 0)
                w.addmm_(dz.t() if rows else dz, a if rows else a.t(), alpha=-1)
                b.sub_(dz.sum(axis, keepdim=True))
                dz = da
    return costs, time.perf_counter() - start


def torch_rows(x, y, layers, iterations):
    return torch_columns(x, y, layers, iterations, rows=True)


def torch_autograd(x, y, layers, iterations):
    """PyTorch as most people write it: modules, autograd, optim.SGD."""
    x, y = torch.from_numpy(np.ascontiguousarray(x.T)), torch.from_numpy(np.ascontiguousarray(y.T))
    modules = []
    for w, b in layers:
        linear = torch.nn.Linear(*reversed(w.shape), dtype=x.dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w))
            linear.bias.copy_(torch.from_numpy(b[:, 0]))
        modules += [linear, torch.nn.ReLU()]
    model, costs = torch.nn.Sequential(*modules[:-1]), []
    loss_of = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    start = time.perf_counter()
    for iteration in range(iterations):
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        if iteration % LOG_EVERY == 0:
            costs.append([iteration, loss.item()])
        loss.backward()
        optimizer.step()
    return costs, time.perf_counter() - start


def sklearn_mlp(x, y, layers, iterations):
    """scikit-learn's MLPClassifier: full batch, SGD without momentum, decay and early end. It draws its own
    weights, and computes the cost in every iteration."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    model = MLPClassifier(
        hidden_layer_sizes=SIZES[1:-1],
        solver="sgd",
        alpha=0,
        batch_size=y.size,
        learning_rate_init=RATE,
        momentum=0,
        max_iter=iterations,
        n_iter_no_change=iterations + 1,
        shuffle=False,
        random_state=1,
    )
    rows, labels = np.ascontiguousarray(x.T), y[0].astype(int)
    start = time.perf_counter()
    model.fit(rows, labels)
    return [], time.perf_counter() - start


def without_a_fold(x, y, folds):
    """Takes the mean of all images off, and leaves the first fold out."""
    kept = np.arange(y.size) % folds != 0
    x = x - x.mean(axis=1, keepdims=True, dtype=np.float64).astype(x.dtype)
    return np.ascontiguousarray(x[:, kept]), np.ascontiguousarray(y[:, kept])


def run(name, precision, path, iterations, folds=None):
    real = {"f32": np.float32, "f64": np.float64}[precision]
    train, (x, y) = globals()[name], load(path, real)
    if folds:
        x, y = without_a_fold(x, y, folds)
    train(x, y, initial(real), 3)  # warm-up
    layers = initial(real)
    start = time.perf_counter()
    answer = train(x, y, layers, iterations)
    seconds = time.perf_counter() - start
    costs, seconds = answer if isinstance(answer, tuple) else (answer, seconds)
    print(json.dumps({"seconds": seconds, "costs": costs}))


def raw(source, target):
    import h5py

    with h5py.File(source) as f, open(target, "wb") as out:
        out.write(f["train_set_x"][:].tobytes())
        out.write(f["train_set_y"][:].astype(np.uint8).tobytes())


def draw(examples, target):
    """Smooth random images; those of class 1 have more red than blue."""
    import h5py

    random, n = np.random.default_rng(1), int(examples)
    coarse = random.integers(0, 200, (n, 8, 8, 3), np.uint8)
    images = coarse.repeat(8, axis=1).repeat(8, axis=2) + random.integers(0, 56, (n, 64, 64, 3), np.uint8)
    with h5py.File(target, "w") as f:
        f["train_set_x"] = images
        f["train_set_y"] = (coarse[..., 0].mean((1, 2)) > coarse[..., 2].mean((1, 2))).astype(np.int64)
        f["list_classes"] = np.array([b"blue", b"red"])


if __name__ == "__main__":
    import numpy as np

    if sys.argv[1] == "raw":
        raw(*sys.argv[2:])
    elif sys.argv[1] == "draw":
        draw(*sys.argv[2:])
    else:
        if sys.argv[1].startswith("torch"):
            import torch

            torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        run(*sys.argv[1:4], *map(int, sys.argv[4:]))
