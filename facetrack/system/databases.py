"""Databases of MLflow's and of Optuna's: whether one answers, and whose and of which version it is.

Both programs make their tables in whatever database they are given, try for minutes to reach a
server that is away, and have one sentence for whatever is wrong.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facetrack.core.errors import UserError
from facetrack.system.masking import mask, read_first_line
from facetrack.system.sqlite_files import local

CONNECT_SECONDS = 4
"""How long a database server may take to answer."""

_BOOKKEEPING = "alembic_version"  # a table of both programs
_SERVERS = ("postgresql", "mysql", "mariadb")


@dataclass(frozen=True)
class Program:
    """A program that keeps a database.

    name, version, package: of it. what: its database is called. table: one that no other program
    has. scripts: the folder of its migrations. upgrade: the command that migrates, with {} for the
    address. setting: of facetrack, that names the database.
    """

    name: str
    version: str
    package: str
    what: str
    table: str
    scripts: Path
    upgrade: str
    setting: str


def connect_arguments(url: str) -> Mapping[str, Any]:
    """What a driver needs to be told so that it does not wait for minutes."""
    from sqlalchemy.engine import make_url

    address = make_url(url)
    if address.get_backend_name() not in _SERVERS or "connect_timeout" in address.query:
        return {}
    return {"connect_timeout": CONNECT_SECONDS}


def demand_usable(program: Program, url: str) -> None:
    """Raises UserError where a database cannot be read, and for one of something else.

    Nothing is written. An address that SQLAlchemy does not know is left to the program, and so is
    a file that another process has locked.
    """
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        _demand_plain_file(program, url)
        tables, _ = _look(url)
    except ArgumentError:
        return
    except ImportError as error:
        raise UserError(
            f"{mask(url)} needs a driver that is not installed ({error}): for PostgreSQL, "
            "pip install 'facetrack[postgresql]'"
        ) from error
    except SQLAlchemyError as error:
        if "file is not a database" in str(error):
            raise UserError(_anothers(program, url)) from error
        if _is_file(url):
            if "locked" in str(error):
                return
            raise UserError(
                f"the {program.what} {mask(url)} cannot be used ({read_first_line(error)}): see "
                f"that it is whole and that you may read and write it, or name another by "
                f"{program.setting}=…"
            ) from error
        raise UserError(
            f"the {program.what} {mask(url)} does not answer ({read_first_line(error)}): see that "
            f"it runs and lets you in, or leave {program.setting} out"
        ) from error
    others = tables - {_BOOKKEEPING}
    # A server's database may be shared, as long as nobody else counts versions in it.
    if program.table not in tables and (others if _is_file(url) else _BOOKKEEPING in tables):
        raise UserError(_anothers(program, url))


def version_trouble(program: Program, url: str) -> str | None:
    """What is to be done about a database of another version; None for one of this version.

    For when the program has refused it: to read its migrations takes seconds.
    """
    from alembic.script import ScriptDirectory
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        tables, revision = _look(url)
    except (ArgumentError, SQLAlchemyError, ImportError):
        return None
    if program.table not in tables or revision is None:
        return None
    scripts = ScriptDirectory(str(program.scripts))
    if revision == scripts.get_current_head():
        return None
    told = f"the {program.what} {mask(url)} was made by"
    if revision in {script.revision for script in scripts.walk_revisions()}:
        upgrade = program.upgrade.format(mask(url))
        return (
            f"{told} an older {program.name} than {program.version}: make a copy of it and bring "
            f"it up to date with `{upgrade}`, or name another by {program.setting}=…"
        )
    return (
        f"{told} a newer {program.name} than {program.version}, which cannot read it: "
        f"pip install --upgrade {program.package}, or name another by {program.setting}=…"
    )


def _demand_plain_file(program: Program, url: str) -> None:
    """Raises UserError for a folder, a device or a pipe: a database would take a device's place."""
    path = local(url)
    if path is not None and path.exists() and not path.is_file():
        raise UserError(
            f"the {program.what} {mask(url)} is no file, but something else of this name: "
            f"name a file by {program.setting}=…"
        )


def _anothers(program: Program, url: str) -> str:
    return (
        f"{mask(url)} is no {program.what}: it belongs to something else, and nothing in it was "
        f"changed; name another by {program.setting}=…"
    )


def _look(url: str) -> tuple[set[str], str | None]:
    """The names of a database's tables, and the version it is at. Raises SQLAlchemyError."""
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.pool import NullPool

    if _is_file(url) and not os.path.lexists(_file(url)):
        return set(), None  # to look would make it
    engine = create_engine(url, poolclass=NullPool, connect_args=dict(connect_arguments(url)))
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        if _BOOKKEEPING not in tables:
            return tables, None
        found = connection.execute(text(f"SELECT version_num FROM {_BOOKKEEPING}")).scalar()
        return tables, None if found is None else str(found)


def _is_file(url: str) -> bool:
    return url.startswith("sqlite:")


def _file(url: str) -> Path:
    from sqlalchemy.engine import make_url

    return local(url) or Path(make_url(url).database or "")
