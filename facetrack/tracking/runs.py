"""MLflow: runs, parameters, metrics, artifacts, status.

Only this, tracking_place.py and facetrack/testing import it.

MlflowClient with explicit run ids throughout: nothing depends on an "active run", so threads,
processes and machines do not collide. A sweep's jobs find their parent run by the tag `sweep`.
"""

import contextlib
import functools
import hashlib
import json
import logging
import os
import re
import secrets
import shlex
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from facetrack.core.errors import UserError
from facetrack.system import databases, temporary
from facetrack.system.files import write
from facetrack.system.home import home, lock, locks
from facetrack.system.masking import first_line, masked, remember
from facetrack.system.processes import is_gone, mine
from facetrack.tracking import answers
from facetrack.tracking import place as tracking_place
from facetrack.tracking.address import SERVER, refuse_malformed

# Faces are biometric data: nothing is sent anywhere, usage statistics included, unless the
# user says so. MLflow reads these when it is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
# facetrack has bars of its own where somebody would wait.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# A folder's name of 255 bytes takes up to 765 characters in an address; the others need no limit.
os.environ.setdefault("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH", "16384")
# With a server MLflow would print two lines of addresses a run.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

P = ParamSpec("P")
T = TypeVar("T")

SWEEP = "sweep"
KIND = "kind"  # "job", "study", "trial" or "sweep"
PARENT = "mlflow.parentRunId"
FINGERPRINT = "config_fingerprint"
NUMBER = "job"  # a job's number in its sweep, as of its folder in outputs/
_PROCESS = "process"
_BIRTH = "birth"  # tells a run from all others before its id is known
_SOURCES = tuple(f"dataset.{key}" for key in ("root", "roots", "file", "archive", "archives"))
_SOURCES += ("embedder.weights",)
NOWHERE = "none"
"""The URI of tracking=none."""
_ALONE = ("job", "organise")  # kinds of which one run is all there is to a command
AGAIN = "run the same command again"
_COMMAND = "command"
_SWEEP_NUMBER = "sweep_number"
_TAG = 4000  # characters of a piece of the command
_LONGEST_TAG = 5000  # MLflow takes so many everywhere
_LONGEST_DATASET = 500  # MLflow refuses a longer one
_PARAMS_A_BATCH = 100
_METRICS_A_BATCH = 1000
# From its front page MLflow leads to an empty page for chats; this one shows the runs.
_RUNS_PAGE = "/#/experiments/{experiment}/runs?workflowType=machine_learning"
# A view that MLflow's "Share" would keep: the table with the columns that jobs are compared by.
_VIEW = json.dumps(
    {
        "selectedColumns": [
            "metrics.`ari_mean`",
            "params.`method`",
            "params.`radius`",
        ]
    }
)
_VIEW_KEY = hashlib.sha256(_VIEW.encode()).hexdigest()[:16]
_VIEW_TAG = f"mlflow.sharedViewState.{_VIEW_KEY}"
_VIEW_PAGE = f"&viewStateShareKey={_VIEW_KEY}"


# Stores in which this process has looked for runs that others left running: once is enough.
_looked_through: set[str] = set()
# Servers that this process has waited for in vain: its next job does not wait again.
_given_up: set[str] = set()


