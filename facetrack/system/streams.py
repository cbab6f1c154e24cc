"""Standard streams that were closed, as `>&-` and some services do."""

import os
import sys


def open_closed() -> None:
    """Put nothing where a standard stream is missing: what is printed there is lost, as was meant.

    Else the first file that is opened takes its number, and what some library prints would get
    into a database.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            # The lowest number that is free is the one of the stream.
            stream = open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8")  # noqa: PTH123, SIM115
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
