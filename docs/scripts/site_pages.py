"""A hook of MkDocs: the pages at the top of the repository become pages of the site.

They stay where people look for them, and links between them and docs/ work in both places.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[2]
TOP = (
    *("ARCHITECTURE.md", "BENCHMARKS.md", "CHANGELOG.md", "CONTRIBUTING.md"),
    *("RELIABILITY.md", "SECURITY.md"),
)
_INTO_DOCS = re.compile(r"\]\(docs/")
_TO_TOP = re.compile(r"\]\(\.\./")


def move_links(text: str) -> str:
    """A page's text with the links that it has in the site, where all pages are in one folder."""
    return _TO_TOP.sub("](", _INTO_DOCS.sub("](", text))


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages at the top."""
    from mkdocs.structure.files import File

    for name in TOP:
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Move a page's links, before MkDocs looks whether they lead anywhere."""
    return move_links(markdown)
