"""Records of runs that nobody has run."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from facetrack.core.protocol import CURRENT
from facetrack.core.scores import Summary
from facetrack.tracking.records import JobRecord, RunRecord, StudyRecord

_RUN = RunRecord("id", "a run", "job", "FINISHED", "s", CURRENT, {}, {}, "/nowhere", frozenset())


def job_record(
    choices: Mapping[str, str],
    parameters: Mapping[str, str],
    ari: float | None = None,
    **others: Any,
) -> JobRecord:
    """A job. ari: its mean, with a standard deviation of 0.01. others: fields of the record."""
    score = None if ari is None else Summary(ari, 0.01, 2 * 0.01, ari, ari)
    run = {**asdict(_RUN), "choices": choices}
    made = JobRecord(**run, **_of_job(), parameters=parameters, ari=score)
    return replace(made, **others)


def study_record(
    choices: Mapping[str, str], curve: list[tuple[float, float]], **others: Any
) -> StudyRecord:
    """A study of ARI over eps. others: fields of the record."""
    run = {**asdict(_RUN), "choices": choices, "kind": "study"}
    found: dict[str, Any] = {
        "axis": "eps",
        "objective": "ari",
        "best": "eps=0.3",
        "width": (0.2, 0.4),
    }
    made = StudyRecord(**run, **_of_job(), parameters={}, ari=None, **found, curve=tuple(curve))
    return replace(made, **others)


def _of_job() -> dict[str, Any]:
    none: dict[str, Any] = {"tags": {}, "metrics": {}, "digests": ()}
    return {"number": 0, "overrides": "", "people": None, **none}
