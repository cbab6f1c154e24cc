"""The rooms of facetrack, and which of them may use which.

A room is a package of modules with one purpose.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

STAGES = ("dataset", "detector", "embedder", "clusterer")
_BASE = {"core", "system"}
_BELOW_TASKS = {
    *_BASE,
    *STAGES,
    *("extraction", "evaluation", "figures", "tracking", "organiser"),
}
# By room: those it may use. Arrows go down only, and no stage knows another one.
ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "system": {"core"},
    **dict.fromkeys(STAGES, _BASE),
    "extraction": {*_BASE, "dataset", "detector", "embedder"},
    "evaluation": {*_BASE, "clusterer"},
    "figures": {"core"},
    "tracking": _BASE,
    "organiser": {*_BASE, *STAGES, "extraction", "evaluation", "figures"},
    "tasks": _BELOW_TASKS,
    "api": {*_BELOW_TASKS, "tasks"},
    "cli": {*_BELOW_TASKS, "tasks"},
    "plugins": {*_BELOW_TASKS, "tasks", "cli"},
    "testing": {*_BELOW_TASKS, "tasks", "cli"},
}
# By package of others: the rooms or modules that alone may import it.
KEPT_IN: dict[str, tuple[str, ...]] = {
    "hydra": ("cli", "tasks/context", "tasks/*/run", "plugins", "testing"),
    "omegaconf": (
        "cli",
        "tasks/context",
        "tasks/organising/composing",
        "tasks/*/run",
        "plugins",
        "testing",
    ),
    "mlflow": ("tracking", "testing"),
    "optuna": ("tasks/tune", "testing"),
    "ray": ("system/ray_cluster", "plugins"),
    "submitit": ("tasks/sweep/engines",),
    "faiss": ("clusterer/kernels/approximate",),
    "numba": ("clusterer/kernels/compiling",),
    "tensorflow": ("embedder",),
    "keras": ("embedder",),
    "onnxruntime": ("system/onnx_session",),
    "onnx": ("embedder", "system/onnx_file"),
    "lxml": ("extraction/xmp",),
    "plotly": ("figures",),
    "matplotlib": ("figures",),
    "fastapi": ("tasks/review",),
    "uvicorn": ("tasks/review",),
}


@dataclass(frozen=True)
class Module:
    """A module of facetrack's."""

    name: str  # with dots, without "facetrack."; a package's own is its `__init__`
    path: Path

    @property
    def place(self) -> str:
        """Its name with slashes; a plugin for Hydra lies in the room of plugins."""
        return self.name.replace("hydra_plugins", "plugins").replace(".", "/")

    @property
    def room(self) -> str:
        """The first part of its place."""
        return self.place.partition("/")[0]


def modules() -> list[Module]:
    """All modules of facetrack and of its plugins for Hydra."""
    found = []
    for path in sorted((ROOT / "facetrack").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "facetrack").with_suffix("").parts)
        found.append(Module(name, path))
    for path in sorted((ROOT / "hydra_plugins").glob("*.py")):
        found.append(Module(f"hydra_plugins.{path.stem}", path))
    return found


def imported(module: Module, known: dict[str, Module]) -> Iterator[str]:
    """What a module imports anywhere in it, except where only types are checked.

    A module of facetrack's by its name in `known`, any other by its package.
    """
    tree = ast.parse(module.path.read_text(encoding="utf-8"))
    for node in _run(tree):
        if isinstance(node, ast.Import):
            names = [(one.name, "") for one in node.names]
        else:
            assert node.level == 0, f"{module.name} imports relatively"
            names = [(str(node.module), one.name) for one in node.names]
        for package, member in names:
            if package.partition(".")[0] != "facetrack":
                yield package.partition(".")[0]
                continue
            inner = package.partition(".")[2]
            candidates = (f"{inner}.{member}".strip("."), inner, f"{inner}.__init__".strip("."))
            yield next((one for one in candidates if one in known), "__init__")


def _run(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        yield from _run(node)
