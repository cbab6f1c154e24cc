"""Detections and embeddings on disk, keyed by picture content and by the settings that made them.

One SQLite file in write-ahead mode: commits are atomic, so a killed process loses at most
the batch it had not yet committed, and several processes can read and write at once. Every
row carries a checksum of its key and payload; a row that fails it counts as absent, and a file
that is no longer a database is set aside and begun anew.

| table      | key                              | payload                                     |
|------------|----------------------------------|---------------------------------------------|
| detections | detector identity, picture       | width, height: 2 int64; boxes: (m, 4) int64 |
| vectors    | embedder identity, picture, box  | (d,) float32, raw                           |

`picture` is the SHA-256 of the file's content, `box` four int64; identities are hashed to 16
bytes. Integers and floats are little-endian.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from facetrack.data import Boxes
from facetrack.errors import UserError
from facetrack.home import lock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS detections
    (key BLOB PRIMARY KEY, payload BLOB NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors
    (key BLOB PRIMARY KEY, payload BLOB NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID;
"""
_BUSY_SECONDS = 60
# How long readers are waited for that keep deleted rows in the write-ahead log; they read for
# fractions of a second.
_READERS_SECONDS = 5
_IDENTITY, _DIGEST = 16, 32  # bytes
# Rows to forget (`_know_doomed`), and those that a flipped bit has made of another type.
_DOOMED = (
    "CASE WHEN typeof(key) = 'blob' AND typeof(payload) = 'blob' AND typeof(checksum) = 'blob' "
    "THEN doomed(key, payload, checksum) ELSE 1 END"
)
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
        # Only for opening: the switch of a fresh file to write-ahead mode waits for nobody, so
        # of two processes doing it at once one would fail.
        self._lock = lock(self.path.with_suffix(".lock"))
        try:
            with self._lock:
                self._connection = self._open()
        except (sqlite3.OperationalError, OSError) as error:
            raise self._told(error) from error
        except sqlite3.DatabaseError:
            self._set_aside()

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

    def put(
        self,
        detector: str,
        detections: Iterable[tuple[bytes, Detection]],
        embedder: str,
        vectors: Iterable[tuple[bytes, NDArray[np.int64], NDArray[np.float32]]],
    ) -> None:
        """Keep detections and vectors of some pictures, all or none of them. Raises UserError."""
        detector_key, embedder_key = _short(detector), _short(embedder)
        found = [
            _row(
                detector_key + picture,
                np.concatenate([[one.width, one.height], one.boxes.ravel()]).astype("<i8"),
            )
            for picture, one in detections
        ]
        embedded = [
            _row(embedder_key + picture + box_bytes(box), vector.astype("<f4"))
            for picture, box, vector in vectors
        ]

        def write() -> None:
            with self._connection:
                # Taking the write lock at once waits for another process; upgrading a read
                # transaction later would fail instead.
                self._connection.execute("BEGIN IMMEDIATE")
                for table, rows in (("detections", found), ("vectors", embedded)):
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
            for start in range(0, len(keys), _KEYS_A_QUERY):
                some = keys[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, payload, checksum FROM {table} WHERE key IN ({marks})"
                for key, payload, checksum in self._connection.execute(query, some):
                    if _checksum(key, payload) == checksum:
                        rows[key] = payload

        self._repaired(read)
        return rows

    def _repaired(self, work: Callable[[], None]) -> None:
        """Do some work on the database; where its file turns out damaged, begin a new one."""
        try:
            work()
        except sqlite3.OperationalError as error:
            raise self._told(error) from error
        except sqlite3.DatabaseError:
            self._connection.close()
            self._set_aside()
            work()

    def _open(self) -> sqlite3.Connection:
        # Embeddings are biometric data. Before SQLite opens it: the files that it puts beside
        # have the mode that this one has then.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        os.chmod(self.path, 0o600)  # noqa: PTH101
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self) -> None:
        """Move a damaged file away (kept, not deleted) and open a new one."""
        with self._lock:
            try:
                # Another process may have done this already.
                self._connection = self._open()
                intact = self._connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            except sqlite3.DatabaseError:
                intact = False
            if intact:
                return
            stamp = time.strftime("%Y%m%d-%H%M%S")
            for suffix in ("", "-wal", "-shm"):
                part = self.path.with_name(self.path.name + suffix)
                if part.exists():
                    part.rename(self.path.with_name(f"damaged-{stamp}-{part.name}"))
            self._connection = self._open()

    def _told(self, error: Exception) -> UserError:
        return UserError(
            f"the embedding store {self.path} cannot be used ({error}): free some space or set "
            "FACETRACK_HOME to a folder you can write to, then run the same command again; "
            "what was stored so far is kept"
        )


def rows_of(folder: Path, pictures: Iterable[str]) -> dict[str, int]:
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
    return [name for (name,) in connection.execute(query)]


def _know_doomed(connection: sqlite3.Connection, pictures: Iterable[str]) -> None:
    """Make `_DOOMED` work: rows that go with these pictures, SHA-256 digests in hex."""
    digests = {bytes.fromhex(picture) for picture in pictures}

    def doomed(key: bytes, payload: bytes, checksum: bytes) -> bool:
        # The picture stands behind 16 bytes of the identity, or is the whole key.
        digest = key if len(key) == _DIGEST else key[_IDENTITY : _IDENTITY + _DIGEST]
        return digest in digests or _checksum(key, payload) != checksum

    connection.create_function("doomed", 3, doomed)


def box_bytes(box: NDArray[np.int64]) -> bytes:
    """A box as 32 bytes, the form it has in keys."""
    return box.astype("<i8").tobytes()


def _short(identity: str) -> bytes:
    return hashlib.sha256(identity.encode()).digest()[:16]


def _row(key: bytes, payload: NDArray[np.generic]) -> tuple[bytes, bytes, bytes]:
    content = payload.tobytes()
    return key, content, _checksum(key, content)


def _checksum(key: bytes, payload: bytes) -> bytes:
    return hashlib.blake2b(key + payload, digest_size=8).digest()
