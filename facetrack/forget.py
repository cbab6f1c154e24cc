"""`task=forget`: deletes what facetrack has stored of a person's faces.

Embeddings and detections of their pictures; pictures of faces in the cache, in an organised folder
and in MLflow; pages and tables with their names. What is made of many people at once, such as a
t-SNE picture, goes as a whole: a run can make it again. Scores and the pictures themselves stay.
"""

import shutil
from pathlib import Path

from omegaconf import DictConfig

from facetrack.dataset.folder import user_path
from facetrack.errors import UserError
from facetrack.files import sha256
from facetrack.home import home
from facetrack.make import make
from facetrack.organise import people, state
from facetrack.progress import bar, say
from facetrack.store import Store
from facetrack.sweep_tsne import file_name
from facetrack.tracking import NOWHERE, Tracking

# Files of runs that show faces or name people.
_OF_RUNS = (
    *("errors.html", "groups.html", "tsne*.html", "tsne.png", "merged.png", "split.png"),
    *("index.html", "confused.csv", "clusters.csv", "people.csv", "faces.csv", "skipped.csv"),
)
_CACHES = ("tsne", "sheets")


def forget(config: DictConfig) -> None:
    """Delete, and tell what was deleted. Raises UserError where nothing is named, or found."""
    if config.sweep_id:
        raise UserError("task=forget is one job, not a sweep: leave out -m")
    person, picture = (None if one is None else str(one) for one in (config.person, config.picture))
    out = None if config.task.out is None else user_path(config.task.out)
    if person is not None and picture is None:
        contents = _of_organised(out, person) if out is not None else set()
        contents |= _of_person(config, person, required=not contents)
    elif picture is not None and person is None:
        contents = {_of_picture(config, picture)}
    else:
        raise UserError("name what to forget: person=NAME, or picture=FILE")
    with Store(home()) as store:
        rows = store.forget(contents)
    for cache in _CACHES:
        shutil.rmtree(home() / cache, ignore_errors=True)
    say(
        f"{len(contents)} pictures: {rows} detections and embeddings deleted, and cached thumbnails"
    )
    if out is not None:
        faces = state.forget(out, contents)
        say(f"{out}: {faces} faces forgotten; the next run makes its page anew")
    if config.tracking.uri != NOWHERE:
        tracking = Tracking(config.tracking.uri, config.tracking.experiment)
        removed = tracking.remove_artifacts(config.dataset.name, _OF_RUNS)
        for page in Path("outputs").glob(f"*/{file_name(config.dataset.name)}-*.html"):
            page.unlink()
            removed += 1
        say(f"{removed} files of runs deleted, which showed faces or named people")
    say("The pictures are where they were; a run on them would store their faces again")


def _of_organised(out: Path, person: str) -> set[str]:
    """Contents of the photos of an organised folder's person, by number or name."""
    said = people.read(out / people.FILE)[1]
    faces = state.load(out).faces
    names = {number: said.person(number) for number in set(faces.values()) if number}
    wanted = {
        number
        for number, of in names.items()
        if person in (people.folder_name(of), said.names.get(of))
    }
    return {face.partition(":")[0] for face, number in faces.items() if number in wanted}


def _of_person(config: DictConfig, person: str, *, required: bool) -> set[str]:
    """Contents of the pictures in a person's sub-folder. Raises UserError where one is required."""
    if not required and config.dataset.get("root") is None:
        return set()
    pictures = make(config.dataset).load().pictures
    paths = [picture.path for picture in pictures if picture.person == person]
    if not paths and required:
        known = sorted({str(picture.person) for picture in pictures})
        raise UserError(
            f"there is no person {person!r} among {', '.join(known[:10])}"
            f"{' …' if len(known) > 10 else ''}: give the name of a sub-folder of dataset.root, "
            "with task.out=… that of a person of an organised folder, or picture=FILE"
        )
    return {_content(path) for path in bar(paths, description="Looking up", unit="picture")}


def _of_picture(config: DictConfig, picture: str) -> str:
    paths = [user_path(picture)]
    if config.dataset.get("root") is not None:
        paths.insert(0, user_path(config.dataset.root) / picture)
    for path in paths:
        if path.is_file():
            return _content(path)
    raise UserError(f"picture={picture} is no file; looked for {' and '.join(map(str, paths))}")


def _content(path: Path) -> str:
    try:
        return sha256(path).hex()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from error
