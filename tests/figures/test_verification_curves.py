"""ROC and DET: what is drawn, and what a page shows of it."""

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from facetrack import figures
from facetrack.figures import Curve


def _curve(name: str = "haar + dlib", last: float = 1.0) -> Curve:
    return Curve(
        name,
        "accuracy 0.9000 ± 0.0100",
        np.array([0.0, 0.001, 0.02, 0.5]),
        np.array([0.6, 0.8, 0.9, last]),
        np.array([0.2, 0.3, 0.4, 0.6]),
    )


def traces(page: str) -> list[dict[str, Any]]:
    """The traces of a page as plotly.js gets them."""
    data = page[page.index("const PLOTS = ") + len("const PLOTS = ") :]
    (plot,) = json.JSONDecoder().raw_decode(data)[0]
    found: list[dict[str, Any]] = plot["data"]
    return found


def test_a_curve_goes_in_steps_up_to_the_right_edge() -> None:
    far, tar = _curve().steps
    assert far.tolist() == [0.0, 0.001, 0.001, 0.02, 0.02, 0.5, 0.5, 1.0]
    assert tar.tolist() == [0.6, 0.6, 0.8, 0.8, 0.9, 0.9, 1.0, 1.0]


def test_both_figures_have_a_line_for_each_curve_and_one_legend() -> None:
    figure = figures.draw_verification([_curve(), _curve("$x$ a", 0.97)], "lfw: verification")
    roc, det = figure.axes
    assert [axes.get_title() for axes in (roc, det)] == ["ROC", "DET"]
    line = roc.get_lines()[0]
    left = roc.get_xlim()[0]
    assert 0 < left < 0.001
    assert np.asarray(line.get_xdata())[0] == left  # what has no false accept is at the edge
    assert np.asarray(line.get_ydata()).tolist() == _curve().steps[1].tolist()
    texts = [one.get_text() for one in figure.legends[0].get_texts()]
    assert texts == ["haar + dlib: accuracy 0.9000 ± 0.0100", r"\$x\$ a: accuracy 0.9000 ± 0.0100"]
    x, y = (np.asarray(one) for one in det.get_lines()[0].get_data())
    assert x[3] == pytest.approx(norm.ppf(0.02))
    assert y[3] == pytest.approx(norm.ppf(1 - 0.8))
    assert det.get_xlim() == det.get_ylim()
    ticks = dict(zip((t.get_text() for t in det.get_xticklabels()), det.get_xticks(), strict=True))
    assert ticks["1 %"] == pytest.approx(norm.ppf(0.01))
    assert figures.encode_png(figure)[:4] == b"\x89PNG"


@pytest.mark.parametrize(("far", "tar"), [([0.0], [1.0]), ([0.0], [0.0]), ([0.0, 1.0], [0.0, 1.0])])
def test_curves_of_a_single_corner_are_drawn(far: list[float], tar: list[float]) -> None:
    curve = Curve("a", "", np.array(far), np.array(tar), np.full(len(far), -np.inf))
    assert figures.encode_png(figures.draw_verification([curve], "t"))
    assert len(traces(figures.render_verification_page([curve], "t"))) == 2
    with pytest.raises(ValueError, match="at least one curve"):
        figures.draw_verification([], "t")


def test_the_page_tells_rates_and_distance_and_runs_no_name() -> None:
    page = figures.render_verification_page([_curve("<b>a</b>")], "<i>lfw</i>")
    roc, det = traces(page)
    assert roc["line"]["shape"] == det["line"]["shape"] == "hv"
    assert roc["y"] == [0.6, 0.8, 0.9, 1.0, 1.0]
    assert det["y"][1] == pytest.approx(norm.ppf(0.2))
    assert roc["hovertext"][2] == (
        "&lt;b&gt;a&lt;/b&gt;<br>FAR 2 %, TAR 90.00 %<br>distance up to 0.4"
    )
    assert (roc["showlegend"], det["showlegend"]) == (True, False)
    assert "<i>lfw" not in page
