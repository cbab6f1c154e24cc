"""Clusterers: scikit-learn's estimator interface, one YAML per choice in conf/clusterer."""

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
