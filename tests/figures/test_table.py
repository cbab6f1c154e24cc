import csv
import io
import math

from facetrack import figures
from facetrack.figures.table import Row

NAN = math.nan


def row(parameters: str = "eps=0.3", ari: float = 0.9, **other: str | float) -> Row:
    usual: Row = {
        "dataset": "lfw",
        "detector": "haar",
        "embedder": "dlib",
        "method": "dbscan",
        "parameters": parameters,
        "ari_mean": ari,
        "two_std": 0.05,
        "clusters": 231.4,
        "people": 870.0,
        "seconds": 0.41,
        "status": "FINISHED",
    }
    return usual | other


def parameters(rows: list[Row]) -> list[str]:
    return [str(one["parameters"]) for one in rows]


def test_ranked_puts_the_best_first_and_failures_last_in_their_order() -> None:
    rows = [
        row("failed with a score", 0.99, status="FAILED"),
        row("middle", 0.5),
        row("unscored", NAN),
        row("best", 0.9),
        row("equal to the best", 0.9),
        row("below zero", -0.1),
    ]
    assert parameters(figures.rank_rows(rows)) == [
        *("best", "equal to the best", "middle", "below zero"),
        *("failed with a score", "unscored"),
    ]


def test_ranked_keeps_the_order_of_a_set_without_labels() -> None:
    rows = [row(name, NAN) for name in ("c", "a", "b")]
    assert parameters(figures.rank_rows(rows)) == ["c", "a", "b"]


def test_csv_holds_every_number_unrounded_and_nan_as_an_empty_cell() -> None:
    rows = [row(ari=0.1 + 0.2), row(ari=NAN, two_std=NAN)]
    first, second = csv.DictReader(io.StringIO(figures.format_results_csv(rows), newline=""))
    assert list(first) == list(rows[0])
    assert float(first["ari_mean"]) == 0.1 + 0.2
    assert second["ari_mean"] == second["two_std"] == ""


def test_csv_returns_hostile_text_as_it_was() -> None:
    names = ['say "hi", you', "two\nlines", "carriage\rreturn", "a;b\tc", "ümläut 轮"]
    told = csv.DictReader(
        io.StringIO(figures.format_results_csv([row(name) for name in names]), newline="")
    )
    assert [one["parameters"] for one in told] == names


def test_csv_keeps_spreadsheets_from_running_text_but_leaves_numbers() -> None:
    for start in "=+-@\t\r":
        text = figures.format_results_csv([row(f"{start}cmd", ari=-0.25)])
        (told,) = csv.DictReader(io.StringIO(text, newline=""))
        assert told["parameters"] == f"'{start}cmd"
        assert told["ari_mean"] == "-0.25"


def test_every_form_can_be_written_as_utf_8() -> None:
    undecodable = b"caf\xe9".decode("utf-8", "surrogateescape")
    for form in (
        figures.format_results_csv,
        figures.format_results_markdown,
        figures.format_results_text,
    ):
        assert b"caf?" in form([row(undecodable), row("other")]).encode()


def test_markdown_has_a_line_a_row_whatever_the_names() -> None:
    told = figures.format_results_markdown(
        [row("a|b\nc\\|d"), row("<img src=x> [l](javascript:0) `&lt;")]
    )
    lines = told.splitlines()
    assert len(lines) == 4
    assert "| a\\|b c\\\\\\|d |" in lines[2]
    assert "&lt;img src=x&gt; \\[l\\](javascript:0) \\`&amp;lt;" in lines[3]
    assert "<" not in told
    cells = [len(line.replace("\\\\", "").replace("\\|", "").split("|")) for line in lines]
    assert len(set(cells)) == 1


def test_markdown_tells_mean_and_spread() -> None:
    told = figures.format_results_markdown(
        [row(ari=0.9124, two_std=0.0496), row(ari=NAN, status="FAILED")]
    )
    assert "| 0.912 ± 0.050 |" in told
    assert "| - | 231.4 | 870.0 | 0.410 | FAILED |" in told


def test_text_marks_the_best_row_and_says_who_failed() -> None:
    rows = figures.rank_rows([row("a", 0.5), row("b", 0.9), row("c", NAN, status="FAILED")])
    lines = figures.format_results_text(rows).splitlines()
    marked = [line for line in lines if line.startswith("*")]
    assert "b " in marked[0]
    assert "0.900 ± 0.050" in marked[0]
    assert marked[1:] == [lines[-1]]  # the explanation of the star
    assert sum("FAILED" in line for line in lines) == 1


def test_text_says_once_what_is_the_same_everywhere() -> None:
    lines = figures.format_results_text([row("a"), row("b")]).splitlines()
    assert lines[0] == "dataset lfw · detector haar · embedder dlib · method dbscan"
    assert lines[2].split() == ["parameters", "ARI", "clusters", "people", "seconds"]
    assert "haar" not in "".join(lines[1:])


def test_text_of_one_row_is_complete() -> None:
    lines = figures.format_results_text([row()]).splitlines()
    assert lines[0].split()[:5] == ["dataset", "detector", "embedder", "method", "parameters"]


def test_text_leaves_out_what_no_row_has() -> None:
    told = figures.format_results_text([row(name, NAN, people=NAN) for name in ("a", "b")])
    assert "ARI" not in told
    assert "people" not in told
    assert "*" not in told


def test_text_aligns_wide_characters_and_keeps_to_the_width() -> None:
    rows = [row("轮" * 40, 0.5), row("long " * 30, 0.25), row("short", 0.125)]
    lines = figures.format_results_text(rows, width=70).splitlines()
    ends = []
    for score in ("0.500", "0.250", "0.125"):
        line = next(line for line in lines if score in line)
        before = line[: line.index(score)]
        ends.append(len(before) + before.count("轮"))
        assert len(line) + line.count("轮") <= 70
    assert len(set(ends)) == 1
    assert sum("…" in line for line in lines) == 2


def test_text_cannot_steer_the_terminal() -> None:
    told = figures.format_results_text([row("\x1b[31mred\x07\nnew line"), row("other")])
    assert "?[31mred? new line" in told
    assert "\x1b" not in told


def test_no_rows_make_headings_only() -> None:
    assert figures.format_results_text([]) == ""
    assert len(figures.format_results_markdown([]).splitlines()) == 2
    assert len(figures.format_results_csv([]).splitlines()) == 1


def test_a_column_more_is_shown_wherever_the_others_are() -> None:
    rows = [row(sampling="bootstrap", ami=0.5), row("eps=0.4", sampling="subsample", ami=NAN)]
    assert list(csv.DictReader(io.StringIO(figures.format_results_csv(rows))))[1]["ami"] == ""
    head, _, first, _ = figures.format_results_markdown(rows).splitlines()
    assert head.endswith("| clusters | people | seconds | ami | status |")
    assert "| parameters | sampling | ARI" in head
    assert first.endswith("| 0.5 | FINISHED |")
    assert "bootstrap" in figures.format_results_text(rows)
