"""The SQLite file of the store: opened, mended where it is damaged, and never lost.

A file that SQLite refuses is set aside, and a new one begun with the rows of it that are intact.
Every table has rows (key, payload, checksum), where the checksum is of the other two.
"""

import contextlib
import hashlib
import itertools
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from facetrack.core.errors import UserError
from facetrack.system.home import lock

TABLES = ("detections", "vectors", "looks", "qualities")

Row = tuple[bytes, bytes, bytes]

_COLUMNS = "(key BLOB PRIMARY KEY, payload BLOB NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID"
_SCHEMA = "".join(f"CREATE TABLE IF NOT EXISTS {table} {_COLUMNS};\n" for table in TABLES)
_DAMAGE = (sqlite3.Error, UnicodeError)  # an error's own text may not be readable either
# What SQLite says of a file that is sound, when the disk or another process is in the way.
_OF_THE_DISK = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_VERSIONS = slice(18, 20)  # in the file's header, of who may write and read it: 1 or 2
_BUSY_SECONDS = 60


class Database:
    """The file at a path, opened for one process. Raises UserError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._checked = False
        # Only for opening: the switch of a fresh file to write-ahead mode waits for nobody, so
        # of two processes doing it at once one would fail.
        self._lock = lock(self.path.with_suffix(".lock"))
        try:
            with self._lock:
                self.connection = self._open()
        except OSError as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def check(self) -> None:
        """Once, since it reads the whole file. Raises sqlite3.Error where its order is damaged.

        Rows are then not found, or lost with what is written next. A row that is only damaged
        itself does not matter: the next one replaces it.
        """
        if not self._checked:
            found = self.connection.execute("PRAGMA integrity_check").fetchall()
            if any(b"NULL value in" not in message for (message,) in found if message != b"ok"):
                raise sqlite3.DatabaseError("it is damaged")
            self._checked = True

    def do(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do some work on the database; where its file turns out damaged, begin a new one.

        Raises UserError where the disk or another process is in the way.
        """
        try:
            work(self.connection)
        except sqlite3.IntegrityError:
            raise
        except _DAMAGE as error:
            if self._is_of_the_disk(error):
                raise self._trouble(error) from error
            self._begin_anew()
            try:
                work(self.connection)
            except _DAMAGE as again:
                raise self._trouble(again) from again

    def _open(self) -> sqlite3.Connection:
        """Open the file, or a new one where it is damaged. Raises UserError and OSError."""
        try:
            return self._open_file()
        except _DAMAGE as error:
            if self._is_of_the_disk(error):
                raise self._trouble(error) from error
        return self._renew()

    def _open_file(self) -> sqlite3.Connection:
        # Embeddings are biometric data. Before SQLite opens it: the files that it puts beside
        # have the mode that this one has then.
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        self._file = os.fstat(handle).st_ino
        self._checked = False
        os.close(handle)
        os.chmod(self.path, 0o600)  # noqa: PTH101
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        # Where damage has made a text of a value, it is not one.
        connection.text_factory = bytes
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin_anew(self) -> None:
        """Close a file that turned out damaged and open a new one. Raises UserError."""
        try:
            self.connection.close()
            with self._lock:
                # Another process may have set it aside already.
                is_same = self.path.exists() and self.path.stat().st_ino == self._file
                self.connection = self._renew() if is_same else self._open()
        except OSError as error:
            raise self._trouble(error) from error

    def _renew(self) -> sqlite3.Connection:
        """A new file instead of a damaged one, with its intact rows. Raises UserError, OSError."""
        aside = self._set_aside()
        try:
            connection = self._open_file()
            with contextlib.closing(sqlite3.connect(aside)) as damaged:
                damaged.text_factory = bytes
                for table in TABLES:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.executemany(
                        f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", _rescue(damaged, table)
                    )
                    connection.execute("COMMIT")
        except _DAMAGE as error:
            raise self._trouble(error) from error
        return connection

    def _set_aside(self) -> Path:
        """Move a damaged file away: kept, not deleted. Where it is then."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        for number in itertools.count():
            start = f"damaged-{stamp}{f'-{number}' if number else ''}-"
            if not self.path.with_name(f"{start}{self.path.name}").exists():
                break
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.rename(part.with_name(f"{start}{part.name}"))
        return self.path.with_name(f"{start}{self.path.name}")

    def _is_of_the_disk(self, error: Exception) -> bool:
        """Whether it is not the file that is damaged."""
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _OF_THE_DISK:
            return False
        # A damaged version number makes a file read-only for SQLite.
        with self.path.open("rb") as opened:
            header = opened.read(_VERSIONS.stop)
        return len(header) < _VERSIONS.stop or set(header[_VERSIONS]) <= {1, 2}

    def _trouble(self, error: Exception) -> UserError:
        return UserError(
            f"the embedding store {self.path} cannot be used ({error}): free some space or set "
            "FACETRACK_HOME to a folder you can write to, then run the same command again; "
            "what was stored so far is kept"
        )


def make_row(key: bytes, payload: bytes) -> Row:
    """A row with its checksum, 8 bytes."""
    return key, payload, hashlib.blake2b(key + payload, digest_size=8).digest()


def only_intact(rows: Iterable[tuple[Any, Any, Any]]) -> Iterator[Row]:
    """The rows whose checksum is right, of any that a query gives."""
    for row in rows:
        key, payload, _ = row
        # Damage may have made a number or nothing of a value.
        if type(key) is bytes and type(payload) is bytes and make_row(key, payload) == row:
            yield row


def _rescue(damaged: sqlite3.Connection, table: str) -> Iterator[Row]:
    """The intact rows of a damaged file's table that can be reached from one end or the other."""
    for order in ("ASC", "DESC"):
        with contextlib.suppress(*_DAMAGE):
            query = f"SELECT key, payload, checksum FROM {table} ORDER BY key {order}"
            yield from only_intact(damaged.execute(query))
