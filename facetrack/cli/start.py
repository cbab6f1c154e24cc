"""The `facetrack` command: the command line, and a quiet end while that is being imported."""

import atexit
import gc

from facetrack.system import stopping

# Python looks for rubbish after 700 new objects. Imports make a million, none of them rubbish, each
# job ten thousands, and 50,000 photos many that stay: that would take a tenth of the time.
_NEW_OBJECTS = 100_000


def main() -> None:
    """Run the command line (see `facetrack.cli.command.main`)."""
    gc.set_threshold(_NEW_OBJECTS, 10, 10)
    # At its end Python would look through all objects once more, for 0.7 s, and then free them.
    atexit.register(gc.freeze)
    stopping.at_once()  # what is imported below takes a second
    from facetrack.cli.command import main as run

    try:
        run()
    finally:
        stopping.leave_threads()
