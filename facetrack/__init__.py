"""facetrack: how well do faces cluster, and who is on which photo?

>>> import facetrack
>>> faces = facetrack.embed("portraits")
>>> labels = facetrack.cluster(faces, "dbscan", eps=0.3)
>>> facetrack.evaluate(faces, "dbscan", eps=0.3)
dbscan eps=0.3: ARI 0.935 ± 0.114 over 30 resamples
"""

from facetrack.system import first

first.leave_working_folder()

from facetrack.system import lazy, module_path  # noqa: E402 - not from the working folder

module_path.install()

TYPE_CHECKING = False  # typing's own takes longer to import than all the rest
if TYPE_CHECKING:
    from facetrack.api import Faces as Faces
    from facetrack.api import Organised as Organised
    from facetrack.api import Scores as Scores
    from facetrack.api import cluster as cluster
    from facetrack.api import embed as embed
    from facetrack.api import evaluate as evaluate
    from facetrack.api import organise as organise
    from facetrack.api import runs as runs
    from facetrack.core.errors import UserError as UserError

__version__ = "0.1.0"
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
if not TYPE_CHECKING:  # any name would have any type
    _HOMES = {**dict.fromkeys(__all__, "facetrack.api"), "UserError": "facetrack.core.errors"}
    __getattr__ = lazy.look_up_later(__name__, _HOMES)
    __dir__ = lazy.list_with(__name__, _HOMES)
