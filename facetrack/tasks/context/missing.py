"""Settings that have to be given, and are not."""

from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.tasks.context.stored_configs import holds

_FOLDER, _FOLDERS = "dataset.root", "dataset.roots"
# What null is no value for.
_NEEDED = {_FOLDER: "facetrack.dataset.Folder", "task.out": "facetrack.tasks.organise.run.organise"}


def refuse_missing(config: DictConfig) -> None:
    """Raises UserError for the first setting without a value, by name."""
    # To look for their names takes long, and mostly there is none. What refers to nothing is told.
    content = OmegaConf.to_container(config)
    asked = holds(content, "???") or holds(content, "${")
    missing = OmegaConf.missing_keys(config) if asked else set()
    for key, target in _NEEDED.items():
        if OmegaConf.select(config, f"{key.partition('.')[0]}._target_") == target:
            missing |= {key} if OmegaConf.select(config, key) is None else set()
    if OmegaConf.select(config, _FOLDERS) is not None:  # which take the place of the one
        missing.discard(_FOLDER)
    for key in sorted(missing):
        raise UserError(f"{key} has no value: add {key}=… to the command")
