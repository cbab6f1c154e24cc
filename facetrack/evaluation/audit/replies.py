"""What may be answered: a module of its own, so that reading answers loads no numeric library."""

from enum import Enum


class Reply(Enum):
    """Do two faces show one person?"""

    SAME = "yes"
    DIFFERENT = "no"
    UNSURE = "can't tell"
