"""Detections and embeddings on disk, keyed by picture content and by the settings that made them.

One SQLite file in write-ahead mode: commits are atomic, so a killed process loses at most
the batch it had not yet committed, and several processes can read and write at once. Every
row carries a checksum of its key and payload; a row that fails it counts as absent. A file that
SQLite refuses is set aside, and a new one begun with the rows of it that are intact.

| table      | key                              | payload                                     |
|------------|----------------------------------|---------------------------------------------|
| detections | detector identity, picture       | width, height: 2 int64; boxes: (m, 4) int64 |
| vectors    | embedder identity, picture, box  | (d,) float32, raw                           |
| looks      | picture                          | its look (see look.py), 1 if it was cut     |

`picture` is the SHA-256 of the file's content, `box` four int64; identities are hashed to 16
bytes. Integers and floats are little-endian.
"""

import contextlib
import hashlib
import itertools
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Boxes
from facetrack.extraction.looks import SIZE as LOOK_SIZE
from facetrack.system.home import lock

# In every key the picture stands behind so many bytes of an identity.
_TABLES = {"detections": 16, "vectors": 16, "looks": 0}
_COLUMNS = "(key BLOB PRIMARY KEY, payload BLOB NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID"
_SCHEMA = "".join(f"CREATE TABLE IF NOT EXISTS {table} {_COLUMNS};\n" for table in _TABLES)
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
# How long readers are waited for that keep deleted rows in the write-ahead log; they read for
# fractions of a second.
_READERS_SECONDS = 5
_IDENTITY, _DIGEST = 16, 32  # bytes
# Rows to forget (`_know_doomed`).
# Damage may have made texts of values, whose bytes are the same.
_DOOMED = "doomed(CAST(key AS BLOB), CAST(payload AS BLOB), CAST(checksum AS BLOB))"
# SQLite allows 32,766 values in one statement; smaller groups cost nothing measurable.
_KEYS_A_QUERY = 500


@dataclass(frozen=True, slots=True)
class Detection:
    """All faces a detector found on one picture, and the picture's size in pixels."""

    width: int
    height: int
    boxes: Boxes


