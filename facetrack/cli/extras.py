"""Whether what `hydra/launcher=…` or another setting needs is installed, asked before it fails."""

from collections.abc import Sequence
from importlib.util import find_spec

from facetrack.core.errors import UserError
from facetrack.system.processes import trouble

_KEY = "hydra/launcher="
_MEASURED = "tracking.system_metrics=true"
# By launcher: the package that an extra of facetrack brings, and the extra.
_NEEDED = {
    "joblib": ("hydra_plugins.hydra_joblib_launcher", "joblib"),
    "ray": ("ray", "ray"),
    "submitit_slurm": ("submitit", "submitit"),
}


def check(arguments: Sequence[str]) -> None:
    """Raises UserError where the launcher among the arguments, or what they measure, needs more."""
    if _MEASURED in arguments and find_spec("psutil") is None:
        raise UserError(f"{_MEASURED} needs psutil: pip install 'facetrack[system]'")
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
