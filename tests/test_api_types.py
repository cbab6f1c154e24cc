"""The types of what a notebook calls, which mypy checks; the calls are never made."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import facetrack
from facetrack.core.faces import Picture, Skipped
from facetrack.core.scores import Summary


def _embedded(path: Path) -> None:
    assert_type(facetrack.embed("portraits"), facetrack.Faces)
    assert_type(facetrack.embed(path, detector="haar", embedder="dlib"), facetrack.Faces)


def _faces(faces: facetrack.Faces) -> None:
    assert_type(faces.embeddings, NDArray[np.float32])
    assert_type(faces.labels, NDArray[np.int64] | None)
    assert_type(faces.people, list[str])
    assert_type(faces.pictures, Sequence[Picture])
    assert_type(faces.boxes, NDArray[np.int64])
    assert_type(faces.skipped, Sequence[Skipped])
    assert_type(faces.name, str)
    assert_type(faces.radius, float | None)
    assert_type(len(faces), int)
    assert_type(faces[:3], facetrack.Faces)


def _clustered(faces: facetrack.Faces) -> None:
    assert_type(facetrack.cluster(faces, "dbscan", eps=0.3), NDArray[np.int64])
    scores = facetrack.evaluate(faces, "dbscan", sampling="bootstrap", n_resamples=3, eps=0.3)
    assert_type(scores, facetrack.Scores)
    assert_type(scores.ari, Summary | None)
    assert_type(scores.clusters, NDArray[np.int64])
    assert_type(scores.method, str)


def _organised(path: Path) -> None:
    done = facetrack.organise("photos", path, mode="link", eps=0.3, detector="haar", seed=1)
    assert_type(done, facetrack.Organised)
    assert_type(done.counts, Mapping[str, int])
    assert_type(done.changes, Sequence[str])
    assert_type(done.page, Path)
    assert_type(done.radius, float | None)
    facetrack.organise("photos", path, eps="near")  # type: ignore[arg-type]
    facetrack.organise("photos", path, colour=1)  # type: ignore[call-arg]


def _mistakes(faces: facetrack.Faces) -> None:
    # Each ignore is an error that mypy has to see: an unused one fails.
    facetrack.embed(3)  # type: ignore[arg-type]
    facetrack.evaluate(faces, seed="0")  # type: ignore[arg-type]
    facetrack.nonsense  # type: ignore[attr-defined]  # noqa: B018
    scores = facetrack.evaluate(faces)
    scores.ari = None  # type: ignore[misc]


def test_the_names_are_all_there() -> None:
    assert_type(facetrack.__version__, str)
    assert set(facetrack.__all__) == {
        *("Faces", "Organised", "Scores", "UserError"),
        *("cluster", "embed", "evaluate", "organise", "runs"),
    }
