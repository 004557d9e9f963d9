#!/usr/bin/env python3
"""Says what h5py finds in data sets: of each the arrays, the labels, the classes, and a hash of the images."""
import hashlib
import sys

import h5py

for path in sys.argv[1:]:
    with h5py.File(path) as file:
        x, y = sorted(name for name in file if name != "list_classes")
        images, labels = file[x], file[y][:]
        names = [name.decode() for name in file["list_classes"][:]]
        print(x, images.shape, images.dtype, y, labels.tolist(), names,
              [hashlib.sha256(image.tobytes()).hexdigest()[:8] for image in images[:]])
