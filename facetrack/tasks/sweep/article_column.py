"""What of a sweep may stand beside the article's Table I: only what was done as there."""

from facetrack.core.texts import write_number
from facetrack.evaluation import article
from facetrack.figures import Beside
from facetrack.system.choices import choose
from facetrack.tasks.context.names import find_present
from facetrack.tracking.records import JobRecord

_CHOICES = {
    "detector": article.DETECTOR,
    "embedder": article.EMBEDDER,
    "sampling": article.SAMPLING,
}
_OF_TABLE = ("eps", "bandwidth", "n_clusters")  # what a row is about
_NO_MATTER = ("batch",)  # how many faces are embedded at once


def find_beside(job: JobRecord, parameter: str) -> Beside | None:
    """The article's value of a job's row; None where it has none, or one of something else.

    parameter: as `article.read_table1` takes it.
    """
    assert job.ari is not None
    choices = job.choices
    published = article.read_table1(choices["dataset"], choices["clusterer"], parameter)
    if published is None or not _is_done_alike(job):
        return None
    t, p = article.find_welch((job.ari.mean, job.ari.two_std), published)
    return Beside(*published, t, p)


def _is_done_alike(job: JobRecord) -> bool:
    """Whether a job has the article's people, detector, weights, resamples and methods."""
    settings = {**job.quiet, **job.parameters}
    if any(job.choices.get(group) != choice for group, choice in _CHOICES.items()):
        return False
    of_run = {"n_resamples": article.N_RESAMPLES, "n_people": None}
    return (
        all(settings.get(key) == str(value) for key, value in of_run.items())
        and job.people == article.PEOPLE[job.choices["dataset"]]
        and all(_is_as_shipped(group, job, settings) for group in (*_CHOICES, "clusterer"))
    )


def _is_as_shipped(group: str, job: JobRecord, settings: dict[str, str]) -> bool:
    """Whether a choice has its class and settings, so that its name says what it is.

    What a record does not tell is as it was shipped, such as a setting that came later.
    """
    choice = choose(group, job.choices[group])
    wanted = {**choice.settings}
    if "n_init" in wanted:
        wanted["n_init"] = article.N_INIT  # which a record without it did not have
        settings = {"clusterer.n_init": "1", **settings}
    return find_present(settings.get(f"{group}._target_", choice.target)) == choice.target and all(
        write_number(settings.get(f"{group}.{key}", value)) == write_number(value)
        for key, value in wanted.items()
        if key not in (*_OF_TABLE, *_NO_MATTER)
    )
