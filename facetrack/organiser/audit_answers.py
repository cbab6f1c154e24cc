"""What a user has answered of faces that were drawn, and the questions that are open.

`.facetrack/answers.json` keeps what was said of faces: by what the state calls them, whatever their
groups become; the last one last. It is a sample, from which mistakes are estimated, and has none of
the answers that the page has chosen to ask for their worth: those are deeds, which change
people.yaml and are in `answers.jsonl` (answer_log.py). `audit.csv` in the folder has the sample as
well, and the open questions to fill in. Neither is part of a state: a restore leaves them alone.

The version before did not keep what likelihood was asked about, and the one before that kept pairs
alone, and not when they were answered.
"""

import csv
import io
import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import replace as changed
from pathlib import Path

from filelock import FileLock

from facetrack.core.errors import UserError
from facetrack.evaluation.audit.replies import Reply
from facetrack.organiser import state
from facetrack.system.files import replace
from facetrack.system.owner import hand_over

TABLE, NUMBERS = "audit.csv", "audit.json"
COLUMNS = ("question", "faces", "photos", "answer", "stratum", "weight", "shown")
_FILE, _LOCK, _VERSION = "answers.json", "answers.lock", 3
_MOST_BYTES = 16 << 20
_WORDS = {
    **dict.fromkeys(("yes", "y", "same", "true", "1"), Reply.SAME),
    **dict.fromkeys(("no", "n", "different", "false", "0"), Reply.DIFFERENT),
    **dict.fromkeys(("can't tell", "can\u2019t tell", "?", "unsure"), Reply.UNSURE),
}


@dataclass(frozen=True)
class Asked:
    """A question: do two faces show one person? Or a face of a screen beside the screen's own.

    number: from 1 on, of a screen the same for all. first, second: what the state calls the faces;
    of a screen its own first. answer: a `Reply`'s value, or empty. stratum, weight: as in
    `questions.Question`, the stratum with its side before. shown: how many faces were shown at once
    beside the first. at: when it was answered, in seconds since 1970; 0 where nobody knows.
    log_odds: that it was a mistake as the groups were when it was asked; None where nobody knows.
    """

    number: int
    first: str
    second: str
    answer: str = ""
    stratum: str = ""
    weight: float = 1.0
    shown: int = 1
    at: float = 0.0
    log_odds: float | None = None

    @property
    def pair(self) -> frozenset[str]:
        """Its faces, in no order."""
        return frozenset((self.first, self.second))

    @property
    def what(self) -> Collection[str]:
        """What was asked: an answer takes the place of one before that has the same."""
        return self.pair if self.shown == 1 else (self.first, self.second)


def find_file(out: Path) -> Path:
    """Where the answers are kept."""
    return state.own_folder(out) / _FILE


def load(out: Path) -> list[Asked]:
    """The answers that are kept. Raises UserError for a damaged file."""
    path = find_file(out)
    try:
        return _from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return []
    except (OSError, *state.DAMAGED) as error:
        raise UserError(
            f"{path} cannot be used ({str(error)[:100]}): remove it, and {TABLE} is read instead"
        ) from error


def _from_json(stored: Mapping[str, object]) -> list[Asked]:
    if stored["version"] not in (1, 2, _VERSION):
        raise ValueError("of another version of facetrack")
    found = stored["answers"]
    if not isinstance(found, list):
        raise TypeError("answers are a list")
    asked = [Asked(**one) for one in found]
    for one in asked:
        Reply(one.answer)
    return asked


def change(out: Path, edit: Callable[[list[Asked]], list[Asked]]) -> list[Asked]:
    """Change the answers as they are kept now, whoever else does; returns those that are kept.

    edit: from those that are kept to those that are to be. Raises UserError, OSError.
    """
    path = state.own_folder(out) / _LOCK
    with FileLock(path, mode=0o600):
        hand_over(path)
        before = load(out)
        after = [one for one in edit(before) if one.answer]
        if after != before:
            _save(out, after)
    return after


def keep(out: Path, given: Iterable[Asked]) -> list[Asked]:
    """Keep what was answered now, each in the place of one before; returns all answers."""
    at = time.time()
    new = list({one.what: changed(one, at=at) for one in given}.values())
    what = {one.what for one in new}
    return change(out, lambda kept: [one for one in kept if one.what not in what] + new)


def take_back(out: Path) -> list[Asked]:
    """Take the last question's answer back; returns the question, open again."""
    taken: list[Asked] = []

    def drop(kept: list[Asked]) -> list[Asked]:
        taken.extend(find_last(kept))
        return kept[: len(kept) - len(taken)]

    change(out, drop)
    return [changed(one, answer="", at=0.0) for one in taken]


def find_last(answered: Sequence[Asked]) -> list[Asked]:
    """The answers to the question that was answered last; none where there is none."""
    return (sort_by_question(answered) or [[]])[-1]


def sort_by_question(answered: Sequence[Asked]) -> list[list[Asked]]:
    """Answers by the question they are to: those to one screen stand together."""
    found: list[list[Asked]] = []
    for one in answered:
        last = found[-1][-1] if found else None
        if last is not None and one.shown > 1 < last.shown and one.number == last.number:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def rename_faces(out: Path, names: Mapping[str, str], alive: Collection[str]) -> None:
    """Have the answers call faces what they are called now; those of a damaged file stay.

    names, alive: as of `state.rename_faces`.
    """
    now = {old: new for new, old in names.items() if old not in alive}
    known = {face for one in _read_or_nothing(out, load) for face in one.pair}
    if now.keys() & known:
        change(out, lambda answers: [_rename(one, now) for one in answers])


