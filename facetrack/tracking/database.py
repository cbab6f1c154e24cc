"""MLflow's own tables in a database: made whole or not at all, and of which version they are."""

import hashlib
from pathlib import Path

from facetrack.system import databases, temporary
from facetrack.system.derived import load_or_make
from facetrack.system.home import find_home
from facetrack.system.sqlite_files import database, local
from facetrack.tracking import place
from facetrack.tracking.address import SERVER


def demand_usable(uri: str) -> None:
    """Raises UserError where a database cannot be read, and for one of something else."""
    databases.demand_usable(_program(), uri)


def version_trouble(uri: str) -> str | None:
    """What is to be done about a database of another version of MLflow's; None for others."""
    return None if uri.startswith(SERVER) else databases.version_trouble(_program(), uri)


def create_whole(uri: str) -> None:
    """Make a database file that is not there yet under another name, and move it into place.

    MLflow makes its tables one by one: where that is cut short, by a kill or a full disk, it can
    neither use them nor make the others.
    """
    path = local(uri)
    if path is None:
        if place.keeps_in_folder(uri):
            place.make_tables(uri)
        return
    if path.exists() and path.stat().st_size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # of a process that was killed
    try:
        try:
            _copy_empty_tables(part)
        except Exception:  # whatever it was, MLflow makes the tables or says what is wrong
            part.unlink(missing_ok=True)
        place.make_tables(database(part))
        part.replace(path)
    finally:
        for name in (part.name, f"{part.name}-journal"):
            part.with_name(name).unlink(missing_ok=True)


def _copy_empty_tables(path: Path) -> None:
    """Make a database file of tables that MLflow made before: its migrations take a second.

    Nothing but tables is in them, and MLflow checks their version when it opens the file.
    """
    program = _program()
    scripts = sorted(one.name for one in program.scripts.glob("versions/*.py"))
    schema = hashlib.sha256("\n".join(scripts).encode()).hexdigest()[:16]
    content = load_or_make(f"mlflow-{program.version}-{schema}.db", _make_empty_tables)
    path.touch(mode=0o644)  # as SQLite makes its files
    path.write_bytes(content)


def _make_empty_tables() -> bytes:
    """A database file with MLflow's tables, made by `mlflow db upgrade`."""
    from mlflow.db import upgrade

    with temporary.folder(find_home()) as folder:
        file = folder / "mlflow.db"
        upgrade.callback(database(file))
        return file.read_bytes()


def _program() -> databases.Program:
    """MLflow as a program that keeps its own tables in databases."""
    import mlflow

    return databases.Program(
        name="MLflow",
        version=mlflow.__version__,
        package="mlflow",
        what="MLflow store",
        table="experiments",
        scripts=Path(mlflow.__file__).parent / "store/db_migrations",
        upgrade="mlflow db upgrade {}",
        setting="tracking.uri",
    )
