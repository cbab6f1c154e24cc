"""What a study is: all that its scores depend on, by which it is known and told from others.

Choices by name with their arguments, never by where a class of facetrack's lies; a class of the
user's own by its dotted name and the content of its file; the faces by the content of their
pictures and who is on them, so that two machines agree.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

from facetrack.core.faces import Embeddings
from facetrack.system.files import sha256, user_path
from facetrack.tasks.context import targets
from facetrack.tasks.context.stored_configs import write
from facetrack.tasks.tune.space import DISTANCES

_STAGES = ("detector", "embedder", "clusterer", "sampling")
_KNOWN = ("facetrack", "sklearn")
_FETCHING = ("url", "filename")  # where weights come from; their content counts by its hash
_NUMBERS = ("seed", "n_resamples")
# Where the classes of the version before lay, which its names of studies depend on. HDBSCAN is not
# among them: what clusters distinct faces is another method, and begins a study of its own.
_LAY = {
    "dbscan": "facetrack.clusterer.DBSCAN",
    "meanshift": "facetrack.clusterer.mean_shift",
    "kmeans": "sklearn.cluster.KMeans",
    "agglomerative": "sklearn.cluster.AgglomerativeClustering",
    "spectral": "facetrack.clusterer.SpectralClustering",
    "bootstrap": "facetrack.resample.Bootstrap",
    "subsample": "facetrack.resample.Subsample",
}


def identify(
    params: Mapping[str, object],
    choices: Mapping[str, str],
    searched: Collection[str],
    faces: str,
    class_name: Callable[[str], str],
) -> dict[str, str]:
    """What a study's scores depend on, by its name on the command line.

    params: the composed config as dotted keys, without places on this machine. choices: of the
    groups, by name, and the dataset's name. searched: settings of the clusterer that trials choose.
    faces: a digest of them. class_name: what stands for a `_target_`.
    """
    ignored = {f"clusterer.{name}" for name in searched}
    if set(searched) & set(DISTANCES):
        ignored |= {f"clusterer.{name}" for name in DISTANCES}  # mean-shift's eps is its bandwidth
    found = {"dataset": choices["dataset"], "faces": faces}
    for stage in _STAGES:
        found[stage] = choices[stage]
        for key, value in sorted(params.items()):
            setting = key.rpartition(".")[2]
            if not key.startswith(f"{stage}.") or key in ignored or ".space." in key:
                continue
            if setting in _FETCHING:
                continue
            if key.endswith("._target_"):
                found[f"{stage} class"] = class_name(str(value))
            else:
                found[key] = str(value)
    return {**found, **{key: str(params[key]) for key in _NUMBERS}}


def digest_faces(embeddings: Embeddings) -> str:
    """16 hex digits that stand for the pictures' content and who is on them, in their order."""
    content = hashlib.sha256()
    for one, picture in zip(embeddings.contents, embeddings.pictures, strict=True):
        content.update(f"{one}\0{picture.person}\0".encode())
    return content.hexdigest()[:16]


def name_with_source(target: str) -> str:
    """What stands for a class: of the user's own also the content of the file it is in."""
    name = name_bare(target)
    if name != target:
        return name
    source = targets.digest_source(target)
    return name if source is None else f"{name} {source}"


def name_bare(target: str) -> str:
    """A class by its dotted name; one of facetrack's or scikit-learn's without where it lies."""
    package = target.partition(".")[0]
    return f"{package} {target.rpartition('.')[2]}" if package in _KNOWN else target


def digest_weights(embedder: Mapping[str, Any]) -> dict[str, str]:
    """The content of an embedder's weights that are a file of the user's; empty for others."""
    given = embedder.get("weights")
    try:
        return {"embedder.weights": sha256(user_path(given)).hex()[:16]} if given else {}
    except OSError:
        return {}  # the embedder has read it by now, or the faces have been stored


def make_name(words: tuple[str, str], content: object) -> str:
    """A study's name: two words, and a mark that stands for the rest."""
    mark = hashlib.sha256(str(content).encode()).hexdigest()[:8]
    return "-".join(
        "".join(c if c.isalnum() or c in "_." else "_" for c in word) for word in (*words, mark)
    )


def make_earlier_name(
    settings: Mapping[str, Any],
    choices: Mapping[str, str],
    words: tuple[str, str],
    searched: str,
    names: list[str],
    digest: str,
) -> str:
    """The name that the version before gave the study of a config.

    settings: the config as nested dicts. digest: of the embeddings.
    """

    def before(stage: str) -> dict[str, Any]:
        kept = {key: one for key, one in settings[stage].items() if key != "space"}
        return {**kept, "_target_": _LAY.get(choices[stage], kept["_target_"])}

    content = write([before("clusterer"), before("sampling"), names, searched])
    return make_name(words, f"{content} {settings['seed']} {settings['n_resamples']} {digest}")
