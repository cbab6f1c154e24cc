"""`task=export`: embeddings and what is known of them in a file, npz or CSV.

Of an organised folder names and faces, see names.py.

An .npz file has the arrays that `dataset=vectors` reads (see dataset/vectors.py), and

| array       | what it is                                            |
|-------------|-------------------------------------------------------|
| clusters    | (n,) int64: the cluster of each face, -1 is noise     |
| scores      | (resamples, scores) float64                           |
| score_names | (scores,) texts: what the columns of `scores` are     |

A CSV has a row per face, its vector in the last columns, and the scores in a second file beside.
"""

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings
from facetrack.core.texts import write_count
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import Evaluation, check, evaluate
from facetrack.figures.table import write_csv
from facetrack.system import json_lines, npz
from facetrack.system.files import make_folder, replace, replacing, user_path
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks import exports
from facetrack.tasks.context import outputs
from facetrack.tasks.context.choices import given_settings
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.experiments import make_experiment
from facetrack.tasks.context.faces import choose_people, embed
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import read_scale, settle, settle_dataset
from facetrack.tasks.export import names
from facetrack.tasks.scores import write_resamples

FORMATS = ("npz", "csv")


def export(config: DictConfig) -> None:
    """Write the file, and tell where. Raises UserError for what the user can put right."""
    form = _format(config)
    for key in ("task.sidecars", "task.write"):
        if form != "xmp" and key in given_settings():
            raise UserError(f"{key} is of task.format=xmp: add that, or leave {key} out")
    if form in names.FORMATS:
        names.export_names(_read_names(config, form))
        return
    if not isinstance(config.task.scores, bool):
        raise UserError(f"task.scores is true or false; got {config.task.scores!r}")
    settle(config)
    OmegaConf.resolve(config)
    refuse_missing(config)
    check(config.seed, config.n_resamples)
    out = _out(config, form)
    scored = _embed_and_score if config.task.scores else _embed
    faces, evaluation = scored(config)
    files = [out]
    exports.remember(out)
    if form == "csv" and evaluation is not None:  # before the file that says it is done
        files.append(_scores_path(out))
        replace(files[1], write_resamples(evaluation).encode())
    with replacing(out) as file:
        if form == "npz":
            npz.write(file, _arrays(config, faces, evaluation))
        else:
            _write_csv(file, faces, evaluation)
    d = faces.vectors.shape[1]
    say(f"{write_count(len(faces.vectors), 'face')}, {write_count(d, 'number')} each")
    json_lines.tell(
        "export",
        files=[outputs.tell_path(path) for path in files],
        faces=len(faces.vectors),
        dimensions=d,
    )
    for path in files:
        say(f"  {outputs.tell_path(path)}")
    if form == "npz":
        say(f"\nUse it: python -m facetrack dataset=vectors dataset.file={outputs.tell_path(out)}")
    say("It is of faces, and for you alone to read: task=forget finds it as long as it is there")


def _read_names(config: DictConfig, form: str) -> names.Request:
    """What is asked of an organised folder. Raises UserError for what cannot be meant."""
    task = config.task
    if task.out is None:
        raise UserError(
            f"task.format={form} is of an organised folder: name it with task.out=FOLDER"
        )
    if task.sidecars not in names.PLACES:
        raise UserError(f"task.sidecars is one of {', '.join(names.PLACES)}; got {task.sidecars!r}")
    if not isinstance(task.write, bool | None):
        raise UserError(f"task.write is true, false or null; got {task.write!r}")
    dataset = None
    if any(key.partition(".")[0] == "dataset" for key in given_settings()):
        settle_dataset(config)
        OmegaConf.resolve(config)
        refuse_missing(config)
        if "labels" in config.dataset:
            config.dataset.labels = False  # all photos, whoever is on them
        dataset = make(config.dataset)
    return names.Request(user_path(task.out), form, task.sidecars, task.write, dataset)


def _format(config: DictConfig) -> str:
    """The form of what is exported. Raises UserError for another."""
    asked = config.task.format
    if asked is None:
        ending = Path(str(config.task.out or "")).suffix.lower().removeprefix(".")
        asked = ending if ending in FORMATS else FORMATS[0]
    if asked not in (*FORMATS, *names.FORMATS):
        known = ", ".join((*FORMATS, *names.FORMATS))
        raise UserError(f"task.format is one of {known}; got {asked!r}")
    return str(asked)


