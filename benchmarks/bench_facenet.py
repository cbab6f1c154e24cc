"""How many faces a second FaceNet embeds at batch 1, 8 and 32, from picture and box to vector.

    python benchmarks/bench_facenet.py

Needs no weights file: speed does not depend on the values, so random weights stand in. Nearly all
of a face is multiplications and additions in float32, so the limit is what the machine makes of a
large matrix product; that is measured in the same rounds.
"""

import statistics
import time

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Face
from facetrack.embedder import facenet
from facetrack.embedder.crops import crop

BATCHES = (1, 8, 32)
FACES = 64
FLOATS = 2 * 1.417e9  # multiplications and additions a face
ROUNDS = 7


def main() -> None:
    facenet.start_tensorflow()
    from facetrack.embedder import inception_resnet_v1

    random = np.random.default_rng(0)
    weights: dict[str, NDArray[np.float32]] = {}
    for name, shape in inception_resnet_v1.tensors(128).items():
        if name.endswith("moving_variance"):
            values = random.uniform(0.7, 1.5, shape)
        else:
            values = random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
        weights[name] = values.astype(np.float32)
    network = inception_resnet_v1.forward(128, weights)
    faces = [
        Face(random.integers(0, 256, (250, 250, 3), dtype=np.uint8), np.array([70, 70, 110, 110]))
        for _ in range(FACES)
    ]

    def embed(batch: list[Face]) -> None:
        crops = np.stack([crop(face.image, face.box, 5) for face in batch])
        network(facenet.standardize(crops, "image"))

    large = random.normal(size=(3072, 3072)).astype(np.float32)
    products: list[float] = []
    rates: dict[int, list[float]] = {size: [] for size in BATCHES}
    for size in BATCHES:  # the first call of each size prepares it
        embed(faces[:size])
    # In turns, so that whatever else the machine does hits all sizes alike.
    for _ in range(ROUNDS):
        start = time.perf_counter()
        large @ large
        products.append(2 * len(large) ** 3 / (time.perf_counter() - start))
        for size in BATCHES:
            start = time.perf_counter()
            for first in range(0, FACES, size):
                embed(faces[first : first + size])
            rates[size].append(FACES / (time.perf_counter() - start))

    alone = statistics.median(rates[1])
    print(f"FaceNet 128-d, {FACES} faces, median (best) of {ROUNDS} rounds")
    for size in BATCHES:
        rate = statistics.median(rates[size])
        print(
            f"batch {size:2}: {rate:6.1f} faces/s (best {max(rates[size]):.1f}), "
            f"{rate / alone:.2f} times batch 1"
        )
    limit = statistics.median(products) / FLOATS
    print(
        f"a 3072 x 3072 x 3072 product in float32: {limit * FLOATS / 1e9:.0f} GFLOP/s, "
        f"as {limit:.0f} faces/s"
    )


if __name__ == "__main__":
    main()
