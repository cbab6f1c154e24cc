"""The picture of a sweep's job is what would be drawn for it alone."""

import numpy as np
import pytest

from facetrack import figures
from facetrack.figures import tsne_png

_RNG = np.random.default_rng(0)
_PLACES = _RNG.normal(size=(40, 2)).astype(np.float32)
_PEOPLE = [f"person {one}" for one in np.arange(40) % 7]
_CLUSTERINGS = [
    np.arange(40) % 7,
    np.full(40, -1),
    np.arange(40),
    np.where(np.arange(40) < 9, -1, np.arange(40) // 4),
    np.zeros(40, int),
]


@pytest.mark.parametrize("people", [_PEOPLE, None])
def test_what_jobs_share_is_drawn_once_and_nothing_looks_different(
    people: list[str] | None,
) -> None:
    for number, clusters in enumerate(_CLUSTERINGS):
        title = f"portraits: 40 faces, dbscan eps=0.{number}"
        alone = figures.encode_png(figures.draw_tsne(_PLACES, people, clusters, title))
        assert figures.draw_tsne_png(_PLACES, people, clusters, title) == alone
    assert len(tsne_png._kept) <= 2


def test_a_title_of_another_height_moves_the_panels_as_it_does_alone() -> None:
    for title in ("one line", "", "ẞ̈́ḝ"):
        alone = figures.encode_png(figures.draw_tsne(_PLACES, None, _CLUSTERINGS[0], title))
        assert figures.draw_tsne_png(_PLACES, None, _CLUSTERINGS[0], title) == alone


def test_other_people_colours_or_places_are_drawn_anew() -> None:
    many = [f"person {one}" for one in range(40)]  # more than have a colour: clusters decide
    for places, people in ((_PLACES, _PEOPLE), (_PLACES, many), (_PLACES[::-1], many)):
        for clusters in _CLUSTERINGS[:2]:
            alone = figures.encode_png(figures.draw_tsne(places, people, clusters, "t"))
            assert figures.draw_tsne_png(places, people, clusters, "t") == alone
