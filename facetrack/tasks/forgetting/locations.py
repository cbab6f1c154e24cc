"""The places where something of a person can be: what is there, and how it is deleted."""

import contextlib
import functools
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.core.texts import write_count
from facetrack.extraction.store import Store, count_rows
from facetrack.organiser import forgetting, forgetting_exports, state
from facetrack.system import temporary
from facetrack.system.files import sweep
from facetrack.system.home import find_home
from facetrack.system.masking import is_masked, mask
from facetrack.tasks import exports
from facetrack.tasks.forgetting import plan as plans
from facetrack.tasks.forgetting.plan import Plan
from facetrack.tasks.forgetting.runs import Logged, Runs, job_pages, pages
from facetrack.tracking.past import Past

# Made of many people at once; a run makes them again.
_CACHES = ("tsne", "sheets")
# What `files.replace` has not finished, before and now; what else ends so is the user's.
_PART_BEFORE, _PART = "tmp????????.part", ".facetrack-*.part"


@dataclass(frozen=True)
class Found:
    """What is in a place. count: of rows, faces or files; items: each of them, or their kinds."""

    count: int
    items: Sequence[str] = ()


@dataclass(frozen=True)
class Place:
    """A place to clear. found: what there is to delete in it; it changes nothing.

    Both raise OSError, and UserError for what the user can put right.
    """

    what: str
    found: Callable[[], Found]
    clear: Callable[[], None]


def find_places(plan: Plan, uri: str | None) -> list[Place]:
    """All places of a plan, in the order in which they are cleared.

    uri: the MLflow store as it is given now, whose password the plan does not keep. What knows who
    somebody is comes last.
    """
    out = None if plan.out is None else Path(plan.out)
    runs = functools.cache(lambda: _runs(plan, uri))
    return [
        *([_find_logged(runs)] if plan.uri is not None else []),
        _files("t-SNE pages and reports of sweeps in outputs/", lambda: pages(plan, runs())),
        _files("pages of single jobs in outputs/", lambda: job_pages(plan)),
        _files("files of task=export, as a whole", lambda: exports.find_showing(plan.contents)),
        _store(plan),
        _files("damaged stores that were set aside", _set_aside),
        *map(_cache, _CACHES),
        _find_unfinished(plan),
        _on_their_way(),
        *(_find_organised(plan, out) if out is not None else ()),
    ]


def _files(what: str, listed: Callable[[], Sequence[Path]]) -> Place:
    """A place whose files go as they are."""

    def found() -> Found:
        paths = listed()
        return Found(len(paths), [str(path) for path in paths])

    def clear() -> None:
        for path in listed():
            path.unlink(missing_ok=True)

    return Place(what, found, clear)


def _runs(plan: Plan, uri: str | None) -> Runs | None:
    """The runs of the plan's MLflow store; None where none is kept."""
    if plan.uri is None:
        return None
    where = plan.uri
    if is_masked(where):
        if uri is None or mask(uri) != where:
            raise UserError(
                f"the MLflow store {where} asks for a password: run the same command again, with "
                "tracking.uri=…"
            )
        where = uri
    return Runs(Past(where, plan.experiment), plan)


def _find_logged(runs: Callable[[], Runs | None]) -> Place:
    def listed() -> list[Logged]:
        known = runs()
        return [] if known is None else known.files()

    def found() -> Found:
        files = listed()
        return Found(len(files), [str(file) for file in files])

    def clear() -> None:
        for file in listed():
            file.remove()

    return Place("files of MLflow runs that show faces or name people", found, clear)


def _store(plan: Plan) -> Place:
    def found() -> Found:
        rows = count_rows(find_home(), plan.contents)
        kinds = [f"{table}: {write_count(count, 'row')}" for table, count in rows.items() if count]
        return Found(sum(rows.values()), kinds)

    def clear() -> None:
        if (find_home() / "embeddings.sqlite").exists():
            with Store(find_home()) as store:
                store.forget(plan.contents)

    return Place("rows of the embedding store", found, clear)


def _set_aside() -> list[Path]:
    """Stores that were damaged, which nobody can take single rows out of."""
    return sorted(find_home().glob("damaged-*embeddings.sqlite*"))


def _cache(name: str) -> Place:
    """A cache, which nobody can take single people out of."""

    def found() -> Found:
        files = sorted((find_home() / name).glob("*"))
        return Found(len(files), [str(file) for file in files])

    def clear() -> None:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(find_home() / name)

    return Place(f"cached pictures of everybody in {name}/", found, clear)


def _find_unfinished(plan: Plan) -> Place:
    """Files that killed processes left half written, of this version and of the one before."""

    def folders() -> list[Path]:
        places = [find_home(), plans.folder(), *Path(plan.work, "outputs").glob("*/")]
        if plan.out is not None:
            own = state.own_folder(Path(plan.out))
            places += [Path(plan.out), own, state.thumbnail_path(own, "").parent]
        return places

    def left(name: str) -> list[Path]:
        paths = [path for one in folders() for path in sorted(one.glob(name))]
        # facetrack makes none that others may read.
        return [path for path in paths if path.is_file() and not path.stat().st_mode & 0o077]

    def found() -> Found:
        paths = [*left(_PART_BEFORE), *left(_PART)]
        return Found(len(paths), [str(path) for path in paths])

    def clear() -> None:
        for folder in folders():
            sweep(folder)  # not what another process is writing
        for path in left(_PART_BEFORE):
            path.unlink(missing_ok=True)

    return Place("unfinished files of runs that were killed", found, clear)


def _on_their_way() -> Place:
    """Files that runs which were killed had not handed to MLflow yet."""

    def found() -> Found:
        paths = [
            path
            for folder in temporary.find_left(find_home())
            for path in sorted(folder.rglob("*"))
        ]
        return Found(len(paths), [str(path) for path in paths])

    return Place(
        "files of runs that were killed, on their way to MLflow",
        found,
        lambda: temporary.sweep(find_home()),
    )


def _find_exported(plan: Plan, out: Path) -> Place:
    """What `task=export` has made of an organised folder, sidecars beside photos included.

    Of a person only what is theirs; of a picture what is of everybody on it.
    """

    def found() -> Found:
        lines = forgetting_exports.find(out, plan.contents, plan.persons)
        return Found(len(lines), lines)

    return Place(
        "sidecars with regions of faces, and files of names and faces",
        found,
        lambda: forgetting_exports.forget(out, plan.contents, plan.persons),
    )


def _find_organised(plan: Plan, out: Path) -> list[Place]:
    """An organised folder's places: the page first, what says whose the faces are last."""

    def page() -> list[Path]:
        path = out / state.PAGE
        return [path] if path.is_file() else []

    def remembered() -> Found:
        known = forgetting.count(out, plan.contents, plan.persons)
        return Found(sum(known.values()), [f"{path}: {count}" for path, count in known.items()])

    return [
        _find_exported(plan, out),
        _files("the page of task.out", page),
        _files("thumbnails in task.out", lambda: forgetting.find_thumbnails(out, plan.contents)),
        Place(
            "faces, photos and names in what task.out remembers",
            remembered,
            lambda: forgetting.clean(out, plan.contents, plan.persons),
        ),
    ]
