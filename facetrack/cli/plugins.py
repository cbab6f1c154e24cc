"""Hydra's plugins: facetrack's own, and the joblib launcher, which an extra of facetrack brings.

Left to itself Hydra imports every module of the package hydra_plugins, wherever on the module path
there is one, before it has read its first argument.
"""

from importlib import import_module
from importlib.util import find_spec

from hydra.core.plugins import Plugins

_PACKAGE = "hydra_plugins"
_OURS = {
    "facetrack_sweeper": ("FacetrackSweeper",),
    "facetrack_launchers": ("RayLauncher", "SubmititLauncher"),
}
_JOBLIB = "hydra_plugins.hydra_joblib_launcher"


def register() -> None:
    """Make these plugins known to Hydra, and keep it from looking for others."""
    package = import_module(_PACKAGE)
    path, package.__path__ = package.__path__, []
    try:
        plugins = Plugins.instance()
    finally:
        package.__path__ = path
    for module, names in _OURS.items():
        for name in names:
            plugins.register(getattr(import_module(f"{_PACKAGE}.{module}"), name))
    if find_spec(_JOBLIB) is not None:
        import_module(f"{_JOBLIB}.config")  # its settings, which Hydra gets to know thereby
        plugins.register(import_module(f"{_JOBLIB}.joblib_launcher").JoblibLauncher)
