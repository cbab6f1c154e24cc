"""dlib's face descriptor: which network it is, and what it has learned, out of dlib's own file.

The file says of each layer what it is and how large. All of that is known beforehand, and whatever
is not exactly this network is refused: nothing about it has to be guessed, or allocated unseen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.embedder.dlib_format import Content

Floats = NDArray[np.float32]

SIZE = 150
"""Height and width of the pictures that it sees."""
MEAN = (122.782, 117.001, 104.298)
"""What is subtracted from their red, green and blue, before they are divided by 256."""
DIMENSIONS = 128


@dataclass(frozen=True)
class Block:
    """Two convolutions, to whose result what went into them is added.

    filters: how many each has. halves: whether the first halves the picture.
    """

    filters: int
    halves: bool = False


ENTRY = 32
"""Filters of the convolution before the blocks."""
BLOCKS = (
    *(Block(32), Block(32), Block(32)),
    *(Block(64, halves=True), Block(64), Block(64), Block(64)),
    *(Block(128, halves=True), Block(128), Block(128)),
    *(Block(256, halves=True), Block(256), Block(256)),
    Block(256, halves=True),
)


@dataclass(frozen=True)
class Convolution:
    """A convolution, with the scale and shift that follow it folded in.

    weights: (filters, channels, side, side). bias: (filters,). padding: zeros around the picture.
    """

    weights: Floats
    bias: Floats
    stride: int
    padding: int


@dataclass(frozen=True)
class Network:
    """What the network has learned.

    convolutions: the entry's and two a block. projection: (256, 128), without a bias.
    """

    convolutions: Sequence[Convolution]
    projection: Floats


_MOST = 32 << 20  # bytes that are read: the file has 22 MB
# Versions of dlib's layers from the last to the first: those of a block, and of the entry.
_OF_BLOCK = (2, 2, 2, 2, 2, 2, 2, 1)
_OF_HALVING = (2, 2, 2, 1, 1, 2, 2, 2, 2, 2, 1)
_OF_ENTRY = (2, 2, 2, 3)
_OF_END = (2, 2)
_TRAINING = 4  # real numbers in a layer that only training needs


def read(path: Path) -> Network:
    """The network in a file.

    Raises UserError, saying what is wrong and where, for a file that cannot be read or does not
    hold exactly this network.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(_MOST + 1)
        return _read_network(Content(content))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{path} is not dlib's face descriptor as it is published ({reason}): get it again by "
            "pip install --force-reinstall --no-deps face_recognition_models"
        ) from error


@dataclass(frozen=True)
class _Plan:
    """What a convolution must be."""

    filters: int
    channels: int
    side: int = 3
    stride: int = 1
    padding: int = 1


def _read_network(content: Content) -> Network:
    content.expect(1)
    content.expect_text("loss_metric_2")
    _skip_numbers(content, 2)
    content.expect(*_OF_END)
    for block in reversed(BLOCKS):
        content.expect(*(_OF_HALVING if block.halves else _OF_BLOCK))
    content.expect(*_OF_ENTRY)
    convolutions = [_read_entry(content)]
    channels = ENTRY
    for block in BLOCKS:
        convolutions += _read_block(content, block, channels)
        channels = block.filters
    _expect_layer(content, "avg_pool_2", 0, 0, 1, 1, 0, 0)
    projection = _read_projection(content, channels)
    content.expect_end()
    return Network(convolutions, projection)


def _read_entry(content: Content) -> Convolution:
    content.expect_text("input_rgb_image_sized")
    mean = [content.take_number() for _ in MEAN]
    if not np.allclose(mean, MEAN, rtol=0, atol=1e-5):
        raise ValueError(f"the mean colour should be {MEAN}, but it is {mean}")
    content.expect(SIZE, SIZE)
    plan = _Plan(ENTRY, len(MEAN), side=7, stride=2, padding=0)
    values = _read_values(content, plan)
    content.expect(1)  # how many pictures become of one
    entry = _fold(content, plan, values)
    _expect_layer(content, "relu_")
    _expect_layer(content, "max_pool_2", 3, 3, 2, 2, 0, 0)
    return entry


def _read_block(content: Content, block: Block, channels: int) -> list[Convolution]:
    stride, padding = (2, 0) if block.halves else (1, 1)
    first = _Plan(block.filters, channels, stride=stride, padding=padding)
    second = _Plan(block.filters, block.filters)
    found = [_fold(content, first, _read_values(content, first))]
    _expect_layer(content, "relu_")
    found.append(_fold(content, second, _read_values(content, second)))
    if block.halves:
        _expect_layer(content, "avg_pool_2", 2, 2, 2, 2, 0, 0)
    _expect_layer(content, "add_prev_")
    _expect_layer(content, "relu_")
    return found


def _read_values(content: Content, plan: _Plan) -> Floats:
    """A convolution's weights and biases, one after the other."""
    n, side = plan.filters * plan.channels * plan.side**2, plan.side
    content.expect_text("con_4")
    values = content.take_tensor(n + plan.filters, 1, 1, 1).ravel()
    content.expect(plan.filters, side, side, *2 * [plan.stride], *2 * [plan.padding])
    _expect_parts(content, (plan.filters, plan.channels, side, side), (1, plan.filters, 1, 1))
    _skip_numbers(content, _TRAINING)
    _expect_state(content)
    return values


def _fold(content: Content, plan: _Plan, values: Floats) -> Convolution:
    """A convolution's values and the scale and shift that come next as one convolution."""
    content.expect_text("affine_")
    scale, shift = content.take_tensor(2 * plan.filters, 1, 1, 1).reshape(2, plan.filters)
    _expect_parts(content, *2 * [(1, plan.filters, 1, 1)])
    content.expect(0)
    _expect_state(content)
    shape = (plan.filters, plan.channels, plan.side, plan.side)
    with np.errstate(over="ignore"):
        weights = values[: -plan.filters].reshape(shape) * scale[:, None, None, None]
        bias = values[-plan.filters :] * scale + shift
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise ValueError("it holds numbers that are far too large")
    return Convolution(weights, bias, plan.stride, plan.padding)


def _read_projection(content: Content, channels: int) -> Floats:
    content.expect_text("fc_2")
    content.expect(DIMENSIONS, channels)
    projection = content.take_tensor(channels, DIMENSIONS, 1, 1)
    _expect_parts(content, (channels, DIMENSIONS, 1, 1), (0, 0, 0, 0))
    content.expect(1)  # without a bias
    _skip_numbers(content, _TRAINING)
    _expect_state(content)
    return projection.reshape(channels, DIMENSIONS)


def _expect_layer(content: Content, name: str, *integers: int) -> None:
    """Take a layer that has learned nothing."""
    content.expect_text(name)
    content.expect(*integers)
    _expect_state(content)


def _expect_parts(content: Content, *shapes: tuple[int, ...]) -> None:
    """Take what a layer says its tensor is divided into."""
    for shape in shapes:
        content.expect(1, *shape)


def _expect_state(content: Content) -> None:
    """Take what every layer ends with: three truth values, and gradients that are empty."""
    content.expect_flags(3)
    for _ in range(3):
        content.take_tensor(0, 0, 0, 0)


def _skip_numbers(content: Content, n: int) -> None:
    for _ in range(n):
        content.take_number()
