"""One job of the command line: a composed config becomes a tracked, scored run."""

import contextlib
import functools
import hashlib
import json
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hydra.core.hydra_config import HydraConfig
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf
from sklearn.base import BaseEstimator

from facetrack import figures
from facetrack.clusterer import build
from facetrack.core.artifacts import mark_nobody, mark_people
from facetrack.core.errors import UserError
from facetrack.core.faces import Embedded, Embeddings, Sampling, Skipped
from facetrack.core.labels import noise_alone
from facetrack.core.texts import counted, number
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import Evaluation, check
from facetrack.evaluation.experiment import evaluate as run_experiment
from facetrack.evaluation.metrics import clipped, summary
from facetrack.evaluation.resampling import some_people
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.system import json_lines
from facetrack.system.home import home, lock, locks
from facetrack.system.masking import masked, masked_within, remember
from facetrack.system.progress import say
from facetrack.tasks import outputs
from facetrack.tasks.context import names
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.settling import settle
from facetrack.tasks.evaluate import galleries
from facetrack.tasks.sheets import sheet
from facetrack.tasks.tsne_cache import tsne
from facetrack.tracking import keys
from facetrack.tracking.address import NOWHERE
from facetrack.tracking.protocols import Run
from facetrack.tracking.store import open_store

# Config keys whose values are places on one machine: tags, not parameters, so that runs of
# the same experiment on two machines compare as equal.
_PLACES = {"root", "archive", "archives", "weights", "uri", "storage", "out", "roots", "file"}
# Settings that came later, with the value that stands for how it was before: so what the version
# before has finished is found.
_LATER = {"detector.megapixels": "40", "dataset.exclude": "[]", "dataset.roots": "None"}
# How long to search, and who embeds, is no parameter of what is found.
_BUDGET = {"task.n_trials", "task.timeout", "task.workers", "extract.engine"}


def evaluate(config: DictConfig) -> None:
    """Embed, cluster, score, log. Raises UserError for what the user can put right."""
    settle(config)
    job = Job(config, "job")
    if job.finished_before():
        return
    unset = radius.is_not_given(config)
    estimator = build(config.clusterer)
    sampling = make(config.sampling)
    check(config.seed, config.n_resamples)
    with job.run(later=radius.KEYS if unset else ()) as run:
        whole = embed(config)
        embeddings, faces = chosen(whole, config)
        job.say_dataset(run, embeddings)
        if unset:
            if not embeddings.names:
                radius.choose(config, estimator, embeddings.vectors)
            job.say_radius(run, estimator)
        evaluation = evaluation_of(config, embeddings, estimator, sampling)
        coordinates = tsne(whole, config.seed)[faces]
        title = f"{config.dataset.name} {describe(config)}"
        picture = _tsne_png(config, embeddings, coordinates, evaluation)
        values, series = metrics_of(embeddings, evaluation)
        _tell(config, embeddings, values)  # before a server may refuse them
        job.give(run, metrics=values)
        run.metrics(values, series)
        files: dict[str, str | bytes] = {
            "skipped.csv": skipped_csv(embeddings.skipped),
            "tsne.png": picture,
            **galleries.files(embeddings, evaluation.clusters, title, picture),
        }
        if not config.sweep_id:  # a sweep's jobs share their faces: its parent run has the page
            files["tsne.html"] = tsne_html(title, embeddings, coordinates, evaluation.clusters)
        scores = mark_nobody({"resamples.csv": resamples_csv(evaluation)})
        run.artifacts([*scores, *mark_people(files)])
    pages = {name: content for name, content in files.items() if name.endswith(".html")}
    if config.sweep_id or config.tracking.uri == NOWHERE:
        pages = {}
    if pages:
        folder = outputs.write(pages)
        say("\nPages: " + ", ".join(str(folder / name) for name in sorted(pages)))
    if not config.sweep_id:
        say(f"\n{job.tracking.where_line()}")


