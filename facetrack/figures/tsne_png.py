"""The picture of `draw_tsne` as PNG: what the jobs of a sweep have in common is drawn once.

They have the same faces at the same places, and mostly the same people in the same colours: only
the clusters, their panel's heading and the title are others.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facetrack.figures.canvas import (
    draw_canvas,
    encode_canvas,
    ignore_missing_letters,
    use_shipped_settings,
)
from facetrack.figures.tsne import Named, draw_clusters, draw_people, name_styles, write_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_MOST = 2  # pictures that are kept, 4 MB each


@use_shipped_settings()
def draw_tsne_png(
    coordinates: NDArray[np.float32],
    people: Sequence[str] | None,
    clusters: NDArray[np.integer],
    title: str,
) -> bytes:
    """What `draw_tsne` draws, as PNG; the same arguments give the same bytes."""
    named = name_styles(people, clusters)
    key = _identify(coordinates, people, named)
    kept = _kept.pop(key, None)
    if kept is not None and kept.draw(coordinates, clusters, named, title):
        _kept[key] = kept
        return encode_canvas(kept.canvas)
    figure = draw_people(coordinates, named)
    draw_clusters(figure.axes[-1], coordinates, clusters, named)
    _kept[key] = _Drawn(figure, figure.suptitle(write_title(title, named)))
    while len(_kept) > _MOST:
        del _kept[next(iter(_kept))]
    return encode_canvas(_kept[key].canvas)


class _Drawn:
    """A figure of `draw_people` with clusters, drawn, on whose ground others can be drawn."""

    def __init__(self, figure: "Figure", title: "Text") -> None:
        self._figure, self._panel, self._title = figure, figure.axes[-1], title
        self.canvas = draw_canvas(figure)
        self._heights = self._measure()
        self._ground: Any = None
        # From now on everything stays where it is: the same points have the same limits.
        figure.set_layout_engine("none")
        self._panel.set_autoscale_on(False)

    def draw(
        self,
        coordinates: NDArray[np.float32],
        clusters: NDArray[np.integer],
        named: Named | None,
        title: str,
    ) -> bool:
        """Draw other clusters and another title; False where these would move what is there."""
        with ignore_missing_letters():
            if self._ground is None:
                self._ground = self._draw_ground()
            draw_clusters(self._panel, coordinates, clusters, named)
            self._title.set_text(write_title(title, named))
            if self._measure() != self._heights:
                return False
            self.canvas.restore_region(self._ground)
            for part in (self._panel, self._title):
                part.draw(self.canvas.get_renderer())
        return True

    def _draw_ground(self) -> Any:
        """Everything but what changes."""
        for part in (self._panel, self._title):
            part.set_visible(False)
        self.canvas.draw()
        for part in (self._panel, self._title):
            part.set_visible(True)
        return self.canvas.copy_from_bbox(self._figure.bbox)

    def _measure(self) -> list[tuple[float, float]]:
        """The lower and upper ends of the headings, which alone can move something."""
        renderer = self.canvas.get_renderer()
        boxes = [one.get_window_extent(renderer) for one in (self._panel.title, self._title)]
        return [(box.y0, box.y1) for box in boxes]


_kept: dict[object, _Drawn] = {}


def _identify(
    coordinates: NDArray[np.float32], people: Sequence[str] | None, named: Named | None
) -> object:
    """What a picture's ground depends on."""
    if people is None or named is None:
        return coordinates.tobytes(), None
    return coordinates.tobytes(), tuple(people), tuple(sorted(named.styles.items()))
