"""What a study can be asked to make best. Light to import, for mistakes are told at once."""

from collections.abc import Sequence

from facetrack.core.errors import UserError

LABEL_FREE = "label_free"

_SCORES = (
    *("ari", "ami", "homogeneity", "completeness", "v_measure"),
    *(f"{kind}_{part}" for kind in ("pairwise", "bcubed") for part in ("precision", "recall", "f")),
)


def choose_objectives(
    asked: str | Sequence[str] | None, *, labelled: bool, dataset: str
) -> list[str]:
    """The objectives' names as scores have them; ari, or label_free without labels, for None.

    Raises UserError for what `read_objectives` refuses, and for one that needs labels where there
    are none.
    """
    if asked is None:
        return ["ari" if labelled else LABEL_FREE]
    found = read_objectives(asked)
    for name in found:
        if name != LABEL_FREE and not labelled:
            raise UserError(
                f"task.objective={name} needs to know who is who, and {dataset} has no labels: "
                f"take task.objective={LABEL_FREE}, or give each person a sub-folder"
            )
    return found


def read_objectives(asked: str | Sequence[str]) -> list[str]:
    """The names of objectives as scores have them.

    Raises UserError for one that there is not, for none, and for the same one twice.
    """
    names = [asked] if isinstance(asked, str) else list(asked)
    found = [str(name).removesuffix("_mean") for name in names]
    for name in found:
        if name not in (*_SCORES, LABEL_FREE):
            raise UserError(
                f"task.objective is one of {', '.join(f'{one}_mean' for one in _SCORES)} (with or "
                f"without _mean), {LABEL_FREE}, or a list of them; got {name!r}"
            )
    if not found or len(set(found)) < len(found):
        raise UserError(f"task.objective wants different objectives; got {names!r}")
    return found