def _guarded(
    method: Callable[Concatenate["Tracking", P], T],
) -> Callable[Concatenate["Tracking", P], T]:
    """A method of Tracking that raises UserError where the store stops working."""

    @functools.wraps(method)
    def guarded(self: "Tracking", /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.working(AGAIN):
            return method(self, *args, **kwargs)

    return guarded


class Run:
    """One MLflow run being written. again: whether it was written before."""

    def __init__(self, client: Any, run_id: str, again: bool = False) -> None:
        self._client = client
        self.run_id = run_id
        self._again = again

    def params(self, values: Mapping[str, object]) -> None:
        """Log parameters, each once."""
        from mlflow.entities import Param

        params = [Param(key, _clean(value)[:6000]) for key, value in values.items()]
        for start in range(0, len(params), _PARAMS_A_BATCH):
            self._client.log_batch(self.run_id, params=params[start : start + _PARAMS_A_BATCH])

    def tags(self, values: Mapping[str, object]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag

        tags = [RunTag(key, _clean(value)[:_LONGEST_TAG]) for key, value in values.items()]
        self._client.log_batch(self.run_id, tags=tags)

    def metrics(
        self, values: Mapping[str, float], series: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Log single metrics, and series whose i-th value becomes step i."""
        from mlflow.entities import Metric

        now = self._later_than([*values, *(series or {})])
        metrics = [Metric(key, float(value), now, 0) for key, value in values.items()]
        for key, steps in (series or {}).items():
            metrics += [Metric(key, float(value), now, step) for step, value in enumerate(steps)]
        for start in range(0, len(metrics), _METRICS_A_BATCH):
            self._client.log_batch(self.run_id, metrics=metrics[start : start + _METRICS_A_BATCH])

    def _later_than(self, keys: Sequence[str]) -> int:
        """Now in milliseconds; where the clock was set back, behind what the run has by then.

        Of several values of a metric MLflow takes the one with the latest time.
        """
        now = int(time.time() * 1000)
        for key in keys if self._again else ():
            for point in self._client.get_metric_history(self.run_id, key):
                now = max(now, int(point.timestamp) + 1)
        return now

    def dataset(self, name: str, digest: str, profile: str) -> None:
        """Log the dataset as an input of the run, by name and content digest (no path)."""
        from mlflow.entities import Dataset, DatasetInput, InputTag
        from mlflow.exceptions import MlflowException

        entity = Dataset(
            name=_clean(name)[:_LONGEST_DATASET],
            digest=digest,
            source_type="local",
            source="{}",
            profile=profile,
        )
        inputs = [DatasetInput(entity, [InputTag("mlflow.data.context", "evaluation")])]
        try:
            self._client.log_inputs(self.run_id, inputs)
        except MlflowException as error:
            # MLflow looks for the dataset and then adds it, without a lock: of several runs to
            # which it is new, the slower ones are refused, and by now it can be found.
            if error.error_code != "BAD_REQUEST":
                raise
            self._client.log_inputs(self.run_id, inputs)

    def artifacts(self, files: Mapping[str, str | bytes]) -> None:
        """Log files by name and content."""
        with temporary.folder(home()) as folder:
            write(folder, files)
            self._client.log_artifacts(self.run_id, str(folder))
        if str(self._client.tracking_uri).startswith(SERVER):
            # What stands before a server may take a file with a page to sign in, and no error.
            kept = {file.path for file in self._client.list_artifacts(self.run_id)}
            if lost := set(files) - kept:
                raise answers.Unkept(
                    f"the MLflow server {masked(self._client.tracking_uri)} took {min(lost)} and "
                    f"does not have it: see what stands before it, then {AGAIN}"
                )

    def end(self, status: str) -> None:
        """Close the run: FINISHED, FAILED or KILLED."""
        self._client.set_terminated(self.run_id, status)


class Tracking:
    """An open experiment in an MLflow store.

    uri: a tracking URI; None for MLflow's own choice (MLFLOW_TRACKING_URI, else mlflow.db and
    mlruns/ in the working directory). patient: whether a server was there before, and is worth
    waiting for. Raises UserError where the store cannot be used.
    """

    def __init__(self, uri: str | None, experiment: str, *, patient: bool = False) -> None:
        if uri == NOWHERE:
            raise UserError(
                "tracking=none is for a single job: sweeps and studies keep in MLflow what they "
                "are made of, so leave it out"
            )
        if not experiment:
            raise UserError(
                "the experiment has no name: say tracking.experiment=NAME, or unset "
                "MLFLOW_EXPERIMENT_NAME"
            )

        quieten()
        self._reach(uri, patient=patient)
        held = lock(_lock_path(self.uri))
        todo = "work in a folder you can write to, or name another store with tracking.uri=…"
        # Two processes that create one fresh database at once would corrupt it.
        with self._opening(todo), held, self._impatient(not patient or self.uri in _given_up):
            _create_whole(self.uri)
            found = self._find(experiment)
            self._experiment = found.experiment_id if found else self._create_experiment(experiment)
            if found and _VIEW_TAG not in found.tags:  # of the version before
                self._client.set_experiment_tag(self._experiment, _VIEW_TAG, _VIEW)
        if found is not None and found.lifecycle_stage == "deleted":
            raise UserError(
                f"experiment {experiment} was deleted in the MLflow store {masked(self.uri)}: "
                f"restore it (MLFLOW_TRACKING_URI={masked(self.uri)} mlflow experiments restore "
                f"--experiment-id {found.experiment_id}), or take tracking.experiment=OTHER"
            )
        _given_up.discard(self.uri)
        if self.uri not in _looked_through:
            _looked_through.add(self.uri)
            with self.working(AGAIN):
                self._close_orphans()

    def _reach(self, uri: str | None, *, patient: bool) -> None:
        """Note where the store is. Raises UserError where it cannot be, or nobody is there."""
        self.uri = tracking_place.chosen(uri)
        self._then: str | None = None
        remember(self.uri)
        refuse_malformed(self.uri)
        if self.uri.startswith(SERVER):
            self._await(patient)
        else:
            databases.demand_usable(_program(), self.uri)

    @contextlib.contextmanager
    def _opening(self, todo: str) -> Iterator[None]:
        """While the store is opened; raises UserError with what helps where it cannot be used."""
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            if self.uri.startswith(SERVER):
                raise self._answered(error) from error
            raise UserError(
                _version_trouble(self.uri)
                or f"the MLflow store {masked(self.uri)} cannot be used ({_shortly(error)}): {todo}"
            ) from error

    def _find(self, experiment: str) -> Any | None:
        """Ask the store for an experiment whose files are where it says; None where it has none."""
        import mlflow

        self._client = mlflow.MlflowClient(self.uri)
        found = self._client.get_experiment_by_name(experiment)
        if found:
            _demand_in_place(self.uri, self._client, found)
        return found

    def _await(self, patient: bool) -> None:
        """Wait for a server, where that is worth it. Raises UserError where nobody is there."""
        answers.tell_of_waiting()
        # MLflow itself would retry for minutes before it says that nobody answers.
        seconds = answers.patience() if patient and self.uri not in _given_up else 0
        if error := answers.awaited(self.uri, seconds):
            _given_up.add(self.uri)
            raise UserError(
                f"no MLflow server answers at {masked(self.uri)} "
                f"({answers.read(error).what}, {_shortly(error)}): start one "
                "with `DO_NOT_TRACK=true mlflow server --host 127.0.0.1 --port 5000`, or leave "
                "tracking.uri out to use a local store"
            ) from error

    def _impatient(self, now: bool) -> contextlib.AbstractContextManager[None]:
        """Within, a server that has trouble is asked once more only, if so."""
        remote = self.uri.startswith(SERVER)
        return answers.asked_again(1) if remote and now else contextlib.nullcontext()

    def _answered(self, error: BaseException) -> answers.Unkept:
        """What a failure of the store comes to."""
        if not self.uri.startswith(SERVER):
            return answers.Unkept(
                f"the MLflow store {masked(self.uri)} stopped working ({_shortly(error)}): see "
                f"that it runs and has room, then {self._then or AGAIN}"
            )
        answer = answers.read(error)
        if answer.passing:
            _given_up.add(self.uri)
        server, then = f"the MLflow server {masked(self.uri)}", self._then or AGAIN
        return answers.Unkept(f"{server} {answer.what}: {answer.todo}, then {then}")

    def _close_orphans(self) -> None:
        """Mark runs KILLED that processes of this machine have left running."""
        for run in self._search("attributes.status = 'RUNNING'"):
            if is_gone(run.data.tags.get(_PROCESS, "")):
                self._client.set_terminated(run.info.run_id, "KILLED")

    def _create_experiment(self, experiment: str) -> str:
        from mlflow.exceptions import MlflowException

        try:
            # Where MLflow goes by the kind, it opens on the table of runs, not on an empty page for
            # chats; 3.17 goes by the address instead (`_RUNS_PAGE`).
            tags = {"mlflow.experimentKind": "custom_model_development", _VIEW_TAG: _VIEW}
            place = (
                tracking_place.files_of(experiment)
                if tracking_place.keeps_in_folder(self.uri)
                else None  # a server's own choice
            )
            return str(self._client.create_experiment(experiment, place, tags=tags))
        except MlflowException:
            # On a server, which the lock does not cover, another machine may have been faster.
            found = self._client.get_experiment_by_name(experiment)
            if found is None:
                raise
            return str(found.experiment_id)

    @contextlib.contextmanager
    def run(
        self, name: str, tags: Mapping[str, object], run_id: str | None = None
    ) -> Iterator[Run]:
        """A run that ends FINISHED; FAILED with its traceback as artifact; or KILLED.

        A user's mistake leaves none, where nothing else is to come of it.

        run_id: an earlier run to take up again, with the new tags; None for a new run.
        """
        with self.working(AGAIN):
            run = self.start(name, tags) if run_id is None else self.reopen(run_id, tags)
        try:
            with self.working(AGAIN):
                yield run
        except Exception as error:
            if run_id is None and tags.get(KIND) in _ALONE and not tags.get(SWEEP):
                self._take_back(run, error)
            else:
                self.give_up(run, error)
            raise
        except BaseException:
            with contextlib.suppress(Exception):
                run.end("KILLED")
            raise
        with self.working(AGAIN):
            run.end("FINISHED")

    @contextlib.contextmanager
    def working(self, then: str) -> Iterator[None]:
        """Raises UserError where the store stops working within.

        then: what to do after mending; within another one, what that one says.
        """
        outer, self._then = self._then, self._then or then
        given_up = self.uri in _given_up
        try:
            if given_up and (silence := answers.silence(self.uri)):
                raise self._answered(silence) from silence
            with self._impatient(given_up):
                yield
            _given_up.discard(self.uri)
        except answers.failures() as error:
            raise self._answered(error) from error
        finally:
            self._then = outer

    def _take_back(self, run: Run, error: Exception) -> None:
        """Remove a run that a mistake of the user's ended; another error leaves it FAILED."""
        if isinstance(error, UserError) and not isinstance(error, answers.Unkept):
            with contextlib.suppress(Exception):
                run.end("FAILED")
                self._client.delete_run(run.run_id)
                _remove_artifacts(self._client.get_run(run.run_id), self.uri)
                return
        self.give_up(run, error)

    def give_up(self, run: Run, error: BaseException | None = None) -> None:
        """End a run as FAILED, if the store takes it: another error is the one to report.

        error: kept with the run, with its traceback. Called while it is being handled.
        """
        if self.uri in _given_up:
            return  # each attempt to say so there would take minutes
        if error is not None:
            with contextlib.suppress(Exception):
                run.tags({"error": _shortly(error)})
                run.artifacts({"traceback.txt": masked(traceback.format_exc())})
        with contextlib.suppress(Exception):
            run.end("FAILED")

    @_guarded
    def start(self, name: str, tags: Mapping[str, object]) -> Run:
        """A new run, nested below its sweep's parent where `tags` name a sweep."""
        all_tags = {
            "mlflow.runName": name,
            "mlflow.source.name": "facetrack",
            _PROCESS: mine(),
            **self._nested(tags),
        }
        said = {key: _clean(value)[:_LONGEST_TAG] for key, value in all_tags.items()}
        return Run(self._client, self._created(said))

    def _created(self, tags: dict[str, str]) -> str:
        """The id of a new run, made once: an answer may be lost after a server has made it."""
        if not self.uri.startswith(SERVER):
            return str(self._client.create_run(self._experiment, tags=tags).info.run_id)
        birth = secrets.token_hex(8)
        for pause in (*answers.pauses(), None):
            try:
                with answers.asked_again(0):
                    made = self._client.create_run(self._experiment, tags={**tags, _BIRTH: birth})
                return str(made.info.run_id)
            except answers.failures() as error:
                if pause is None or not answers.read(error).passing:
                    raise
                answers.say_waiting()
                time.sleep(pause)
            if found := self._search(f"tags.{_BIRTH} = '{birth}'"):
                return str(found[0].info.run_id)
        raise AssertionError  # the last pause is None

    @_guarded
    def reopen(self, run_id: str, tags: Mapping[str, object]) -> Run:
        """An earlier run, running again."""
        self._client.update_run(run_id, status="RUNNING")
        run = Run(self._client, run_id, again=True)
        run.tags({**self._nested(tags), _PROCESS: mine()})
        return run

    def open_line(self) -> str:
        """What to do to look at the experiment."""
        return open_line(self.uri, self._experiment)

    @_guarded
    def has_run(self, run_id: str) -> bool:
        """Whether a run is here, and not deleted."""
        return self._info(run_id) is not None

    @_guarded
    def kill(self, run_id: str) -> None:
        """Mark a run that its process left running."""
        info = self._info(run_id)
        if info is not None and info.status == "RUNNING":
            self._client.set_terminated(run_id, "KILLED")

    @_guarded
    def kept(self, run_id: str) -> Any | None:
        """A run as MLflow has it; None where it is not here, or deleted."""
        from mlflow.exceptions import MlflowException

        try:
            run = self._client.get_run(run_id)
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise  # it may be there: nobody could look
            return None
        return run if str(run.info.lifecycle_stage) == "active" else None

    def _info(self, run_id: str) -> Any | None:
        run = self.kept(run_id)
        return None if run is None else run.info

    def _nested(self, tags: Mapping[str, object]) -> dict[str, object]:
        """Tags with the parent run of their sweep, where they name one."""
        if tags.get(SWEEP) and tags.get(KIND) != "sweep":
            parents = self._parents(str(tags[SWEEP]))
            if parents:
                return {**tags, PARENT: parents[0].info.run_id}
        return dict(tags)

    @_guarded
    def start_sweep(
        self, sweep_id: str, overrides: Sequence[str], hydra_overrides: Sequence[str]
    ) -> Run:
        """A sweep's new parent run, which keeps what the sweep was started with."""
        # Without passwords: who resumes the sweep gives them again.
        command = json.dumps([masked(one) for one in [*hydra_overrides, *overrides]])
        # In tags rather than a file: they are there as soon as the run is.
        pieces = [command[i : i + _TAG] for i in range(0, len(command), _TAG)]
        # A value for some of a group's choices only travels as choice(value): see command_line.py.
        told = masked(" ".join(re.sub(r"=choice\(([^,()]*)\)$", r"=\1", one) for one in overrides))
        return self.start(
            f"sweep {told}"[:200],
            {
                KIND: "sweep",
                SWEEP: sweep_id,
                "overrides": told,
                _SWEEP_NUMBER: 1
                + max(map(_number, self._search(f"tags.{KIND} = 'sweep'")), default=0),
                **{f"{_COMMAND}.{i}": piece for i, piece in enumerate(pieces)},
            },
        )

    @_guarded
    def sweep(self, sweep_id: str) -> Run | None:
        """A sweep's parent run, running again; its jobs that never ended are marked KILLED."""
        parents = self._parents(sweep_id)
        if not parents:
            return None
        self.close_left(sweep_id, "KILLED")
        run = Run(self._client, parents[0].info.run_id, again=True)
        run.tags({_PROCESS: mine()})
        self._client.update_run(run.run_id, status="RUNNING")
        return run

    @_guarded
    def close_left(self, sweep_id: str, status: str) -> None:
        """End the runs of a sweep's jobs that their processes left running.

        status: KILLED; or FAILED, where the sweep itself was not stopped: then also for jobs whose
        last run another process has found and closed (see `_close_orphans`).
        """
        left = [job for job in self._jobs(sweep_id) if job.info.status == "RUNNING"]
        if status == "FAILED":
            left += [job for job in self.jobs(sweep_id) if job.info.status == "KILLED"]
        for job in left:
            run = Run(self._client, job.info.run_id)
            run.tags({"error": "the process that ran it ended before it did"})
            run.end(status)

    @_guarded
    def last_begun(self, sweep_id: str) -> int:
        """The highest number (see NUMBER) among a sweep's jobs; -1 where none has begun."""
        numbers = [job.data.tags.get(NUMBER, "-1") for job in self._jobs(sweep_id)]
        return max(map(int, numbers), default=-1)

    @_guarded
    def resumable(self, sweep_id: str | None) -> tuple[str, list[str]]:
        """Id and overrides of a sweep; of the last one that is not finished where None is given.

        Raises UserError where there is none.
        """
        # By number before time: the clock may have been set back between two.
        sweeps = sorted(self._search(f"tags.{KIND} = 'sweep' and tags.{SWEEP} != ''"), key=_number)
        if sweep_id is None:
            found = [one for one in sweeps if one.info.status != "FINISHED"]
        else:
            found = [one for one in sweeps if one.data.tags[SWEEP] == sweep_id]
        if not found:
            what = "no unfinished sweep" if sweep_id is None else f"no sweep {sweep_id}"
            latest = f" (the last one is {sweeps[-1].data.tags[SWEEP]})" if sweeps else ""
            raise UserError(
                f"there is {what} in the MLflow store {masked(self.uri)}{latest}: resume in the "
                "folder, or with the tracking.uri=…, that the sweep was started with"
            )
        tags = found[-1].data.tags
        pieces: list[str] = []
        while f"{_COMMAND}.{len(pieces)}" in tags:
            pieces.append(tags[f"{_COMMAND}.{len(pieces)}"])
        try:
            command = json.loads("".join(pieces))
        except (ValueError, RecursionError):
            command = None
        if not isinstance(command, list) or not all(isinstance(one, str) for one in command):
            raise UserError(
                f"sweep {tags[SWEEP]} does not say how it was started: run its command again with "
                f"sweep_id={tags[SWEEP]}"
            )
        return tags[SWEEP], command

    @_guarded
    def finished(self, sweep_id: str, tags: Mapping[str, object]) -> bool:
        """Whether a sweep has a finished job of this config. tags: of the job that asks."""
        found = self._search(
            f"tags.{SWEEP} = '{sweep_id}' and tags.{KIND} != 'sweep' and "
            f"tags.{FINGERPRINT} = '{tags[FINGERPRINT]}' and attributes.status = 'FINISHED'"
        )
        return any(_sources(run.data.tags) == _sources(tags) for run in found)

    @_guarded
    def history(self, run_id: str, key: str) -> list[float]:
        """A metric's values in the order of their steps."""
        points = self._client.get_metric_history(run_id, key)
        return [point.value for point in sorted(points, key=lambda point: int(point.step))]

    def artifact(self, run_id: str, name: str) -> bytes:
        """A file that a run has logged. Raises UserError where there is none."""
        from mlflow.exceptions import MlflowException

        with temporary.folder(home()) as folder:
            try:
                found = self._client.download_artifacts(run_id, name, str(folder))
                return Path(found).read_bytes()
            except (MlflowException, OSError) as error:
                raise UserError(f"its run has no {name} ({_shortly(error)})") from error

    @_guarded
    def jobs(self, sweep_id: str) -> list[Any]:
        """The MLflow runs of a sweep's jobs, one a config, in the order they were started.

        Where a job was run again, the run that finished stands for it, else the last one.
        """
        of_config: dict[object, Any] = {}
        for job in self._jobs(sweep_id):
            tags = job.data.tags
            config = tags.get(FINGERPRINT, job.info.run_id), _sources(tags)
            if config not in of_config or of_config[config].info.status != "FINISHED":
                of_config[config] = job
        return list(of_config.values())

    def _jobs(self, sweep_id: str) -> list[Any]:
        return self._search(f"tags.{SWEEP} = '{sweep_id}' and tags.{KIND} != 'sweep'")

    def _parents(self, sweep_id: str) -> list[Any]:
        return self._search(f"tags.{SWEEP} = '{sweep_id}' and tags.{KIND} = 'sweep'")

    def _search(self, condition: str, view: Any = None) -> list[Any]:
        """view: MLflow's ViewType; None for runs that were not deleted."""
        from mlflow.entities import ViewType

        found: list[Any] = []
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment],
                condition,
                view or ViewType.ACTIVE_ONLY,
                max_results=1000,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            found += page
            token = page.token
            if not token:
                return found


class _Unkept(Run):
    """A run of tracking=none: nothing that is logged goes anywhere."""

    def __init__(self) -> None:
        self.run_id = ""

    def params(self, values: Mapping[str, object]) -> None:
        """Forget them."""

    def tags(self, values: Mapping[str, object]) -> None:
        """Forget them."""

    def metrics(
        self, values: Mapping[str, float], series: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Forget them."""

    def dataset(self, name: str, digest: str, profile: str) -> None:
        """Forget it."""

    def artifacts(self, files: Mapping[str, str | bytes]) -> None:
        """Forget them."""

    def end(self, status: str) -> None:
        """There is nothing to close."""


class Untracked(Tracking):
    """tracking=none: a job alone, whose results are on the screen or in a folder of the user's."""

    def __init__(self, uri: str, experiment: str, *, patient: bool = False) -> None:
        del experiment, patient
        self.uri = uri

    @contextlib.contextmanager
    def run(
        self, name: str, tags: Mapping[str, object], run_id: str | None = None
    ) -> Iterator[Run]:
        """A run that is kept nowhere."""
        del name, tags, run_id
        yield _Unkept()


def _remove_artifacts(run: Any, uri: str) -> None:
    """Delete what a run has logged, and its folder where that is on this machine."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    repository: Any = get_artifact_repository(run.info.artifact_uri, uri)
    for file in repository.list_artifacts():
        repository.delete_artifacts(file.path)
    if isinstance(repository, LocalArtifactRepository):
        folder = Path(repository.artifact_dir)
        for empty in (folder, folder.parent):
            empty.rmdir()


def where_line(tracking: Tracking) -> str:
    """Where a job's results are, for the end of what it prints."""
    if tracking.uri == NOWHERE:
        return "Nothing of it was kept (tracking=none)"
    return f"Everything is in MLflow: {tracking.open_line()}"


def open_line(uri: str, experiment: str) -> str:
    """What to do to look at the results. experiment: its id."""
    page = _RUNS_PAGE.format(experiment=experiment) + _VIEW_PAGE
    if uri.startswith(SERVER):
        return f"open {masked(uri).rstrip('/')}{page}"
    store = ""
    if not tracking_place.is_standard(uri):
        store = f" --backend-store-uri {shlex.quote(masked(uri))}"
    # The mlflow beside this Python, which need not be the one on the PATH, if any is.
    command = Path(sys.executable).parent / "mlflow"
    if shutil.which("mlflow") == str(command):
        command = Path("mlflow")
    elif command.is_relative_to(Path.cwd()):
        command = command.relative_to(Path.cwd())
    # MLflow's own command knows nothing of what is set at the top of this module.
    start = f"DO_NOT_TRACK=true {shlex.quote(str(command))} ui --workers 1{store}"
    return f"{start}   then open http://127.0.0.1:5000{page}"


def _create_whole(uri: str) -> None:
    """Make a database file that is not there yet under another name, and move it into place.

    MLflow makes its tables one by one: where that is cut short, by a kill or a full disk, it can
    neither use them nor make the others.
    """
    path = tracking_place.local(uri)
    if path is None:
        if tracking_place.keeps_in_folder(uri):
            tracking_place.make_tables(uri)
        return
    if path.exists() and path.stat().st_size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # of a process that was killed
    try:
        tracking_place.make_tables(tracking_place.database(part))
        part.replace(path)
    finally:
        for name in (part.name, f"{part.name}-journal"):
            part.with_name(name).unlink(missing_ok=True)


def _program() -> databases.Program:
    """MLflow as a program that keeps its own tables in databases."""
    import mlflow

    return databases.Program(
        name="MLflow",
        version=mlflow.__version__,
        package="mlflow",
        what="MLflow store",
        table="experiments",
        scripts=Path(mlflow.__file__).parent / "store/db_migrations",
        upgrade="mlflow db upgrade {}",
        setting="tracking.uri",
    )


def _version_trouble(uri: str) -> str | None:
    """What is to be done about a database of another version of MLflow's; None for others."""
    return None if uri.startswith(SERVER) else databases.version_trouble(_program(), uri)


def _demand_in_place(uri: str, client: Any, experiment: Any) -> None:
    """Raises UserError where the files of an experiment's runs are in another folder."""
    location, runs = str(experiment.artifact_location), tracking_place.some_runs
    tracking_place.demand_in_place(uri, location, lambda: runs(client, experiment.experiment_id))


def quieten() -> None:
    """Let MLflow, which sets its levels when it is imported, say what is wrong and no more."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # What it tells of a full disk, with a traceback, it raises as well.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)


def where(uri: str | None) -> str:
    """A tracking URI, or MLflow's own choice for None, as it reads from any working directory."""
    chosen = tracking_place.chosen(uri)
    local = tracking_place.local(chosen)
    return chosen if local is None else tracking_place.database(local.absolute())


def _lock_path(uri: str) -> Path:
    local = uri.startswith("sqlite:")
    key = hashlib.sha256(f"{Path.cwd() if local else ''}|{uri}".encode()).hexdigest()[:16]
    return locks() / f"mlflow-{key}.lock"


def _clean(value: object) -> str:
    """A value as text that a store can hold: no lone surrogates, which stand for no character."""
    return str(value).encode("utf-8", "backslashreplace").decode()


def _sources(tags: Mapping[str, object]) -> tuple[str, ...]:
    """Where a job's pictures and weights are: two folders make two jobs of one config."""
    return tuple(_clean(tags.get(key, ""))[:_LONGEST_TAG] for key in _SOURCES)


def _number(sweep: Any) -> int:
    """Which sweep of its store it is; 0 for those from before this was told."""
    number = sweep.data.tags.get(_SWEEP_NUMBER, "")
    return int(number) if number.isdecimal() else 0


def _shortly(error: BaseException) -> str:
    """What an error says first, passwords hidden."""
    return first_line(error)[:300]
