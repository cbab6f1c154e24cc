"""Which stages a dataset leaves to do."""

from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError

VECTORS = "facetrack.dataset.Vectors"
NOBODY = {"detector": "facetrack.detector.NoDetector", "embedder": "facetrack.embedder.NoEmbedder"}


def check_stages(config: DictConfig) -> None:
    """Raises UserError for a stage that is left out and needed, or is there for nothing."""
    brings = OmegaConf.select(config, "dataset._target_") == VECTORS
    for stage, nobody in NOBODY.items():
        left_out = OmegaConf.select(config, f"{stage}._target_") == nobody
        if brings and not left_out:
            raise UserError(
                f"dataset=vectors brings embeddings, which leaves the {stage} nothing to do: "
                f"leave out {stage}=…"
            )
        if left_out and not brings:
            raise UserError(
                f"{stage}=none is for dataset=vectors, which brings embeddings: leave it out, or "
                "add dataset=vectors dataset.file=FILE.npz"
            )
