"""The experiment's numbers, against scikit-learn and closed forms."""

from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from conftest import SHARED
from sklearn.cluster import DBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score

from facetrack.clusterer import ChineseWhispers, Infomap
from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings, Picture, scale_to_unit
from facetrack.evaluation.experiment import Experiment, check, evaluate, fit, takes_photos
from facetrack.evaluation.metrics import summarise
from facetrack.evaluation.resampling import Bootstrap, PeopleHalves, Subsample, derive_seed


def _embeddings(vectors: np.ndarray, people: list[str] | None) -> Embeddings:
    pictures = [
        Picture(Path(f"{i}.png"), f"{i}.png", None if people is None else people[i])
        for i in range(len(vectors))
    ]
    boxes = np.tile([0, 0, 1, 1], (len(vectors), 1))
    return Embeddings(
        vectors.astype(np.float32), boxes, pictures, (), len(vectors), [""] * len(vectors)
    )


@pytest.fixture(scope="module")
def blobs() -> Embeddings:
    random = np.random.RandomState(0)
    centres = random.normal(size=(6, 8))
    people = np.repeat(np.arange(6), 10)
    return _embeddings(
        centres[people] + random.normal(scale=0.3, size=(60, 8)), [f"p{k}" for k in people]
    )


def test_every_resample_is_scikit_learns(blobs: Embeddings) -> None:
    result = evaluate(
        Experiment(
            blobs,
            DBSCAN(eps=0.9, min_samples=1),
            Bootstrap(),
            dataset="blobs",
            seed=3,
            n_resamples=7,
        )
    )
    assert blobs.people is not None
    expected = []
    for i in range(7):
        drawn = Bootstrap().draw(60, 3, "blobs", i)
        labels = DBSCAN(eps=0.9, min_samples=1).fit_predict(blobs.vectors[drawn])
        expected.append(adjusted_rand_score(blobs.people[drawn], labels))
    np.testing.assert_allclose(result.column("ari"), expected, atol=1e-12)
    assert 0.1 < np.mean(expected) < 1
    np.testing.assert_array_equal(
        result.clusters, DBSCAN(eps=0.9, min_samples=1).fit_predict(blobs.vectors)
    )


def test_known_k_is_the_resamples(blobs: Embeddings) -> None:
    result = evaluate(
        Experiment(
            blobs, KMeans(n_clusters="known"), Bootstrap(0.1), dataset="b", seed=0, n_resamples=9
        )
    )
    assert result.column("n_clusters") == result.column("n_people")
    assert len(set(result.column("n_people"))) > 1
    drawn = Bootstrap(0.1).draw(60, 0, "b", 4)
    assert blobs.people is not None
    k = len(np.unique(blobs.people[drawn]))
    labels = KMeans(k, random_state=derive_seed(0, "b", 4)).fit_predict(blobs.vectors[drawn])
    expected = adjusted_rand_score(blobs.people[drawn], labels)
    assert result.column("ari")[4] == pytest.approx(expected, abs=1e-12)


def test_without_labels_there_are_counts_but_no_scores(blobs: Embeddings) -> None:
    result = evaluate(
        Experiment(
            _embeddings(blobs.vectors, None),
            DBSCAN(eps=0.9, min_samples=3),
            Bootstrap(),
            dataset="b",
            seed=0,
            n_resamples=2,
        )
    )
    assert set(result.resamples[0]) == {"n_clusters", "fit_seconds"}


def test_one_person_is_refused(blobs: Embeddings) -> None:
    with pytest.raises(UserError, match="one person"):
        evaluate(
            Experiment(
                _embeddings(blobs.vectors, ["Ada"] * 60),
                DBSCAN(),
                Bootstrap(),
                dataset="b",
                seed=0,
                n_resamples=2,
            )
        )


def test_too_few_faces_are_refused(blobs: Embeddings) -> None:
    two = _embeddings(blobs.vectors[:2], ["Ada", "Bo"])
    with pytest.raises(UserError, match="a resample needs 2 faces"):
        evaluate(Experiment(two, DBSCAN(), Bootstrap(), dataset="b", seed=0, n_resamples=2))


def test_an_estimator_that_cannot_is_told_in_one_line(blobs: Embeddings) -> None:
    with pytest.raises(UserError, match="KMeans cannot cluster a resample of 48 faces") as told:
        evaluate(
            Experiment(
                blobs, KMeans(n_clusters=500), Bootstrap(), dataset="b", seed=0, n_resamples=2
            )
        )
    assert "\n" not in str(told.value)


