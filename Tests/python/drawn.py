"""Images that are drawn: dark ones of class 0 and bright ones of class 1, with noise."""

import numpy as np

LAYERS = (4, 3)


def drawn(count=24, shape=(5, 6, 3), noise=40, seed=1):
    """Images (count, *shape) of bytes and labels (count)."""
    random = np.random.RandomState(seed)
    labels = np.arange(count) % 2
    images = random.randint(0, noise + 1, (count, *shape)) + (90 * labels).reshape(-1, *(1 for _ in shape))
    return images.astype(np.uint8), labels
