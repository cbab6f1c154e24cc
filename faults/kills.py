"""SIGKILL at random moments, and the same command again."""

import csv
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from facetrack.testing import Outcome as Ended
from facetrack.testing import Workspace, ended, kill, photos, results, rows, scores, trials
from faults.place import timed, tree

_Runs = dict[str, dict[str, float]]  # metrics by run id


@dataclass
class Outcome:
    """What came of some kills."""

    what: str
    kills: int = 0
    finished_before_the_kill: int = 0
    lost: int = 0
    wrong: int = 0
    stuck: int = 0
    orphans: int = 0
    notes: list[str] = field(default_factory=list)


def embedding(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """Embeddings that were stored stay, and the others come to what they would have been."""
    root = photos(folder, home, 12)
    arguments = (
        *("dataset=folder", f"dataset.root={root}", "detector=dlib_hog"),
        *("tracking=none", "n_resamples=1"),
    )

    whole = Workspace(folder / "whole", folder / "whole home")
    seconds = _time(whole, arguments)
    expected = rows(whole.home)

    def once(outcome: Outcome, number: int, after: float) -> None:
        place = Workspace(folder / f"{number}", folder / f"{number} home")
        kill(place.fork(*arguments), after)
        before = rows(place.home)
        outcome.finished_before_the_kill += len(before)
        done = ended(place.fork(*arguments))
        found = rows(place.home)
        outcome.lost += sum(found.get(key) != payload for key, payload in before.items())
        _note(outcome, done, found == expected, "its embeddings differ")

    return _campaign("embedding", once, kills, seed, seconds)


def sweep(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """Finished jobs stay, `resume=last` runs the others, and nothing is left running."""
    arguments = (
        *("-m", "clusterer=dbscan,meanshift", "clusterer.eps=0.2,0.3", "n_resamples=3"),
        "sampling=bootstrap",
    )
    whole = Workspace(folder / "whole", home)
    whole.run(*arguments)  # embeds
    shutil.rmtree(whole.folder)
    whole = Workspace(folder / "whole", home)
    seconds = _time(whole, arguments)
    expected = results(whole.folder)

    def once(outcome: Outcome, number: int, after: float) -> None:
        place = Workspace(folder / f"{number}", home)
        kill(place.fork(*arguments), after)
        before = scores(place.folder, "job", "FINISHED")
        outcome.finished_before_the_kill += len(before)
        parent = scores(place.folder, "sweep", "RUNNING")
        done = ended(place.fork("resume=last") if parent else place.fork(*arguments))
        after_ = scores(place.folder, "job", "FINISHED")
        outcome.lost += sum(after_.get(run) != metrics for run, metrics in before.items())
        outcome.orphans += len(scores(place.folder, None, "RUNNING"))
        right = results(place.folder) == expected
        _note(outcome, done, right, "its results differ")

    return _campaign("a sweep", once, kills, seed, seconds)


def study(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """Finished trials stay, and the study comes to those that it would have come to."""
    arguments = ("task=tune", "task.n_trials=6", "n_resamples=6", "task.pruner=none")
    whole = Workspace(folder / "whole", home)
    whole.run(*arguments)
    shutil.rmtree(whole.folder)
    whole = Workspace(folder / "whole", home)
    seconds = _time(whole, arguments)
    expected = [(eps, value) for _, eps, value in sorted(trials(whole.folder))]

    def once(outcome: Outcome, number: int, after: float) -> None:
        place = Workspace(folder / f"{number}", home)
        kill(place.fork(*arguments), after)
        before = trials(place.folder)
        outcome.finished_before_the_kill += len(before)
        done = ended(place.fork(*arguments))
        found = trials(place.folder)
        outcome.lost += len(before - found)
        outcome.orphans += len(scores(place.folder, None, "RUNNING"))
        right = [(eps, value) for _, eps, value in sorted(found)] == expected
        _note(outcome, done, right, f"its trials are {sorted(found)}")

    return _campaign("a study", once, kills, seed, seconds)


def radius(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """A study that needs no search is begun again, and comes to what it would have come to."""
    arguments = ("task=tune", "n_resamples=6")
    whole = Workspace(folder / "whole", home)
    whole.run(*arguments)
    shutil.rmtree(whole.folder)
    whole = Workspace(folder / "whole", home)
    seconds = _time(whole, arguments)
    (expected,) = scores(whole.folder, "study", "FINISHED").values()

    def once(outcome: Outcome, number: int, after: float) -> None:
        place = Workspace(folder / f"{number}", home)
        _, found, done = _kill_and_repeat(outcome, place, arguments, "study", after)
        right = bool(found) and all(one == expected for one in found.values())
        _note(outcome, done, right, f"its studies have {found}")

    return _campaign("a study of one radius", once, kills, seed, seconds)


def _kill_and_repeat(
    outcome: Outcome, place: Workspace, arguments: tuple[str, ...], kind: str, after: float
) -> tuple[_Runs, _Runs, Ended]:
    """Kill a command after so many seconds, and give it again.

    Returns the finished runs of a kind before and after the second time, and how that ended.
    """
    kill(place.fork(*arguments), after)
    before = scores(place.folder, kind, "FINISHED")
    outcome.finished_before_the_kill += len(before)
    done = ended(place.fork(*arguments))
    found = scores(place.folder, kind, "FINISHED")
    outcome.lost += sum(found.get(run) != metrics for run, metrics in before.items())
    outcome.orphans += len(scores(place.folder, None, "RUNNING"))
    return before, found, done


def organising(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """The folder comes to what it would have been; photos stay as they are."""
    root = photos(folder, home)
    originals = tree(root)

    def arguments(out: Path) -> tuple[str, ...]:
        models = ("detector=dlib_hog", "embedder=dlib")
        return (
            "task=organise",
            f"dataset.root={root}",
            f"task.out={out}",
            *models,
            "tracking=none",
        )

    whole = Workspace(folder / "whole", home)
    whole.run(*arguments(folder / "out"))
    shutil.rmtree(folder / "out")
    seconds = _time(whole, arguments(folder / "out"))
    expected = tree(folder / "out")

    def once(outcome: Outcome, number: int, after: float) -> None:
        place, out = Workspace(folder / f"{number}", home), folder / f"out {number}"
        kill(place.fork(*arguments(out)), after)
        before = tree(out)
        outcome.finished_before_the_kill += len(before)
        done = ended(place.fork(*arguments(out)))
        found = tree(out)
        outcome.lost += sum(found.get(name) != content for name, content in before.items())
        right = found == expected and tree(root) == originals
        _note(outcome, done, right, "its folder differs")

    return _campaign("organising", once, kills, seed, seconds)


def job(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """A job alone: a run that was finished stays, and pages in outputs/ are whole."""
    arguments = ("n_resamples=3",)
    whole = Workspace(folder / "whole", home)
    whole.run(*arguments)  # embeds
    seconds = _time(whole, arguments)
    expected = next(iter(scores(whole.folder, "job", "FINISHED").values()))

    def once(outcome: Outcome, number: int, after: float) -> None:
        place = Workspace(folder / f"{number}", home)
        before, after_, done = _kill_and_repeat(outcome, place, arguments, "job", after)
        pages = [path.read_bytes() for path in place.folder.glob("outputs/*/*.html")]
        right = (
            all(metrics == expected for metrics in after_.values())
            and all(page.rstrip().endswith(b"</html>") for page in pages)
            and len(after_) == len(before) + 1
            and not list(place.folder.rglob("*.part"))
        )
        _note(outcome, done, right, f"it left {after_} and {len(pages)} pages")

    return _campaign("a job alone", once, kills, seed, seconds)


def exporting(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """A file that is there is whole; one that is not is written by the same command."""

    def arguments(out: Path) -> tuple[str, ...]:
        return ("task=export", f"task.out={out}", "n_resamples=3", "tracking=none")

    def timeless(path: Path) -> list[object]:
        """What is in the two files, but for times."""
        with path.with_name("faces-scores.csv").open(newline="") as file:
            rows = [
                {key: row[key] for key in row if "seconds" not in key}
                for row in csv.DictReader(file)
            ]
        return [path.read_text(), *rows]

    whole = Workspace(folder / "whole", home)
    whole.run(*arguments(folder / "embeds" / "faces.csv"))
    seconds = _time(whole, arguments(folder / "out" / "faces.csv"))
    expected = timeless(folder / "out" / "faces.csv")

    def once(outcome: Outcome, number: int, after: float) -> None:
        place, out = Workspace(folder / f"{number}", home), folder / f"out {number}" / "faces.csv"
        kill(place.fork(*arguments(out)), after)
        if out.exists():
            outcome.finished_before_the_kill += 1
            outcome.lost += timeless(out) != expected
            out.unlink()  # facetrack writes over no file
            out.with_name("faces-scores.csv").unlink()
        done = ended(place.fork(*arguments(out)))
        names = sorted(path.name for path in out.parent.iterdir())
        right = names == ["faces-scores.csv", "faces.csv"] and timeless(out) == expected
        _note(outcome, done, right, f"it left {names}")

    return _campaign("exporting", once, kills, seed, seconds)


CAMPAIGNS: dict[str, Callable[[Path, Path, int, int], Outcome]] = {
    "embedding": embedding,
    "sweep": sweep,
    "study": study,
    "radius": radius,
    "organising": organising,
    "job": job,
    "exporting": exporting,
}


def _time(place: Workspace, arguments: tuple[str, ...]) -> float:
    """The seconds of a command whose process is forked from one that is there already."""
    ended(place.fork("--help"))  # else it would wait for that one's imports, as no killed one does
    return timed(lambda: ended(place.fork(*arguments)))


def _campaign(
    what: str, once: Callable[[Outcome, int, float], None], kills: int, seed: int, seconds: float
) -> Outcome:
    """Kill `kills` runs at moments spread over the time a whole run takes."""
    outcome, rng = Outcome(what), random.Random(seed)
    for number in range(kills):
        once(outcome, number, rng.uniform(0.1, seconds))
        outcome.kills += 1
    return outcome


def _note(outcome: Outcome, done: Ended, right: bool, told: str) -> None:
    if done.returncode:
        outcome.stuck += 1
        outcome.notes.append(f"run {outcome.kills}: exit {done.returncode}: {done.stderr[-500:]}")
    elif not right:
        outcome.wrong += 1
        outcome.notes.append(f"run {outcome.kills}: {told}")
