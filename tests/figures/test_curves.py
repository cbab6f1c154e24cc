import io
import json
import math
import re
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from facetrack import figures
from facetrack.figures import Point

NAN = math.nan
RED, GREEN, BLUE = "#d62728", "#2ca02c", "#1f77b4"

SWEEP = [
    Point(dataset, method, parameter, value, mean + 0.1 * index, 0.05)
    for index, dataset in enumerate(("personal_faces", "lfw", "muct"))
    for method, parameter in (("dbscan", "eps"), ("mean-shift", "bandwidth"))
    for value, mean in ((0.3, 0.7), (0.1, 0.2), (0.2, 0.5), (0.4, 0.1))  # not in order
]
LINES = [Point("lfw", "k-means", "eps", NAN, 0.32, 0.02), Point("muct", "ward", "eps", NAN, 0.9, 0)]


def drawn(axes: Any) -> dict[str, Any]:
    """A panel's curves by the start of their legend texts."""
    return {line.get_label().split(":")[0]: line for line in axes.get_lines() if line.get_gid()}


def traces(page: str) -> list[dict[str, Any]]:
    """The traces of a page as plotly.js gets them."""
    data = page[page.index("const PLOTS = ") + len("const PLOTS = ") :]
    (plot,) = json.JSONDecoder().raw_decode(data)[0]
    found: list[dict[str, Any]] = plot["data"]
    return found


def test_static_has_a_panel_a_method_and_a_curve_a_dataset() -> None:
    figure = figures.draw_curves(SWEEP)
    assert [axes.get_title() for axes in figure.axes] == ["dbscan", "mean-shift"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["eps", "bandwidth"]
    for axes in figure.axes:
        assert axes.get_ylabel() == "mean ARI"
        curves = drawn(axes)
        assert list(curves) == ["personal_faces", "lfw", "muct"]
        np.testing.assert_array_equal(curves["lfw"].get_xdata(), [0.1, 0.2, 0.3, 0.4])
        np.testing.assert_allclose(curves["lfw"].get_ydata(), [0.3, 0.6, 0.8, 0.2])


def test_bands_are_two_standard_deviations() -> None:
    axes = figures.draw_curves(SWEEP).axes[0]
    corners = np.asarray(axes.collections[0].get_paths()[0].vertices)
    for x, mean in ((0.1, 0.2), (0.3, 0.7)):
        edges = corners[np.isclose(corners[:, 0], x), 1]
        np.testing.assert_allclose([edges.min(), edges.max()], [mean - 0.05, mean + 0.05])


def test_the_article_s_colours() -> None:
    expected = {"personal_faces": RED, "lfw": GREEN, "muct": BLUE}
    for axes in figures.draw_curves(SWEEP).axes:
        assert {name: to_hex(line.get_color()) for name, line in drawn(axes).items()} == expected
    curves = [
        one for one in traces(figures.render_curves_page(SWEEP)) if one["mode"] == "lines+markers"
    ]
    assert {one["name"].split(",")[0]: one["line"]["color"] for one in curves} == expected


def test_other_datasets_have_colours_of_their_own_whatever_the_order() -> None:
    names = ["lfw", *(f"set {i}" for i in range(6))]
    points = [Point(name, "dbscan", "eps", 0.3, 0.5, 0.1) for name in names]
    found = [
        {name: to_hex(line.get_color()) for name, line in drawn(figure.axes[0]).items()}
        for figure in (figures.draw_curves(points), figures.draw_curves(points[::-1]))
    ]
    assert found[0] == found[1]
    assert len({*found[0].values(), RED, BLUE}) == len(names) + 2


def test_the_best_point_is_ringed_and_told() -> None:
    axes = figures.draw_curves(SWEEP).axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "personal_faces: best 0.700 ± 0.050 at 0.3",
        "lfw: best 0.800 ± 0.050 at 0.3",
        "muct: best 0.900 ± 0.050 at 0.3",
    ]
    rings = [line for line in axes.get_lines() if line.get_markersize() > 10]
    np.testing.assert_allclose(
        [np.ravel(ring.get_xydata()) for ring in rings], [[0.3, 0.7], [0.3, 0.8], [0.3, 0.9]]
    )


