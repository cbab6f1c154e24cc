"""An experiment in an MLflow store: found or made, and searched for runs."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facetrack.core.errors import UserError
from facetrack.system.home import find_locks, lock
from facetrack.system.masking import mask
from facetrack.system.sqlite_files import local
from facetrack.tracking import database, links, place, settings
from facetrack.tracking.keys import EXPERIMENT_KIND
from facetrack.tracking.server import AGAIN, Access

_A_PAGE = 1000  # runs of an answer


@dataclass(frozen=True)
class Experiment:
    """An experiment in a store. client: MLflow's, for its store. id: as MLflow has it."""

    access: Access
    client: Any
    id: str

    def find_first(self, condition: str, order: str) -> Any | None:
        """MLflow's first run that fulfils a condition, in an order; None where there is none."""
        found = self.client.search_runs([self.id], condition, max_results=1, order_by=[order])
        return found[0] if found else None

    def search(self, condition: str, *, deleted: bool = False) -> list[Any]:
        """MLflow's runs that fulfil a condition, the earliest first. deleted: those as well."""
        from mlflow.entities import ViewType

        found: list[Any] = []
        token = None
        while True:
            page = self.client.search_runs(
                [self.id],
                condition,
                ViewType.ALL if deleted else ViewType.ACTIVE_ONLY,
                max_results=_A_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            found += page
            token = page.token
            if not token:
                return found


def open_experiment(access: Access, name: str, *, patient: bool) -> Experiment:
    """An experiment by its name, made where the store has none, and the store with it.

    patient: whether a server is worth waiting for. Raises UserError where the store cannot be used
    or the experiment was deleted.
    """
    settings.quieten()
    held = lock(_lock_path(access.uri))
    todo = "work in a folder you can write to, or name another store with tracking.uri=…"
    # Two processes that create one fresh database at once would corrupt it.
    with access.opening(todo), held, access.impatient(not patient or access.has_failed):
        database.create_whole(access.uri)
        client, found = _find(access, name)
        experiment = found.experiment_id if found else _create(access, client, name)
        if found and links.VIEW_TAG not in found.tags:  # of the version before
            client.set_experiment_tag(experiment, links.VIEW_TAG, links.VIEW)
    if found is not None and found.lifecycle_stage == "deleted":
        raise UserError(
            f"experiment {name} was deleted in the MLflow store {mask(access.uri)}: "
            f"restore it (MLFLOW_TRACKING_URI={mask(access.uri)} mlflow experiments restore "
            f"--experiment-id {found.experiment_id}), or take tracking.experiment=OTHER"
        )
    access.trust()
    return Experiment(access, client, str(experiment))


def look_up_experiment(access: Access, name: str) -> Experiment | None:
    """An experiment by its name, deleted or not; None where the store has none, or is not there.

    Nothing is changed. Raises UserError where the store cannot be used.
    """
    path = local(access.uri)
    if path is not None and not (path.exists() and path.stat().st_size):
        return None  # MLflow would make it
    settings.quieten()
    with access.opening(f"see that it runs, then {AGAIN}"), access.impatient(True):
        client, found = _find(access, name)
    return Experiment(access, client, str(found.experiment_id)) if found else None


def _find(access: Access, name: str) -> tuple[Any, Any | None]:
    """MLflow's client, and its experiment of a name, whose files are where it says, if any."""
    import mlflow

    client = mlflow.MlflowClient(access.uri)
    found = client.get_experiment_by_name(name)
    if found:
        location, experiment = str(found.artifact_location), found.experiment_id
        place.demand_in_place(access.uri, location, lambda: place.some_runs(client, experiment))
    return client, found


def _create(access: Access, client: Any, name: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        # Where MLflow goes by the kind, it opens on the table of runs, not on an empty page for
        # chats; 3.17 goes by the address instead (see links.py).
        tags = {EXPERIMENT_KIND: "custom_model_development", links.VIEW_TAG: links.VIEW}
        where = (
            place.files_of(name) if place.keeps_in_folder(access.uri) else None
        )  # None is a server's own choice
        return str(client.create_experiment(name, where, tags=tags))
    except MlflowException:
        # On a server, which the lock does not cover, another machine may have been faster.
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)


def _lock_path(uri: str) -> Path:
    here = uri.startswith("sqlite:")
    key = hashlib.sha256(f"{Path.cwd() if here else ''}|{uri}".encode()).hexdigest()[:16]
    return find_locks() / f"mlflow-{key}.lock"
