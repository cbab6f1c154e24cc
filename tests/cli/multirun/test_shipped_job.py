"""What comes back of a sweep's jobs in other processes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hydra.core.utils import JobReturn

from facetrack.cli.multirun.shipped_job import Result, ShippedJob, collect, run_shipped
from facetrack.system import json_lines
from facetrack.tasks.sweep.failure import Failure

_NO_PROGRAM: Any = None  # nothing is run


def _job(number: int, folder: Path) -> ShippedJob:
    return ShippedJob(number, [f"seed={number}"], _NO_PROGRAM, {}, str(folder), {})


def test_returns_are_in_the_order_of_jobs_and_said_as_they_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = JobReturn(), JobReturn()
    ended = [
        (_job(8, tmp_path), Result("second", [], second)),
        (_job(7, tmp_path), Result("first", [], first)),
    ]
    returns = collect(ended)
    assert [one is other for one, other in zip(returns, (first, second), strict=True)] == [True] * 2
    assert capsys.readouterr().out == "second\nfirst\n"


def test_a_job_that_was_lost_twice_has_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_lines.ask(True)
    try:
        (returned,) = collect([(_job(3, tmp_path), None)])
    finally:
        json_lines.ask(False)
    assert returned.return_value == Failure("seed=3: its worker was lost, twice")
    told = capsys.readouterr()
    assert told.err == "  FAILED: seed=3: its worker was lost, twice\n"
    assert json.loads(told.out)["error"] == "seed=3: its worker was lost, twice"


def test_a_machine_without_the_folder_says_so(tmp_path: Path) -> None:
    result = run_shipped(_job(0, tmp_path / "none"))
    failure = result.returned.return_value
    assert isinstance(failure, Failure)
    assert failure.mistake
    assert f"has no folder {tmp_path}/none" in failure.text
    assert result.text == failure.line
