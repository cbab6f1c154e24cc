"""How large files and functions may be, what a package may hold, and what functions are called."""

import ast
from collections.abc import Iterator
from pathlib import Path

from rooms import Module, modules

_LINES_OF_A_FILE, _LINES_OF_A_FUNCTION, _PARAMETERS = 350, 60, 6
# Those are for printing, and `moved` is a command of its own.
_PRINTS = ("system/terminal", "system/progress", "system/json_lines", "moved")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_nothing_is_too_large_or_in_the_wrong_place() -> None:
    assert sorted(one for module in modules() for one in _wrong(module)) == []


def test_it_sees_what_is_wrong(tmp_path: Path) -> None:
    text = (
        "def long(a, b, c, d, e, f, g):\n" + "    a = 1\n" * 60 + "    print(a)\n"
        "def several() -> tuple[int, int, int]:\n    return 1, 2, 3\n"
        "def pair() -> tuple[int, int]:\n    return 1, 2\n"
        "class Estimator:\n    def __init__(self, a, b, c, d, e, f, g):\n        pass\n"
    )
    path = tmp_path / "__init__.py"
    path.write_text(text + "x = 1\n" * 300)
    found = list(_wrong(Module("a.__init__", path)))
    assert found == [
        "a.__init__: over 350 lines",
        "a.__init__: has code, in an __init__",
        "a.__init__.long: over 60 lines",
        "a.__init__.long: over 6 parameters",
        "a.__init__.several: returns a tuple of 3",
        "a.__init__: prints",
    ]


def _wrong(module: Module) -> Iterator[str]:
    text = module.path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    if len(text.splitlines()) > _LINES_OF_A_FILE:
        yield f"{module.name}: over {_LINES_OF_A_FILE} lines"
    defined = [one for one in tree.body if isinstance(one, _Function | ast.ClassDef)]
    if module.name.endswith("__init__") and defined:
        yield f"{module.name}: has code, in an __init__"
    own = module.name.rpartition(".")[2]
    if any(one.name == own for one in defined):
        yield f"{module.name}: has the name of what it defines"
    for function in (one for one in ast.walk(tree) if isinstance(one, _Function)):
        yield from _wrong_of(function, f"{module.name}.{function.name}")
    prints = any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "print"
        for one in ast.walk(tree)
    )
    if prints and module.place not in _PRINTS and module.room not in ("cli", "testing"):
        yield f"{module.name}: prints"


def _wrong_of(function: _Function, name: str) -> Iterator[str]:
    lines = (function.end_lineno or 0) - function.lineno + 1
    if lines > _LINES_OF_A_FUNCTION:
        yield f"{name}: over {_LINES_OF_A_FUNCTION} lines"
    if function.name.startswith("_"):
        return
    taken = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    n = len([one for one in taken if one.arg not in ("self", "cls")])
    if n > _PARAMETERS:
        yield f"{name}: over {_PARAMETERS} parameters"
    returned = ast.unparse(function.returns) if function.returns else ""
    inner = ast.parse(returned or "None", mode="eval").body
    if isinstance(inner, ast.Subscript) and ast.unparse(inner.value) == "tuple":
        parts = inner.slice.elts if isinstance(inner.slice, ast.Tuple) else []
        if len(parts) > 2:
            yield f"{name}: returns a tuple of {len(parts)}"
