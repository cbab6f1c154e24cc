import io
import subprocess
import sys
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import NDArray
from PIL import Image

from facetrack import figures
from facetrack.figures.tsne_styles import (
    COLOURS,
    MOST,
    OTHERS,
    choose_cluster_styles,
    choose_shown,
    choose_styles,
    lighten,
)


def colours(panel: Any) -> dict[tuple[float, float], str]:
    """The colour drawn at each place of a panel (filled markers only)."""
    return {
        (round(float(x), 4), round(float(y), 4)): to_hex(colour)
        for drawn in panel.collections
        if len(drawn.get_facecolors())
        for (x, y), colour in zip(
            drawn.get_offsets(),
            np.resize(drawn.get_facecolors(), (len(drawn.get_offsets()), 4)),
            strict=True,
        )
    }


def places(n: int) -> NDArray[np.float32]:
    return np.stack([np.arange(n), np.zeros(n)], axis=1).astype(np.float32)


def test_panels_titles_and_legend() -> None:
    people = ["Bo", "Al", "Al", "Bo", "Cy", "Al"]
    clusters = np.array([0, 3, 3, 0, 5, -1])
    figure = figures.draw_tsne(places(6), people, clusters, "six faces")
    left, right = figure.axes
    assert figure.get_suptitle() == "six faces"
    assert left.get_title() == "3 people"
    assert right.get_title() == "3 clusters, 1 of them a single face, 1 face in none"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Al", "Bo", "Cy"]


def test_every_face_is_drawn_once_in_each_panel() -> None:
    rng = np.random.default_rng(0)
    people = [f"person {i}" for i in rng.integers(0, 30, 200)]
    clusters = rng.integers(-1, 90, 200)
    figure = figures.draw_tsne(places(200), people, clusters, "")
    for panel in figure.axes:
        drawn = np.concatenate([np.asarray(one.get_offsets()) for one in panel.collections])
        np.testing.assert_array_equal(np.sort(drawn[:, 0]), np.arange(200))
    (legend,) = figure.legends
    told = [text.get_text() for text in legend.get_texts()]
    assert len(told) == MOST + 1
    assert told[-1] == "6 others"
    assert figure.axes[0].get_title() == "30 people, 24 of them in colour"


def test_cluster_has_the_colour_of_its_majority() -> None:
    people = ["Al"] * 4 + ["Bo"] * 3 + ["Al"] * 2 + ["Cy"] * 2
    #        Al's largest cluster, with one Bo in it; Bo's; Al split off; Cy
    clusters = np.array([7, 7, 7, 7, 7, 2, 2, 9, 9, 4, 4])
    figure = figures.draw_tsne(places(11), people, clusters, "")
    left, right = (list(colours(panel).items()) for panel in figure.axes)
    true = [colour for _, colour in sorted(left)]
    found = [colour for _, colour in sorted(right)]
    same = [a == b for a, b in zip(true, found, strict=True)]
    assert same == [True] * 4 + [False] + [True] * 2 + [False] * 2 + [True] * 2
    assert found[4] == true[0]
    assert found[7] not in true


def test_single_faces_are_hollow_and_noise_is_crossed() -> None:
    clusters = np.array([0, 0, 1, -1, -1])
    (panel,) = figures.draw_tsne(places(5), None, clusters, "").axes
    hollow, crosses, filled = panel.collections
    assert np.asarray(hollow.get_offsets())[:, 0].tolist() == [2]
    assert len(np.asarray(hollow.get_facecolor())) == 0
    assert np.asarray(crosses.get_offsets())[:, 0].tolist() == [3, 4]
    assert np.asarray(filled.get_offsets())[:, 0].tolist() == [0, 1]
    assert panel.get_title() == "2 clusters, 1 of them a single face, 2 faces in none"


def test_neighbours_in_number_differ_in_colour() -> None:
    people = [f"{i:03d}" for i in range(MOST)]
    panel = figures.draw_tsne(places(MOST), people, np.arange(MOST), "").axes[0]
    drawn = [colour for _, colour in sorted(colours(panel).items())]
    assert len(drawn) == MOST
    assert all(drawn[i] not in drawn[i + 1 : i + 5] for i in range(MOST - 1))


