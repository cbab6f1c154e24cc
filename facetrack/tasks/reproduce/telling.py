"""What is said at the end of `reproduce=RUN`: how far the runs agree, what differs around them."""

from collections.abc import Mapping, Sequence

from facetrack.core.errors import UserError
from facetrack.core.texts import make_readable, write_count
from facetrack.system import json_lines
from facetrack.system.progress import say
from facetrack.tasks.context.capsule import CAPSULE, Capsule, read
from facetrack.tasks.reproduce.comparing import Agreement, compare_values, list_differences
from facetrack.tracking import keys
from facetrack.tracking.protocols import Tracking
from facetrack.tracking.records import JobRecord
from facetrack.tracking.store import open_store

_TIMES = ("seconds", "system/")  # what no two runs have the same
_MOST_TOLD = 40


def name_again(run_id: str, token: str) -> str:
    """What a run is tagged with that runs another one again. token: tells it from other times."""
    return f"{run_id}-{token}"


def tell_run(uri: str | None, experiment: str, again: str) -> None:
    """Tell of a run that has run another one again. again: as `name_again` has it.

    Raises UserError where the store cannot be used.
    """
    tracking = open_store(uri, experiment)
    run_id = again.rpartition("-")[0]
    before, now = tracking.kept(run_id), tracking.again(again)
    if before is None or now is None:
        say(f"\nRun {run_id} cannot be compared: it is no longer in this MLflow store")
        return
    _tell(tracking, again, {"": (before, now)})


def tell_sweep(tracking: Tracking, again: str, jobs: Sequence[JobRecord]) -> None:
    """Tell of a sweep that has run another one again. jobs: its own; again: as of `tell_run`."""
    parent = tracking.find(again.rpartition("-")[0])
    earlier = [] if parent is None else tracking.jobs(parent.sweep_id)
    known = {_identify(job): job for job in jobs}
    pairs = {job.name: (job, known[_identify(job)]) for job in earlier if _identify(job) in known}
    _tell(tracking, again, pairs, left=len(earlier) - len(pairs))


def _identify(job: JobRecord) -> tuple[str, ...]:
    """What makes two jobs of two sweeps the same."""
    places = (job.tags.get(key, "") for key in keys.SOURCES)
    return (job.tags.get(keys.FINGERPRINT, job.run_id), *places)


def _tell(
    tracking: Tracking,
    again: str,
    pairs: Mapping[str, tuple[JobRecord, JobRecord]],
    left: int = 0,
) -> None:
    """left: how many runs of before have nothing to compare with."""
    run_id = again.rpartition("-")[0]
    before: dict[str, float] = {}
    now: dict[str, float] = {}
    for name, (first, second) in pairs.items():
        if first.status != "FINISHED":
            left += 1
            continue
        before |= _list_values(tracking, first, name)
        now |= _list_values(tracking, second, name)
    found = compare_values(before, now)
    say(f"\nReproduces {run_id}: {make_readable(found.tell())}")
    if left:
        say(f"  {write_count(left, 'run')} of before cannot be compared: not finished, or not here")
    differing = _find_differences(tracking, list(pairs.values()))
    _tell_environment(differing)
    _give(run_id, found, differing)


def _list_values(tracking: Tracking, run: JobRecord, name: str) -> dict[str, float]:
    """Its metrics without times, and its score on each resample. name: its own among several."""
    values = {key: value for key, value in run.metrics.items() if not _is_time(key)}
    values.pop(keys.ARI, None)  # its last step
    if keys.ARI in run.metrics:
        history = tracking.history(run.run_id, keys.ARI)
        values |= {f"ari of resample {step}": one for step, one in enumerate(history)}
    prefix = f"{name}: " if name else ""
    return {f"{prefix}{key}": value for key, value in values.items()}


def _is_time(key: str) -> bool:
    return any(one in key for one in _TIMES)


def _find_differences(
    tracking: Tracking, pairs: Sequence[tuple[JobRecord, JobRecord]]
) -> list[str] | None:
    """What differs around the first pair; None where one of the two has no capsule."""
    if not pairs:
        return None
    capsules = [_read(tracking, run) for run in pairs[0]]
    first, second = capsules
    return None if first is None or second is None else list_differences(first, second)


def _read(tracking: Tracking, run: JobRecord) -> Capsule | None:
    try:
        return read(tracking.artifact(run.run_id, CAPSULE))
    except UserError:
        return None  # of the version before, which kept none


def _tell_environment(differing: Sequence[str] | None) -> None:
    if differing is None:
        say("  what computed it cannot be compared: its run has no capsule.json, or another's")
    elif not differing:
        say("  facetrack, dataset, models, machine and packages are the same")
    for line in (differing or ())[:_MOST_TOLD]:
        say(f"  {make_readable(line)}")
    if differing and len(differing) > _MOST_TOLD:
        say(f"  and {len(differing) - _MOST_TOLD} more differences between the two capsule.json")


def _give(run_id: str, found: Agreement, differing: Sequence[str] | None) -> None:
    json_lines.tell(
        "reproduction",
        of=run_id,
        values=found.values,
        digits=found.digits,
        least=None if found.worst is None else found.worst[0],
        missing=found.missing,
        differing=differing,
    )
