#!/usr/bin/env python3
"""Writes data sets as users of h5py do, and prints what is to be said about each, one JSON object a line:
hdf5.py FOLDER. Files without "found" hold the images of plain.h5."""
import json
import os
import sys
import zlib

import h5py
import numpy as np

folder = sys.argv[1]
M = 6
x = np.random.default_rng(1).integers(0, 256, (M, 64, 64, 3)).astype(np.uint8)
y = np.arange(M) % 2
classes = np.array([b"non-cat", b"cat"])


def tell(file, **facts):
    print(json.dumps({"file": file} | facts))


def arrays(file, entries, found=None, options=None, **facts):
    with h5py.File(f"{folder}/{file}", "w", **(options or {})) as f:
        for name, (data, how) in entries.items():
            f.create_dataset(name, data=data, **how)
    tell(file, **({"found": found} if found else {}) | facts)


def sample(file, images=x, labels=y, names=classes, how=None, found=None, **options):
    entries = {"train_set_x": (images, how or {}), "train_set_y": (labels, {})}
    if names is not None:
        entries["list_classes"] = (names, {})
    arrays(file, entries, found, options, classes=["0", "1"] if names is None else ["non-cat", "cat"])


sample("plain.h5")
sample("classes-variable.h5", names=np.array(["non-cat", "cat"], dtype=object))
sample("classes-none.h5", names=None)

sample("labels-row.h5", labels=y[None])
sample("labels-column.h5", labels=y[:, None])
sample("labels-bool.h5", labels=y.astype(bool))
for kind in ["f2", "f4", "f8", ">f4", ">f8", "longdouble", ">i2", ">i8", ">u8", "i1", "u4"]:
    sample(f"labels-{kind.replace('>', 'big-')}.h5", labels=y.astype(kind))
sample("labels-hot.h5", labels=np.eye(2)[y], found="y.argmax(axis=1)")
sample("labels-half.h5", labels=y / 2, found="0.5 at index 1")
sample("labels-minus.h5", labels=y * 2 - 1, found="-1 at index 0")

for kind in ["f2", "f4", "f8", ">f4", ">f8", "longdouble", ">i2", ">i8", ">u8", "u4", "i8"]:
    sample(f"images-{kind.replace('>', 'big-')}.h5", images=x.astype(kind))
sample("images-01.h5", images=x / 255, found="np.rint(x * 255).astype(np.uint8)")
sample("images-01-f4.h5", images=(x / 255).astype("f4"), found="np.rint(x * 255).astype(np.uint8)")
sample("images-black.h5", images=np.zeros(x.shape), found="no number above 1")
sample("images-11.h5", images=x / 127.5 - 1, found="np.rint((x + 1) * 127.5).astype(np.uint8)")
sample("images-256.h5", images=np.where(x == x[0, 0, 0, 2], 256, x.astype(int)), found="256 at [0, 0, 0, 2]")
sample("images-nan.h5", images=np.where(x == x[0, 0, 1, 0], np.nan, x), found="nan at [0, 0, 1, 0]")
sample("images-minus.h5", images=x.astype(int) - 300, found="at [0, 0, 0, 0]")
sample("images-complex.h5", images=x.astype(complex), found="another type")

