"""Answers into folders: a run of the organiser beside the page, and how far it is."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from facetrack.core.errors import UserError
from facetrack.tasks.organising.request import Request, Sorted
from facetrack.tasks.organising.sorting import sort_photos

_T = TypeVar("_T")


@dataclass(frozen=True)
class Progress:
    """How far a run is. text: what it does; share: of that, None where nobody knows.

    done: whether it has ended; told: what it came to, in lines.
    """

    running: bool = False
    text: str = ""
    share: float | None = None
    done: bool = False
    told: str = ""


class Applying:
    """At most one run of the organiser, in a thread of its own.

    prepare: makes what is asked of it. then: called when it has ended, whatever it came to.
    """

    def __init__(self, prepare: Callable[[], Request], then: Callable[[], None]) -> None:
        """Nothing runs yet."""
        self._prepare, self._then = prepare, then
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.progress = Progress()

    def start(self) -> None:
        """Start a run. Raises UserError while there is one."""
        with self._lock:
            if self.progress.running:
                raise UserError("the answers are being applied already")
            self.progress = Progress(running=True, text="Looking at the photos")
            self._thread = threading.Thread(target=self._run, name="apply")
            self._thread.start()

    def wait(self) -> None:
        """Until nothing runs any more."""
        if self._thread is not None:
            self._thread.join()

    def say(self, text: str) -> None:
        """What the run tells in between; as `core.progress.Progress`."""
        self.progress = Progress(running=True, text=text.strip())

    def bar(self, items: Iterable[_T], *, total: int, description: str, unit: str) -> Iterator[_T]:
        """Pass items on, and note how many there have been."""
        del unit
        for at, item in enumerate(items):
            self.progress = Progress(running=True, text=description, share=at / max(total, 1))
            yield item

    def _run(self) -> None:
        try:
            told = _tell(sort_photos(self._prepare(), progress=self))
        except UserError as error:
            told = str(error)
        except Exception as error:
            told = f"the run failed ({error}): run task=organise by hand to see more"
        finally:
            self._then()
        self.progress = Progress(done=True, share=1.0, told=told)


def _tell(result: Sorted) -> str:
    missing = [result.missing] if result.missing else []
    return "\n".join([*result.summary, *result.changes, *result.remarks, *missing])
