"""What the pages say: their commands, the paths they name, the sections they have."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
)

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(?P<code>[^`]+)`")
_COMMENT = re.compile(r"\s+# .*$")
# What a line begins with that one types: also where a page has it within a sentence.
_COMMAND = re.compile(
    r"(?:sudo |[A-Z_]+=\S+ )?"
    r"(?:(?:\.venv/bin/)?(?:python|pip|mlflow|mkdocs|jupyter|ray|ruff|mypy)|make|source|apt|ssh|eval|export"
    r"|optuna-dashboard) \S"
)
# A path in a page: of the repository, as its top folders and files say.
_TOP = ("facetrack", "conf", "docs", "tests", "benchmarks", "faults", "hydra_plugins", "examples")
_PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(_TOP)})/[\w./-]*|(?<![\w/.-])[A-Z][A-Z_]+\.md\b")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")


def fences(text: str) -> Iterator[tuple[str, str]]:
    """A page's blocks of code: language and content."""
    for match in _FENCE.finditer(text):
        yield match["language"], match["content"]


def commands(text: str) -> list[str]:
    """What a page tells to type, in its order, without the comments behind; each once."""
    typed = [
        _COMMENT.sub("", line).strip()
        for language, content in fences(text)
        if language == "bash"
        for line in content.splitlines()
    ]
    in_sentences = [
        " ".join(match["code"].split()) for match in _INLINE.finditer(_FENCE.sub("", text))
    ]
    typed += [code for code in in_sentences if _COMMAND.match(code)]
    return [line for line in dict.fromkeys(typed) if line]


def paths(text: str) -> set[str]:
    """The paths of the repository that a page names in code, or in a sentence."""
    return {match.group().rstrip(".") for match in _PATH.finditer(_without_links(text))}


def links(text: str) -> list[str]:
    """Where a page's links lead, but for addresses."""
    found = [match["target"] for match in _LINK.finditer(text)]
    return [target for target in found if "://" not in target]


def headings(text: str) -> list[str]:
    """A page's headings, without marks."""
    return [line.lstrip("#").strip() for line in text.splitlines() if re.match(r"#+ ", line)]


def anchor(heading: str) -> str:
    """What a link calls a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _without_links(text: str) -> str:
    return _LINK.sub("]", text)
