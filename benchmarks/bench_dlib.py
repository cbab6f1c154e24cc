"""dlib's face descriptor by dlib, by OpenCV's DNN module and by ONNX Runtime, in one run.

    python benchmarks/bench_dlib.py

All three have the same weights, the same aligned faces (drawn portraits) and one thread; the last
two run the model that facetrack makes of dlib's weights. Times are of the processor, which other
programs that run meanwhile change least; to the first face they include reading the weights.
"""

import importlib.metadata
import time
from collections.abc import Callable, Mapping

import cv2
import dlib
import numpy as np

from facetrack.core.faces import Face, Image, Vectors
from facetrack.dataset import Portraits
from facetrack.detector import Whole
from facetrack.embedder import dlib_onnx, dlib_resnet, dlib_weights
from facetrack.extraction import picture
from facetrack.system.onnx_session import start_session

FACES = 32
BATCHES = (1, 8, 16)
ROUNDS = 5
WEIGHTS = dlib_resnet.find_model(dlib_resnet.DESCRIPTOR)
PACKAGES = {"dlib": "dlib-bin", "OpenCV": "opencv-python", "ONNX Runtime": "onnxruntime"}
Embed = Callable[[Image], Vectors]


def align_faces() -> Image:
    """(32, 150, 150, 3) faces as the network sees them; tells what aligning costs."""
    images = [picture.read(one.path) for one in Portraits().load().pictures[:FACES]]
    faces = [Face(image, Whole().detect(image).boxes[0]) for image in images]
    start = time.process_time()
    aligned = np.stack([dlib_resnet.align(face) for face in faces])
    spent = (time.process_time() - start) / FACES
    print(f"landmarks and alignment by dlib, the same for all: {spent * 1e3:.1f} ms per face")
    return aligned


def start_dlib() -> Embed:
    network = dlib.face_recognition_model_v1(str(WEIGHTS))
    return lambda faces: np.array(network.compute_face_descriptor(list(faces)), np.float32)


def start_opencv() -> Embed:
    cv2.setNumThreads(1)
    content = dlib_onnx.build(dlib_weights.read(WEIGHTS))
    network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))

    def embed(faces: Image) -> Vectors:
        network.setInput(dlib_onnx.standardize(faces))
        return network.forward().reshape(len(faces), -1).astype(np.float32)

    return embed


def start_onnxruntime() -> Embed:
    session = start_session(dlib_onnx.build(dlib_weights.read(WEIGHTS)))

    def embed(faces: Image) -> Vectors:
        vectors: Vectors = session.run(None, {dlib_onnx.INPUT: dlib_onnx.standardize(faces)})[0]
        return vectors

    return embed


def measure(methods: Mapping[str, Embed], faces: Image) -> dict[tuple[str, int], list[float]]:
    """Processor seconds of a face by method and batch, as many as there are rounds."""
    seconds: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):  # in turns, so that whatever else the machine does hits all alike
        for name, embed in methods.items():
            for size in BATCHES:
                start = time.process_time()
                for first in range(0, FACES, size):
                    embed(faces[first : first + size])
                spent = (time.process_time() - start) / FACES
                seconds.setdefault((name, size), []).append(spent)
    return seconds


def main() -> None:
    faces = align_faces()
    methods, ready = {}, {}
    for name, start in (
        ("dlib", start_dlib),
        ("OpenCV", start_opencv),
        ("ONNX Runtime", start_onnxruntime),
    ):
        before = time.process_time()
        methods[name] = start()
        methods[name](faces[:1])
        ready[name] = time.process_time() - before
    expected = methods["dlib"](faces)
    seconds = measure(methods, faces)
    alone = np.array(seconds["dlib", 1])
    print(
        f"{FACES} faces, one thread, median of {ROUNDS} rounds: milliseconds per face, and how "
        "many times as fast as dlib"
    )
    heads = "".join(f"{f'batch {size}':>15}" for size in BATCHES)
    print(f"{'':22}{heads}  first face  vectors differ by")
    for name, embed in methods.items():
        told = ""
        for size in BATCHES:
            spent = np.array(seconds[name, size])
            told += f"{np.median(spent) * 1e3:8.1f} ({np.median(alone / spent):4.1f})"
        called = f"{name} {importlib.metadata.version(PACKAGES[name])}"
        off = np.abs(embed(faces) - expected).max()
        print(f"{called:22}{told}  {ready[name]:8.2f} s  {off:.1e}")


if __name__ == "__main__":
    main()
