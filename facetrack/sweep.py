"""The parent run of a multirun: opened before its jobs, summed up after them.

Opened by a Hydra callback (see `hydra.callbacks` in conf/config.yaml). Light to import: worker
processes import the command line, and with it this module.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from facetrack.errors import UserError, refuse
from facetrack.progress import bar, say

if TYPE_CHECKING:
    from facetrack.tracking import Run, Tracking


@dataclass
class _Open:
    """The sweep this process started."""

    sweep_id: str
    folder: Path
    overrides: list[str]
    total: int
    tracking: "Tracking"
    run: "Run"
    bar: Any
    started: float = field(default_factory=time.monotonic)
    failures: list[Exception] = field(default_factory=list)


_open: _Open | None = None
_exit_status = 0


class Sweep(Callback):
    """Opens the parent run at the start of a multirun, and counts its jobs."""

    def on_multirun_start(self, config: DictConfig, **_: object) -> None:
        """Create the parent run; its jobs will find it by the sweep id."""
        from facetrack.tracking import KIND, SWEEP, Tracking

        global _open
        overrides = [one for one in config.hydra.overrides.task if not one.startswith("sweep_id=")]
        try:
            tracking = Tracking(config.tracking.uri, config.tracking.experiment)
        except UserError as error:
            # Hydra turns a callback's exceptions into warnings; this one must end the program.
            raise SystemExit(refuse(str(error))) from error
        sweep_id = str(config.sweep_id)
        run = tracking.start(
            f"sweep {' '.join(overrides)}"[:200],
            {KIND: "sweep", SWEEP: sweep_id, "overrides": " ".join(overrides)},
        )
        total = _count(overrides)
        say(f"{total} jobs; their runs and a summary go to MLflow as sweep {sweep_id}")
        jobs = bar(total=total, description="Jobs", unit="job")
        folder = Path(config.hydra.sweep.dir)
        _open = _Open(sweep_id, folder, overrides, total, tracking, run, jobs)

    def on_job_end(self, config: DictConfig, job_return: Any, **_: object) -> None:
        """Move the bar on."""
        del config, job_return
        if _open is not None:
            _open.bar.update()


def guarded(task: Callable[[DictConfig], None], config: DictConfig) -> str | None:
    """Run one job of a sweep; a failure is told and remembered, and the sweep goes on.

    Its run in MLflow has the traceback. Returns the error's text, or None.
    """
    try:
        task(config)
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        say(f"  FAILED: {text}")
        if _open is not None:
            _open.failures.append(error)
        return text
    return None


def abandon(status: str) -> None:
    """Close a sweep that did not get to its end, as far as it still can be closed."""
    with contextlib.suppress(Exception):  # what ended the sweep is the error to report
        close(status)


def exit_status() -> int:
    """0 when every job finished, 2 when only users' mistakes kept some from it, else 1."""
    return _exit_status


def close(status: str) -> None:
    """Sum the jobs up in the parent run, in the sweep's folder and on the screen; end the parent.

    Called by the command line, not by Hydra, which would turn a full disk into a warning.
    Does nothing where no sweep is open.
    """
    from facetrack.sweep_summary import write

    global _open, _exit_status
    if _open is None:
        return
    sweep, _open = _open, None
    sweep.bar.close()
    jobs = sweep.tracking.jobs(sweep.sweep_id)
    finished = sum(job.info.status == "FINISHED" for job in jobs)
    failed = sweep.total - finished
    if failed and status == "FINISHED":
        status = "FAILED"
        mistakes = [one for one in sweep.failures if isinstance(one, UserError)]
        _exit_status = 2 if len(mistakes) == failed else 1
    try:
        if jobs:
            write(jobs, sweep.overrides, sweep.folder, sweep.run, sweep.tracking.uri)
    except BaseException:
        status = "FAILED"
        raise
    finally:
        sweep.run.end(status)
    seconds = time.monotonic() - sweep.started
    say(f"{finished} of {sweep.total} jobs finished in {seconds:.0f} s")


def _count(overrides: list[str]) -> int:
    total = 1
    for override in swept(overrides):
        total *= sum(1 for _ in override.sweep_iterator())
    return total


def swept(overrides: list[str]) -> list[Override]:
    """The overrides that take several values."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    return [one for one in parsed if one.is_sweep_override() and one.is_discrete_sweep()]
