"""Every command of the pages does what it is there for, or it is said why nobody tried."""

import ast
import json
import shlex
import tarfile
from pathlib import Path

import pytest
from commands import ALIKE, ELSEWHERE, NOT_RUN, RUN
from documented import PAGES, ROOT, commands, fences

from facetrack.testing import Outcome, Workspace, people

_EXTENDING = ROOT / "docs/extending.md"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, warm_home: Path) -> Path:
    """What stands for ~/Pictures: four of the drawn people, each in a sub-folder."""
    return people(tmp_path_factory.mktemp("documented"), warm_home, 4)


def test_every_command_is_run_or_listed() -> None:
    written = {line for page in PAGES for line in commands(page.read_text(encoding="utf-8"))}
    listed = [*RUN, *ALIKE, *ELSEWHERE, *NOT_RUN]
    assert len(listed) == len(set(listed))
    assert written == set(listed)


@pytest.mark.parametrize("command", ALIKE)
def test_what_is_alike_is_run(command: str) -> None:
    assert ALIKE[command] in RUN


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_what_is_run_elsewhere_is_there(test: str) -> None:
    file, name = test.split("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


@pytest.mark.parametrize("command", sorted({*RUN} - {one.first for one in RUN.values()}))
def test_it_runs(command: str, workspace: Workspace, pictures: Path) -> None:
    if "faiss" in command:
        pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    _prepare(workspace.folder, pictures)
    for each in filter(None, (RUN[command].first, command)):
        done = _run(each, workspace, pictures)
        assert RUN[each].says in done.ok()
    if "--json" in command:
        assert [json.loads(line) for line in done.stdout.splitlines()]


def test_a_page_has_no_block_of_which_it_does_not_say_what_it_is() -> None:
    for page in PAGES:
        for language, content in fences(page.read_text(encoding="utf-8")):
            assert language in ("bash", "python", "text", "yaml"), f"{page.name}: {content}"


def test_commands_are_seen_in_blocks_and_in_sentences() -> None:
    text = (
        "Type `make it` or `not this`, or\n`pip install\n'a[b]'`:\n\n"
        "```bash\npython -m facetrack     # a comment\n\nA=b ray stop\n```\n"
        "```python\nimport this\n```\n"
    )
    assert commands(text) == [
        "python -m facetrack",
        "A=b ray stop",
        "make it",
        "pip install 'a[b]'",
    ]


def _prepare(folder: Path, pictures: Path) -> None:
    """What the pages take for granted: LFW's archive, and the class that one of them shows."""
    with tarfile.open(folder / "lfw.tgz", "w:gz") as archive:
        archive.add(pictures, "lfw")
    names = sorted(f"{one.relative_to(pictures)}" for one in pictures.rglob("*.png"))
    rows = [f"{name},number,{'odd' if at % 2 else 'even'}" for at, name in enumerate(names)]
    (folder / "factors.csv").write_text("\n".join(["picture,factor,value", *rows]))
    blocks = fences(_EXTENDING.read_text(encoding="utf-8"))
    (mine,) = (content for language, content in blocks if "class Mine" in content)
    (folder / "mine.py").write_text(mine, encoding="utf-8")


def _run(command: str, workspace: Workspace, pictures: Path) -> Outcome:
    typed = command.partition(" | ")[0].removeprefix('eval "$(').removesuffix(')"')
    replaced = {
        "~/Pictures/family": str(pictures),
        "~/Pictures": str(pictures),
        "~/People": str(workspace.folder / "People"),
        "outputs/…/best.yaml": next(
            (str(path) for path in workspace.folder.glob("outputs/*/best.yaml")), "outputs/…"
        ),
    }
    for written, here in replaced.items():
        typed = typed.replace(written, here)
    words = shlex.split(typed)
    arguments = words[1:] if words[0] == "facetrack" else words[3:]
    assert words[:3] == ["python", "-m", "facetrack"] or words[0] == "facetrack"
    return workspace.run(*arguments, *RUN[command].added)
