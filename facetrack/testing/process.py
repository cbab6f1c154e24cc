"""The command line in this process, as separate from everything else in it as a process is."""

import contextlib
import contextvars
import functools
import gc
import importlib
import logging
import os
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO, Any, TextIO

import numpy as np
import optuna
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobRuntime

from facetrack import __main__ as started
from facetrack.cli import command
from facetrack.cli.arguments import overrides
from facetrack.clusterer import Infomap
from facetrack.detector import dlib_hog, haar
from facetrack.embedder import dlib_resnet
from facetrack.extraction import landmarks
from facetrack.figures import assets, galleries, templates
from facetrack.system import environment, json_lines, shipped, threads
from facetrack.tasks.context import capsule, targets
from facetrack.testing.configs import shipped_configs
from facetrack.testing.outcome import Outcome
from facetrack.testing.pictures import pictures_drawn_once
from facetrack.tracking import server, upkeep

# What commands import when they need it. Some set the environment as they are imported, which is
# put back after each command, and would be without it in the next one.
for _name in (
    *("system.ray_cluster", "tasks.evaluate.run", "tasks.forget.run", "tasks.organise.run"),
    *("tasks.sweep.summary", "tasks.sweep.tsne_pages", "tasks.tune.study"),
):
    importlib.import_module(f"facetrack.{_name}")

_REFUSED = 2
_HYDRAS: tuple[type, ...] = (GlobalHydra, HydraConfig, JobRuntime)
# Of packages and of facetrack's own files: no command changes them.
_SAME_FOR_ALL = (
    *(dlib_resnet._digest, dlib_resnet._network, dlib_resnet._predictor, landmarks._digest),
    *(dlib_hog._original, dlib_hog._unpack, dlib_hog._version, haar._cascade_digest),
    *(assets.read_static, assets.read_plotly, templates._make_environment, galleries._load_font),
    *(overrides.parse_override, targets._of_groups, shipped.checkout_commit, threads._find_pools),
    *(shipped.checkout_is_changed, environment.list_packages, capsule._describe_facetrack),
)
_COMMON = (
    *((), ("clusterer=meanshift",), ("task=tune",), ("task=organise",)),
    ("task=organise", "dataset=folder", "detector=dlib_hog", "embedder=dlib", "tracking=none"),
)


