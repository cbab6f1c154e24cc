"""The runs that commands have kept in MLflow."""

from typing import TYPE_CHECKING

from facetrack.system.choices import choose

if TYPE_CHECKING:
    import pandas as pd


def runs(uri: str | None = None, experiment: str | None = None) -> "pd.DataFrame":
    """The jobs that commands have run: a row each, the oldest first.

    Columns are `run` (its id), `name`, `sweep`, `status` and `started`; the choices `dataset`,
    `detector`, `embedder`, `clusterer` and `sampling`; `protocol_version`, as scores of hdbscan are
    comparable within one version only; how many pictures, faces and people there were; parameters
    such as `method`, `radius`, `seed` and `clusterer.min_samples`; and scores such as `ari_mean`.
    What a job does not have is NaN or None there.

    uri: MLflow's store; None for where commands keep it: what MLFLOW_TRACKING_URI names, else
    mlflow.db in the working folder. experiment: None for what MLFLOW_EXPERIMENT_NAME names, else
    "facetrack". Nothing is written, and where there is no store the table is empty.
    Raises UserError where the store cannot be used.

    >>> import facetrack
    >>> runs = facetrack.runs()
    >>> len(runs), "ari_mean" in runs
    (0, False)
    """
    import pandas as pd

    from facetrack.tracking.history import COMMON, History

    local = choose("tracking", "local")
    settings = local.fill({}, {})
    history = History(uri or settings["uri"], experiment or str(settings["experiment"]))
    rows = history.rows()
    return pd.DataFrame(rows, columns=None if rows else COMMON)
