"""Inception-ResNet-v1 for 160x160 faces, as FaceNet uses it.

Szegedy et al. 2017, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on
Learning", with an embedding layer in place of the classifier (Schroff et al. 2015, "FaceNet").
The network is built here and only its weights are ever read from a file: a saved model can
hold code that runs while it is loaded (CVE-2025-9905).

Importing this module imports TensorFlow: see `facenet.start_tensorflow`.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.embedder.crops import SIZE

Floats = NDArray[np.float32]

EPSILON = 1e-3  # of batch normalisation
_CHANNELS = 3  # the axis of the channels in (n, height, width, channels)


@functools.cache  # the network is built for it, which takes two seconds
def tensors(dimensions: int) -> Mapping[str, tuple[int, ...]]:
    """The 490 weights by name, "<layer>/<tensor>", and their shapes."""
    shapes = {weight.path: tuple(weight.shape) for weight in build(dimensions).weights}
    return MappingProxyType(shapes)


def forward(dimensions: int, weights: Mapping[str, Floats]) -> Callable[[Floats], Vectors]:
    """A compiled function from standardised faces to raw vectors.

    weights: by the names and in the shapes of `tensors`.
    It takes (n, 160, 160, 3) float32 RGB and gives (n, dimensions) float32, not unit length.
    A face's vector does not depend on the others in its batch but for rounding.
    """
    # Folded, the network is 1.1 to 1.4 times as fast as with batch normalisation left in.
    model = build(dimensions, folded=True)
    folded = fold(weights)
    for weight in model.weights:
        weight.assign(folded[weight.path])

    # One signature for every batch size: each traced shape would cost most of a second.
    @tf.function(input_signature=[tf.TensorSpec((None, SIZE, SIZE, 3), tf.float32)])  # type: ignore[untyped-decorator]
    def run(faces: tf.Tensor) -> tf.Tensor:
        return model(faces, training=False)

    return lambda faces: np.asarray(run(faces), dtype=np.float32)


def fold(weights: Mapping[str, Floats]) -> dict[str, Floats]:
    """Weights in which batch normalisation is part of the convolution before it.

    (k*x - mean) / sqrt(variance + epsilon) + beta is a convolution with the kernel
    k / sqrt(variance + epsilon) and the bias beta - mean / sqrt(variance + epsilon).
    """
    folded = {name: value for name, value in weights.items() if "_BatchNorm/" not in name}
    for name, beta in weights.items():
        layer, _, tensor = name.partition("_BatchNorm/")
        if tensor != "beta":
            continue
        mean, variance = (weights[f"{layer}_BatchNorm/moving_{of}"] for of in ("mean", "variance"))
        gain = 1 / np.sqrt(variance.astype(np.float64) + EPSILON)
        folded[f"{layer}/kernel"] = (weights[f"{layer}/kernel"] * gain).astype(np.float32)
        folded[f"{layer}/bias"] = (beta - mean * gain).astype(np.float32)
    return folded


def build(dimensions: int, folded: bool = False) -> keras.Model:
    """The network: (n, 160, 160, 3) standardised RGB to (n, dimensions) raw, both float32.

    folded: without batch normalisation, for the weights that `fold` gives.
    All weights are zero until they are assigned.
    """
    net = _Layers(folded)
    image = keras.Input((SIZE, SIZE, 3))

    # Stem
    x = net.conv(image, 32, 3, "Conv2d_1a_3x3", strides=2, padding="valid")  # 79x79x32
    x = net.conv(x, 32, 3, "Conv2d_2a_3x3", padding="valid")  # 77x77x32
    x = net.conv(x, 64, 3, "Conv2d_2b_3x3")  # 77x77x64
    x = layers.MaxPooling2D(3, strides=2, name="MaxPool_3a_3x3")(x)  # 38x38x64
    x = net.conv(x, 80, 1, "Conv2d_3b_1x1", padding="valid")  # 38x38x80
    x = net.conv(x, 192, 3, "Conv2d_4a_3x3", padding="valid")  # 36x36x192
    x = net.conv(x, 256, 3, "Conv2d_4b_3x3", strides=2, padding="valid")  # 17x17x256

    for number in range(1, 6):
        x = net.block35(x, f"Block35_{number}")  # 17x17x256
    x = net.mixed_6a(x)  # 8x8x896
    for number in range(1, 11):
        x = net.block17(x, f"Block17_{number}")  # 8x8x896
    x = net.mixed_7a(x)  # 3x3x1792
    for number in range(1, 6):
        x = net.block8(x, f"Block8_{number}", scale=0.2)  # 3x3x1792
    x = net.block8(x, "Block8_6", scale=1.0, activation=None)  # 3x3x1792

    # Head. Training drops 20 % of the pooled values here; inference keeps all of them.
    x = layers.GlobalAveragePooling2D(name="AvgPool")(x)  # 1792
    x = net.dense(x, dimensions, "Bottleneck")  # dimensions
    return keras.Model(image, x, name="inception_resnet_v1")


class _Layers:
    """Makes the network's parts, with or without batch normalisation as a layer of its own."""

    def __init__(self, folded: bool) -> None:
        self.folded = folded

    def conv(
        self,
        x: keras.KerasTensor,
        filters: int,
        kernel: int | tuple[int, int],
        name: str,
        strides: int = 1,
        padding: str = "same",
    ) -> keras.KerasTensor:
        """Convolution, batch normalisation, ReLU."""
        x = layers.Conv2D(
            filters,
            kernel,
            strides=strides,
            padding=padding,
            use_bias=self.folded,
            kernel_initializer="zeros",
            name=name,
        )(x)
        return layers.ReLU(name=f"{name}_Activation")(self._normalise(x, name))

    def dense(self, x: keras.KerasTensor, units: int, name: str) -> keras.KerasTensor:
        """Linear map and batch normalisation."""
        x = layers.Dense(units, use_bias=self.folded, kernel_initializer="zeros", name=name)(x)
        return self._normalise(x, name)

    def _normalise(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        if self.folded:
            return x
        return layers.BatchNormalization(
            momentum=0.995, epsilon=EPSILON, scale=False, name=f"{name}_BatchNorm"
        )(x)

    def block35(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Inception-resnet-A."""
        b0 = self.conv(x, 32, 1, f"{name}_Branch_0_Conv2d_1x1")
        b1 = self.conv(x, 32, 1, f"{name}_Branch_1_Conv2d_0a_1x1")
        b1 = self.conv(b1, 32, 3, f"{name}_Branch_1_Conv2d_0b_3x3")
        b2 = self.conv(x, 32, 1, f"{name}_Branch_2_Conv2d_0a_1x1")
        b2 = self.conv(b2, 32, 3, f"{name}_Branch_2_Conv2d_0b_3x3")
        b2 = self.conv(b2, 32, 3, f"{name}_Branch_2_Conv2d_0c_3x3")
        return self._residual(x, [b0, b1, b2], name, scale=0.17)

    def mixed_6a(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Reduction-A."""
        name = "Mixed_6a"
        b0 = self.conv(x, 384, 3, f"{name}_Branch_0_Conv2d_1a_3x3", strides=2, padding="valid")
        b1 = self.conv(x, 192, 1, f"{name}_Branch_1_Conv2d_0a_1x1")
        b1 = self.conv(b1, 192, 3, f"{name}_Branch_1_Conv2d_0b_3x3")
        b1 = self.conv(b1, 256, 3, f"{name}_Branch_1_Conv2d_1a_3x3", strides=2, padding="valid")
        b2 = layers.MaxPooling2D(3, strides=2, name=f"{name}_Branch_2_MaxPool_1a_3x3")(x)
        return layers.Concatenate(axis=_CHANNELS, name=name)([b0, b1, b2])

    def block17(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Inception-resnet-B: a 7x7 window as a row and a column."""
        b0 = self.conv(x, 128, 1, f"{name}_Branch_0_Conv2d_1x1")
        b1 = self.conv(x, 128, 1, f"{name}_Branch_1_Conv2d_0a_1x1")
        b1 = self.conv(b1, 128, (1, 7), f"{name}_Branch_1_Conv2d_0b_1x7")
        b1 = self.conv(b1, 128, (7, 1), f"{name}_Branch_1_Conv2d_0c_7x1")
        return self._residual(x, [b0, b1], name, scale=0.1)

    def mixed_7a(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Reduction-B."""
        name = "Mixed_7a"
        b0 = self.conv(x, 256, 1, f"{name}_Branch_0_Conv2d_0a_1x1")
        b0 = self.conv(b0, 384, 3, f"{name}_Branch_0_Conv2d_1a_3x3", strides=2, padding="valid")
        b1 = self.conv(x, 256, 1, f"{name}_Branch_1_Conv2d_0a_1x1")
        b1 = self.conv(b1, 256, 3, f"{name}_Branch_1_Conv2d_1a_3x3", strides=2, padding="valid")
        b2 = self.conv(x, 256, 1, f"{name}_Branch_2_Conv2d_0a_1x1")
        b2 = self.conv(b2, 256, 3, f"{name}_Branch_2_Conv2d_0b_3x3")
        b2 = self.conv(b2, 256, 3, f"{name}_Branch_2_Conv2d_1a_3x3", strides=2, padding="valid")
        b3 = layers.MaxPooling2D(3, strides=2, name=f"{name}_Branch_3_MaxPool_1a_3x3")(x)
        return layers.Concatenate(axis=_CHANNELS, name=name)([b0, b1, b2, b3])

    def block8(
        self, x: keras.KerasTensor, name: str, scale: float, activation: str | None = "relu"
    ) -> keras.KerasTensor:
        """Inception-resnet-C: a 3x3 window as a row and a column."""
        b0 = self.conv(x, 192, 1, f"{name}_Branch_0_Conv2d_1x1")
        b1 = self.conv(x, 192, 1, f"{name}_Branch_1_Conv2d_0a_1x1")
        b1 = self.conv(b1, 192, (1, 3), f"{name}_Branch_1_Conv2d_0b_1x3")
        b1 = self.conv(b1, 192, (3, 1), f"{name}_Branch_1_Conv2d_0c_3x1")
        return self._residual(x, [b0, b1], name, scale, activation)

    def _residual(
        self,
        x: keras.KerasTensor,
        branches: Sequence[keras.KerasTensor],
        name: str,
        scale: float,
        activation: str | None = "relu",
    ) -> keras.KerasTensor:
        """x + scale * up(branches), where `up` brings them back to the channels of x."""
        mixed = layers.Concatenate(axis=_CHANNELS, name=f"{name}_Concatenate")(branches)
        up = layers.Conv2D(
            x.shape[_CHANNELS], 1, kernel_initializer="zeros", name=f"{name}_Conv2d_1x1"
        )(mixed)
        x = x + scale * up
        return layers.Activation(activation, name=f"{name}_Activation")(x) if activation else x
