import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from facetrack.core.errors import UserError
from facetrack.core.faces import Sampling
from facetrack.evaluation.metrics import scores
from facetrack.evaluation.resampling import (
    Bootstrap,
    PeopleHalves,
    Subsample,
    bootstrap,
    check_halves,
    derive_seed,
    draw_faces,
    draw_people,
    subsample,
)

ROOT = Path(__file__).resolve().parents[2]
LFW = ROOT / "../shared/data/lfw_dlib_embeddings.npz"


def rng() -> np.random.RandomState:
    return np.random.RandomState(0)


def test_bootstrap_draws_with_replacement() -> None:
    drawn = bootstrap(10_000, 0.8, rng())
    assert drawn.shape == (8000,)
    assert drawn.dtype == np.int64
    assert drawn.min() >= 0
    assert drawn.max() <= 9999
    # 1 - exp(-0.8) of the faces appear
    assert len(np.unique(drawn)) / 10_000 == pytest.approx(0.551, abs=0.01)


def test_bootstrap_reaches_first_and_last_face() -> None:
    generator = rng()
    drawn = np.concatenate([bootstrap(3, 1.0, generator) for _ in range(20)])
    assert set(drawn.tolist()) == {0, 1, 2}


def test_subsample_draws_each_face_at_most_once() -> None:
    drawn = subsample(59, 0.8, rng())
    assert drawn.shape == (47,)
    assert drawn.dtype == np.int64
    assert len(set(drawn.tolist())) == 47
    assert set(subsample(59, 1.0, rng()).tolist()) == set(range(59))


@pytest.mark.parametrize("sampling", [Bootstrap(), Subsample(), PeopleHalves()])
class TestDraw:
    def test_depends_on_seed_dataset_and_index(self, sampling: Sampling) -> None:
        draws = [
            sampling.draw(100, *key).tolist()
            for key in [(0, "lfw", 0), (1, "lfw", 0), (0, "muct", 0), (0, "lfw", 1)]
        ]
        assert len({tuple(draw) for draw in draws}) == 4

    def test_does_not_depend_on_what_was_drawn_before(self, sampling: Sampling) -> None:
        forwards = [sampling.draw(50, 3, "lfw", i).tolist() for i in range(5)]
        np.random.random(7)  # noqa: NPY002  # the global state must not matter
        backwards = [sampling.draw(50, 3, "lfw", i).tolist() for i in reversed(range(5))]
        assert forwards == backwards[::-1]

    def test_is_the_same_in_another_process(self, sampling: Sampling) -> None:
        kind = type(sampling).__name__
        program = (
            f"from facetrack.evaluation.resampling import {kind}, derive_seed\n"
            f"print({kind}().draw(40, 5, 'mes photos é', 2).tolist())\n"
            f"print(derive_seed(5, 'mes photos é', 2))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
        )
        expected = sampling.draw(40, 5, "mes photos é", 2).tolist()
        assert done.stdout.splitlines() == [
            str(expected),
            str(derive_seed(5, "mes photos é", 2)),
        ]

    def test_refuses_a_negative_seed(self, sampling: Sampling) -> None:
        with pytest.raises(UserError, match="from 0 to 4294967295; got -1"):
            sampling.draw(40, -1, "lfw", 0)


def test_resamples_are_those_of_every_other_day() -> None:
    # Published scores rest on these numbers: they must never change.
    assert Bootstrap().draw(10, 0, "lfw", 0).tolist() == [4, 8, 7, 7, 8, 4, 5, 1]
    assert Subsample().draw(10, 0, "lfw", 0).tolist() == [6, 2, 3, 1, 5, 9, 0, 7]
    assert PeopleHalves().draw(10, 0, "lfw", 0).tolist() == [1, 2, 3, 5, 6]
    assert derive_seed(0, "lfw", 0) == 3970015285


@pytest.mark.parametrize("sampling", [Bootstrap(), Bootstrap(0.5), Subsample()])
@pytest.mark.parametrize("n", [20, 3000])
def test_what_was_drawn_is_drawn_again(sampling: Sampling, n: int) -> None:
    for i in (0, 1, 0):
        drawn = draw_faces(sampling, n, 0, "lfw", i)
        np.testing.assert_array_equal(drawn, sampling.draw(n, 0, "lfw", i))
    if n == 20:
        with pytest.raises(ValueError, match="read-only"):
            drawn[0] = 1  # the next one's as well
    with pytest.raises(UserError, match=r"got 0\.0"):
        draw_faces(sampling, n, 0.0, "lfw", 0)  # type: ignore[arg-type] # equal, and no seed


def test_derive_seed_is_one_estimators_accept() -> None:
    seeds = {derive_seed(seed, "lfw", i) for seed in range(3) for i in range(30)}
    assert len(seeds) == 90
    assert all(0 <= seed < 2**32 for seed in seeds)


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.01, float("nan"), float("inf"), "much"])
def test_refuses_a_fraction_outside_0_to_1(fraction: float) -> None:
    for kind in (Bootstrap, Subsample):
        with pytest.raises(UserError, match=r"(^|raise )fraction"):
            kind(fraction)
    for draw in (bootstrap, subsample):
        with pytest.raises(UserError, match=r"(^|raise )fraction"):
            draw(100, fraction, rng())


