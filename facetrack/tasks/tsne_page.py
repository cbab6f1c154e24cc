"""The interactive t-SNE page of some faces."""

import numpy as np
from numpy.typing import NDArray

from facetrack import figures
from facetrack.core.faces import Embeddings
from facetrack.core.labels import noise_alone
from facetrack.core.texts import counted
from facetrack.tasks.sheets import sheet


def draw_tsne_page(
    title: str,
    embeddings: Embeddings,
    coordinates: NDArray[np.float32],
    clusters: NDArray[np.int64],
    about: str = "",
) -> str:
    """The interactive t-SNE page of some faces. about: what else it should say, in a sentence."""
    n_people, n_clusters = len(embeddings.names), len(np.unique(noise_alone(clusters)))
    counts = [
        counted(len(clusters), "face"),
        *([counted(n_people, "person", "people")] if n_people else []),
        counted(n_clusters, "cluster"),
    ]
    page = figures.TsnePage(
        title,
        f"{', '.join(counts)}.{about}",
        coordinates,
        [str(one.person) for one in embeddings.pictures] if n_people else None,
        clusters,
        [one.name for one in embeddings.pictures],
        sheet(embeddings),
    )
    return figures.render_tsne_page(page)
