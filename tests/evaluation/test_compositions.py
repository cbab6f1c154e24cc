"""Groups over collections of many shapes, none of which may collapse or shatter.

benchmarks/label_free.py writes the same over all of them into docs/label_free.md.
"""

import numpy as np
import pytest
from compositions import compositions
from numpy.typing import NDArray

from facetrack.clusterer import DBSCAN, Infomap
from facetrack.core.faces import Vectors
from facetrack.core.scale import Scale
from facetrack.evaluation.label_free import Search
from facetrack.evaluation.metrics import scores
from facetrack.system.choices import choose

Faces = tuple[Vectors, NDArray[np.int64]]

_MOST = 1300  # faces: larger collections take as long as all others together


def test_every_shape_of_a_collection_is_grouped_right(lfw: Faces) -> None:
    found = {}
    for name, vectors, people in compositions(*lfw, seed=5):
        if len(vectors) > _MOST:
            continue

        def cluster(at: float, vectors: Vectors = vectors) -> NDArray[np.int64]:
            labels: NDArray[np.int64] = DBSCAN(at, min_samples=1).fit_predict(vectors)
            return labels

        radius, _ = Search(vectors, cluster, 0.3).best()
        found[name] = scores(people, cluster(radius), information=False)["bcubed_f"]
    assert len(found) >= 22
    assert min(found.values()) >= 0.83, min(found, key=lambda name: found[name])
    assert np.mean(list(found.values())) >= 0.95


@pytest.mark.parametrize("seed", [31, 302])
def test_infomap_at_the_radius_for_so_many_faces(seed: int, lfw: Faces) -> None:
    """As the organiser groups. By 31 a person in bursts was torn apart while copies counted."""
    scale = Scale.read(choose("embedder", "dlib").settings)
    found = {}
    for name, vectors, people in compositions(*lfw, seed=seed):
        if len(vectors) > _MOST:
            continue
        estimator = Infomap(scale.find_distance_for(len(vectors)))
        labels = estimator.fit_predict(vectors)
        found[name] = scores(people, labels, information=False)["bcubed_f"]
    assert len(found) >= 22
    assert min(found.values()) >= 0.9, min(found, key=lambda name: found[name])
    assert np.mean(list(found.values())) >= 0.975
