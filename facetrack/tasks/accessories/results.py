"""What accessories have done: lines for the terminal, a table, a figure, a page and metrics."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from facetrack import figures
from facetrack.core.texts import write_count
from facetrack.tasks.accessories.measuring import Found, Outcome
from facetrack.tracking import keys

_HEAD = (
    *("effect", "embedder", "faces", "people", "moved_median", "moved_p10", "moved_p90"),
    *(
        "beyond_radius",
        "lost_before",
        "lost_after",
        "split_before",
        "split_after",
        "ari_before",
        "ari_after",
    ),
    *("recall_before", "recall_after", "undetected"),
)


def make_metrics(found: Found) -> dict[str, float]:
    """What runs are compared by: per effect and embedder."""
    values: dict[str, float] = {}
    for one in found.outcomes:
        values[keys.MOVED.format(one.effect, one.model)] = _find_median(one)
        values[keys.ARI_WORN.format(one.effect, one.model)] = one.ari_after
        if not math.isnan(one.undetected):
            values[keys.UNDETECTED.format(one.effect)] = one.undetected
    return values


def tell(found: Found) -> Iterator[str]:
    """The result for the terminal, in lines."""
    yield f"{write_count(found.faces, 'face')} of {write_count(found.people, 'person', 'people')}"
    if found.gone:
        yield f"  {write_count(found.gone, 'face')} not used: the picture is gone or another one"
    yield ""
    yield (
        f"{'effect':<16}{'embedder':<16}{'moved':>7}{'beyond':>8}{'lost':>14}{'split':>12}"
        f"{'ARI':>16}{'recall':>16}{'undetected':>12}"
    )
    for one in found.outcomes:
        yield (
            f"{one.effect:<16}{one.model:<16}{_find_median(one):>7.2f}"
            f"{(one.moved > 1).mean():>8.0%}{one.lost_before:>7.0%} to {one.lost_after:<3.0%}"
            f"{one.split_before:>6} to {one.split_after:<3}"
            f"{one.ari_before:>9.3f} to {one.ari_after:.3f}"
            f"{one.recall_before:>9.3f} to {one.recall_after:.3f}{_tell_undetected(one):>9}"
        )
    yield "  moved: median, in radii; beyond: by more than the radius; all else before and after"
    yield "  half of each person's faces have it; lost: of those, the share no other one is with;"
    yield "  undetected: of all faces, the share that the detector finds without it and not with it"


def write_table(found: Found) -> str:
    """accessories.csv: a row per effect and embedder, unrounded."""
    return figures.format_csv(
        _HEAD,
        (
            (
                *(one.effect, one.model, len(one.moved), found.people),
                *(float(value) for value in np.percentile(one.moved, [50, 10, 90])),
                *(float((one.moved > 1).mean()), one.lost_before, one.lost_after),
                *(one.split_before, one.split_after),
                *(one.ari_before, one.ari_after, one.recall_before, one.recall_after),
                one.undetected,
            )
            for one in found.outcomes
        ),
    )


def draw(found: Found, title: str) -> bytes:
    """accessories.png."""
    effects = dict.fromkeys(one.effect for one in found.outcomes)
    bars = []
    for effect in effects:
        own = [one for one in found.outcomes if one.effect == effect]
        bars.append(
            figures.EffectBars(
                effect,
                {one.model: _find_percentiles(one) for one in own},
                {
                    "ARI": {one.model: one.ari_after for one in own},
                    "people split, of all": {
                        one.model: one.split_after / found.people for one in own
                    },
                },
            )
        )
    first = {one.model: one for one in reversed(found.outcomes)}
    before = {
        "ARI": {name: one.ari_before for name, one in first.items()},
        "people split, of all": {
            name: one.split_before / found.people for name, one in first.items()
        },
    }
    return figures.encode_png(figures.draw_accessories(bars, before, title))


def render(found: Found, figure: bytes, title: str, summary: str) -> str:
    """accessories.html, with example pairs."""
    rows = [
        figures.ExampleRow(
            effect.replace("_", " "),
            " ".join(_tell_effect([one for one in found.outcomes if one.effect == effect])),
            [
                figures.ExamplePair(
                    pair.bare,
                    pair.worn,
                    ", ".join(f"{name} {far:.2f}" for name, far in pair.moved.items()),
                )
                for pair in pairs
            ],
        )
        for effect, pairs in found.pairs.items()
    ]
    return figures.render_accessory_page(title, figures.AccessoryPage(summary, figure, rows))


def _tell_effect(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield from map(_tell_outcome, outcomes)
    if not math.isnan(outcomes[0].undetected):
        yield f"The detector no longer finds {_tell_undetected(outcomes[0])} of them."


def _tell_undetected(one: Outcome) -> str:
    return "-" if math.isnan(one.undetected) else f"{one.undetected:.0%}"


def _tell_outcome(one: Outcome) -> str:
    return (
        f"{one.model}: moved by {_find_median(one):.2f} radii (median), "
        f"{(one.moved > 1).mean():.0%} by more than one; of the faces with it "
        f"{one.lost_before:.0%} to {one.lost_after:.0%} are lost, "
        f"ARI {one.ari_before:.3f} to {one.ari_after:.3f}."
    )


def _find_median(one: Outcome) -> float:
    return float(np.median(one.moved))


def _find_percentiles(one: Outcome) -> tuple[float, float, float]:
    low, middle, high = np.percentile(one.moved, [10, 50, 90]).tolist()
    return low, middle, high


def name_people(found: Found) -> Sequence[str]:
    """What is said of whom in titles."""
    return write_count(found.faces, "face"), write_count(found.people, "person", "people")
