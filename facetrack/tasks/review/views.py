"""What the page is told of an album, as plain values for JSON. Faces and photos go by their ids."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from facetrack.core.likelihood import find_pair_sharpness
from facetrack.core.texts import make_readable, write_count
from facetrack.organiser.album import NO_PERSON, Album
from facetrack.organiser.grouping import NOBODY, Numbers, find_doubtful
from facetrack.organiser.people import folder_name
from facetrack.organiser.question_pairs import find_median, find_middle
from facetrack.organiser.questions import Question, count_worth
from facetrack.organiser.reviewing import Review

Json = dict[str, Any]

_MOST_PHOTOS = 2000  # of a search
_MOST_ALIKE = 2000  # faces of a person that each of them is compared with


def summarise(review: Review, applying: bool) -> Json:
    """Counts, and what can be done now."""
    album, standing = review.album, review.log.standing
    numbers = album.numbers
    return {
        "folder": make_readable(str(review.out)),
        "persons": len(numbers),
        "named": sum(number in album.names for number in numbers),
        "faces": len(album.persons),
        "photos": len(album.photos.names),
        "unknown": int((album.persons == NOBODY).sum()),
        "nobody": int((album.persons == NO_PERSON).sum()),
        "worth": count_worth(review.list_questions()),
        "pending": len(standing) - review.count_applied(),
        "undo": make_readable(standing[-1].told) if standing else None,
        "version": review.version,
        "applying": applying,
        "can_apply": bool(album.last.roots) and not applying,
        "why_not": ""
        if album.last.roots
        else ("this folder was made by an older version: run the command that organises it once"),
    }


def list_people(album: Album) -> list[Json]:
    """All persons, the largest first."""
    hidden = album.hidden
    order = np.argsort(album.persons, kind="stable")
    persons = album.persons[order]
    starts = np.flatnonzero(np.diff(persons, prepend=persons[0] - 1 if len(persons) else 0))
    found = []
    for rows in np.split(order, starts[1:]) if len(order) else []:
        number = int(album.persons[rows[0]])
        if number > NOBODY:
            found.append({**_describe_person(album, number, rows), "hidden": number in hidden})
    return sorted(found, key=lambda one: (one["hidden"], -one["faces"], one["number"]))


def _describe_person(album: Album, number: int, rows: Numbers) -> Json:
    return {
        **_call(album, number),
        "faces": len(rows),
        "photos": len({album.photos.contents[row] for row in rows.tolist()}),
        "doubtful": int(album.far[rows].sum()),
        "cover": album.face_id(_find_cover(album, rows)),
    }


def _call(album: Album, number: int) -> Json:
    return {
        "number": number,
        "id": folder_name(number) if number > NOBODY else "",
        "name": album.names.get(number, ""),
    }


def _find_cover(album: Album, rows: Numbers) -> int:
    """The face that stands for a person: in the middle, and sharp enough."""
    low = album.low[rows]
    return find_middle(album.photos.vectors, rows if low.all() else rows[~low])


def show_person(album: Album, number: int, start: int, most: int) -> Json:
    """A person's faces, the least like the rest first."""
    rows = album.faces_of(number)
    far = np.zeros(len(rows), dtype=bool)
    if number > NOBODY and len(rows):
        vectors = album.photos.vectors[rows]
        far = find_doubtful(vectors, np.ones(len(rows), np.int64), album.near)
        away = ((vectors - vectors.mean(axis=0)) ** 2).sum(axis=1)
        order = np.lexsort((-away, ~far))
        rows, far = rows[order], far[order]
    shown = rows[start : start + most]
    likely = _tell_likeness(album, rows, shown) if number > NOBODY else [None] * len(shown)
    low = album.low[shown].tolist()
    faces = [
        {**show_face(album, row), "doubtful": bool(far[start + at]), "blurred": low[at]}
        | {"likely": likely[at]}
        for at, row in enumerate(shown.tolist())
    ]
    return {
        **_call(album, number),
        "hidden": number in album.hidden,
        "n_faces": len(rows),
        "faces": faces,
    }


