"""What a study chooses on: best.yaml's radius is for the whole folder.

A bootstrap holds about 55 % of the faces, others twice: fewer faces make fewer chains between
people, so that a radius chosen on bootstraps is too large for all faces at once. A subsample holds
each face once, and most of them (docs/tuning.md has what either costs).
"""

from collections.abc import Mapping

from facetrack.core.faces import Sampling
from facetrack.core.texts import write_count, write_number
from facetrack.evaluation.resampling import Subsample

CHOSEN_ON = "chosen on"  # in a study's identity: where its trials draw otherwise than its scores
_SUBSAMPLES = "subsamples"
_FRACTION = 0.8


def choose_sampling(sampling: Sampling) -> Sampling:
    """What draws the faces to choose on: of as many subsamples; a class of the user's own does."""
    if not type(sampling).__module__.startswith("facetrack."):
        return sampling
    return Subsample(getattr(sampling, "fraction", _FRACTION))


def identify_choice(sampling: Sampling) -> dict[str, str]:
    """What a study's identity says of it; nothing where scores are drawn in the same way."""
    return {} if choose_sampling(sampling) == sampling else {CHOSEN_ON: _SUBSAMPLES}


def as_begun(now: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """The identity of a study as one that is there would have it: it draws as it began."""
    return {key: one for key, one in now.items() if key != CHOSEN_ON or key in before}


def choose_as_begun(sampling: Sampling, identity: Mapping[str, str]) -> Sampling:
    """What draws for a study that is there: one of the version before goes on as it began."""
    return choose_sampling(sampling) if CHOSEN_ON in identity else sampling


def tell_choice(sampling: Sampling, n_resamples: int) -> str:
    """In a few words what was chosen on. sampling: what has drawn the faces."""
    if isinstance(sampling, Subsample):
        drawn = write_count(n_resamples, "subsample")
        return f"{drawn} of {write_number(sampling.fraction)} of the faces, none twice"
    if choose_sampling(sampling) == sampling:
        return f"{write_count(n_resamples, 'resample')} by {type(sampling).__name__}"
    return (
        f"{write_count(n_resamples, 'resample')} by {type(sampling).__name__.lower()}, as the "
        "version before did: too large for all faces at once"
    )
