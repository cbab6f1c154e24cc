"""Lists of texts that are longer than a tag may be, in several tags: KEY.0, KEY.1 and so on."""

import json
from collections.abc import Mapping, Sequence

_LONGEST = 4000  # characters of a piece


def write(key: str, texts: Sequence[str]) -> dict[str, str]:
    """The tags of a list of texts, which may be empty."""
    whole = json.dumps(list(texts))
    starts = range(0, len(whole), _LONGEST)
    return {f"{key}.{i}": whole[start : start + _LONGEST] for i, start in enumerate(starts)}


def read(key: str, tags: Mapping[str, str]) -> list[str] | None:
    """The list in a run's tags; None where there is none, or something else."""
    pieces: list[str] = []
    while (name := f"{key}.{len(pieces)}") in tags:
        pieces.append(tags[name])
    try:
        texts = json.loads("".join(pieces))
    except (ValueError, RecursionError):
        return None
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        return None
    return texts
