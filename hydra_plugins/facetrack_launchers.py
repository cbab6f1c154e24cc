"""Sweeps on Ray and on Slurm. Hydra imports this at each start, so it must stay light.

Hydra's own launcher for Ray refuses to connect to a cluster that runs, and its launcher for Slurm
gives up at the first job that was lost and leaves the others running after Ctrl-C. These two hand
the jobs to the same engines, run a lost one once more, and say what became of each as it ends.
"""

import contextlib
from collections.abc import Generator, Sequence
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from facetrack.cli.multirun.shipped_job import (
    Program,
    Result,
    ShippedJob,
    collect,
    run_shipped,
    ship,
)
from facetrack.tasks.sweep.engines import run_on_ray, run_on_slurm, slurm_executor

_Ended = Generator[tuple[ShippedJob, Result | None], None, None]


class _ElsewhereLauncher(Launcher):
    """Runs each job in another process."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what a job needs. Called by Hydra."""
        self._program = Program(hydra_context, config, task_function)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run the jobs; their returns, in the same order. Called by the sweeper."""
        jobs = ship(self._program, job_overrides, initial_job_idx)
        # Closed however it ends: what has been handed to the engine ends with it.
        with contextlib.closing(self._run(jobs)) as ended:
            return collect(ended)

    def _run(self, jobs: Sequence[ShippedJob]) -> _Ended:
        """Each job with its result, as they end."""
        raise NotImplementedError


class RayLauncher(_ElsewhereLauncher):
    """Jobs as tasks of a Ray cluster (see ray_cluster.py). num_cpus: what each sets aside."""

    def __init__(self, num_cpus: float) -> None:
        self._num_cpus = num_cpus

    def _run(self, jobs: Sequence[ShippedJob]) -> _Ended:
        return run_on_ray(run_shipped, jobs, self._num_cpus)


class SubmititLauncher(_ElsewhereLauncher):
    """Jobs as jobs of Slurm. cluster, folder, parameters: see `slurm_executor`."""

    def __init__(self, cluster: str, folder: str, **parameters: Any) -> None:
        self._cluster, self._folder, self._parameters = cluster, folder, parameters

    def executor(self) -> Any:
        """submitit's executor. Raises UserError where Slurm is not here, or has no such setting."""
        plain = {
            key: OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
            for key, value in self._parameters.items()
        }
        return slurm_executor(self._cluster, self._folder, plain)

    def _run(self, jobs: Sequence[ShippedJob]) -> _Ended:
        return run_on_slurm(run_shipped, jobs, self.executor())