def _tell_likeness(album: Album, rows: Numbers, shown: Numbers) -> list[str | None]:
    """How likely each shown face and another one of the person are one, in words."""
    if album.odds is None or len(rows) < 2:
        return [None] * len(shown)
    of = rows[:: max(1, len(rows) // _MOST_ALIKE)]
    vectors = album.photos.vectors
    mean = vectors[of].mean(axis=0, dtype=np.float64)
    square = float((vectors[of].astype(np.float64) ** 2).sum(axis=1).mean())
    sharpness = album.sharpness
    usual = find_median(sharpness[of])
    told: list[str | None] = []
    for row in shown.tolist():
        own = vectors[row].astype(np.float64)
        # The mean over the others: the face itself is 0 away from itself.
        mean_square = float(own @ own) + square - 2 * float(own @ mean)
        distance = np.sqrt(max(mean_square * len(of) / max(len(of) - 1, 1), 0))
        if not album.known[row]:
            told.append(None)
            continue
        told.append(album.odds.tell(float(distance), float(np.fmin(sharpness[row], usual))))
    return told


def show_face(album: Album, row: int) -> Json:
    """A face: its own id, its photo's, and that one's name."""
    content = album.photos.contents[row]
    return {
        "id": album.face_id(row),
        "photo": album.id_of_photo(content),
        "photo_name": make_readable(album.name_photo(content)),
    }


def show_photo(album: Album, content: str, number: int | None) -> Json:
    """A photo's faces, and the photos before and after it. number: of that person's only."""
    rows = album.by_photo.get(content, [])
    faces = [
        {
            **_call(album, int(album.persons[row])),
            "id": album.face_id(row),
            "id_text": _call(album, int(album.persons[row]))["id"],
            "box": album.photos.boxes[row].tolist(),
        }
        for row in rows
    ]
    if number is None:
        among = album.sorted_photos
    else:
        on = {album.photos.contents[row] for row in album.faces_of(number).tolist()}
        among = [one for one in album.sorted_photos if one in on]
    at = among.index(content) if content in among else None
    before = None if at in (None, 0) else among[at - 1]
    after = None if at is None or at + 1 == len(among) else among[at + 1]
    return {
        "id": album.id_of_photo(content),
        "name": make_readable(album.name_photo(content)),
        "faces": faces,
        "previous": before and album.id_of_photo(before),
        "next": after and album.id_of_photo(after),
    }


def search(album: Album, numbers: Iterable[int]) -> Json:
    """The photos that all of some persons are on."""
    on = [
        {album.photos.contents[row] for row in album.faces_of(number).tolist()}
        for number in set(numbers)
    ]
    both = set.intersection(*on) if on else set()
    found = [one for one in album.sorted_photos if one in both]
    photos = [
        {"id": album.id_of_photo(one), "name": make_readable(album.name_photo(one))}
        for one in found[:_MOST_PHOTOS]
    ]
    return {"photos": photos, "n": len(found)}


def ask(album: Album, questions: Iterator[Question]) -> Json:
    """The question that is worth most."""
    one = next(questions, None)
    if one is None:
        return {"question": None, "left": 0}
    shown = [
        {**show_face(album, row), "face": album.face_id(row)}
        | _call(album, int(album.persons[row]))
        for row in (one.first, one.second)
    ]
    percent = round(100 * one.likely)
    return {
        "question": {
            "first": shown[0],
            "second": shown[1],
            "likely": f"{min(max(percent, 1), 99)} % one person",
            "distance": round(one.distance, 3),
            "kind": one.kind,
            "joins": one.moved,
            "about": f"about {write_count(one.moved, 'face')}",
        },
        "left": count_worth([one, *questions]),
    }


def show_chain(review: Review, first: str, second: str) -> Json:
    """Why two faces are together: the chain of closest ties, and what a cut parts."""
    album = review.album
    chain, rows = review.find_chain(first, second)
    faces = [int(rows[at]) for at in chain.faces]
    sharpness = album.sharpness
    ties = []
    for at, distance in enumerate(chain.ties):
        blur = find_pair_sharpness(sharpness[faces[at]], sharpness[faces[at + 1]])
        likely = None if album.odds is None else album.odds.tell(distance, float(blur))
        ties.append(
            {"distance": round(distance, 3), "likely": likely, "weakest": at == chain.weakest}
        )
    return {
        "faces": [show_face(album, row) for row in faces],
        "ties": ties,
        "cut": {"faces": [album.face_id(int(rows[at])) for at in chain.side]},
    }


def show_plan(plan: Mapping[str, list[str]]) -> Json:
    """What applying the answers would do to files."""
    listed = {what: [make_readable(path) for path in paths] for what, paths in plan.items()}
    return {**listed, "counts": {what: len(paths) for what, paths in plan.items()}}
