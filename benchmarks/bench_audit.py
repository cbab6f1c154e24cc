"""Whether an audit's intervals hold: simulated answers on folders of people who are known.

    python benchmarks/bench_audit.py FOLDER [SEEDS [PART OF]]
    python benchmarks/bench_audit.py tell FILE …
    python benchmarks/bench_audit.py FOLDER fit

FOLDER holds LFW's stored vectors, orl_faces.tgz and yale_faces.tgz. For each kind of folder
(audit_folders.py) and each of so many seeds (200) people are drawn, grouped, and asked about: 3 %
of the answers are wrong, and 5 % are "can't tell". Nobody of whom is judged took part in the
calibration; `fit` makes its coefficients anew, on the others. PART OF: only every OF-th kind, as
lines of JSON, which `tell` puts together.
"""

import json
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from audit_folders import (
    KINDS,
    SHIFTED,
    STORED,
    Folder,
    Kind,
    Labels,
    Pool,
    draw_kind,
    make_folder,
    read_pool,
    read_ratios,
    read_shifted,
)
from scipy.special import expit

from facetrack.core.likelihood import Floats, Ratios
from facetrack.evaluation.audit.calibration import fit_log_odds
from facetrack.evaluation.audit.estimates import MEASURES
from facetrack.evaluation.audit.frame import find_prior_odds, measure_inside, rank_faces, sum_up
from facetrack.evaluation.audit.pairs_of_groups import (
    describe_folder,
    expect_missed,
    measure_between,
    weigh_pairs,
)
from facetrack.evaluation.audit.replies import Reply
from facetrack.evaluation.audit.screens import Screen, list_truth
from facetrack.evaluation.audit.session import Audit
from facetrack.evaluation.metrics import scores

WRONG, UNSURE = 0.03, 0.05
COUNTS, SCREENS = (30, 100), 30
FIRST_SEED = 2000  # by those below the models before were judged
STOPPED, SCREENED = "stopped", "screens"
WIDE_ENOUGH = {"bcubed_precision": 0.03, "bcubed_recall": 0.06}
MOMENTS = {
    "0": "no answer",
    "30": "30 pairs",
    "100": "100 pairs",
    STOPPED: "stopped",
    SCREENED: "30 screens",
}
Row = dict[str, Any]
# Of an audit at one moment, by measure: estimate, low, high, truth, and how many more it wants.
Moment = dict[str, tuple[float, float, float, float, float]]


def reply(people: Labels, first: int, second: int, random: np.random.Generator) -> Reply:
    if random.random() < UNSURE:
        return Reply.UNSURE
    same = bool(people[first] == people[second]) ^ (random.random() < WRONG)
    return Reply.SAME if same else Reply.DIFFERENT


def note(audit: Audit, truth: dict[str, float]) -> Moment:
    found = audit.estimate()
    return {
        name: (
            found[name].value,
            found[name].low,
            found[name].high,
            truth[name],
            audit.count_more(name) or np.nan,
        )
        for name in MEASURES
    }


def run_pairs(folder: Folder, audit: Audit, random: np.random.Generator) -> dict[str, Moment]:
    """One audit by pairs: before any answer, after each of COUNTS, and when it looks good."""
    truth = scores(folder.people, folder.faces.groups, information=False)
    found = {"0": note(audit, truth)}
    for number in range(1, max(COUNTS) + 1):
        question = audit.ask()
        if question is not None:
            first, second = question.first, question.second
            audit.record(first, second, reply(folder.people, first, second, random))
        if number in COUNTS:
            found[str(number)] = note(audit, truth)
        if STOPPED not in found and number >= 10 and number % 5 == 0:
            now = audit.estimate()
            if all(now[name].half_width <= wide for name, wide in WIDE_ENOUGH.items()):
                found[STOPPED] = note(audit, truth)
    found.setdefault(STOPPED, found[str(max(COUNTS))])
    return found


def run_screens(folder: Folder, audit: Audit, random: np.random.Generator) -> Moment:
    for number in range(SCREENS):
        if (screen := audit.ask_screen(number)) is not None:
            audit.record_screen(screen, *mark(screen, folder.people, audit, random))
    return note(audit, scores(folder.people, folder.faces.groups, information=False))


