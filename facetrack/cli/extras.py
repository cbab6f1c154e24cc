"""`hydra/launcher=…`: whether what it needs is installed, asked before Hydra would fail at it."""

from collections.abc import Sequence
from importlib.util import find_spec

from facetrack.core.errors import UserError
from facetrack.system.processes import trouble

_KEY = "hydra/launcher="
# By launcher: the package that an extra of facetrack brings, and the extra.
_NEEDED = {
    "joblib": ("hydra_plugins.hydra_joblib_launcher", "joblib"),
    "ray": ("ray", "ray"),
    "submitit_slurm": ("submitit", "submitit"),
}


def check(arguments: Sequence[str]) -> None:
    """Raises UserError where the launcher among the arguments cannot be used."""
    for argument in arguments:
        choice = argument.removeprefix(_KEY)
        if not argument.startswith(_KEY) or choice not in _NEEDED:
            continue
        package, extra = _NEEDED[choice]
        if find_spec(package) is None:
            raise UserError(f"{argument} is not installed: pip install 'facetrack[{extra}]'")
        if choice == "joblib" and (why := trouble()):
            raise UserError(
                f"{argument} needs processes that share locks, which this machine refuses ({why}): "
                "leave it out"
            )
