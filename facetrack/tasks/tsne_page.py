"""The interactive t-SNE page of some faces."""

import numpy as np
from numpy.typing import NDArray

from facetrack import figures
from facetrack.core.faces import Embeddings
from facetrack.core.labels import separate_noise
from facetrack.core.texts import write_count
from facetrack.evaluation.tsne.layout import Layout
from facetrack.tasks.sheets import make_sheet


def draw_tsne_page(
    title: str,
    embeddings: Embeddings,
    layout: Layout,
    clusters: NDArray[np.int64],
    about: str = "",
) -> str:
    """The interactive t-SNE page of some faces. about: what else it should say, in a sentence."""
    sampled = layout.describe()
    n_people, n_clusters = len(embeddings.names), len(np.unique(separate_noise(clusters)))
    counts = [
        write_count(len(clusters), "face"),
        *([write_count(n_people, "person", "people")] if n_people else []),
        write_count(n_clusters, "cluster"),
    ]
    page = figures.TsnePage(
        title,
        f"{', '.join(counts)}.{about}{f' {sampled}' if sampled else ''}",
        layout.coordinates,
        [str(one.person) for one in embeddings.pictures] if n_people else None,
        clusters,
        [one.name for one in embeddings.pictures],
        make_sheet(embeddings),
    )
    return figures.render_tsne_page(page)
