"""What people.yaml says: the names and corrections that a user has written.

people_file.py reads it, people_completion.py finds who is meant, people_writing.py adds to it, and
corrections.py carries out what it says.
"""

import re
from dataclasses import dataclass, field

NOBODY = 0
_PERSON = re.compile(r"(?:person-)?0*([1-9]\d{0,8})")


@dataclass(frozen=True)
class Photo:
    """A photo, or a face on one, as a user named it, and the line of people.yaml it is on.

    name: as `references.split_point` takes it apart.
    """

    name: str
    line: int


@dataclass
class Corrections:
    """What people.yaml says. Persons are numbers, lines are counted from 1.

    called: names of persons, and their lines. merge: for each person who is another one, that one;
    merge_lines: where it says so. split: persons and the photos to split off; bar: persons and
    photos they are not on, or NOBODY and faces that are no person's. also: persons and faces that
    are theirs, whoever had them. different: (person, other person, line), who are two. hide_lines:
    who is not of interest, and where it says so. sections: persons, and whether anything is said of
    them, line by line. remarks: (line, what the user should know).
    """

    called: dict[int, tuple[str, int]] = field(default_factory=dict)
    merge: dict[int, int] = field(default_factory=dict)
    merge_lines: dict[int, int] = field(default_factory=dict)
    split: list[tuple[int, list[Photo]]] = field(default_factory=list)
    bar: list[tuple[int, Photo]] = field(default_factory=list)
    also: list[tuple[int, Photo]] = field(default_factory=list)
    different: list[tuple[int, int, int]] = field(default_factory=list)
    hide_lines: dict[int, int] = field(default_factory=dict)
    sections: list[tuple[int, int, bool]] = field(default_factory=list)
    remarks: list[tuple[int, str]] = field(default_factory=list)
    _names: dict[int, str] | None = field(default=None, compare=False)
    _shortcuts: dict[int, int] = field(default_factory=dict, compare=False)

    @property
    def persons(self) -> set[int]:
        """Who is in the file."""
        return {number for number, _, _ in self.sections}

    @property
    def hidden(self) -> set[int]:
        """Persons who are not of interest; of those merged into another one, the other one says."""
        return {number for number in self.hide_lines if number not in self.merge}

    @property
    def names(self) -> dict[int, str]:
        """Names of persons, which those merged into them may have brought.

        Where they brought several, the nearest in the chain of merges counts, then the first line.
        """
        if self._names is None:
            nearest: dict[int, tuple[int, int, str]] = {}
            steps: dict[int, int] = {}
            for number, (name, line) in self.called.items():
                person = self.person(number)
                this = (self._steps(number, steps), line, name)
                nearest[person] = min(this, nearest.get(person, this))
            self._names = {person: name for person, (_, _, name) in nearest.items()}
        return self._names

    def person(self, number: int) -> int:
        """The person that a number stands for, merges followed."""
        if number not in self.merge:
            return number
        passed = []
        while (into := self._shortcuts.get(number, self.merge.get(number))) is not None:
            passed.append(number)
            number = into
        self._shortcuts.update(dict.fromkeys(passed, number))
        return number

    def apart(self) -> set[frozenset[int]]:
        """Pairs of persons who are two, as the user says; merges are followed."""
        pairs = [(self.person(one), self.person(other)) for one, other, _ in self.different]
        return {frozenset(pair) for pair in pairs if pair[0] != pair[1]}

    def forget_names(self) -> None:
        """`called` has changed: names are looked up anew."""
        self._names = None

    def join(self, other: int, number: int, line: int) -> None:
        """Merge a person, who is not merged yet, into another one."""
        self.merge[other] = number
        self.merge_lines[other] = line
        self._names = None

    def call(self, number: int, name: str) -> None:
        """Give a person a name that no line says."""
        self.called[number] = (name, 0)
        self._names = None

    def part(self, other: int) -> None:
        """Undo a merge."""
        del self.merge[other], self.merge_lines[other]
        self._names = None
        self._shortcuts.clear()

    def _steps(self, number: int, known: dict[int, int]) -> int:
        """How many merges a number is away from its person. known: of other numbers, added to."""
        passed = []
        while number in self.merge and number not in known:
            passed.append(number)
            number = self.merge[number]
        steps = known.get(number, 0)
        for step in reversed(passed):
            known[step] = steps = steps + 1
        return steps


def number_of(text: str) -> int | None:
    """The number of a person called person-004 or 4, None where it is something else."""
    match = _PERSON.fullmatch(text)
    return int(match[1]) if match else None


def folder_name(number: int) -> str:
    """A person's folder as long as there is no name: person-001."""
    return f"person-{number:03d}"