class Store:
    """The store's file `folder/embeddings.sqlite`, opened for one process. Raises UserError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "embeddings.sqlite"
        self._checked = False
        # Only for opening: the switch of a fresh file to write-ahead mode waits for nobody, so
        # of two processes doing it at once one would fail.
        self._lock = lock(self.path.with_suffix(".lock"))
        try:
            with self._lock:
                self._connection = self._opened()
        except OSError as error:
            raise self._told(error) from error

    def __enter__(self) -> Self:
        """Use as a context manager: closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._connection.close()

    def detections(self, detector: str, pictures: Iterable[bytes]) -> dict[bytes, Detection]:
        """The stored detections among these pictures (SHA-256 digests) for a detector identity."""
        prefix = _short(detector)
        rows = self._get("detections", [prefix + picture for picture in pictures])
        found = {}
        for key, payload in rows.items():
            numbers = np.frombuffer(payload, dtype="<i8")
            found[key[len(prefix) :]] = Detection(
                int(numbers[0]), int(numbers[1]), numbers[2:].reshape(-1, 4).astype(np.int64)
            )
        return found

    def vectors(
        self, embedder: str, faces: Iterable[tuple[bytes, NDArray[np.int64]]]
    ) -> dict[tuple[bytes, bytes], NDArray[np.float32]]:
        """The stored raw vectors among these faces, keyed by (picture, box bytes)."""
        prefix = _short(embedder)
        keys = [prefix + picture + box_bytes(box) for picture, box in faces]
        return {
            (key[len(prefix) : -32], key[-32:]): np.frombuffer(payload, dtype="<f4")
            for key, payload in self._get("vectors", keys).items()
        }

    def looks(self, pictures: Iterable[bytes]) -> dict[bytes, bytes]:
        """The stored looks (80 bytes, see looks.py) among these pictures (digests).

        Pictures that were embedded before there were looks have none.
        """
        rows = self._get("looks", list(pictures))
        return {picture: payload[:LOOK_SIZE] for picture, payload in rows.items()}

    def cut(self, pictures: Iterable[bytes]) -> set[bytes]:
        """Those of these pictures (digests) whose file ended before the picture did."""
        rows = self._get("looks", list(pictures))
        return {picture for picture, payload in rows.items() if payload[LOOK_SIZE:] == b"\1"}

    def put(
        self,
        detector: str,
        detections: Iterable[tuple[bytes, Detection]],
        embedder: str,
        vectors: Iterable[tuple[bytes, NDArray[np.int64], NDArray[np.float32]]],
        looks: Iterable[tuple[bytes, bytes, bool]] = (),
    ) -> None:
        """Keep what is known of some pictures, all or none of it. Raises UserError.

        looks: picture (its digest), its look of 80 bytes, whether its file was cut short.
        """
        detector_key, embedder_key = _short(detector), _short(embedder)
        found = [
            _row(
                detector_key + picture,
                np.concatenate([[one.width, one.height], one.boxes.ravel()])
                .astype("<i8")
                .tobytes(),
            )
            for picture, one in detections
        ]
        embedded = [
            _row(embedder_key + picture + box_bytes(box), vector.astype("<f4").tobytes())
            for picture, box, vector in vectors
        ]
        seen = [_row(picture, look + bytes([cut])) for picture, look, cut in looks]

        def write() -> None:
            with self._connection:
                # Taking the write lock at once waits for another process; upgrading a read
                # transaction later would fail instead.
                self._connection.execute("BEGIN IMMEDIATE")
                for table, rows in zip(_TABLES, (found, embedded, seen), strict=True):
                    self._connection.executemany(
                        f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows
                    )

        self._repaired(write)

    def forget(self, pictures: Iterable[str]) -> int:
        """Delete all there is of some pictures, SHA-256 digests in hex; returns how many rows.

        The file is written anew without them, so that no trace of an earlier write is left in it or
        in the write-ahead log. Damaged rows, which may be anybody's, go as well. Raises UserError,
        also where another process goes on reading what was deleted.
        """
        pictures = list(pictures)
        deleted = 0

        def delete() -> None:
            nonlocal deleted
            _know_doomed(self._connection, pictures)
            # What VACUUM puts aside would be a file that holds everybody.
            self._connection.execute("PRAGMA temp_store=MEMORY")
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                for table in _tables(self._connection):
                    cursor = self._connection.execute(f"DELETE FROM {table} WHERE {_DOOMED}")
                    deleted += cursor.rowcount
            # Deleting alone leaves copies where SQLite has moved rows from page to page.
            self._connection.execute("VACUUM")
            self._connection.execute(f"PRAGMA busy_timeout={_READERS_SECONDS * 1000}")
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise UserError(
                    f"another process is still reading {self.path}, and keeps what was deleted in "
                    f"{self.path.name}-wal: wait until it is done, or end it"
                )

        self._repaired(delete)
        return deleted

    def _get(self, table: str, keys: list[bytes]) -> dict[bytes, bytes]:
        """The intact rows of a table among these keys."""
        rows: dict[bytes, bytes] = {}

        def read() -> None:
            rows.clear()
            for start in range(0, len(keys), _KEYS_A_QUERY):
                some = keys[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, payload, checksum FROM {table} WHERE key IN ({marks})"
                found = self._connection.execute(query, some)
                rows.update((key, payload) for key, payload, _ in _intact(found))
            if len(rows) < len(set(keys)):
                self._check()

        self._repaired(read)
        return rows

    def _check(self) -> None:
        """Once, since it reads the whole file. Raises sqlite3.Error where its order is damaged.

        Rows are then not found, or lost with what is written next. A row that is only damaged
        itself does not matter: the next one replaces it.
        """
        if not self._checked:
            found = self._connection.execute("PRAGMA integrity_check").fetchall()
            if any(b"NULL value in" not in message for (message,) in found if message != b"ok"):
                raise sqlite3.DatabaseError("it is damaged")
            self._checked = True

    def _repaired(self, work: Callable[[], None]) -> None:
        """Do some work on the database; where its file turns out damaged, begin a new one.

        Raises UserError where the disk or another process is in the way.
        """
        try:
            work()
        except sqlite3.IntegrityError:
            raise
        except _DAMAGE as error:
            if self._is_of_the_disk(error):
                raise self._told(error) from error
            self._begin_anew()
            try:
                work()
            except _DAMAGE as again:
                raise self._told(again) from again

    def _opened(self) -> sqlite3.Connection:
        """Open the file, or a new one where it is damaged. Raises UserError and OSError."""
        try:
            return self._open()
        except _DAMAGE as error:
            if self._is_of_the_disk(error):
                raise self._told(error) from error
        return self._renewed()

    def _open(self) -> sqlite3.Connection:
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
            self._connection.close()
            with self._lock:
                # Another process may have set it aside already.
                is_same = self.path.exists() and self.path.stat().st_ino == self._file
                self._connection = self._renewed() if is_same else self._opened()
        except OSError as error:
            raise self._told(error) from error

    def _renewed(self) -> sqlite3.Connection:
        """A new file instead of a damaged one, with its intact rows. Raises UserError, OSError."""
        aside = self._set_aside()
        try:
            connection = self._open()
            with contextlib.closing(sqlite3.connect(aside)) as damaged:
                damaged.text_factory = bytes
                for table in _TABLES:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.executemany(
                        f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", _rescued(damaged, table)
                    )
                    connection.execute("COMMIT")
        except _DAMAGE as error:
            raise self._told(error) from error
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

    def _told(self, error: Exception) -> UserError:
        return UserError(
            f"the embedding store {self.path} cannot be used ({error}): free some space or set "
            "FACETRACK_HOME to a folder you can write to, then run the same command again; "
            "what was stored so far is kept"
        )


def count_rows(folder: Path, pictures: Iterable[str]) -> dict[str, int]:
    """How many rows `Store.forget` would delete, by table; makes and changes no file.

    Raises UserError for a damaged file.
    """
    path = folder / "embeddings.sqlite"
    if not path.is_file():
        return {}
    # Without a log beside it nobody has it open, and SQLite must not make that log.
    alone = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro{alone}", uri=True)
        connection.text_factory = bytes
        with contextlib.closing(connection):
            _know_doomed(connection, pictures)
            return {
                table: connection.execute(
                    f"SELECT count(*) FROM {table} WHERE {_DOOMED}"
                ).fetchone()[0]
                for table in _tables(connection)
            }
    except sqlite3.DatabaseError as error:
        raise UserError(f"the embedding store {path} cannot be read ({error})") from error


def _tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [name.decode() for (name,) in connection.execute(query)]


def _know_doomed(connection: sqlite3.Connection, pictures: Iterable[str]) -> None:
    """Make `_DOOMED` work: rows that go with these pictures, SHA-256 digests in hex."""
    digests = {bytes.fromhex(picture) for picture in pictures}

    def doomed(key: object, payload: object, checksum: object) -> bool:
        if not isinstance(key, bytes) or not isinstance(payload, bytes):
            return True  # damaged: it may be anybody's
        # The picture stands behind 16 bytes of the identity, or is the whole key.
        digest = key if len(key) == _DIGEST else key[_IDENTITY : _IDENTITY + _DIGEST]
        return digest in digests or _checksum(key, payload) != checksum

    connection.create_function("doomed", 3, doomed)


def _rescued(damaged: sqlite3.Connection, table: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The intact rows of a damaged file's table that can be reached from one end or the other."""
    for order in ("ASC", "DESC"):
        with contextlib.suppress(*_DAMAGE):
            query = f"SELECT key, payload, checksum FROM {table} ORDER BY key {order}"
            yield from _intact(damaged.execute(query))


def _intact(rows: Iterable[tuple[Any, Any, Any]]) -> Iterator[tuple[bytes, bytes, bytes]]:
    for key, payload, checksum in rows:
        # Damage may have made a number or nothing of a value.
        are_bytes = isinstance(key, bytes) and isinstance(payload, bytes)
        if are_bytes and _checksum(key, payload) == checksum:
            yield key, payload, checksum


def box_bytes(box: NDArray[np.int64]) -> bytes:
    """A box as 32 bytes, the form it has in keys."""
    return box.astype("<i8").tobytes()


def _short(identity: str) -> bytes:
    return hashlib.sha256(identity.encode()).digest()[:16]


def _row(key: bytes, payload: bytes) -> tuple[bytes, bytes, bytes]:
    return key, payload, _checksum(key, payload)


def _checksum(key: bytes, payload: bytes) -> bytes:
    return hashlib.blake2b(key + payload, digest_size=8).digest()
