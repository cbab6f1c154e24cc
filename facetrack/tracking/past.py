"""What an experiment in MLflow has by now, for `task=forget`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facetrack.system import temporary
from facetrack.system.home import home
from facetrack.tracking import place as tracking_place
from facetrack.tracking.runs import AGAIN, KIND, Tracking, quieten


class Past(Tracking):
    """What an experiment has by now, to look at and to delete files of; nothing else is changed.

    Runs that were deleted in MLflow count as well: their files are there until `mlflow gc`.
    Raises UserError where the store cannot be used.
    """

    def __init__(self, uri: str | None, experiment: str) -> None:
        self._experiment = ""
        self._reach(uri, patient=False)
        local = tracking_place.local(self.uri)
        if local is not None and not (local.exists() and local.stat().st_size):
            return  # MLflow would make it
        quieten()
        with self._opening(f"see that it runs, then {AGAIN}"), self._impatient(True):
            found = self._find(experiment)
        self._experiment = found.experiment_id if found else ""

    def runs(self) -> list[Any]:
        """All of its runs that facetrack has made."""
        from mlflow.entities import ViewType

        if not self._experiment:
            return []
        with self.working(AGAIN):
            return self._search(f"tags.{KIND} != ''", ViewType.ALL)

    def files(self, run: Any) -> list[str]:
        """Paths of all files that a run has logged, those in folders too."""
        repository = self._repository(run)

        def below(path: str | None) -> Iterator[str]:
            for file in repository.list_artifacts(path):
                if file.is_dir:
                    yield from below(file.path)
                else:
                    yield file.path

        with self.working(AGAIN):
            return list(below(None))

    def text(self, run: Any, path: str) -> str:
        """A file of a run as text."""
        from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

        repository = self._repository(run)
        with self.working(AGAIN), temporary.folder(home()) as folder:
            # Nothing that is to be deleted is copied where it can be read in place.
            place = None if isinstance(repository, LocalArtifactRepository) else str(folder)
            found = Path(repository.download_artifacts(path, place))
            return found.read_text(encoding="utf-8", errors="replace")

    def remove(self, run: Any, path: str) -> None:
        """Delete a file of a run."""
        from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

        repository = self._repository(run)
        with self.working(AGAIN):
            if isinstance(repository, LocalArtifactRepository):
                # MLflow would decode the path once more, and look for a % in it elsewhere.
                Path(repository.get_local_path(path)).unlink(missing_ok=True)
            else:
                repository.delete_artifacts(path)

    def _repository(self, run: Any) -> Any:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return get_artifact_repository(run.info.artifact_uri, self.uri)
