"""Fits side by side give what they give one after the other."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.clusterer import SpectralClustering
from facetrack.core.faces import Embeddings, Picture, scale_to_unit
from facetrack.core.progress import QUIET
from facetrack.evaluation.experiment import Experiment
from facetrack.evaluation.resampling import Bootstrap
from facetrack.evaluation.side_by_side import Side, share_threads
from facetrack.system import threads

MANY = 2000


@pytest.fixture
def side() -> Iterator[Side]:
    with threads.limit(2), share_threads(MANY) as side:
        yield side


@pytest.mark.parametrize("n", [MANY - 1, 20_000])
def test_few_and_very_many_faces_are_left_to_this_thread(n: int) -> None:
    with threads.limit(2), share_threads(n) as side:
        this = threading.current_thread()
        assert {*side.in_order(lambda _: threading.current_thread(), 3)} == {this}
        assert side.begin(threading.current_thread)() == this
        assert threads.count() == 2


def test_two_at_once_each_on_a_thread_of_its_own(side: Side) -> None:
    both = threading.Barrier(2, timeout=60)

    def meet(number: int) -> tuple[int, int]:
        both.wait()
        return number, threads.count()

    assert list(side.in_order(meet, 4)) == [(number, 1) for number in range(4)]


def test_a_few_are_begun_before_they_are_asked_for(side: Side) -> None:
    begun: list[int] = []
    results = side.in_order(lambda number: _note(begun, number), 50)
    assert [next(results), next(results)] == [0, 1]
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 4


def test_what_goes_wrong_is_raised_and_ends_the_rest(side: Side) -> None:
    begun: list[int] = []

    def fail(number: int) -> None:
        begun.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"^0$"):
        list(side.in_order(fail, 50))
    assert len(begun) <= 2
    with pytest.raises(KeyError):
        side.begin(lambda: {"a": 1}["nothing"])()


def test_after_an_interrupt_nothing_more_is_begun() -> None:
    ended: list[int] = []
    before = {*threading.enumerate()}
    with pytest.raises(KeyboardInterrupt), threads.limit(2):
        _interrupt(ended)
    for thread in {*threading.enumerate()} - before:
        thread.join()
    assert len(ended) < 10


def _interrupt(ended: list[int]) -> None:
    with share_threads(MANY) as side:
        for number in side.in_order(lambda number: _note(ended, number), 1000):
            if number == 3:
                raise KeyboardInterrupt


def _note(noted: list[int], number: int) -> int:
    noted.append(number)
    return number


def test_an_interrupt_waits_for_no_fit() -> None:
    is_begun, go_on = threading.Event(), threading.Event()

    def fit() -> bool:
        is_begun.set()
        return go_on.wait(60)

    def interrupt() -> None:
        with share_threads(MANY) as side:
            waits.append(side.begin(fit))
            is_begun.wait()
            raise KeyboardInterrupt

    waits: list[Callable[[], bool]] = []
    with threads.limit(2):
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        go_on.set()
        assert waits[0]()
        assert threads.count() == 2


def test_scores_and_clusters_are_the_same_with_any_number_of_threads() -> None:
    random = np.random.RandomState(0)
    people = np.repeat(np.arange(40), 51)
    vectors = scale_to_unit(
        (random.normal(size=(40, 16))[people] + 0.9 * random.normal(size=(2040, 16))).astype(
            np.float32
        )
    )
    found: list[Any] = []
    for most in (1, 2):
        experiment = Experiment(
            _embed(vectors, people), SpectralClustering(40, n_init=1), Bootstrap(), "x", 0, 3
        )
        with threads.limit(most):
            scores, whole = experiment.score_all(QUIET)
        assert all(one.pop("fit_seconds") > 0 for one in scores)
        found.append((scores, whole.labels.tolist()))
    assert found[0] == found[1]


def _embed(vectors: NDArray[np.float32], people: NDArray[np.int64]) -> Embeddings:
    pictures = [Picture(Path(f"{i}.png"), f"{i}.png", f"p{who}") for i, who in enumerate(people)]
    n = len(vectors)
    return Embeddings(vectors, np.tile([0, 0, 1, 1], (n, 1)), pictures, (), n, [""] * n)
