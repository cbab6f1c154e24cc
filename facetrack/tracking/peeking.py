"""What a store on this machine surely lacks, seen without MLflow, which takes seconds to import.

Nothing is made or changed. Whatever cannot be told here, MLflow is asked.
"""

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from facetrack.core.errors import UserError
from facetrack.tracking.keys import SWEEP

_SQLITE = "sqlite:///"
_OTHERS = "%?#"  # what another form of address has in it


def demand_sweep(uri: str | None, sweep_id: str | None) -> None:
    """Raises UserError where a store surely has no sweep at all.

    uri: as in `MlflowStore`. sweep_id: the one that is looked for, None for the last.
    """
    path = _find_file(uri)
    if path is not None and _lacks(path, f"SELECT 1 FROM tags WHERE key = '{SWEEP}'"):
        what = "no unfinished sweep" if sweep_id is None else f"no sweep {sweep_id}"
        raise UserError(
            f"there is {what} in {path}, MLflow's store: resume in the folder, or with the "
            "tracking.uri=…, that the sweep was started with"
        )


def demand_run(uri: str | None, name: str) -> None:
    """Raises UserError where a store surely has neither a run nor a sweep of that id."""
    path = _find_file(uri)
    asked = (
        "SELECT 1 FROM runs WHERE run_uuid = :name UNION ALL "
        f"SELECT 1 FROM tags WHERE key = '{SWEEP}' AND value = :name"
    )
    if path is not None and _lacks(path, asked, name):
        raise missing_run(name)


def missing_run(name: str) -> UserError:
    """What is said of an id that a store has neither a run nor a sweep of."""
    return UserError(
        f"there is no run and no sweep {name} in this MLflow store: give the id that MLflow "
        "shows, in the folder, or with the tracking.uri=…, that it was started with"
    )


def _find_file(uri: str | None) -> Path | None:
    """The database of a store; None where it is none, or only MLflow can say."""
    uri = uri or os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        with_files = any(Path("mlruns").glob("*/meta.yaml"))  # of older versions of MLflow
        return None if with_files else Path.cwd() / "mlflow.db"
    path = uri.removeprefix(_SQLITE)
    plain = path != uri and path and not any(letter in path for letter in _OTHERS)
    return Path(path).absolute() if plain else None


def _lacks(path: Path, asked: str, name: str = "") -> bool:
    """Whether a database is not there or a question has no answer in it; False for no database."""
    if not os.path.lexists(path):
        return True
    with contextlib.suppress(sqlite3.Error):
        address = f"file:{quote(str(path))}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=1)) as opened:
            return opened.execute(asked, {"name": name}).fetchone() is None
    return False
