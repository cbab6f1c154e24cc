"""The `facetrack` command: the command line, and a quiet end while that is being imported."""

from facetrack.system import stopping


def main() -> None:
    """Run the command line (see `facetrack.cli.command.main`)."""
    stopping.at_once()  # what is imported below takes a second
    from facetrack.cli.command import main as run

    run()
