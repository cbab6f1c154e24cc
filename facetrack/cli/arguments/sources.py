"""What a class or function takes, read in its source: the clusterers' imports take a second.

Only what is plain to read is read: a function, or a class with an `__init__` of its own or that of
its one base, without decorators, and wherever a package has it from. Of anything else nothing is
told, and whoever asks has to import it.
"""

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder, SourceFileLoader
from inspect import Parameter
from typing import NamedTuple

_Bound = ast.FunctionDef | ast.ClassDef | ast.ImportFrom


class _Source(NamedTuple):
    """package: that its relative imports start from. bound: what each of its names stands for."""

    package: str
    bound: dict[str, _Bound | None]


def read_parameters(target: str) -> list[Parameter] | None:
    """The parameters that `inspect.signature` tells of a dotted name; None where that is not plain.

    In their order, with their kinds. A default is `...`, for which value it is needs the import.
    """
    module, _, name = target.rpartition(".")
    return _read_of(module, name)


def _read_of(module: str, name: str) -> list[Parameter] | None:
    source = _read_source(module)
    found = None if source is None else source.bound.get(name)
    if source is None or found is None:
        return None
    if isinstance(found, ast.ImportFrom):
        return _read_of(_find_origin(source, found), _find_first_name(found, name))
    if found.decorator_list:
        return None
    if isinstance(found, ast.FunctionDef):
        return list(_list_parameters(found.args))
    methods = _bind(found.body)
    if found.keywords or "__new__" in methods:
        return None
    if "__init__" not in methods:
        return _read_of_base(module, source, found.bases)
    made = methods["__init__"]
    if not isinstance(made, ast.FunctionDef) or made.decorator_list:
        return None
    return list(_list_parameters(made.args))[1:]


def _read_of_base(module: str, source: _Source, bases: list[ast.expr]) -> list[Parameter] | None:
    """What the base of a class takes; of several bases, who comes first is not plain."""
    match bases:
        case [ast.Name(id=name)]:
            return _read_of(module, name)
        case [ast.Attribute(value=ast.Name(id=holder), attr=name)]:
            found = source.bound.get(holder)
            if isinstance(found, ast.ImportFrom):
                within = _find_origin(source, found)
                return _read_of(f"{within}.{_find_first_name(found, holder)}", name)
    return None


def _read_source(module: str) -> _Source | None:
    """A module that is found as an import would find it, and not imported."""
    first, *others = module.split(".")
    spec, name = importlib.util.find_spec(first), first
    for other in others:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{other}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    if spec is None or not isinstance(spec.loader, SourceFileLoader):
        return None
    tree = ast.parse(spec.loader.get_data(spec.loader.path))
    return _Source(spec.parent or "", _bind(tree.body))


def _bind(body: Iterable[ast.stmt]) -> dict[str, _Bound | None]:
    """What each name stands for; None where it is bound twice, or in another way."""
    bound: dict[str, _Bound | None] = {}
    for name, statement in _list_bindings(body):
        bound[name] = None if name in bound else statement
    return bound


def _list_bindings(body: Iterable[ast.stmt]) -> Iterator[tuple[str, _Bound | None]]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, statement
        elif isinstance(statement, ast.ImportFrom):
            yield from ((one.asname or one.name, statement) for one in statement.names)
        elif isinstance(statement, ast.If):  # a package's lazy names are imported for types only
            yield from _list_bindings([*statement.body, *statement.orelse])
        else:
            stored = (one for one in ast.walk(statement) if isinstance(one, ast.Name))
            yield from ((one.id, None) for one in stored if isinstance(one.ctx, ast.Store))


def _find_origin(source: _Source, imported: ast.ImportFrom) -> str:
    """The module that names are imported from."""
    if not imported.level:
        return imported.module or ""
    above = source.package.split(".")
    above = above[: len(above) - imported.level + 1]
    return ".".join([*above, *([imported.module] if imported.module else [])])


def _find_first_name(imported: ast.ImportFrom, name: str) -> str:
    """What a name was called where it was imported from."""
    return next(one.name for one in imported.names if (one.asname or one.name) == name)


def _list_parameters(found: ast.arguments) -> Iterator[Parameter]:
    placed = [
        *((one, Parameter.POSITIONAL_ONLY) for one in found.posonlyargs),
        *((one, Parameter.POSITIONAL_OR_KEYWORD) for one in found.args),
    ]
    required = len(placed) - len(found.defaults)
    for place, (one, kind) in enumerate(placed):
        yield Parameter(one.arg, kind, default=Parameter.empty if place < required else ...)
    if found.vararg:
        yield Parameter(found.vararg.arg, Parameter.VAR_POSITIONAL)
    for one, default in zip(found.kwonlyargs, found.kw_defaults, strict=True):
        given = Parameter.empty if default is None else ...
        yield Parameter(one.arg, Parameter.KEYWORD_ONLY, default=given)
    if found.kwarg:
        yield Parameter(found.kwarg.arg, Parameter.VAR_KEYWORD)
