"""The parent run of a multirun: opened before its jobs, summed up after them.

Opened by a Hydra callback (see `hydra.callbacks` in conf/config.yaml). Light to import: worker
processes import the command line, and with it this module.
"""

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli import resume, working_folder
from facetrack.core.errors import UserError
from facetrack.core.texts import counted
from facetrack.system import json_lines, stopping
from facetrack.system.progress import bar, say
from facetrack.system.terminal import refuse

working_folder.keep_as_it_is()  # here, as a worker imports this before it composes its job

if TYPE_CHECKING:
    from filelock import FileLock

    from facetrack.tracking.protocols import Run, Tracking


# What ends a command with status 2, be it one job or a sweep of them.
MISTAKES = (UserError, HydraException, OmegaConfBaseException, OSError)


@dataclass(frozen=True)
class Failure:
    """Why a job failed: what its process, which may be on another machine, returns of it.

    mistake: whether it is the user's, who can put it right.
    """

    text: str
    mistake: bool = False


@dataclass
class _Open:
    """The sweep this process started, or took up again."""

    sweep_id: str
    folder: Path
    tracking: "Tracking"
    run: "Run"
    lock: "FileLock"
    total: int = 0
    swept: list[str] = field(default_factory=list)
    bar: Any = None
    started: float = field(default_factory=time.monotonic)
    failures: list[Failure] = field(default_factory=list)


_open: _Open | None = None
_exit_status = 0


class Sweep(Callback):
    """Opens the parent run at the start of a multirun, and counts its jobs.

    Hydra calls it for a job alone as well.
    """

    def on_multirun_start(self, config: DictConfig, **_: object) -> None:
        """Create the parent run, or take it up again; its jobs will find it by the sweep id."""
        global _open
        try:
            _open = self._opened(config)
        except (UserError, OSError) as error:
            # Hydra turns a callback's exceptions into warnings; this one must end the program.
            raise SystemExit(refuse(str(error))) from error

    def _opened(self, config: DictConfig) -> _Open:
        from facetrack.tracking.store import open_store

        sweep_id = str(config.sweep_id)
        lock = resume.lock(sweep_id)
        tracking = open_store(config.tracking.uri, config.tracking.experiment)
        # As they were given: a value with a `${` in it is not looked up.
        given = OmegaConf.to_container(config.hydra.overrides)
        assert isinstance(given, dict)
        overrides = resume.own_overrides(given["task"])
        with tracking.working("run again"):
            run = tracking.sweep(sweep_id) or tracking.start_sweep(
                sweep_id, overrides, resume.own_overrides(given["hydra"])
            )
        return _Open(sweep_id, Path(config.hydra.sweep.dir), tracking, run, lock)

    def on_job_end(self, config: DictConfig, job_return: Any, **_: object) -> None:
        """Move the bar on."""
        del config, job_return
        _move_on()


def _move_on() -> None:
    # In the process of a launcher's worker no sweep is open.
    if _open is not None and _open.bar is not None:
        _open.bar.update()


def announce(jobs: Sequence[Sequence[str]], left_out: Mapping[str, Sequence[str]]) -> None:
    """Say what is going to run. Called by the sweeper.

    jobs: each job's overrides. left_out: by setting, the choices that do not have it.
    """
    if _open is None:
        return
    _open.total = len(jobs)
    values: dict[str, set[str]] = {}
    for job in jobs:
        for key, _, value in (one.lstrip("+").partition("=") for one in job):
            values.setdefault(key, set()).add(value)
    _open.swept = [key for key, taken in values.items() if len(taken) > 1]
    jobs_in_all = counted(len(jobs), "job")
    say(f"{jobs_in_all}; their runs and a summary go to MLflow as sweep {_open.sweep_id}")
    for setting, choices in left_out.items():
        say(f"  {setting} has no meaning for {', '.join(choices)}, which run without it")
    _open.bar = bar(total=len(jobs), description="Jobs", unit="job")


def guarded(task: Callable[[DictConfig], None], config: DictConfig) -> Failure | None:
    """Run one job of a sweep; a failure is told and returned, and the sweep goes on.

    Its run in MLflow has the traceback. Runs in whatever process the launcher gives the job.
    """
    try:
        task(config)
    except BrokenPipeError:
        raise  # nobody reads what is said of it either
    except Exception as error:
        if stopping.asked():  # that is what a signal has interrupted
            raise KeyboardInterrupt from error
        said = " ".join(str(error).split()) or type(error).__name__
        failure = Failure(f"{_job()}: {said}", mistake=isinstance(error, MISTAKES))
        say(f"  FAILED: {failure.text}")
        tell_failed(failure)
        return failure
    return None


