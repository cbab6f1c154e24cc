"""The jobs that an experiment in MLflow has, a row each."""

import datetime
from typing import Any

from facetrack.tracking.experiment import look_up_experiment
from facetrack.tracking.keys import (
    CHOICES,
    FACES,
    KIND,
    PEOPLE,
    PICTURES,
    SKIPPED,
    SWEEP,
    VERSION,
)
from facetrack.tracking.reading import read_job
from facetrack.tracking.server import AGAIN, Access

COUNTS = (PICTURES, FACES, PEOPLE, SKIPPED)
COMMON = ("run", "name", "sweep", "status", "started", *CHOICES, VERSION, *COUNTS)


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


def _make_row(run: Any) -> dict[str, object]:
    """A job's run by the names of what it keeps; parameters are numbers where they were."""
    job, started = read_job(run), run.info.start_time
    # A method's settings that nobody gave are tags (see tasks/context/job.py), so are paths.
    quiet = {key: one for key, one in job.quiet.items() if key.partition(".")[0] in CHOICES}
    said = {**job.parameters, **dict(sorted(quiet.items()))}
    return {
        "run": job.run_id,
        "name": job.name,
        "sweep": job.tags.get(SWEEP),
        "status": job.status,
        "started": datetime.datetime.fromtimestamp(started / 1000).astimezone(),
        **{key: job.choices.get(key) for key in CHOICES},
        VERSION: job.protocol_version,
        **{key: _read(job.tags.get(key)) for key in COUNTS},
        **{key: _read(one) for key, one in said.items() if not key.endswith("._target_")},
        **job.metrics,
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
