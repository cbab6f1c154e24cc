"""What an experiment in MLflow has by now, for `task=forget`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facetrack.system import temporary
from facetrack.system.home import find_home
from facetrack.tracking.experiment import look_up_experiment
from facetrack.tracking.keys import KIND
from facetrack.tracking.marks import is_known_to_show
from facetrack.tracking.reading import read_run
from facetrack.tracking.records import RunRecord
from facetrack.tracking.server import AGAIN, Access
from facetrack.tracking.upkeep import is_local, repository


class Past:
    """What an experiment has by now, to look at and to delete files of; nothing else is changed.

    Runs that were deleted in MLflow count as well: their files are there until `mlflow gc`.
    Raises UserError where the store cannot be used.
    """

    def __init__(self, uri: str | None, experiment: str) -> None:
        self._access = Access(uri, patient=False)
        self._experiment = look_up_experiment(self._access, experiment)

    def runs(self) -> list[RunRecord]:
        """All of its runs that facetrack has made."""
        if self._experiment is None:
            return []
        with self._access.working(AGAIN):
            found = self._experiment.search(f"tags.{KIND} != ''", deleted=True)
        return [read_run(run) for run in found]

    def files(self, run: RunRecord) -> list[str]:
        """Paths of all files that a run has logged, those in folders too."""
        found = self._repository(run)

        def below(path: str | None) -> Iterator[str]:
            for file in found.list_artifacts(path):
                if file.is_dir:
                    yield from below(file.path)
                else:
                    yield file.path

        with self._access.working(AGAIN):
            return list(below(None))

    def files_showing_people(self, run: RunRecord) -> list[str]:
        """Those that show faces or name people, by the run's mark; else by what they are called."""
        if run.showing is None:
            return [path for path in self.files(run) if is_known_to_show(path)]
        return [path for path in self.files(run) if path in run.showing]

    def text(self, run: RunRecord, path: str) -> str:
        """A file of a run as text."""
        found = self._repository(run)
        with self._access.working(AGAIN), temporary.folder(find_home()) as folder:
            # Nothing that is to be deleted is copied where it can be read in place.
            place = None if is_local(found) else str(folder)
            content = Path(found.download_artifacts(path, place))
            return content.read_text(encoding="utf-8", errors="replace")

    def remove(self, run: RunRecord, path: str) -> None:
        """Delete a file of a run."""
        found = self._repository(run)
        with self._access.working(AGAIN):
            if is_local(found):
                # MLflow would decode the path once more, and look for a % in it elsewhere.
                Path(found.get_local_path(path)).unlink(missing_ok=True)
            else:
                found.delete_artifacts(path)

    def _repository(self, run: RunRecord) -> Any:
        return repository(run.location, self._access.uri)
