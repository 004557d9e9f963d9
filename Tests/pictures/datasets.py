#!/usr/bin/env python3
"""Prints what h5py reads from data sets: the arrays, the labels, the classes, a hash and the name of each image."""
import hashlib
import sys

import h5py

for path in sys.argv[1:]:
    with h5py.File(path) as file:
        x, y = sorted(name for name in file if name.endswith(("_x", "_y")))
        images, labels = file[x], file[y][:]
        names = [name.decode() for name in file["list_classes"][:]]
        print(x, images.shape, images.dtype, y, labels.tolist(), names,
              [hashlib.sha256(image.tobytes()).hexdigest()[:8] for image in images[:]],
              [name.decode() for name in file[x.replace("_x", "_names")][:]])