# Black and white, or what (x / 255).astype(np.uint8) leaves.
sample("images-01-u1.h5", images=(x // 128).astype("u1"), found="no number above 1; numbers of 0 to 1 are scaled")
sample("images-01-i8.h5", images=(x // 128).astype("i8"), found="no number above 1; numbers of 0 to 1 are scaled")
sample("images-bool.h5", images=x > 127, found="if they are bool, x.astype(np.uint8) * 255")
gzip = {"compression": "gzip"}
sample("gzip.h5", how=gzip)
sample("gzip-f8.h5", images=x.astype("f8"), how=gzip | {"shuffle": True})
sample("gzip-all.h5", how=gzip | {"shuffle": True, "fletcher32": True})
sample("gzip-big-chunks.h5", how=gzip | {"chunks": (4, 64, 64, 3)})
sample("fletcher32.h5", how={"fletcher32": True})
if h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
    sample("szip.h5", how={"compression": "szip"})
    sample("szip-all.h5", how={"compression": "szip", "shuffle": True, "fletcher32": True})
sample("lzf.h5", how={"compression": "lzf"}, found="lzf; rewrite it by h5py: new.create_dataset(")
sample("scale-offset.h5", how={"scaleoffset": 0}, found="scale-offset; rewrite it by h5py")
sample("user-block.h5", userblock_size=1024)
with open(f"{folder}/user-block.h5", "r+b") as f:
    f.write(b"what the user likes")

sample("channels-first.h5", images=x.transpose(0, 3, 1, 2), found="x.transpose(0, 2, 3, 1)")
sample("rows.h5", images=x.reshape(M, -1), found="x.reshape(-1, 64, 64, 3)")
sample("columns.h5", images=x.reshape(M, -1).T, found="x.T.reshape(-1, 64, 64, 3)")
sample("large.h5", images=np.zeros((M, 128, 128, 3), "u1"), found="(6, 128, 128, 3); images are scaled")
sample("grey.h5", images=x[..., 0], found="np.repeat(x[..., None], 3, axis=3)")
sample("grey-channel.h5", images=x[..., :1], found="np.repeat(x, 3, axis=3)")
sample("alpha.h5", images=np.zeros((M, 64, 64, 4), "u1"), found="x[..., :3]")
sample("matlab-axes.h5", images=x.transpose(3, 2, 1, 0), found="x.transpose(3, 2, 1, 0)")
sample("one.h5", images=x[0], found="x[None]")

both = {"train_set_x": (x, {}), "train_set_y": (y, {}), "test_set_x": (x[:2], {}), "test_set_y": (y[:2], {})}
arrays("both.h5", both, role="train", classes=["0", "1"])
arrays("both-unclear.h5", both, "both")
other = {"X_train": (x, {}), "y_train": (y, {}), "X_test": (x[:2], {}), "y_test": (y[:2], {})}
arrays("other.h5", other, "X_train (6, 64, 64, 3), y_test (2), y_train (6); --images X_train --labels y_train reads")
arrays("other-named.h5", other, images="X_train", labels="y_train", classes=["0", "1"])
nested = {"photos/x": (x, {}), "photos/deep/y": (y, {})}
arrays("nested.h5", nested, "--images photos/x --labels photos/deep/y reads")
arrays("groups.h5", {"a/y": (y, {}), "b/x": (x, {}), "b/y": (y, {})}, "--images b/x --labels b/y reads")
arrays("nested-named.h5", nested, images="/photos/x", labels="photos/deep/y", classes=["0", "1"])
arrays("wrong-name.h5", nested, "none; it has photos/deep/y (6), photos/x", images="photos/z", labels="y")
arrays("nothing.h5", {}, "neither, and no other array")
names = np.array([f"kätzchen/{i}.jpg" for i in range(M)], dtype=object)
arrays("names.h5", {"train_set_x": (x, {}), "train_set_y": (y, {}), "train_set_names": (names, {})},
       classes=["0", "1"], names=names.tolist())

# 614 MB of pixels, which nobody has written: the file has a hole there.
many = 50_000
with h5py.File(f"{folder}/memory.h5", "w") as f:
    hole = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    hole.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    hole.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    shape = h5py.h5s.create_simple((many, 64, 64, 3))
    h5py.h5d.create(f.id, b"train_set_x", h5py.h5t.STD_U8LE, shape, hole)
    f["train_set_y"] = np.zeros(many, "u1")

# As many in a small file.
with h5py.File(f"{folder}/bomb.h5", "w") as f:
    part = 5_000
    packed = zlib.compress(bytes(part * 64 * 64 * 3))
    pixels = f.create_dataset("train_set_x", (many, 64, 64, 3), "u1", chunks=(part, 64, 64, 3), compression="gzip")
    for first in range(0, many, part):
        pixels.id.write_direct_chunk((first, 0, 0, 0), packed)
    f["train_set_y"] = np.zeros(many, "u1")
tell("bomb.h5", found="bytes of a file, got 614400000")

with h5py.File(f"{folder}/keras.h5", "w") as f:
    f.create_dataset("model_weights/dense/kernel", data=np.zeros((3, 2)))
tell("keras.h5", found="a Keras model")
with h5py.File(f"{folder}/matlab.h5", "w", userblock_size=512) as f:
    f.create_dataset("x", data=x.transpose(3, 2, 1, 0))
with open(f"{folder}/matlab.h5", "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
tell("matlab.h5", found="neither, as a MATLAB file; it has x (3, 64, 64, 6)")


def other_kind(file, content, found):
    with open(f"{folder}/{file}", "wb") as f:
        f.write(content)
    tell(file, found=found)


other_kind("page.h5", b"\n\n<!DOCTYPE html>\n<html><head>", "an HTML page")
other_kind("pointer.h5", b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n", "a Git LFS pointer")
other_kind("packed.h5", b"\x1f\x8b\x08\x00", "a gzip file (gunzip unpacks it)")
other_kind("empty.h5", b"", "an empty file")
np.savez(f"{folder}/arrays.npz", x=x)
tell("arrays.npz", found="a zip or npz file")
np.save(f"{folder}/array.npy", x)
tell("array.npy", found="a numpy array (.npy)")