def in_process(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Outcome:
    """What comes of `python -m facetrack ARGUMENTS` in a working folder.

    environment: what to add to this process's meanwhile.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with (
            _warnings(),  # first, as what is imported meanwhile has filters of its own
            _environment(environment),
            contextlib.chdir(folder),
            _modules(),
            _hydra(),
            shipped_configs(),
            pictures_drawn_once(),
            _signals(),
            _logging(),
            _written(1, out),
            _written(2, err),
        ):
            status = _exit_status(arguments)
        if status not in (0, _REFUSED):
            gc.collect()  # locks that the traceback of a defect holds would go with a process
        return Outcome(status, _text(out), _text(err))


def _exit_status(arguments: Sequence[str]) -> int:
    """Run the command and say what Python makes of how it ends."""
    before, main_module = sys.argv, sys.modules["__main__"]
    sys.argv = [str(started.__file__), *arguments]
    # Worker processes take up their parent's: a test's would bring all the tests import.
    sys.modules["__main__"] = started
    try:
        contextvars.Context().run(command.main)  # no sweep is open in it
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        sys.argv = before
        sys.modules["__main__"] = main_module
    return 0


@contextlib.contextmanager
def _environment(added: Mapping[str, str]) -> Iterator[None]:
    before, temporary = dict(os.environ), tempfile.tempdir
    try:
        os.environ.update(added)
        tempfile.tempdir = None  # what the environment says of it counts
        yield
    finally:
        tempfile.tempdir = temporary
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _modules() -> Iterator[None]:
    """What modules remember is forgotten before and after, and the caller's put back."""
    looked_through, given_up = set(upkeep._looked_through), set(server._given_up)
    _forget()
    try:
        yield
    finally:
        _forget()
        upkeep._looked_through.update(looked_through)
        server._given_up.update(given_up)


def _forget() -> None:
    json_lines.ask(False)
    upkeep._looked_through.clear()
    server._given_up.clear()
    for clear in _find_caches(len(sys.modules)):
        clear()
    close_stores()


@functools.lru_cache(maxsize=1)
def _find_caches(_modules: int) -> list[Callable[[], None]]:
    """What clears the caches of facetrack's functions, while no more modules are imported."""
    own = ("facetrack", "hydra_plugins")
    modules = [module for name, module in list(sys.modules.items()) if name.split(".")[0] in own]
    caches = {
        id(value): value
        for module in modules
        for value in list(vars(module).values())
        if hasattr(value, "cache_clear") and value not in (*_SAME_FOR_ALL, _find_caches)
    }
    return [value.cache_clear for value in caches.values()]


def close_stores() -> None:
    """Close MLflow's connections: what it keeps would be of a file that has been replaced."""
    from mlflow.store.model_registry import sqlalchemy_store as registry
    from mlflow.store.tracking import sqlalchemy_store as runs
    from mlflow.tracking._model_registry.utils import _get_store_registry
    from mlflow.tracking._tracking_service.utils import _tracking_store_registry

    _tracking_store_registry._get_store_with_resolved_uri.cache_clear()
    registry_of_models: Any = _get_store_registry
    registry_of_models()._get_store_with_resolved_uri.cache_clear()
    _read_migrations_once()
    for engines in (
        runs.SqlAlchemyStore._engine_map,
        registry.SqlAlchemyStore._engine_map,
    ):
        for engine in engines.values():
            engine.dispose()
        engines.clear()


def _read_migrations_once() -> None:
    """MLflow and Optuna run all files of their migrations, 67 and 10, to open a database."""
    from alembic.util import pyfiles
    from mlflow.store.db import utils

    anew = pyfiles.load_module_py
    if anew.__module__ == __name__:
        return
    read: dict[str, ModuleType] = {}

    def load_module_py(module_id: str, path: str | os.PathLike[str]) -> ModuleType:
        if Path(path).parent.name != "versions":  # what is there to be run each time
            return anew(module_id, path)
        if str(path) not in read:
            read[str(path)] = anew(module_id, path)
        return read[str(path)]

    pyfiles.load_module_py = load_module_py
    # What the newest of them is, MLflow finds out each time.
    utils._get_latest_schema_revision = functools.cache(utils._get_latest_schema_revision)


@contextlib.contextmanager
def _hydra() -> Iterator[None]:
    """Hydra as if it had not been started. What it has found of plugins and schemas stays."""
    instances = Singleton._instances
    before = {one: instances.pop(one) for one in _HYDRAS if one in instances}
    try:
        yield
    finally:
        for singleton in _HYDRAS:
            instances.pop(singleton, None)
        instances.update(before)


def read_shipped() -> None:
    """Read configs, templates and models that most commands need, for processes forked from this.

    Hydra's plugins must have been registered.
    """
    with tempfile.TemporaryDirectory() as folder:
        for choices in _COMMON:
            in_process([*choices, "--cfg", "job"], Path(folder), {})
    environment = templates._make_environment()
    for name in ("errors.html", "people.html", "plots.html", "report.html", "tsne.html"):
        environment.get_template(name)
    for read in (dlib_resnet._network, dlib_resnet._predictor, dlib_hog._original):
        read()
    Infomap(eps=0.3).fit(np.linspace(0, 1, 12)[:, None])  # its compiled kernels


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set them
        return
    before = {one: signal.getsignal(one) for one in signal.valid_signals()}
    try:
        yield
    finally:
        for one, handler in before.items():
            if handler is not None and signal.getsignal(one) is not handler:
                signal.signal(one, handler)


@contextlib.contextmanager
def _logging() -> Iterator[None]:
    """Without the handlers of a test runner, which would keep warnings from standard error."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@contextlib.contextmanager
def _warnings() -> Iterator[None]:
    """Python's own filters and those of facetrack's modules; what passes goes to standard error."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning):
            warnings.simplefilter("ignore", category)
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.filterwarnings("ignore", module=r"PIL\.")  # picture.py
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # tune/study.py
        warnings.showwarning = _show
        yield


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(
        warnings.formatwarning(message, category, filename, lineno, line),
        end="",
        file=file or sys.stderr,
    )


@contextlib.contextmanager
def _written(number: int, file: IO[bytes]) -> Iterator[None]:
    """Standard output (1) or error (2) goes to a file: of C code and child processes as well."""
    name = {1: "stdout", 2: "stderr"}[number]
    before = getattr(sys, name)
    before.flush()
    saved = os.dup(number)
    os.dup2(file.fileno(), number)
    # By its number, not a copy: a logger that keeps it writes to where the number leads by then.
    errors = "strict" if number == 1 else "backslashreplace"
    opened = open(number, "w", encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
    opened.reconfigure(line_buffering=number == 2)  # as Python does it where nobody looks on
    setattr(sys, name, opened)
    try:
        yield
    finally:
        opened.flush()
        setattr(sys, name, before)
        os.dup2(saved, number)
        os.close(saved)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace").replace("\r\n", "\n")
