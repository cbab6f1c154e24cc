"""What a user has answered on the page, in its order: to take back, and not to ask twice.

A line of JSON for each answer in `.facetrack/answers.jsonl`, added before people.yaml is changed:
killed between the two, there is an answer that can be taken back and was not given, which does
nothing. What is taken back is a line of its own. people.yaml is what counts; this says what has led
there. What was said of faces that were drawn for an estimate is in answers.json (audit_answers.py).
"""

import contextlib
import json
import os
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from facetrack.organiser import state
from facetrack.organiser.ids import name_id
from facetrack.system.owner import hand_over

FILE = "answers.jsonl"
_VERSION = 1


@dataclass(frozen=True)
class Answer:
    """An answer. id: counted from 1. told: what it was, for the user. at: seconds since 1970.

    edits: of people.yaml; back: those that take it back. barred: faces by key that are nobody's by
    now, and whose they were. pair: ids of two faces that it was about; said: "yes", "no" or
    "unsure" of them.
    """

    id: int
    told: str
    at: float
    edits: list[list[Any]] = field(default_factory=list)
    back: list[list[Any]] = field(default_factory=list)
    barred: list[tuple[str, int]] = field(default_factory=list)
    pair: list[str] = field(default_factory=list)
    said: str = ""


class AnswerLog:
    """The answers given in an organised folder. Raises OSError where they cannot be kept."""

    def __init__(self, out: Path) -> None:
        """Read them; lines that are none, such as half of the last, are passed over."""
        self.path = state.own_folder(out) / FILE
        self._given: list[Answer] = []
        self._last = 0
        for line in self._lines():
            self._read(line)

    @property
    def standing(self) -> list[Answer]:
        """Those not taken back, the last one last."""
        return self._given

    def add(self, told: str, **what: Any) -> Answer:
        """Keep an answer; on disk when this returns."""
        answer = Answer(self._last + 1, told, time.time(), **what)
        self._write({"version": _VERSION, **asdict(answer)})
        self._given.append(answer)
        self._last = answer.id
        return answer

    def take_back(self) -> None:
        """The last answer is taken back."""
        self._write({"version": _VERSION, "back": self._given[-1].id})
        self._given.pop()

    def count(self, persons: Collection[int]) -> int:
        """How many answers, also of those taken back, are about some persons."""
        told = re.compile("|".join(rf"person-0*{number}(?!\d)" for number in persons) or r"(?!)")
        return sum(
            told.search(line.decode("utf-8", "replace")) is not None for line in self._lines()
        )

    @property
    def n_lines(self) -> int:
        """How many answers there are, with what was taken back."""
        return sum(1 for _ in self._lines())

    def remove(self) -> None:
        """Forget all answers. Raises OSError."""
        self.path.unlink(missing_ok=True)
        self._given = []

    def list_answered(self) -> set[frozenset[str]]:
        """Pairs of ids of faces that are not to be asked about again."""
        return {frozenset(one.pair) for one in self._given if one.pair}

    def rename_faces(self, names: Mapping[str, str], alive: Collection[str]) -> None:
        """Have the answers call faces what they are called now, as `state.rename_faces` has it."""
        known = {id_ for one in self._given for id_ in one.pair}
        known |= {name_id(face) for one in self._given for face, _ in one.barred}
        now = {old: new for new, old in names.items() if old not in alive and name_id(old) in known}
        if now:
            self._write({"version": _VERSION, "renamed": now})
            self._rename(now)

    def _rename(self, now: Mapping[str, str]) -> None:
        """now: what faces are called now, by what they were called."""
        ids = {name_id(old): name_id(new) for old, new in now.items()}
        self._given = [
            replace(
                one,
                pair=[ids.get(id_, id_) for id_ in one.pair],
                barred=[(now.get(face, face), was) for face, was in one.barred],
            )
            for one in self._given
        ]

    def _read(self, line: bytes) -> None:
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            stored = json.loads(line)
            if stored.pop("version") != _VERSION:
                return
            if "renamed" in stored:
                self._rename(stored["renamed"])
            elif isinstance(back := stored["back"], int):
                self._given = [one for one in self._given if one.id != back]
            else:
                answer = Answer(**stored)
                self._given.append(answer)
                self._last = max(self._last, answer.id)

    def _lines(self) -> Iterator[bytes]:
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            yield from file

    def _write(self, stored: dict[str, Any]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        opened = os.open(self.path, flags, 0o600)
        try:
            with contextlib.suppress(OSError):
                hand_over(self.path)
            # A line of its own, whatever a kill has left of the one before.
            start = b"" if self._ends_whole() else b"\n"
            left = start + json.dumps(stored).encode() + b"\n"
            while left:
                left = left[os.write(opened, left) :]
            os.fsync(opened)
        finally:
            os.close(opened)

    def _ends_whole(self) -> bool:
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if not size:
                return True
            file.seek(size - 1)
            return file.read(1) == b"\n"
