"""A job of a sweep on its way to another process and back."""

import contextlib
import io
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, setup_globals
from hydra.core.utils import run_job as run_by_hydra
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from facetrack.cli.multirun.persistent import make_return
from facetrack.system import json_lines
from facetrack.system.ray_cluster import environment
from facetrack.tasks.sweep import session
from facetrack.tasks.sweep.failure import Failure


@dataclass(frozen=True)
class Program:
    """What all jobs of a sweep have in common: Hydra's state, the config, and the task."""

    context: HydraContext
    config: DictConfig
    task: TaskFunction


@dataclass(frozen=True)
class ShippedJob:
    """A job with all that it takes to run it in another process."""

    number: int
    overrides: Sequence[str]
    program: Program
    singletons: Mapping[type, Singleton]
    folder: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """What a job printed, its results for scripts (see json_lines.py), and what it returned."""

    text: str
    results: Sequence[str]
    returned: JobReturn


def ship(program: Program, jobs: Sequence[Sequence[str]], start: int) -> list[ShippedJob]:
    """Jobs as they are sent. jobs: each one's overrides. start: the number of the first."""
    setup_globals()
    return [
        ShippedJob(
            number=number,
            overrides=list(overrides),
            program=program,
            singletons=Singleton.get_state(),
            folder=str(Path.cwd()),
            environment=environment(),
        )
        for number, overrides in enumerate(jobs, start)
    ]


def run_shipped(job: ShippedJob) -> Result:
    """Run a job in this process, which was started for it."""
    os.environ.update(job.environment)
    try:
        os.chdir(job.folder)
    except OSError as error:
        text = (
            f"{socket.gethostname()} has no folder {job.folder} ({error.strerror}): start the "
            "command in a folder that all machines see"
        )
        return _fail(Failure(text, mistake=True))
    Singleton.set_state(dict(job.singletons))
    setup_globals()
    program = job.program
    config = program.context.config_loader.load_sweep_config(program.config, list(job.overrides))
    with open_dict(config):
        config.hydra.job.id = job.number
        config.hydra.job.num = job.number
    with contextlib.redirect_stdout(io.StringIO()) as told, json_lines.hold() as results:
        returned = run_by_hydra(
            hydra_context=program.context,
            task_function=program.task,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
    return Result(told.getvalue().rstrip("\n"), results, returned)


def collect(ended: Iterable[tuple[ShippedJob, Result | None]]) -> list[JobReturn]:
    """What jobs return, in the order of their numbers; what each printed is said as it ends.

    ended: each job with its result, None where its worker was lost twice.
    """
    returns: dict[int, JobReturn] = {}
    for job, result in ended:
        if result is None:
            result = _fail(Failure(f"{' '.join(job.overrides)}: its worker was lost, twice"))
        returns[job.number] = result.returned
        session.current().job_ended(result.text)
        json_lines.pass_on(result.results)
    return [returns[number] for number in sorted(returns)]


def _fail(failure: Failure) -> Result:
    """The result of a job that could not be run."""
    with json_lines.hold() as results:
        failure.give()
    return Result(failure.line, results, make_return(failure))
