"""Clusterers: scikit-learn's estimator interface, one YAML per choice in conf/clusterer.

Each is imported when somebody asks for it: scikit-learn's own, which some are made of, take a third
of a second.
"""

from facetrack.system import lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from facetrack.clusterer.agglomerative import AgglomerativeClustering
    from facetrack.clusterer.average_linkage import AverageLinkage
    from facetrack.clusterer.chinese_whispers import ChineseWhispers
    from facetrack.clusterer.dbscan import DBSCAN
    from facetrack.clusterer.estimators import check, check_radii, for_resample, mean_shift
    from facetrack.clusterer.hdbscan import HDBSCAN
    from facetrack.clusterer.infomap import Infomap
    from facetrack.clusterer.kmeans import KMeans
    from facetrack.clusterer.meanshift import MeanShift
    from facetrack.clusterer.spectral import SpectralClustering

__all__ = [
    "DBSCAN",
    "HDBSCAN",
    "AgglomerativeClustering",
    "AverageLinkage",
    "ChineseWhispers",
    "Infomap",
    "KMeans",
    "MeanShift",
    "SpectralClustering",
    "check",
    "check_radii",
    "for_resample",
    "mean_shift",
]
if not TYPE_CHECKING:  # any name would have any type
    _MODULES = {
        "DBSCAN": "dbscan",
        "HDBSCAN": "hdbscan",
        "AgglomerativeClustering": "agglomerative",
        "AverageLinkage": "average_linkage",
        "ChineseWhispers": "chinese_whispers",
        "Infomap": "infomap",
        "KMeans": "kmeans",
        "MeanShift": "meanshift",
        "SpectralClustering": "spectral",
        **dict.fromkeys(("check", "check_radii", "for_resample", "mean_shift"), "estimators"),
    }
    _HOMES = {name: f"{__name__}.{module}" for name, module in _MODULES.items()}
    __getattr__ = lazy.look_up_later(__name__, _HOMES)
    __dir__ = lazy.list_with(__name__, _HOMES)
