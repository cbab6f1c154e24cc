"""Errors by group of faces, where somebody says how the pictures were taken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack import figures
from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Embeddings
from facetrack.core.suggestions import find_nearest
from facetrack.core.texts import write_count
from facetrack.dataset.factors import Factors
from facetrack.evaluation.by_group import (
    SCORES,
    Estimate,
    Gap,
    Group,
    find_gaps,
    score_faces,
    score_groups,
)
from facetrack.evaluation.experiment import Experiment
from facetrack.evaluation.left_out import Without, leave_out
from facetrack.system.files import user_path
from facetrack.system.progress import TERMINAL, say

_MOST_TOLD = 24  # groups, on the terminal
UNSAID = "(not said)"
ALL = "all"
TABLES = _GROUPS, _GAPS = "factors.csv", "factor_gaps.csv"


@dataclass(frozen=True)
class Wanted:
    """What the command asks for.

    file: the user's factors, if any. only: None for all factors. leave_out: whether to cluster
    again without each group. asked: whether anything of it was; else there are tables, and nothing
    is told nor drawn.
    """

    file: Factors | None
    only: Sequence[str] | None
    leave_out: bool
    asked: bool

    def tell(self, embeddings: Embeddings, *, aloud: bool = True) -> Embeddings:
        """The faces with their factors; says how many pictures nobody told of, where `aloud`.

        Raises UserError where the file is of other pictures, a factor is not there, and where
        something is asked of people whom nobody names.
        """
        if self.asked and not embeddings.names:
            raise UserError(
                "task.factors, task.by and task.leave_out are for errors by group, which need to "
                "know who is on the pictures: give a sub-folder per person, or dataset.labels=FILE"
            )
        if self.file is not None:
            embeddings = _add(embeddings, self.file, aloud)
        known = list_factors(embeddings)
        if self.asked and not known:
            raise UserError(
                "errors by group are asked for, and nobody says how a picture was taken: add "
                "task.factors=FILE, a CSV picture,factor,value"
            )
        if self.only is None:
            return embeddings
        _refuse_unknown(self.only, known)
        kept = [
            replace(one, factors=tuple(pair for pair in one.factors if pair[0] in self.only))
            for one in embeddings.pictures
        ]
        return replace(embeddings, pictures=kept)


@dataclass(frozen=True)
class ByFactor:
    """What was found. without: by factor and value, the score of all other faces."""

    groups: Sequence[Group]
    gaps: Sequence[Gap]
    without: Mapping[tuple[str, str], Without]


def read_wanted(task: Mapping[str, Any]) -> Wanted:
    """What a task's settings ask for. Raises UserError for a file that cannot be used."""
    file, by, leave_out = task.get("factors"), task.get("by"), bool(task.get("leave_out"))
    try:
        found = None if file is None else Factors(user_path(str(file)))
    except SettingError as error:
        raise error.within("task") from error
    only = None if by is None or by == ALL else [str(one) for one in by]
    return Wanted(found, only, leave_out, bool(found or by or leave_out))


def list_factors(embeddings: Embeddings) -> list[str]:
    """The factors that a picture has, sorted."""
    return sorted({factor for one in embeddings.pictures for factor, _ in one.factors})


def find(
    experiment: Experiment, clusters: NDArray[np.int64], *, leaving_out: bool = False
) -> ByFactor | None:
    """The errors of clusters (n,) by group; None where nobody is named, or no factor known.

    leaving_out: whether to cluster again without each group.
    """
    embeddings = experiment.embeddings
    people, factors = embeddings.people, list_factors(embeddings)
    if people is None or not factors:
        return None
    scores = score_faces(people, clusters)
    known = [dict(one.factors) for one in embeddings.pictures]
    groups: list[Group] = []
    gaps: list[Gap] = []
    for factor in factors:
        values = [one.get(factor, "") for one in known]
        groups += score_groups(scores, people, factor, values)
        gaps += find_gaps(scores, people, factor, values)
    left = [(one.factor, one.value) for one in groups if one.value] if leaving_out else []
    without = {
        (factor, value): leave_out(
            experiment, np.array([one.get(factor) == value for one in known])
        )
        for factor, value in TERMINAL.bar(
            left, total=len(left), description="Without each group", unit="group"
        )
    }
    return ByFactor(groups, gaps, without)


