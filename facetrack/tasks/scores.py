"""What a job has found, as metrics, as lines for the terminal and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facetrack import figures
from facetrack.core.faces import Embeddings, Skipped
from facetrack.core.scores import clip_score
from facetrack.evaluation.experiment import Evaluation
from facetrack.tracking import keys


@dataclass(frozen=True)
class Means:
    """The few keys that runs are compared by, and series, such as `ari`, by resample."""

    values: Mapping[str, float]
    series: Mapping[str, Sequence[float]]


def count_faces(embeddings: Embeddings) -> dict[str, int]:
    """How many pictures, faces and people there are, and pictures that were skipped."""
    return {
        keys.PICTURES: embeddings.n_pictures,
        keys.FACES: len(embeddings.vectors),
        keys.PEOPLE: len(embeddings.names),
        keys.SKIPPED: sum(one.pictures for one in embeddings.skipped),
    }


def mean_scores(embeddings: Embeddings, evaluation: Evaluation) -> Means:
    """What runs are compared by."""
    means = {
        keys.MEAN.format(key): evaluation.summarise(key).mean
        for key in evaluation.resamples[0]
        if key != keys.ARI
    }
    if evaluation.neighbors_recall is not None:
        means[keys.NEIGHBORS_RECALL] = evaluation.neighbors_recall
    if not embeddings.names:
        return Means(means, {})
    told = evaluation.summarise(keys.ARI)
    values = {
        keys.ARI_MEAN: told.mean,
        keys.ARI_STD: told.std,
        keys.ARI_CI_LOW: clip_score(told.ci_low),
        keys.ARI_CI_HIGH: clip_score(told.ci_high),
        **means,  # MLflow's page of a run shows metrics in this order
    }
    return Means(values, {keys.ARI: evaluation.column(keys.ARI)})


def describe_result(values: Mapping[str, float]) -> str:
    """A job's result in a word: its ARI, or without labels how many clusters there are."""
    if "ari_mean" in values:
        return f"ARI {values['ari_mean']:.3f} ± {2 * values['ari_std']:.3f}"
    return f"{values['n_clusters_mean']:.0f} clusters"


def tell_scores(
    values: Mapping[str, float], sampling: str, n_resamples: int, *, of_people: bool
) -> list[str]:
    """A job's scores for the terminal, one line each. of_people: as `Evaluation` has it."""
    lines = []
    # An interval is of something: of whom is said beside it.
    whose = "for other people like these" if of_people else "of the mean, on these faces"
    if "ari_mean" in values:
        lines += [
            f"ARI               {values['ari_mean']:.3f} ± {2 * values['ari_std']:.3f}   "
            f"mean ± 2·std over {n_resamples} resamples ({sampling}); "
            f"95 % interval {whose} {values['ari_ci_low']:.3f} to {values['ari_ci_high']:.3f}",
            f"AMI               {values['ami_mean']:.3f}",
            "homogeneity, completeness, V   "
            + ", ".join(
                f"{values[f'{key}_mean']:.3f}"
                for key in ("homogeneity", "completeness", "v_measure")
            ),
            *(
                f"{name:<8} precision, recall, F   "
                + ", ".join(
                    f"{values[f'{name.lower()}_{part}_mean']:.3f}"
                    for part in ("precision", "recall", "f")
                )
                for name in ("Pairwise", "BCubed")
            ),
        ]
    known = f" for {values['n_people_mean']:.1f} people" if "n_people_mean" in values else ""
    lines.append(f"clusters          {values['n_clusters_mean']:.1f}{known}, per resample")
    lines.append(f"seconds per fit   {values['fit_seconds_mean']:.4f}")
    if "neighbors_recall" in values:
        lines.append(
            f"neighbours        recall {values['neighbors_recall']:.5g}, measured on a sample of "
            "all faces"
        )
    return lines


def write_resamples(evaluation: Evaluation) -> str:
    """The scores of each resample as a table, unrounded."""
    head = list(evaluation.resamples[0])
    return figures.format_csv(
        head,
        (
            # Counts are whole numbers, whatever type their mean is made of.
            [int(row[key]) if key.startswith("n_") else row[key] for key in head]
            for row in evaluation.resamples
        ),
    )


def write_skipped(skipped: Sequence[Skipped]) -> str:
    """What was left out, and why, as a table."""
    return figures.format_csv(("picture", "reason"), ((one.name, one.reason) for one in skipped))
