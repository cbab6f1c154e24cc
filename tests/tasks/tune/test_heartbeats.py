"""Heartbeats of trials end with what began them."""

import contextlib
import threading
from pathlib import Path

import optuna
from optuna.storages import RDBStorage
from optuna.storages._heartbeat import HeartbeatThread

from facetrack.tasks.tune.storages import ending_heartbeats


def test_one_that_an_interrupt_left_behind_ends(tmp_path: Path) -> None:
    storage = RDBStorage(f"sqlite:///{tmp_path / 'studies.db'}", heartbeat_interval=60)
    beating = HeartbeatThread(optuna.create_study(storage=storage).ask()._trial_id, storage)
    before = set(threading.enumerate())
    with contextlib.suppress(KeyboardInterrupt), ending_heartbeats():
        beating.start()
        raise KeyboardInterrupt
    begun = set(threading.enumerate()) - before  # empty where it has ended already
    try:
        for one in begun:
            one.join(10)
        assert not any(one.is_alive() for one in begun)
    finally:
        beating.join()
