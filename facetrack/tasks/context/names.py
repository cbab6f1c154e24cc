"""What is run by a config's `_target_`, and what that is called in all that is stored.

Runs, sweeps and studies keep targets in their parameters and know each other again by them. So a
target that has moved goes on being called there what it was called when it was first stored.
"""

# By where a target lies: its name in what is stored.
_STORED = {
    # Their results are the same.
    "facetrack.clusterer.AgglomerativeClustering": "sklearn.cluster.AgglomerativeClustering",
    "facetrack.clusterer.KMeans": "sklearn.cluster.KMeans",
    "facetrack.evaluation.resampling.Bootstrap": "facetrack.resample.Bootstrap",
    "facetrack.evaluation.resampling.Subsample": "facetrack.resample.Subsample",
    "facetrack.tasks.evaluate.run.evaluate": "facetrack.job.evaluate",
    "facetrack.tasks.export.run.export": "facetrack.export.export",
    "facetrack.tasks.forget.run.forget": "facetrack.forget.forget",
    "facetrack.tasks.organise.run.organise": "facetrack.organise.organise",
    "facetrack.tasks.tune.run.tune": "facetrack.tune.tune",
}
_PRESENT = {name: target for target, name in _STORED.items()}


def name_as_stored(target: str) -> str:
    """The name of a target in what is stored."""
    return _STORED.get(target, target)


def find_present(name: str) -> str:
    """Where the target of a stored name lies; a name that was never another is its own."""
    return _PRESENT.get(name, name)
