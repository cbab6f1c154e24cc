"""`task=organise`: a folder of photos sorted by person.

photos.py finds the faces, known.py knows those of the last run again, groups.py gives each its
person (grouping.py makes numbered persons of clusters, people.py reads the user's corrections and
corrections.py carries them out), state.py remembers, places.py makes the folders, contact.py and
page.py the page, telling.py says what was done. This module puts them together.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import Incomplete, UserError
from facetrack.core.faces import Embedder
from facetrack.dataset.folder import folder as readable_folder
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import check
from facetrack.figures import printable
from facetrack.figures.people_page import index
from facetrack.organiser import changes, people, restoring, state
from facetrack.organiser.contact import Contact
from facetrack.organiser.grouping import NOBODY, Numbers, alike, doubtful
from facetrack.organiser.groups import begun, grouped, restored
from facetrack.organiser.journal import Journal
from facetrack.organiser.known import recognised, remembered, superseded
from facetrack.organiser.names import file_name
from facetrack.organiser.people import Corrections, folder_name
from facetrack.organiser.photos import Photos, found, vectors_of, with_gone
from facetrack.organiser.places import FACELESS, MODES, UNKNOWN, Wanted, arrange, writing
from facetrack.organiser.state import PAGE, State
from facetrack.system.files import replace, user_path
from facetrack.system.progress import say
from facetrack.tasks.context import outputs
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job, refuse_missing
from facetrack.tasks.context.settling import settle
from facetrack.tasks.organise import telling

_MOST_PAIRS = 20


def organise(config: DictConfig) -> None:
    """Sort the photos into `task.out`. Raises UserError for what the user can put right."""
    if config.sweep_id:
        raise UserError("task=organise is one job, not a sweep: leave out -m")
    settle(config)
    # Every face on a photo counts, and nothing says who is on it.
    for stage, setting, value in (("detector", "choose", "all"), ("dataset", "labels", False)):
        if setting in config[stage]:
            config[stage][setting] = value
    check(config.seed, 1)
    out = _out(config)
    for told in _forgotten_first():
        say(f"  {printable(told)}")
    with state.opened(out) as unfinished:
        lost = _organised(config, out, unfinished)
        shutil.rmtree(unfinished, ignore_errors=True)
        outputs.leave_no_empty_folder()
        # Nothing comes after this: the same command once more would be to undo the restore.
        restoring.end(out)
    if lost:
        raise Incomplete(lost)


def _forgotten_first() -> list[str]:
    """Finish what a `task=forget` that was killed has begun; returns what the user should know."""
    from facetrack.tasks.forget.run import finish_forgetting  # which looks into organised folders

    return finish_forgetting()


def _organised(config: DictConfig, out: Path, unfinished: Path) -> str:
    """Do it in a folder that is nobody else's meanwhile; returns what went missing, if anything."""
    is_new = not state.exists(out)
    people.finish(out / people.FILE)
    restore = restoring.pending(out) or (restoring.decide(out) if config.task.restore else None)
    if restore is None:
        last = state.load(out)
        people.read(out / people.FILE)  # a mistake in it is told before minutes go into embedding
    else:
        last = restore.back
    job = Job(config, "organise")
    unset = radius.is_not_given(config)
    with job.run(later=radius.KEYS if unset else ()) as run:
        embedder = make(config.embedder)
        photos, before, edited = _known_again(config, embedder, out, last, required=restore is None)
        remarks = [] if restore is None else restoring.begin(out, restore)
        text, said = people.read(out / people.FILE)
        now = begun(config, embedder, photos, before, said, text)
        if restore is None:
            estimator = build_estimator(config.clusterer)
            groups = grouped(config, estimator, photos, before, now, said)
            if unset:
                job.say_radius(run, estimator)
        else:
            photos = photos.some(np.array([key in before.faces for key in photos.keys], dtype=bool))
            groups = restored(photos, before, now)
        remarks += groups.remarks
        numbers = groups.numbers.tolist()
        given = dict(zip(photos.keys, numbers, strict=True))
        # Photos that are not there now may come back, unless the user lets them go.
        now.faces = given if config.task.prune else {**before.faces, **given}
        persons = np.array([said.person(number) for number in numbers], dtype=np.int64)
        natural = float(config.embedder.radius)
        near = now.radius or natural
        # A small radius keeps lookalikes apart; it does not make people look more alike.
        far = doubtful(photos.vectors, persons, max(near, natural))
        counts = telling.counts(photos, persons, far)
        changed = _changes(photos, before, persons, said, out)
        with writing(out):
            wanted = _wanted(photos, persons, said)
            placed = arrange(
                out, wanted, before.files, config.task.mode, unfinished, photos.present, edited
            )
            remarks += placed.remarks
            now.files = placed.files
            not_added = people.add(out / people.FILE, telling.present(persons))
            if not_added is not None:
                remarks.append(not_added)
            now.people = people.text_of(out / people.FILE)
            missing = telling.lost(placed.failed, len(wanted))
            summary = telling.summary(counts, now.radius, missing)
            contact = Contact(photos, persons, far, now.files, said, state.own_folder(out))
            alikes = _suggested(photos, persons, near, now, said)
            content = _page(photos, persons, contact, alikes, summary)
            replace(out / PAGE, content)
            telling.log(run, job.tracking, photos, counts, groups.neighbors_recall, content, now)
            if restore is not None:
                restoring.save(out, restore, now)
            else:
                anew = (last.faces, last.people) != (now.faces, now.people)
                state.save(out, now, last if anew and not is_new else None)
            Journal(state.own_folder(out)).remove()
            state.remove_old_thumbnails(out, now)
    compares = restore is None and not is_new
    if restore is not None:
        say("Restored" + (": what was begun before is finished" if restore.begun else ""))
    elif is_new:
        say(f"New folder: {out}")
    changes = changed if compares else []
    telling.tell(summary, changes, photos, remarks, out, job.tracking)
    job.give(
        run,
        counts=counts,
        radius=now.radius,
        changes=changes,
        missing=placed.failed,
        folder=out,
    )
    return missing


