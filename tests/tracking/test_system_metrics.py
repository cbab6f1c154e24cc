"""What MLflow measures of a run's machine, where that is asked for."""

import time

import pytest
from conftest import Command

from facetrack.testing import Workspace
from facetrack.tracking.store import MlflowStore


def test_a_run_is_measured_where_that_is_asked_for(
    facetrack: Command, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psutil")
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.01")
    facetrack("n_resamples=2").ok()
    facetrack("n_resamples=2", "tracking.system_metrics=true").ok()
    asked, plain = workspace.runs("job")
    assert not any(key.startswith("system/") for key in plain.data.metrics)
    assert "tracking.system_metrics" not in asked.data.params
    assert asked.data.tags["config_fingerprint"] == plain.data.tags["config_fingerprint"]

    store = MlflowStore(f"sqlite:///{workspace.folder / 'mlflow.db'}", "facetrack")
    with store.run("measured", {"kind": "job"}) as run, store.measuring(run):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            kept = store.kept(run.run_id)
            assert kept is not None
            if any(key.startswith("system/cpu") for key in kept.metrics):
                return
            time.sleep(0.05)
    pytest.fail("nothing was measured in a minute")
