"""MLflow's system metrics of a run: how busy processor, memory, disk and network are meanwhile."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

_SECONDS = 1.0  # MLflow's ten are longer than a job


@contextlib.contextmanager
def measure(uri: str, run_id: str) -> Iterator[None]:
    """Within, the run gets metrics `system/…` once a second; psutil has to be installed.

    MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL is another time, in seconds.
    """
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    # It says of each start and end that it was one.
    logging.getLogger("mlflow.system_metrics").setLevel(logging.WARNING)
    make: Any = SystemMetricsMonitor  # without types
    monitor = make(run_id, sampling_interval=_SECONDS, resume_logging=True, tracking_uri=uri)
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()
