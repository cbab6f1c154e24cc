"""Studies in a journal file: a line per operation, appended by any process of any machine.

A power cut may leave half a line at its end. Optuna would append to that, and read no further than
there ever after; so whoever takes the file's lock sets the half line aside first.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

from facetrack.core.errors import UserError
from facetrack.system.progress import say
from facetrack.system.torn_lines import cut_torn, is_torn

_BEGINNING = b'{"op_code"'  # of each line that Optuna writes


def open_journal(path: Path) -> JournalStorage:
    """The storage in a journal file, made when missing.

    Raises UserError for a file that is no journal, is damaged or cannot be read.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not _may_be_journal(path):
            raise UserError(
                f"{path} is no journal of a study: name another file by task.storage=…, and "
                "facetrack makes it"
            )
        lock = _MendingLock(str(path))
        backend = _Journal(str(path), lock_obj=lock)
        lock.acquire()
        lock.release()
        return JournalStorage(backend)
    except UserError:
        raise
    except OSError as error:
        raise UserError(
            f"the journal {path} cannot be used ({error.strerror}): name a file by task.storage=… "
            "that you can write to"
        ) from error
    except Exception as error:
        raise UserError(f"the journal {path} cannot be used: {_trouble(path)}") from error


class _Journal(JournalFileBackend):
    """A journal that may be damaged at any time, also while it is in use."""

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The operations from a number on. Raises UserError for a line that is none."""
        try:
            yield from super().read_logs(log_number_from)
        except ValueError as error:
            path = Path(self._file_path)
            raise UserError(f"the journal {path} cannot be used: {_trouble(path)}") from error


class _MendingLock(JournalFileSymlinkLock):
    """Optuna's lock of a journal. With it goes that the file ends with a whole line."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._path = Path(path)

    def acquire(self) -> bool:
        """Wait for the lock, then set aside what a power cut has left of a last line."""
        taken = super().acquire()
        try:
            _set_aside_torn(self._path)
        except BaseException:
            self.release()
            raise
        return taken


def _set_aside_torn(path: Path) -> None:
    """Move what follows the last whole line to a file beside. Nobody else may write meanwhile."""
    if not path.exists():
        return
    with path.open("r+b") as opened:
        if not is_torn(opened) or not _may_be_journal(path):
            return
        aside = path.with_name(f"{path.name}.torn")
        n_bytes = cut_torn(opened, aside)
    say(
        f"  {path} ended in the middle of a line, as after a power cut: its last "
        f"{n_bytes} bytes are in {aside.name} now, and the study goes on without them"
    )


def _may_be_journal(path: Path) -> bool:
    """Whether a file begins as Optuna begins its journals, however little there is of it."""
    if not path.exists():
        return True
    with path.open("rb") as opened:
        beginning = opened.read(len(_BEGINNING))
    return _BEGINNING.startswith(beginning) or beginning.startswith(_BEGINNING)


def _trouble(path: Path) -> str:
    """What is wrong with a journal that Optuna cannot read, and what to do."""
    with path.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            try:
                json.loads(line)
            except ValueError:
                return (
                    f"its line {number} is damaged, and what follows depends on it; go on with a "
                    "copy of it from before, or name another file by task.storage=…"
                )
    return (
        "it has an operation that this Optuna does not know or that does not fit those before; "
        "pip install --upgrade optuna if a newer one wrote it, or name another file by "
        "task.storage=…"
    )
