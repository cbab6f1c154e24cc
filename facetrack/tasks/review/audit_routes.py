"""The addresses of the page's audit: a question, its answer, what is known, and corrections."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

from facetrack.core.texts import make_readable, write_count
from facetrack.evaluation.audit.estimates import LEVEL, Estimate
from facetrack.organiser.album import Album
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.audit_corrections import Merge, Move
from facetrack.organiser.audited_faces import Folder
from facetrack.organiser.auditing import CAVEAT
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.ids import name_id
from facetrack.organiser.reviewing import Review
from facetrack.tasks.review import views
from facetrack.tasks.review.auditing import PAIR, Auditing, Known

Json = dict[str, Any]
Kind = Literal["pair", "screen"]
_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
_MOST_FACES = 6  # of a correction
_SHOWN = {"precision": "bcubed_precision", "recall": "bcubed_recall"}


class Reply(BaseModel):
    """An answer: what was said of each face beside the first, by their ids."""

    kind: Kind
    first: _Id
    said: dict[_Id, Literal["yes", "no", "unsure"]]


def add_audit(
    app: FastAPI, review: Review, auditing: Auditing, done: Callable[[Callable[[], str]], Any]
) -> None:
    """Add them. done: carries an answer out where that may be done now."""

    @app.get("/api/audit")
    def ask(kind: Kind = "pair") -> Any:
        asked = auditing.ask(kind)
        with review.locked():
            return {"question": _show(review.album, kind, asked) if asked else None}

    @app.get("/api/audit/known")
    def know() -> Any:
        return _show_known(auditing.know())

    @app.get("/api/audit/corrections")
    def show_corrections() -> Any:
        with review.locked():
            folder, steps = auditing.plan()
            return {"steps": _show_steps(review, folder, steps)}

    @app.post("/api/audit")
    def answer(reply: Reply) -> Any:
        return done(lambda: auditing.answer(reply.kind, reply.first, reply.said))

    @app.post("/api/audit/use")
    def use() -> Any:
        return done(auditing.use)


def _show(album: Album, kind: str, asked: Sequence[Asked]) -> Json:
    faces = [asked[0].first, *(one.second for one in asked)]
    rows = [album.find_face(name_id(face)) for face in faces]
    first, *others = (views.show_face(album, row) for row in rows)
    shown = {"kind": kind, "number": asked[0].number, "first": first}
    if kind == PAIR:
        return {**shown, "second": others[0]}
    own = [one.stratum.startswith("inside") for one in asked]
    return {
        **shown,
        "group": [face for face, is_own in zip(others, own, strict=True) if is_own],
        "near": [face for face, is_own in zip(others, own, strict=True) if not is_own],
    }


def _show_steps(review: Review, folder: Folder, steps: Sequence[Merge | Move]) -> list[Json]:
    """Corrections in words, with some of the faces that change."""
    call, album = review.answers.call, review.album
    moved: set[str] = set()
    shown = []
    for step in steps:
        if isinstance(step, Merge):
            told = f"{call(step.other)} is {call(step.into)}"
            rows = album.faces_of(step.other).tolist()
            ids = [id_ for row in rows if (id_ := album.face_id(row)) not in moved]
        else:
            ids = [name_id(folder.keys[row]) for row in step.rows]
            known = step.to == NOBODY or len(album.faces_of(step.to)) > 0
            was = call(step.was) if step.was == NOBODY else f"of {call(step.was)}"
            to = call(step.to) if known else "somebody new"
            told = f"{write_count(len(ids), 'face')} {was}: {to}"
            moved.update(ids)
        few = ids[:_MOST_FACES]
        shown.append({"told": make_readable(told), "faces": few, "more": len(ids) - len(few)})
    return shown


def _show_known(known: Known) -> Json:
    return {
        "faces": known.faces,
        "groups": known.groups,
        "missing": known.missing,
        "answers": known.answers,
        "unsure": known.unsure,
        "unused": known.unused,
        "wrong": known.wrong,
        "corrected": known.corrected,
        "level": LEVEL,
        "about": CAVEAT,
        "bounds": known.bounds,
        "measures": {name: _show_measure(known, of) for name, of in _SHOWN.items()},
    }


def _show_measure(known: Known, measure: str) -> Json:
    past = [{"after": n, **_show_estimate(found[measure])} for n, found in known.history]
    return {"now": past[-1], "more": known.more[measure], "history": past}


def _show_estimate(one: Estimate) -> Json:
    return {"value": round(one.value, 5), "low": round(one.low, 5), "high": round(one.high, 5)}
