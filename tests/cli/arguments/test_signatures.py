"""What classes take is read in their source, and is what they say once they are imported."""

import inspect
import pkgutil
from inspect import Parameter
from pathlib import Path

import pytest

from facetrack.cli.arguments.signatures import Signature, read_signature
from facetrack.cli.arguments.sources import read_parameters
from facetrack.core.errors import UserError
from facetrack.system.shipped import CONF
from facetrack.tasks.context import targets

SHIPPED = sorted(set(targets.in_folder(CONF)))
CLUSTERERS = sorted(set(targets.in_folder(CONF / "clusterer")))
PLAIN = """
from .other import Base, Slotted as Renamed, cut
from package import other as others

class Own:
    def __init__(self, a, /, b, c=1, *rest, d, e=2, **more): ...

class OfBase(Base): ...
class OfRenamed(Renamed): ...
class OfModule(others.Base): ...
"""
OTHER = """
class Base:
    def __init__(self, x, y=None): ...

class Slotted(Base):
    __slots__ = ()

def cut(text, *, at=0): ...
"""
NOT_PLAIN = """
from dataclasses import dataclass
from elsewhere import Foreign
from functools import cache

@dataclass
class Data:
    a: int

class New:
    def __new__(cls, a): ...

class Meta(metaclass=type):
    def __init__(self, a): ...

class Wrapped:
    @cache
    def __init__(self, a): ...

class Bare: ...
class Several(New, Bare): ...
class OfForeign(Foreign): ...
class OfNew(New): ...

@cache
def cached(a): ...

def twice(a): ...
def twice(b): ...
def replaced(a): ...
replaced = cached
constant = 1
"""

Told = list[tuple[str, object, bool]]


def _tell(parameters: list[Parameter] | None) -> Told | None:
    if parameters is None:
        return None
    return [(one.name, one.kind, one.default is not Parameter.empty) for one in parameters]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    (folder / "__init__.py").write_text("from package.plain import Own\n")
    (folder / "plain.py").write_text(PLAIN)
    (folder / "other.py").write_text(OTHER)
    (folder / "murky.py").write_text(NOT_PLAIN)
    return folder


@pytest.mark.parametrize("target", SHIPPED)
def test_what_is_read_is_what_the_import_says(target: str) -> None:
    imported = list(inspect.signature(pkgutil.resolve_name(target)).parameters.values())
    assert _tell(read_parameters(target)) in (None, _tell(imported))
    assert read_signature(target) == Signature(
        target.rpartition(".")[2],
        {
            name: given
            for name, kind, given in _tell(imported) or []
            if kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
        },
        any(one.kind is Parameter.VAR_KEYWORD for one in imported),
    )


def test_every_clusterer_is_plain_to_read() -> None:
    assert len(CLUSTERERS) >= 9
    assert [one for one in CLUSTERERS if read_parameters(one) is None] == []


@pytest.mark.usefixtures("package")
def test_kinds_bases_and_names_from_elsewhere() -> None:
    own = [
        ("a", Parameter.POSITIONAL_ONLY, False),
        ("b", Parameter.POSITIONAL_OR_KEYWORD, False),
        ("c", Parameter.POSITIONAL_OR_KEYWORD, True),
        ("rest", Parameter.VAR_POSITIONAL, False),
        ("d", Parameter.KEYWORD_ONLY, False),
        ("e", Parameter.KEYWORD_ONLY, True),
        ("more", Parameter.VAR_KEYWORD, False),
    ]
    base = [
        ("x", Parameter.POSITIONAL_OR_KEYWORD, False),
        ("y", Parameter.POSITIONAL_OR_KEYWORD, True),
    ]
    assert _tell(read_parameters("package.Own")) == own
    for name in ("plain.OfBase", "plain.OfRenamed", "plain.OfModule", "plain.Renamed"):
        assert _tell(read_parameters(f"package.{name}")) == base, name
    cut = [
        ("text", Parameter.POSITIONAL_OR_KEYWORD, False),
        ("at", Parameter.KEYWORD_ONLY, True),
    ]
    assert _tell(read_parameters("package.plain.cut")) == cut


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    "name",
    [
        *("Data", "New", "Meta", "Wrapped", "Bare", "Several", "OfForeign", "OfNew", "cached"),
        *("twice", "replaced", "constant", "nothing"),
    ],
)
def test_what_is_not_plain_is_not_read(name: str) -> None:
    assert read_parameters(f"package.murky.{name}") is None


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("target", ["package.nowhere.Own", "nowhere.Own", "math.sqrt"])
def test_what_has_no_source_is_not_read(target: str) -> None:
    assert read_parameters(target) is None


def test_a_class_that_is_not_there_is_told() -> None:
    with pytest.raises(UserError, match=r"there is no class facetrack\.clusterer\.Nowhere \(Attr"):
        read_signature("facetrack.clusterer.Nowhere")
