"""Which job's clusters a sweep's t-SNE pages show. That they are made is in test_command.py."""

from collections.abc import Mapping

from made_records import job_record

from facetrack.tasks.sweep import tsne_pages
from facetrack.tasks.tsne_names import file_name
from facetrack.tracking.records import JobRecord


def _job(name: str, ari: float | None, said: Mapping[str, str] = {}, people: int = 18) -> JobRecord:
    stages = {"dataset": "lfw", "detector": "haar", "embedder": "dlib"}
    parameters = {"clusterer.eps": name, "embedder.radius": name, "detector.border": "0"}
    return job_record(
        {**stages, "clusterer": "dbscan", **{key: said[key] for key in stages if key in said}},
        {**parameters, **{key: value for key, value in said.items() if "." in key}},
        ari,
        run_id=name,
        people=people,
        kind=said.get("kind", "job"),
        status=said.get("status", "FINISHED"),
    )


def _best(*jobs: JobRecord) -> list[str]:
    return [job.run_id for job in tsne_pages.choose_best(jobs)]


def test_the_best_of_each_embeddings() -> None:
    jobs = [
        _job("a", 0.5),
        _job("b", 0.9),
        _job("c", 0.7, {"dataset": "muct"}),
        _job("d", 0.6, {"embedder": "facenet"}),
        _job("e", 0.8, {"detector.border": "10"}),
        _job("f", 0.95, {"status": "FAILED"}),
        _job("g", 0.95, {"kind": "organise"}),
    ]
    assert _best(*jobs) == ["b", "c", "d", "e"]


def test_folders_of_one_name_are_different_embeddings() -> None:
    assert _best(
        _job("a", 0.5, {"dataset.root": "one"}), _job("b", 0.6, {"dataset.root": "two"})
    ) == ["a", "b"]


def test_the_most_people_and_the_first_without_labels() -> None:
    assert _best(_job("a", 0.99, people=10), _job("b", 0.8, people=50)) == ["b"]
    assert _best(_job("a", None, people=0), _job("b", None, people=0)) == ["a"]


def test_file_names_are_plain() -> None:
    name = file_name("../Fotos é\udce9" + "x" * 200, "haar", "dlib")
    assert name.startswith("tsne-.._Fotos___xxx")
    assert name.endswith("-haar-dlib")
    assert len(name) < 200
    assert "/" not in name