class Job:
    """A composed config on its way to an MLflow run. Resolves the config.

    kind: "job", "study" for task=tune, "organise" for task=organise.
    """

    def __init__(self, config: DictConfig, kind: str) -> None:
        OmegaConf.resolve(config)
        remember(OmegaConf.to_container(config))
        self.config = config
        # A job alone can do without; a sweep's jobs and a study's trials meet in MLflow.
        alone = kind != "study" and not config.sweep_id
        self.tracking = open_store(
            config.tracking.uri,
            config.tracking.experiment,
            patient=bool(config.sweep_id),
            alone=alone,
        )
        self.params, places = _flattened(config)
        self.fingerprint = _fingerprint(self.params)
        stages = _stages(config)
        study = f"{stages['clusterer']} {stages['embedder']}"
        what = study if kind == "study" else describe(config)
        self._kind = kind
        self.name = _called(config, kind, what)
        self.tags = {
            keys.KIND: kind,
            **({keys.SWEEP: config.sweep_id, keys.NUMBER: _number()} if config.sweep_id else {}),
            **stages,
            keys.OVERRIDES: what,
            keys.FINGERPRINT: self.fingerprint,
            **_git_commit(),
            **places,
        }

    def finished_before(self) -> bool:
        """Whether its sweep, which is being resumed, has it already; says so."""
        sweep_id = self.config.sweep_id
        if not sweep_id or not self.tracking.finished(sweep_id, self.tags):
            return False
        say(f"  {self.name}: finished before")
        self._give(finished_before=True)
        return True

    def give(self, run: Run, **fields: object) -> None:
        """Give its results (see json_lines.py)."""
        self._give(run=run.run_id or None, **fields)

    def _give(self, **fields: object) -> None:
        json_lines.tell(
            self._kind,
            status="FINISHED",
            name=self.name,
            choices=_stages(self.config),
            parameters=self.params,
            **fields,
        )

    @contextlib.contextmanager
    def run(self, run_id: str | None = None, later: Collection[str] = ()) -> Iterator[Run]:
        """Its run, with parameters and config.

        run_id: one to take up again instead of a new one. later: parameters not known yet.
        Raises UserError for a setting without a value, before minutes go into embedding.
        """
        refuse_missing(self.config)
        with self.tracking.run(self.name, self.tags, run_id) as run:
            if run_id is None:
                self._say_settings(run, later)
            run.artifacts(mark_nobody({"config.yaml": self._told()}))
            yield run

    def _say_settings(self, run: Run, later: Collection[str]) -> None:
        """Log the config as parameters. later: those not known yet.

        MLflow compares runs by the first three parameters that differ, in the order of their
        names. So of a job's method, its name and radius are parameters, and what the command set;
        all else of it are tags.
        """
        params = {key: self.params[key] for key in self.params if key not in later}
        tags: dict[str, object] = {}
        if self._kind == "job":
            given = _given()
            quiet = [key for key in params if key.startswith("clusterer.") and key not in given]
            tags = {key: params.pop(key) for key in quiet}
            params |= _compared(self.config)
            if later:
                params.pop(keys.RADIUS, None)
        run.params(params, tags)

    def say_radius(self, run: Run, estimator: BaseEstimator) -> None:
        """Log the radius that was not known at the start: as parameters, and in name and config."""
        clusterer = self.config.clusterer
        for name in radius.NAMES:
            if name in clusterer:
                clusterer[name] = radius.of(estimator)
                run.params({f"clusterer.{name}": clusterer[name]})
        if self._kind == "job":
            run.params({keys.RADIUS: _compared(self.config)[keys.RADIUS]})
        what = describe(self.config)
        self.name = _called(self.config, self._kind, what)
        run.tags({keys.OVERRIDES: what, keys.NAME: self.name})
        run.artifacts(mark_nobody({"config.yaml": self._told()}))

    def _told(self) -> str:
        """The config as YAML, passwords hidden."""
        # Text by text: YAML breaks long ones into lines.
        return OmegaConf.to_yaml(masked_within(OmegaConf.to_container(self.config)))

    def say_dataset(self, run: Run, embeddings: Embeddings) -> None:
        """Log what the embeddings are of."""
        run.tags(_counts(embeddings))
        run.dataset(self.config.dataset.name, embeddings.digest, json.dumps(_counts(embeddings)))


