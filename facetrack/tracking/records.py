"""What is known of a run in MLflow, as values: other rooms see no entity of MLflow's."""

from collections.abc import Mapping
from dataclasses import dataclass

from facetrack.core.protocol import name_method
from facetrack.core.scores import Summary


@dataclass(frozen=True)
class RunRecord:
    """Any run.

    kind: "job", "study", "trial", "organise", "verification", "comparison", "knn", "accessories" or
    "sweep". status: "RUNNING", "FINISHED", "FAILED" or "KILLED". sweep_id: of its sweep, which a
    parent run is of as well; empty for none.
    protocol_version: by which its scores were made (see docs/PROTOCOL.md).
    choices: by group, what was chosen, and of "dataset" its name; without those it does not tell.
    quiet: settings that are tags, not parameters: what the command did not set of a method, and
    places on the machine that ran it. location: of its artifacts, as a URI. showing: names of those
    that show people; None where the run, which is from before, does not mark them.
    """

    run_id: str
    name: str
    kind: str
    status: str
    sweep_id: str
    protocol_version: int
    choices: Mapping[str, str]
    quiet: Mapping[str, str]
    location: str
    showing: frozenset[str] | None


@dataclass(frozen=True)
class JobRecord(RunRecord):
    """A job, or what else is scored or counted once.

    number: in its sweep, None for a job alone. overrides: what the command set, in a few words.
    tags: all of facetrack's, whatever else is made of them.
    parameters: its settings; those it does not tell are in `quiet`. people: how many its faces are
    of, None where it did not get so far. ari: over the resamples, None where it has none.
    metrics: all its last values, those of `ari` included. digests: of the datasets it had.
    """

    number: int | None
    overrides: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    people: int | None
    ari: Summary | None
    metrics: Mapping[str, float]
    digests: tuple[str, ...]

    @property
    def method(self) -> str:
        """Its clusterer as tables call it; one of an earlier protocol's scores says so."""
        return name_method(self.choices["clusterer"], self.protocol_version)


@dataclass(frozen=True)
class StudyRecord(JobRecord):
    """A study; what it has found is empty where it did not end.

    axis: the setting that its curve is over. objective: names of the objectives, a space between
    two. curve: (value, mean of the first objective) by rising value. best: the settings found.
    width: the values around the best, within one standard error of it; None where not told.
    """

    axis: str
    objective: str
    curve: tuple[tuple[float, float], ...]
    best: str | None
    width: tuple[float, float] | None


@dataclass(frozen=True)
class SweepRecord(RunRecord):
    """A sweep's parent run.

    number: which sweep of its store it is; 0 for one from before this was told. command: what it
    was started with, Hydra's own overrides first; None where it does not say so.
    """

    number: int
    command: tuple[str, ...] | None
