"""Which faces are in which resample.

A resample is a function of (seed, dataset name, resample index) alone, never of what was drawn
before: any one of them can be drawn again by itself, in any process, and every clustering
method is scored on the same ones. Drawn are faces, which says what holds for these faces, or
people, which says what would hold for other people.
"""

import functools
import math
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Sampling
from facetrack.core.given import LARGEST_SEED, is_seed
from facetrack.core.texts import write_count

Indices = NDArray[np.int64]
FEWEST_HALVES = 30
"""Their spread is a standard error, which fewer would not tell well."""
# Of 8 people there are 70 different halves; of 6 there are 20, which 30 draws would repeat.
_FEWEST_PEOPLE = 8
_FEW = 2000  # faces, whose draws are kept: 16 kB each at most
# Streams apart from the resamples': no resample has these numbers.
_PEOPLE, _PAIRS, _LEFT_OUT, _OPEN_SETS, _WORN = (2**32 - one for one in range(1, 6))


def bootstrap(n: int, fraction: float, rng: np.random.RandomState) -> Indices:
    """(int(fraction * n),) int64 of 0..n-1 with replacement: the article's protocol.

    Raises UserError for a fraction outside (0, 1] or fewer than two faces to draw.
    """
    return rng.randint(0, n, size=_size(n, fraction), dtype=np.int64)


def subsample(n: int, fraction: float, rng: np.random.RandomState) -> Indices:
    """(int(fraction * n),) distinct int64 of 0..n-1, in random order. Raises as `bootstrap`."""
    return rng.permutation(n)[: _size(n, fraction)].astype(np.int64)


@dataclass(frozen=True)
class Bootstrap:
    """Resamples with replacement: `fraction` of the faces are drawn, some of them repeatedly."""

    fraction: float = 0.8

    def __post_init__(self) -> None:
        """Refuse an unusable fraction before any picture is read. Raises UserError."""
        _check(self.fraction)

    def draw(self, n: int, seed: int, dataset: str, i: int) -> Indices:
        """Resample `i` of the dataset's n faces, int64.

        Raises UserError as `bootstrap` does, and for a seed out of range.
        """
        return bootstrap(n, self.fraction, _rng(seed, dataset, i))


@dataclass(frozen=True)
class Subsample:
    """Resamples without replacement: `fraction` of the faces, none of them twice."""

    fraction: float = 0.8

    def __post_init__(self) -> None:
        """Refuse an unusable fraction before any picture is read. Raises UserError."""
        _check(self.fraction)

    def draw(self, n: int, seed: int, dataset: str, i: int) -> Indices:
        """Resample `i` of the dataset's n faces, int64. Raises UserError as `Bootstrap.draw`."""
        return subsample(n, self.fraction, _rng(seed, dataset, i))


