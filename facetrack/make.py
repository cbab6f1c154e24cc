"""The one place where a config node becomes an object."""

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig

from facetrack import targets
from facetrack.errors import UserError

_BLOCKED = "blocklisted"


def make(node: DictConfig | ListConfig) -> Any:
    """The object a node's `_target_` names, built from the node's other keys.

    Raises UserError, also for a target that is neither in conf/ nor typed (see targets.py).
    """
    targets.refuse_others(node)
    try:
        return instantiate(node)
    except InstantiationException as error:
        # Hydra wraps what a constructor raises; what the user should read is inside.
        if isinstance(error.__cause__, UserError):
            raise error.__cause__ from None
        if isinstance(error.__cause__, TypeError):
            raise UserError(" ".join(str(error.__cause__).split())) from error
        if _BLOCKED in str(error):
            raise UserError(
                f"{node._target_} can run commands, and is not called: name a class of "
                "facetrack's or of your own"
            ) from error
        raise
