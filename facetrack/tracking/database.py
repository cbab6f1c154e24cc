"""MLflow's own tables in a database: made whole or not at all, and of which version they are."""

from pathlib import Path

from facetrack.system import databases
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
        place.make_tables(database(part))
        part.replace(path)
    finally:
        for name in (part.name, f"{part.name}-journal"):
            part.with_name(name).unlink(missing_ok=True)


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
