"""Tests nnkernel.photos: photos of any kind become the images that Pillow 13 makes of them, to the bit."""

import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

import nnkernel
from nnkernel.layer import initial_layers
from nnkernel.photos import as_images

try:
    import PIL
    from PIL import Image, ImageOps

    sys.path.append(str(Path(__file__).parents[1] / "pictures"))
    import pictures
except ImportError:
    PIL = None

NN_CLI = os.environ.get("NN_CLI")
RNG = np.random.default_rng(3)
PHOTO = RNG.integers(0, 256, (90, 130, 3), np.uint8)
IMAGES = RNG.integers(0, 256, (4, 64, 64, 3), np.uint8)


class ArrayTests(unittest.TestCase):
    def test_images_of_the_networks_size_stay_as_they_are(self):
        for images in IMAGES, IMAGES.reshape(4, -1), IMAGES.reshape(4, 64, 192), list(IMAGES), IMAGES[:0]:
            np.testing.assert_array_equal(as_images(images, 12288), np.reshape(images, (len(images), 12288)))
        for image in IMAGES[0], IMAGES[:1], IMAGES[0].reshape(-1), [IMAGES[0]]:
            np.testing.assert_array_equal(as_images(image, 12288), IMAGES[:1].reshape(1, -1))
        strided = np.asfortranarray(IMAGES)[:, ::-1]
        np.testing.assert_array_equal(as_images(strided, 12288), strided.reshape(4, -1))

    def test_networks_of_other_sizes(self):
        images = IMAGES[:, :5, :4]
        np.testing.assert_array_equal(as_images(images, 60), images.reshape(4, 60))
        np.testing.assert_array_equal(as_images(images[0], 60), images[:1].reshape(1, 60))
        with self.assertRaisesRegex(ValueError, "photos: expected 60 bytes, found 35100; .* 64 x 64 pixels"):
            as_images(PHOTO, 60)

    def test_one_photo_of_4096_pixels_in_a_row_is_no_list_of_images(self):
        self.assertEqual(as_images(np.zeros((2, 4096, 3), np.uint8), 12288).shape, (1, 12288))

    def test_several_photos(self):
        one = as_images(PHOTO, 12288)
        for photos in np.stack([PHOTO, PHOTO]), [PHOTO, PHOTO], (PHOTO, PHOTO):
            np.testing.assert_array_equal(as_images(photos, 12288), np.concatenate([one, one]))
        self.assertEqual(as_images([], 12288).shape, (0, 12288))

    def test_refuses(self):
        for photos, message in (
                (PHOTO.astype(float), r"photos: expected bytes \(uint8\), found float64"),
                ([PHOTO, PHOTO / 255], r"photos\[1\]: expected bytes \(uint8\), found float64"),
                (PHOTO[..., :2], r"photos: expected 12288 bytes, or \(height, width, 3\) R G B, found shape \(90, 130, 2\)"),
                (PHOTO[:0], r"found shape \(0, 130, 3\)"),
                (np.zeros((1, 65536, 3), np.uint8), r"photos: expected sides of at most 65535 pixels, found shape \(1, 65536, 3\)"),
                (np.uint8(1), r"found shape \(\)"),
                (IMAGES.transpose(0, 3, 1, 2), r"photos: expected channels last, .* found an image of shape \(3, 64, 64\)"),
                (IMAGES[0].transpose(2, 0, 1), "photos: expected channels last"),
                ([IMAGES[0].transpose(2, 0, 1)], r"photos\[0\]: expected channels last"),
                (IMAGES[:3, :, :, 0], "photos: expected channels last"),
                (None, "photos: expected an array, a picture or a path, found NoneType"),
                (np.array(1, np.uint8), r"found shape \(\)"),
                ([None], r"photos\[0\]: expected an array, a picture or a path, found NoneType")):
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                as_images(photos, 12288)


