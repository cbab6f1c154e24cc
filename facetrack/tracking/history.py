"""The jobs that an experiment in MLflow has, a row each."""

import datetime
from typing import Any

from facetrack.tracking.experiment import look_up_experiment
from facetrack.tracking.keys import KIND, NAME, SWEEP
from facetrack.tracking.server import AGAIN, Access

CHOICES = ("dataset", "detector", "embedder", "clusterer", "sampling")
COUNTS = ("pictures", "faces", "people", "skipped")
COMMON = ("run", "name", "sweep", "status", "started", *CHOICES, *COUNTS)


class History:
    """What an experiment has by now, to look at; a store that is not there is not made.

    Raises UserError where the store cannot be used.
    """

    def __init__(self, uri: str | None, experiment: str) -> None:
        self._access = Access(uri, patient=False)
        self._experiment = look_up_experiment(self._access, experiment)

    def rows(self) -> list[dict[str, object]]:
        """Its jobs in the order they were started: choices, parameters and scores by name."""
        if self._experiment is None:
            return []
        with self._access.working(AGAIN):
            return [_make_row(job) for job in self._experiment.search(f"tags.{KIND} = 'job'")]


def _make_row(job: Any) -> dict[str, object]:
    """A job's run by the names of what it keeps; parameters are numbers where they were."""
    tags, started = job.data.tags, job.info.start_time
    # A method's settings that nobody gave are tags (see tasks/evaluate/run.py), so are paths.
    quiet = {key: tags[key] for key in sorted(tags) if key.partition(".")[0] in CHOICES}
    said = {**job.data.params, **{key: one for key, one in quiet.items() if "." in key}}
    return {
        "run": job.info.run_id,
        "name": tags.get(NAME, ""),
        "sweep": tags.get(SWEEP),
        "status": job.info.status,
        "started": datetime.datetime.fromtimestamp(started / 1000).astimezone(),
        **{key: tags.get(key) for key in CHOICES},
        **{key: _read(tags.get(key)) for key in COUNTS},
        **{key: _read(one) for key, one in said.items() if not key.endswith("._target_")},
        **job.data.metrics,
    }


def _read(text: str | None) -> object:
    """A parameter as it was before MLflow made a text of it: a number, a truth, or nothing."""
    plain: dict[str | None, object] = {"None": None, "True": True, "False": False}
    if text is None or text in plain:
        return plain.get(text)
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
