"""Hydra's basic sweeper, for sweeps over choices that do not have the same settings.

Hydra alone would refuse to give k-means an eps (see facetrack/tasks/sweep/combinations.py). A
plugin must live in a package of this name; Hydra imports it at each start, so it must stay light.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from facetrack.cli.multirun.persistent import PersistentLauncher
from facetrack.cli.multirun.plan import Choices, plan_jobs
from facetrack.system.masking import mask_within
from facetrack.tasks.sweep import session
from facetrack.tasks.sweep.launching import one_of_each_kind


class FacetrackSweeper(BasicSweeper):
    """The product of all swept values, without settings that a job's choices do not have."""

    def split_arguments(  # type: ignore[override] # Hydra calls it on the instance
        self, overrides: list[Override], max_batch_size: int | None
    ) -> list[list[list[str]]]:
        """The jobs' overrides, in batches. Called by Hydra."""
        assert self.hydra_context is not None
        assert self.config is not None
        # Hydra puts the params of an experiment before what is typed.
        choices = Choices(self.hydra_context.config_loader, self.config)
        plan = plan_jobs(overrides, choices, untyped=len(self.params or {}))
        session.current().announce(plan.jobs, plan.left_out)
        return list(self.split_overrides_to_chunks(plan.jobs, max_batch_size))

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make the launcher. Called by Hydra."""
        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)
        assert self.launcher is not None
        self.launcher = PersistentLauncher(self.launcher)

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """See that each kind of job can be composed, before the first runs. Called by Hydra.

        Hydra would compose every job, which takes a tenth of the time of a sweep of small jobs.
        """
        assert self.hydra_context is not None
        options = functools.cache(self.hydra_context.config_loader.get_group_options)
        super().validate_batch_is_legal(one_of_each_kind(batch, lambda key: bool(options(key))))

    def get_job_batch(self) -> Sequence[Sequence[str]]:
        """The next jobs' overrides. Called by Hydra, after it has written down the sweep."""
        assert self.config is not None
        written = Path(self.config.hydra.sweep.dir) / "multirun.yaml"
        if self.batch_index == 0 and written.exists():
            told = mask_within(OmegaConf.to_container(OmegaConf.load(written)))
            written.write_text(OmegaConf.to_yaml(told), encoding="utf-8")
        batch: Sequence[Sequence[str]] = super().get_job_batch()
        return batch
