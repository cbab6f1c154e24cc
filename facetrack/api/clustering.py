"""Clusters of faces, and how well they agree with the people."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facetrack.api.faces import Faces
from facetrack.api.methods import Estimator, make_method
from facetrack.core.errors import UserError
from facetrack.core.faces import Sampling
from facetrack.core.scores import Summary, clip_score
from facetrack.core.texts import write_count
from facetrack.evaluation import experiment
from facetrack.evaluation.resampling import Bootstrap
from facetrack.figures.table import escape_html
from facetrack.system.choices import make_default
from facetrack.system.progress import TERMINAL

if TYPE_CHECKING:
    import pandas as pd

_N_RESAMPLES = 30
_SEED = 0


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """What a clusterer did on some faces.

    method: it, in a few words. ari: the adjusted Rand index over the resamples, `mean`, `std` and
    the 95 % interval from `ci_low` to `ci_high`: of the mean on these faces, or, over halves of the
    people, for other people like these; None where nobody is named.
    clusters: (n,) int64, the cluster of each of all faces, -1 is noise.
    table: a row per score with its mean, std, ci_low and ci_high. resamples: a row per resample
    with all of its scores, as in a run's resamples.csv.
    """

    method: str
    ari: Summary | None
    clusters: NDArray[np.int64]
    table: "pd.DataFrame"
    resamples: "pd.DataFrame"

    def __repr__(self) -> str:
        """One line: the method, and its ARI or number of clusters."""
        over = f"over {write_count(len(self.resamples), 'resample')}"
        if self.ari is None:
            n_clusters = self.resamples["n_clusters"].mean()
            return f"{self.method}: {n_clusters:.1f} clusters {over}"
        return f"{self.method}: ARI {self.ari.mean:.3f} ± {self.ari.two_std:.3f} {over}"

    def _repr_html_(self) -> str:
        """The same above the table."""
        table = self.table.to_html(float_format="{:.3f}".format)
        return f"<div>{escape_html(repr(self))}</div>{table}"


def cluster(
    faces: Faces,
    clusterer: str | Estimator = "dbscan",
    *,
    seed: int = _SEED,
    **settings: object,
) -> NDArray[np.int64]:
    """The cluster of each face, (n,) int64: 0, 1, … and -1 for noise.

    clusterer: named as in conf/clusterer, with the defaults there ("agglomerative", "dbscan",
    "hdbscan", "kmeans", "meanshift", "spectral"), or an estimator with scikit-learn's interface.
    seed: from 0 to 2**32 - 1; with the dataset's name it gives the `random_state` of methods that
    have one. settings: of the method, such as eps=0.3.

    The labels are those of a command with the same settings and 30 resamples. Where nobody is named
    and no radius given, it is chosen from the faces and told.
    Raises UserError for a method, setting or value that there is not.

    >>> import facetrack
    >>> faces = facetrack.embed("portraits")
    >>> labels = facetrack.cluster(faces, "dbscan", eps=0.3)
    >>> labels.shape, labels.max()
    ((59,), np.int64(16))
    >>> facetrack.cluster(faces, "dbscan", epss=0.3)
    Traceback (most recent call last):
    facetrack.core.errors.UserError: dbscan has no setting epss; did you mean eps?
    """
    experiment.check(seed, _N_RESAMPLES)
    method = make_method(faces, clusterer, settings)
    asked = experiment.Experiment(
        faces.found, method.estimator, Bootstrap(), faces.name, seed, _N_RESAMPLES
    )
    with experiment.limit_threads(len(faces)):
        return asked.fit_all().labels


def evaluate(
    faces: Faces,
    clusterer: str | Estimator = "dbscan",
    *,
    sampling: str | Sampling = "bootstrap",
    n_resamples: int = _N_RESAMPLES,
    seed: int = _SEED,
    **settings: object,
) -> Scores:
    """Cluster resamples of the faces and score each: the numbers of `python -m facetrack`.

    clusterer, seed, settings: as `cluster` takes them. sampling: "bootstrap" (with replacement) or
    "subsample" (without), each of 80 % of the faces, "people_halves" (half of the people, whose
    intervals are for other people like them), or an object such as
    `facetrack.evaluation.resampling.Bootstrap(0.5)`. n_resamples: how many, from 1 on; 30 halves or
    more.

    Faces that nobody has named get no score but their number of clusters.
    Raises UserError as `cluster` does, and where all faces are of one person.

    >>> import facetrack
    >>> faces = facetrack.embed("portraits")
    >>> scores = facetrack.evaluate(faces, "dbscan", eps=0.3, n_resamples=5)
    >>> scores
    dbscan eps=0.3: ARI 0.988 ± 0.030 over 5 resamples
    >>> round(scores.ari.mean, 3)
    0.988
    >>> scores.table["mean"].round(3)[["ari", "bcubed_f"]].to_dict()
    {'ari': 0.988, 'bcubed_f': 0.992}
    """
    drawing = _make_sampling(sampling)
    experiment.check(seed, n_resamples, drawing)
    method = make_method(faces, clusterer, settings)
    asked = experiment.Experiment(
        faces.found, method.estimator, drawing, faces.name, seed, n_resamples
    )
    return _summarise(method.name, experiment.evaluate(asked, TERMINAL))


def _make_sampling(given: str | Sampling) -> Sampling:
    """What draws the resamples. Raises UserError for a name that there is not."""
    if isinstance(given, str):
        made: Sampling = make_default("sampling", given)
        return made
    if not hasattr(given, "draw"):
        raise UserError(
            "sampling is 'bootstrap', 'subsample', 'people_halves' or an object with draw; got "
            f"{given!r}"
        )
    return given


def _summarise(method: str, found: experiment.Evaluation) -> Scores:
    import pandas as pd

    resamples = pd.DataFrame(list(found.resamples)).rename_axis("resample")
    summaries = {key: _clip(key, found.summarise(key)) for key in found.resamples[0]}
    rows: dict[str, Any] = {key: dataclasses.asdict(one) for key, one in summaries.items()}
    table = pd.DataFrame.from_dict(rows, orient="index").drop(columns="two_std")
    return Scores(
        method, summaries.get("ari"), found.clusters, table.rename_axis("score"), resamples
    )


def _clip(key: str, told: Summary) -> Summary:
    """A score's summary, its interval no further than scores go."""
    if key.startswith("n_") or key == "fit_seconds":
        return told
    return dataclasses.replace(
        told, ci_low=clip_score(told.ci_low), ci_high=clip_score(told.ci_high)
    )
