#!/usr/bin/env python3
"""Writes the seeds of the fuzzers that read files of other programs.

    seeds.py FOLDER
"""
import io
import random
import struct
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np
import onnx
import safetensors.numpy
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

folder = Path(sys.argv[1])


def put(fuzzer, name, content):
    (folder / fuzzer / name).write_bytes(content)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def put_pictures():
    """Small pictures of each kind; with the orientation in EXIF data and in XMP, and with texts."""
    noise = Image.frombytes("RGBA", (19, 9), random.Random(1).randbytes(19 * 9 * 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    for mode in "1", "L", "LA", "P", "RGB", "RGBA", "I;16":
        image = noise.convert("L").convert(mode) if mode == "I;16" else noise.convert(mode)
        put("png", mode.replace(";", ""), saved(image, "PNG"))
    put("png", "exif", saved(noise, "PNG", exif=exif))
    put("png", "key", saved(noise.convert("RGB"), "PNG", transparency=(1, 2, 3)))
    for mode in "L", "RGB", "CMYK":
        image = noise.convert("RGB").convert(mode)
        put("jpeg", mode, saved(image, "JPEG"))
        put("jpeg", mode + "-progressive", saved(image, "JPEG", progressive=True, quality=50))
    put("jpeg", "exif", saved(noise.convert("RGB"), "JPEG", exif=exif, subsampling=0, xmp=xmp))
    for lossless in False, True:
        put("webp", f"rgb-{lossless}", saved(noise.convert("RGB"), "WEBP", lossless=lossless))
        put("webp", f"rgba-{lossless}", saved(noise, "WEBP", lossless=lossless, exif=exif, xmp=xmp))
    put("webp", "animated", saved(noise, "WEBP", save_all=True, append_images=[noise.rotate(180)]))



def put_weights():
    """Files of weights as other programs write them, with few numbers."""
    arrays = {"W1": np.arange(6, dtype="f4").reshape(2, 3), "b1": np.ones(2, "f8"), "scalar": np.float16(1.5)}
    arrays["fortran"] = np.asfortranarray(arrays["W1"])
    arrays["big"] = arrays["W1"].astype(">f4")
    for name, save in ("stored", np.savez), ("deflated", np.savez_compressed):
        file = io.BytesIO()
        save(file, **arrays)
        put("npz", name, file.getvalue())
    little = {name: np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for name, array in arrays.items()}
    put("safetensors", "arrays", safetensors.numpy.save(little, {"class_0": "other", "class_1": "cat"}))
    put("safetensors", "empty", safetensors.numpy.save({}))


def onnx_file(nodes, tensors, kind, shape):
    def value(name, kind, shape):
        return helper.make_tensor_value_info(name, kind, shape)
    constants = [numpy_helper.from_array(np.array(array), name) for name, array in tensors.items()]
    graph = helper.make_graph(nodes, "g", [value("x", kind, ["n"] + shape)], [value("y", 1, None)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    helper.set_model_props(model, {"class_0": "other", "class_1": "cat"})
    return model.SerializeToString()


def put_onnx():
    """Chains of two layers; the weights are few, but those of the first must be of 12288 pixels."""
    node = helper.make_node
    weights = {"W": np.zeros((1, 12288), "f2"), "b": np.zeros(1, "f2"), "V": np.ones((1, 1), "f4"), "c": np.ones(1, "f4")}
    top = [node("Relu", ["z"], ["a"]), node("Gemm", ["a", "V", "c"], ["l"], transB=1), node("Sigmoid", ["l"], ["y"])]
    gemm = [node("Flatten", ["x"], ["f"], axis=1), node("Gemm", ["f", "W", "b"], ["z"], transB=1)]
    matmul = [
        node("Cast", ["x"], ["n"], to=1), node("Constant", [], ["s"], value=numpy_helper.from_array(np.float32(255))),
        node("Div", ["n", "s"], ["p"]), node("Transpose", ["p"], ["t"], perm=[0, 3, 1, 2]), node("Flatten", ["t"], ["f"]),
        node("MatMul", ["f", "W"], ["m"]), node("Add", ["m", "b"], ["z"]),
    ]
    put("onnx", "gemm", onnx_file(gemm + top, weights, TensorProto.FLOAT, [3, 64, 64]))
    put("onnx", "matmul", onnx_file(matmul + top, weights | {"W": weights["W"].T}, TensorProto.UINT8, [64, 64, 3]))
    few = {name: array for name, array in weights.items() if name != "W"}
    small = onnx_file(gemm + top, few, TensorProto.FLOAT, [12288])
    for fuzzer in "onnx", "protobuf":
        put(fuzzer, "no-weights", small)
    put("protobuf", "numbers", helper.make_tensor("t", TensorProto.INT64, [3], [1, -1, 300]).SerializeToString())


def put_hdf5():
    """A set of one image in each layout, and the answers of the process that reads it."""
    image, name = np.full((1, 64, 64, 3), 7, "u1"), np.array(["photo"], "S8")
    for layout, options in ("contiguous", {}), ("chunked", {"chunks": True, "compression": "gzip", "shuffle": True}):
        file = io.BytesIO()
        with h5py.File(file, "w", libver="earliest") as h5:
            h5.create_dataset("train_set_x", data=image, **options)
            h5["train_set_y"] = np.zeros(1, "i8")
            h5["list_classes"] = np.array(["other", "cat"], "S5")
            h5["train_set_names"] = name
        put("hdf5", layout, file.getvalue())

    def answer(content=b"", status=0):
        return struct.pack("<i4xQQ32Q", status, len(content), 0, *[0] * 32) + content

    def array(size, kind, shape, chunk=(), filters=()):
        def padded(numbers, count=32):
            return [*numbers] + [0] * (count - len(numbers))
        stored = size * int(np.prod(shape))
        return answer(struct.pack(
            "<QQiiIII4x32Q32Q32i32B", size, stored, kind, 0, len(shape), len(chunk), len(filters), *padded(shape),
            *padded(chunk), *padded(filters), *padded([1] * len(filters))))

    def string(text):
        return struct.pack("<I", len(text)) + text
    for kind, (chunk, filters) in enumerate([((), ()), ((1, 64, 64, 3), (2, 1))]):
        x, y = array(1, 0, (1, 64, 64, 3), chunk, filters), array(1, 0, (1,))
        classes, names = array(5, 3, (2,)), array(8, 3, (1,))
        put("hdf5_answers", f"set-{kind}", b"".join([
            answer(), x, x, y, y, answer(b"\1"), classes, classes, answer(string(b"other") + string(b"cat")), names, names,
            answer(string(b"photo")), answer(bytes(range(256)) * 48)]))
    put("hdf5_answers", "no-set", answer() + answer(status=7) + answer(b"a\0b\0") + x + y)


def put_texts():
    tiff = b"II*\0\x08\0\0\0\x02\0" + struct.pack("<HHII", 0x10f, 3, 1, 1) + struct.pack("<HHII", 0x112, 3, 1, 6)
    xmp = b'<rdf:Description tiff:Orientation="6"/><tiff:Orientation>8</tiff:Orientation>'
    put("orientation", "both", bytes([len(tiff)]) + tiff + xmp)
    put("orientation", "xmp", b"\0" + xmp)
    put("orientation", "turned", bytes([77]) + tiff.ljust(77, b"\0") + xmp)
    put("paths", "names", "caf\u00e9/\U0010ff90\n-\n".encode() + b"\xff\xe9.jpg")
    starts = ["ftypheic", "<svg", "<!doctype html", "RIFFxxxxWEBP", "PK\3\4", "%PDF-", "II*\0\x08\0\0\0", "BM", "TFL3"]
    for number, start in enumerate(starts):
        put("kinds", f"start-{number}", b"\0" * 4 * start.startswith(("ftyp", "TFL")) + start.encode() + bytes(40))


def put_shards():
    """A set of two shards in four files, each with its length before it; and the start of one that the fuzzer makes."""
    labels, images = bytes([0, 1, 1]), bytes(range(36))
    head = "nn-shards 1\nexamples 3\nimage 2 2 3\nclass non-cat\nclass cat\n"
    head += f"labels {zlib.crc32(labels):08x}\nimages {zlib.crc32(images):08x}\n"
    identity = zlib.crc32(head.encode())
    manifest, shards = f"{head}set {identity:08x}\n", []
    for name, first, end in ("a", 0, 1), ("b", 1, 3):
        own, pixels = labels[first:end], images[12 * first : 12 * end]
        crcs = zlib.crc32(own), zlib.crc32(pixels)
        header = b"\x8eNNs\1\x40\0\0" + struct.pack("<4I4H2I20x", identity, 3, first, end - first, 2, 2, 3, 0, *crcs)
        shards.append(header + struct.pack("<I", zlib.crc32(header)) + own + pixels)
        manifest += f"shard {first} {end - first} {crcs[0]:08x} {crcs[1]:08x} {name}\n"
    files = [manifest.encode(), *shards, b""]
    put("shards", "set", b"\0" + b"".join(struct.pack("<H", len(file)) + file for file in files))
    for number in range(4):
        put("shards", f"made-{number}", bytes([1, number, number, 2 * number, 5 * number]) + bytes(range(200)))


put_pictures()
put_weights()
put_shards()
put_onnx()
put_hdf5()
put_texts()
for number, sides in enumerate([(0, 0), (63, 63), (199, 3), (3, 199), (319, 100), (64, 65)]):
    put("resampling", f"sides-{number}", b"".join(side.to_bytes(2, "little") for side in sides) + bytes([9, 200, 77][:number]))
