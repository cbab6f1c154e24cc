"""Runs in MLflow.

MlflowClient with explicit run ids throughout: nothing depends on an "active run", so threads,
processes and machines do not collide. A sweep's jobs find their parent run by the tag `sweep`.
"""

import contextlib
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from facetrack.core.artifacts import Artifact
from facetrack.core.errors import UserError
from facetrack.system import temporary
from facetrack.system.home import find_home
from facetrack.system.masking import mask
from facetrack.system.processes import mine
from facetrack.system.sqlite_files import local
from facetrack.tracking import answers, keys, links, place, sweeps, system_metrics, upkeep
from facetrack.tracking.address import NOWHERE
from facetrack.tracking.experiment import open_experiment
from facetrack.tracking.marks import read_mark
from facetrack.tracking.null import NullStore
from facetrack.tracking.protocols import Run, Tracking
from facetrack.tracking.reading import read_job, read_run
from facetrack.tracking.records import JobRecord, RunRecord, SweepRecord
from facetrack.tracking.runs import MlflowRun, create_run
from facetrack.tracking.server import AGAIN, Access, guard
from facetrack.tracking.values import in_short, is_plain_id

# Kinds of which one run is all there is to a command.
_ALONE = ("job", "organise", "verification", "comparison", "knn", "accessories")
# Parent runs by store, experiment and sweep.
_parents: dict[tuple[str, str, str], str] = {}
# The same of sweeps that this process has begun: which configs of their jobs it has finished. Of
# these it need not ask the store, for one process at a time runs a sweep.
_begun: dict[tuple[str, str, str], set[tuple[str, ...]]] = {}


def open_store(
    uri: str | None, experiment: str, *, patient: bool = False, alone: bool = False
) -> Tracking:
    """Where runs are kept: in MLflow, or nowhere with the URI `NOWHERE`.

    alone: whether the run is a single job's, which can do without. Otherwise as of `MlflowStore`.
    """
    if uri == NOWHERE and alone:
        return NullStore()
    return MlflowStore(uri, experiment, patient=patient)


def open_store_once(uri: str | None, experiment: str, sweep_id: str) -> Tracking:
    """The store of a sweep, for one of its jobs: the jobs of a process share it.

    Raises UserError where it cannot be used. A server is looked for again by each job.
    """
    path = None if uri == NOWHERE else local(place.choose_uri(uri))
    if path is None:
        return MlflowStore(uri, experiment, patient=True)
    key = (path.absolute(), experiment, sweep_id)
    if key not in _shared or not path.exists():
        _shared.clear()
        _shared[key] = MlflowStore(uri, experiment, patient=True)
    return _shared[key]


