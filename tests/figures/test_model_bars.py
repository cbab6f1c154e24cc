"""Bars of what models come to."""

import math
from typing import Any

from facetrack import figures


def test_a_panel_per_score_that_is_known_and_the_picked_one_is_darker() -> None:
    nothing = [math.nan, math.nan]
    scores = {"F": [0.9, 0.95], "ARI": nothing, "to expect": [0.7, math.nan]}
    figure = figures.draw_models(["one", "$other$"], scores, "one", "a folder")
    titles = [axes.get_xlabel() for axes in figure.axes]
    assert titles == ["F", "to expect"]
    bars: Any = figure.axes[0].patches
    assert [bar.get_width() for bar in bars] == [0.9, 0.95]
    assert bars[0].get_facecolor() != bars[1].get_facecolor()
    assert [text.get_text() for text in figure.axes[1].texts] == ["0.700", "-"]
    assert figures.encode_png(figure)[:4] == b"\x89PNG"
    nobody = figures.draw_models(["one"], {"F": [0.9]}, None, "a folder")
    assert nobody.axes[0].patches[0].get_facecolor() == bars[1].get_facecolor()
