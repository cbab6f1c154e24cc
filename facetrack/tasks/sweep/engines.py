"""What runs work in other processes, one piece each: a Ray cluster, and Slurm by submitit.

A piece whose worker is lost is run once more. What is still running when its results are no longer
asked for is ended.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, TypeVar

from facetrack.core.errors import UserError
from facetrack.system.masking import read_first_line
from facetrack.system.ray_cluster import connect

_LOOK_EVERY_SECONDS = 1.0

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def run_on_ray(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], num_cpus: float
) -> Generator[tuple[Piece, Result | None], None, None]:
    """Each piece with its result as they end; None where its worker was lost twice.

    num_cpus: what each sets aside. Raises UserError where no cluster can be used, and what the
    work itself raises.
    """
    with connect() as ray:
        remote = ray.remote(num_cpus=num_cpus, max_retries=1)(work)
        waiting = {remote.remote(piece): piece for piece in pieces}
        while waiting:
            (ended,), _ = ray.wait(list(waiting), num_returns=1)
            piece = waiting.pop(ended)
            try:
                yield piece, ray.get(ended)
            except ray.exceptions.RayTaskError:
                raise  # a defect, not a loss
            except ray.exceptions.RayError:
                yield piece, None


def slurm_executor(cluster: str, folder: str, parameters: Mapping[str, Any]) -> Any:
    """submitit's executor.

    cluster: slurm or local. folder: for its logs. parameters: submitit's; None for its own choice.
    Raises UserError where Slurm is not here, or has no such setting.
    """
    import submitit

    try:
        executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        executor.update_parameters(**parameters)
    except (NameError, AssertionError, RuntimeError, ValueError) as error:
        raise UserError(
            f"hydra/launcher=submitit_slurm cannot be used: {read_first_line(error)}"
        ) from error
    return executor


def run_on_slurm(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], executor: Any
) -> Generator[tuple[Piece, Result | None], None, None]:
    """Each piece with its result as they end; None where its worker was lost twice.

    executor: see `slurm_executor`. Raises what the work itself raises.
    """
    import submitit

    first = executor.map_array(work, pieces)
    waiting = [(piece, job, False) for piece, job in zip(pieces, first, strict=True)]
    try:
        while waiting:
            for entry in [entry for entry in waiting if entry[1].done()]:
                waiting.remove(entry)
                piece, job, is_again = entry
                result: Result | None = None
                try:
                    result = job.result()
                except submitit.core.utils.FailedJobError:
                    raise  # a defect, not a loss
                except submitit.core.utils.UncompletedJobError:
                    if not is_again:
                        waiting.append((piece, executor.submit(work, piece), True))
                        continue
                yield piece, result
            if waiting:
                time.sleep(_LOOK_EVERY_SECONDS)
    finally:
        for _, job, _ in waiting:
            job.cancel()
