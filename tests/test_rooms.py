"""Which rooms use which, against what they may."""

from fnmatch import fnmatchcase

import pytest
from rooms import ALLOWED, KEPT_IN, STAGES, Module, imported, modules

_ENTRIES = ("__init__", "__main__", "moved")
_SHARED = ("context", "forgetting", "organising")  # packages of what several tasks share


@pytest.fixture(scope="module")
def known() -> dict[str, Module]:
    return {one.name: one for one in modules()}


def test_every_module_is_in_a_room(known: dict[str, Module]) -> None:
    """Except what others start: the command, and the one that mends a store that was moved."""
    assert {one.room for one in known.values()} - set(ALLOWED) == set(_ENTRIES)


def test_rooms_use_only_what_they_may(known: dict[str, Module]) -> None:
    assert sorted({*_between_rooms(known), *_to_packages(known)}) == []


def test_arrows_go_down_only() -> None:
    """What is allowed has no circle in it."""
    floors: dict[str, int] = {}
    while len(floors) < len(ALLOWED):
        ready = [
            room for room, below in ALLOWED.items() if room not in floors and below <= set(floors)
        ]
        assert ready
        floors |= dict.fromkeys(ready, max(floors.values(), default=-1) + 1)
    assert floors["core"] == 0
    assert len({floors[stage] for stage in STAGES}) == 1
    assert max(floors.values()) < 8


@pytest.mark.parametrize(
    ("source", "target", "allowed"),
    [
        ("cli/resume", "tasks/tune/run", True),
        ("tasks/tune/run", "tasks/tune/study", True),
        ("tasks/tune/run", "tasks/context/outputs", True),
        ("tasks/context/outputs", "tasks/tune/run", False),
        ("tasks/tune/run", "tasks/organise/run", False),
        ("clusterer/dbscan", "evaluation/metrics", False),
        ("clusterer/dbscan", "detector/haar", False),
        ("figures/tsne", "tracking/runs", False),
        ("tracking/runs", "figures/tsne", False),
        ("core/faces", "system/home", False),
    ],
)
def test_it_knows_what_may_be(source: str, target: str, allowed: bool) -> None:
    assert _may(source, target) == allowed


def _may(source: str, target: str) -> bool:
    """Whether a module at a place may use one at another."""
    room, other = source.partition("/")[0], target.partition("/")[0]
    if room != other:
        return other in ALLOWED[room]
    if room != "tasks":
        return True
    # A task uses what all tasks have, which lies beside them, and no other task.
    task, others = _task(source), _task(target)
    return others in ("", task)


def _task(place: str) -> str:
    parts = place.split("/")
    return parts[1] if len(parts) > 2 and parts[1] not in _SHARED else ""


def _between_rooms(known: dict[str, Module]) -> list[str]:
    return [
        f"{module.place} -> {known[name].place}"
        for module in known.values()
        if module.name not in _ENTRIES
        for name in imported(module, known)
        if name in known and name not in _ENTRIES and not _may(module.place, known[name].place)
    ]


def _to_packages(known: dict[str, Module]) -> list[str]:
    return [
        f"{module.place} -> {name}"
        for module in known.values()
        for name in imported(module, known)
        if name in KEPT_IN and not _is_in(module.place, KEPT_IN[name])
    ]


def _is_in(place: str, places: tuple[str, ...]) -> bool:
    return any(fnmatchcase(place, one) or fnmatchcase(place, f"{one}/*") for one in places)
