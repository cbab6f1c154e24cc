"""A folder of photos sorted by person."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

from sklearn.base import BaseEstimator

from facetrack.api.methods import build, fill_radius, is_radius_open, to_plain
from facetrack.core.errors import UserError
from facetrack.core.given import KNOWN
from facetrack.core.scale import Scale
from facetrack.core.suggestions import find_nearest
from facetrack.core.texts import make_readable
from facetrack.dataset import Folder
from facetrack.dataset.folder import find_folder as readable_folder
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import check
from facetrack.organiser.groups import Clusterer
from facetrack.organiser.photos import Stages
from facetrack.system.choices import choose
from facetrack.system.files import user_path
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks.forgetting.carrying_out import finish_forgetting
from facetrack.tasks.organising.models import choose_models
from facetrack.tasks.organising.request import Request, Sorted
from facetrack.tasks.organising.sorting import sort_photos

_LEFT_OUT = radius.NAMES  # of what groups depend on: it is remembered by itself


class Choices(TypedDict, total=False):
    """What may be chosen besides.

    detector, embedder, clusterer: named as in conf/. Where neither detector nor embedder is named,
    "yunet" and "mobilefacenet", those that the folder was sorted by before, or where they cannot
    be downloaded "dlib_hog" and "dlib"; "infomap". eps: the
    radius within which faces speak for one person; else it follows the number of faces, or for
    methods such as "dbscan" is chosen from them. settings: others of the clusterer. seed: of what
    is random in it. dry_run: only say what would change in a folder that was sorted before.
    """

    detector: str
    embedder: str
    clusterer: str
    eps: float
    settings: Mapping[str, object]
    seed: int
    dry_run: bool


@dataclass(frozen=True, repr=False)
class Organised(Sorted):
    """What was done to an organised folder, and what is not as it was after the last run."""

    def __repr__(self) -> str:
        """What a command prints."""
        missing = [self.missing] if self.missing else []
        end = "Nothing was changed" if self.dry else f"Open {self.page}"
        lines = [*self.summary, *self.changes, *missing, end]
        return "\n".join(map(make_readable, lines))


def organise(
    photos: str | Path,
    out: str | Path,
    *,
    mode: str = "copy",
    regroup: bool = False,
    prune: bool = False,
    restore: bool = False,
    **choices: Unpack[Choices],
) -> Organised:
    """Sort a folder of photos by person into the folder `out`, as `task=organise` does.

    The photos are only read. `out` gets a sub-folder per person, index.html to look at, and
    people.yaml for names and corrections; a command and a notebook go on with the same folder.
    Nothing is kept in MLflow.

    mode: "copy", "link" or "none" (no files but index.html and people.yaml). regroup: make all
    groups anew. prune: let go of faces on photos that are gone and of which there is no copy.
    restore: go back to how it was before the last run. choices: see `Choices`.

    The result has `counts`, `changes` (lines; none the first time), `remarks`, `skipped`, `page`
    and more; `missing` says where photos could not be put into their folders.
    Raises UserError for a folder or setting that cannot be used.

    >>> import facetrack, pathlib, shutil
    >>> pathlib.Path("photos").mkdir()
    >>> for picture in facetrack.embed("portraits").pictures[7:13]:
    ...     _ = shutil.copy(picture.path, "photos")
    >>> drawn = {"detector": "haar", "embedder": "dlib"}  # the default knows photos, not drawings
    >>> organised = facetrack.organise("photos", "people", eps=0.3, **drawn)
    >>> organised.counts["faces"], organised.counts["persons"]
    (6, 2)
    >>> sorted(path.name for path in pathlib.Path("people").glob("person-*"))
    ['person-001', 'person-002']
    """
    _refuse_unknown(choices)
    seed = choices.get("seed", 0)
    check(seed, 1)
    root = readable_folder(photos)
    request = Request(
        dataset=Folder(root, labels=False),
        folders=[root],
        stages=(stages := _make_stages(choices, user_path(out))),
        clusterer=_make_clusterer(choices, stages.scale, seed),
        out=user_path(out),
        mode=mode,
        restore=restore,
        regroup=regroup,
        prune=prune,
        dry_run=choices.get("dry_run", False),
    )
    finish_forgetting()
    result = sort_photos(request, progress=TERMINAL)
    if result.missing:
        say(result.missing)
    fields = dataclasses.fields(result)
    return Organised(**{one.name: getattr(result, one.name) for one in fields})


def _refuse_unknown(choices: Mapping[str, object]) -> None:
    """Raise UserError for what is no choice."""
    known = list(Choices.__annotations__)
    for name in choices:
        if name not in known:
            near = find_nearest(name, known)
            meant = f"did you mean {' or '.join(near)}?" if near else "settings={…} has a method's"
            raise UserError(f"there is no {name}: {meant} (choose of {', '.join(known)})")


def _make_stages(choices: Choices, out: Path) -> Stages:
    models = choose_models(out, choices.keys(), say)
    if models.told:
        say(models.told)
    named = {**models.choices, **choices}
    detector = choose("detector", named["detector"])
    # Every face on a photo counts.
    all_faces = {"choose": "all"} if "choose" in detector.settings else {}
    embedder = choose("embedder", named["embedder"])
    settings = embedder.fill({}, {})
    return Stages(
        detector=detector.make(detector.fill(all_faces, {})),
        embedder=embedder.make(settings),
        engine="local",
        scale=Scale.read({**settings, **embedder.facts}),
        settings={"_target_": embedder.target, **settings},
        detector_name=detector.name,
        embedder_name=embedder.name,
    )


def _make_clusterer(choices: Choices, scale: Scale, seed: int) -> Clusterer:
    """scale: the embedder's distances."""
    choice = choose("clusterer", choices.get("clusterer", "infomap"))
    given: dict[str, Any] = {**choices.get("settings", {})}
    if "eps" in choices:
        given["eps"] = choices["eps"]
    said = {key: to_plain(value) for key, value in given.items()}
    settings = fill_radius(choice, choice.fill(said, {"embedder.radius": scale.radius}), scale)
    if settings.get("n_clusters") == KNOWN:
        raise UserError(
            f"{choice.name} needs the number of people, which photos do not tell: take another "
            'clusterer, or give settings={"n_clusters": NUMBER}'
        )
    estimator = build(choice, settings)  # a mistake is told before minutes go into embedding

    def use() -> BaseEstimator:
        return estimator

    return Clusterer(
        name=choice.name,
        settings={key: value for key, value in settings.items() if key not in _LEFT_OUT},
        build=use,
        radius_is_given=not is_radius_open(choice, said),
        dataset="folder",
        seed=seed,
        is_given="clusterer" in choices or bool(given.keys() - {*_LEFT_OUT}),
        has_own_radius="share" in choice.facts,
    )
