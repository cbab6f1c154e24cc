"""What a campaign counted."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What came of some rounds: how often something was wrong, by what it was.

    skipped: why there were no rounds. told: what the report should say of it.
    """

    what: str
    rounds: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""
    told: dict[str, str] = field(default_factory=dict)

    def expect(self, right: bool, kind: str, note: str) -> None:
        """Count a thing of a kind that is not right."""
        if not right:
            if len(note) > 600:  # it begins with what differs, and ends with an error's message
                note = f"{note[:200]} … {note[-400:]}"
            self.wrong[kind] += 1
            self.notes.append(f"{self.what}, round {self.rounds}: {kind}: {note}")

    def __str__(self) -> str:
        """In a line, for somebody who waits."""
        if self.skipped:
            return f"{self.what}: skipped, {self.skipped}"
        counted = ", ".join(f"{kind} {n}" for kind, n in self.wrong.items()) or "nothing wrong"
        return f"{self.what}: {self.rounds} rounds, {counted}"
