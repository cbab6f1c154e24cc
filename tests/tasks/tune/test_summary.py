"""Several studies together: one radius for all."""

import pytest
from made_records import study_record

from facetrack.tasks.tune import summary
from facetrack.tracking.records import StudyRecord


def _study(
    dataset: str, curve: list[tuple[float, float]], clusterer: str = "dbscan"
) -> StudyRecord:
    return study_record({"dataset": dataset, "clusterer": clusterer, "embedder": "dlib"}, curve)


def test_the_common_radius_is_where_the_worst_dataset_is_best() -> None:
    # Two straight lines that cross: rising 0 to 1 and falling 1 to 0.2 over 0.2 … 0.4.
    rising, falling = [(0.2, 0.0), (0.4, 1.0)], [(0.2, 1.0), (0.4, 0.2)]
    (found,) = summary.choose_common([_study("a", rising), _study("b", falling)])
    assert found.value == pytest.approx(0.2 + 0.2 / 1.8, abs=1e-3)
    assert found.mean == pytest.approx(1 / 1.8, abs=1e-3)


def test_only_radii_that_every_dataset_has_are_considered() -> None:
    (found,) = summary.choose_common(
        [_study("a", [(0.1, 0.9), (0.3, 0.5)]), _study("b", [(0.2, 0.5), (0.5, 0.5)])]
    )
    assert 0.2 <= found.value <= 0.3
    apart = [_study("a", [(0.1, 0.9), (0.2, 0.5)]), _study("b", [(0.3, 0.5), (0.5, 0.5)])]
    assert summary.choose_common(apart) == []


def test_methods_are_not_mixed_and_one_dataset_needs_no_common_radius() -> None:
    curve = [(0.1, 0.5), (0.3, 0.9)]
    assert summary.choose_common([_study("a", curve), _study("b", curve, "meanshift")]) == []
    both = [_study(name, curve, method) for name in "ab" for method in ("dbscan", "meanshift")]
    assert [one.method for one in summary.choose_common(both)] == [
        "dbscan, dlib",
        "meanshift, dlib",
    ]
