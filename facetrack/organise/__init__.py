"""`task=organise`: a folder of photos sorted by person.

photos.py finds the faces, grouping.py makes numbered persons of clusters, people.py reads the
user's corrections and corrections.py carries them out, state.py remembers, places.py makes the
folders, contact.py and page.py the page. This module puts them together.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from facetrack import radius
from facetrack.clusterer import build
from facetrack.dataset.folder import folder as readable_folder
from facetrack.dataset.folder import user_path
from facetrack.errors import UserError
from facetrack.evaluate import WORTH_THREADS, Fit, check, fit
from facetrack.figures import printable
from facetrack.files import replace
from facetrack.job import Job, refuse_missing, skipped_csv
from facetrack.organise import corrections, people, state
from facetrack.organise.contact import Contact
from facetrack.organise.grouping import NOBODY, Numbers, alike, doubtful, numbered, parted
from facetrack.organise.page import index
from facetrack.organise.people import Corrections, folder_name
from facetrack.organise.photos import Photos, found
from facetrack.organise.places import FACELESS, MODES, UNKNOWN, Wanted, arrange, file_name, writing
from facetrack.organise.state import PAGE, State
from facetrack.progress import say
from facetrack.tracking import NOWHERE, Run, Tracking, where_line

_MOST_PAIRS = 20
_MOST_TOLD = 5


def organise(config: DictConfig) -> None:
    """Sort the photos into `task.out`. Raises UserError for what the user can put right."""
    if config.sweep_id:
        raise UserError("task=organise is one job, not a sweep: leave out -m")
    # Every face on a photo counts, and nothing says who is on it.
    for stage, setting, value in (("detector", "choose", "all"), ("dataset", "labels", False)):
        if setting in config[stage]:
            config[stage][setting] = value
    check(config.seed, 1)
    out = _out(config)
    with state.opened(out) as unfinished:
        before = state.restore(out) if config.task.restore else state.load(out)
        people.finish(out / people.FILE)
        text, said = people.read(out / people.FILE)
        job = Job(config, "organise")
        unset = radius.is_not_given(config)
        with job.run(later=radius.KEYS if unset else ()) as run:
            photos = found(config, out, before.faces.keys() if config.task.restore else None)
            now = _begun(config, before, said, text)
            estimator = _with_radius(config, photos, before, now, unset)
            if unset:
                job.say_radius(run, estimator)
            clustered = _clustered(config, estimator, photos)
            numbers, remarks = _numbered(clustered.labels, photos, before, now, said)
            persons = np.array([said.person(number) for number in numbers.tolist()], dtype=np.int64)
            natural = float(config.embedder.radius)
            near = now.radius or natural
            # A small radius keeps lookalikes apart; it does not make people look more alike.
            far = doubtful(photos.vectors, persons, max(near, natural))
            counts = _counts(photos, persons, far)
            summary = _summary(counts, estimator)
            with writing(out):
                wanted = _wanted(photos, persons, said)
                placed = arrange(
                    out, wanted, before.files, config.task.mode, unfinished, photos.names.keys()
                )
                now.files = placed.files
                not_added = people.add(out / people.FILE, _present(persons))
                if not_added is not None:
                    remarks.append(not_added)
                now.people = people.text_of(out / people.FILE)
                contact = Contact(photos, persons, far, now.files, said, state.own_folder(out))
                alikes = _suggested(photos, persons, near, now, said)
                content = _page(photos, persons, contact, alikes, summary)
                replace(out / PAGE, content)
                changed = (before.faces, before.people) != (now.faces, now.people)
                keep = before if changed and before.faces and not config.task.restore else None
                state.save(out, now, keep)
            _log(run, photos, counts, clustered.neighbors_recall, content)
    _tell(summary, photos, [*remarks, *placed.remarks], out, job.tracking)


def _out(config: DictConfig) -> Path:
    """The folder to organise into. Raises UserError for one that cannot be meant."""
    refuse_missing(config)
    if config.task.mode not in MODES:
        raise UserError(f"task.mode is one of {', '.join(MODES)}; got {config.task.mode!r}")
    if not isinstance(config.task.restore, bool):
        raise UserError(f"task.restore is true or false; got {config.task.restore!r}")
    out = user_path(config.task.out)
    if config.dataset.get("root") is not None:
        root = readable_folder(config.dataset.root)
        if state.is_inside(out, root):
            raise UserError(
                f"task.out={out} lies in dataset.root={root}, so the copies would be photos to "
                "organise as well: name a folder outside of it"
            )
        if state.is_inside(root, out):
            raise UserError(
                f"dataset.root={root} lies in task.out={out}, where facetrack makes and removes "
                "files: name a folder elsewhere"
            )
    return out


def _begun(config: DictConfig, before: State, said: Corrections, text: str) -> State:
    """The new state, with what stays as it was."""
    clusterer = {
        key: value for key, value in config.clusterer.items() if key not in (*radius.NAMES, "space")
    }
    settings = [str(config.detector), str(config.embedder), str(clusterer)]
    return State(
        settings="; ".join(settings),
        pinned=list(before.pinned),
        barred=corrections.bars(before, said),
        parted=dict(before.parted),
        following=before.following,
        people=text,
    )


def _with_radius(
    config: DictConfig, photos: Photos, before: State, now: State, unset: bool
) -> BaseEstimator:
    """The clusterer with the radius that was given, that of the last run, or a chosen one."""
    estimator = build(config.clusterer)
    n = len(photos.vectors)
    if unset:
        # What was chosen for few faces need not suit many.
        enough = n <= 2 * before.radius_faces
        if before.radius is not None and before.settings == now.settings and enough:
            radius.set_to(estimator, before.radius)
            now.radius_faces = before.radius_faces
            say(f"  radius {before.radius:g}, as last time")
        else:
            radius.choose(config, estimator, photos.vectors)
            now.radius_faces = n
    now.radius = radius.of(estimator)
    return estimator


def _clustered(config: DictConfig, estimator: BaseEstimator, photos: Photos) -> Fit:
    """The clusters of all faces."""
    with threadpool_limits(1 if len(photos.vectors) < WORTH_THREADS else None):
        return fit(estimator, photos.vectors, None, (config.seed, config.dataset.name, 0))


def _numbered(
    labels: NDArray[np.int64], photos: Photos, before: State, now: State, said: Corrections
) -> tuple[Numbers, list[str]]:
    """Each face's number, and what of the corrections could not be done."""
    labels = parted(labels, photos.vectors, photos.contents, now.radius)
    same = (before.settings, before.radius) == (now.settings, now.radius)
    earlier = corrections.earlier(photos, before, said, same)
    numbers = numbered(labels, photos.vectors, earlier, now.following)
    now.following = max(now.following, int(numbers.max(initial=0)) + 1)
    remarks = corrections.carry_out(numbers, photos, before, now, said)
    given = dict(zip(photos.keys, numbers.tolist(), strict=True))
    # Photos that are not there now may come back.
    now.faces = {**before.faces, **given}
    return numbers, remarks


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