@dataclass(frozen=True)
class PeopleHalves:
    """Halves of the people, none twice, each person with all faces once: would it hold for others?

    The scores' standard deviation over the halves is the standard error for the people: a delete-d
    jackknife whose d is half of them, so that its factor (n - d) / d is 1 (Shao and Wu 1989).
    """

    def draw(self, n: int, seed: int, dataset: str, i: int) -> Indices:
        """(n // 2,) distinct int64 of n *people*, sorted: half `i` of them.

        `draw_faces` says which faces those are. Raises UserError for a seed out of range.
        """
        return np.sort(_rng(seed, dataset, i).permutation(n)[: n // 2]).astype(np.int64)


def draw_faces(
    sampling: Sampling, faces: int | NDArray[np.int64], seed: int, dataset: str, i: int
) -> Indices:
    """(m,) int64, the faces of resample `i`.

    faces: how many there are; or (n,) who they are, where that is known. Raises UserError as
    `sampling.draw` does, and as `check_halves` where people are drawn.
    """
    if not draws_people(sampling):
        n = faces if isinstance(faces, int) else len(faces)
        if n <= _FEW and isinstance(sampling, Bootstrap | Subsample):
            return _draw(sampling, n, seed, dataset, i)
        return sampling.draw(n, seed, dataset, i)
    if isinstance(faces, int):
        raise UserError(
            "sampling=people_halves draws people, and nobody has said who is on these pictures: "
            "give each person a sub-folder, or take sampling=subsample, which draws faces"
        )
    people, person = np.unique(faces, return_inverse=True)
    if len(people) < _FEWEST_PEOPLE:
        raise UserError(
            f"sampling=people_halves needs {_FEWEST_PEOPLE} people, so that their halves differ, "
            f"and these faces are of {write_count(len(people), 'person', 'people')}: add people, "
            "or take sampling=bootstrap, which speaks of these faces alone"
        )
    drawn = sampling.draw(len(people), seed, dataset, i)
    return np.flatnonzero(np.isin(person, drawn)).astype(np.int64)


@functools.lru_cache(maxsize=128, typed=True)  # jobs of a sweep have the same; 0.2 ms each
def _draw(sampling: Bootstrap | Subsample, n: int, seed: int, dataset: str, i: int) -> Indices:
    drawn = sampling.draw(n, seed, dataset, i)
    drawn.flags.writeable = False
    return drawn


def draws_people(sampling: Sampling) -> bool:
    """Whether a sampling draws people, so that its spread speaks of other people."""
    return isinstance(sampling, PeopleHalves)


def check_halves(sampling: Sampling, n_resamples: int) -> None:
    """Refuse fewer halves than their spread can be told from. Raises UserError."""
    if draws_people(sampling) and n_resamples < FEWEST_HALVES:
        raise UserError(
            f"sampling=people_halves takes {FEWEST_HALVES} halves or more, as their spread is the "
            f"standard error; got n_resamples={n_resamples}"
        )


def draw_people(n: int | None, of: int, seed: int, dataset: str, draw: int = 0) -> Indices:
    """(min(n, of),) int64 of 0..of-1, sorted: n of a dataset's people; all where n is None.

    Nested: the ten people drawn are among the twenty of the same seed, dataset and draw.
    Raises UserError for n below 2, and for a seed out of range.
    """
    if n is None:
        return np.arange(of)
    if isinstance(n, bool) or not isinstance(n, int) or n < 2:
        raise UserError(f"n_people is a whole number, 2 or more, or null for all; got {n!r}")
    return np.sort(_rng(seed, dataset, _PEOPLE, draw).permutation(of)[:n]).astype(np.int64)


def start_pairs(seed: int, dataset: str) -> np.random.RandomState:
    """The stream that random pairs are drawn from. Raises UserError for a seed out of range."""
    return _rng(seed, dataset, _PAIRS)


def start_left_out(seed: int, dataset: str) -> np.random.RandomState:
    """The stream by which faces are left out. Raises UserError for a seed out of range."""
    return _rng(seed, dataset, _LEFT_OUT)


def start_neighbors(seed: int, dataset: str, draw: int | None = None) -> np.random.RandomState:
    """The stream of open sets; of faces per person, the one that is a draw's own.

    Raises UserError for a seed out of range.
    """
    return _rng(seed, dataset, _OPEN_SETS if draw is None else draw)


def start_accessories(seed: int, dataset: str) -> np.random.RandomState:
    """The stream by which faces are drawn that wear something. Raises UserError as the others."""
    return _rng(seed, dataset, _WORN)


@functools.lru_cache(maxsize=128, typed=True)
def derive_seed(seed: int, dataset: str, i: int) -> int:
    """A uint32 for the `random_state` of what runs on resample `i`.

    Raises UserError for a seed out of range.
    """
    return int(_sequence(seed, dataset, i).generate_state(1, np.uint32)[0])


def _rng(seed: int, dataset: str, i: int, draw: int = 0) -> np.random.RandomState:
    # RandomState rather than Generator: NumPy's compatibility policy freezes its stream, so a
    # published score can be recomputed with a NumPy of another year.
    return np.random.RandomState(np.random.MT19937(_sequence(seed, dataset, i, draw)))


def _sequence(seed: int, dataset: str, i: int, draw: int = 0) -> np.random.SeedSequence:
    if not is_seed(seed):
        raise UserError(f"seed is a whole number from 0 to {LARGEST_SEED}; got {seed!r}")
    # crc32, since Python's own hash of a text differs from process to process.
    said = [seed, zlib.crc32(dataset.encode()), i]
    return np.random.SeedSequence([*said, draw] if draw else said)


def _size(n: int, fraction: float) -> int:
    _check(fraction)
    size = int(fraction * n)
    if size < 2:
        raise SettingError(
            "a resample needs 2 faces, and {share} of {n} is {size}: add pictures until {least} "
            "faces are found, or raise {fraction}",
            **{"share": fraction, "n": n, "size": size, "least": math.ceil(2 / fraction)},
        )
    return size


def _check(fraction: float) -> None:
    is_number = isinstance(fraction, int | float) and not isinstance(fraction, bool)
    if not is_number or not 0 < fraction <= 1:
        raise SettingError(
            "{fraction} is the share of the faces in a resample, above 0 and at most 1, such as "
            "0.8; got {came!r}",
            came=fraction,
        )
