"""people.yaml as people write it: names as they are, and what to do about what is no YAML."""

from pathlib import Path

import pytest
import yaml

from facetrack.core.errors import UserError
from facetrack.organiser import handwritten, people_file, people_writing
from facetrack.system.yaml_loader import LOADER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.yaml"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *((one, one) for one in ("no", "Yes", "1984", "1e3", "2001-01-01", "Null", "NULL", "0x1F")),
        *((one, one) for one in ("D'Arcy", "Anna, Bea", "=", "a#1", "-x", "Anna:Bea")),
        ("'null'", "null"),
        ('"~"', "~"),
        ('"Anna: the first"', "Anna: the first"),
        ("  Anna   # my sister", "Anna"),
        ("Ame\u0301lie", "Am\u00e9lie"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
    ],
)
def test_names_are_the_words_that_are_there(path: Path, written: str, name: str) -> None:
    path.write_text(f"person-001:\n  name: {written}\n2: {written}\n")
    _, said = people_file.read(path)
    assert said.names == {1: name, 2: name}
    assert said.remarks == []


@pytest.mark.parametrize("written", ["", "~", "null", "''", '"  "', "# unknown"])
def test_no_name_is_none(path: Path, written: str) -> None:
    path.write_text(f"person-001:\n  name: {written}\n2: {written}\n")
    _, said = people_file.read(path)
    assert said.names == {}
    assert said.persons == {1, 2}


_QUOTES = "not YAML (…): put it in quotes,"
_SIGN = "what begins with *, & or ! is no name for YAML: put it in quotes,"


@pytest.mark.parametrize("loader", [yaml.SafeLoader, LOADER])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1:\n  name: Anna: the first\n", f'line 2: {_QUOTES} name: "Anna: the first"'),
        ("1: Anna: the first\n", f'line 1: {_QUOTES} 1: "Anna: the first"'),
        ("person-001: Anna:\n2:\n", f'line 1: {_QUOTES} person-001: "Anna:"'),
        ("1:\n  name: @anna\n", f'line 2: {_QUOTES} name: "@anna"'),
        ("1:\n  name: - a\n", f'line 2: {_QUOTES} name: "- a"'),
        ("1:\n  name: [Anna\n2:\n", f'line 2: {_QUOTES} name: "[Anna"'),
        ("1:\n  name: 'D'Arcy'\n2:\n", f'line 2: {_QUOTES} name: "D\'Arcy"'),
        ('1:\n  name: "Anna\n2:\n3:\n', f'line 2: {_QUOTES} name: "Anna"'),
        ("1:\n  name: *a\n", f'line 2: {_SIGN} name: "*a"'),
        ("1: &a\n", f'line 1: {_SIGN} 1: "&a"'),
        ("1:\n  name: !Anna\n", f'line 2: {_SIGN} name: "!Anna"'),
        ("1:\n  not: [IMG [1].jpg]\n", "line 2: not YAML (…): put names with : , [ ] { } # * &"),
        ("1:\n  merge: [2\n2:\n  name:\n", "line 2: not YAML (…): put names with"),
        ("1:\n name: a\n  merge: [2]\n", "line 3: not YAML (…): is it indented as the lines"),
        ("1:\n\tname: a\n", "line 2: not YAML (…): indent with spaces, not with tabs"),
        ("1:\n  name Anna\n", "line 2: 'name Anna' lacks a colon and a space, as in name: Anna"),
        ("1:\n  name:Anna\n", "line 2: 'name:Anna' lacks a colon and a space, as in name: Anna"),
        ("1:\n  name: {Anna: x}\n", "line 2: expected a name of at most 100 characters, in quotes"),
        ("1:\n---\n2:\n", "line 3: a second document: expected one"),
        ("1:\n%TAG x\n", "line 2: not YAML that facetrack reads: put in quotes what begins so"),
        ("1: a\n2: \x1b[2J\n", "line 2: not YAML (control character U+001B): remove it"),
        ("1:\n  split: [[[[[[a]]]]]]\n", "line 2: lists in lists in lists"),
    ],
)
def test_what_is_wrong_says_how_to_mend_it(
    path: Path, text: str, told: str, loader: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handwritten, "LOADER", loader)
    path.write_text(text)
    with pytest.raises(UserError) as error:
        people_file.read(path)
    start, _, end = told.partition("…")
    assert str(error.value).startswith(f"{path}, {start}")
    assert end in str(error.value)
    assert str(error.value).endswith("; nothing was changed")
    assert "\n" not in str(error.value)


def test_both_loaders_read_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        people_writing._HEAD
        + "1: Anna\n\n2:\n  not: |\n   a\n   b\n  merge:\n  - 3\n  - '4'\n"
        + ('person-005: {name: "\\u00e4", split: [[a.jpg], ["b: c.jpg",\n  d.jpg]]}\n6:\n')
    )
    found = []
    for loader in (yaml.SafeLoader, LOADER):
        monkeypatch.setattr(handwritten, "LOADER", loader)
        found.append(handwritten.parse(text, path))
    assert found[0] == found[1]
    (*_, first) = [key.line for key, _ in found[0].pairs]  # type: ignore[union-attr]
    assert first == text.count("\n")


_MEGABYTES = 4 << 20


@pytest.mark.parametrize(
    "text",
    [
        "[" * _MEGABYTES,
        "{" * _MEGABYTES,
        "- " * (_MEGABYTES // 2),
        "".join(f"%TAG !{n}! x\n" for n in range(_MEGABYTES // 16)) + "--- a",
        "1: [" + "&a b," * (_MEGABYTES // 8) + "]",
        "a: &a [x, x]\nb: &b [*a, *a]\n",
        "1: a" + " " * 200_000 + "b: c",
        '1: "' + "x" * (_MEGABYTES // 2),
    ],
    ids=["[", "{", "-", "%TAG", "anchors", "aliases", "spaces", "quote"],
)
def test_hostile_files_are_refused(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(UserError, match="; nothing was changed"):
        people_file.read(path)


def test_more_values_than_people_need_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handwritten, "_MOST_NODES", 1000)
    path.write_text("".join(f"{n}: A\n" for n in range(1, 500)))
    assert len(people_file.read(path)[1].called) == 499
    path.write_text("1:\n  not: [" + "a,\n" * 1000 + "]")
    with pytest.raises(UserError, match="line 997: more than 1,000 values"):
        people_file.read(path)


def test_a_long_chain_of_merges_is_followed(path: Path) -> None:
    n = 5_000
    path.write_text("".join(f"{k}:\n  name: N\n  merge: [{k + 1}]\n" for k in range(1, n)))
    _, said = people_file.read(path)
    assert said.person(n) == 1
    assert said.names == {1: "N"}
    path.write_text(
        "".join(f"{k + 1}:\n  merge: [{k}]\n" for k in range(1, n)) + f"1:\n  merge: {n}"
    )
    with pytest.raises(UserError, match=f"person-{n} would be merged into itself"):
        people_file.read(path)
