"""What somebody meant who wrote something else."""

import difflib
from collections.abc import Callable, Iterable

_ALIKE = 0.6
_MOST = 3  # more are no answer
_BEGINNING = 3  # letters; fewer begin too many names


def find_nearest(word: str, names: Iterable[str]) -> list[str]:
    """The names that a word is most like, several where they are equally like it; or none."""
    return _find_best(word, names, measure_likeness)


def find_nearest_keys(word: str, keys: Iterable[str]) -> list[str]:
    """The dotted keys that a word, dotted or not, is most like; of those the shallowest."""
    found = _find_best(word, keys, _measure_likeness_of_keys)
    shallowest = min((key.count(".") for key in found), default=0)
    return [key for key in found if key.count(".") == shallowest]


def measure_likeness(one: str, other: str) -> float:
    """From 0 to 1; capitals, and dashes for underscores, are no difference."""
    return difflib.SequenceMatcher(None, _plain(one), _plain(other), autojunk=False).ratio()


def _find_best(word: str, names: Iterable[str], measure: Callable[[str, str], float]) -> list[str]:
    unique = list(dict.fromkeys(names))
    same = [name for name in unique if _plain(word) == _plain(name)]
    if same:
        return same[:_MOST]
    slips = [name for name in unique if _is_slip(_plain(word), _plain(name))]
    if slips:
        return slips[:_MOST]
    begun = [name for name in unique if _plain(name).startswith(_plain(word))]
    if begun and len(word) >= _BEGINNING:
        return begun[:_MOST]
    scored = [(measure(word, name), name) for name in unique]
    best = max((score for score, _ in scored), default=0.0)
    if best < _ALIKE:
        return []
    return [name for score, name in scored if score > best - 1e-9][:_MOST]


def _is_slip(word: str, name: str) -> bool:
    """Whether one letter is another, too many or missing, or two are in each other's place.

    In names of two letters that is half of them.
    """
    if abs(len(word) - len(name)) > 1 or min(len(word), len(name)) < 2:
        return False
    start = 0
    while start < min(len(word), len(name)) and word[start] == name[start]:
        start += 1
    one, other = word[start:], name[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _measure_likeness_of_keys(word: str, key: str) -> float:
    above, _, leaf = key.rpartition(".")
    word_above, _, word_leaf = word.rpartition(".")
    leaves = measure_likeness(word_leaf, leaf)
    if not word_above:
        return max(0.9 * leaves, measure_likeness(word, key))
    # By parts: "clusterer." in front of both would make any two settings alike.
    return max(measure_likeness(word_above, above) * leaves, 0.7 * leaves)


def _plain(text: str) -> str:
    return text.casefold().replace("-", "_")