def test_of_many_people_the_largest_and_the_most_confused_are_in_colour() -> None:
    sizes = np.array([40, *[3] * 60, 2, 2])
    people = np.repeat(np.arange(len(sizes)), sizes)
    clusters = people.copy()
    clusters[people >= 61] = 99  # the two smallest are one cluster, of 4 wrong pairs each
    shown = choose_shown(people, clusters)
    assert len(shown) == len(set(shown)) == MOST
    assert shown[: MOST // 2] == list(range(MOST // 2))
    assert shown[MOST // 2 :][:2] == [61, 62]
    styles = choose_styles(people, clusters)
    assert {one for one, style in styles.items() if style[0] != OTHERS} == set(shown)
    assert len({styles[one] for one in shown}) == MOST
    of_clusters = choose_cluster_styles(clusters, people, styles)
    assert of_clusters[0] == styles[0]
    assert of_clusters[50] == (OTHERS, "o")
    assert of_clusters[99] == styles[61]


# How people see who lack one kind of cones, on linear RGB: Machado, Oliveira and Fernandes, 2009.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.052]],
    "deuteranopia": [[0.3673, 0.8606, -0.228], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritanopia": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}


def _see(colour: str, eyes: Any) -> NDArray[np.float64]:
    """A colour as CIELAB for some eyes, where 2.3 apart is just to be seen."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]
    xyz = to_xyz @ np.clip(eyes @ linear, 0, 1) / [0.9505, 1, 1.0888]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", EYES)
def test_every_eye_tells_the_colours_apart(eyes: str) -> None:
    seen = [_see(one, np.array(EYES[eyes])) for one in (*COLOURS, OTHERS)]
    apart = min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))
    assert apart > 15  # the ten colours of before: 4.6 with protanopia, 7.3 with deuteranopia
    dark = [_see(lighten((one, "o")), np.array(EYES[eyes])) for one in (*COLOURS, OTHERS)]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(dark, 2)) > 15


@pytest.mark.parametrize("shape", ["normal", "uniform"])
def test_png_of_thousands_is_small(shape: str) -> None:
    rng = np.random.default_rng(0)
    where = (rng.normal if shape == "normal" else rng.random)(size=(7500, 2)).astype(np.float32)
    people = [f"person {i}" for i in rng.integers(0, 901, 7500)]
    clusters = rng.integers(-1, 3000, 7500)
    picture = figures.encode_png(figures.draw_tsne(where, people, clusters, "thousands"))
    assert len(picture) < 600_000
    assert Image.open(io.BytesIO(picture)).size == (1400, 700)


def test_png_bytes_repeat_and_hold_no_metadata() -> None:
    def picture() -> bytes:
        people = ["Al", "Bo"] * 20
        return figures.encode_png(
            figures.draw_tsne(places(40), people, np.arange(40) // 4, "again")
        )

    assert picture() == picture()
    assert set(Image.open(io.BytesIO(picture())).info) == {"dpi"}


def test_hostile_names_are_drawn_as_they_are(recwarn: pytest.WarningsRecorder) -> None:
    people = ["$\\frac{$", "_hidden", "two\nlines", "轮子", "x" * 200, "\udce9"]
    figure = figures.draw_tsne(places(6), people, np.arange(6), "$\\alpha_{$ " * 40)
    figures.encode_png(figure)
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(told) == sorted(
        ["\\$\\frac{\\$", "_hidden", "two lines", "轮子", "x" * 25 + "…", "?"]
    )
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_figures_leave_pyplot_alone_and_import_late() -> None:
    script = """
import sys, numpy
from facetrack import figures
early = {"matplotlib", "plotly", "sklearn.manifold"} & set(sys.modules)
figures.encode_png(figures.draw_tsne(numpy.zeros((3, 2), "f4"), None, numpy.arange(3), ""))
figures.encode_png(figures.draw_curves([figures.Point("lfw", "dbscan", "eps", 0.3, 0.9, 0.1)]))
print(early, "matplotlib.pyplot" in sys.modules)
"""
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["set()", "False"]
