"""What a report is called, and what stands above faces on it: who writes and who forgets agree."""

from facetrack.core.texts import make_readable

REPORT = "report.html"


def name_faces(*stages: str) -> str:
    """What stands above faces: the dataset, and what else is said of them, a blank between two."""
    return f"Faces of {make_readable(' '.join(stages))}"