def evaluation_of(
    config: DictConfig, embeddings: Embeddings, estimator: BaseEstimator, sampling: Sampling
) -> Evaluation:
    """The scores of a config's resamples, and its clusters of all faces."""
    return run_experiment(
        embeddings,
        estimator,
        sampling,
        dataset=config.dataset.name,
        seed=config.seed,
        n_resamples=config.n_resamples,
    )


def refuse_missing(config: DictConfig) -> None:
    """Raise UserError for the first setting without a value."""
    for key in sorted(OmegaConf.missing_keys(config)):
        raise UserError(f"{key} has no value: add {key}=… to the command")


def describe(config: DictConfig) -> str:
    """A job in a few words: its clusterer and what the command line set, "dbscan eps=0.3"."""
    stages = _stages(config)
    said = {}
    for override in HydraConfig.get().overrides.task:
        key, _, value = override.lstrip("+").partition("=")
        stage, _, setting = key.partition(".")
        if setting in _PLACES:
            continue
        if key in ("seed", "n_people") or (setting and stage in stages and stage != "dataset"):
            said[setting or key] = value
    if not {"eps", "bandwidth", "n_clusters"} & set(said):
        defaults = [key for key in ("eps", "n_clusters") if key in config.clusterer]
        said |= {key: str(config.clusterer[key]) for key in defaults}
    settings = (f"{key}={number(value)}" for key, value in said.items())
    return " ".join([stages["clusterer"], *settings])


def _given() -> set[str]:
    """The settings and choices that the command line names."""
    return {one.lstrip("+").partition("=")[0] for one in HydraConfig.get().overrides.task}


def _called(config: DictConfig, kind: str, what: str) -> str:
    """What a run is called; a job's run begins with what differs between the jobs of a sweep."""
    if kind != "job":
        return f"{config.dataset.name} {what}"
    method, _, settings = what.partition(" ")
    given, stages = _given(), _stages(config)
    chosen = [stages[one] for one in ("embedder", "detector", "sampling") if one in given]
    return " ".join(filter(None, [settings, method, *chosen, stages["dataset"]]))


def _compared(config: DictConfig) -> dict[str, object]:
    """The two parameters that methods are compared by; no radius where there is none."""
    used = next((name for name in ("bandwidth", "eps") if name in config.clusterer), None)
    at = None if used is None else config.clusterer[used]
    return {
        keys.METHOD: _stages(config)["clusterer"],
        **({} if at is None else {keys.RADIUS: number(at)}),
    }


def embed(config: DictConfig) -> Embeddings:
    """The embeddings of a config's dataset; jobs of one process share them."""
    # One string a stage: what does not change between jobs is the same key.
    return _embed(
        *(OmegaConf.to_yaml(config[stage]) for stage in ("dataset", "detector", "embedder")),
        # Configs that older runs have kept do not say.
        engine=OmegaConf.select(config, "extract.engine", default="local"),
    )


@functools.lru_cache(maxsize=2)
def _embed(*stages: str, engine: str) -> Embeddings:
    dataset = make(OmegaConf.create(stages[0]))
    if isinstance(dataset, Embedded):
        return dataset.embeddings()
    detector, embedder = (make(OmegaConf.create(stage)) for stage in stages[1:])
    key = hashlib.sha256("\0".join(stages).encode()).hexdigest()[:16]
    # Jobs that start side by side want the same pictures: one embeds, the others find them stored.
    with lock(locks() / f"embed-{key}.lock"), Store(home()) as store:
        return extract(dataset.load(), detector, embedder, store, engine)


def chosen(whole: Embeddings, config: DictConfig) -> tuple[Embeddings, NDArray[np.int64]]:
    """The faces of `n_people` people, and which of all faces they are."""
    people = some_people(config.n_people, len(whole.names), config.seed, config.dataset.name)
    if len(people) == len(whole.names):
        return whole, np.arange(len(whole.vectors))
    return whole.of_people(people)


