"""dlib's face descriptor as an ONNX model, which other engines run many times as fast.

What has to be minded: dlib adds pictures of different sizes, and the rows, columns and channels
that one of them lacks count as zeros.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Image
from facetrack.embedder.dlib_weights import (
    BLOCKS,
    DIMENSIONS,
    ENTRY,
    MEAN,
    SIZE,
    Convolution,
    Floats,
    Network,
)

INPUT = "pictures"
_OPSET, _FORMAT = 13, 8  # of 2021: every engine knows them


def standardize(pictures: Image) -> Floats:
    """(n, 150, 150, 3) uint8 RGB as the model takes them."""
    values: Floats = np.empty((len(pictures), len(MEAN), SIZE, SIZE), np.float32)
    mean = np.array(MEAN, np.float32)[:, None, None]
    np.subtract(pictures.transpose(0, 3, 1, 2), mean, out=values)
    values /= np.float32(256)
    return values


def build(network: Network) -> bytes:
    """The content of a `.onnx` file.

    Its input, INPUT, is (n, 3, 150, 150) float32, as `standardize` gives it; its output (n, 128)
    float32.
    """
    graph = _Graph()
    convolutions = iter(network.convolutions)
    here = graph.add("Relu", graph.convolve(INPUT, next(convolutions)))
    here = graph.add("MaxPool", here, kernel_shape=[3, 3], strides=[2, 2])
    side, channels = _halve(_halve(SIZE, 7), 3), ENTRY
    for block in BLOCKS:
        inner = graph.add("Relu", graph.convolve(here, next(convolutions)))
        inner = graph.convolve(inner, next(convolutions))
        if block.halves:
            here = graph.add("AveragePool", here, kernel_shape=[2, 2], strides=[2, 2])
            here = graph.pad(here, channels=block.filters - channels)
            inner = graph.pad(inner, sides=_halve(side, 2) - _halve(side, 3))
            side, channels = _halve(side, 2), block.filters
        here = graph.add("Relu", graph.add("Add", inner, here))
    here = graph.add("GlobalAveragePool", here)
    # Not a product of matrices, which would round a face alone otherwise than among others.
    weights = network.projection.T[:, :, None, None]
    here = graph.convolve(here, Convolution(weights, np.zeros(DIMENSIONS, np.float32), 1, 0))
    return graph.write(graph.add("Flatten", here))


def _halve(side: int, kernel: int) -> int:
    """What a kernel makes of a picture's height and width in steps of two, without padding."""
    return (side - kernel) // 2 + 1


class _Graph:
    """A model that grows; what is in it is known by its name."""

    def __init__(self) -> None:
        from onnx import TensorProto, helper

        # Filled where it is: each piece that is put together elsewhere is copied, 22 MB of weights.
        self._model = helper.make_model(
            helper.make_graph(
                [],
                "dlib",
                [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", 3, SIZE, SIZE])],
                [],
            ),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_FORMAT,
        )

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """The result of an operator."""
        from onnx import helper

        nodes = self._model.graph.node
        name = f"{operator} {len(nodes)}"
        nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def convolve(self, picture: str, convolution: Convolution) -> str:
        """The result of a convolution."""
        weights, stride, padding = convolution.weights, convolution.stride, convolution.padding
        return self.add(
            "Conv",
            picture,
            self._keep(weights),
            self._keep(convolution.bias),
            kernel_shape=weights.shape[2:],
            strides=[stride, stride],
            pads=[padding] * 4,
        )

    def pad(self, picture: str, channels: int = 0, sides: int = 0) -> str:
        """A picture with so many more channels, or rows and columns, of zeros."""
        if not channels and not sides:
            return picture
        ends = [0, 0, 0, 0, 0, channels, sides, sides]
        return self.add("Pad", picture, self._keep(np.array(ends, np.int64)))

    def write(self, vectors: str) -> bytes:
        """The content of the model's file, with vectors for its output."""
        from onnx import TensorProto, helper

        given = helper.make_tensor_value_info(vectors, TensorProto.FLOAT, ["n", DIMENSIONS])
        self._model.graph.output.append(given)
        content: bytes = self._model.SerializeToString()
        return content

    def _keep(self, values: Floats | NDArray[np.int64]) -> str:
        from onnx import numpy_helper

        kept = self._model.graph.initializer
        name = f"constant {len(kept)}"
        kept.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name
