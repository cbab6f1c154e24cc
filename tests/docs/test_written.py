"""What scripts write into the pages is what they would write now; pages name what there is."""

import re
from pathlib import Path

import pytest
from documented import PAGES, ROOT, anchor, fences, headings, links, paths
from draw_rooms import FLOORS, PICTURE, arrows, draw
from rooms import ALLOWED
from site_pages import TOP, move_links
from write_choices import PAGE, choices, page, read

_PROTOCOL = ROOT / "docs/PROTOCOL.md"
_CITES = re.compile(r"(?<!_)PROTOCOL(?P<what>[^A-Z_/.].{0,80})", re.DOTALL)
_SECTION = re.compile(r',\s+"(?P<name>[^"]+)"')
_STANDS_FOR_ANY = "NAME"  # in a path: the reader's own choice


def test_the_page_of_choices_says_what_conf_says() -> None:
    """If not: python docs/scripts/write_choices.py"""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_group_is_on_the_page_of_choices() -> None:
    conf = ROOT / "conf"
    groups = {path.parent.relative_to(conf).as_posix() for path in conf.glob("*/**/*.yaml")}
    assert {heading for heading in headings(page()) if heading in groups} == groups


def test_a_choice_says_its_first_comment_and_its_settings(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "# What it is,\n# in full.\n_target_: a.B\nsize: 3 # how many\ninner: # of both\n"
        "  first: null\n  second: [1, 2]\n# not this\nlast: a#b\n"
    )
    found = read(path, "group")
    assert found.meaning == "What it is, in full."
    assert [(one.key, one.default, one.meaning) for one in found.settings] == [
        ("group.size", "3", "how many"),
        ("group.inner.first", "null", "of both"),
        ("group.inner.second", "[1, 2]", "of both"),
        ("group.last", "a#b", ""),
    ]


def test_every_choice_says_what_it_is() -> None:
    for path in (ROOT / "conf").glob("*/**/*.yaml"):
        group = path.parent.relative_to(ROOT / "conf").as_posix()
        found = {one.name: one.meaning for one in choices(group)}
        assert len(found[path.stem]) > 10, path


def test_the_picture_shows_the_imports() -> None:
    """If not: python docs/scripts/draw_rooms.py"""
    assert PICTURE.read_text(encoding="utf-8") == draw(arrows())


def test_the_picture_has_each_room_above_what_it_may_use() -> None:
    floor = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    assert set(floor) == set(ALLOWED)
    for room, below in ALLOWED.items():
        assert all(floor[room] < floor[other] for other in below), room


def test_another_arrow_is_another_picture() -> None:
    found = arrows()
    assert draw(found) != draw([*found, ("detector", "dataset")])
    assert "detector uses dataset" in draw([("detector", "dataset")])
    assert draw(found) == draw(found[::-1])


@pytest.mark.parametrize("name", [path.name for path in PAGES])
def test_a_page_names_paths_that_are_there(name: str) -> None:
    (path,) = (one for one in PAGES if one.name == name)
    named = paths(path.read_text(encoding="utf-8"))
    assert [one for one in named if _STANDS_FOR_ANY not in one and not (ROOT / one).exists()] == []


@pytest.mark.parametrize("name", [*(path.name for path in PAGES), *TOP])
def test_a_pages_links_lead_somewhere(name: str) -> None:
    path = ROOT / name if name in TOP else next(one for one in PAGES if one.name == name)
    for target in links(path.read_text(encoding="utf-8")):
        file, _, section = target.partition("#")
        there = path.parent / file if file else path
        assert there.exists(), f"{name}: {target}"
        if section:
            known = {anchor(one) for one in headings(there.read_text(encoding="utf-8"))}
            assert section in known, f"{name}: {target}"


def test_links_are_moved_to_where_the_site_has_the_pages() -> None:
    assert (
        move_links("[a](docs/b.md#c) [d](../E.md) [f](g.md)") == "[a](b.md#c) [d](E.md) [f](g.md)"
    )


def test_sections_of_the_protocol_that_are_cited_are_there() -> None:
    known = headings(_PROTOCOL.read_text(encoding="utf-8"))
    cited = 0
    for path in [*(ROOT / "facetrack").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        if path == Path(__file__):
            continue
        for match in _CITES.finditer(path.read_text(encoding="utf-8")):
            section = _SECTION.match(match["what"])
            assert section is not None, f"{path}: PROTOCOL is cited without a section"
            assert " ".join(section["name"].split()) in known, f"{path}: {section['name']}"
            cited += 1
    assert cited >= 4


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
    assert max(len(line) for line in lines) <= 130


def test_code_of_the_pages_is_python() -> None:
    for path in PAGES:
        for language, content in fences(path.read_text(encoding="utf-8")):
            if language == "python":
                compile(content, path.name, "exec")
