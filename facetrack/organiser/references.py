"""A face as people.yaml names it: a photo's name, and where on the photo, as in IMG_1.jpg@412,188.

X and Y are whole pixels of the upright picture, and say the middle of the face's box.
"""

import re
from collections.abc import Sequence

_POINT = re.compile(r"(.+)@(\d{1,9}), ?(\d{1,9})", re.DOTALL)
_CUT = re.compile(r".+@\d{1,9}", re.DOTALL)

Box = Sequence[int]  # x, y, width, height


def refer_to(name: str, box: Box) -> str:
    """A face on the photo of a name."""
    x, y, width, height = (int(one) for one in box)
    return f"{name}@{x + width // 2},{y + height // 2}"


def split_point(text: str) -> tuple[str, tuple[int, int] | None]:
    """A photo's name and the point on it; None where no point is named."""
    match = _POINT.fullmatch(text)
    return (match[1], (int(match[2]), int(match[3]))) if match else (text, None)


def is_cut_point(text: str) -> bool:
    """Whether it is NAME@X, which a number should follow."""
    return _CUT.fullmatch(text) is not None


def find_at(point: tuple[int, int], boxes: Sequence[Box]) -> int | None:
    """The index of the box that a point means: around it, else no further off than it is large.

    Of several the one whose middle is nearest.
    """
    found: list[tuple[bool, float, int]] = []
    for index, box in enumerate(boxes):
        x, y, width, height = (int(one) for one in box)
        outside = not (x <= point[0] < x + width and y <= point[1] < y + height)
        away = (point[0] - x - width / 2) ** 2 + (point[1] - y - height / 2) ** 2
        if not outside or away <= max(width, height) ** 2:
            found.append((outside, away, index))
    return min(found)[2] if found else None
