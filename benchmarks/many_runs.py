"""An MLflow store with many runs: a sweep's runs copied in its database, under other ids.

    python benchmarks/many_runs.py mlflow.db N

The database is one that a sweep has just been logged to. Copies are of the same experiment, each
sweep with an id of its own and a second earlier than the one before; their files are not copied.
"""

import sqlite3
import sys
import uuid
from pathlib import Path

_OF_RUN = ("latest_metrics", "metrics", "params", "tags")
_SWEEPS_A_COMMIT = 100


def fill(database: Path, n: int) -> int:
    """Copy the first sweep of a store until it has at least n runs; returns how many it has."""
    with sqlite3.connect(database) as store:
        ids = [run for (run,) in store.execute("SELECT run_uuid FROM runs ORDER BY start_time")]
        (sweep,) = store.execute("SELECT value FROM tags WHERE key = 'sweep'").fetchone()
        (parent,) = store.execute(
            "SELECT run_uuid FROM tags WHERE key = 'kind' AND value = 'sweep'"
        ).fetchone()
        copies = -(-(n - len(ids)) // len(ids))
        for number in range(1, copies + 1):
            _copy(store, ids, sweep, parent, number)
            if number % _SWEEPS_A_COMMIT == 0:
                store.commit()
    return len(ids) * (copies + 1)


def _copy(store: sqlite3.Connection, ids: list[str], sweep: str, parent: str, number: int) -> None:
    names = {old: uuid.uuid4().hex for old in ids}
    other = f"{sweep}-{number}"
    for old, new in names.items():
        _copy_rows(store, "runs", old, new)
        store.execute(
            "UPDATE runs SET start_time = start_time - ?, "
            "artifact_uri = replace(artifact_uri, ?, ?) WHERE run_uuid = ?",
            (1000 * number, old, new, new),
        )
        for table in _OF_RUN:
            _copy_rows(store, table, old, new)
        told = {
            "sweep": other,
            "sweep_number": str(number + 1),
            "mlflow.parentRunId": names[parent],
        }
        for key, value in told.items():
            store.execute(
                "UPDATE tags SET value = ? WHERE run_uuid = ? AND key = ?", (value, new, key)
            )


def _copy_rows(store: sqlite3.Connection, table: str, old: str, new: str) -> None:
    columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
    chosen = ", ".join("?" if one == "run_uuid" else one for one in columns)
    store.execute(
        f"INSERT INTO {table} SELECT {chosen} FROM {table} WHERE run_uuid = ?", (new, old)
    )


def main() -> None:
    print(fill(Path(sys.argv[1]), int(sys.argv[2])), "runs")


if __name__ == "__main__":
    main()
