"""The one place where a config node becomes an object."""

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.tasks.context import names, targets

_BLOCKED = "blocklisted"


def make(node: DictConfig | ListConfig) -> Any:
    """The object a node's `_target_` names, built from the node's other keys.

    Raises UserError, also for a target that is neither in conf/ nor typed (see targets.py).
    """
    node = _at_present(node)
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
            raise _describe_blocked(str(node._target_)) from error
        raise


def refuse_blocked(target: str) -> None:
    """Raises UserError for a target that Hydra does not call. It is imported, and not called."""
    try:
        instantiate({"_target_": target, "_partial_": True})
    except InstantiationException as error:
        if _BLOCKED in str(error):
            raise _describe_blocked(target) from error


def _describe_blocked(target: str) -> UserError:
    return UserError(
        f"{target} can run commands, and is not called: name a class of facetrack's or of your own"
    )


def _at_present(node: DictConfig | ListConfig) -> DictConfig | ListConfig:
    """A node of a stored config, or of a user's own, whose target has moved since."""
    if not isinstance(node, DictConfig) or "_target_" not in node:
        return node
    target = names.find_present(str(node._target_))
    return node if target == node._target_ else OmegaConf.merge(node, {"_target_": target})
