"""A notebook's functions: what the command line does, from Python and without Hydra."""

from facetrack.api.clustering import Scores, cluster, evaluate
from facetrack.api.embedding import embed
from facetrack.api.faces import Faces
from facetrack.api.job_table import runs
from facetrack.api.organising import Organised, organise
from facetrack.core.errors import UserError

__all__ = [
    "Faces",
    "Organised",
    "Scores",
    "UserError",
    "cluster",
    "embed",
    "evaluate",
    "organise",
    "runs",
]
