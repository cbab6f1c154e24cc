"""The rooms that facetrack is to have, and which of them may use which.

A room is a package of modules with one purpose. `FUTURE` says where each module that still lies
elsewhere belongs; the arrows are drawn as if it were there already.
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
    "cli": {*_BELOW_TASKS, "tasks"},
    "plugins": {*_BELOW_TASKS, "tasks", "cli"},
    "testing": {*_BELOW_TASKS, "tasks", "cli"},
}
# By package of others: the rooms or modules, as they are to be called, that alone may import it.
KEPT_IN: dict[str, tuple[str, ...]] = {
    "hydra": ("cli", "tasks/context", "tasks/*/run", "plugins", "testing"),
    "omegaconf": ("cli", "tasks/context", "tasks/*/run", "plugins", "testing"),
    "mlflow": ("tracking", "testing"),
    "optuna": ("tasks/tune", "testing"),
    "ray": ("system/ray_cluster", "plugins"),
    "faiss": ("clusterer/kernels/approximate",),
    "tensorflow": ("embedder",),
    "keras": ("embedder",),
    "plotly": ("figures",),
    "matplotlib": ("figures",),
    "fastapi": ("tasks/review",),
    "uvicorn": ("tasks/review",),
}

# By module as it is now, without "facetrack.": where it belongs. A package stands for its modules.
FUTURE = {
    "data": "core/faces",
    **{name: f"core/{name}" for name in ("errors", "given", "labels", "texts")},
    **{
        name: f"system/{name}"
        for name in (
            *("archive", "databases", "download", "files", "guard", "home", "json_lines"),
            *("masked", "module_path", "npz", "owner", "processes", "progress", "shipped"),
            *("stopping", "streams", "temporary", "terminal", "transfer"),
        )
    },
    "cluster": "system/ray_cluster",
    **{
        f"clusterer.{name}": f"clusterer/kernels/{name}"
        for name in ("approximate", "distances", "gram_kmeans", "tree")
    },
    **{name: f"extraction/{name}" for name in ("jpeg", "look", "picture", "repair", "store")},
    "extract": "extraction/pipeline",
    "workers": "extraction/engines",
    **{name: f"evaluation/{name}" for name in ("article", "confusion", "label_free", "metrics")},
    "compare": "evaluation/comparison",
    "evaluate": "evaluation/experiment",
    "radius": "evaluation/radius",
    "resample": "evaluation/resampling",
    **{name: f"tracking/{name}" for name in ("address", "answers", "moved", "past")},
    "tracking": "tracking/runs",
    "tracking_place": "tracking/place",
    "organise": "organiser",
    "organise.__init__": "tasks/organise/run",
    "organise.photos": "tasks/organise/scan",
    **{name: f"tasks/{name}" for name in ("exports", "outputs", "sheet")},
    "thumbnail": "tasks/thumbnails",
    "layout": "tasks/tsne_cache",
    "make": "tasks/context",
    "settle": "tasks/context",
    "targets": "tasks/context",
    "job": "tasks/evaluate/run",
    "galleries": "tasks/evaluate/galleries",
    "export": "tasks/export/run",
    "forget": "tasks/forget/run",
    "forgetting": "tasks/forget",
    "sweep": "tasks/sweep/session",
    "sweep_summary": "tasks/sweep/summary",
    "sweep_tsne": "tasks/sweep/tsne_pages",
    "study": "tasks/sweep/article_tables",
    "tune": "tasks/tune",
    "tune.__init__": "tasks/tune/run",
    "arguments": "cli/arguments",
    **{
        name: f"cli/{name}"
        for name in (
            *("__main__", "command_line", "grammar", "literal", "plugins", "replayed", "resume"),
            *("start", "tuned", "working_folder"),
        )
    },
    "overrides": "cli/ranges",
    "launchers": "cli/extras",
}


@dataclass(frozen=True)
class Module:
    """A module of facetrack's: where it is, and where it belongs."""

    name: str  # with dots, without "facetrack."; a package's own is its `__init__`
    path: Path
    place: str  # with slashes

    @property
    def room(self) -> str:
        """The first part of its place."""
        return self.place.partition("/")[0]


def modules() -> list[Module]:
    """All modules of facetrack and of its plugins for Hydra."""
    found = []
    for path in sorted((ROOT / "facetrack").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "facetrack").with_suffix("").parts)
        found.append(Module(name, path, _place(name)))
    for path in sorted((ROOT / "hydra_plugins").glob("*.py")):
        found.append(Module(f"hydra_plugins.{path.stem}", path, f"plugins/{path.stem}"))
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


def _place(name: str) -> str:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        above = ".".join(parts[:length])
        if above in FUTURE:
            return "/".join([FUTURE[above], *parts[length:]])
    return "/".join(parts)
