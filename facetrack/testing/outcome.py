"""What came of a command."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a command that has ended left on the screen, and its exit status."""

    returncode: int
    stdout: str
    stderr: str

    def ok(self) -> str:
        """What it said on standard output. Raises AssertionError unless it succeeded."""
        assert self.returncode == 0, f"exit {self.returncode}: {self.stderr or self.stdout}"
        return self.stdout

    def refused(self, told: str) -> str:
        """Its line on standard error. Raises AssertionError unless that refuses a user's mistake.

        One line that says `told`, no traceback, and status 2.
        """
        assert self.returncode == 2, f"exit {self.returncode}: {self.stderr or self.stdout}"
        assert told in self.stderr, self.stderr
        assert "Traceback" not in self.stderr, self.stderr
        assert len(self.stderr.strip().splitlines()) == 1, self.stderr
        return self.stderr
