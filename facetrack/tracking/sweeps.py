"""The sweeps in an experiment: their parent runs and their jobs, as MLflow has them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from facetrack.core.errors import UserError
from facetrack.core.protocol import CURRENT
from facetrack.system.masking import mask
from facetrack.tracking import keys, pieces
from facetrack.tracking.experiment import Experiment
from facetrack.tracking.reading import read_sweep
from facetrack.tracking.records import SweepRecord
from facetrack.tracking.runs import MlflowRun
from facetrack.tracking.values import as_tag, is_plain_id

_LONGEST_NAME = 200
_MOST_DIGITS = 6  # of a sweep's number


def search_parents(experiment: Experiment, sweep_id: str) -> list[Any]:
    """A sweep's parent runs: one, where nobody has made another."""
    return experiment.search(f"tags.{keys.SWEEP} = '{sweep_id}' and tags.{keys.KIND} = 'sweep'")


def search_jobs(experiment: Experiment, sweep_id: str) -> list[Any]:
    """All runs of a sweep's jobs, the earliest first."""
    return experiment.search(f"tags.{keys.SWEEP} = '{sweep_id}' and tags.{keys.KIND} != 'sweep'")


def search_jobs_by_config(experiment: Experiment, sweep_id: str) -> list[Any]:
    """A sweep's jobs, one per config: the run that finished, else the last one."""
    of_config: dict[object, Any] = {}
    for job in search_jobs(experiment, sweep_id):
        tags = job.data.tags
        config = tags.get(keys.FINGERPRINT, job.info.run_id), _sources(tags)
        if config not in of_config or of_config[config].info.status != "FINISHED":
            of_config[config] = job
    return list(of_config.values())


def has_finished(experiment: Experiment, sweep_id: str, tags: Mapping[str, object]) -> bool:
    """Whether a sweep has a finished job of this config. tags: of the job that asks."""
    found = experiment.search(
        f"tags.{keys.SWEEP} = '{sweep_id}' and tags.{keys.KIND} != 'sweep' and "
        f"tags.{keys.FINGERPRINT} = '{tags[keys.FINGERPRINT]}' and attributes.status = 'FINISHED'"
    )
    return any(_sources(run.data.tags) == _sources(tags) for run in found)


def describe_new(
    experiment: Experiment,
    sweep_id: str,
    overrides: Sequence[str],
    hydra_overrides: Sequence[str],
) -> dict[str, object]:
    """The tags of a sweep's new parent run, its name among them."""
    # Without passwords: who resumes the sweep gives them again.
    command = [mask(one) for one in [*hydra_overrides, *overrides]]
    # A value for some of a group's choices only travels as choice(value): see command_line.py.
    told = mask(" ".join(re.sub(r"=choice\(([^,()]*)\)$", r"=\1", one) for one in overrides))
    return {
        keys.NAME: f"sweep {told}"[:_LONGEST_NAME],
        keys.KIND: "sweep",
        keys.SWEEP: sweep_id,
        keys.OVERRIDES: told,
        keys.VERSION: _find_protocol(overrides),
        keys.SWEEP_NUMBER: 1 + _find_last_number(experiment),
        # In tags rather than a file: they are there as soon as the run is.
        **pieces.write(keys.COMMAND, command),
    }


def _find_last_number(experiment: Experiment) -> int:
    """The highest number among the sweeps; 0 where there is none.

    A store compares tags as texts: among numbers of equal length the last text is the highest. All
    sweeps are not read for that, of which a store may have thousands.
    """
    for digits in range(_MOST_DIGITS, 0, -1):
        of_length = f"tags.{keys.KIND} = 'sweep' and tags.{keys.SWEEP_NUMBER} LIKE '{'_' * digits}'"
        last = experiment.find_first(of_length, f"tags.{keys.SWEEP_NUMBER} DESC")
        if last is not None:
            return read_sweep(last).number
    return 0


def _find_protocol(overrides: Sequence[str]) -> str:
    """By which version of the protocol a sweep with these overrides is scored."""
    key = f"{keys.VERSION}="
    given = [one.removeprefix(key) for one in overrides if one.startswith(key)]
    return given[-1] if given else str(CURRENT)


def close_left(experiment: Experiment, sweep_id: str, status: str) -> None:
    """End the runs of a sweep's jobs that their processes left running.

    status: KILLED; or FAILED, where the sweep itself was not stopped: then also for jobs whose
    last run another process has found and closed (see `upkeep.close_orphans`).
    """
    left = [job for job in search_jobs(experiment, sweep_id) if job.info.status == "RUNNING"]
    if status == "FAILED":
        jobs = search_jobs_by_config(experiment, sweep_id)
        left += [job for job in jobs if job.info.status == "KILLED"]
    for job in left:
        run = MlflowRun(experiment.client, job.info.run_id)
        run.tags({keys.ERROR: "the process that ran it ended before it did"})
        run.end(status)


def choose_sweep(experiment: Experiment, sweep_id: str | None) -> SweepRecord:
    """A sweep to go on with; the last one that is not finished where None is given.

    Its command is never None. Raises UserError where there is none, or it has no command.
    """
    if sweep_id is None:
        which = f"tags.{keys.SWEEP} != '' and attributes.status != 'FINISHED'"
        wanted = _search_sweeps(experiment, which)
    elif is_plain_id(sweep_id):
        wanted = _search_sweeps(experiment, f"tags.{keys.SWEEP} = '{sweep_id}'")
    else:
        wanted = []
    if not wanted:
        sweeps = _search_sweeps(experiment, f"tags.{keys.SWEEP} != ''")
        what = "no unfinished sweep" if sweep_id is None else f"no sweep {sweep_id}"
        latest = f" (the last one is {sweeps[-1].sweep_id})" if sweeps else ""
        raise UserError(
            f"there is {what} in the MLflow store {mask(experiment.access.uri)}{latest}: resume "
            "in the folder, or with the tracking.uri=…, that the sweep was started with"
        )
    sweep = wanted[-1]
    if sweep.command is None:
        raise UserError(
            f"sweep {sweep.sweep_id} does not say how it was started: run its command again with "
            f"sweep_id={sweep.sweep_id}"
        )
    return sweep


def _search_sweeps(experiment: Experiment, condition: str) -> list[SweepRecord]:
    """The parent runs that fulfil a condition, the last one last."""
    found = experiment.search(f"tags.{keys.KIND} = 'sweep' and {condition}")
    # By number before time: the clock may have been set back between two.
    return sorted(map(read_sweep, found), key=lambda sweep: sweep.number)


def name_config(tags: Mapping[str, object]) -> tuple[str, ...]:
    """What the jobs of a sweep that are the same have in common. tags: of a job."""
    return as_tag(tags.get(keys.FINGERPRINT, "")), *_sources(tags)


def _sources(tags: Mapping[str, object]) -> tuple[str, ...]:
    """Where a job's pictures and weights are: two folders make two jobs of one config."""
    return tuple(as_tag(tags.get(key, "")) for key in keys.SOURCES)
