"""SQLite files by the URIs that MLflow and Optuna take, whatever the file is called.

A database is named by its path, or by SQLite's encoded form where a path would not do.
"""

from pathlib import Path
from urllib.parse import quote, unquote

SQLITE = "sqlite:///"


def database(path: Path) -> str:
    """The URI of an SQLite file."""
    # Where the path itself would not do, its slashes are encoded as well: MLflow makes the folders
    # that it sees in a URI. SQLAlchemy decodes from 2.1 on; before, SQLite can.
    encoded = quote(str(path), safe="")
    for uri in (f"{SQLITE}{path}", f"{SQLITE}{encoded}"):
        if local(uri) == path:
            return uri
    return f"{SQLITE}file:{encoded}?uri=true"


def local(uri: str) -> Path | None:
    """The database file that a tracking URI names, if it names one."""
    if not uri.startswith(SQLITE):
        return None
    from sqlalchemy.engine import make_url  # which MLflow brings, and reads it with

    url = make_url(uri)
    path = str(url.database or "")
    if url.query == {"uri": "true"} and path.startswith("file:"):
        return Path(unquote(path.removeprefix("file:")))
    return Path(path) if path and not url.query else None
