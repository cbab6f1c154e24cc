"""One page of what a run found and got wrong: faces, the t-SNE picture, how large clusters are.

Without plotly and its 5 MB: a sweep keeps such a page for every job.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.figures.assets import read_static
from facetrack.figures.galleries import FACE, Section
from facetrack.figures.pages import render_page

_FRAME = 4


@dataclass(frozen=True)
class Listing:
    """A list of the page: its heading, what it shows in a sentence, and its sections.

    name: its heading and its place on the page, one word. about: any text.
    """

    name: str
    about: str
    sections: Sequence[Section]


@dataclass(frozen=True)
class Bar:
    """How many there are, and that in percent of the longest bar."""

    count: int
    percent: float


@dataclass(frozen=True)
class Row:
    """The bars of one range of sizes. faces: the range, in words."""

    faces: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Counts:
    """A table of how many there are of each size, a bar per column in each row."""

    columns: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class ErrorPage:
    """What the page shows. title, summary: any text; tsne: a PNG.

    clusters: (K,) sizes of the clusters; people: (P,) sizes of the people, or None where nobody
    said who is who.
    """

    title: str
    summary: str
    listings: Sequence[Listing]
    tsne: bytes
    clusters: NDArray[np.integer]
    people: NDArray[np.integer] | None

    @property
    def frame(self) -> int:
        """Around a face, in pixels."""
        return _FRAME

    @property
    def side(self) -> int:
        """Of a face with its frame, in pixels."""
        return FACE + 2 * _FRAME

    @property
    def anchors(self) -> set[str]:
        """Where links can lead to: the sections that are on the page."""
        return {section.anchor for listing in self.listings for section in listing.sections}

    @property
    def factors(self) -> list[str]:
        """What its cards can be sorted by, in the order of the alphabet."""
        found = (section.factors for listing in self.listings for section in listing.sections)
        return sorted({factor for pairs in found for factor, _ in pairs})

    @property
    def counts(self) -> Counts:
        """How many clusters there are of each size, beside how many people."""
        columns = {"clusters": self.clusters}
        if self.people is not None:
            columns["people"] = self.people
        # 1, 2, 3 to 4, 5 to 8, …: a family's groups and a database's differ by powers.
        bins = [np.ceil(np.log2(sizes)).astype(int) for sizes in columns.values()]
        last = max((int(one.max()) for one in bins if len(one)), default=0)
        counts = [np.bincount(one, minlength=last + 1).tolist() for one in bins]
        most = max(1, *(max(one) for one in counts))
        rows = [
            Row(_name_range(step), [Bar(one[step], 100 * one[step] / most) for one in counts])
            for step in range(last + 1)
        ]
        return Counts(list(columns), rows)


def render_error_page(page: ErrorPage) -> str:
    """The page."""
    return render_page("errors.html", page.title, page, scripts=[read_static("errors.js")])


def _name_range(step: int) -> str:
    """Sizes above one power of two and up to the next."""
    low, high = 2**step // 2 + 1, 2**step
    return f"{high:,}" if high <= 2 else f"{low:,} to {high:,}"