def mark(
    screen: Screen, people: Labels, audit: Audit, random: np.random.Generator
) -> tuple[set[int], set[int]]:
    """3 % of what is so is overlooked, and on 3 % of the screens one mark is wrong."""
    others, same = list_truth(screen, people, audit.members)
    others = {one for one in sorted(others) if random.random() > WRONG}
    same = {one for one in sorted(same) if random.random() > WRONG}
    shown = len(screen.faces) + len(screen.groups)
    if shown and random.random() < WRONG:
        at = int(random.integers(shown))
        if at < len(screen.faces):
            others.add(screen.faces[at])
        else:
            same.add(screen.groups[at - len(screen.faces)])
    return others, same


def judge(name: str, kind: Kind, pool: Pool, ratios: Ratios, seeds: int) -> dict[str, Floats]:
    """By "moment measure": (seeds, 5) of a kind of folder."""
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        random = np.random.default_rng([seed, zlib.crc32(name.encode())])
        folder = make_folder(pool, kind, ratios, random)
        audit = Audit(folder.faces, seed)
        moments = run_pairs(folder, audit, random)
        audit.restart()
        moments[SCREENED] = run_screens(folder, audit, random)
        for moment, by_measure in moments.items():
            for measure, values in by_measure.items():
                found[f"{moment} {measure}"].append(values)
    return {key: np.array(values) for key, values in found.items()}


def summarise(values: Floats) -> list[float]:
    """Truth, bias, coverage and median half-width. values: (seeds, 5)."""
    estimate, low, high, truth, _ = values.T
    covered = (low - 1e-9 <= truth) & (truth <= high + 1e-9)
    return [
        truth.mean(),
        (estimate - truth).mean(),
        covered.mean(),
        float(np.median(high - low)) / 2,
    ]


def fit(data: Path, folders: int = 300) -> None:
    random = np.random.default_rng(1)
    pools = {name: read_pool(data, name, judged=False) for name in STORED}
    ratios = {name: read_ratios(data, name) for name in STORED}
    inside, between = [], []
    for _ in range(folders):
        kind = draw_kind(random)
        folder = make_folder(pools[kind.embedder], kind, ratios[kind.embedder], random)
        faces, people = folder.faces, folder.people
        rank, groups, prior = rank_faces(faces), sum_up(faces), find_prior_odds(faces)
        found = measure_inside(faces, rank, prior)
        wrong = [
            np.mean(people[(faces.groups == group) & (rank < rank[face])] != people[face])
            for face, group in zip(found.features.first, found.features.second, strict=True)
        ]
        inside.append((found.features.values, np.array(wrong), found.weight[:, 0]))
        table = np.zeros((len(groups.sizes), people.max() + 1))
        np.add.at(table, (faces.groups, people), 1)
        for part in measure_between(faces, groups, describe_folder(faces, groups, prior)):
            same = np.einsum("ij,ij->i", table[part.first], table[part.second])
            pair = (part.first, part.second)
            share = same / (groups.sizes[pair[0]] * groups.sizes[pair[1]])
            between.append((len(people), groups.sizes.astype(float), pair, part.values, share))
    by = fit_log_odds(*(np.concatenate(column) for column in zip(*inside, strict=True)))
    print("inside", np.round(by, 3).tolist())
    chances = [np.zeros(len(share)) for *_, share in between]
    values = np.concatenate([one[3] for one in between])
    shares = np.concatenate([one[4] for one in between])
    start = None
    for _ in range(5):  # what a pair counts for depends on the probabilities
        weights = []
        for (n, sizes, pair, _, _), chance in zip(between, chances, strict=True):
            missed = expect_missed(sizes, *pair, chance)
            weights.append(weigh_pairs(n, sizes, missed, pair, chance)[:, 0])
        start = by = fit_log_odds(values, shares, np.concatenate(weights), start)
        chances = [expit(one[3] @ by) for one in between]
    print("between", np.round(by, 3).tolist())


