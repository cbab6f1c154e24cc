"""A composed config on its way to an MLflow run."""

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping

from omegaconf import DictConfig
from sklearn.base import BaseEstimator

from facetrack.core.artifacts import mark_nobody
from facetrack.core.faces import Embeddings
from facetrack.evaluation import radius
from facetrack.system import json_lines
from facetrack.system.masking import remember
from facetrack.system.progress import say
from facetrack.system.shipped import checkout_commit
from facetrack.tasks.context import capsule
from facetrack.tasks.context.choices import (
    compared_settings,
    describe,
    given_settings,
    job_number,
    name_run,
    read_choices,
)
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.parameters import fingerprint, flatten_content
from facetrack.tasks.context.protocol import read_protocol
from facetrack.tasks.context.stored_configs import resolve, write_masked
from facetrack.tasks.scores import count_faces
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run
from facetrack.tracking.store import open_store, open_store_once


class Job:
    """A composed config on its way to an MLflow run. Resolves the config.

    kind: "job", "study" for task=tune, "organise" for task=organise, "verification" for
    task=verify, "comparison" for task=compare, or "knn", "accessories". what: it is in a few words;
    None for its method and settings.
    """

    def __init__(self, config: DictConfig, kind: str, what: str | None = None) -> None:
        content = resolve(config)
        remember(content)
        self.config = config
        # A job alone can do without; a sweep's jobs and a study's trials meet in MLflow.
        where = config.tracking.uri, config.tracking.experiment
        if config.sweep_id:
            self.tracking = open_store_once(*where, str(config.sweep_id))
        else:
            self.tracking = open_store(*where, alone=kind != "study")
        self.params, places = flatten_content(content)
        self.fingerprint = fingerprint(self.params)
        chosen = read_choices(config)
        if kind == "study":
            what = f"{chosen['clusterer']} {chosen['embedder']}"
        what = what or describe(config)
        self._kind = kind
        self.name = name_run(config, kind, what)
        self._command = capsule.name_command()
        self._models: dict[str, dict[str, str]] = {}
        self.capsule = b""  # once it runs
        self.tags = {
            keys.KIND: kind,
            **({keys.SWEEP: config.sweep_id, keys.NUMBER: job_number()} if config.sweep_id else {}),
            **chosen,
            keys.OVERRIDES: what,
            keys.FINGERPRINT: self.fingerprint,
            keys.VERSION: read_protocol(config),
            **({keys.COMMIT: commit} if (commit := checkout_commit()) else {}),
            **({keys.REPRODUCES: again} if (again := config.get("reproduces")) else {}),
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
            choices=read_choices(self.config),
            parameters=self.params,
            protocol_version=read_protocol(self.config),
            **fields,
        )

    @contextlib.contextmanager
    def run(self, run_id: str | None = None, later: Collection[str] = ()) -> Iterator[Run]:
        """Its run, with parameters and config.

        run_id: one to take up again instead of a new one. later: parameters not known yet.
        Raises UserError for a setting without a value, before minutes go into embedding.
        """
        refuse_missing(self.config)
        params, quiet = self._divide_settings(later) if run_id is None else ({}, {})
        with self.tracking.run(self.name, {**self.tags, **quiet}, run_id) as run:
            if params:
                run.params(params)
            self.say_models({stage: self.config.get(stage) for stage in ("detector", "embedder")})
            files = capsule.make_files(self._command, self._models)
            self.capsule = files[capsule.CAPSULE]
            run.artifacts(mark_nobody({"config.yaml": self._write_config(), **files}))
            asked = self.config.tracking.get("system_metrics")
            with self.tracking.measuring(run) if asked else contextlib.nullcontext():
                yield run

    def _divide_settings(
        self, later: Collection[str]
    ) -> tuple[dict[str, object], dict[str, object]]:
        """The config as parameters to log, and as tags. later: parameters not known yet.

        MLflow compares runs by the first three parameters that differ, in the order of their
        names. So of a job's method, its name and radius are parameters, and what the command set;
        all else of it are tags.
        """
        params: dict[str, object] = {
            key: self.params[key] for key in self.params if key not in later
        }
        tags: dict[str, object] = {}
        if self._kind == "job":
            given = given_settings()
            quiet = [key for key in params if key.startswith("clusterer.") and key not in given]
            tags = {key: params.pop(key) for key in quiet}
            params |= compared_settings(self.config)
            if later:
                params.pop(keys.RADIUS, None)
        return params, tags

    def say_radius(self, run: Run, estimator: BaseEstimator) -> None:
        """Log the radius that was not known at the start: as parameters, and in name and config."""
        clusterer = self.config.clusterer
        params: dict[str, object] = {}
        for name in radius.NAMES:
            if name in clusterer:
                clusterer[name] = radius.read_radius(estimator)
                params[f"clusterer.{name}"] = clusterer[name]
        if self._kind == "job":
            params[keys.RADIUS] = compared_settings(self.config)[keys.RADIUS]
        what = describe(self.config)
        self.name = name_run(self.config, self._kind, what)
        run.params(params, {keys.OVERRIDES: what, keys.NAME: self.name})
        run.artifacts(mark_nobody({"config.yaml": self._write_config()}))

    def _write_config(self) -> str:
        """The config as YAML, passwords hidden."""
        return write_masked(self.config)

    def say_models(self, stages: Mapping[str, DictConfig | None]) -> None:
        """Have the capsule name the models of these stages, too, from `say_dataset` on."""
        self._models |= capsule.list_models(stages)

    def say_dataset(self, run: Run, embeddings: Embeddings) -> None:
        """Log what the embeddings are of."""
        counts = count_faces(embeddings)
        run.tags_later(counts)
        name, digest = str(self.config.dataset.name), embeddings.digest
        run.dataset(name, digest, json.dumps(counts))
        files = capsule.make_files(self._command, self._models, {"name": name, "digest": digest})
        self.capsule = files[capsule.CAPSULE]
        run.artifacts(mark_nobody({capsule.CAPSULE: self.capsule}))
