"""One run in MLflow, being written."""

import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facetrack.core.artifacts import Artifact
from facetrack.system import temporary
from facetrack.system.files import write
from facetrack.system.home import find_home
from facetrack.system.masking import mask
from facetrack.tracking import answers
from facetrack.tracking.address import SERVER
from facetrack.tracking.experiment import Experiment
from facetrack.tracking.keys import BIRTH, CONTEXT
from facetrack.tracking.marks import is_known_to_show, read_mark, write_mark
from facetrack.tracking.place import path_of
from facetrack.tracking.server import AGAIN
from facetrack.tracking.values import as_tag, clean

_LONGEST_PARAMETER = 6000
_LONGEST_DATASET = 500  # MLflow refuses a longer one
_PARAMS_A_BATCH = 100
_METRICS_A_BATCH = 1000


class MlflowRun:
    """One MLflow run being written.

    again: whether it was written before. showing: the artifacts that it has by now, and that show
    people; None where that is to be looked up. folder: of its files, where that is known to be on
    this machine.
    """

    def __init__(
        self,
        client: Any,
        run_id: str,
        *,
        again: bool = False,
        showing: frozenset[str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._client = client
        self.run_id = run_id
        self._again = again
        self._showing = showing
        self._folder = folder
        self._later: dict[str, object] = {}

    def params(
        self, values: Mapping[str, object], tags: Mapping[str, object] | None = None
    ) -> None:
        """Log parameters, each once. tags: to set in the same go."""
        from mlflow.entities import Param

        params = [Param(key, clean(value)[:_LONGEST_PARAMETER]) for key, value in values.items()]
        said = self._take_tags(tags or {})
        for start in range(0, len(params), _PARAMS_A_BATCH):
            batch = params[start : start + _PARAMS_A_BATCH]
            self._client.log_batch(self.run_id, params=batch, tags=said if start == 0 else ())
        if said and not params:
            self._client.log_batch(self.run_id, tags=said)

    def tags(self, values: Mapping[str, object]) -> None:
        """Set tags."""
        self._client.log_batch(self.run_id, tags=self._take_tags(values))

    def tags_later(self, values: Mapping[str, object]) -> None:
        """Set tags together with what is logged next, at the latest when the run ends."""
        self._later |= values

    def metrics(
        self, values: Mapping[str, float], series: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Log single metrics, and series whose i-th value becomes step i."""
        from mlflow.entities import Metric

        now = self._later_than([*values, *(series or {})])
        metrics = [Metric(key, float(value), now, 0) for key, value in values.items()]
        for key, steps in (series or {}).items():
            metrics += [Metric(key, float(value), now, step) for step, value in enumerate(steps)]
        said = self._take_tags({})
        for start in range(0, max(len(metrics), len(said)), _METRICS_A_BATCH):
            batch = metrics[start : start + _METRICS_A_BATCH]
            self._client.log_batch(self.run_id, metrics=batch, tags=said if start == 0 else ())

    def dataset(self, name: str, digest: str, profile: str) -> None:
        """Log the dataset as an input of the run, by name and content digest (no path)."""
        from mlflow.entities import Dataset, DatasetInput, InputTag
        from mlflow.exceptions import MlflowException

        entity = Dataset(
            name=clean(name)[:_LONGEST_DATASET],
            digest=digest,
            source_type="local",
            source="{}",
            profile=profile,
        )
        inputs = [DatasetInput(entity, [InputTag(CONTEXT, "evaluation")])]
        try:
            self._client.log_inputs(self.run_id, inputs)
        except MlflowException as error:
            # MLflow looks for the dataset and then adds it, without a lock: of several runs to
            # which it is new, the slower ones are refused, and by now it can be found.
            if error.error_code != "BAD_REQUEST":
                raise
            self._client.log_inputs(self.run_id, inputs)

    def artifacts(
        self, files: Sequence[Artifact], tags: Mapping[str, object] | None = None
    ) -> None:
        """Log files. tags: to set with the mark of those that show people, before the files."""
        # The mark first: a kill in between must leave no file that nobody knows to show people.
        new = {file.name for file in files if file.shows_people}
        said = {**(tags or {}), **self._mark(new)}
        if said or (new and self._later):
            self.tags(said)
        self._write(files)

    def expect(self, names: Sequence[str]) -> None:
        """Mark files that are to come, and show people, together with what is logged next."""
        if self._showing is not None:
            self.tags_later(self._mark(set(names)))

    def _write(self, files: Sequence[Artifact]) -> None:
        contents = {file.name: file.content for file in files}
        if self._folder is not None:  # MLflow would copy them there, after two questions
            write(self._folder, contents)
            return
        with temporary.folder(find_home()) as folder:
            write(folder, contents)
            self._client.log_artifacts(self.run_id, str(folder))
        if str(self._client.tracking_uri).startswith(SERVER):
            # What stands before a server may take a file with a page to sign in, and no error.
            kept = {file.path for file in self._client.list_artifacts(self.run_id)}
            if lost := {file.name for file in files} - kept:
                raise answers.Unkept(
                    f"the MLflow server {mask(self._client.tracking_uri)} took {min(lost)} and "
                    f"does not have it: see what stands before it, then {AGAIN}"
                )

    def end(self, status: str) -> None:
        """Close the run: FINISHED, FAILED or KILLED."""
        if self._later:
            self.tags({})
        self._client.set_terminated(self.run_id, status)

    def _take_tags(self, values: Mapping[str, object]) -> list[Any]:
        """MLflow's tags for some, and for those that were to be set later."""
        from mlflow.entities import RunTag

        said, self._later = {**self._later, **values}, {}
        return [RunTag(key, as_tag(value)) for key, value in said.items()]

    def _mark(self, new: set[str]) -> dict[str, str]:
        """The tags of the mark with some files more; empty where that changes nothing."""
        if not new:
            return {}
        before = self._showing if self._showing is not None else self._look_up()
        if self._showing is not None and new <= before:
            return {}
        self._showing = before | new
        return write_mark(self._showing)

    def _look_up(self) -> frozenset[str]:
        """The artifacts of a run taken up again that show people, also of one without a mark."""
        marked = read_mark(self._client.get_run(self.run_id).data.tags)
        if marked is not None:
            return marked
        paths = [file.path for file in self._client.list_artifacts(self.run_id)]
        return frozenset(filter(is_known_to_show, paths))

    def _later_than(self, keys: Sequence[str]) -> int:
        """Now in milliseconds; where the clock was set back, behind what the run has by then.

        Of several values of a metric MLflow takes the one with the latest time.
        """
        now = int(time.time() * 1000)
        for key in keys if self._again else ():
            for point in self._client.get_metric_history(self.run_id, key):
                now = max(now, int(point.timestamp) + 1)
        return now


def create_run(experiment: Experiment, tags: Mapping[str, object]) -> MlflowRun:
    """A new run with some tags, made once: an answer may be lost after a server has made it."""
    said = {key: as_tag(value) for key, value in {**tags, **write_mark(())}.items()}
    if experiment.access.is_server:
        run_id = _create_on_server(experiment, said)
        return MlflowRun(experiment.client, run_id, showing=frozenset())
    made = _create(experiment, said)
    folder = path_of(str(made.artifact_uri))
    return MlflowRun(experiment.client, str(made.run_id), showing=frozenset(), folder=folder)


def _create(experiment: Experiment, tags: Mapping[str, str]) -> Any:
    return experiment.client.create_run(experiment.id, tags=tags).info


def _create_on_server(experiment: Experiment, tags: Mapping[str, str]) -> str:
    birth = secrets.token_hex(8)
    for pause in (*answers.pauses(), None):
        try:
            with answers.asked_again(0):
                return str(_create(experiment, {**tags, BIRTH: birth}).run_id)
        except answers.failures() as error:
            if pause is None or not answers.read(error).passing:
                raise
            answers.say_waiting()
            time.sleep(pause)
        if found := experiment.search(f"tags.{BIRTH} = '{birth}'"):
            return str(found[0].info.run_id)
    raise AssertionError  # the last pause is None
