"""A composed config as an experiment, and its run with a bar."""

from omegaconf import DictConfig
from sklearn.base import BaseEstimator

from facetrack.core.faces import Embeddings, Sampling
from facetrack.evaluation.experiment import Evaluation, Experiment, evaluate
from facetrack.system.progress import bar
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.faces import choose_people, embed
from facetrack.tasks.context.instances import make


def make_experiment(
    config: DictConfig, embeddings: Embeddings, estimator: BaseEstimator, sampling: Sampling
) -> Experiment:
    """What a config evaluates."""
    return Experiment(
        embeddings,
        estimator,
        sampling,
        dataset=config.dataset.name,
        seed=config.seed,
        n_resamples=config.n_resamples,
    )


def embed_experiment(config: DictConfig) -> Experiment:
    """What a config evaluates, its faces embedded."""
    embeddings, _ = choose_people(embed(config), config)
    return make_experiment(
        config, embeddings, build_estimator(config.clusterer), make(config.sampling)
    )


def run_experiment(experiment: Experiment) -> Evaluation:
    """The scores of the resamples, and the clusters of all faces. Raises as `evaluate`."""
    return evaluate(
        experiment,
        lambda resamples: bar(
            resamples, total=experiment.n_resamples, description="Resamples", unit="resample"
        ),
    )
