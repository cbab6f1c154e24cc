"""Which jobs the article's numbers stand beside: those that were done as it was."""

from collections.abc import Mapping
from typing import Any

import pytest
from made_records import job_record

from facetrack.evaluation import article
from facetrack.tasks.sweep import article_tables
from facetrack.tracking.records import JobRecord

CHOICES = {
    "dataset": "lfw",
    "detector": "haar_article",
    "embedder": "facenet",
    "clusterer": "dbscan",
    "sampling": "bootstrap",
}
SETTINGS = {
    "clusterer.eps": "0.7",
    "sampling.fraction": "0.8",
    "sampling._target_": "facetrack.resample.Bootstrap",  # as it is stored
    "embedder.weights": "None",
    "n_resamples": "30",
    "n_people": "None",
}


def _job(
    choices: Mapping[str, str] = {},
    settings: Mapping[str, str] = {},
    **others: Any,
) -> JobRecord:
    record: dict[str, Any] = {"people": 901, **others}
    return job_record({**CHOICES, **choices}, {**SETTINGS, **settings}, 0.95, **record)


def _beside(job: JobRecord) -> tuple[float, float] | None:
    (entry,) = article_tables.make_table1([job], []).entries.values()
    return None if entry.article is None else (entry.article.mean, entry.article.two_std)


def test_what_was_done_alike_has_the_articles_value_and_welchs_t() -> None:
    (entry,) = article_tables.make_table1([_job()], []).entries.values()
    assert entry.article is not None
    assert _beside(_job()) == (0.956498, 0.011196)
    found = article.find_welch((0.95, 0.02), (0.956498, 0.011196))
    assert (entry.article.t, entry.article.p) == found


@pytest.mark.parametrize(
    ("choices", "settings", "others"),
    [
        ({"dataset": "portraits"}, {}, {}),
        ({"detector": "haar"}, {}, {}),
        ({"embedder": "dlib"}, {}, {}),
        ({"sampling": "subsample"}, {}, {}),
        ({}, {"clusterer.eps": "0.75"}, {}),
        ({}, {"clusterer.min_samples": "3"}, {}),
        ({}, {"detector.border": "0"}, {}),
        ({}, {"embedder.weights": "mine.h5"}, {}),
        ({}, {"embedder._target_": "mine.FaceNet"}, {}),
        ({}, {"embedder.normalize": "False"}, {}),
        ({}, {"sampling.fraction": "0.5"}, {}),
        ({}, {"n_resamples": "3"}, {}),
        ({}, {"n_people": "901"}, {}),
        ({}, {}, {"people": 899}),
    ],
)
def test_what_was_done_otherwise_has_none(
    choices: Mapping[str, str], settings: Mapping[str, str], others: Mapping[str, Any]
) -> None:
    assert _beside(_job(choices, settings, **others)) is None


def test_k_means_has_it_with_the_articles_ten_starts() -> None:
    known = {"clusterer.n_clusters": "known", "clusterer.eps": "0.7"}
    of_k_means = {"clusterer": "kmeans"}
    ten = _job(of_k_means, {**known, "clusterer.n_init": "10"})
    settings = {key: one for key, one in ten.parameters.items() if key != "clusterer.eps"}
    ten = job_record(ten.choices, settings, 0.4, people=901)
    table = article_tables.make_table1([ten], [])
    assert table.rows == [("k-means", "opt")]
    assert _beside(ten) == article.read_table1("lfw", "kmeans", "opt")
    for one in ("1", None):  # as k-means was before n_init was a setting
        others = {key: value for key, value in settings.items() if key != "clusterer.n_init"}
        more = {} if one is None else {"clusterer.n_init": one}
        assert _beside(job_record(ten.choices, {**others, **more}, 0.4, people=901)) is None


def test_the_articles_methods_are_called_as_there() -> None:
    jobs = [_job({"clusterer": one}) for one in ("meanshift", "dbscan", "kmeans", "hdbscan")]
    rows = article_tables.make_table1(jobs, []).rows
    assert [method for method, _ in rows] == ["k-means", "dbscan", "mean-shift", "hdbscan"]


def test_what_jobs_draw_is_read_from_their_settings() -> None:
    halves, half = {"sampling": "people_halves"}, {"sampling.fraction": "0.5"}
    read = article_tables.read_drawn
    assert read([_job(), _job()]) == "bootstrap"
    assert read([_job(halves), _job(halves)]) == "halves"
    for job in (_job({"sampling": "subsample"}), _job({}, half)):
        assert read([job]) == read([_job(), job]) == "faces"
    assert read([_job(), _job(halves)]) == "faces"
