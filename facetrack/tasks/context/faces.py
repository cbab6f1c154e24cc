"""The faces of a composed config: of its dataset, or of some of its people."""

import contextlib
import functools
import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from facetrack.core.faces import Embedded, Embeddings, Pictures
from facetrack.dataset.folder import XMP
from facetrack.evaluation.resampling import draw_people
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.extraction.xmp.labels import label_faces
from facetrack.system.home import find_home, find_locks, lock
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.settling import of_class


def embed(config: DictConfig) -> Embeddings:
    """The embeddings of a config's dataset; jobs of one process share them."""
    # One string per stage: what does not change between jobs is the same key.
    return _embed(
        *(OmegaConf.to_yaml(config[stage]) for stage in ("dataset", "detector")),
        OmegaConf.to_yaml(of_class(config.embedder)),
        # Configs that older runs have kept do not say.
        engine=OmegaConf.select(config, "extract.engine", default="local"),
    )


def embed_pictures(config: DictConfig, listing: Pictures) -> Embeddings:
    """The embeddings of some of the pictures of a config's dataset; by XMP of named faces alone."""
    stages = [OmegaConf.to_yaml(one) for one in (config.detector, of_class(config.embedder))]
    whole = OmegaConf.to_yaml(config.dataset)
    faces = _extract(lambda: listing, whole, *stages, engine=config.extract.engine)
    if config.dataset.get("labels") != XMP:
        return faces
    return label_faces(faces, listing, config.dataset.min_pictures, TERMINAL)


@functools.lru_cache(maxsize=2)
def _embed(*stages: str, engine: str) -> Embeddings:
    dataset = make(OmegaConf.create(stages[0]))
    if isinstance(dataset, Embedded):
        return dataset.embeddings()
    if getattr(dataset, "labels", None) != XMP:
        return _extract(dataset.load, *stages, engine=engine)
    listing = dataset.load()
    faces = _extract(lambda: listing, *stages, engine=engine)
    return label_faces(faces, listing, dataset.min_pictures, TERMINAL)


def _extract(load: Callable[[], Pictures], *stages: str, engine: str) -> Embeddings:
    """stages: dataset, detector and embedder, as YAML."""
    detector, embedder = (make(OmegaConf.create(stage)) for stage in stages[1:])
    key = hashlib.sha256("\0".join(stages).encode()).hexdigest()[:16]
    # Jobs that start side by side want the same pictures: one embeds, the others find them stored.
    with lock(find_locks() / f"embed-{key}.lock"), Store(find_home()) as store:
        return extract(load(), detector, embedder, store, engine, TERMINAL)


def settle_people(config: DictConfig) -> None:
    """Make a size that a dataset does not have that of all its people, so that each is there once.

    Where its faces cannot be had nothing is changed: the job itself says so.
    """
    if config.n_people is None:
        return
    with contextlib.suppress(Exception):
        n = len(embed(config).names)
        if 0 < n <= config.n_people:
            _say_once(f"  {config.dataset.name} has {n} people: larger sizes are left out")
            config.n_people, config.people_draw = None, 0


@functools.cache
def _say_once(line: str) -> None:
    say(line)


def choose_people(whole: Embeddings, config: DictConfig) -> tuple[Embeddings, NDArray[np.int64]]:
    """The faces of `n_people` people, and which of all faces they are."""
    # Configs that older runs have kept do not say which draw.
    draw = OmegaConf.select(config, "people_draw", default=0)
    of = (len(whole.names), config.seed, config.dataset.name)
    people = draw_people(config.n_people, *of, draw)
    if len(people) == len(whole.names):
        return whole, np.arange(len(whole.vectors))
    return whole.of_people(people)
