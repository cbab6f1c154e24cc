"""What k-NN and clusterers have come to: lines for the terminal, a table, a figure, metrics."""

from collections.abc import Iterator
from statistics import fmean, pstdev

from facetrack import figures
from facetrack.core.texts import write_count
from facetrack.tasks.knn.measuring import NEIGHBORS, Found, Plan
from facetrack.tracking import keys


def make_metrics(found: Found) -> dict[str, float]:
    """What runs are compared by."""
    values = {
        keys.ACCURACY_OF.format(name.lower().replace("-", "")): one.value
        for name, one in found.accuracies.items()
    }
    return {
        **values,
        keys.IDENTIFIED: fmean(one.identified for one in found.opened),
        keys.FALSELY_ACCEPTED: fmean(one.accepted for one in found.opened),
    }


def tell_shortly(found: Found) -> str:
    """The result in a line: "1-NN 0.982, 5-NN 0.964, dbscan 0.835"."""
    return ", ".join(f"{name} {one.value:.3f}" for name, one in found.accuracies.items())


def tell(found: Found, plan: Plan) -> Iterator[str]:
    """The result for the terminal, in lines."""
    faces = write_count(found.faces, "face")
    people = write_count(found.people, "person", "people")
    alone = (
        f"; {write_count(found.alone, 'face is', 'faces are')} the only one of a person, which "
        "nobody can tell, and not counted"
        if found.alone
        else ""
    )
    yield f"{faces} of {people}{alone}"
    yield ""
    for name, one in found.accuracies.items():
        what = "told the other faces' people" if name in NEIGHBORS else "one cluster a person"
        yield f"{name:<18}{one.value:.4f} [{one.low:.4f}, {one.high:.4f}]   {what}"
    identified = [one.identified for one in found.opened]
    accepted = [one.accepted for one in found.opened]
    yield (
        f"{'open set':<18}{fmean(identified):.4f} ± {pstdev(identified):.4f}            half of "
        f"the people known: identified where {100 * plan.far:g} % of strangers may be taken for "
        f"somebody; {100 * fmean(accepted):.2f} % were"
    )
    if found.grown:
        yield ""
        names = list(found.accuracies)
        yield "  ".join(["faces per person", *(f"{name:>15}" for name in names)])
        for grown in found.grown:
            cells = (f"{fmean(grown.accuracies[name]):>15.4f}" for name in names)
            yield "  ".join([f"{grown.size:<16}", *cells])
        people = write_count(found.grown[0].people, "person", "people")
        yield f"  the same {people} in each line, means over {write_count(plan.draws, 'draw')}"


def write_table(found: Found, plan: Plan) -> str:
    """knn.csv: accuracies of all faces with their intervals, of open sets, and by faces per person.

    spread: the standard deviation over draws.
    """
    rows: list[list[str | float]] = [
        ["all faces", name, "", found.people, found.faces, one.value, one.low, one.high, ""]
        for name, one in found.accuracies.items()
    ]
    for name, values in (
        (f"identified at {plan.far:g}", [one.identified for one in found.opened]),
        ("strangers accepted", [one.accepted for one in found.opened]),
    ):
        rows.append(["open set", name, "", "", "", fmean(values), "", "", pstdev(values)])
    for grown in found.grown:
        faces = grown.size * grown.people
        for name, drawn in grown.accuracies.items():
            told: list[str | float] = [fmean(drawn), "", "", pstdev(drawn)]
            rows.append(["faces per person", name, grown.size, grown.people, faces, *told])
    head = ("part", "method", "faces_per_person", "people", "faces", "accuracy", "low", "high")
    return figures.format_csv((*head, "spread"), rows)


def draw(found: Found, title: str) -> bytes | None:
    """knn.png; None where nobody has faces enough to grow."""
    if not found.grown:
        return None
    lines = {
        name: [(fmean(one.accuracies[name]), pstdev(one.accuracies[name])) for one in found.grown]
        for name in found.accuracies
    }
    people = write_count(found.grown[0].people, "person", "people")
    figure = figures.draw_accuracies(
        [one.size for one in found.grown], lines, f"{title}: {people}, faces left out one by one"
    )
    return figures.encode_png(figure)
