"""What roundings may change in the answers of a network."""

import numpy as np


def bound(image, own_contrast, layers, u):
    """How far a probability may be off, to first order: six standard deviations, if roundings are independent.

    The image is of bytes. A layer has weights (outputs, inputs) and biases (outputs); all are f64 here. u is half of the
    last bit of 1 in the type of the network.

    Each rounding is off by u of its value at most. A sum of products w[k] a[k] rounds a weight (f64 to f32), a product
    and a partial sum per term. What is off below is multiplied by the weights.
    """
    pixels = image.reshape(-1).astype("f8")
    n = len(pixels)
    common = 2 * u  # the scale is one rounded number for all pixels, and so is the deviation
    if own_contrast:
        centered = pixels - pixels.mean()
        squares = np.cumsum(centered**2)
        a = centered / np.sqrt(squares[-1] / n)
        # Bytes are summed exactly. The sum of squares is not, and half of its error is that of its root.
        common += u * np.sqrt((squares**2).sum()) / squares[-1] / 2
        shift = 3 * u * pixels.mean() / np.sqrt(squares[-1] / n)
    else:
        a, shift = pixels / 255, 0
    variance = (2 * u * a) ** 2
    for layer, (w, b) in enumerate(layers):
        terms = np.hstack([w * a, b[:, None]])
        partial = np.cumsum(terms, axis=1)
        z = partial[:, -1]
        variance = w**2 @ variance + u**2 * (2 * (terms**2).sum(1) + (partial**2).sum(1))
        if layer == 0:
            variance += (common * (z - b)) ** 2 + (shift * w.sum(1)) ** 2
        a = np.maximum(z, 0)
    p = 1 / (1 + np.exp(-z[0]))
    return 6 * p * (1 - p) * np.sqrt(variance[0]) + 8 * u
