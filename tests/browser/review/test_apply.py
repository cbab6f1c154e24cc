"""What would change in the folder is listed, done, and told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from reviewed import Served

from browser.review.conftest import Look, serve_portraits


@pytest.fixture(scope="module")
def served(warm_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One of its own: its folders change."""
    with serve_portraits(warm_home, tmp_path_factory.mktemp("applied")) as made:
        yield made


def test_answers_are_applied_after_a_list(look: Look, served: Served) -> None:
    number = served.get("/api/people")[0]["number"]
    served.post("/api/actions", {"kind": "name", "number": number, "name": "Anna"})
    plan = served.get("/api/apply")
    assert sum(plan["counts"].values()) > 0
    with look("#/apply") as page:
        expect(page.get_by_text("Your photos stay as they are")).to_be_visible()
        for kind in ("copied", "moved", "removed"):
            n = plan["counts"][{"copied": "copy", "moved": "move", "removed": "remove"}[kind]]
            expect(page.locator(".counts")).to_contain_text(f"{n:,} to be {kind}")
        for path in [one for paths in (plan["copy"], plan["move"]) for one in paths][:20]:
            expect(page.locator(".paths li").get_by_text(path, exact=True).first).to_be_attached()
        page.get_by_role("button", name="Apply", exact=True).click()
        expect(page.locator(".done, .wrong")).to_be_visible()
        expect(page.locator(".done")).to_be_visible()
        expect(page.locator("#pending")).to_be_hidden()
    assert [one.name for one in served.review.out.iterdir() if "Anna" in one.name]
