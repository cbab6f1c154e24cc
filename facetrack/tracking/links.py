"""How to look at an experiment: the command that shows it, and the address of its page."""

import hashlib
import json
import shlex
import shutil
import sys
from pathlib import Path

from facetrack.system.masking import mask
from facetrack.system.sqlite_files import database, local
from facetrack.tracking import place
from facetrack.tracking.address import SERVER
from facetrack.tracking.keys import ARI_MEAN, METHOD, RADIUS, SHARED_VIEW

# From its front page MLflow leads to an empty page for chats; this one shows the runs.
_RUNS_PAGE = "/#/experiments/{experiment}/runs?workflowType=machine_learning"
VIEW = json.dumps(
    {"selectedColumns": [f"metrics.`{ARI_MEAN}`", f"params.`{METHOD}`", f"params.`{RADIUS}`"]}
)
"""A view that MLflow's "Share" would keep: a table with the columns that jobs are compared by."""
VIEW_KEY = hashlib.sha256(VIEW.encode()).hexdigest()[:16]
VIEW_TAG = f"{SHARED_VIEW}.{VIEW_KEY}"
_VIEW_PAGE = f"&viewStateShareKey={VIEW_KEY}"


def open_line(uri: str, experiment: str) -> str:
    """What to do to look at the results. experiment: its id."""
    page = _RUNS_PAGE.format(experiment=experiment) + _VIEW_PAGE
    if uri.startswith(SERVER):
        return f"open {mask(uri).rstrip('/')}{page}"
    store = ""
    if not place.is_standard(uri):
        store = f" --backend-store-uri {shlex.quote(mask(uri))}"
    # The mlflow beside this Python, which need not be the one on the PATH, if any is.
    command = Path(sys.executable).parent / "mlflow"
    if shutil.which("mlflow") == str(command):
        command = Path("mlflow")
    elif command.is_relative_to(Path.cwd()):
        command = command.relative_to(Path.cwd())
    # MLflow's own command knows nothing of what is set in settings.py.
    start = f"DO_NOT_TRACK=true {shlex.quote(str(command))} ui --workers 1{store}"
    return f"{start}   then open http://127.0.0.1:5000{page}"


def where(uri: str | None) -> str:
    """A tracking URI, or MLflow's own choice for None, as it reads from any working directory."""
    chosen = place.choose_uri(uri)
    path = local(chosen)
    return chosen if path is None else database(path.absolute())
