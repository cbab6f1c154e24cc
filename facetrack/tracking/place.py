"""Where an MLflow store and its files are, whatever the folder is called.

MLflow percent-encodes the address of its own choice and then takes it for a path, writes the
working folder into SQL as it is, and decodes a plain path as if it were encoded. So facetrack
names the places itself: a database as sqlite_files.py does; files of runs by a file: address, which
is encoded and read as such.
"""

import hashlib
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from facetrack.core.errors import UserError
from facetrack.system.sqlite_files import SQLITE, database, local

_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_RUNS_LOOKED_AT = 100  # the latest: enough to know whose folder it is


def choose_uri(uri: str | None) -> str:
    """A tracking URI, or MLflow's own choice for None, with the folder's name as it is."""
    import mlflow.tracking

    tracking: Any = mlflow.tracking
    if uri:
        return str(uri)
    own = str(tracking.get_tracking_uri())
    if tracking.is_tracking_uri_set() or not own.startswith(SQLITE):
        return own  # the latter a folder with runs in files, as older versions of MLflow made it
    return database(Path.cwd() / "mlflow.db")


def is_standard(uri: str) -> bool:
    """Whether `mlflow ui` finds the store without being told, in the working folder."""
    path = local(uri)
    return path is not None and path.absolute() == Path.cwd() / "mlflow.db"


def make_tables(uri: str) -> None:
    """Make a database's tables where it has none. Raises what MLflow raises."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store: Any = SqlAlchemyStore
    # Its client would write the working folder into an SQL statement as it is, quotes included.
    store(uri, write_address(_files()))


def keeps_in_folder(uri: str) -> bool:
    """Whether the files of a store's runs are put below the working folder: a database's are."""
    return uri.partition(":")[0].partition("+")[0] in _DATABASES


def files_of(experiment: str) -> str:
    """Where the files of a new experiment's runs are to be, as a URI."""
    if not _PLAIN_NAME.fullmatch(experiment):
        experiment = hashlib.sha256(experiment.encode()).hexdigest()[:16]
    return write_address(_files() / experiment)


def write_address(path: Path) -> str:
    """A folder on this machine as an artifact location: as it is, or encoded where it must be."""
    return str(path) if quote(str(path)) == str(path) else path.as_uri()


def _files() -> Path:
    return Path.cwd() / "mlruns"


def path_of(location: str) -> Path | None:
    """The folder on this machine that an artifact location names, if it names one."""
    parts = urlsplit(location)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return Path(location) if location.startswith("/") else None


def demand_in_place(uri: str, location: str, run_ids: Callable[[], Sequence[str]]) -> None:
    """Raises UserError where a store has been moved or copied, and its files are looked for there.

    MLflow would make the old folder again, and put pages with faces there. location: of the
    experiment's files. run_ids: gives those of some of its runs.
    """
    holder, named = _holder(uri), path_of(location)
    if holder is None or named is None or named.is_relative_to(holder):
        return
    here, before = holder / "mlruns" / named.name, named.parent.parent
    came_along = any((here / run_id).is_dir() for run_id in run_ids())
    elsewhere = came_along and not (named.exists() and named.samefile(here))
    if elsewhere or not before.exists():
        raise UserError(
            f"the MLflow store in {holder} keeps the files of its runs in {before}, as after that "
            f"folder was moved or copied: {_mend(uri)} (nothing was written there)"
        )


def _mend(uri: str) -> str:
    path = local(uri)
    if path is None:
        return "move it back"
    which = "" if is_standard(uri) else f" {shlex.quote(str(path))}"
    return f"`python -m facetrack.moved{which}` makes it keep them beside itself, or move it back"


def _holder(uri: str) -> Path | None:
    """The folder that a store on this machine is in."""
    path = local(uri)
    if path is None and uri.startswith("file:"):
        path = path_of(uri)
    return None if path is None else path.absolute().parent


def some_runs(client: Any, experiment_id: str) -> list[str]:
    """The ids of an experiment's latest runs."""
    runs = client.search_runs([experiment_id], max_results=_RUNS_LOOKED_AT)
    return [run.info.run_id for run in runs]
