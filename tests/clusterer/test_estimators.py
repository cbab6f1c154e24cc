"""The estimators keep scikit-learn's rules, and outlive a fork."""

import os
import threading
from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from facetrack.clusterer import (
    DBSCAN,
    HDBSCAN,
    AgglomerativeClustering,
    AverageLinkage,
    ChineseWhispers,
    Infomap,
    KMeans,
    MeanShift,
    SpectralClustering,
)
from facetrack.clusterer.shared import cache

_SECONDS = 60


# A seed draws other starts among weighed points than among repeated ones.
_WEIGHED = ("dense", "sparse")


def _excuse(estimator: Any) -> dict[str, str]:
    if not isinstance(estimator, KMeans):
        return {}
    name = "check_sample_weight_equivalence_on_{}_data"
    return {name.format(kind): "scikit-learn's KMeans fails it, too" for kind in _WEIGHED}


_checked: Any = parametrize_with_checks(
    [
        AgglomerativeClustering(2),
        AverageLinkage(0.5),
        ChineseWhispers(0.5),
        DBSCAN(0.5),
        HDBSCAN(copy=True),
        Infomap(0.5),
        KMeans(3, n_init=1),
        MeanShift(0.5),
        SpectralClustering(3, random_state=0),
    ],
    expected_failed_checks=_excuse,
)


@_checked  # type: ignore[untyped-decorator]
def test_scikit_learns_rules(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_while_another_thread_has_the_cache() -> None:
    points = np.array([[0.0], [1], [5]])
    DBSCAN(1.5).fit(points)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with cache._lock:
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    child = os.fork()
    if not child:  # where nobody will ever give the lock back
        ender = threading.Timer(_SECONDS, os._exit, (1,))
        ender.daemon = True
        ender.start()
        os._exit(int(DBSCAN(1.5).fit_predict(points).tolist() != [0, 0, 1]))
    _, status = os.waitpid(child, 0)
    done.set()
    holder.join()
    assert os.waitstatus_to_exitcode(status) == 0
