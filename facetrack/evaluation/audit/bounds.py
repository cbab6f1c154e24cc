"""What can be said of a folder's mistakes without any answer: named as what it is.

Impossible pairs, faces of one photo in one group, are mistakes for certain: precision is at most
what they leave of it, which is a bound and no estimate. What probabilities expect is an estimate
that rests on people of other folders alone.
"""

from dataclasses import dataclass

from facetrack.evaluation.audit.estimates import Estimate
from facetrack.evaluation.audit.frame import INSIDE
from facetrack.evaluation.audit.session import Audit


@dataclass(frozen=True)
class Bounds:
    """impossible: pairs. precision: at most, per face and in pairs. before: what is expected."""

    impossible: int
    bcubed_precision: float
    pairwise_precision: float
    before: dict[str, Estimate]

    def tell(self) -> list[str]:
        """For a reader, a line each."""
        found = []
        if self.impossible:
            found.append(
                f"bound without answers: {self.impossible:,} pairs of one photo are in one group, "
                f"so precision is at most {100 * self.bcubed_precision:.1f} %"
            )
        precision, recall = self.before["bcubed_precision"], self.before["bcubed_recall"]
        found.append(
            f"expected from probabilities alone: precision {precision.tell()}, recall "
            f"{recall.tell()}"
        )
        return found

    def to_json(self) -> dict[str, object]:
        """The same as numbers."""
        return {
            "impossible_pairs": self.impossible,
            "at_most": {
                "bcubed_precision": round(self.bcubed_precision, 5),
                "pairwise_precision": round(self.pairwise_precision, 5),
            },
            "expected": {
                name: {
                    "value": round(one.value, 5),
                    "low": round(one.low, 5),
                    "high": round(one.high, 5),
                }
                for name, one in self.before.items()
            },
        }


def find_bounds(audit: Audit) -> Bounds:
    """What is known of a folder before any answer."""
    share, pairs = audit.blocks[INSIDE].known.tolist()
    together = max(audit.together, 1)
    return Bounds(round(pairs), 1 - share, 1 - pairs / together, audit.before)
