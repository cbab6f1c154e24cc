"""A launcher that goes on when the processes it shares jobs out to are lost."""

from collections.abc import Sequence

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from facetrack.tasks.sweep import session
from facetrack.tasks.sweep.failure import Failure
from facetrack.tasks.sweep.launching import launch_all


class PersistentLauncher(Launcher):
    """Another launcher, which has been set up, and all its jobs come back from."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """The launcher has been set up."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run the jobs; their returns, in the same order. Called by the sweeper."""
        now = session.current()
        returns = launch_all(
            self._launcher.launch, job_overrides, initial_job_idx, now, make_return
        )
        for job in returns:
            now.take_return(job.return_value)
        return returns


def make_return(failure: Failure) -> JobReturn:
    """What a launcher returns of a job that could not say so itself."""
    returned = JobReturn(status=JobStatus.COMPLETED)
    returned.return_value = failure
    return returned