def _rename(one: Asked, now: Mapping[str, str]) -> Asked:
    return changed(one, first=now.get(one.first, one.first), second=now.get(one.second, one.second))


def save(out: Path, asked: Iterable[Asked]) -> None:
    """Keep those that are answered and no others. Readable by the folder's owner only."""
    change(out, lambda _: list(asked))


def _save(out: Path, asked: Iterable[Asked]) -> None:
    answers = [asdict(one) for one in asked]
    content = json.dumps({"version": _VERSION, "answers": answers}).encode()
    replace(find_file(out), content)


def read_table(out: Path) -> list[Asked]:
    """The questions of `audit.csv`, answered or not; none where there is no such file.

    Raises UserError with the line for what is no question or no answer.
    """
    path = out / TABLE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from error
    if len(content) > _MOST_BYTES:
        raise UserError(f"{path} is larger than any that facetrack writes: remove it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from error
    delimiter = ";" if text.partition("\n")[0].count(";") > 1 else ","
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    if not {"faces", "answer"} <= set(rows.fieldnames or ()):
        raise UserError(
            f"{path} has the columns {', '.join(rows.fieldnames or ())[:100]}; expected "
            f"{', '.join(COLUMNS)}: remove it, and it is written anew"
        )
    try:
        return [_read_row(row, rows.line_num, path) for row in rows]
    except csv.Error as error:
        raise UserError(f"{path}, line {rows.line_num}: {error}") from error


def _read_row(row: Mapping[str, str | None], line: int, path: Path) -> Asked:
    faces = (row["faces"] or "").split()
    if len(faces) != 2 or not all(":" in face for face in faces):
        raise UserError(f"{path}, line {line}: the column faces is not as it was written")
    said = (row["answer"] or "").strip()
    reply = _WORDS.get(said.lower())
    if said and reply is None:
        raise UserError(f"{path}, line {line}: expected yes, no or can't tell, got {said[:40]!r}")
    try:
        number, weight = int(row.get("question") or 0), float(row.get("weight") or 1)
        shown = max(int(row.get("shown") or 1), 1)
    except ValueError as error:
        raise UserError(f"{path}, line {line}: {error}") from error
    answer = "" if reply is None else reply.value
    stratum = str(row.get("stratum") or "")
    return Asked(number, faces[0], faces[1], answer, stratum, weight, shown)


def write_table(out: Path, asked: Sequence[Asked], photos: Mapping[str, str]) -> None:
    """Write `audit.csv`. photos: for each face, how a reader finds it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in asked:
        shown = " | ".join(photos.get(face, "?") for face in (one.first, one.second))
        faces = f"{one.first} {one.second}"
        told = (one.number, faces, _guard(shown), one.answer, one.stratum, f"{one.weight:.6g}")
        writer.writerow((*told, one.shown))
    replace(out / TABLE, text.getvalue().encode())


def _guard(text: str) -> str:
    """Text that a spreadsheet would take for a formula gets an apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "'")) else text


def count(out: Path, contents: Collection[str]) -> dict[Path, int]:
    """How many answers and questions each file has about faces on these photos."""
    found = {
        find_file(out): len(_list_about(_read_or_nothing(out, load), contents)),
        out / TABLE: len(_list_about(_read_or_nothing(out, read_table), contents)),
    }
    for path in found:
        if not found[path] and path.is_file():
            # A damaged file: what is in it counts as text.
            text = path.read_text(encoding="utf-8", errors="replace")
            found[path] = int(any(content in text for content in contents))
    return {path: number for path, number in found.items() if number}


def clean(out: Path, contents: Collection[str]) -> None:
    """Take out what is about faces on these photos. Raises OSError.

    A file that is damaged, and has one of the photos in it, is removed; so are the estimates, which
    the next task=audit makes again.
    """
    found = count(out, contents)
    if not found:
        return
    (out / NUMBERS).unlink(missing_ok=True)
    if (table := out / TABLE) in found:
        _filter_table(table, contents)
    if (path := find_file(out)) not in found:
        return
    known = _read_or_nothing(out, load)
    about = {one.pair for one in _list_about(known, contents)}
    if all(one.pair in about for one in known):  # nothing is left, or nobody can read it
        path.unlink()
    else:
        change(out, lambda answers: [one for one in answers if one.pair not in about])


def _filter_table(path: Path, contents: Collection[str]) -> None:
    """Drop the questions with one of some contents; the file, where it cannot be taken apart."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        path.unlink()
        return
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        row for row in rows if not any(one in cell for one in contents for cell in row)
    )
    replace(path, text.getvalue().encode())


def _list_about(asked: Iterable[Asked], contents: Collection[str]) -> list[Asked]:
    return [one for one in asked if any(face.partition(":")[0] in contents for face in one.pair)]


def _read_or_nothing(out: Path, read: Callable[[Path], list[Asked]]) -> list[Asked]:
    try:
        return read(out)
    except UserError:
        return []
