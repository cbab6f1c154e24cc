"""Which of the detected faces count.

A labelled picture has one person, so one face is kept; task=organise keeps them all.
"""

import numpy as np

from facetrack.core.errors import SettingError
from facetrack.core.faces import Detection

CHOICES = ("first", "largest", "central", "all")


def check(choose: str, border: int) -> None:
    """Refuse settings `choose` does not know. Raises UserError."""
    if choose not in CHOICES:
        known = ", ".join(CHOICES)
        raise SettingError("{choose} is one of {known}; got {came!r}", known=known, came=choose)
    if not isinstance(border, int) or border < 0:
        raise SettingError("{border} is a number of pixels, 0 or more; got {came!r}", came=border)


def choose(found: Detection, width: int, height: int, choose: str, border: int) -> Detection:
    """The face that counts, or none; with "all", every one.

    found: in the detector's own order; width, height: the picture's size in pixels.
    choose: "first" of the detections, the "largest", or the one whose centre is nearest to the
    picture's centre ("central"); the earlier one where two tie. Or "all" of them.
    border: a chosen face is dropped when its box starts this many pixels or fewer from the
    left or top edge: 10 in the article, after choosing, so that such a picture gives no face
    (PROTOCOL, "From picture to embedding"); 0 for no such rule.
    """
    boxes = found.boxes
    if len(boxes) == 0:
        return found
    if choose == "all":
        if not border:
            return found
        return found.some(np.flatnonzero(boxes[:, :2].min(axis=1) > border))
    if choose == "first":
        best = 0
    elif choose == "largest":
        best = int(np.argmax(boxes[:, 2] * boxes[:, 3]))
    else:
        # Twice the centre offsets: stays in integers, so ties are exact.
        offsets = 2 * boxes[:, :2] + boxes[:, 2:] - np.array([width, height])
        best = int(np.argmin((offsets**2).sum(axis=1)))
    if border and boxes[best, :2].min() <= border:
        return found.some(np.arange(0))
    return found.some(np.array([best]))