class MlflowStore:
    """An open experiment in an MLflow store; its methods are documented in `Tracking`.

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
        self._access = Access(uri, patient=patient)
        self.uri = self._access.uri
        self.experiment = open_experiment(self._access, experiment, patient=patient)
        self._client = self.experiment.client
        self._files: dict[str, Path | None] = {}  # by run, where they are on this machine
        upkeep.close_orphans_once(self.experiment)

    def working(self, then: str) -> contextlib.AbstractContextManager[None]:
        """Raises UserError where the store stops working within; see `Tracking.working`."""
        return self._access.working(then)

    def measuring(self, run: Run) -> contextlib.AbstractContextManager[None]:
        """Within, the run gets MLflow's system metrics."""
        return system_metrics.measure(self.uri, run.run_id)

    @contextlib.contextmanager
    def run(
        self, name: str, tags: Mapping[str, object], run_id: str | None = None
    ) -> Iterator[Run]:
        """A run that ends FINISHED; FAILED with its traceback as artifact; or KILLED."""
        with self.working(AGAIN):
            run = self.start(name, tags) if run_id is None else self.reopen(run_id, tags)
        try:
            with self.working(AGAIN):
                yield run
        except Exception as error:
            mistake = isinstance(error, UserError) and not isinstance(error, answers.Unkept)
            alone = run_id is None and tags.get(keys.KIND) in _ALONE and not tags.get(keys.SWEEP)
            if not (mistake and alone and upkeep.take_back(self.experiment, run.run_id)):
                self.give_up(run, error)
            raise
        except BaseException:
            with contextlib.suppress(Exception):
                run.end("KILLED")
            raise
        with self.working(AGAIN):
            run.end("FINISHED")
        if (finished := _begun.get(self._key(str(tags.get(keys.SWEEP))))) is not None:
            finished.add(sweeps.name_config(tags))

    def give_up(self, run: Run, error: BaseException | None = None) -> None:
        """End a run as FAILED, if the store takes it: another error is the one to report."""
        if self._access.has_failed:
            return  # each attempt to say so there would take minutes
        if error is not None:
            with contextlib.suppress(Exception):
                run.tags({keys.ERROR: in_short(error)})
                said = mask(traceback.format_exc())
                run.artifacts([Artifact("traceback.txt", said, shows_people=False)])
        with contextlib.suppress(Exception):
            run.end("FAILED")

    @guard
    def start(self, name: str, tags: Mapping[str, object]) -> MlflowRun:
        """A new run, nested below its sweep's parent where `tags` name a sweep."""
        own = {keys.NAME: name, keys.SOURCE: "facetrack", keys.PROCESS: mine()}
        return create_run(self.experiment, {**own, **self._nest(tags)})

    @guard
    def reopen(self, run_id: str, tags: Mapping[str, object]) -> MlflowRun:
        """An earlier run, running again."""
        self._client.update_run(run_id, status="RUNNING")
        run = MlflowRun(self._client, run_id, again=True)
        run.tags({**self._nest(tags), keys.PROCESS: mine()})
        return run

    def open_line(self) -> str:
        """What to do to look at the experiment."""
        return links.open_line(self.uri, self.experiment.id)

    def where_line(self) -> str:
        """Where a job's results are, for the end of what it prints."""
        return f"Everything is in MLflow: {self.open_line()}"

    @guard
    def has_run(self, run_id: str) -> bool:
        """Whether a run is here, and not deleted."""
        return self._active(run_id) is not None

    @guard
    def kill(self, run_id: str) -> None:
        """Mark a run that its process left running."""
        run = self._active(run_id)
        if run is not None and run.info.status == "RUNNING":
            self._client.set_terminated(run_id, "KILLED")

    @guard
    def kept(self, run_id: str) -> JobRecord | None:
        """A job's or study's run; None where it is not here, or deleted."""
        run = self._active(run_id)
        return None if run is None else read_job(run)

    @guard
    def find(self, name: str) -> RunRecord | None:
        """A run of any kind by its id, or a sweep's parent run by the sweep's; None for none."""
        if not is_plain_id(name):
            return None
        parents = sweeps.search_parents(self.experiment, name)
        run = parents[-1] if parents else self._active(name)
        return None if run is None else read_run(run)

    @guard
    def again(self, reproduces: str) -> JobRecord | None:
        """The run with this tag `reproduces`, the last of them; None where there is none."""
        found = self.experiment.search(f"tags.{keys.REPRODUCES} = '{reproduces}'")
        return read_job(found[-1]) if found else None

    @guard
    def history(self, run_id: str, key: str) -> list[float]:
        """A metric's values in the order of their steps."""
        points = self._client.get_metric_history(run_id, key)
        return [point.value for point in sorted(points, key=lambda point: int(point.step))]

    def artifact(self, run_id: str, name: str) -> bytes:
        """A file that a run has logged. Raises UserError where there is none."""
        from mlflow.exceptions import MlflowException

        try:
            if (here := self._find_files(run_id)) is not None:
                return (here / name).read_bytes()  # MLflow would ask for the run twice
            with temporary.folder(find_home()) as folder:
                return Path(self._client.download_artifacts(run_id, name, str(folder))).read_bytes()
        except (MlflowException, OSError) as error:
            raise UserError(f"its run has no {name} ({in_short(error)})") from error

    @guard
    def start_sweep(
        self, sweep_id: str, overrides: Sequence[str], hydra_overrides: Sequence[str]
    ) -> MlflowRun:
        """A sweep's new parent run, which keeps what the sweep was started with."""
        tags = sweeps.describe_new(self.experiment, sweep_id, overrides, hydra_overrides)
        run = self.start(str(tags[keys.NAME]), tags)
        if not self._access.is_server:  # which other machines ask as well
            _begun[self._key(sweep_id)] = set()
        return run

    @guard
    def sweep(self, sweep_id: str) -> MlflowRun | None:
        """A sweep's parent run, running again; its jobs that never ended are marked KILLED."""
        parents = sweeps.search_parents(self.experiment, sweep_id)
        _begun.pop(self._key(sweep_id), None)
        if not parents:
            return None
        self.close_left(sweep_id, "KILLED")
        run_id, marked = parents[0].info.run_id, read_mark(parents[0].data.tags)
        run = MlflowRun(self._client, run_id, again=True, showing=marked)
        run.tags({keys.PROCESS: mine()})
        self._client.update_run(run_id, status="RUNNING")
        return run

    @guard
    def close_left(self, sweep_id: str, status: str) -> None:
        """End the runs of a sweep's jobs that their processes left running."""
        sweeps.close_left(self.experiment, sweep_id, status)

    @guard
    def last_begun(self, sweep_id: str) -> int:
        """The highest number among a sweep's jobs; -1 where none has begun."""
        jobs = map(read_job, sweeps.search_jobs(self.experiment, sweep_id))
        return max((job.number for job in jobs if job.number is not None), default=-1)

    @guard
    def resumable(self, sweep_id: str | None) -> SweepRecord:
        """A sweep to go on with; the last one that is not finished where None is given."""
        return sweeps.choose_sweep(self.experiment, sweep_id)

    @guard
    def finished(self, sweep_id: str, tags: Mapping[str, object]) -> bool:
        """Whether a sweep has a finished job of this config. tags: of the job that asks."""
        known = _begun.get(self._key(sweep_id))
        if known is not None:
            return sweeps.name_config(tags) in known
        return sweeps.has_finished(self.experiment, sweep_id, tags)

    @guard
    def jobs(self, sweep_id: str) -> list[JobRecord]:
        """A sweep's jobs, one per config, in the order they were started."""
        found = sweeps.search_jobs_by_config(self.experiment, sweep_id)
        for run in found:
            self._files[run.info.run_id] = place.path_of(str(run.info.artifact_uri))
        return [read_job(run) for run in found]

    def _find_files(self, run_id: str) -> Path | None:
        """The folder of a run's files, where that is on this machine."""
        if run_id not in self._files:
            location = self._client.get_run(run_id).info.artifact_uri
            self._files[run_id] = place.path_of(str(location))
        return self._files[run_id]

    def _active(self, run_id: str) -> Any | None:
        """A run as MLflow has it; None where it is not here, or deleted."""
        from mlflow.exceptions import MlflowException

        try:
            run = self._client.get_run(run_id)
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise  # it may be there: nobody could look
            return None
        return run if str(run.info.lifecycle_stage) == "active" else None

    def _nest(self, tags: Mapping[str, object]) -> dict[str, object]:
        """Tags with the parent run of their sweep, where they name one."""
        if tags.get(keys.SWEEP) and tags.get(keys.KIND) != "sweep":
            parent = self._find_parent(str(tags[keys.SWEEP]))
            if parent is not None:
                return {**tags, keys.PARENT: parent}
        return dict(tags)

    def _find_parent(self, sweep_id: str) -> str | None:
        """The id of a sweep's parent run, searched for once by each process that runs its jobs.

        A run is had by its id at once; a search looks at all runs of the store.
        """
        key = self._key(sweep_id)
        if key not in _parents or self._active(_parents[key]) is None:
            parents = sweeps.search_parents(self.experiment, sweep_id)
            if not parents:
                return None
            _parents[key] = str(parents[0].info.run_id)
        return _parents[key]

    def _key(self, sweep_id: str) -> tuple[str, str, str]:
        return self.uri, self.experiment.id, sweep_id


# By place, experiment and sweep: the store of the sweep whose jobs this process runs.
_shared: dict[tuple[Path, str, str], MlflowStore] = {}