def tell_failed(failure: Failure) -> None:
    """Give a job's failure as its result (see json_lines.py)."""
    json_lines.tell("job", status="FAILED", error=failure.text, mistake=failure.mistake)


def _job() -> str:
    """What makes this process's job what it is: its overrides."""
    own = resume.own_overrides(HydraConfig.get().overrides.task)
    return " ".join(re.sub(r"=choice\((.*)\)$", r"=\1", one) for one in own)


def job_ended(told: str) -> None:
    """Say what a job printed in another process, and move the bar on. Called by launchers."""
    say(told)
    _move_on()


def returned(value: object) -> None:
    """Remember what a job returned. Called by the sweeper, for each that was launched."""
    if _open is not None and isinstance(value, Failure):
        _open.failures.append(value)


def lost() -> int:
    """Close the runs of jobs whose process is gone, as FAILED.

    Returns the number of the last job that had begun, -1 for none. Called by the sweeper when
    no job runs.
    """
    if _open is None:
        return -1
    _open.tracking.close_left(_open.sweep_id, "FAILED")
    return _open.tracking.last_begun(_open.sweep_id)


def abandon(status: str) -> None:
    """Close a sweep that did not get to its end, as far as it still can be closed."""
    with contextlib.suppress(Exception):  # what ended the sweep is the error to report
        close(status)


def how_to_resume() -> str:
    """The command that goes on with the sweep that is open; empty where none is."""
    return "" if _open is None else f"python -m facetrack resume={_open.sweep_id}"


def exit_status() -> int:
    """0 when every job finished, 2 when only users' mistakes kept some from it, else 1."""
    return _exit_status


def close(status: str) -> None:
    """Sum the jobs up in the parent run, in the sweep's folder and on the screen; end the parent.

    Called by the command line, not by Hydra, which would turn a full disk into a warning.
    Does nothing where no sweep is open.
    """
    global _open, _exit_status
    if _open is None:
        return
    from facetrack.tasks.sweep import tsne_pages
    from facetrack.tasks.sweep.summary import write
    from facetrack.tasks.tune import summary
    from facetrack.tracking.records import StudyRecord

    resume_line = how_to_resume()
    sweep, _open = _open, None
    if sweep.bar is not None:
        sweep.bar.close()
    try:
        with sweep.tracking.working(f"`{resume_line}` with the same tracking"):
            # A job's process that was killed could not close its run.
            left = "KILLED" if status == "KILLED" else "FAILED"
            sweep.tracking.close_left(sweep.sweep_id, left)
            jobs = sweep.tracking.jobs(sweep.sweep_id)
            finished = sum(job.status == "FINISHED" for job in jobs)
            failed = len(sweep.failures)
            if status == "FINISHED":
                # A job that was done before, or is the same as another one, counts as finished.
                finished = sweep.total - failed
            if failed and status == "FINISHED":
                status = "FAILED"
                _exit_status = 2 if all(one.mistake for one in sweep.failures) else 1
            studies = [job for job in jobs if isinstance(job, StudyRecord)]
            if jobs and len(studies) == len(jobs):
                summary.write(studies, sweep.folder, sweep.run, sweep.tracking)
            elif jobs:
                write(jobs, sweep.swept, sweep.folder, sweep.run, sweep.tracking)
                if status != "KILLED":  # who pressed Ctrl-C waits for no thumbnails
                    tsne_pages.write(jobs, sweep.folder, sweep.run, sweep.tracking)
            sweep.run.end(status)
    except BaseException:
        sweep.tracking.give_up(sweep.run)
        raise
    finally:
        sweep.lock.release()
    seconds = time.monotonic() - sweep.started
    json_lines.tell(
        "sweep",
        status=status,
        sweep=sweep.sweep_id,
        run=sweep.run.run_id,
        finished=finished,
        jobs=sweep.total,
        folder=sweep.folder,
    )
    say(f"{finished} of {sweep.total} jobs finished in {seconds:.0f} s")
    if jobs and status == "FAILED":  # who stops a sweep is told so at the end
        say(f"To run the others: {resume_line}")
