"""Whether an audit's answers are still right when the mistakes that they found are corrected.

    python benchmarks/audit_corrected.py FOLDER [SEEDS]

FOLDER: as of bench_audit.py, and the same people are judged. On each kind of folder 50 pairs are
answered; what is found is corrected, for all faces of the person that are there; and the answers
are counted for the groups as they are then, with the log odds that they were asked by and without.
"""

import sys
import zlib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from audit_folders import KINDS, STORED, Folder, Labels, make_folder, read_pool, read_ratios
from bench_audit import FIRST_SEED, note, reply, summarise

from facetrack.evaluation.audit.estimates import MEASURES
from facetrack.evaluation.audit.replies import Reply
from facetrack.evaluation.audit.session import Audit, Was
from facetrack.evaluation.metrics import scores

ANSWERS = 50
BEFORE, KEPT, LOST = "before", "corrected", "corrected, without log odds"
Said = tuple[int, int, Reply, Was]


def answer(audit: Audit, people: Labels, random: np.random.Generator) -> list[Said]:
    found: list[Said] = []
    while len(found) < ANSWERS and (one := audit.ask()) is not None:
        was = one.side, float(audit.blocks[one.side].logit[one.block])
        said = reply(people, one.first, one.second, random)
        audit.record(one.first, one.second, said, was)
        found.append((one.first, one.second, said, was))
    return found


def correct(audit: Audit, folder: Folder, answers: list[Said]) -> Labels:
    """The groups after it. A wrong answer is carried out as well, for its face alone."""
    groups, people = folder.faces.groups.copy(), folder.people
    for first, second, said, _ in answers:
        one, other = groups[first], groups[second]
        if said is Reply.DIFFERENT and one == other:
            worse = audit.find_worse(first, second)
            leaving = (groups == one) & (people == people[worse])
            if people[first] == people[second]:
                leaving = np.arange(len(groups)) == worse
            groups[leaving] = groups.max() + 1
        elif said is Reply.SAME and one != other:
            groups[groups == other] = one
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def main() -> None:
    data, seeds = Path(sys.argv[1]).resolve(), int([*sys.argv, "30"][2])
    ratios = {name: read_ratios(data, name) for name in STORED}
    pools = {name: read_pool(data, name, judged=True) for name in STORED}
    found = defaultdict(list)
    for name, kind in KINDS.items():
        for seed in range(FIRST_SEED, FIRST_SEED + seeds):
            random = np.random.default_rng([seed, zlib.crc32(name.encode())])
            folder = make_folder(pools[kind.embedder], kind, ratios[kind.embedder], random)
            audit = Audit(folder.faces, seed)
            answers = answer(audit, folder.people, random)
            truth = scores(folder.people, folder.faces.groups, information=False)
            found[BEFORE].append(note(audit, truth))
            groups = correct(audit, folder, answers)
            truth = scores(folder.people, groups, information=False)
            audit = Audit(replace(folder.faces, groups=groups), seed)
            for moment in (KEPT, LOST):
                audit.restart()
                for first, second, said, was in answers:
                    audit.record(first, second, said, was if moment == KEPT else None)
                found[moment].append(note(audit, truth))
    print(
        f"{len(KINDS)} kinds of folders, {seeds} seeds each, {ANSWERS} answers. Each cell: truth, "
        "mean of estimate - truth / share of intervals that hold the truth / median half-width.\n"
    )
    print("| | " + " | ".join(one.replace("_", " ") for one in MEASURES) + " |")
    print("|---|" + "---:|" * len(MEASURES))
    for moment, moments in found.items():
        cells = []
        for measure in MEASURES:
            told = 100 * np.array(summarise(np.array([one[measure] for one in moments])))
            cells.append(f"{told[0]:.1f}, {told[1]:+.1f} / {told[2]:.0f} / {told[3]:.1f}")
        print(f"| {moment} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
