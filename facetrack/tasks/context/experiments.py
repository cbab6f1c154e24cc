"""A composed config as an experiment."""

from omegaconf import DictConfig
from sklearn.base import BaseEstimator

from facetrack.core.faces import Embeddings, Sampling
from facetrack.evaluation.experiment import Experiment
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
