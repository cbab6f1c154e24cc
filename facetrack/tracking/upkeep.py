"""What a store is kept in order by: runs of dead processes closed, runs and their files removed."""

import contextlib
from pathlib import Path
from typing import Any

from facetrack.system.processes import is_gone
from facetrack.tracking.experiment import Experiment
from facetrack.tracking.keys import PROCESS
from facetrack.tracking.server import AGAIN

# Stores in which this process has looked for runs that others left running: once is enough.
_looked_through: set[str] = set()


def close_orphans_once(experiment: Experiment) -> None:
    """Close the orphans of a store that this process has not looked through yet."""
    access = experiment.access
    if access.uri in _looked_through:
        return
    _looked_through.add(access.uri)
    with access.working(AGAIN):
        close_orphans(experiment)


def close_orphans(experiment: Experiment) -> None:
    """Mark runs KILLED that processes of this machine have left running."""
    for run in experiment.search("attributes.status = 'RUNNING'"):
        if is_gone(run.data.tags.get(PROCESS, "")):
            experiment.client.set_terminated(run.info.run_id, "KILLED")


def take_back(experiment: Experiment, run_id: str) -> bool:
    """Remove a run and what it has logged; returns whether that was possible."""
    client = experiment.client
    with contextlib.suppress(Exception):
        client.set_terminated(run_id, "FAILED")
        client.delete_run(run_id)
        location = str(client.get_run(run_id).info.artifact_uri)
        _remove_artifacts(repository(location, experiment.access.uri))
        return True
    return False


def repository(location: str, uri: str) -> Any:
    """MLflow's repository of a run's artifacts. location: of them; uri: of the store."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(location, uri)


def is_local(found: Any) -> bool:
    """Whether a repository is a folder on this machine."""
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    return isinstance(found, LocalArtifactRepository)


def _remove_artifacts(found: Any) -> None:
    """Delete what a repository has, and its folder where that is on this machine."""
    for file in found.list_artifacts():
        found.delete_artifacts(file.path)
    if is_local(found):
        folder = Path(found.artifact_dir)
        for empty in (folder, folder.parent):
            empty.rmdir()
