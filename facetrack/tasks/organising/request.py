"""What is asked of the organiser, what it answers, and who is told meanwhile. No Hydra."""

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sklearn.base import BaseEstimator

from facetrack.core.errors import UserError
from facetrack.core.faces import Dataset, Skipped
from facetrack.evaluation.impossible import ImpossiblePairs
from facetrack.organiser.groups import Clusterer
from facetrack.organiser.photos import Stages
from facetrack.organiser.places import MODES
from facetrack.organiser.state import is_inside

_SWITCHES = ("restore", "regroup", "prune", "dry_run")


@dataclass(frozen=True)
class Request:
    """Photos to sort by person, and the folder to sort them into.

    folders: those that the dataset's photos are in, which are only read. out: made where there is
    none. mode: "copy", "link" or "none", which makes the page and people.yaml only. restore: go
    back to how it was before the last run, or forward again. regroup: make all groups anew. prune:
    let go of faces on photos that are gone and of which there is no copy. dry_run: only say what
    would change in a folder that was sorted before. names: whether persons without a name take
    that of their faces in XMP.
    Raises UserError for a value that is none of these, and for a folder within the other.
    """

    dataset: Dataset
    folders: Sequence[Path]
    stages: Stages
    clusterer: Clusterer
    out: Path
    mode: str = "copy"
    restore: bool = False
    regroup: bool = False
    prune: bool = False
    dry_run: bool = False
    names: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, before anything is made."""
        if self.mode not in MODES:
            raise UserError(f"task.mode is one of {', '.join(MODES)}; got {self.mode!r}")
        for name in _SWITCHES:
            if not isinstance(value := getattr(self, name), bool):
                raise UserError(f"task.{name} is true or false; got {value!r}")
        if self.dry_run and self.restore:
            raise UserError(
                "task.dry_run=true only says what would change, and task.restore=true goes back to "
                "the run before, which the same command undoes: leave one of them out"
            )
        for photos in self.folders:
            if is_inside(self.out, photos):
                raise UserError(
                    f"task.out={self.out} lies in dataset.root={photos}, so the copies would be "
                    "photos to organise as well: name a folder outside of it"
                )
            if is_inside(photos, self.out):
                raise UserError(
                    f"dataset.root={photos} lies in task.out={self.out}, where facetrack makes and "
                    "removes files: name a folder elsewhere"
                )


@dataclass(frozen=True)
class Sorted:
    """What a run has made of a folder.

    counts: see `summary.count`. summary: the same in lines. changes: what is not as it was after
    the last run; none of a new folder or a restore. remarks: what else the user should know.
    skipped: photos that were not read; noted: what else is to be said of files. radius: within
    which two faces speak for one person; None for clusterers without. failed: photos that
    could not be put into their folders; missing: the same in a sentence, empty where there are
    none. mistaken: faces on one photo that the clusterer alone would have put together; None where
    there are too few, and of a restore. is_new: whether the folder was made. restored: whether it
    was a restore; resumed: one that an earlier run had begun. dry: whether nothing was done, and
    all of this is what would be.
    """

    out: Path
    page: Path
    people: Path
    counts: Mapping[str, int]
    summary: Sequence[str]
    changes: Sequence[str]
    remarks: Sequence[str]
    skipped: Sequence[Skipped]
    noted: Sequence[Skipped]
    radius: float | None
    failed: int
    missing: str
    mistaken: ImpossiblePairs | None
    is_new: bool
    restored: bool
    resumed: bool
    dry: bool = False


@dataclass(frozen=True)
class Report:
    """What is kept of a run elsewhere than in its folder.

    skipped: photos and files of which something is to be said. page: index.html. logged: which page
    is kept elsewhere, and where, as the last run's `Log.keep` has returned it.
    mistaken: as in `Sorted`.
    """

    counts: Mapping[str, int]
    neighbors_recall: float | None
    mistaken: ImpossiblePairs | None
    skipped: Sequence[Skipped]
    page: bytes
    logged: str


class Log(Protocol):
    """Where a run is kept besides in its folder, such as in MLflow."""

    def begin(self) -> AbstractContextManager[None]:
        """Within, photos are looked at and sorted. Raises UserError where it cannot be kept."""
        ...

    def say_radius(self, estimator: BaseEstimator) -> None:
        """The radius is known that was left open."""
        ...

    def keep(self, report: Report) -> str:
        """Keep it; returns which page is kept now, and where (see `State.logged`)."""
        ...

    def tell(self, result: Sorted) -> None:
        """All is done, save that the folder is still nobody else's."""
        ...


class Unlogged:
    """It is kept in its folder only."""

    def begin(self) -> AbstractContextManager[None]:
        """Nothing."""
        return contextlib.nullcontext()

    def say_radius(self, estimator: BaseEstimator) -> None:
        """Nothing."""

    def keep(self, report: Report) -> str:
        """What was kept before is."""
        return report.logged

    def tell(self, result: Sorted) -> None:
        """Nothing."""


UNLOGGED = Unlogged()
