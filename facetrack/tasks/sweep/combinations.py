"""Which jobs a sweep has: the product of all values, without settings that choices do not have.

`clusterer=kmeans,dbscan clusterer.eps=0.1:1.2` means one job with k-means, which has no eps, and
twelve with DBSCAN.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

# Jobs with the same embeddings follow each other, so that these are read once.
_OUTERMOST = ("dataset", "detector", "embedder", "n_people")


@dataclass(frozen=True)
class Argument:
    """An argument of a sweep.

    key: as it is typed, with its sign. name: without. texts: the override once for each of its
    values. is_choice: whether it chooses from a group. may_lack: whether it is a setting that a
    choice may not have. untyped: whether it comes from an experiment, which says it for the choices
    that have it, whichever a command takes.
    """

    key: str
    name: str
    texts: Sequence[str]
    is_choice: bool = False
    may_lack: bool = False
    untyped: bool = False


@dataclass(frozen=True)
class Plan:
    """jobs: each one's overrides. left_out: by setting, the choices it does not apply to."""

    jobs: list[list[str]]
    left_out: dict[str, list[str]]


def combine(arguments: Iterable[Argument], has: Callable[[tuple[str, ...], str], bool]) -> Plan:
    """The jobs of a sweep.

    A setting is dropped from the jobs that lack it where at least one job has it; what remains the
    same is run once. A setting that no job has stays, for Hydra to refuse; an experiment's own is
    dropped, and nothing is said of it.

    has: whether there is a setting, by name, under some choices, `group=choice` each.
    """
    # A later argument takes the place of an earlier one of the same key, as in Hydra.
    last = {argument.key: argument for argument in arguments}
    ordered = sorted(last.values(), key=_rank)
    choices = [one.texts for one in ordered if one.is_choice]
    chosen = list(itertools.product(*choices))
    lacking = _lacking(ordered, chosen, has)
    jobs = []
    for combination in itertools.product(*(one.texts for one in ordered)):
        pairs = list(zip(ordered, combination, strict=True))
        names = tuple(text for one, text in pairs if one.is_choice)
        jobs.append(tuple(text for one, text in pairs if names not in lacking.get(one.key, ())))
    left_out = {
        key: _unique(text.partition("=")[2] for one in without for text in one if _owns(text, key))
        for key, without in lacking.items()
        if without and not last[key].untyped
    }
    return Plan([list(job) for job in dict.fromkeys(jobs)], left_out)


def _lacking(
    arguments: Iterable[Argument],
    chosen: Sequence[tuple[str, ...]],
    has: Callable[[tuple[str, ...], str], bool],
) -> dict[str, list[tuple[str, ...]]]:
    """By the key of a setting, the choices that do not have it, where others do."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for argument in arguments:
        # With one combination nobody else has a typed setting, and nothing is composed for it.
        if argument.may_lack and not argument.is_choice and (len(chosen) > 1 or argument.untyped):
            without = [one for one in chosen if not has(one, argument.name)]
            if len(without) < len(chosen) or argument.untyped:
                found[argument.key] = without
    return found


def _rank(argument: Argument) -> int:
    outermost = argument.name in _OUTERMOST
    return _OUTERMOST.index(argument.name) if outermost else len(_OUTERMOST)


def _owns(group: str, setting: str) -> bool:
    return setting.startswith(f"{group.partition('=')[0]}.")


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
