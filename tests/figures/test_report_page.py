"""A report: what is on it, and that names cannot get out of it."""

import re

import numpy as np
import pytest

from facetrack import figures
from facetrack.figures.report_pages import (
    Cell,
    Environment,
    ReportPage,
    ReportSection,
    read_table,
    render_report,
)

HOSTILE = "</script><script>alert(1)</script><b>&\u2028"


def test_a_table_is_rounded_and_sorted_by_all_digits() -> None:
    text = figures.format_csv(
        ("who", "score", "n", "p", "none"),
        [("=a", 0.123456789, 1234, 1e-9, float("nan")), ("'b", 0.3, 2, 0.5, float("nan"))],
    )
    table = read_table(text)
    assert table.columns == ["who", "score", "n", "p", "none"]
    assert table.numeric == [False, True, True, True, False]
    assert table.rows[0] == [
        Cell("=a", "=a"),
        Cell("0.1235", "0.123456789"),
        Cell("1,234", "1234"),
        Cell("1e-09", "1e-09"),
        Cell("", ""),
    ]
    assert [cell.text for cell in table.rows[1]] == ["'b", "0.3", "2", "0.5", ""]
    assert read_table("").rows == []


def test_a_long_table_says_what_is_left() -> None:
    table = read_table(figures.format_csv(("n",), [(one,) for one in range(1500)]))
    assert (len(table.rows), table.left) == (1000, 500)


def _page(name: str, *, plotted: bool = False) -> ReportPage:
    points = [figures.Point(name, "dbscan", "eps", eps, 0.5, 0.1) for eps in (0.1, 0.2)]
    plots = {name: figures.plot_curves(points)} if plotted else {}
    return ReportPage(
        name,
        [name],
        [
            ReportSection(name, name, read_table(figures.format_csv((name,), [(name,)]))),
            ReportSection(name, "", None, {name: b"a png"}, plots),
        ],
        Environment([name], [(name, name)], [(name, name)]),
    )


def test_hostile_names_are_only_names() -> None:
    for plotted in (False, True):
        page = render_report(_page(HOSTILE, plotted=plotted))
        page.encode()
        assert "<script>alert" not in page
        assert "<b>" not in page[: page.index("<script>")]
        assert page.count("<script>") == (4 if plotted else 2)


@pytest.mark.parametrize("plotted", [False, True])
def test_it_works_offline_and_has_plotly_only_where_it_draws(plotted: bool) -> None:
    page = render_report(_page("a name", plotted=plotted))
    assert (len(page) > 4_000_000) is plotted
    assert len(page) < 5_500_000
    head = page[: page.index("</head>")]
    assert "default-src 'none'" in head
    assert not re.search(r"<(script|link|img|iframe)[^>]*\s(src|href)\s*=(?!\"data:)", page)
    assert page == render_report(_page("a name", plotted=plotted))
    paper = 'class="picture paper"' in page
    assert paper is plotted


def test_figures_are_numbered_over_the_page() -> None:
    figure = figures.plot_curves([figures.Point("d", "m", "eps", 0.1, 0.5, np.nan)])
    parts = [ReportSection("a", figures={"x": figure, "y": figure}), ReportSection("b")]
    parts.append(ReportSection("c", figures={"": figure}))
    page = ReportPage("t", [], parts, None)
    assert [page.number(one) for one in parts] == [0, 2, 2]
    text = render_report(page)
    assert [f'id="plot-{n}"' in text for n in range(4)] == [True, True, True, False]
    assert "Environment" not in text
