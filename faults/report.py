"""What the campaigns have found, as RELIABILITY.md."""

from typing import Any

from faults import clock, every_step, limits, read_only, server, together
from faults.kills import CAMPAIGNS as KILLS
from faults.mutations import NUMBERS as FILES

# What can be wrong, by campaign.
TROUBLE = {
    "together": together.KINDS,
    "file-sizes": limits.KINDS,
    "full-disks": limits.KINDS,
    "read-only": read_only.KINDS,
    "clock": clock.KINDS,
    "server": server.KINDS,
}
_KILLED = {
    "times": "kills",
    "finished before": "finished_before_the_kill",
    "lost": "lost",
    "wrong": "wrong",
    "would not go on": "stuck",
    "left RUNNING": "orphans",
}
_READ = {
    "number": "files",
    "read": "read",
    "refused": "refused",
    "crashes": "crashes",
    "hangs over 10 s": "hangs",
    "writes outside": "outside",
    "peak MB": "megabytes",
}


def report(results: dict[str, dict[str, Any]], version: str, seed: int) -> str:
    """The text. results: by campaign, the fields of what it returned."""
    files = []
    for name in FILES:
        one = results[name]
        number = sum(one[key] for key in ("read", "refused", "crashes", "hangs"))
        files.append({**one, "files": number})
    lines = [
        "# What survives what",
        "",
        f"Written by `make faults`; commit {version}, seed {seed}. Each run is killed (SIGKILL, "
        "without warning) at a moment drawn from the time a whole run takes, then the same command "
        "is given again; for a sweep, `resume=last` where its parent run had begun.",
        "",
        *_table("killed", _KILLED, [results[name] for name in KILLS]),
        "",
        "*Finished before* counts embeddings, jobs, trials and files. *Wrong* is a result that "
        "differs from an uninterrupted run's.",
        "",
        *_steps([results[name] for name in every_step.CAMPAIGNS if name in results]),
        "Damaged and hostile files (flipped bits, truncations, wrong headers, impossible sizes; "
        "paths and links out of an archive; YAML that multiplies):",
        "",
        *_table("files", _READ, files),
        "",
        "Other trouble, each time with the same command again where the trouble is over. Four "
        "processes started at once where there is no store, no database and no study yet must come "
        "to what one alone comes to; files may grow to a drawn size only, or a small file system "
        "has one of the folders and little room; a home or working directory is read-only; the "
        "wall clock is set back by an hour, a day or a year while a command runs, or between a "
        "kill and going on; MLflow's server is away for 20 seconds of a sweep, which waits for it, "
        "or for longer than it has patience, and then `resume=last` goes on.",
        "",
        "| trouble | rounds | what was wrong, how often |",
        "|---|---:|---|",
    ]
    for name, kinds in TROUBLE.items():
        one = results[name]
        counted = ", ".join(f"{kind} {one['wrong'].get(kind, 0)}" for kind in kinds)
        said = f"not tried: {one['skipped']}" if one["skipped"] else counted
        lines.append(f"| {one['what']} | {one['rounds']} | {said} |")
    for name in TROUBLE:
        if told := results[name]["told"]:
            lines += ["", f"What is said of {results[name]['what']}:", ""]
            lines += [f"- {case}: {said}" for case, said in told.items()]
    notes = [note for one in results.values() for note in one["notes"]]
    if notes:
        lines += ["", "What went wrong:", "", *(f"- {' '.join(note.split())}" for note in notes)]
    return "\n".join(lines) + "\n"


def _steps(found: list[dict[str, Any]]) -> list[str]:
    """The kills before every step, as a table of how often something was wrong."""
    if not found:
        return []
    rows = [
        {**one, **{kind: one["wrong"].get(kind, 0) for kind in every_step.KINDS}} for one in found
    ]
    columns = {"kills": "rounds"} | {kind: kind for kind in every_step.KINDS}
    return [
        "Killed before every single step that changes a file system or a database, of a command on "
        "a dozen photos, then the same command again; for `task.restore=true` once more with the "
        "ordinary command, for `task.sidecars=beside` once more with `remove`, and the other way "
        "round:",
        "",
        *_table("killed at every step", columns, rows),
        "",
        "*Lost* is something of the user's, *opposite* a folder that went the other way, "
        "*unfinished* a command that would not go on, *wrong* a folder that differs from an "
        "uninterrupted run's, *left over* an unfinished file, or something of a person who was to "
        "be forgotten.",
        "",
    ]


def _table(head: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> list[str]:
    return [
        f"| {' | '.join((head, *columns))} |",
        f"|---{'|---:' * len(columns)}|",
        *(
            f"| {' | '.join(str(row[key]) for key in ('what', *columns.values()))} |"
            for row in rows
        ),
    ]
