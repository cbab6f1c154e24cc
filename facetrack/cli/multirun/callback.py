"""Hydra's callback that opens a sweep before its jobs (see `hydra.callbacks` in conf/config.yaml).

Light to import: each worker process imports it before it composes its job.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from facetrack.cli import working_folder
from facetrack.cli.multirun.summaries import summarise
from facetrack.core.errors import UserError
from facetrack.system.terminal import refuse
from facetrack.tasks.context.own_overrides import keep_own_overrides
from facetrack.tasks.sweep import session
from facetrack.tasks.sweep.open_sweep import Command, OpenSession, open_session

if TYPE_CHECKING:
    from facetrack.tracking.protocols import Tracking

working_folder.keep_as_it_is()  # in workers, where no command line has done it


class SweepCallback(Callback):
    """Opens the session at the start of a multirun, and tells it of the jobs.

    The command line closes it: Hydra would turn a full disk into a warning. Hydra calls this for a
    job alone as well, where no session is open.
    """

    def on_multirun_start(self, config: DictConfig, **_: object) -> None:
        """Create the parent run, or take it up again; its jobs will find it by the sweep id."""
        try:
            session.begin(_open(config))
        except (UserError, OSError) as error:
            # Hydra turns a callback's exceptions into warnings; this one must end the program.
            raise SystemExit(refuse(str(error))) from error

    def on_job_end(self, config: DictConfig, job_return: Any, **_: object) -> None:
        """Move the bar on."""
        del config, job_return
        session.current().job_ended()


def _open(config: DictConfig) -> OpenSession:
    # As they were given: a value with a `${` in it is not looked up.
    given = OmegaConf.to_container(config.hydra.overrides)
    assert isinstance(given, dict)

    def tracking() -> "Tracking":
        from facetrack.tracking.store import open_store

        return open_store(config.tracking.uri, config.tracking.experiment)

    return open_session(
        str(config.sweep_id),
        Path(config.hydra.sweep.dir),
        tracking,
        Command(
            keep_own_overrides(given["task"]),
            keep_own_overrides(given["hydra"]),
            config.get("reproduces"),
        ),
        functools.partial(summarise, reproduces=config.get("reproduces")),
    )
