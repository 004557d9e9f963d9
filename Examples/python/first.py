import numpy as np
import nnkernel

labels = np.arange(20) % 2  # class 0: dark; class 1: bright
images = np.empty((20, 64, 64, 3), np.uint8)
images[:] = (5 * np.arange(20) + 150 * labels)[:, None, None, None]

model = nnkernel.train(images, labels, on_cost=print)
print(model.predict_proba(images[:4]).round(4))
model.save("model.nnk")
