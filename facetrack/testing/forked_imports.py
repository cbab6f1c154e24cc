"""What commands import when they need it, imported; Hydra's plugins, as each does it; configs.

For a process that commands are forked from.
"""

import gc
import importlib

from facetrack.cli import plugins
from facetrack.testing.process import read_shipped

for _name in (
    *("cv2", "dlib", "matplotlib.backends.backend_agg", "optuna", "plotly.graph_objects"),
    *("sklearn.cluster", "sklearn.manifold"),
    *("mlflow", "mlflow.store.tracking.sqlalchemy_store"),
    "mlflow.store.model_registry.sqlalchemy_store",
    *(f"facetrack.tasks.{name}.run" for name in ("evaluate", "forget", "organise")),
    *("facetrack.tasks.sweep.summary", "facetrack.tasks.sweep.tsne_pages"),
    *("facetrack.tracking.store", "facetrack.tasks.tune.study", "facetrack.tasks.tune.one_radius"),
    *("hydra.experimental.callback", "facetrack.cli.multirun.callback"),
    *(f"facetrack.clusterer.kernels.{name}" for name in ("growing", "links", "reciprocal", "tree")),
):
    importlib.import_module(_name)
plugins.register()
read_shipped()
gc.freeze()  # no command looks through what is there before it
