"""Writes sharded data sets (docs/FORMAT.md), cut anywhere."""
import pathlib
import struct
import zlib

IMAGE = (64, 64, 3)


def write(folder, images, labels, cuts, classes=("non-cat", "cat"), order=None):
    """Writes images (m, 64, 64, 3) and labels (m), uint8, cut before the examples `cuts`.

    order: in which the manifest names the shards; None: in the order of their examples
    """
    folder = pathlib.Path(folder)
    folder.mkdir()
    count = len(labels)
    head = (
        f"nn-shards 1\nexamples {count}\nimage 64 64 3\nclass {classes[0]}\nclass {classes[1]}\n"
        f"labels {zlib.crc32(labels.tobytes()):08x}\nimages {zlib.crc32(images.tobytes()):08x}\n"
    )
    identity = zlib.crc32(head.encode())
    lines = []
    edges = [0, *cuts, count]
    for number, (first, end) in enumerate(zip(edges, edges[1:])):
        name = f"shard-{number:05d}.nns"
        part = labels[first:end].tobytes(), images[first:end].tobytes()
        checksums = [zlib.crc32(bytes) for bytes in part]
        header = struct.pack(
            "<4sBBHIIIIHHHHII20x", b"\x8eNNs", 1, 64, 0, identity, count, first, end - first, *IMAGE, 0, *checksums
        )
        header += struct.pack("<I", zlib.crc32(header))
        (folder / name).write_bytes(header + part[0] + part[1])
        lines.append(f"shard {first} {end - first} {checksums[0]:08x} {checksums[1]:08x} {name}\n")
    if order is not None:
        lines = [lines[i] for i in order]
    (folder / "manifest.txt").write_text(head + f"set {identity:08x}\n" + "".join(lines))
