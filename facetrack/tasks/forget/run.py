"""`task=forget`: deletes what facetrack has stored of a person's faces.

Embeddings and detections of their pictures; pictures of faces in the cache, in an organised folder
and in MLflow; pages and tables with their names. What is made of many people at once, such as a
t-SNE picture, goes as a whole: a run can make it again. Scores and the pictures themselves stay.

What to delete is decided first and kept as a plan (forgetting/plan.py). Killed anywhere, the same
command, any other `task=forget` and the next `task=organise` finish it.
"""

from collections.abc import Mapping
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import Incomplete, UserError
from facetrack.organiser import forgetting
from facetrack.system import json_lines
from facetrack.system.files import sha256, user_path
from facetrack.system.masking import mask
from facetrack.system.progress import bar, say
from facetrack.system.terminal import refuse
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.settling import settle
from facetrack.tasks.forgetting import plan as plans
from facetrack.tasks.forgetting.carrying_out import carry_out, describe, exclude_others
from facetrack.tasks.forgetting.locations import find_places
from facetrack.tasks.forgetting.plan import Plan
from facetrack.tracking.address import NOWHERE
from facetrack.tracking.links import where

Contents = Mapping[str, frozenset[str]]
"""SHA-256 in hex of pictures, each with the names it is known by."""


def forget(config: DictConfig) -> None:
    """Delete, and tell what was deleted.

    Raises UserError where nothing is named, or nobody is found; Incomplete where something could
    not be deleted.
    """
    settle(config)
    _check(config)
    asked = _read_request(config)
    if config.task.dry_run:
        _list(config, asked)
        return
    with exclude_others():
        troubles = _decide_on(config, asked)
    if troubles:
        for trouble in dict.fromkeys(troubles):
            refuse(trouble)
        raise Incomplete("not all is forgotten: the same command goes on from here")


def _check(config: DictConfig) -> None:
    if (config.person is None) == (config.picture is None):
        raise UserError("name what to forget: person=NAME, or picture=FILE")
    if not isinstance(config.task.dry_run, bool):
        raise UserError(f"task.dry_run is true or false; got {config.task.dry_run!r}")


def _read_request(config: DictConfig) -> dict[str, str | None]:
    """What the command names, in the form in which a plan keeps it."""
    root, out = config.dataset.get("root"), config.task.out
    uri = None if config.tracking.uri == NOWHERE else mask(where(config.tracking.uri))
    return {
        "person": None if config.person is None else str(config.person),
        "picture": None if config.picture is None else str(config.picture),
        "out": None if out is None else str(user_path(out)),
        "root": None if root is None else str(user_path(root)),
        "dataset": str(config.dataset.name),
        "work": str(Path.cwd()),
        "uri": uri,
        "experiment": str(config.tracking.experiment),
    }


def _decide_on(config: DictConfig, asked: dict[str, str | None]) -> list[str]:
    """Carry out what is pending, then what is asked; returns what kept something from going."""
    plans.remove_empty_folder()
    troubles: list[str] = []
    same: set[str] | None = None
    for plan in plans.find_pending():
        say("Finishing what an earlier task=forget has begun")
        troubles += carry_out(plan, config.tracking.uri)
        if plan.asked == asked:
            same = set(plan.contents)
    try:
        plan, unread = _read_decision(config, asked)
    except UserError:
        if same is None:
            raise
        return troubles  # what the command names is gone: that was the last of it
    troubles += unread
    if same is not None and same.issuperset(plan.contents):
        return troubles
    if not plan.contents and not _is_remembered(plan):
        say(f"There is nothing left to forget: no face of {asked['person']} is known here")
        return troubles
    plan.keep()
    return troubles + carry_out(plan, config.tracking.uri)


