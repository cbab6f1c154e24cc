"""What an audit says, and `audit.json`."""

import json
from pathlib import Path
from typing import Any

from facetrack.core.texts import make_readable, write_count
from facetrack.evaluation.audit.bounds import Bounds, find_bounds
from facetrack.evaluation.audit.estimates import LEVEL, MEASURES
from facetrack.organiser import audit_answers, people_file, people_writing
from facetrack.organiser.auditing import CAVEAT, Audited
from facetrack.system import json_lines
from facetrack.system.files import replace
from facetrack.system.progress import say

_VERSION = 1
_WORTH_TELLING = 0.005  # half of an interval


def tell(audited: Audited, out: Path, answered: int, n_open: int, *, correct: bool) -> None:
    """Say what is known, write `audit.json`, and give it to scripts."""
    audit, folder = audited.audit, audited.folder
    bounds = find_bounds(audit)
    numbers = write_numbers(audited, bounds)
    replace(out / audit_answers.NUMBERS, (json.dumps(numbers, indent=1) + "\n").encode())
    say(
        f"{write_count(len(folder.keys), 'face')} in {write_count(len(audit.members), 'group')}"
        + (f"; {folder.missing:,} others are not stored" if folder.missing else "")
    )
    for line in bounds.tell():
        say(f"  {line}")
    new = f", {answered:,} of them new" if answered else ""
    unsure = f", and {audit.n_unsure:,} times can't tell" if audit.n_unsure else ""
    say(f"After {write_count(audit.n_answers, 'answer')}{new}{unsure}:")
    say(f"  {tell_known(audited)}")
    say(f"  {CAVEAT}")
    if audited.unused:
        say(f"  {write_count(audited.unused, 'answer')} no longer count: their faces are gone")
    if corrected := audited.count_corrected():
        say(
            f"  {write_count(corrected, 'mistake')} that answers have found were corrected since: "
            "what the others say is too good, so answer some new questions"
        )
    _tell_corrections(audited, out, correct=correct)
    if n_open:
        say(
            f"\n{write_count(n_open, 'question')} in {out / audit_answers.TABLE}: write yes, no or "
            "can't tell into the column answer, then run the same command again"
        )
    json_lines.tell("audit", folder=out, **numbers)


def tell_known(audited: Audited) -> str:
    """Both measures per face, and how many more answers would halve their intervals."""
    found = audited.audit.estimate()
    told = []
    for measure, name in (("bcubed_precision", "precision"), ("bcubed_recall", "recall")):
        more = audited.audit.count_more(measure)
        wide = more is not None and found[measure].half_width >= _WORTH_TELLING
        halved = f", half as wide after {more:,} more answers" if wide else ""
        told.append(f"{name} {found[measure].tell()}{halved}")
    return "; ".join(told)


def write_numbers(audited: Audited, bounds: Bounds) -> dict[str, Any]:
    """What `audit.json` has."""
    audit = audited.audit
    found = audit.estimate()
    return {
        "version": _VERSION,
        "faces": len(audited.folder.keys),
        "groups": len(audit.members),
        "answers": audit.n_answers,
        "unsure": audit.n_unsure,
        "unused": audited.unused,
        "level": LEVEL,
        "about": CAVEAT,
        "estimates": {
            name: {
                "value": round(found[name].value, 5),
                "low": round(found[name].low, 5),
                "high": round(found[name].high, 5),
                "more_to_halve": audit.count_more(name),
            }
            for name in MEASURES
        },
        "without_answers": bounds.to_json(),
    }


def _tell_corrections(audited: Audited, out: Path, *, correct: bool) -> None:
    corrections = audited.list_corrections()
    if not corrections:
        return
    n = write_count(sum(map(len, corrections.values())), "correction")
    path = out / people_file.FILE
    if not correct:
        say(f"The answers make {n}: with task.correct=true they are added to {path}:")
        for line in people_writing.write_corrections(corrections).splitlines():
            say(f"    {make_readable(line)}")
        return
    told = people_writing.add_corrections(path, corrections)
    say(f"{n} added to {path}: task=organise carries them out" if told is None else told)
