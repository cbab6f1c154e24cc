"""Sweeps on Ray and on Slurm. Hydra imports this at each start, so it must stay light.

Hydra's own launcher for Ray refuses to connect to a cluster that runs, and its launcher for Slurm
gives up at the first job that was lost and leaves the others running after Ctrl-C. These two hand
the jobs to the same engines, run a lost one once more, and say what became of each as it ends.
"""

import contextlib
import io
import os
import socket
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from facetrack.core.errors import UserError
from facetrack.system import json_lines
from facetrack.system.masking import first_line
from facetrack.system.ray_cluster import connected, environment
from facetrack.tasks.sweep import session
from hydra_plugins.facetrack_sweeper import failed

_LOST = "its worker was lost, twice"
_LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Job:
    """A job of a sweep on its way to another process, with all that it takes to run it there."""

    number: int
    overrides: Sequence[str]
    context: HydraContext
    config: DictConfig
    task: TaskFunction
    singletons: Mapping[type, Singleton]
    folder: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Told:
    """What a job printed, and its results for scripts (see facetrack/system/json_lines.py)."""

    text: str
    results: Sequence[str] = ()


# What a job told, and what it returned; None for one that was lost twice.
Result = tuple[Told, JobReturn] | None


class _ElsewhereLauncher(Launcher):
    """Runs each job in another process."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what a job needs. Called by Hydra."""
        self._context, self._task, self._config = hydra_context, task_function, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run the jobs; their returns, in the same order. Called by the sweeper."""
        setup_globals()
        jobs = [
            Job(
                number=number,
                overrides=list(overrides),
                context=self._context,
                config=self._config,
                task=self._task,
                singletons=Singleton.get_state(),
                folder=str(Path.cwd()),
                environment=environment(),
            )
            for number, overrides in enumerate(job_overrides, initial_job_idx)
        ]
        returns: dict[int, JobReturn] = {}
        # Closed however it ends: what has been handed to the engine ends with it.
        with contextlib.closing(self._results(jobs)) as results:
            for job, result in results:
                if result is None:
                    failure = session.Failure(f"{' '.join(job.overrides)}: {_LOST}")
                    result = _failed(failure)
                told, returns[job.number] = result
                session.job_ended(told.text)
                json_lines.pass_on(told.results)
        return [returns[job.number] for job in jobs]

    def _results(self, jobs: Sequence[Job]) -> Generator[tuple[Job, Result], None, None]:
        """Each job with its result, as they end."""
        raise NotImplementedError


class RayLauncher(_ElsewhereLauncher):
    """Jobs as tasks of a Ray cluster (see ray_cluster.py). num_cpus: what each sets aside."""

    def __init__(self, num_cpus: float) -> None:
        self._num_cpus = num_cpus

    def _results(self, jobs: Sequence[Job]) -> Generator[tuple[Job, Result], None, None]:
        with connected() as ray:
            remote = ray.remote(num_cpus=self._num_cpus, max_retries=1)(run)
            waiting = {remote.remote(job): job for job in jobs}
            while waiting:
                (ended,), _ = ray.wait(list(waiting), num_returns=1)
                job = waiting.pop(ended)
                try:
                    yield job, ray.get(ended)
                except ray.exceptions.RayTaskError:
                    raise  # a defect, not a loss
                except ray.exceptions.RayError:
                    yield job, None


class SubmititLauncher(_ElsewhereLauncher):
    """Jobs as jobs of Slurm.

    cluster: submitit's executor, slurm or local. folder: for its logs. parameters: submitit's;
    None for its own choice.
    """

    def __init__(self, cluster: str, folder: str, **parameters: Any) -> None:
        self._cluster, self._folder, self._parameters = cluster, folder, parameters

    def executor(self) -> Any:
        """submitit's executor. Raises UserError where Slurm is not here, or has no such setting."""
        import submitit

        try:
            executor = submitit.AutoExecutor(folder=self._folder, cluster=self._cluster)
            executor.update_parameters(
                **{
                    key: OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
                    for key, value in self._parameters.items()
                }
            )
        except (NameError, AssertionError, RuntimeError, ValueError) as error:
            raise UserError(
                f"hydra/launcher=submitit_slurm cannot be used: {first_line(error)}"
            ) from error
        return executor

    def _results(self, jobs: Sequence[Job]) -> Generator[tuple[Job, Result], None, None]:
        import submitit

        executor = self.executor()
        waiting = list(zip(jobs, executor.map_array(run, jobs), strict=True))
        once = {job.number for job in jobs}  # those that have not been lost yet
        try:
            while waiting:
                for job, submitted in [one for one in waiting if one[1].done()]:
                    waiting.remove((job, submitted))
                    result: Result = None
                    try:
                        result = submitted.result()
                    except submitit.core.utils.FailedJobError:
                        raise  # a defect, not a loss
                    except submitit.core.utils.UncompletedJobError:
                        if job.number in once:
                            once.remove(job.number)
                            waiting.append((job, executor.submit(run, job)))
                            continue
                    yield job, result
                if waiting:
                    time.sleep(_LOOK_EVERY_SECONDS)
        finally:
            for _, submitted in waiting:
                submitted.cancel()


def run(job: Job) -> tuple[Told, JobReturn]:
    """Run one job in this process; what it printed, and its return."""
    os.environ.update(job.environment)
    try:
        os.chdir(job.folder)
    except OSError as error:
        text = (
            f"{socket.gethostname()} has no folder {job.folder} ({error.strerror}): start the "
            "command in a folder that all machines see"
        )
        return _failed(session.Failure(text, mistake=True))
    Singleton.set_state(dict(job.singletons))
    setup_globals()
    config = job.context.config_loader.load_sweep_config(job.config, list(job.overrides))
    with open_dict(config):
        config.hydra.job.id = job.number
        config.hydra.job.num = job.number
    with contextlib.redirect_stdout(io.StringIO()) as told, json_lines.hold() as results:
        returned = run_job(
            hydra_context=job.context,
            task_function=job.task,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
    return Told(told.getvalue().rstrip("\n"), results), returned


def _failed(failure: session.Failure) -> tuple[Told, JobReturn]:
    """What a job tells and returns that could not be run."""
    with json_lines.hold() as results:
        session.tell_failed(failure)
    return Told(f"  FAILED: {failure.text}", results), failed(failure)
