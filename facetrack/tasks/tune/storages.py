"""Where a study is kept: a database, or a journal file."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages._heartbeat import HeartbeatThread

from facetrack.core.errors import UserError
from facetrack.system import databases
from facetrack.system.home import find_locks, lock
from facetrack.system.masking import mask, read_first_line
from facetrack.tasks.tune.journals import open_journal

# A worker that has not shown itself for the grace period is taken for dead.
HEARTBEAT_SECONDS, GRACE_SECONDS = 10, 30


def open_storage(url: str) -> BaseStorage:
    """The storage of an address, made when missing.

    Raises UserError where it cannot be reached, is of another version or is something else.
    """
    if "://" not in url:
        path = Path(url).expanduser()
        if path.suffix not in (".log", ".journal"):
            raise UserError(
                f"task.storage is a URL such as sqlite:///studies.db or postgresql://…, or a "
                f"journal file ending in .log; got {url!r}"
            )
        return open_journal(path)
    # Two processes must not create the tables of one fresh database at once, nor look in between.
    with lock(find_locks() / "optuna.lock"):
        databases.demand_usable(_optuna(), url)
        return _database(url)


def _database(url: str) -> RDBStorage:
    local = url.startswith("sqlite:///")
    # SQLite has one writer at a time: wait for the others.
    connect = {"timeout": 100} if local else dict(databases.connect_arguments(url))
    try:
        if local:
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return RDBStorage(
            url,
            engine_kwargs={"connect_args": connect},
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=GRACE_SECONDS,
        )
    except Exception as error:
        raise UserError(
            databases.version_trouble(_optuna(), url)
            or f"the Optuna storage {mask(url)} cannot be used ({read_first_line(error)}): "
            "see that it runs and may be written to, or leave task.storage out"
        ) from error


@contextlib.contextmanager
def using(url: str) -> Iterator[None]:
    """While a storage is read or written to. Raises UserError where it fails or is damaged."""
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        raise UserError(
            f"the Optuna storage {mask(url)} stopped working ({_reason(error)}): see that it "
            "runs and has room, then run the same command again"
        ) from error


@contextlib.contextmanager
def reading(url: str) -> Iterator[None]:
    """While what a storage holds is read. Raises UserError for what is damaged, in whatever way."""
    try:
        with using(url):
            yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"the Optuna storage {mask(url)} is damaged ({_reason(error)}): go on with a copy of "
            "it from before, or name another by task.storage=…"
        ) from error


def _optuna() -> databases.Program:
    return databases.Program(
        name="Optuna",
        version=optuna.__version__,
        package="optuna",
        what="Optuna storage",
        table="studies",
        scripts=Path(optuna.storages.__file__).parent / "_rdb/alembic",
        upgrade="optuna storage upgrade --storage {}",
        setting="task.storage",
    )


def _reason(error: BaseException) -> str:
    return read_first_line(error.__cause__ or error)


@contextlib.contextmanager
def ending_heartbeats() -> Iterator[None]:
    """Heartbeats that begin within end with it.

    Optuna ends them itself, but for an interrupt that comes while one begins: the process would
    wait for that thread at its end, for ever.
    """
    try:
        yield
    finally:
        for thread in threading.enumerate():
            if getattr(thread, "_target", None) is HeartbeatThread._record_heartbeat:
                thread._args[-1].set()  # type: ignore[attr-defined]