@pytest.mark.skipif(
    not (SHARED / "data/lfw_dlib_embeddings.npz").exists(), reason="no stored LFW embeddings here"
)
def test_lfw_scores_as_measured_elsewhere() -> None:
    with np.load(SHARED / "data/lfw_dlib_embeddings.npz") as stored:
        people = [str(label) for label in stored["labels"]]
        embeddings = _embeddings(scale_to_unit(stored["embeddings"]), people)
    for eps, low, high in ((0.10, 0.029, 0.033), (0.30, 0.95, 0.97)):
        result = evaluate(
            Experiment(
                embeddings,
                DBSCAN(eps=eps, min_samples=1),
                Bootstrap(),
                dataset="lfw",
                seed=0,
                n_resamples=2,
            )
        )
        assert low < summarise(result.column("ari")).mean < high
    alone = evaluate(
        Experiment(
            embeddings,
            DBSCAN(eps=0.01, min_samples=1),
            Subsample(),
            dataset="lfw",
            seed=0,
            n_resamples=1,
        )
    )
    assert max(alone.column("ari")) <= 0.001


@pytest.mark.parametrize("method", [Infomap, ChineseWhispers])
def test_methods_that_take_photos_are_told(method: type) -> None:
    faces = np.array([[0.0, 1.0], [0.6, 1.0], [9.0, 1.0], [9.1, 1.0]], dtype=np.float32)
    assert takes_photos(method(1.0))
    assert not takes_photos(DBSCAN())
    seed = (0, "", 0)
    assert fit(method(1.0), faces, None, seed).labels.tolist() == [0, 0, 1, 1]
    on = np.array([5, 5, 6, 6])
    assert fit(method(1.0), faces, None, seed, on).labels.tolist() == [0, 1, 2, 2]


def test_over_halves_of_the_people_an_interval_is_of_the_deviation(blobs: Embeddings) -> None:
    people = [f"q{k}" for k in np.repeat(np.arange(10), 6)]
    ten = _embeddings(blobs.vectors, people)
    asked = Experiment(ten, DBSCAN(eps=0.9, min_samples=1), PeopleHalves(), "blobs", 3, 30)
    result = evaluate(asked)
    assert result.of_people
    assert ten.people is not None
    expected = []
    for i in range(30):
        some = np.isin(ten.people, PeopleHalves().draw(10, 3, "blobs", i))
        assert some.sum() == 30
        labels = DBSCAN(eps=0.9, min_samples=1).fit_predict(ten.vectors[some])
        expected.append(adjusted_rand_score(ten.people[some], labels))
    np.testing.assert_allclose(result.column("ari"), expected, atol=1e-12)
    told = result.summarise("ari")
    ends = scipy.stats.t(29, np.mean(expected), np.std(expected, ddof=1)).ppf([0.025, 0.975])
    assert (told.ci_low, told.ci_high) == pytest.approx(tuple(ends))
    assert told.std == pytest.approx(np.std(expected))


def test_the_deviation_over_halves_is_the_standard_error_of_a_mean() -> None:
    # Shao and Wu: with d of n left out, (n - d) / d times the variance over the halves. For a mean
    # over the people, in closed form s²/n.
    values = np.random.RandomState(0).normal(size=40)
    halves = [PeopleHalves().draw(40, 0, "x", i) for i in range(5_000)]
    spread = np.std([values[half].mean() for half in halves])
    assert spread == pytest.approx(values.std(ddof=1) / np.sqrt(40), rel=0.02)


def test_halves_are_refused_before_anything_is_clustered(blobs: Embeddings) -> None:
    with pytest.raises(UserError, match="takes 30 halves or more"):
        evaluate(Experiment(blobs, DBSCAN(), PeopleHalves(), "blobs", 3, 7))
    with pytest.raises(UserError, match="of 6 people: add people"):
        evaluate(Experiment(blobs, DBSCAN(), PeopleHalves(), "blobs", 3, 30))
    unnamed = _embeddings(blobs.vectors, None)
    with pytest.raises(UserError, match="nobody has said who is on these pictures"):
        evaluate(Experiment(unnamed, DBSCAN(), PeopleHalves(), "blobs", 3, 30))
    with pytest.raises(UserError, match="takes 30 halves or more"):
        check(0, 29, PeopleHalves())