def test_a_method_without_a_number_is_a_dashed_line_in_every_panel() -> None:
    figure = figures.draw_curves(SWEEP + LINES)
    assert len(figure.axes) == 2
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "k-means, lfw: 0.320 ± 0.020",
        "ward, muct: 0.900 ± 0.000",
    ]
    for axes in figure.axes:
        lines = [one for one in axes.get_lines() if one.get_linestyle() == "--"]
        assert [np.asarray(one.get_ydata()).tolist() for one in lines] == [[0.32] * 2, [0.9] * 2]
        assert [to_hex(one.get_color()) for one in lines] == [GREEN, BLUE]


@pytest.mark.parametrize(
    ("points", "panels"),
    [(SWEEP[:1], 1), (LINES, 1), (SWEEP[:1] + LINES, 1), (SWEEP + LINES, 2)],
)
def test_any_mixture_can_be_drawn(points: list[Point], panels: int) -> None:
    figure = figures.draw_curves(points)
    assert len(figure.axes) == panels
    assert figures.encode_png(figure) == figures.encode_png(figures.draw_curves(points))
    assert traces(figures.render_curves_page(points))


def test_many_methods_wrap_and_a_negative_mean_is_seen() -> None:
    points = [Point("lfw", f"method {i}", "eps", 0.1 * i, -0.2, 0.1) for i in range(5)]
    figure = figures.draw_curves(points)
    panels = [axes for axes in figure.axes if axes.axison]
    assert len(panels) == 5
    assert panels[0].get_ylim()[0] < -0.2
    assert Image.open(io.BytesIO(figures.encode_png(figure))).size == (1500, 1000)


def test_points_without_a_score_are_left_out() -> None:
    unscored = Point("lfw", "dbscan", "eps", 0.9, NAN, NAN)
    curve = drawn(figures.draw_curves([*SWEEP, unscored]).axes[0])["lfw"]
    assert 0.9 not in curve.get_xdata()
    for draw in (figures.draw_curves, figures.render_curves_page):
        with pytest.raises(ValueError, match="at least one point"):
            draw([unscored])


def test_interactive_has_every_point_and_tells_it() -> None:
    found = traces(figures.render_curves_page(SWEEP + LINES, score="AMI"))
    curves = {one["name"]: one for one in found if one["mode"] == "lines+markers"}
    assert len(curves) == 6
    curve = curves["lfw, mean-shift"]
    assert curve["x"] == [0.1, 0.2, 0.3, 0.4]
    assert curve["y"] == pytest.approx([0.3, 0.6, 0.8, 0.2])
    assert curve["hovertext"][2] == "lfw, mean-shift<br>bandwidth = 0.3<br>mean AMI 0.800 ± 0.050"
    # A click on a legend entry takes the band with the curve, and a line out of all panels.
    groups = [one["legendgroup"] for one in found]
    assert groups.count(curve["legendgroup"]) == 2
    told = [one["name"] for one in found if one.get("showlegend", True)]
    assert sorted(told) == sorted([*curves, "lfw, k-means", "muct, ward"])


def test_interactive_works_offline_and_sends_nothing() -> None:
    page = figures.render_curves_page(SWEEP + LINES)
    assert len(page) > 1_000_000  # plotly.js is inside
    assert not re.search(r"<(script|link|img|iframe)[^>]*\s(src|href)\s*=\s*.(?!data:)", page)
    assert '"showSendToCloud":false' in page
    assert page == figures.render_curves_page(SWEEP + LINES)
    plot = figures.plot_curves(SWEEP + LINES)
    for _ in range(2):  # a plot is as it was afterwards
        assert page == figures.render_curves_page(SWEEP + LINES, plot=plot)


def test_hostile_names_are_only_names() -> None:
    name = "</script><script>alert(1)</script> $x^$ %{y} \udce9"
    points = [Point(name, name, "eps", value, 0.5, 0.1) for value in (0.1, 0.2, NAN)]
    page = figures.render_curves_page(points)
    page.encode()
    assert "alert(1)</script>" not in page
    assert "<script>alert" not in page
    assert all("<script" not in one.get("name", "") for one in traces(page))
    figures.encode_png(figures.draw_curves(points))


def test_a_mean_without_a_spread_has_no_band_and_claims_none() -> None:
    points = [Point("lfw", "dbscan", "eps", value, 0.5 + value, NAN) for value in (0.1, 0.2)]
    axes = figures.draw_curves(points).axes[0]
    assert drawn(axes)["lfw"].get_label() == "lfw: best 0.700 at 0.2"
    assert np.isfinite(axes.get_ylim()).all()
