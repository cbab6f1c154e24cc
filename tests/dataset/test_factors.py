"""How pictures were taken, from a table of the user's."""

from pathlib import Path

import pytest

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Picture
from facetrack.dataset.factors import Factors

_PICTURES = [
    Picture(Path("/photos/Ada/1.png"), "Ada/1.png", "Ada", factors=(("camera", "a"),)),
    Picture(Path("/photos/Ada/Mü.png"), "Ada/Mü.png", "Ada"),
    Picture(Path("/photos/Bo/1.png"), "Bo/1.png", "Bo"),
]


def _write(folder: Path, text: str) -> Path:
    path = folder / "factors.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_pictures_are_named_as_in_tables_or_by_path(tmp_path: Path) -> None:
    table = (
        "\ufefffactor,picture,value,remark\nglasses,Ada/1.png,yes,x\ncamera,Ada/1.png,b,\n"
        "glasses,Ada/Mu\u0308.png,no,\n,Bo/1.png,no,\nglasses,Bo/1.png, ,\n"
        "glasses,/photos/Ada/1.png,no,\nglasses,Cy/1.png,yes,\n"
    )
    told = Factors(_write(tmp_path, table)).tell(_PICTURES)
    # What the file says goes before what the dataset says, and the name before the path.
    assert [one.factors for one in told.pictures] == [
        (("camera", "b"), ("glasses", "yes")),
        (("glasses", "no"),),
        (),
    ]
    assert (told.unsaid, told.unknown) == (1, 2)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("picture,value\na,b\n", "begins with 'picture, value': factors=FILE takes a CSV in UTF-8"),
        ("picture,factor,value\n", "says nothing of any picture"),
        ("picture,factor,value\na,b,c\na,b,d\n", "two values of b for a: c and d; leave one"),
    ],
)
def test_what_is_no_table_of_factors(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        Factors(_write(tmp_path, table))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read") as error:
        Factors(tmp_path / "none.csv")
    assert "task.factors=FILE takes a CSV" in str(error.value.within("task"))
