"""From a run as MLflow has it to a record of it. What it does not tell is empty, never an error."""

import json
import math
from collections.abc import Mapping
from typing import Any

from facetrack.core.protocol import FIRST
from facetrack.core.scores import Summary
from facetrack.tracking import keys, pieces
from facetrack.tracking.marks import read_mark
from facetrack.tracking.records import JobRecord, RunRecord, StudyRecord, SweepRecord

_OTHER_DOTTED = ("mlflow.", f"{keys.SHOWING}.", f"{keys.COMMAND}.")


def read_run(run: Any) -> RunRecord:
    """A run of any kind, as the record of its kind."""
    kind = run.data.tags.get(keys.KIND, "")
    if kind == "sweep":
        return read_sweep(run)
    return read_job(run)


def read_sweep(run: Any) -> SweepRecord:
    """A sweep's parent run."""
    command = pieces.read(keys.COMMAND, run.data.tags)
    return SweepRecord(
        **_read_common(run),
        number=_read_number(run.data.tags.get(keys.SWEEP_NUMBER)) or 0,
        command=None if command is None else tuple(command),
    )


def read_job(run: Any) -> JobRecord:
    """A job; a study as a StudyRecord."""
    tags, metrics = run.data.tags, dict(run.data.metrics)
    inputs = run.inputs.dataset_inputs if run.inputs else ()
    job = {
        **_read_common(run),
        "number": _read_number(tags.get(keys.NUMBER)),
        "overrides": tags.get(keys.OVERRIDES, ""),
        "tags": {key: value for key, value in tags.items() if not key.startswith("mlflow.")},
        "parameters": dict(run.data.params),
        "people": _read_number(tags.get(keys.PEOPLE)),
        "ari": _read_ari(metrics),
        "metrics": metrics,
        "digests": tuple(one.dataset.digest for one in inputs),
    }
    if tags.get(keys.KIND) != "study":
        return JobRecord(**job)
    width = tuple(metrics[key] for key in (keys.WIDTH_LOW, keys.WIDTH_HIGH) if key in metrics)
    return StudyRecord(
        **job,
        axis=tags.get(keys.AXIS, ""),
        objective=tags.get(keys.OBJECTIVE, ""),
        curve=_read_curve(tags.get(keys.CURVE, "[]")),
        best=tags.get(keys.BEST),
        width=(width[0], width[1]) if len(width) == 2 else None,
    )


def _read_common(run: Any) -> dict[str, Any]:
    tags: Mapping[str, str] = run.data.tags
    return {
        "run_id": str(run.info.run_id),
        "name": tags.get(keys.NAME, ""),
        "kind": tags.get(keys.KIND, ""),
        "status": str(run.info.status),
        "sweep_id": tags.get(keys.SWEEP, ""),
        "protocol_version": _read_number(tags.get(keys.VERSION)) or FIRST,
        "choices": {group: tags[group] for group in keys.CHOICES if group in tags},
        "quiet": {
            key: value
            for key, value in tags.items()
            if "." in key and not key.startswith(_OTHER_DOTTED)
        },
        "location": str(run.info.artifact_uri),
        "showing": read_mark(tags),
    }


def _read_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _read_ari(metrics: Mapping[str, float]) -> Summary | None:
    if keys.ARI_MEAN not in metrics:
        return None
    std = metrics.get(keys.ARI_STD, math.nan)
    low, high = (metrics.get(key, math.nan) for key in (keys.ARI_CI_LOW, keys.ARI_CI_HIGH))
    return Summary(metrics[keys.ARI_MEAN], std, 2 * std, low, high)


def _read_curve(text: str) -> tuple[tuple[float, float], ...]:
    try:
        points = tuple((value, mean) for value, mean in json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return ()
    return points if all(isinstance(one, int | float) for pair in points for one in pair) else ()