def _out(config: DictConfig, form: str) -> Path:
    """The file to write, in a folder that is there. Raises UserError for one that is taken."""
    if config.task.out is None:
        out = outputs.find_folder() / f"embeddings.{form}"
    else:
        out = user_path(config.task.out)
    taken = [out]
    # Scores that an export of this file has left when it was killed are its own.
    if form == "csv" and out not in exports.read_remembered():
        taken.append(_scores_path(out))
    for path in taken:
        if path.exists() or path.is_symlink():
            raise UserError(f"{path} is there already: name another file with task.out=…")
    try:
        make_folder(out.parent)
        if config.task.out is None:
            out.parent.chmod(0o700)  # Hydra has made it for all to look into
    except OSError as error:
        raise UserError(
            f"the folder of task.out={out} cannot be made ({error.strerror}): name another file"
        ) from error
    if not os.access(out.parent, os.W_OK):
        raise UserError(f"{out.parent} cannot be written to: name another file with task.out=…")
    return out


def _scores_path(out: Path) -> Path:
    return out.with_name(f"{out.stem}-scores.csv")


def _embed(config: DictConfig) -> tuple[Embeddings, None]:
    return choose_people(embed(config), config)[0], None


def _embed_and_score(config: DictConfig) -> tuple[Embeddings, Evaluation]:
    estimator = build_estimator(config.clusterer)
    sampling = make(config.sampling)
    faces, _ = _embed(config)
    if radius.is_not_given(given_settings(), config.clusterer) and not faces.names:
        radius.choose(estimator, faces.vectors, read_scale(config), TERMINAL)
    return faces, evaluate(make_experiment(config, faces, estimator, sampling), TERMINAL)


def _arrays(
    config: DictConfig, faces: Embeddings, evaluation: Evaluation | None
) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "embeddings": faces.vectors,
        "pictures": _texts(one.name for one in faces.pictures),
        "boxes": faces.boxes,
        "contents": np.array([one.encode() for one in faces.contents]),
        "name": np.array(str(config.dataset.name)),
        # Of a dataset that brought vectors: they are as it wants them.
        "normalized": np.array(bool(config.embedder.get("normalize", False))),
    }
    if faces.people is not None:
        arrays |= {"labels": faces.people, "people": _texts(faces.names)}
    if config.embedder.radius is not None:
        arrays["radius"] = np.array(float(config.embedder.radius))
    for setting in ("strangers", "likelihood"):
        if config.embedder.get(setting) is not None:
            arrays[setting] = np.array([list(pair) for pair in config.embedder[setting]])
    if evaluation is not None:
        names = list(evaluation.resamples[0])
        arrays |= {
            "clusters": evaluation.clusters,
            "scores": np.array([[row[name] for name in names] for row in evaluation.resamples]),
            "score_names": np.array(names),
        }
    return arrays


def _texts(names: Iterable[str]) -> NDArray[np.str_]:
    """Names as an array; lone surrogates, which stand for bytes that are no text, as "?"."""
    return np.array([name.encode("utf-8", "replace").decode() for name in names])


def _write_csv(file: IO[bytes], faces: Embeddings, evaluation: Evaluation | None) -> None:
    clusters = [] if evaluation is None else ["cluster"]
    numbers = [f"e{i}" for i in range(faces.vectors.shape[1])]
    places = ["left", "top", "width", "height"]
    head = ["picture", "person", *places, *clusters, exports.CONTENT, *numbers]
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    write_csv(text, head, _rows(faces, None if evaluation is None else evaluation.clusters))
    text.flush()
    text.detach()


def _rows(
    faces: Embeddings, clusters: NDArray[np.int64] | None
) -> Iterator[list[str | float | np.floating[Any]]]:
    for row, picture in enumerate(faces.pictures):
        yield [
            picture.name,
            picture.person or "",
            *faces.boxes[row].tolist(),
            *([] if clusters is None else [int(clusters[row])]),
            faces.contents[row],
            *faces.vectors[row],
        ]
