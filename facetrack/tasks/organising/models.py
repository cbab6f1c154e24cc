"""Which detector and embedder sort a folder's photos where the user names none.

1. A folder that was sorted before: those of last time, so that nothing moves. What would be better
   is told where it can be had, once in a month.
2. A new folder: YuNet and MobileFaceNet, whose files are downloaded once.
3. Where they cannot be had: dlib's, which come with facetrack.
"""

import contextlib
import datetime
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from facetrack.core.errors import UserError
from facetrack.organiser import state
from facetrack.organiser.groups import describe_embedder
from facetrack.organiser.state import State
from facetrack.system import network
from facetrack.system.choices import choose, list_names
from facetrack.system.files import replace
from facetrack.system.home import find_home

Say = Callable[[str], None]

BEST = {"detector": "yunet", "embedder": "mobilefacenet"}
BUILT_IN = {"detector": "dlib_hog", "embedder": "dlib"}
_STAGE = {name: stage for stage, name in BEST.items()}
# In an organised folder's own folder: the day on which something better was last told.
_ADVISED = "advised"
_NO_NAGGING = datetime.timedelta(days=30)
_FAILED = re.compile(r"\((https://\S+) ([^;)]+)[;)]")
_ABOUT = {
    "yunet": "YuNet, which finds faces (0.2 MB, MIT licence)",
    "mobilefacenet": "MobileFaceNet, which tells them apart (4 MB, Apache-2.0 licence)",
}


@dataclass(frozen=True)
class Models:
    """What is chosen by stage. told: what the user is to know of it; None for nothing."""

    choices: Mapping[str, str]
    told: str | None = None


def choose_models(out: Path, named: Collection[str], say: Say) -> Models:
    """The choices for the stages that the user has not named.

    out: the folder to organise into. named: "detector" and "embedder", or neither. Downloads
    what is missing, which it says before.
    """
    still_open = [stage for stage in BEST if stage not in named]
    if not still_open:
        return Models({})
    if state.exists(out):
        return _choose_as_before(out, state.load(out), still_open)
    if why := _find_obstacle(still_open, say):
        built_in = " and ".join(BUILT_IN[stage] for stage in still_open)
        return Models(
            {stage: BUILT_IN[stage] for stage in still_open},
            f"{why}: photos are sorted by {built_in}, which come with facetrack and confuse more "
            "people",
        )
    return Models({stage: BEST[stage] for stage in still_open})


def _choose_as_before(out: Path, last: State, still_open: list[str]) -> Models:
    """Those that the last run had. A method that is no choice of facetrack's is not known."""
    embedder = _name_embedder(last)
    before = {"detector": last.detector or BUILT_IN["detector"], "embedder": embedder}
    choices = {stage: before[stage] for stage in still_open}
    better = {stage: BEST[stage] for stage in still_open if BEST[stage] != before[stage]}
    if not better:
        return Models(choices)
    told = f"sorted by {' and '.join(choices.values())}, as last time"
    if _can_be_had(better.values()) and _is_new_advice(out):
        wanted = " ".join(f"{stage}={name}" for stage, name in better.items())
        told += (
            f"; {wanted} finds more faces and confuses fewer people: add it to the command, with "
            "task.dry_run=true to see first how many faces would move. Groups are made anew then "
            "and keep their names"
        )
    return Models(choices, told)


def _name_embedder(last: State) -> str:
    """The choice whose vectors the folder was made with; what comes with facetrack for others."""
    # The version before did not keep its name: it is one of the first two but for few folders.
    likely = (BUILT_IN["embedder"], BEST["embedder"], *list_names("embedder"))
    for name in [last.embedder_name] if last.embedder_name else dict.fromkeys(likely):
        try:
            choice = choose("embedder", name)
            now = describe_embedder(choice.make_default())
        except UserError:  # a choice that wants a file of the user's own, or is no longer there
            continue
        if state.is_same_setting(last.embedder, now, choice.settings):
            return name
    return BUILT_IN["embedder"]


def _can_be_had(names: Iterable[str]) -> bool:
    """Whether models are here, or may be downloaded."""
    return not _list_missing(names) or not (network.is_forbidden() or network.was_tried_today())


def _is_new_advice(out: Path) -> bool:
    """Whether nobody was told in this folder for a month; from now on somebody was."""
    note, today = state.own_folder(out) / _ADVISED, datetime.date.today()
    with contextlib.suppress(OSError, ValueError):  # there is none, or nobody can read it
        told = datetime.date.fromisoformat(note.read_text(encoding="utf-8").strip())
        if today - _NO_NAGGING < told <= today:
            return False
    with contextlib.suppress(OSError, UserError):  # then it is told again
        replace(note, f"{today.isoformat()}\n".encode())
    return True


def _list_missing(names: Iterable[str]) -> list[str]:
    """Those whose file is not here. names: of `BEST`."""
    downloads = find_home() / "downloads"
    found = {name: choose(_STAGE[name], name).settings["filename"] for name in names}
    return [name for name, file in found.items() if not (downloads / str(file)).exists()]


def _find_obstacle(still_open: list[str], say: Say) -> str | None:
    """Why the best models cannot be had, which are downloaded where that is needed."""
    missing = _list_missing(BEST[stage] for stage in still_open)
    if missing and network.is_forbidden():
        return f"{network.VARIABLE} is set"
    if missing and network.was_tried_today():
        return "YuNet and MobileFaceNet could not be downloaded today"
    if missing:
        about = " and ".join(_ABOUT[name] for name in missing)
        urls = [str(choose(_STAGE[name], name).settings["urls"][0]) for name in missing]
        hosts = dict.fromkeys(str(urlsplit(url).hostname) for url in urls)
        say(
            f"  downloading {about}, once, from {' and '.join(hosts)}; no photo leaves this machine"
        )
    try:
        for stage in still_open:
            choose(stage, BEST[stage]).make_default().prepare()
    except UserError as error:
        network.remember_failure()
        return f"YuNet and MobileFaceNet cannot be had today ({_shorten(str(error))})"
    return None


def _shorten(told: str) -> str:
    """The first address that failed, and how; all of it where no address did."""
    found = _FAILED.search(told)
    return told if found is None else f"{urlsplit(found[1]).hostname} {found[2]}"
