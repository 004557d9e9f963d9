#!/usr/bin/env python3
"""Writes hostile files of weights into a folder: a reader must refuse each one, quickly and with little memory."""
import struct
import sys
import zlib
from pathlib import Path

HOLE = 100_000_000_000  # bytes that take no place on the disk
LARGEST = 4 << 20  # bytes of a file that is read


def npy(count):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count},), }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(4 * count)


def npz(entries, listed=None):
    """An archive of (name, offset or None, packed, size, CRC); an entry with an offset has the bytes that lie there."""
    files, directory = bytearray(), bytearray()
    for name, offset, packed, size, crc in entries:
        facts = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, len(packed), size, len(name), 0)
        if offset is None:
            offset = len(files)
            files += b"PK\3\4" + facts + name + packed
        directory += b"PK\1\2\x14\0" + facts + bytes(10) + struct.pack("<I", offset) + name
    count = listed or len(entries)
    return files + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(files), 0)


def packed(name, data):
    deflate = zlib.compressobj(9, wbits=-15)
    return name, None, deflate.compress(data) + deflate.flush(), len(data), zlib.crc32(data)


def safetensors(header, data=b""):
    return struct.pack("<Q", len(header)) + header + data


def varint(number):
    bytes_ = b""
    while number > 127:
        bytes_ += bytes([number & 127 | 128])
        number >>= 7
    return bytes_ + bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx(graph):
    return b"\x08\x07" + field(2, b"pytorch") + field(7, graph)


def archives():
    array = packed(b"a.npy", npy(1000))
    yield "shared-bytes", npz([array] + [(b"a.npy", 0, array[2], array[3], array[4])] * 65_534)
    yield "few-share-bytes", npz([array, (b"a.npy", 0, array[2], array[3], array[4])])
    yield "bomb", npz([packed(b"a.npy", bytes(1 << 30))])
    yield "bombs", npz([packed(b"%d.npy" % i, bytes(1 << 20)) for i in range(60)])
    yield "many-files", npz([packed(b"%d.npy" % i, npy(1)) for i in range(20_000)])
    yield "many-listed", npz([array], 65_535)
    yield "sizes", npz([(b"%d.npy" % i, None, b"", 0xFFFFFFFF, 0) for i in range(60)])
    yield "large-array", npz([packed(b"a.npy", npy(1_040_000))])


def headers():
    tensor = b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    yield "60-mb", safetensors(b"{" + b",".join(tensor % i for i in range(1_000_000)) + b"}")
    yield "many-tensors", safetensors(b"{" + b",".join(tensor % i for i in range(4_000)) + b"}")
    yield "equal-names", safetensors(b"{" + b",".join([tensor % 1] * 4_000) + b"}")
    yield "metadata", safetensors(b'{"__metadata__":{' + b",".join(b'"%d":""' % i for i in range(20_000)) + b"}}")
    yield "shape", safetensors(b'{"a":{"dtype":"F32","shape":[' + b",".join([b"1"] * 130_000) + b'],"data_offsets":[0,4]}}', bytes(4))
    yield "nested", safetensors(b'{"a":' + b"[" * 260_000)
    yield "nested-objects", safetensors(b'{"a":' * 50_000)
    yield "number", safetensors(b'{"a":{"dtype":"F32","shape":[' + b"9" * 260_000 + b'],"data_offsets":[0,4]}}', bytes(4))
    yield "exponent", safetensors(b'{"a":{"dtype":"F32","shape":[1e99999999],"data_offsets":[0,4]}}', bytes(4))
    yield "escapes", safetensors(b'{"' + rb"\u0041" * 40_000 + b'":{}}')
    overlap = b",".join(b'"%d":{"dtype":"F32","shape":[900000],"data_offsets":[0,3600000]}' % i for i in range(60))
    yield "overlap", safetensors(b"{" + overlap + b"}", bytes(3_600_000))
    yield "long-size", struct.pack("<Q", (1 << 63) + 5) + b"{}" + bytes(100)


def graphs():
    half = LARGEST // 2 - 100
    yield "fields", onnx(b"\x50\0" * half)
    yield "nodes", onnx(b"\x0a\0" * half)
    yield "initializers", onnx(b"\x2a\0" * half)
    yield "inputs", onnx(b"\x5a\0" * half)
    yield "node-inputs", onnx(field(1, b"\x0a\0" * half))
    yield "attributes", onnx(b"".join(field(1, b"\x2a\0" * 9_000) for _ in range(220)))
    yield "many-node-inputs", onnx(b"".join(field(1, b"\x0a\0" * 9_000) for _ in range(220)))
    yield "dimensions", onnx(field(5, field(1, bytes(LARGEST - 100))))
    yield "metadata", b"\x08\x07" + field(2, b"pytorch") + b"\x72\0" * half
    nested = b""
    for _ in range(300_000):  # a graph in an attribute of a node of a graph ...
        nested = field(1, nested)
        if len(nested) > 1 << 17:
            break
    yield "nested", onnx(nested)
    image = field(11, field(1, b"x") + field(2, field(1, b"\x08\2" + field(2, b"".join(
        field(1, b"\x08" + varint(size)) for size in (1, 64, 64, 3))))))
    scale = field(5, field(4, bytes(4)) + b"\x10\1" + field(8, b"s") + b"\x78\0" * 9_000)
    muls = b"".join(
        field(1, field(1, b"x%d" % i if i else b"x") + field(1, b"s") + field(2, b"x%d" % (i + 1)) + field(4, b"Mul"))
        for i in range(1000))
    yield "one-constant-many-times", onnx(image + scale + muls)


def main(folder):
    for end, files in ("npz", archives()), ("safetensors", headers()), ("onnx", graphs()):
        for name, content in files:
            Path(folder, f"{name}.{end}").write_bytes(content)
    for end, start in ("npz", b"PK\3\4"), ("safetensors", safetensors(b"{}")), ("onnx", onnx(b"")):
        with open(Path(folder, f"hole.{end}"), "wb") as file:
            file.write(start)
            file.truncate(HOLE)


main(sys.argv[1])
