"""How the faces were taken that are in the wrong place, by which the page of errors is sorted."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from facetrack.core.faces import Picture
from facetrack.evaluation.confusion import Confusion


def find_factors(one: Confusion, pictures: Sequence[Picture]) -> tuple[tuple[str, str], ...]:
    """By factor the value that more than half of a confusion's strays have, in alphabetical order.

    pictures: (n,) of all faces. Strays are the faces outside its largest group, and all faces
    where several groups are the largest. A factor without such a value is not named: three
    faces of thirty that are known to wear glasses say nothing of why the thirty are wrong.
    """
    most = max(len(group) for group in one.groups)
    largest = [group for group in one.groups if len(group) == most]
    groups = one.groups if len(largest) > 1 else [one for one in one.groups if len(one) < most]
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for group in groups:
        for face in group.tolist():
            for factor, value in pictures[face].factors:
                counts[factor][value] += 1
    strays = sum(len(group) for group in groups)
    return tuple(
        (factor, value)
        for factor, found in sorted(counts.items())
        for value, count in found.items()
        if 2 * count > strays
    )
