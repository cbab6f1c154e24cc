"""All that can be done to a face, by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from facetrack.core.errors import UserError
from facetrack.core.suggestions import find_nearest
from facetrack.tasks.accessories import taking, wearing
from facetrack.tasks.accessories.frame import Portrayed

Effect = Callable[[Portrayed], Portrayed]

EFFECTS: Mapping[str, Effect] = {
    "glasses": wearing.wear_glasses,
    "sunglasses": wearing.wear_sunglasses,
    "mask": wearing.wear_mask,
    "hat": wearing.wear_hat,
    "scarf": wearing.wear_scarf,
    "beard": wearing.wear_beard,
    "blur": taking.blur,
    "darkness": taking.darken,
    "noise": taking.add_noise,
    "jpeg": taking.compress,
    "low_resolution": taking.shrink,
    "rotation": taking.lean,
    "yaw": taking.turn,
}


def read_effects(names: Sequence[Any] | None) -> list[str]:
    """The effects that a setting names; all for None. Raises UserError for one there is not."""
    if names is None:
        return list(EFFECTS)
    for name in names:
        if name not in EFFECTS:
            near = find_nearest(str(name), list(EFFECTS))
            meant = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UserError(
                f"task.accessories: there is no {name}{meant} (choose from {', '.join(EFFECTS)})"
            )
    if not names:
        raise UserError("task.accessories is empty: name some of them, or null for all")
    return [str(name) for name in dict.fromkeys(names)]