def _present(persons: Numbers) -> list[int]:
    return [int(person) for person in np.unique(persons) if person != NOBODY]


def _page(
    photos: Photos,
    persons: Numbers,
    contact: Contact,
    alikes: Sequence[tuple[int, int, float]],
    summary: Sequence[str],
) -> bytes:
    """index.html, the largest persons first."""
    cards = [card for one in _present(persons) if (card := contact.card(one)) is not None]
    cards.sort(key=lambda card: (-card.n_faces, card.id))
    return index(
        summary,
        cards,
        contact.pairs(alikes),
        contact.card(NOBODY),
        [photos.pictures[content].name for content in photos.faceless],
        _reasons(photos),
    ).encode()


def _counts(photos: Photos, persons: Numbers, far: NDArray[np.bool_]) -> dict[str, int]:
    return {
        "photos": photos.n_pictures,
        "faces": len(persons),
        "persons": len(_present(persons)),
        "unknown_faces": int((persons == NOBODY).sum()),
        "doubtful_faces": int(far.sum()),
        "photos_without_face": len(photos.faceless),
        "twins": photos.n_twins,
        "skipped": sum(one.pictures for one in photos.skipped),
    }


def _summary(counts: dict[str, int], estimator: BaseEstimator) -> list[str]:
    lines = [
        f"{counts['photos']:,} photos, {counts['faces']:,} faces: {counts['persons']:,} persons, "
        f"{counts['unknown_faces']:,} faces in no group, "
        f"{counts['photos_without_face']:,} photos without a face, {counts['skipped']:,} skipped"
    ]
    if counts["twins"]:
        lines.append(f"{counts['twins']:,} photos are the same as another one, and listed once")
    distance = radius.of(estimator)
    if distance is not None:
        lines.append(f"Faces closer than {distance:g} are taken for one person")
    return lines


def _reasons(photos: Photos) -> list[str]:
    """What was skipped: each kind of file counted, other reasons by picture."""
    counted = Counter(one.reason for one in photos.skipped)
    return [
        f"{count} files: {reason}" if count > 1 else f"{_first(photos, reason)}: {reason}"
        for reason, count in counted.most_common()
    ]


def _first(photos: Photos, reason: str) -> str:
    return next(one.name for one in photos.skipped if one.reason == reason)


def _log(
    run: Run, photos: Photos, counts: dict[str, int], recall: float | None, content: bytes
) -> None:
    run.tags({"faces": counts["faces"], "persons": counts["persons"]})
    run.metrics({name: float(count) for name, count in counts.items()})
    if recall is not None:
        run.metrics({"neighbors_recall": recall})
    run.artifacts({PAGE: content, "skipped.csv": skipped_csv(photos.skipped)})


def _tell(
    summary: Sequence[str], photos: Photos, remarks: Sequence[str], out: Path, tracking: Tracking
) -> None:
    for line in summary:
        say(line)
    for reason in _reasons(photos)[:_MOST_TOLD]:
        say(f"  skipped {printable(reason)}")
    for remark in remarks[:_MOST_TOLD]:
        say(f"  {printable(remark)}")
    if len(remarks) > _MOST_TOLD:
        say(f"  and {len(remarks) - _MOST_TOLD} more such remarks")
    say(f"\nOpen {out / PAGE}")
    say(f"Names and corrections go into {out / people.FILE}; then run the same command again")
    if tracking.uri != NOWHERE:
        say(where_line(tracking))
