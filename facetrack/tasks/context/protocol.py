"""By which version of the protocol a composed config is run (PROTOCOL, "Versions")."""

from omegaconf import DictConfig

from facetrack.core.protocol import CURRENT, FIRST

# By the target of a clusterer that clusters distinct faces: what took its place in version 1.
_COUNTED_COPIES = {"facetrack.clusterer.HDBSCAN": "sklearn.cluster.HDBSCAN"}
FORMER = frozenset(_COUNTED_COPIES.values())
"""Targets that were in conf/, and are run by an earlier version of the protocol."""


def settle_protocol(config: DictConfig) -> None:
    """Give a config the clusterer of its version, in place, or the version of its clusterer."""
    target = str(config.clusterer.get("_target_"))
    if read_protocol(config) == FIRST:
        if target in _COUNTED_COPIES:
            config.clusterer._target_ = _COUNTED_COPIES[target]
    elif target in FORMER and "protocol_version" in config:
        config.protocol_version = FIRST


def read_protocol(config: DictConfig) -> int:
    """The version of a config; the current one where it does not say."""
    return int(config.get("protocol_version", CURRENT))
