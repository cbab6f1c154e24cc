"""Which of a command's arguments make a run what it is. Light to import: workers do."""

from collections.abc import Iterable

# Not where it is tracked, which may hold a password, nor of which sweep it is.
_OTHERS = ("sweep_id=", "reproduces=", "tracking", "hydra.mode=")


def keep_own_overrides(overrides: Iterable[str]) -> list[str]:
    """Those of some overrides that make a run what it is."""
    return [one for one in overrides if not one.lstrip("+").startswith(_OTHERS)]
