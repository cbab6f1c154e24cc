"""What MLflow is told before it is imported. Whatever imports MLflow imports this first."""

import logging
import os

# Faces are biometric data: nothing is sent anywhere, usage statistics included, unless the
# user says so. MLflow reads these when it is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
# facetrack has bars of its own where somebody would wait.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# A folder's name of 255 bytes takes up to 765 characters in an address; the others need no limit.
os.environ.setdefault("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH", "16384")
# With a server MLflow would print two lines of addresses a run.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")


def quieten() -> None:
    """Let MLflow, which sets its levels when it is imported, say what is wrong and no more."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # What it tells of a full disk, with a traceback, it raises as well.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
