"""The whole campaign: `python -m faults [KILLS] [SEED]`, into RELIABILITY.md."""

import sys
import tempfile
from pathlib import Path

from facetrack.progress import say
from faults.kills import CAMPAIGNS, Outcome
from faults.mutations import NUMBERS, Readings, campaign

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
    _REPORT.write_text(_report(outcomes, readings, seed), encoding="utf-8")


def _report(outcomes: list[Outcome], readings: list[Readings], seed: int) -> str:
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
    notes = [note for kills in outcomes for note in kills.notes]
    notes += [note for files in readings for note in files.notes]
    if notes:
        lines += ["", "What went wrong:", "", *(f"- {' '.join(note.split())}" for note in notes)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
