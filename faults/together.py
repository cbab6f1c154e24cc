"""Four facetracks started at once where nothing is yet: one store, one database, one study."""

import random
import time
from pathlib import Path

from facetrack.testing import Workspace, ended, people, rows, scores, trials
from faults.tally import Tally

_PROCESSES = 4
_TRIALS = 6
KINDS = ("failed", "other results", "left RUNNING")


def together(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """All four succeed, and come to what one process alone comes to.

    In every other round all four work on one study, else two of them, and two evaluate.
    """
    tally, rng = Tally("four processes in one fresh directory"), random.Random(seed)
    pictures = ("dataset=folder", f"dataset.root={people(folder, home, 3)}")
    evaluation: tuple[str, ...] = (*pictures, "n_resamples=3")
    # Its first trials are evenly spread: which ones does not depend on who runs them.
    study: tuple[str, ...] = (
        *(*pictures, "task=tune", "task.study=one", f"task.n_trials={_TRIALS}"),
        *("n_resamples=6", "task.pruner=none"),
    )
    alone = Workspace(folder / "alone", folder / "alone home")
    for command in (evaluation, study):
        alone.run(*command)
    metrics = list(scores(alone.folder, "job", "FINISHED").values())
    found = list(scores(alone.folder, "study", "FINISHED").values())
    known = trials(alone.folder)
    assert len(metrics) == len(found) == 1
    assert len(known) == _TRIALS

    for number in range(rounds):
        place = Workspace(folder / f"{number}", folder / f"{number} home")
        commands = [study] * _PROCESSES if number % 2 else [study, evaluation] * 2
        processes = []
        for command in commands:
            processes.append(place.fork(*command))
            time.sleep(rng.choice((0, 0, rng.uniform(0, 0.5))))
        for done in [ended(process) for process in processes]:
            right = not done.returncode and "Traceback" not in done.stderr
            tally.expect(right, "failed", f"exit {done.returncode}: {done.stderr}")
        jobs = list(scores(place.folder, "job", "FINISHED").values())
        studies = list(scores(place.folder, "study", "FINISHED").values())
        tally.expect(
            jobs == metrics * commands.count(evaluation), "other results", f"its jobs have {jobs}"
        )
        tally.expect(
            bool(studies) and all(one == found[0] for one in studies),
            "other results",
            f"its studies have {studies}, one alone {found}",
        )
        tried = trials(place.folder)
        tally.expect(tried == known, "other results", f"its trials are {sorted(tried)}")
        tally.expect(rows(place.home) == rows(alone.home), "other results", "other embeddings")
        running = scores(place.folder, None, "RUNNING")
        tally.expect(not running, "left RUNNING", f"{sorted(running)}")
        tally.rounds += 1
    return tally