def _stages(config: DictConfig) -> dict[str, str]:
    choices = HydraConfig.get().runtime.choices
    names = {
        stage: str(choices[stage]) for stage in ("detector", "embedder", "clusterer", "sampling")
    }
    return {"dataset": str(config.dataset.name), **names}


def _number() -> int:
    job = HydraConfig.get().job
    return 0 if OmegaConf.is_missing(job, "num") else int(job.num)


def _counts(embeddings: Embeddings) -> dict[str, int]:
    return {
        keys.PICTURES: embeddings.n_pictures,
        keys.FACES: len(embeddings.vectors),
        keys.PEOPLE: len(embeddings.names),
        keys.SKIPPED: sum(one.pictures for one in embeddings.skipped),
    }


def metrics_of(
    embeddings: Embeddings, evaluation: Evaluation
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """The few keys that runs are compared by, and the series `ari` whose steps are resamples."""
    means = {
        f"{key}_mean": summary(evaluation.column(key)).mean
        for key in evaluation.resamples[0]
        if key != "ari"
    }
    if evaluation.neighbors_recall is not None:
        means["neighbors_recall"] = evaluation.neighbors_recall
    if not embeddings.names:
        return means, {}
    ari = evaluation.column("ari")
    told = summary(ari)
    values = {
        "ari_mean": told.mean,
        "ari_std": told.std,
        "ari_ci_low": clipped(told.ci_low),
        "ari_ci_high": clipped(told.ci_high),
        **means,  # MLflow's page of a run shows metrics in this order
    }
    return values, {"ari": ari}


def _tsne_png(
    config: DictConfig,
    embeddings: Embeddings,
    coordinates: NDArray[np.float32],
    evaluation: Evaluation,
) -> bytes:
    people = [str(picture.person) for picture in embeddings.pictures] if embeddings.names else None
    figure = figures.two_panels(
        coordinates,
        people,
        evaluation.clusters,
        f"{config.dataset.name}: {counted(len(embeddings.vectors), 'face')}, {describe(config)}",
    )
    return figures.png(figure)


def tsne_html(
    title: str,
    embeddings: Embeddings,
    coordinates: NDArray[np.float32],
    clusters: NDArray[np.int64],
    about: str = "",
) -> str:
    """The interactive t-SNE page of some faces. about: what else it should say, in a sentence."""
    n_people, n_clusters = len(embeddings.names), len(np.unique(noise_alone(clusters)))
    counts = [
        counted(len(clusters), "face"),
        *([counted(n_people, "person", "people")] if n_people else []),
        counted(n_clusters, "cluster"),
    ]
    return figures.tsne_page(
        title,
        f"{', '.join(counts)}.{about}",
        coordinates,
        [str(one.person) for one in embeddings.pictures] if n_people else None,
        clusters,
        [one.name for one in embeddings.pictures],
        sheet(embeddings),
    )


def _flattened(config: DictConfig) -> tuple[dict[str, object], dict[str, object]]:
    """The resolved config as dotted keys: parameters, and places on this machine."""
    params: dict[str, object] = {}
    places: dict[str, object] = {}

    def add(prefix: str, node: Any) -> None:
        if isinstance(node, Mapping):
            for key, value in node.items():
                add(f"{prefix}.{key}" if prefix else str(key), value)
        elif prefix in _BUDGET or (node is not None and prefix.rsplit(".", 1)[-1] in _PLACES):
            places[prefix] = masked(json.dumps(node) if isinstance(node, list) else str(node))
        elif prefix.endswith("_target_"):
            params[prefix] = names.stored(str(node))
        else:
            params[prefix] = json.dumps(node) if isinstance(node, list) else node

    whole = OmegaConf.to_container(config)
    assert isinstance(whole, dict)
    if "space" not in whole["task"]:  # what could be searched is no part of what is evaluated
        whole["clusterer"].pop("space", None)
    add("", whole)
    del params["sweep_id"]
    return params, places


def distinguishing(params: Mapping[str, object]) -> dict[str, str]:
    """The parameters that tell one config from another, also from one of the version before."""
    return {key: str(one) for key, one in params.items() if _LATER.get(key) != str(one)}


def _fingerprint(params: Mapping[str, object]) -> str:
    text = json.dumps(distinguishing(params), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache
def _git_commit() -> dict[str, str]:
    """The commit facetrack itself is at, where it runs from a checkout."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return {}
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {keys.COMMIT: answer.stdout.strip()}


def resamples_csv(evaluation: Evaluation) -> str:
    """The scores of each resample as a table, unrounded."""
    head = list(evaluation.resamples[0])
    return figures.csv_text(
        head,
        (
            # Counts are whole numbers, whatever type their mean is made of.
            [int(row[key]) if key.startswith("n_") else row[key] for key in head]
            for row in evaluation.resamples
        ),
    )


def skipped_csv(skipped: Sequence[Skipped]) -> str:
    """What was left out, and why, as a table."""
    return figures.csv_text(("picture", "reason"), ((one.name, one.reason) for one in skipped))


def _tell(config: DictConfig, embeddings: Embeddings, values: Mapping[str, float]) -> None:
    """Print the scores: a line in a sweep, all of them for a single job."""
    if config.sweep_id:
        say(f"  {config.dataset.name} {describe(config)}: {result(values)}")
        return
    stages = _stages(config)
    counts = _counts(embeddings)
    say(
        f"{stages['dataset']} · {stages['detector']} · {stages['embedder']} · {describe(config)}\n"
        f"{counted(counts['pictures'], 'picture')}, "
        f"{counted(counts['faces'], 'face')}, "
        + (counted(counts["people"], "person", "people") if counts["people"] else "no labels")
        + f", {counts['skipped']} skipped"
    )
    for one in sorted(embeddings.skipped, key=lambda one: not one.pictures)[:5]:
        say(f"  skipped {figures.printable(f'{one.name}: {one.reason}')}")
    if len(embeddings.skipped) > 5:
        say(f"  and {len(embeddings.skipped) - 5} more, listed in the run's skipped.csv")
    say("")
    for line in score_lines(values, stages["sampling"], config.n_resamples):
        say(f"  {line}")


def result(values: Mapping[str, float]) -> str:
    """A job's result in a word: its ARI, or without labels how many clusters there are."""
    if "ari_mean" in values:
        return f"ARI {values['ari_mean']:.3f} ± {2 * values['ari_std']:.3f}"
    return f"{values['n_clusters_mean']:.0f} clusters"


def score_lines(values: Mapping[str, float], sampling: str, n_resamples: int) -> list[str]:
    """A job's scores for the terminal, one line each."""
    lines = []
    if "ari_mean" in values:
        lines += [
            f"ARI               {values['ari_mean']:.3f} ± {2 * values['ari_std']:.3f}   "
            f"mean ± 2·std over {n_resamples} resamples ({sampling}); "
            f"95 % interval of the mean {values['ari_ci_low']:.3f} to {values['ari_ci_high']:.3f}",
            f"AMI               {values['ami_mean']:.3f}",
            "homogeneity, completeness, V   "
            + ", ".join(
                f"{values[f'{key}_mean']:.3f}"
                for key in ("homogeneity", "completeness", "v_measure")
            ),
            *(
                f"{name:<8} precision, recall, F   "
                + ", ".join(
                    f"{values[f'{name.lower()}_{part}_mean']:.3f}"
                    for part in ("precision", "recall", "f")
                )
                for name in ("Pairwise", "BCubed")
            ),
        ]
    known = f" for {values['n_people_mean']:.1f} people" if "n_people_mean" in values else ""
    lines.append(f"clusters          {values['n_clusters_mean']:.1f}{known}, a resample")
    lines.append(f"seconds a fit     {values['fit_seconds_mean']:.4f}")
    if "neighbors_recall" in values:
        lines.append(
            f"neighbours        recall {values['neighbors_recall']:.5g}, measured on a sample of "
            "all faces"
        )
    return lines
