"""The whole campaign, into RELIABILITY.md: `python -m faults`.

What has run is kept in outputs/faults, so that it goes on where it was interrupted, and so that
several of these can share it out: `python -m faults sweep study & python -m faults together`.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from facetrack.system.progress import say
from faults import clock, every_step, kills, limits, mutations, read_only, server, together
from faults.report import report

_ROOT = Path(__file__).resolve().parents[1]
_KEPT = _ROOT / "outputs" / "faults"

_Run = Callable[[Path, Path, int, int], Any]


def _reading(what: str) -> _Run:
    def run(folder: Path, home: Path, n: int, seed: int) -> mutations.Readings:
        del home
        return mutations.campaign(what, n, seed, folder)

    return run


# What is to be tried, and how often.
CAMPAIGNS: dict[str, tuple[_Run, int]] = {
    **{what: (_reading(what), n) for what, n in mutations.NUMBERS.items()},
    **{what: (run, 50) for what, run in kills.CAMPAIGNS.items()},
    # 0 for every step; with --rounds so many, spread over all of them.
    **{what: (run, 0) for what, run in every_step.CAMPAIGNS.items()},
    "together": (together.together, 50),
    "file-sizes": (limits.file_sizes, 24),
    "full-disks": (limits.full_disks, 24),
    "read-only": (read_only.read_only, 16),
    "clock": (clock.clock, 18),
    "server": (server.server_stopped, 12),
}


def main() -> None:
    """Run what has not been run yet, telling each result as it comes; report once all is there."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("campaigns", nargs="*", help=f"some of {', '.join(CAMPAIGNS)}; else all")
    parser.add_argument("--rounds", type=int, help="of each, in place of its own number")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if unknown := [name for name in given.campaigns if name not in CAMPAIGNS]:
        parser.error(f"no campaign is named {', '.join(unknown)}; there are {', '.join(CAMPAIGNS)}")
    version = _version()
    rounds = {name: given.rounds or number for name, (_, number) in CAMPAIGNS.items()}

    def kept(name: str) -> Path:
        return _KEPT / f"{version}-{given.seed}" / f"{name}-{rounds[name]}.json"

    for name in given.campaigns or CAMPAIGNS:
        if kept(name).exists():
            say(f"{name}: has been run, see {kept(name).relative_to(_ROOT)}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / name
            place.mkdir()
            found = CAMPAIGNS[name][0](place, Path(folder) / "home", rounds[name], given.seed)
        kept(name).parent.mkdir(parents=True, exist_ok=True)
        kept(name).write_text(as_kept(found, folder), encoding="utf-8")
        say(f"{name}: {found}")
    if all(kept(name).exists() for name in CAMPAIGNS):
        results = {name: json.loads(kept(name).read_text(encoding="utf-8")) for name in CAMPAIGNS}
        text = report(results, version, given.seed)
        (_ROOT / "RELIABILITY.md").write_text(text, encoding="utf-8")
        say("all of it is in RELIABILITY.md")


def as_kept(found: Any, folder: str) -> str:
    """A result's fields as JSON; its notes do not name the temporary folder it was found in."""
    return json.dumps(vars(found), indent=1).replace(f"{folder}/", "…/")


def _version() -> str:
    """What is tried: the commit."""
    return subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=_ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


if __name__ == "__main__":
    main()
