"""The whole campaign: `python -m faults [ROUNDS] [SEED]`, into RELIABILITY.md."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from facetrack.progress import say
from faults import clock, limits, read_only, together
from faults.kills import CAMPAIGNS, Outcome
from faults.mutations import NUMBERS, Readings, campaign
from faults.tally import Tally

_OTHERS: dict[str, tuple[Callable[[Path, Path, int, int], Tally], tuple[str, ...]]] = {
    "together": (together.together, together.KINDS),
    "file-sizes": (limits.file_sizes, limits.KINDS),
    "full-disks": (limits.full_disks, limits.KINDS),
    "read-only": (read_only.read_only, read_only.KINDS),
    "clock": (clock.clock, clock.KINDS),
}
_REPORT = Path(__file__).resolve().parents[1] / "RELIABILITY.md"


def main() -> None:
    """Run everything, telling each result as it comes."""
    given = [int(value) for value in sys.argv[1:]]
    kills, seed = (given + [50, 0][len(given) :])[:2]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        readings = [campaign(what, n, seed, folder) for what, n in NUMBERS.items()]
        for one in readings:
            say(f"{one.what}: {one.files} files, {one.crashes} crashes, {one.hangs} hangs")
        outcomes = []
        for what, run in CAMPAIGNS.items():
            outcomes.append(run(folder / what, folder / "home", kills, seed))
            say(f"{what}: {outcomes[-1]}")
        tallies: list[tuple[Tally, tuple[str, ...]]] = []
        for name, (other, kinds) in _OTHERS.items():
            tally = other(folder / name, folder / "home", kills, seed)
            tallies.append((tally, kinds))
            say(str(tally))
    _REPORT.write_text(_report(outcomes, readings, tallies, seed), encoding="utf-8")


def _report(
    outcomes: list[Outcome],
    readings: list[Readings],
    tallies: list[tuple[Tally, tuple[str, ...]]],
    seed: int,
) -> str:
    lines = [
        "# What survives what",
        "",
        f"Written by `make faults`, seed {seed}. Each run is killed (SIGKILL, without warning) at "
        "a moment drawn from the time a whole run takes, then the same command is given again; for "
        "a sweep, `resume=last` where its parent run had begun.",
        "",
        "| killed | times | finished before | lost | wrong | would not go on | left RUNNING |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.what} | {one.kills} | {one.finished_before_the_kill} | {one.lost} | {one.wrong} | "
        f"{one.stuck} | {one.orphans} |"
        for one in outcomes
    ]
    lines += [
        "",
        "*Finished before* counts embeddings, jobs, trials and files. *Wrong* is a result that "
        "differs from an uninterrupted run's.",
        "",
        "Damaged and hostile files (flipped bits, truncations, wrong headers, impossible sizes; "
        "paths and links out of an archive; YAML that multiplies):",
        "",
        "| files | number | read | refused | crashes | hangs over 10 s | writes outside "
        "| peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.what} | {one.files} | {one.read} | {one.refused} | {one.crashes} | {one.hangs} | "
        f"{one.outside} | {one.megabytes} |"
        for one in readings
    ]
    lines += [
        "",
        "Other trouble, each time with the same command again where the trouble is over. Four "
        "processes started at once where there is no store, no database and no study yet must come "
        "to what one alone comes to; files may grow to a drawn size only, or a small file system "
        "has one of the folders and little room; a home or working directory is read-only; the "
        "wall clock is set back by an hour, a day or a year while a command runs, or between a "
        "kill and going on.",
        "",
        "| trouble | rounds | what was wrong, how often |",
        "|---|---:|---|",
    ]
    for tally, kinds in tallies:
        counted = ", ".join(f"{kind} {tally.wrong[kind]}" for kind in kinds)
        said = f"not tried: {tally.skipped}" if tally.skipped else counted
        lines.append(f"| {tally.what} | {tally.rounds} | {said} |")
    for tally, _ in tallies:
        if tally.told:
            lines += ["", f"What is said of {tally.what}:", ""]
            lines += [f"- {case}: {said}" for case, said in tally.told.items()]
    notes = [note for kills in outcomes for note in kills.notes]
    notes += [note for files in readings for note in files.notes]
    notes += [note for tally, _ in tallies for note in tally.notes]
    if notes:
        lines += ["", "What went wrong:", "", *(f"- {' '.join(note.split())}" for note in notes)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
