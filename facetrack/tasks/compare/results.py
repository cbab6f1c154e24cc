"""What a comparison of models has found: as lines for the terminal, as tables, as metrics."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facetrack import figures
from facetrack.core.texts import write_count
from facetrack.evaluation.expected import choose_faces, expect, form_belief
from facetrack.evaluation.impossible import count_impossible
from facetrack.evaluation.metrics import scores
from facetrack.evaluation.model_pairs import Model, ModelPair, group, number_photos
from facetrack.evaluation.verdict import Verdict

_HEAD = (
    *("model", "faces", "pictures without a face", "groups"),
    *("F", "ARI", "expected F", "impossible pairs"),
)
_HEAD_OF_PAIRS = (
    *("first", "second", "faces", "only_first", "only_second"),
    *(
        f"{kind}_{key}"
        for kind in ("labels", "expected")
        for key in ("difference", "low", "high", "sure", "picked", "why")
    ),
)


@dataclass(frozen=True)
class Row:
    """A model by itself, on all of its faces; NaN for what is not known.

    expected: BCubed F without labels. impossible: of the pairs of faces on one photo, the share
    that is put together where nobody says that they share it. stretch: by how much strangers are
    nearer to each other than where the probabilities were measured.
    """

    name: str
    faces: int
    faceless: int
    groups: int
    f: float
    ari: float
    expected: float
    impossible: float
    stretch: float


def look_at(model: Model) -> Row:
    """A model by itself."""
    faces = model.embeddings
    labels = group(model, faces)
    belief = form_belief(model.scale, faces.vectors)
    expected = math.nan
    if belief is not None:
        photos, looked_at = number_photos(faces), choose_faces(len(labels))
        expected = expect(faces.vectors, belief, [labels], photos, looked_at)[0].f
    known = {} if faces.people is None else scores(faces.people, labels, information=False)
    return Row(
        name=model.name,
        faces=len(labels),
        faceless=faces.n_pictures - len({one.name for one in faces.pictures}),
        groups=len(np.unique(labels)),
        f=known.get("bcubed_f", math.nan),
        ari=known.get("ari", math.nan),
        expected=expected,
        impossible=_count_impossible(model),
        stretch=math.nan if belief is None else belief.stretch,
    )


def _count_impossible(model: Model) -> float:
    faces = model.embeddings
    photos = number_photos(faces)
    if len(np.unique(photos)) == len(photos):
        return math.nan
    untold = model.cluster(faces, False)
    found = count_impossible(untold, photos, faces.vectors, (model.scale.radius or 0) / 2)
    return math.nan if found.rate is None else found.rate


def pick(pairs: Sequence[ModelPair], names: Sequence[str]) -> str | None:
    """The model that is better than every other one; None where there is none."""
    for name in names:
        others = [one for one in pairs if name in (one.first, one.second)]
        if others and all(one.picked == name for one in others):
            return name
    return None


def tell(rows: Sequence[Row], pairs: Sequence[ModelPair]) -> Iterator[str]:
    """All of it for the terminal, in lines."""
    table = [_list_head(rows), *(_list_cells(row, rows) for row in rows)]
    widths = [max(len(line[at]) for line in table) for at in range(len(table[0]))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()
    yield ""
    yield from map(tell_pair, pairs)
    yield ""
    yield tell_pick(rows, pairs)


def tell_pair(pair: ModelPair) -> str:
    """Two models in a sentence."""
    verdict, names = pair.verdict, (pair.first, pair.second)
    faces = (
        f"on the {write_count(pair.common, 'face')} that both have ({pair.only_first:,} and "
        f"{pair.only_second:,} others)"
    )
    if verdict is None:
        return (
            f"{pair.first} and {pair.second}: not compared, since nobody is named and what their "
            f"distances say is not measured, {faces}"
        )
    better, worse = names[verdict.leader], names[1 - verdict.leader]
    sign = 1 if verdict.leader == 0 else -1
    low, high = sorted((sign * verdict.low, sign * verdict.high))
    what = "F" if pair.by_labels is not None else "expected F"
    told = (
        f"{better} over {worse}: {what} {sign * verdict.difference:+.3f} [{low:+.3f}, {high:+.3f}]"
    )
    if verdict.picked is None:
        return f"{told}, {faces}: cannot tell, {verdict.why}"
    return f"{told}, {faces}: better, {_tell_sure(verdict)}"


def _tell_sure(verdict: Verdict) -> str:
    percent = math.floor(100 * verdict.sure)
    return "sure to over 99 %" if percent >= 99 else f"sure to {percent} %"


def tell_pick(rows: Sequence[Row], pairs: Sequence[ModelPair]) -> str:
    """The answer."""
    if len(rows) < 2:
        return f"Only {rows[0].name} can be used here: there is nothing to compare it with"
    by = "labels" if all(one.by_labels for one in pairs) else "what is to be expected of the groups"
    found = pick(pairs, [row.name for row in rows])
    if found is not None:
        row = next(one for one in rows if one.name == found)
        most = max(rows, key=lambda one: one.faces)
        less = most.faces - row.faces
        caution = f"; {most.name} finds {write_count(less, 'face')} more" if less > 0 else ""
        return f"Picked by {by}: {found}{caution}"
    beaten = {
        name for one in pairs for name in (one.first, one.second) if one.picked not in (None, name)
    }
    left = [row.name for row in rows if row.name not in beaten]
    if len(left) < 2:  # each is worse than another one
        return f"Cannot tell by {by} which is best"
    than = f"; they are better than {', '.join(sorted(beaten))}" if beaten else ""
    return f"Cannot tell by {by} which is best of {', '.join(left)}{than}"


def _list_head(rows: Sequence[Row]) -> list[str]:
    return [name for name, shown in zip(_HEAD, _list_shown(rows), strict=True) if shown]


def _list_shown(rows: Sequence[Row]) -> list[bool]:
    """Which columns have something to say."""
    scores = [
        any(not math.isnan(value) for value in column)
        for column in zip(
            *((one.f, one.ari, one.expected, one.impossible) for one in rows), strict=True
        )
    ]
    return [True] * 4 + scores


def _list_cells(row: Row, rows: Sequence[Row]) -> list[str]:
    cells = [
        *(row.name, f"{row.faces:,}", f"{row.faceless:,}", f"{row.groups:,}"),
        *(_write(one) for one in (row.f, row.ari, row.expected)),
        "-" if math.isnan(row.impossible) else f"{100 * row.impossible:.2g} %",
    ]
    return [cell for cell, shown in zip(cells, _list_shown(rows), strict=True) if shown]


def _write(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def write_markdown(rows: Sequence[Row], pairs: Sequence[ModelPair]) -> str:
    """The same as a page of Markdown."""
    head = _list_head(rows)
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    lines += [[figures.escape_markdown(cell) for cell in _list_cells(row, rows)] for row in rows]
    told = "".join(f"- {figures.escape_markdown(tell_pair(pair))}\n" for pair in pairs)
    answer = figures.escape_markdown(tell_pick(rows, pairs))
    return f"{figures.format_markdown(lines)}\n{told}\n{answer}\n"


def write_rows(rows: Sequence[Row]) -> str:
    """A row per model, unrounded."""
    head = ("model", "faces", "faceless", "groups", "bcubed_f", "ari", "expected_f")
    return figures.format_csv(
        (*head, "impossible_pairs", "stretch"),
        (
            (
                *(one.name, one.faces, one.faceless, one.groups, one.f, one.ari),
                *(one.expected, one.impossible, one.stretch),
            )
            for one in rows
        ),
    )


def write_pairs(pairs: Sequence[ModelPair]) -> str:
    """A row per pair of models, by labels and without; empty where there is no such verdict."""
    return figures.format_csv(
        _HEAD_OF_PAIRS,
        (
            (
                *(one.first, one.second, one.common, one.only_first, one.only_second),
                *_list_verdict(one, one.by_labels),
                *_list_verdict(one, one.without),
            )
            for one in pairs
        ),
    )


def _list_verdict(pair: ModelPair, verdict: Verdict | None) -> list[str | float]:
    if verdict is None:
        return [""] * 6
    names = (pair.first, pair.second)
    picked = "" if verdict.picked is None else names[verdict.picked]
    numbers = (verdict.difference, verdict.low, verdict.high, verdict.sure)
    return [*numbers, picked, verdict.why]


def make_metrics(rows: Sequence[Row], best: Mapping[str, str]) -> dict[str, float]:
    """By the names of metrics. best: those of `Row`, by metric."""
    values = {
        f"{key}.{row.name.replace('+', '.')}": float(getattr(row, field))
        for key, field in best.items()
        for row in rows
    }
    return {key: value for key, value in values.items() if math.isfinite(value)}
