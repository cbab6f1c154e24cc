"""Cluster your own pictures, or vectors that you have: who is on which, without any names.

    python examples/cluster_your_own.py ~/Pictures
    python examples/cluster_your_own.py vectors.npz 0.3

A folder is searched for faces and only read. An .npz file has the array `embeddings`, a row per
face; the number is the radius within which two of them are one person.
"""

import sys

import numpy as np

import facetrack


def main(path: str, eps: float | None = None) -> None:
    """Print the largest groups of a folder's or a file's faces, each with its pictures."""
    faces = facetrack.embed(path)
    print(faces)
    if eps is None:
        labels = facetrack.cluster(faces)  # the radius that suits the faces best
    else:
        labels = facetrack.cluster(faces, "dbscan", eps=eps)
    groups, sizes = np.unique(labels, return_counts=True)
    print(f"{len(groups)} groups")
    for group in groups[np.argsort(-sizes, kind="stable")][:10]:
        names = [picture.name for picture in faces[labels == group].pictures]
        print(f"  {len(names)}: {', '.join(names[:6])}{', …' if len(names) > 6 else ''}")


if __name__ == "__main__":
    try:
        main(sys.argv[1], *map(float, sys.argv[2:]))
    except facetrack.UserError as error:
        sys.exit(str(error))