def _known_again(
    config: DictConfig, embedder: Embedder, out: Path, last: State, *, required: bool
) -> tuple[Photos, State, dict[str, str]]:
    """The photos; the last state, its faces called what they are called now; edited photos.

    The last is for each old content of an edited photo the content that took its place.
    Raises UserError where a face is required and there is none.
    """
    photos = found(config, embedder, out)
    # Of the same embedder or of another one: what is stored is only compared where it can be.
    now = set(photos.keys)
    stored = vectors_of(embedder, [key for key in last.faces if key not in now])
    past = remembered(last.faces, last.photos, stored)
    seen = photos.seen()
    names = recognised(seen, past, float(config.embedder.radius))
    edited = superseded(seen, past, names)
    photos = with_gone(photos, config, embedder, out, last, edited)
    if required and not len(photos.vectors):
        raise UserError(
            f"none of the {photos.n_pictures} photos has a face that can be found: try "
            "detector=haar, or detector=whole where they are tight crops of faces"
        )
    return photos, state.renamed(last, names, set(photos.keys), edited), edited


def _out(config: DictConfig) -> Path:
    """The folder to organise into. Raises UserError for one that cannot be meant."""
    refuse_missing(config)
    if config.task.mode not in MODES:
        raise UserError(f"task.mode is one of {', '.join(MODES)}; got {config.task.mode!r}")
    for key in ("restore", "regroup", "prune"):
        if not isinstance(config.task[key], bool):
            raise UserError(f"task.{key} is true or false; got {config.task[key]!r}")
    out = user_path(config.task.out)
    root, roots = config.dataset.get("root"), config.dataset.get("roots")
    for one in [
        *([root] if root is not None else []),
        *(roots if OmegaConf.is_list(roots) else []),
    ]:
        photos = readable_folder(str(one))
        if state.is_inside(out, photos):
            raise UserError(
                f"task.out={out} lies in dataset.root={photos}, so the copies would be photos to "
                "organise as well: name a folder outside of it"
            )
        if state.is_inside(photos, out):
            raise UserError(
                f"dataset.root={photos} lies in task.out={out}, where facetrack makes and removes "
                "files: name a folder elsewhere"
            )
    return out


def _suggested(
    photos: Photos, persons: Numbers, near: float, now: State, said: Corrections
) -> list[tuple[int, int, float]]:
    """Pairs who may be one person, except those that the user has parted."""
    apart = {frozenset((said.person(one), said.person(other))) for one, other in now.parted.items()}
    apart |= said.apart()
    found = alike(photos.vectors, persons, photos.contents, near)
    return [pair for pair in found if frozenset(pair[:2]) not in apart][:_MOST_PAIRS]


def _wanted(photos: Photos, persons: Numbers, said: Corrections) -> list[Wanted]:
    """Which photos should be in which folders."""
    folders: dict[tuple[str, str], list[str]] = {}
    for person, content in zip(persons.tolist(), photos.contents, strict=True):
        folder = UNKNOWN if person == NOBODY else folder_name(person)
        name = said.names.get(person)
        called = file_name(f"{folder} {name}") if name and person != NOBODY else folder
        folders.setdefault((folder, called), []).append(content)
    if photos.faceless:
        folders[FACELESS, FACELESS] = list(photos.faceless)
    return [
        Wanted(folder, called, content, photos.pictures[content])
        for (folder, called), contents in sorted(folders.items())
        for content in dict.fromkeys(contents)
    ]


def _page(
    photos: Photos,
    persons: Numbers,
    contact: Contact,
    alikes: Sequence[tuple[int, int, float]],
    summary: Sequence[str],
) -> bytes:
    """index.html, the largest persons first."""
    cards = [card for one in telling.present(persons) if (card := contact.card(one)) is not None]
    cards.sort(key=lambda card: (-card.n_faces, card.id))
    return index(
        summary,
        cards,
        contact.pairs(alikes),
        contact.card(NOBODY),
        [photos.pictures[content].name for content in photos.faceless],
        telling.reasons(photos.skipped),
        telling.reasons(photos.noted),
    ).encode()


def _changes(
    photos: Photos, before: State, persons: Numbers, said: Corrections, out: Path
) -> list[str]:
    """What is not as it was after the last run."""
    was = people.parsed_or_nothing(before.people, out / people.FILE)
    return changes.told(
        {face: was.person(number) for face, number in before.faces.items()},
        dict(zip(photos.keys, persons.tolist(), strict=True)),
        said.names,
    )
