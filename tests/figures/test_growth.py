"""Scores as the number of people grows, people drawn several times."""

import csv
import io

import numpy as np

from facetrack import figures
from facetrack.figures import Size


def test_a_curve_is_the_mean_over_draws_in_a_band_from_the_lowest_to_the_highest() -> None:
    sizes = [
        Size("lfw", "dbscan", people, (people / 100 + draw / 10, 0.8, 0.5))
        for draw in range(3)
        for people in (20, 10)
    ]
    axes = figures.draw_growth(sizes).axes[0]
    (line,) = axes.get_lines()
    np.testing.assert_allclose(np.asarray(line.get_xdata()), [10, 20])
    np.testing.assert_allclose(np.asarray(line.get_ydata()), [0.2, 0.3])
    (band,) = axes.collections
    (path,) = band.get_paths()
    np.testing.assert_allclose(path.get_extents().get_points(), [[10, 0.1], [20, 0.4]])
    (first, second) = csv.DictReader(io.StringIO(figures.format_growth_csv(sizes), newline=""))
    assert (first["people"], second["people"], second["draws"]) == ("10", "20", "3")
    found = [float(second[f"ARI {what}"]) for what in ("mean", "lowest", "highest")]
    np.testing.assert_allclose(found, [0.3, 0.2, 0.4])