@pytest.mark.parametrize(
    ("n", "fraction", "needed"), [(0, 0.8, 3), (2, 0.8, 3), (19, 0.1, 20), (1, 1.0, 2)]
)
def test_says_how_many_faces_are_needed(n: int, fraction: float, needed: int) -> None:
    for draw in (bootstrap, subsample):
        with pytest.raises(UserError, match=f"until {needed} faces"):
            draw(n, fraction, rng())
        assert len(draw(needed, fraction, rng())) == 2


def test_the_config_of_halves_makes_them() -> None:
    assert instantiate(OmegaConf.load(ROOT / "conf/sampling/people_halves.yaml")) == PeopleHalves()


@pytest.mark.parametrize("kind", [Bootstrap, Subsample])
def test_config_makes_what_it_names(kind: type) -> None:
    config = OmegaConf.load(ROOT / f"conf/sampling/{kind.__name__.lower()}.yaml")
    assert instantiate(config) == kind(fraction=0.8)


@pytest.mark.skipif(not LFW.exists(), reason="LFW's labels are not on this machine")
class TestEveryFaceAloneOnLfw:
    """Duplicates share a cluster: a bootstrap scores 2D / (D + T), not 0 (PROTOCOL, "Copies")."""

    def test_bootstrap(self) -> None:
        labels = np.load(LFW)["labels"]
        drawn = [Bootstrap().draw(len(labels), 0, "lfw", i) for i in range(30)]
        mean = np.mean([scores(labels[indices], indices)["ari"] for indices in drawn])
        assert 0.029 < mean < 0.033

    def test_subsample(self) -> None:
        labels = np.load(LFW)["labels"]
        indices = Subsample().draw(len(labels), 0, "lfw", 0)
        assert scores(labels[indices], indices)["ari"] == 0


def test_people_are_nested_seeded_and_at_most_all() -> None:
    ten, twenty, again = (draw_people(n, 100, 3, "lfw") for n in (10, 20, 10))
    np.testing.assert_array_equal(ten, again)
    assert set(ten) < set(twenty)
    assert len(set(twenty)) == 20
    np.testing.assert_array_equal(twenty, np.sort(twenty))
    assert set(draw_people(10, 100, 4, "lfw")) != set(ten)
    assert set(draw_people(10, 100, 3, "muct")) != set(ten)
    for n in (None, 100, 1000):
        np.testing.assert_array_equal(draw_people(n, 100, 3, "lfw"), np.arange(100))


def test_another_draw_is_of_others_and_nested_as_well() -> None:
    first, second, many = (draw_people(n, 100, 3, "lfw", 1) for n in (10, 10, 20))
    np.testing.assert_array_equal(first, second)
    assert set(first) < set(many)
    tens = [draw_people(10, 100, 3, "lfw", draw).tolist() for draw in range(5)]
    assert len({tuple(ten) for ten in tens}) == 5
    # The first draw is that of before there were several.
    np.testing.assert_array_equal(tens[0], draw_people(10, 100, 3, "lfw"))


@pytest.mark.parametrize("n", [1, 0, -3, 2.5, "many", True])
def test_a_number_of_people_that_is_none(n: Any) -> None:
    with pytest.raises(UserError, match="n_people is a whole number, 2 or more"):
        draw_people(n, 100, 0, "lfw")


class TestPeopleHalves:
    PEOPLE = np.repeat([5, 3, 9, 1, 0, 2, 7, 8, 4], [3, 1, 2, 5, 2, 1, 1, 4, 2])

    def test_a_half_is_half_of_the_people_with_all_their_faces_once(self) -> None:
        halves = []
        for i in range(40):
            drawn = draw_faces(PeopleHalves(), self.PEOPLE, 0, "x", i)
            assert drawn.dtype == np.int64
            who = set(self.PEOPLE[drawn])
            assert len(who) == 4  # of nine
            np.testing.assert_array_equal(drawn, np.flatnonzero(np.isin(self.PEOPLE, list(who))))
            halves.append(who)
        assert set.union(*halves) == set(self.PEOPLE)
        assert len({tuple(sorted(one)) for one in halves}) > 20

    def test_who_is_in_a_half_does_not_depend_on_numbers_or_order(self) -> None:
        shuffled = np.random.RandomState(0).permutation(len(self.PEOPLE))
        one = draw_faces(PeopleHalves(), self.PEOPLE, 0, "x", 3)
        other = draw_faces(PeopleHalves(), self.PEOPLE[shuffled] * 10, 0, "x", 3)
        assert set(shuffled[other]) == set(one)

    def test_others_draw_faces_whoever_they_are(self) -> None:
        expected = Bootstrap().draw(len(self.PEOPLE), 0, "x", 1)
        for faces in (self.PEOPLE, len(self.PEOPLE)):
            np.testing.assert_array_equal(draw_faces(Bootstrap(), faces, 0, "x", 1), expected)

    def test_refuses_faces_without_names_too_few_people_and_too_few_halves(self) -> None:
        with pytest.raises(UserError, match=r"^sampling=people_halves draws people, and nobody"):
            draw_faces(PeopleHalves(), 40, 0, "x", 0)
        with pytest.raises(UserError, match=r"needs 8 people, .* these faces are of 7 people: add"):
            draw_faces(PeopleHalves(), np.arange(7), 0, "x", 0)
        assert len(draw_faces(PeopleHalves(), np.arange(8), 0, "x", 0)) == 4
        with pytest.raises(UserError, match=r"takes 30 halves or more.*got n_resamples=29"):
            check_halves(PeopleHalves(), 29)
        check_halves(PeopleHalves(), 30)
        check_halves(Bootstrap(), 1)
