"""One study has one run in MLflow, also where two processes begin it at the same moment."""

import contextlib
import functools
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest

from facetrack.tasks.tune import study
from facetrack.tasks.tune.searching import begin_run
from facetrack.tasks.tune.space import Range
from facetrack.testing import runs
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run
from facetrack.tracking.store import open_store


@pytest.mark.parametrize("storage", ["sqlite:///{}/studies.db", "{}/studies.log", "postgres"])
def test_who_comes_second_takes_up_the_run_of_the_first(
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    new_mlflow: Path,
    storage: str,
) -> None:
    """The first makes the run once the second waits for its turn, or, without turns, makes one."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(new_mlflow, tmp_path / "mlflow.db")
    if storage == "postgres":
        storage = request.getfixturevalue(storage)
        forget = functools.partial(optuna.delete_study, study_name="s", storage=storage)
        request.addfinalizer(forget)  # other tests have the database, too
    searched = [Range("eps", 0.1, 0.6, False)]
    plan = study.Plan("s", storage.format(tmp_path), searched, ["ari"], "tpe", "none", 4, None)
    opened = [study.open_study(plan) for _ in range(2)]
    stores = [
        open_store(f"sqlite:///{tmp_path / 'mlflow.db'}", "facetrack", patient=True)
        for _ in range(2)
    ]
    first_is_at_it, second_is_there = threading.Event(), threading.Event()
    make_turn = study.make_turn

    @contextlib.contextmanager
    def take_turn(of: study.Plan) -> Iterator[None]:
        if first_is_at_it.is_set():
            second_is_there.set()
        with make_turn(of):
            yield

    monkeypatch.setattr(study, "make_turn", take_turn)

    def begin(number: int) -> str:
        if number:
            assert first_is_at_it.wait(60)

        def run_of(run_id: str | None) -> contextlib.AbstractContextManager[Run]:
            if number:
                second_is_there.set()
            else:
                first_is_at_it.set()
                assert second_is_there.wait(60)
            return stores[number].run("s", {keys.KIND: "study"}, run_id)

        with begin_run(plan, opened[number], stores[number], run_of) as run:
            return run.run_id

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(begin, range(2))
    assert one == other == opened[0].user_attrs[study.RUN]
    assert [run.info.run_id for run in runs(tmp_path, "study")] == [one]
