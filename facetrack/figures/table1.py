"""Table I of the article: a row per method and parameter, a column per dataset.

A cell is `mean (+/- 2·std)` of the ARI over the resamples, the best of each column bold. Where the
article has the same entry, and it was made in the same way, its value stands beside it, with the
difference, Welch's t, and whether the intervals overlap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facetrack.figures.table import escape_markdown, format_csv, format_markdown, make_printable

_BESIDE = ("article", "difference", "Welch's t", "overlap")
_LEGEND = """
article: its published value. difference: ours less the article's. Welch's t: that in standard
errors of the two means, of 30 resamples each; beyond 2 they are distinguishable on these faces.
overlap: whether mean ± 2·std have a point in common. That is lenient: resamples spread far more
widely than their means, and means 13 standard errors apart may overlap.
"""


@dataclass(frozen=True)
class Beside:
    """The article's mean and 2·std of an entry; t, p: Welch's, of ours and the article's mean."""

    mean: float
    two_std: float
    t: float
    p: float


@dataclass(frozen=True)
class Entry:
    """A value of the table: mean and 2·std, and the article's where it has the same entry."""

    mean: float
    two_std: float
    article: Beside | None = None

    @property
    def overlaps(self) -> bool:
        """Whether mean ± 2·std here and in the article have a point in common."""
        assert self.article is not None
        return abs(self.mean - self.article.mean) <= self.two_std + self.article.two_std


@dataclass(frozen=True)
class Table1:
    """rows: method and parameter, as shown. columns: datasets. entries: by row and column."""

    rows: Sequence[tuple[str, str]]
    columns: Sequence[str]
    entries: Mapping[tuple[tuple[str, str], str], Entry]

    def has_article(self, column: str) -> bool:
        """Whether the article has anything to say about a column."""
        return any(
            entry.article is not None for (_, of), entry in self.entries.items() if of == column
        )

    def is_best(self, row: tuple[str, str], column: str) -> bool:
        """Whether no entry of the column has a greater mean."""
        means = [entry.mean for (_, of), entry in self.entries.items() if of == column]
        return (row, column) in self.entries and self.entries[row, column].mean >= max(means)


def format_table1_markdown(table: Table1) -> str:
    """A GitHub-flavoured Markdown table."""
    head, ruler = ["method", "parameter"], ["---", "---:"]
    for column in table.columns:
        more = _BESIDE if table.has_article(column) else ()
        head += [escape_markdown(column), *more]
        ruler += ["---:", *("---" if one == "overlap" else "---:" for one in more)]
    lines = [head, ruler]
    for row in table.rows:
        cells = [escape_markdown(text) for text in row]
        for column in table.columns:
            entry = table.entries.get((row, column))
            told = "" if entry is None else _format_score(entry.mean, entry.two_std)
            cells.append(f"**{told}**" if table.is_best(row, column) else told)
            if table.has_article(column):
                cells += _format_article(entry)
        lines.append(cells)
    legend = _LEGEND if any(map(table.has_article, table.columns)) else ""
    return format_markdown(lines) + legend


def format_table1_csv(table: Table1) -> str:
    """With six digits, as the article's are; its numbers in columns of their own."""
    head = ["method", "parameter"]
    for column in table.columns:
        parts = ["ari_mean", "two_std", "best"]
        if table.has_article(column):
            parts += ["article_ari_mean", "article_two_std", "difference", "welch_t", "welch_p"]
            parts += ["overlap"]
        head += [f"{column} {part}" for part in parts]
    lines = []
    for row in table.rows:
        cells: list[str | float] = list(row)
        for column in table.columns:
            entry = table.entries.get((row, column))
            best = "yes" if table.is_best(row, column) else ""
            means = ["", ""] if entry is None else [_round(entry.mean), _round(entry.two_std)]
            cells += [*means, best]
            if table.has_article(column):
                cells += _write_article(entry)
        lines.append(cells)
    return format_csv(head, lines)


def format_table1_latex(table: Table1) -> str:
    """A tabular environment that needs no package."""
    form = "lr"
    head = ["method", "parameter"]
    for column in table.columns:
        more = _BESIDE if table.has_article(column) else ()
        form += "r" * (1 + len(more))
        head += [_escape_latex(column), *more]
    lines = [rf"\begin{{tabular}}{{{form}}}", r"\hline", rf"{' & '.join(head)} \\", r"\hline"]
    for row in table.rows:
        cells = [_escape_latex(text) for text in row]
        for column in table.columns:
            entry = table.entries.get((row, column))
            told = "" if entry is None else _format_score(entry.mean, entry.two_std, r"$\pm$ ")
            cells.append(rf"\textbf{{{told}}}" if table.is_best(row, column) else told)
            if table.has_article(column):
                cells += [one.replace("+/- ", r"$\pm$ ") for one in _format_article(entry)]
        lines.append(rf"{' & '.join(cells)} \\")
    return "\n".join([*lines, r"\hline", r"\end{tabular}", ""])


def _format_score(mean: float, two_std: float, sign: str = "+/- ") -> str:
    return f"{mean:.4f} ({sign}{two_std:.4f})"


def _format_article(entry: Entry | None) -> list[str]:
    if entry is None or entry.article is None:
        return [""] * len(_BESIDE)
    beside = entry.article
    return [
        _format_score(beside.mean, beside.two_std),
        f"{entry.mean - beside.mean:+.4f}",
        f"{beside.t:+.1f}",
        "yes" if entry.overlaps else "no",
    ]


def _write_article(entry: Entry | None) -> list[str | float]:
    if entry is None or entry.article is None:
        return [""] * 6
    beside = entry.article
    rounded = (beside.mean, beside.two_std, entry.mean - beside.mean, beside.t)
    overlap = "yes" if entry.overlaps else "no"
    return [*map(_round, rounded), float(f"{beside.p:.6g}"), overlap]


def _round(value: float) -> float:
    return round(value, 6)


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


def _escape_latex(name: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in make_printable(name))
