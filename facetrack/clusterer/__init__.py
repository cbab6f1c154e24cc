"""Clusterers: scikit-learn's estimator interface, one YAML a choice in conf/clusterer."""

from facetrack.clusterer.build import build, for_resample, mean_shift

__all__ = ["build", "for_resample", "mean_shift"]
