"""What the tests of a difference are worth: their size, power and coverage, simulated.

    python benchmarks/bench_statistics.py FOLDER [DATASETS]

FOLDER holds lfw_dlib_embeddings.npz. A population of people is known, so that what is true of it
is, too: people drawn by a formula, or LFW's with dlib's vectors. Datasets of some of them are drawn
(200 of a population; on LFW, 15 at a time share nobody), and DBSCAN groups noisy copies of the same
faces. Copies with equal noise are exchangeable: no test should tell them apart in more than 5 % of
the datasets. Copies with more noise are worse by about 0.01, 0.02 and 0.05 of ARI. The truth is the
mean over 1,000 other datasets, of the same size and resampled in the same way.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from facetrack.core.faces import Sampling, Vectors, scale_to_unit
from facetrack.evaluation.comparison import Claim, compare_each
from facetrack.evaluation.metrics import scores, summarise
from facetrack.evaluation.resampling import Bootstrap, PeopleHalves, Subsample, draw_faces

SAMPLINGS: dict[str, Sampling] = {
    "bootstrap": Bootstrap(),
    "subsample": Subsample(),
    "people_halves": PeopleHalves(),
}
RESAMPLES, TRUTHS = 30, 1000
_DIMENSIONS = 20
SAME = "same"  # the copy that is no worse than the first
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class People:
    """vectors: (n, d). labels: (n,), sorted. noise: by effect, that of the worse copies."""

    name: str
    size: int
    radius: float
    noise: Mapping[str, float]


def draw_formula(n_people: int, random: np.random.RandomState) -> tuple[Vectors, Labels]:
    """New people: about as many faces as LFW's have, some spread more widely about their centre.

    In 20 dimensions, so that some people look alike, as in 128 of a network.
    """
    sizes = 3 + np.minimum(random.geometric(0.45, n_people) ** 2, 100)
    labels = np.repeat(np.arange(n_people), sizes)
    centres = np.zeros((n_people, _DIMENSIONS + 1))
    centres[:, 0] = 1.0
    centres[:, 1:] = 0.6 * random.standard_normal((n_people, _DIMENSIONS)) / np.sqrt(_DIMENSIONS)
    spread = 0.22 * np.exp(0.25 * random.standard_normal(n_people))[labels]
    away = random.standard_normal((len(labels), _DIMENSIONS + 1)) / np.sqrt(_DIMENSIONS)
    return scale_to_unit((centres[labels] + away * spread[:, None]).astype(np.float32)), labels


class Lfw:
    """LFW's people, a block of a permutation at a time."""

    def __init__(self, file: Path) -> None:
        with np.load(file) as stored:
            self._vectors = scale_to_unit(stored["embeddings"])
            labels = np.unique(stored["labels"], return_inverse=True)[1]
        self._of = [np.flatnonzero(labels == one) for one in range(labels.max() + 1)]

    def draw(self, n_people: int, number: int) -> tuple[Vectors, Labels]:
        """Dataset `number`: those of one permutation share nobody."""
        permutation, block = divmod(number, len(self._of) // n_people)
        order = np.random.RandomState(permutation).permutation(len(self._of))
        some = [self._of[one] for one in order[block * n_people : (block + 1) * n_people]]
        labels = np.repeat(np.arange(n_people), [len(one) for one in some])
        return self._vectors[np.concatenate(some)], labels


def find_near(faces: Vectors, radius: float) -> csr_array:
    """(n, n) which faces are within the radius of each other."""
    doubled = faces.astype(np.float64)
    return csr_array(2 - 2 * doubled @ doubled.T <= radius**2)


def group(near: csr_array, drawn: Labels) -> Labels:
    """DBSCAN's labels of a resample, min_samples 1: components. Several times as fast as anew."""
    faces, copies = np.unique(drawn, return_inverse=True)
    labels: Labels = connected_components(near[faces][:, faces], directed=False)[1][copies]
    return labels


class Simulation:
    """One population and number of people."""

    def __init__(self, people: People, lfw: Lfw) -> None:
        self._people, self._lfw = people, lfw
        self.copies = {"first": people.noise["0"], SAME: people.noise["0"], **people.noise}
        del self.copies["0"]

    def score(self, number: int, n_resamples: int) -> dict[tuple[str, str], list[float]]:
        """The ARI of each copy of dataset `number`, over the resamples of each sampling."""
        random = np.random.RandomState(number)
        if self._people.name == "LFW":
            vectors, labels = self._lfw.draw(self._people.size, number)
        else:
            vectors, labels = draw_formula(self._people.size, random)
        found = defaultdict(list)
        for copy, noise in self.copies.items():
            added = random.standard_normal(vectors.shape) * noise / np.sqrt(vectors.shape[1])
            faces = scale_to_unit((vectors + added).astype(np.float32))
            near = find_near(faces, self._people.radius)
            for name, sampling in SAMPLINGS.items():
                for i in range(n_resamples):
                    drawn = draw_faces(sampling, labels, number, "simulated", i)
                    ari = scores(labels[drawn], group(near, drawn), information=False)["ari"]
                    found[copy, name].append(ari)
        return found


def find_truth(simulation: Simulation, n: int) -> dict[tuple[str, str], float]:
    """The expected ARI of each copy, by sampling; of datasets that are not judged."""
    sums: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(100_000, 100_000 + n):
        for key, values in simulation.score(number, 1).items():
            sums[key] += values
    for name in SAMPLINGS:  # they are exchangeable: one truth
        sums["first", name] = sums[SAME, name] = sums["first", name] + sums[SAME, name]
    return {key: float(np.mean(values)) for key, values in sums.items()}


TESTS = {
    "Wilcoxon, bootstrap": ("bootstrap", True),
    "Wilcoxon, subsample": ("subsample", True),
    "corrected t, bootstrap": ("bootstrap", False),
    "corrected t, subsample": ("subsample", False),
    "people halves": ("people_halves", False),
}
"""By name, the sampling and whether the claim is of these faces."""


def judge(
    simulation: Simulation, truth: Mapping[tuple[str, str], float], n: int
) -> Iterator[tuple[str, str, bool, bool, bool]]:
    """Test, effect, whether it was shown, and whether the difference and the mean were covered."""
    for number in range(n):
        found = simulation.score(number, RESAMPLES)
        for effect in [one for one in simulation.copies if one != "first"]:
            for test, (sampling, here) in TESTS.items():
                halves = sampling == "people_halves"
                sides = [(copy, found[copy, sampling]) for copy in ("first", effect)]
                (one,) = compare_each([(sides[0], sides[1])], "halves" if halves else "bootstrap")
                claim = one.here if here else one.others
                assert isinstance(claim, Claim)
                sign = 1 if one.better == "first" else -1
                true = sign * (truth["first", sampling] - truth[effect, sampling])
                mean = summarise(found[effect, sampling], of_people=halves)
                own = mean.ci_low <= truth[effect, sampling] <= mean.ci_high
                yield test, effect, claim.shown, claim.low <= true <= claim.high, own


POPULATIONS = [
    People("LFW", 60, 0.34, {"0": 0.1, "0.01": 0.1085, "0.02": 0.1145, "0.05": 0.13}),
    People("LFW", 20, 0.34, {"0": 0.1, "0.01": 0.106, "0.02": 0.1105, "0.05": 0.122}),
    People("formula", 60, 0.32, {"0": 0.1, "0.01": 0.122, "0.02": 0.14, "0.05": 0.175}),
]
_HEAD = """
{name}, {size} people a dataset, {n} datasets; true differences over halves of the people
{effects}, over bootstraps {others}.

| test | size | power at 0.01 | 0.02 | 0.05 | difference covered | worst | mean covered |
|---|---|---|---|---|---|---|---|"""


def tell(people: People, simulation: Simulation, n: int) -> str:
    """The table of a population, as Markdown."""
    truth = find_truth(simulation, TRUTHS)
    rows = defaultdict(list)
    for test, effect, *found in judge(simulation, truth, n):
        rows[test, effect].append(found)
    effects = list(dict.fromkeys(effect for _, effect in rows))

    def list_effects(sampling: str) -> str:
        first = truth["first", sampling]
        return ", ".join(f"{first - truth[one, sampling]:.4f}" for one in effects)

    lines = [
        _HEAD.format(
            name=people.name,
            size=people.size,
            n=n,
            effects=list_effects("people_halves"),
            others=list_effects("bootstrap"),
        )
    ]
    for test in TESTS:
        means = np.array([np.mean(rows[test, effect], axis=0) for effect in effects])
        cells = [*means[:, 0], means[:, 1].mean(), means[:, 1].min(), means[:, 2].mean()]
        lines.append(f"| {test} | " + " | ".join(f"{one:.3f}" for one in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    lfw = Lfw(Path(sys.argv[1]) / "lfw_dlib_embeddings.npz")
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    for people in POPULATIONS:
        print(tell(people, Simulation(people, lfw), n), flush=True)


if __name__ == "__main__":
    main()
