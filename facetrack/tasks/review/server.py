"""The page's addresses: what it may ask and answer. guard.py decides who is heard at all."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from facetrack.core.errors import UserError
from facetrack.core.texts import make_readable
from facetrack.figures.assets import list_static, read_static
from facetrack.figures.templates import load_template
from facetrack.organiser.album import NO_PERSON
from facetrack.organiser.answers import NEW
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.planning import plan
from facetrack.organiser.reviewing import BrokenPeople, Review
from facetrack.tasks.review import pictures, views
from facetrack.tasks.review.applying import Applying
from facetrack.tasks.review.audit_routes import add_audit
from facetrack.tasks.review.auditing import Auditing
from facetrack.tasks.review.guard import Guard

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
Asked = Annotated[str, Query(pattern=r"^[0-9a-f]{16}$")]
_MOST_NUMBER = 10**9
# Seconds without a request after which a connection is closed. A request that is sent just then is
# lost, and people answer every few seconds.
_PATIENCE = 300
Number = Annotated[int, Path(ge=NO_PERSON, le=_MOST_NUMBER)]
_STATIC = "review"
_TITLE = "People on your photos"
_KINDS = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
Done = Callable[[Callable[[], str]], Any]
_TO = {"new": NEW, "unknown": NOBODY, "nobody": NO_PERSON}


class Action(BaseModel):
    """An answer, as the page sends it. kind decides which of the others are read."""

    kind: Literal["name", "merge", "move", "hide", "answer", "cut"]
    number: int = NOBODY
    numbers: list[int] = []
    into: int = NOBODY
    name: str | None = None
    hidden: bool = False
    faces: list[str] = []
    to: int | str = "unknown"
    first: str = ""
    second: str = ""
    answer: str = ""


def make_app(review: Review, applying: Applying) -> FastAPI:
    """The addresses of a review."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(UserError, _tell_mistake)
    app.add_exception_handler(RequestValidationError, _tell_mistake)
    auditing = Auditing(review)

    def summarise() -> Any:
        undone = {"undo": make_readable(auditing.tell_last() or "") or None}
        return views.summarise(review, applying.progress.running) | undone

    def done(act: Callable[[], str]) -> Any:
        with review.locked():
            if applying.progress.running:
                raise UserError("the answers are being applied: wait until that is done")
            told = act()
            return {"told": told, "summary": summarise()}

    _add_page(app)
    _add_looks(app, review, applying, summarise)
    _add_pictures(app, review)
    _add_answers(app, review, applying, done, auditing.undo)
    add_audit(app, review, auditing, done)
    return app


def make_server(app: Guard) -> uvicorn.Server:
    """What serves an app, and says nothing of itself."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=_PATIENCE,
        )
    )


async def _tell_mistake(request: Request, error: Exception) -> Response:
    """What is wrong, in a sentence. 409: people.yaml is broken, and has to be mended first."""
    if isinstance(error, BrokenPeople):
        return JSONResponse({"told": str(error)}, 409)
    if isinstance(error, UserError):
        return JSONResponse({"told": str(error)}, 400 if request.method == "POST" else 404)
    return JSONResponse({"told": "the page has asked for what is not there: load it again"}, 422)


def _add_page(app: FastAPI) -> None:
    @app.get("/")
    def show_page() -> Response:
        return Response(load_template("review.html").render(title=_TITLE), media_type="text/html")

    @app.get("/favicon.ico", status_code=204)
    def show_no_icon() -> None:
        return None

    @app.get("/static/review/{name}")
    def show_static(name: str) -> Response:
        if name not in list_static(_STATIC):
            return Response(status_code=404)
        kind = _KINDS.get(name.rpartition(".")[2], "text/plain")
        return Response(read_static(f"{_STATIC}/{name}"), media_type=kind)


def _add_looks(
    app: FastAPI, review: Review, applying: Applying, summarise: Callable[[], Any]
) -> None:
    def look(show: Callable[[], Any]) -> Any:
        with review.locked():
            if not applying.progress.running:
                review.refresh()
            return show()

    @app.get("/api/summary")
    def show_summary() -> Any:
        return look(summarise)

    @app.get("/api/people")
    def list_people() -> Any:
        return look(lambda: views.list_people(review.album))

    @app.get("/api/people/{number}")
    def show_person(number: Number, start: int = Query(0, ge=0), most: int = 500) -> Any:
        return look(lambda: views.show_person(review.album, number, start, min(max(most, 1), 5000)))

    @app.get("/api/photos/{id_}")
    def show_photo(id_: Id, person: int | None = None) -> Any:
        content = review.album.find_photo(id_)
        width, height = pictures.measure_photo(review.album, id_) or (None, None)
        return look(
            lambda: {
                **views.show_photo(review.album, content, person),
                **{"width": width, "height": height},
            }
        )

    @app.get("/api/search")
    def search(with_: Annotated[str, Query(alias="with", pattern=r"^\d{1,9}(,\d{1,9})*$")]) -> Any:
        return look(lambda: views.search(review.album, map(int, with_.split(","))))

    @app.get("/api/question")
    def ask() -> Any:
        return look(lambda: views.ask(review.album, review.list_questions()))

    @app.get("/api/chain")
    def show_chain(first: Asked, second: Asked) -> Any:
        return look(lambda: views.show_chain(review, first, second))

    @app.get("/api/apply")
    def show_plan() -> Any:
        return look(lambda: views.show_plan(plan(review.album)))

    @app.get("/api/apply/progress")
    def show_progress() -> Any:
        return applying.progress


def _add_pictures(app: FastAPI, review: Review) -> None:
    def reply(drawn: bytes | None) -> Response:
        if drawn is None:
            return Response(status_code=404)
        return Response(drawn, media_type="image/jpeg")

    @app.get("/thumb/{id_}.jpg")
    def show_face(id_: Id) -> Response:
        return reply(pictures.draw_face(review.album, id_))

    @app.get("/photo/{id_}.jpg")
    def show_photo(id_: Id, side: pictures.Side = pictures.Side.LARGE) -> Response:
        return reply(pictures.draw_photo(review.album, id_, side))


def _add_answers(
    app: FastAPI, review: Review, applying: Applying, done: Done, take_back: Callable[[], str]
) -> None:
    @app.post("/api/actions")
    def take(action: Action) -> Any:
        return done(lambda: _take(review, action))

    @app.post("/api/undo")
    def undo() -> Any:
        return done(take_back)

    @app.post("/api/apply")
    def apply() -> Any:
        applying.start()
        return {"told": "the answers are being applied"}


def _take(review: Review, action: Action) -> str:
    """Carry an answer out. Raises UserError for one that cannot be."""
    if action.kind == "name":
        return review.name(action.number, action.name)
    if action.kind == "merge":
        return review.merge(action.numbers, action.into)
    if action.kind == "hide":
        return review.hide(action.number, action.hidden)
    if action.kind == "answer":
        return review.answer(action.first, action.second, action.answer)
    if action.kind == "cut":
        return review.cut(action.first, action.second)
    if action.name is not None:
        return review.move_by_name(action.faces, action.name)
    to = action.to if isinstance(action.to, int) else _TO.get(action.to)
    if to is None or (isinstance(action.to, int) and to <= NOBODY):
        raise UserError(f"faces go to a person, or are {', '.join(_TO)}; got {action.to!r}")
    return review.move(action.faces, to)
