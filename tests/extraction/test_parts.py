"""How pictures are shared out over processes."""

from pathlib import Path

import pytest

from facetrack.extraction import engines, pipeline
from facetrack.extraction.jobs import Job


def _jobs(folder: Path, sizes: list[int]) -> list[Job]:
    jobs = []
    for number, size in enumerate(sizes):
        path = folder / f"{number}.jpg"
        with path.open("wb") as opened:
            opened.truncate(size)
        jobs.append(Job(number.to_bytes(2), path, None))
    return jobs


@pytest.mark.parametrize(
    ("sizes", "workers", "expected"),
    [
        ([9] * 40, 2, [8, 8, 6, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1]),
        ([9] * 3, 2, [1, 1, 1]),
        ([9] * 9, 1, [4, 2, 1, 1, 1]),
        ([5 << 20] * 16, 1, [1] * 16),
        ([3 << 20] * 16, 1, [2] * 7 + [1, 1]),
        ([], 2, []),
    ],
)
def test_parts(tmp_path: Path, sizes: list[int], workers: int, expected: list[int]) -> None:
    jobs = _jobs(tmp_path, sizes)
    parts = list(engines._divide(jobs, 8, workers))
    assert [job for part in parts for job in part] == jobs
    assert [len(part) for part in parts] == expected


def test_a_file_that_is_gone_is_somebodys_job(tmp_path: Path) -> None:
    jobs = _jobs(tmp_path, [9, 9])
    jobs[0].path.unlink()
    assert [*engines._divide(jobs, 8, 2)] == [jobs[:1], jobs[1:]]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([9], 1), ([9] * 8, 1), ([9] * 9, 2), ([9] * 500, 4), ([6 << 20] * 2, 2), ([1 << 30], 1)],
)
def test_no_more_processes_than_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], expected: int
) -> None:
    monkeypatch.setattr(engines, "cores", lambda: 4)
    assert engines._count_workers(_jobs(tmp_path, sizes)) == expected


@pytest.mark.parametrize(
    ("sizes", "expected"), [([9] * 31, False), ([9] * 32, True), ([3 << 20] * 6, True)]
)
def test_many_pictures_or_large_ones_are_worth_processes(
    tmp_path: Path, sizes: list[int], expected: bool
) -> None:
    assert pipeline._are_worth_processes(_jobs(tmp_path, sizes)) == expected
