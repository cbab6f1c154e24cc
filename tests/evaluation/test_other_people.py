"""A radius that is best for half of the people, judged on the other half."""

import numpy as np
import pytest
from made_faces import embeddings_of

from facetrack.clusterer import DBSCAN
from facetrack.evaluation import metrics
from facetrack.evaluation.experiment import Experiment
from facetrack.evaluation.other_people import halve_people, judge_on_others
from facetrack.evaluation.resampling import Bootstrap


def _experiment(n_people: int) -> Experiment:
    rng = np.random.default_rng(3)
    people = np.repeat(np.arange(n_people), 6)
    points = rng.normal(size=(n_people, 4))[people] + rng.normal(size=(len(people), 4)) / 3
    return Experiment(embeddings_of(points, people), DBSCAN(0.5), Bootstrap(), "made", 0, 2)


def test_halves_are_apart_and_cover_all() -> None:
    halves = [halve_people(7, 0, "made", i) for i in range(5)]
    for one, other in halves:
        assert (len(one), len(other)) == (3, 4)
        assert sorted([*one, *other]) == list(range(7))
    assert len({tuple(one) for one, _ in halves}) > 1
    assert [h[0].tolist() for h in halves] == [
        halve_people(7, 0, "made", i)[0].tolist() for i in range(5)
    ]


def test_each_half_is_judged_at_the_best_radius_of_the_other() -> None:
    experiment = _experiment(9)
    found = list(judge_on_others(experiment, "ari", 0.05, 3.0))
    assert len(found) == 5
    vectors, people = experiment.embeddings.vectors, experiment.embeddings.people
    assert people is not None
    for i, both in enumerate(found):
        halves = halve_people(9, 0, "made", i)
        for one, other in zip(both, reversed(halves), strict=True):
            faces = np.isin(people, other)
            labels = DBSCAN(one.radius).fit_predict(vectors[faces])
            assert one.score == pytest.approx(metrics.scores(people[faces], labels)["ari"])
            assert one.lost == one.best - one.score >= 0
    assert max(one.lost for both in found for one in both) > 0


def test_of_three_people_nothing_can_be_said() -> None:
    assert list(judge_on_others(_experiment(3), "ari", 0.05, 3.0)) == []