def _read_decision(config: DictConfig, asked: dict[str, str | None]) -> tuple[Plan, list[str]]:
    """What to forget, and which pictures could not be read to know them again.

    Raises UserError where nobody is found.
    """
    out = None if asked["out"] is None else Path(asked["out"])
    persons: frozenset[int] = frozenset()
    unread: list[str] = []
    contents: dict[str, frozenset[str]] = {}
    if asked["person"] is not None:
        if out is not None:
            known = forgetting.find_person(out, asked["person"])
            persons, contents = known.persons, dict(known.contents)
        if not persons or asked["root"] is not None:
            found, unread = _of_person(config, asked["person"], required=not persons)
            contents |= {one: names | contents.get(one, names) for one, names in found.items()}
    else:
        assert asked["picture"] is not None
        contents = dict(_of_picture(asked["picture"], asked["root"], out))
    if out is not None:
        forgetting.check(out)
    named = all(contents.values())
    plan = Plan(
        asked=asked,
        contents=sorted(contents),
        names=sorted(frozenset[str]().union(*contents.values())) if named else [],
        persons=sorted(persons),
        out=asked["out"],
        dataset=str(asked["dataset"]),
        root=asked["root"],
        work=str(asked["work"]),
        uri=asked["uri"],
        experiment=str(asked["experiment"]),
    )
    return plan, unread


def _is_remembered(plan: Plan) -> bool:
    """Whether an organised folder's states have a person's name, though no face any more."""
    return plan.out is not None and bool(forgetting.count(Path(plan.out), (), plan.persons))


def _of_person(config: DictConfig, person: str, *, required: bool) -> tuple[Contents, list[str]]:
    """The pictures in a person's sub-folder; and which of them cannot be read.

    Raises UserError where one is required.
    """
    if OmegaConf.is_missing(config.dataset, "root"):
        raise UserError(
            f"there is no person {person!r} in task.out={config.task.out}: give one of its persons "
            "by name or number, or with dataset.root=… the name of a sub-folder"
            if config.task.out is not None
            else "say where the person is: with dataset.root=… one of its sub-folders, with "
            "task.out=… one of an organised folder's persons"
        )
    pictures = make(config.dataset).load().pictures
    theirs = [picture for picture in pictures if picture.person == person]
    if not theirs and required:
        known = sorted({str(picture.person) for picture in pictures})
        raise UserError(
            f"there is no person {person!r} among {', '.join(known[:10])}"
            f"{' …' if len(known) > 10 else ''}: give the name of a sub-folder of dataset.root, "
            "with task.out=… that of a person of an organised folder, or picture=FILE"
        )
    contents: dict[str, frozenset[str]] = {}
    unread = []
    for picture in bar(theirs, description="Looking up", unit="picture"):
        try:
            content = sha256(picture.path).hex()
        except OSError as error:
            unread.append(
                f"{picture.path} cannot be read ({error.strerror}), so what is stored of it stays"
            )
            continue
        contents[content] = contents.get(content, frozenset()) | {picture.name}
    return contents, unread


def _of_picture(picture: str, root: str | None, out: Path | None) -> Contents:
    """A picture by its path, or in `root`; one that has gone by what an organised folder knows."""
    paths = [user_path(picture)]
    if root is not None:
        paths.insert(0, Path(root) / picture)
    for path in paths:
        if path.is_file():
            try:
                return {sha256(path).hex(): frozenset({path.name})}
            except OSError as error:
                raise UserError(f"{path} cannot be read ({error.strerror})") from error
    if out is not None and (known := forgetting.find_photo(out, picture)):
        return known
    raise UserError(
        f"picture={picture} is no file; looked for {' and '.join(map(str, paths))}"
        + ("" if out is None else f", and among the photos that {out} remembers")
    )


def _list(config: DictConfig, asked: dict[str, str | None]) -> None:
    """Tell what would be deleted, place by place; changes nothing."""
    pending = plans.find_pending()
    others = sum(plan.asked != asked for plan in pending)
    if others:
        say(f"{others} earlier task=forget were not finished: the next one does that first")
    same = [plan for plan in pending if plan.asked == asked]
    plan, unread = (same[0], []) if same else _read_decision(config, asked)
    say(describe(plan))
    for trouble in unread:
        say(f"  {trouble}")
    for place in find_places(plan, config.tracking.uri):
        found = place.found()
        say(f"  {place.what}: {found.count:,}")
        json_lines.tell("forget", place=place.what, would_go=found.count, items=found.items)
        for item in found.items:
            say(f"    {item}")
    say("Nothing was deleted (task.dry_run=true)")