@unittest.skipUnless(PIL, "Pillow is not installed")
class PictureTests(unittest.TestCase):
    def check(self, files):
        for name, file in files:
            with self.subTest(name):
                expected = np.frombuffer(pictures.expected(file), np.uint8)
                np.testing.assert_array_equal(as_images(Image.open(io.BytesIO(file)), 12288)[0], expected)

    @unittest.skipUnless(PIL and PIL.__version__.startswith("13."), "the reference is Pillow 13")
    def test_pictures_of_many_kinds(self):
        for size in (1, 1), (63, 65), (333, 222), (900, 3), (3, 900):
            self.check(pictures.images(RNG, size))
        self.check(pictures.odd_images(RNG))

    @unittest.skipUnless(PIL and PIL.__version__.startswith("13."), "the reference is Pillow 13")
    def test_arrays_as_pictures(self):
        for height, width in (1, 1), (64, 65), (1000, 70), (70, 1000), (257, 129):
            photo = RNG.integers(0, 256, (height, width, 3), np.uint8)
            expected = np.asarray(Image.fromarray(photo).resize((64, 64), Image.Resampling.BILINEAR))
            np.testing.assert_array_equal(as_images(photo, 12288), expected.reshape(1, -1))

    def test_all_modes(self):
        rgb = Image.fromarray(PHOTO)
        for mode in "1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV":
            picture = rgb.convert({"RGBa": "RGBA", "PA": "P"}.get(mode, mode)).convert(mode)
            opaque = picture.convert("RGBA" if mode == "RGBa" else mode).convert("RGB")
            np.testing.assert_array_equal(as_images(picture, 12288), as_images(np.asarray(opaque), 12288), mode)
        sixteen = Image.fromarray((PHOTO[..., 0].astype(np.uint16) << 8) + 77)
        np.testing.assert_array_equal(as_images(sixteen, 12288), as_images(Image.fromarray(PHOTO[..., 0]), 12288))
        for mode in "F", "La":
            with self.assertRaisesRegex(ValueError, f"photos: expected a picture .* found (one of )?mode {mode}"):
                as_images(Image.new(mode, (9, 9)), 12288)

    def test_paths(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "photo.png")
            Image.fromarray(PHOTO).save(path)
            expected = as_images(PHOTO, 12288)
            for photos in path, str(path), [path]:
                np.testing.assert_array_equal(as_images(photos, 12288), expected)
            file = path.read_bytes()
            header = struct.pack(">IIBBBBB", 65535, 65535, 8, 0, 0, 0, 0)
            large = file[:8] + pictures.chunk(b"IHDR", header) + pictures.chunk(b"IDAT", b"")
            for name, damaged, message in (
                    ("cut.png", file[:-200], r"that Pillow can read as R G B, found one of mode RGB \(.*truncated"),
                    ("broken.png", file[:99] + bytes(30) + file[129:], "that Pillow can read"),
                    ("text.png", b"text", "found another kind of file"),
                    ("large.png", large, "fewer pixels")):
                Path(folder, name).write_bytes(damaged)
                with self.assertRaisesRegex(ValueError, f"{name}: expected a picture.*{message}"):
                    as_images(Path(folder, name), 12288)
            with self.assertRaisesRegex(FileNotFoundError, "none.png"):
                as_images([path, Path(folder, "none.png")], 12288)

    @unittest.skipUnless(NN_CLI, "NN_CLI does not name nn-cli")
    def test_nn_cli_answers_the_same(self):
        random = np.random.default_rng(1)
        layers = [(layer.weights, layer.biases) for layer in initial_layers([12288, 7, 1], "deep")]
        with tempfile.TemporaryDirectory() as folder:
            nnkernel.Model.from_layers(layers).save(Path(folder, "model.nnk"))
            files = [*pictures.images(random, (333, 222)), *pictures.images(random, (20, 600))]
            paths = []
            for index, (name, file) in enumerate(files):
                if not name.endswith(".jpg"):  # which releases of libjpeg round differently
                    paths.append(Path(folder, f"{index}-{name}"))
                    paths[-1].write_bytes(file)
            answer = subprocess.run(
                [NN_CLI, "predict", "--json", "-m", Path(folder, "model.nnk"), *paths], check=True, capture_output=True)
            found = nnkernel.load(Path(folder, "model.nnk")).predict_proba(paths)[:, 1]
            self.assertEqual(found.tolist(), [each["probability"] for each in json.loads(answer.stdout)["predictions"]])
            self.assertGreater(len(set(found)), len(found) // 2)


if __name__ == "__main__":
    unittest.main()
