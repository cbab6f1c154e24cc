"""Names with joiners, which belong to them, in folders and on the page; names that turn a text."""

from pathlib import Path

import pytest

from facetrack.figures.people_page import Card, Pair, PeoplePage, Shown, render_people_page
from facetrack.organiser import people_file
from facetrack.organiser.names import file_name

_NAMES = {
    "Persian": "\u0645\u0647\u0631\u06cc\u200c\u0627\u0644\u0633\u0627\u062f\u0627\u062a",
    "Hindi": "\u0936\u0930\u094d\u200d\u092e\u093e",
    "family": "Fam \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "Wales": "Rhys \U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
}


@pytest.mark.parametrize("name", _NAMES.values(), ids=_NAMES.keys())
@pytest.mark.parametrize("quoted", [False, True])
def test_a_name_is_the_same_in_the_file_the_folder_and_the_page(
    tmp_path: Path, name: str, quoted: bool
) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(f'1: "{name}"\n' if quoted else f"1: {name}\n")
    _, said = people_file.read(path)
    assert said.names == {1: name}
    folder = file_name(f"person-001 {said.names[1]}")
    assert folder == f"person-001 {name}"
    assert file_name(f"{name}.jpg") == f"{name}.jpg"
    card = Card("person-001", said.names[1], folder, [f"{name}.jpg"], [""], [Shown(0, None)], 1)
    page = render_people_page(PeoplePage([], [card], [], None, [], []))
    assert f"<bdi>{name}</bdi> · person-001</h2>" in page
    assert f'alt="{name}.jpg"' in page or f'title="{name}.jpg"' in page
    (tmp_path / folder).mkdir()
    assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == [f"person-001 {name}"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\u202egnp\u2066", "?gnp?"),
        ("\u200eAnna\u200f", "?Anna?"),
        ("\x1b[2J\x07", "?[2J?"),
    ],
)
def test_names_that_turn_a_text_or_command_a_terminal_do_not(name: str, shown: str) -> None:
    assert file_name(f"person-001 {name}") == f"person-001 {shown}"
    card = Card("person-001", name, None, ["a.jpg"], [""], [], 1)
    page = render_people_page(PeoplePage([], [card], [], None, [], []))
    assert f"<bdi>{shown}</bdi> · person-001</h2>" in page
    assert not set(page) & set(name) & set("\u202e\u2066\u200e\u200f\x1b\x07")


def test_who_may_be_the_same_can_be_said_to_be_or_not_to_be() -> None:
    cards = [Card(f"person-00{n}", "", None, ["a.jpg"], [""], [], 1) for n in (1, 8)]
    pair = Pair(cards[0], cards[1], 0.25)
    page = render_people_page(PeoplePage([], cards, [pair], None, [], []))
    assert "<pre>person-001:\n  merge: [person-008]</pre>" in page
    assert "<pre>person-001:\n  different: [person-008]</pre>" in page
