"""Which detector and embedder sort a folder's photos where the user names none.

1. A folder that was sorted before: those of last time, so that nothing moves.
2. A new folder: YuNet and MobileFaceNet, whose files are downloaded once.
3. Where they cannot be had: dlib's, which come with facetrack.
"""

import pkgutil
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from facetrack.core.errors import UserError
from facetrack.core.scale import SETTINGS
from facetrack.organiser import state
from facetrack.organiser.groups import describe_embedder
from facetrack.organiser.state import State
from facetrack.system import network
from facetrack.system.home import find_home
from facetrack.system.shipped import CONF
from facetrack.system.yaml_loader import LOADER

Say = Callable[[str], None]

BEST = {"detector": "yunet", "embedder": "mobilefacenet"}
BUILT_IN = {"detector": "dlib_hog", "embedder": "dlib"}
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
        return _choose_as_before(state.load(out), still_open)
    if why := _find_obstacle(still_open, say):
        built_in = " and ".join(BUILT_IN[stage] for stage in still_open)
        return Models(
            {stage: BUILT_IN[stage] for stage in still_open},
            f"{why}: photos are sorted by {built_in}, which come with facetrack and confuse more "
            "people",
        )
    return Models({stage: BEST[stage] for stage in still_open})


def _choose_as_before(last: State, still_open: list[str]) -> Models:
    """Those that the last run had. A method that is no choice of facetrack's is not known."""
    embedder = _name_embedder(last)
    before = {"detector": last.detector or BUILT_IN["detector"], "embedder": embedder}
    choices = {stage: before[stage] for stage in still_open}
    better = {stage: BEST[stage] for stage in still_open if BEST[stage] != before[stage]}
    if not better:
        return Models(choices)
    wanted = " ".join(f"{stage}={name}" for stage, name in better.items())
    return Models(
        choices,
        f"sorted by {' and '.join(choices.values())}, as last time; {wanted} finds more faces and "
        "confuses fewer people: add it to the command, and groups are made anew and keep their "
        "names",
    )


def _name_embedder(last: State) -> str:
    """The choice whose vectors the folder was made with; what comes with facetrack for others."""
    for name in sorted(path.stem for path in (CONF / "embedder").glob("*.yaml")):
        settings = _read("embedder", name)
        try:
            now = describe_embedder(_build(settings))
        except UserError:  # a choice that wants a file of the user's own
            continue
        if state.is_same_setting(last.embedder, now, settings):
            return name
    return BUILT_IN["embedder"]


def _find_obstacle(still_open: list[str], say: Say) -> str | None:
    """Why the best models cannot be had, which are downloaded where that is needed."""
    wanted = {stage: _read(stage, BEST[stage]) for stage in still_open}
    missing = [
        BEST[stage]
        for stage, settings in wanted.items()
        if not (find_home() / "downloads" / str(settings["filename"])).exists()
    ]
    if missing and network.is_forbidden():
        return f"{network.VARIABLE} is set"
    if missing and network.was_tried_today():
        return "YuNet and MobileFaceNet could not be downloaded today"
    if missing:
        about = " and ".join(_ABOUT[name] for name in missing)
        hosts = dict.fromkeys(
            str(urlsplit(settings["urls"][0]).hostname)
            for stage, settings in wanted.items()
            if BEST[stage] in missing
        )
        say(
            f"  downloading {about}, once, from {' and '.join(hosts)}; no photo leaves this machine"
        )
    try:
        for settings in wanted.values():
            _build(settings).prepare()
    except UserError as error:
        network.remember_failure()
        return f"YuNet and MobileFaceNet cannot be had today ({_shorten(str(error))})"
    return None


def _shorten(told: str) -> str:
    """The first address that failed, and how; all of it where no address did."""
    found = _FAILED.search(told)
    return told if found is None else f"{urlsplit(found[1]).hostname} {found[2]}"


def _build(settings: Mapping[str, Any]) -> Any:
    """A choice's object. Raises UserError for one that needs more than its file says."""
    own = {key: one for key, one in settings.items() if key not in ("_target_", *SETTINGS)}
    return pkgutil.resolve_name(settings["_target_"])(**own)


def _read(stage: str, name: str) -> dict[str, Any]:
    """A choice's file in conf/."""
    content = (CONF / stage / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(content, LOADER)
    return found
