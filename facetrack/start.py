"""The `facetrack` command: the command line, and a quiet end while that is being imported."""

from facetrack import stopping


def main() -> None:
    """Run the command line (see `facetrack.__main__.main`)."""
    stopping.at_once()  # what is imported below takes a second
    from facetrack.__main__ import main as run

    run()
