"""FaceNet's weights out of the .h5 files that Keras 2 wrote, as plain arrays.

Such a file holds one group a layer, with datasets like `Conv2d_1a_3x3/Conv2d_1a_3x3/kernel:0`,
at its root or, in a whole saved model, under `/model_weights`. Names are taken from the groups
and datasets themselves. Keras is not asked to load the file: version 3 leaves out silently what
it does not know, and a whole model can hold code. Whatever is not exactly the network's set of
tensors is refused.
"""

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import SettingError

Floats = NDArray[np.float32]

# Some files number the second branch of these blocks like the block itself.
_NUMBERED_BRANCH = re.compile(r"(Block17_(?:[2-9]|10)|Block8_[2-5])_Branch_(\d+)_")


def read(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    """The file's tensors by canonical name "<layer>/<tensor>", float32.

    expected: the names and shapes of all tensors that the file must hold.
    Raises UserError, naming file and tensor, where the file cannot be read, or a tensor is
    missing, left over, of another shape or type, or not finite.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("it is not a file")
        with h5py.File(path, "r") as file:
            whole_model = file.get("model_weights", getlink=True) is not None
            group = _member(file, "model_weights") if whole_model else file
            found = _find_named(group, set(expected))
            return {name: _values(found[name], name, shape) for name, shape in expected.items()}
    # h5py turns damage into any of these, and the checks below raise ValueError.
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or (error.args[0] if error.args else error)
        raise SettingError(
            "{path} cannot be used as FaceNet's weights: {reason}; give {weights} a Keras 2 .h5 "
            "file of Inception-ResNet-v1 for as many dimensions, or leave it out to use the "
            "published file",
            path=path,
            reason=" ".join(str(reason).split()),
        ) from error


def make_canonical(layer: str) -> str:
    """A layer's name with its branch numbered within the block: not Branch_3, but Branch_1."""
    match = _NUMBERED_BRANCH.match(layer)
    if match and match[2] == match[1].rpartition("_")[2]:
        return f"{match[1]}_Branch_1_{layer[match.end() :]}"
    return layer


def _find_named(layers: h5py.Group, expected: set[str]) -> dict[str, h5py.Dataset]:
    """Datasets by canonical name; exactly the expected ones."""
    found: dict[str, h5py.Dataset] = {}
    twice: list[str] = []
    for layer, tensor, dataset in _datasets(layers):
        name = f"{make_canonical(layer)}/{tensor}"
        if name in found:
            twice.append(name)
        found[name] = dataset
    for names, problem in (
        (expected - set(found), "is missing"),
        (set(found) - expected, "does not belong to the network"),
        (set(twice), "is there twice"),
    ):
        if names:
            more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            raise ValueError(f"tensor {min(names)!a} {problem}{more}")
    return found


def _datasets(layers: h5py.Group) -> Iterator[tuple[str, str, h5py.Dataset]]:
    """Layer name, tensor name and dataset, for each dataset below a group of layers."""
    seen = {h5py.h5o.get_info(layers.id).addr}
    waiting = [(name, layers, name) for name in layers]
    while waiting:
        layer, group, name = waiting.pop()
        member = _member(group, name)
        # Groups can hold one another: without this, a made-up file could be walked for ever.
        address = h5py.h5o.get_info(member.id).addr
        if address in seen:
            raise ValueError(f"{member.name!a} is in the file under two names")
        seen.add(address)
        if isinstance(member, h5py.Group):
            waiting += [(layer, member, below) for below in member]
        else:
            yield layer, name.removesuffix(":0"), member


def _member(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """A member that is in the file itself: links can lead to any file of this machine."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{name!a} is a link, and links are not followed")
    member = group[name]
    if not isinstance(member, h5py.Group | h5py.Dataset):
        raise ValueError(f"{name!a} is neither a group nor a dataset")
    return member


def _values(dataset: h5py.Dataset, name: str, shape: tuple[int, ...]) -> Floats:
    """A dataset's values, read only once its declared shape, type and place are as they must be."""
    if dataset.shape != shape:
        raise ValueError(f"tensor {name!a} has shape {dataset.shape}, expected {shape}")
    if dataset.dtype.kind != "f":
        raise ValueError(f"tensor {name!a} does not hold floating-point numbers")
    # Keras 2 wrote values in one plain piece. Other ways to store them can inflate to any size
    # or take the values from another file.
    layout = dataset.id.get_create_plist().get_layout()
    if layout not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT) or dataset.external:
        raise ValueError(f"tensor {name!a} is stored compressed, in pieces or in another file")
    with np.errstate(over="ignore"):
        values: Floats = dataset[()].astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"tensor {name!a} has values that are not finite")
    if name.endswith("/moving_variance") and (values < 0).any():
        raise ValueError(f"tensor {name!a} has negative values, and a variance cannot be negative")
    return values
