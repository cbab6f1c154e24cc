"""The pages as a site: built without a remark, and complete in itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from documented import ROOT

_FETCHED = re.compile(r'<(?:script|img|iframe)[^>]*\ssrc="(https?:)?//|<link[^>]*\shref="https?://')


def test_the_site_is_built_without_a_remark(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="MkDocs is not installed: the extra facetrack[docs]")
    pytest.importorskip("material", reason="its theme is not installed: the extra facetrack[docs]")
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    pages = {path.name: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    assert {"index.html", "choices.html", "ARCHITECTURE.html", "SECURITY.html"} <= set(pages)
    for name, page in pages.items():
        assert _FETCHED.search(page) is None, f"{name} fetches something from elsewhere"
    assert not list(site.rglob("*.py"))
