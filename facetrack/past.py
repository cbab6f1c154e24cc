"""What an experiment in MLflow has by now, for `task=forget`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facetrack import databases, temporary, tracking_place
from facetrack.address import SERVER, refuse_malformed
from facetrack.errors import UserError
from facetrack.home import home
from facetrack.masked import masked, remember
from facetrack.tracking import (
    AGAIN,
    KIND,
    Tracking,
    demand_in_place,
    first_line,
    program,
    quieten,
    version_trouble,
)


class Past(Tracking):
    """What an experiment has by now, to look at and to delete files of; nothing else is changed.

    Runs that were deleted in MLflow count as well: their files are there until `mlflow gc`.
    Raises UserError where the store cannot be used.
    """

    def __init__(self, uri: str | None, experiment: str) -> None:
        import mlflow

        self.uri = tracking_place.chosen(uri)
        self._then = None
        remember(self.uri)
        refuse_malformed(self.uri)
        self._experiment = ""
        if self.uri.startswith(SERVER):
            self._await(patient=False)
        else:
            databases.demand_usable(program(), self.uri)
        local = tracking_place.local(self.uri)
        if local is not None and not (local.exists() and local.stat().st_size):
            return  # MLflow would make it
        quieten()
        try:
            with self._impatient(True):
                self._client = mlflow.MlflowClient(self.uri)
                found = self._client.get_experiment_by_name(experiment)
            if found:
                demand_in_place(self.uri, self._client, found)
        except UserError:
            raise
        except Exception as error:
            if self.uri.startswith(SERVER):
                raise self._answered(error) from error
            raise UserError(
                version_trouble(self.uri)
                or f"the MLflow store {masked(self.uri)} cannot be used ({first_line(error)}): "
                f"see that it runs, then {AGAIN}"
            ) from error
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
