"""By which version of the protocol a score was made (PROTOCOL, "Versions")."""

CURRENT = 2
FIRST = 1
"""Copies count as points everywhere; also of what does not say by which version it was made."""
VERSIONS = (FIRST, CURRENT)

# By method: the first version by which its scores are what they are by the current one.
_LAST_CHANGED = {"hdbscan": 2}


def name_method(method: str, version: int) -> str:
    """A method as tables call it: one whose scores would now be others says so.

    method: as in conf/clusterer. version: by which its scores were made.
    """
    if version >= _LAST_CHANGED.get(method, FIRST):
        return method
    return f"{method} (protocol {version})"
