"""A notebook's numbers are the command's, to the last digit."""

from pathlib import Path

import numpy as np
import pytest

import facetrack
from facetrack.clusterer import DBSCAN
from facetrack.evaluation.resampling import Subsample
from facetrack.testing import Workspace, photos


@pytest.fixture(autouse=True)
def _warm(warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))


@pytest.fixture
def faces() -> facetrack.Faces:
    return facetrack.embed("portraits")


def _agree(scores: facetrack.Scores, labels: object, file: Path) -> None:
    """What a notebook has is what `task=export` has written."""
    with np.load(file) as exported:
        names = [name for name in exported["score_names"] if name != "fit_seconds"]
        kept = exported["scores"][:, [name != "fit_seconds" for name in exported["score_names"]]]
        np.testing.assert_array_equal(scores.resamples[names].to_numpy(), kept)
        np.testing.assert_array_equal(scores.clusters, exported["clusters"])
        np.testing.assert_array_equal(labels, exported["clusters"])


@pytest.mark.parametrize(
    ("clusterer", "settings"),
    [
        ("dbscan", {"eps": 0.28}),
        ("infomap", {}),
        ("average_linkage", {}),
        ("meanshift", {"eps": 0.31, "max_iter": 200}),
        ("kmeans", {}),
        ("spectral", {"gamma": 2.0}),
        ("hdbscan", {"min_cluster_size": 3}),
        ("agglomerative", {"n_clusters": 12, "linkage": "average"}),
    ],
)
def test_the_commands_numbers(
    clusterer: str, settings: dict[str, object], faces: facetrack.Faces, workspace: Workspace
) -> None:
    words = [f"clusterer.{key}={value}" for key, value in settings.items()]
    command = ("task=export", "task.out=out.npz", f"clusterer={clusterer}", *words)
    workspace.run(*command, "seed=3", "tracking=none").ok()
    scores = facetrack.evaluate(faces, clusterer, seed=3, **settings)  # type: ignore[arg-type]
    labels = facetrack.cluster(faces, clusterer, seed=3, **settings)
    assert labels.dtype == np.int64
    _agree(scores, labels, workspace.folder / "out.npz")


def test_the_ari_is_the_runs(faces: facetrack.Faces, workspace: Workspace) -> None:
    workspace.run("clusterer.eps=0.3", "sampling=subsample", "n_resamples=7").ok()
    (run,) = workspace.runs("job")
    scores = facetrack.evaluate(faces, "dbscan", eps=0.3, sampling="subsample", n_resamples=7)
    assert scores.ari is not None
    for key in ("mean", "std", "ci_low", "ci_high"):
        assert getattr(scores.ari, key) == run.data.metrics[f"ari_{key}"]
        assert scores.table.loc["ari", key] == getattr(scores.ari, key)
    assert scores.table.loc["ami", "mean"] == run.data.metrics["ami_mean"]
    assert repr(scores) == "dbscan eps=0.3: ARI 0.906 ± 0.023 over 7 resamples"
    assert "bcubed_recall" in scores._repr_html_()