def make_tables(found: ByFactor) -> dict[str, str | bytes]:
    """The TABLES by name."""
    return {
        _GROUPS: _format_groups(found),
        _GAPS: _format_gaps(found.gaps),
    }


def draw(found: ByFactor, title: str) -> bytes:
    """factors.png."""
    drawn = [
        figures.GroupScores(
            one.factor,
            f"{one.value or UNSAID} ({one.faces:,})",
            {name: (it.value, it.low, it.high) for name, it in one.scores.items()},
        )
        for one in found.groups
    ]
    figure = figures.draw_groups(drawn, f"{title}: by factor, 95 % intervals over people")
    return figures.encode_png(figure)


def tell(found: ByFactor) -> Iterator[str]:
    """The groups and the largest gaps for the terminal, in lines."""
    beside = "; ARI of the others, and without as many at random" if found.without else ""
    yield f"By factor, of all faces at once: precision, recall, split, merged{beside}"
    for one in found.groups[:_MOST_TOLD]:
        told = ", ".join(f"{one.scores[name].value:.3f}" for name in SCORES)
        left = found.without.get((one.factor, one.value))
        beside = "" if left is None else f"; {left.ari:.3f}, {left.as_many:.3f}"
        name = figures.make_printable(f"{one.factor} {one.value or UNSAID}")
        yield f"  {name}: {told}{beside}   {write_count(one.faces, 'face')}"
    if len(found.groups) > _MOST_TOLD:
        yield f"  and {len(found.groups) - _MOST_TOLD} more, in factors.csv"
    if found.gaps:
        # One that is no chance goes before a larger one that may be.
        widest = max(found.gaps, key=lambda gap: (gap.difference.low > 0, gap.difference.value))
        yield f"  {_tell_gap(widest)}"


def _tell_gap(gap: Gap) -> str:
    known = gap.difference
    sure = "" if known.low > 0 else ", which may be chance"
    what = figures.make_printable(f"{gap.factor}: {gap.score} of {gap.worse} and {gap.better}")
    return (
        f"largest gap: {what} differ by {known.value:.3f} [{known.low:+.3f}, {known.high:+.3f}] "
        f"over people{sure}"
    )


def _add(embeddings: Embeddings, file: Factors, aloud: bool) -> Embeddings:
    told = file.tell(embeddings.pictures)
    name = figures.make_printable(file.path.name)
    if told.unsaid == len(told.pictures):
        raise UserError(
            f"{file.path} names none of the pictures with a face: pictures are called as in "
            f"faces.csv, such as {embeddings.pictures[0].name}"
        )
    if told.unsaid and aloud:
        say(
            f"  {name} says nothing of {write_count(told.unsaid, 'face')} of {len(told.pictures):,}"
        )
    if told.unknown and aloud:
        pictures = write_count(told.unknown, "picture")
        say(f"  {name} names {pictures} that the dataset has not, or without a face")
    return replace(embeddings, pictures=told.pictures)


def _refuse_unknown(only: Sequence[str], known: Sequence[str]) -> None:
    for one in only:
        if one in known:
            continue
        near = find_nearest(one, known)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UserError(
            f"task.by: no picture has the factor {one}; there are {', '.join(known)}{meant}"
        )


def _format_groups(found: ByFactor) -> str:
    head = ["factor", "value", "faces", "people"]
    head += [f"{name}{end}" for name in SCORES for end in ("", "_low", "_high")]
    rows: list[list[Any]] = []
    for one in found.groups:
        left = found.without.get((one.factor, one.value))
        numbers = [x for name in SCORES for x in _list_ends(one.scores[name])]
        ends = ["", ""] if left is None else [left.ari, left.as_many]
        rows.append([one.factor, one.value or UNSAID, one.faces, one.people, *numbers, *ends])
    return figures.format_csv([*head, "ari_without", "ari_without_as_many"], rows)


def _format_gaps(gaps: Sequence[Gap]) -> str:
    return figures.format_csv(
        ("factor", "score", "worse", "better", "gap", "low", "high"),
        (
            (one.factor, one.score, one.worse, one.better, *_list_ends(one.difference))
            for one in gaps
        ),
    )


def _list_ends(one: Estimate) -> tuple[float, ...]:
    return one.value, one.low, one.high
