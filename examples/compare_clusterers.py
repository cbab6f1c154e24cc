"""Compare two clusterers on the portraits that facetrack draws: nothing to download.

python examples/compare_clusterers.py
"""

import facetrack


def main() -> None:
    """Print the scores of DBSCAN and mean-shift at several radii, the best of each, and why."""
    faces = facetrack.embed("portraits")
    print(faces)
    print()
    for clusterer in ("dbscan", "meanshift"):
        tried = [facetrack.evaluate(faces, clusterer, eps=eps) for eps in (0.2, 0.25, 0.3, 0.35)]
        for scores in tried:
            print(scores)
        best = max(tried, key=mean_ari)
        means = best.table["mean"]
        print(
            f"best: {best.method}, precision {means['bcubed_precision']:.3f}, "
            f"recall {means['bcubed_recall']:.3f}\n"
        )


def mean_ari(scores: facetrack.Scores) -> float:
    """What the clusterings are compared by."""
    assert scores.ari is not None  # the portraits have names
    return scores.ari.mean


if __name__ == "__main__":
    main()
