#!/usr/bin/env python3
"""Writes the images of a data set as 0.png, 1.png ..., and a photo, resized by Pillow, as photo.bin.

usage: photos.py DATA-SET PHOTO FOLDER
"""
import sys
from pathlib import Path

import h5py
from PIL import Image

data_set, photo, folder = sys.argv[1:]
with h5py.File(data_set) as file:
    for index, image in enumerate(file["test_set_x"][:]):
        Image.fromarray(image).save(Path(folder, f"{index}.png"))
image = Image.open(photo).convert("RGB").resize((64, 64), Image.Resampling.BILINEAR)
Path(folder, "photo.bin").write_bytes(image.tobytes())
