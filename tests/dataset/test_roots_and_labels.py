"""Several folders as one dataset, and people from a table of the user's."""

from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from PIL import Image as Pillow

from facetrack.core.errors import UserError
from facetrack.core.faces import Pictures
from facetrack.dataset import Folder
from facetrack.system.shipped import CONF
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.settling import settle


def fill(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(np.zeros((2, 2, 3), np.uint8)).save(root / name)
    return root


def listed(found: Pictures) -> dict[str, str | None]:
    return {one.name: one.person for one in found.pictures}


def test_several_folders_are_one_dataset(tmp_path: Path) -> None:
    one = fill(tmp_path / "x/photos", "Ada/1.png", "Bo/1.png", "loose.png")
    other = fill(tmp_path / "y/photos", "Ada/1.png")
    third = fill(tmp_path / "z", "Cy/deep/1.png")
    found = Folder(roots=[one, str(other), third]).load()
    assert listed(found) == {
        "photos/Ada/1.png": "Ada",
        "photos/Bo/1.png": "Bo",
        "photos-2/Ada/1.png": "Ada",
        "z/Cy/deep/1.png": "Cy",
    }
    assert [one.name for one in found.pictures] == sorted(listed(found))
    assert {one.path for one in found.pictures if one.person == "Ada"} == {
        one / "Ada/1.png",
        other / "Ada/1.png",
    }
    assert [(one.name, one.reason) for one in found.skipped] == [
        ("photos/loose.png", "not in the sub-folder of a person")
    ]
    flat = Folder(roots=[one, other], labels=False).load()
    assert set(listed(flat).values()) == {None}


def test_folders_that_cannot_be_meant(tmp_path: Path) -> None:
    one = fill(tmp_path / "photos", "Ada/1.png")
    for roots, told in (
        ([one, one], "share pictures"),
        ([one, one / "Ada"], "share pictures, which would count twice"),
        ([], "roots is an empty list"),
        (str(one), "is no list: write"),
        ([one, tmp_path / "none"], "cannot be read as a folder"),
    ):
        with pytest.raises(UserError, match=told):
            Folder(roots=roots).load()
    with pytest.raises(UserError, match="both given"):
        Folder(one, roots=[one]).load()
    with pytest.raises(UserError, match="neither root nor roots"):
        Folder().load()


def test_the_command_takes_a_list_in_place_of_the_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name, "Ada/1.png")
    roots = f"dataset.roots=[{tmp_path / 'a'},{tmp_path / 'b'}]"
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["dataset=folder", roots])
    settle(config)
    assert listed(make(config.dataset).load()) == {"a/Ada/1.png": "Ada", "b/Ada/1.png": "Ada"}


def test_people_come_from_a_table(tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", "2019/a.png", "b.png", "é.png", "c.png", "d.png")
    table = tmp_path / "who.csv"
    table.write_text(
        "person,picture,note\nAda,2019/a.png,x\nBo,e\u0301.png,\n"
        f'"Cy, the elder",{root / "c.png"},\n,d.png,\nDi,gone.png,\n',
        encoding="utf-8-sig",
    )
    found = Folder(root, labels=str(table)).load()
    assert listed(found) == {"2019/a.png": "Ada", "c.png": "Cy, the elder", "é.png": "Bo"}
    assert [(one.name, one.reason, one.pictures) for one in found.skipped] == [
        ("b.png", "not in who.csv", 1),
        ("d.png", "not in who.csv", 1),
        ("gone.png", "in who.csv, but no such picture", 0),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "begins with"),
        (b"name,who\na,b\n", "begins with 'name, who': labels=FILE takes a CSV"),
        (b"picture,person\n", "names nobody"),
        (b"picture,person\na.png,Ada\na.png,Bo\n", "has two people for a.png: Ada and Bo"),
        (b"picture,person\n\xff\xfe,b\n", "cannot be read"),
        (b'picture,person\n"' + b"a" * 200_000 + b'",b\n', "cannot be read"),
    ],
)
def test_a_table_that_cannot_be_used(content: bytes, told: str, tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", "a.png")
    table = tmp_path / "who.csv"
    table.write_bytes(content)
    with pytest.raises(UserError, match=told) as error:
        Folder(root, labels=table).load()
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="No such file"):
        Folder(root, labels=tmp_path / "none.csv").load()