def main() -> None:
    if sys.argv[1] == "tell":
        lines = [line for file in sys.argv[2:] for line in Path(file).read_text().splitlines()]
        tell([json.loads(line) for line in lines])
        return
    data = Path(sys.argv[1]).resolve()
    if sys.argv[2:3] == ["fit"]:
        fit(data)
        return
    typed = sys.argv[2:5]
    seeds, part, of = (int(one) for one in [*typed, *("200", "0", "1")[len(typed) :]])
    found = judge_all(data, seeds, part, of)
    if of == 1:
        tell(list(found))
        return
    for row in found:
        print(json.dumps(row), flush=True)


def judge_all(data: Path, seeds: int, part: int, of: int) -> Iterator[Row]:
    """What came of each kind, or of every `of`-th from `part` on."""
    ratios = {name: read_ratios(data, name) for name in STORED}
    pools = {name: read_pool(data, name, judged=True) for name in STORED}
    for name in [*KINDS, *SHIFTED][part::of]:
        if name in KINDS:
            kind = KINDS[name]
            pool = pools[kind.embedder]
        else:
            with tempfile.TemporaryDirectory() as unpacked:
                pool = read_shifted(data, *SHIFTED[name], Path(unpacked))
            kind = Kind(SHIFTED[name][1], "infomap", 1, *_size(pool))
        found = judge(name, kind, pool, ratios[kind.embedder], seeds)
        told = {key: [round(one, 4) for one in summarise(one)] for key, one in found.items()}
        yield {"kind": name, "seeds": seeds, "halved": check_halving(found), **told}


def tell(rows: list[Row]) -> None:
    """As Markdown: a table for each measure, a row for each kind, and what holds for all kinds."""
    order = [*KINDS, *SHIFTED]
    rows = sorted(rows, key=lambda row: order.index(row["kind"]))
    seeds = ", ".join(sorted({str(row.get("seeds", 200)) for row in rows}))
    print(
        f"{len(rows)} kinds of folders, {seeds} seeds each, of people who took no part in the "
        'calibration. 3 % of the answers are wrong and 5 % "can\'t tell". Each cell: mean of '
        "estimate - truth / share of intervals that hold the truth / median half-width, in "
        "percentage points. *stopped*: after 10 answers or more as soon as the half-widths are "
        "3 (precision) and 6 (recall) or less, at 100 at the latest; *screens*: 30 of one face."
    )
    for measure in MEASURES:
        print(f"\n**{measure.replace('_', ' ')}**\n")
        print("| kind | truth | " + " | ".join(MOMENTS.values()) + " |")
        print("|---|---:|" + "---:|" * len(MOMENTS))
        for row in rows:
            cells = [_tell_cell(row[f"{moment} {measure}"]) for moment in MOMENTS]
            truth = 100 * row[f"0 {measure}"][0]
            print(f"| {row['kind']} | {truth:.1f} | " + " | ".join(cells) + " |")
        whole = []
        for moment in MOMENTS:
            found = 100 * np.array([row[f"{moment} {measure}"] for row in rows])
            whole.append(
                f"{found[:, 1].mean():+.1f} / {found[:, 2].mean():.1f}, worst "
                f"{found[:, 2].min():.0f} / {np.median(found[:, 3]):.1f}"
            )
        print("| **all: mean / mean, worst / median** | | " + " | ".join(whole) + " |")


def _tell_cell(found: list[float]) -> str:
    _, bias, coverage, half = (100 * one for one in found)
    return f"{bias:+.1f} / {coverage:.0f} / {half:.1f}"


def _size(pool: Pool) -> tuple[int]:
    """Seven in ten of a set's people."""
    return (int(0.7 * (pool.people.max() + 1)),)


def check_halving(found: dict[str, Floats]) -> dict[str, list[float]]:
    """By measure: half-widths at 30 and at 100, and what was foretold for 100 at 30 (medians)."""
    told = {}
    for measure in WIDE_ENOUGH:
        early, late = found[f"30 {measure}"], found[f"100 {measure}"]
        half = (early[:, 2] - early[:, 1]) / 2
        # Half as wide after `more`: width falls with the root of 30 answers and what they came to.
        worth = early[:, 4] / 3
        foretold = half * np.sqrt(worth / (worth + 70))
        known = ~np.isnan(foretold)
        if known.any():
            then = (late[:, 2] - late[:, 1])[known] / 2
            told[measure] = [
                round(float(np.median(one)), 4) for one in (half[known], then, foretold[known])
            ]
    return told


if __name__ == "__main__":
    main()
