"""Times a GridSearchCV over rate and decay beside scikit-learn's MLPClassifier: search.py TRAIN.h5 TEST.h5 > table

All run on one thread, and times are the processor's, so that other programs hardly change them.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time
import warnings

import h5py
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier

import nnkernel

LAYERS, ITERATIONS = (20, 7, 5), 1000
RATES, DECAYS = [0.0075, 0.02], [0, 0.1]
FOLDS = StratifiedKFold(5)
SEEDS = range(1, 9)
warnings.simplefilter("ignore")  # MLPClassifier: no convergence, and batches of fewer images than named


def data(path, kind):
    with h5py.File(path) as file:
        return file[f"{kind}_set_x"][:], file[f"{kind}_set_y"][:].ravel()


def search(estimator, grid, images, labels, test_images, test_labels):
    """Seconds of the processor, the best mean area under the ROC curve on folds, and the accuracy on test images."""
    began = time.process_time()
    found = GridSearchCV(estimator, grid, cv=FOLDS, scoring="roc_auc").fit(images, labels)
    return time.process_time() - began, found.best_score_, found.best_estimator_.score(test_images, test_labels)


def validate(images, labels, seed=1):
    """The same by CrossValidation, which has no network for the test images."""
    began = time.process_time()
    validation = nnkernel.CrossValidation(
        images, labels, hidden_layers=LAYERS, dtype="f32", iterations=ITERATIONS, seed=seed, folds=FOLDS)
    results = validation.run({"learning_rate": RATES, "weight_decay": DECAYS})
    curves = [
        np.mean([roc_auc_score(labels[split.test], logits) for split, logits in zip(validation.splits, result.logits)])
        for result in results
    ]
    return time.process_time() - began, max(curves), None


def main(train_path, test_path):
    images, labels = data(train_path, "train")
    tests, test_labels = data(test_path, "test")
    taught = round(len(images) * 0.8)  # in each fold; scikit-learn divides alpha by it
    scaled, scaled_tests = ((x.reshape(len(x), -1) / 255).astype(np.float32) for x in (images, tests))
    perceptron = MLPClassifier(
        LAYERS, solver="sgd", batch_size=len(images), momentum=0, shuffle=False, max_iter=ITERATIONS, tol=0,
        n_iter_no_change=ITERATIONS + 1, random_state=1)
    alphas = [decay * taught for decay in DECAYS]
    grid = {"learning_rate": RATES, "weight_decay": DECAYS}
    rows = {
        "nnkernel.Classifier": search(
            nnkernel.Classifier(LAYERS, dtype="f32", iterations=ITERATIONS), grid, images, labels, tests, test_labels),
        "nnkernel.CrossValidation": validate(images, labels),
        "nnkernel.Classifier, mean off and mirrored": search(
            nnkernel.Classifier(LAYERS, dtype="f32", iterations=ITERATIONS, center=True, mirror=True), grid, images, labels,
            tests, test_labels),
        "MLPClassifier, Adam": search(
            MLPClassifier(LAYERS, random_state=1), {"learning_rate_init": [0.0003, 0.001], "alpha": [1e-4, 1]},
            scaled, labels, scaled_tests, test_labels),
        "MLPClassifier, the same descent": search(
            perceptron, {"learning_rate_init": RATES, "alpha": alphas}, scaled, labels, scaled_tests, test_labels),
    }
    slowest = rows["MLPClassifier, the same descent"][0]
    print("| what searches | CPU seconds | times as fast | area under the ROC curve, on folds | accuracy on the 50 test photos |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, (seconds, folds, test) in rows.items():
        print(f"| {name} | {seconds:.2f} | {slowest / seconds:.0f} | {folds:.2f} | {'' if test is None else f'{test:.2f}'} |")
    areas = [validate(images, labels, seed)[1] for seed in SEEDS]
    print(f"\nSo few photos tell little: with the seeds {SEEDS[0]} to {SEEDS[-1]}, the area of CrossValidation's best network is "
          f"{min(areas):.2f} to {max(areas):.2f}.")


main(*sys.argv[1:])