def test_without_names_the_radius_is_chosen_as_by_a_command(
    workspace: Workspace, warm_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = photos(tmp_path, warm_home)
    command = ("task=export", "task.out=out.npz", "dataset=folder", f"dataset.root={root}")
    told = workspace.run(*command, "n_resamples=4", "tracking=none").ok()
    capsys.readouterr()
    faces = facetrack.embed(root)
    scores = facetrack.evaluate(faces, n_resamples=4)
    said = capsys.readouterr().out
    assert "no labels, so chosen" in said
    assert said in told
    assert scores.ari is None
    eps = float(said.split()[1].rstrip(":"))
    assert scores.method == f"dbscan eps={eps}"
    assert " clusters over 4 resamples" in repr(scores)
    with np.load(workspace.folder / "out.npz") as exported:
        np.testing.assert_array_equal(scores.resamples["n_clusters"], exported["scores"][:, 0])
    np.testing.assert_array_equal(facetrack.cluster(faces), facetrack.cluster(faces, eps=eps))


def test_vectors_of_a_file(workspace: Workspace, faces: facetrack.Faces) -> None:
    out = workspace.folder / "out.npz"
    workspace.run("task=export", "task.out=out.npz", "n_resamples=4", "tracking=none").ok()
    again = facetrack.embed(out)
    np.testing.assert_array_equal(again.embeddings, faces.embeddings)
    assert (again.name, again.radius, again.people) == ("portraits", 0.3, faces.people)
    _agree(
        facetrack.evaluate(again, n_resamples=4),
        facetrack.evaluate(faces, n_resamples=4).clusters,
        out,
    )
    assert "<img" not in again._repr_html_()  # there are no pictures


def test_objects_in_place_of_names(faces: facetrack.Faces) -> None:
    scores = facetrack.evaluate(faces, DBSCAN(0.3), sampling=Subsample(0.5), n_resamples=3)
    named = facetrack.evaluate(faces, eps=np.float64(0.3), sampling=Subsample(0.5), n_resamples=3)
    np.testing.assert_array_equal(scores.resamples["ari"], named.resamples["ari"])
    assert scores.method == "DBSCAN(eps=0.3)"
    np.testing.assert_array_equal(scores.clusters, named.clusters)
    with pytest.raises(facetrack.UserError, match="eps cannot be set here: give DBSCAN"):
        facetrack.cluster(faces, DBSCAN(0.3), eps=0.2)


@pytest.mark.parametrize(
    ("clusterer", "settings", "message"),
    [
        ("dbscn", {}, "there is no clusterer 'dbscn'; did you mean dbscan?"),
        ("dbscan", {"epss": 0.3}, "dbscan has no setting epss; did you mean eps?"),
        ("dbscan", {"n_clusters": 3}, "dbscan has no n_clusters: agglomerative, kmeans and"),
        ("dbscan", {"colour": 3}, "dbscan has no setting colour: it has eps, min_samples, neigh"),
        ("dbscan", {"eps": "near"}, "eps is a distance between embeddings, a number above 0"),
        ("dbscan", {"min_samples": 0}, "The 'min_samples' parameter of DBSCAN must be"),
        ("kmeans", {"n_init": "many"}, "The 'n_init' parameter of KMeans must be"),
        (None, {}, "a clusterer is a name such as 'dbscan', or an object"),
        ("dbscan", {"seed": -1}, "seed is a whole number from 0"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    clusterer: str, settings: dict[str, object], message: str, faces: facetrack.Faces
) -> None:
    with pytest.raises(facetrack.UserError) as told:
        facetrack.cluster(faces, clusterer, **settings)  # type: ignore[arg-type]
    assert str(told.value).startswith(message)
    assert "\n" not in str(told.value)


def test_mistakes_in_what_is_evaluated(faces: facetrack.Faces, tmp_path: Path) -> None:
    with pytest.raises(facetrack.UserError, match="did you mean bootstrap"):
        facetrack.evaluate(faces, sampling="bootstrp")
    with pytest.raises(facetrack.UserError, match=r"an object with draw; got 0\.8"):
        facetrack.evaluate(faces, sampling=0.8)  # type: ignore[arg-type]
    with pytest.raises(facetrack.UserError, match="n_resamples is a whole number"):
        facetrack.evaluate(faces, n_resamples=0)
    with pytest.raises(facetrack.UserError, match=r"expected the Faces .* got ndarray"):
        facetrack.cluster(faces.embeddings)  # type: ignore[arg-type]
    with pytest.raises(facetrack.UserError, match="there are no faces to cluster"):
        facetrack.cluster(faces[:0])
    np.savez(tmp_path / "own.npz", embeddings=faces.embeddings)
    own = facetrack.embed(tmp_path / "own.npz")
    with pytest.raises(facetrack.UserError, match=r"own does not say at which .*: add eps=NUMBER"):
        facetrack.cluster(own)
    with pytest.raises(facetrack.UserError, match="kmeans needs the number of people"):
        facetrack.cluster(own, "kmeans")
    assert len(np.unique(facetrack.cluster(own, "kmeans", n_clusters=5))) == 5
