"""Launching the jobs of a sweep, whatever becomes of the processes that run them."""

from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from facetrack.system.progress import say
from facetrack.tasks.sweep.failure import Failure
from facetrack.tasks.sweep.session import Session

Job = Sequence[str]  # its overrides
Return = TypeVar("Return")


def launch_all(
    launch: Callable[[Sequence[Job], int], Sequence[Return]],
    jobs: Sequence[Job],
    start: int,
    session: Session,
    as_return: Callable[[Failure], Return],
) -> list[Return]:
    """What each job returns, also where the processes that it shares with others are lost.

    Where one of its processes dies, joblib ends all of them, and its jobs have no results.

    launch: runs some jobs, of which the first has a number. start: the number of the first of all.
    as_return: what stands for the return of a job that could not say itself why it failed.
    """
    returns: list[Return] = []
    while len(returns) < len(jobs):
        begin = start + len(returns)
        try:
            returns += launch(jobs[len(returns) :], begin)
        except BrokenProcessPool:
            # Whose process it was is not told. So each that had begun gets one to itself, where
            # it can take no other with it; those that are finished say so.
            session.end_lost_runs()
            last = max(session.last_begun(), begin)
            say("  a worker process was lost: the jobs that had begun are run again")
            for number in range(begin, last + 1):
                job = jobs[number - start]
                try:
                    returns.append(launch([job], number)[0])
                except BrokenProcessPool:
                    session.end_lost_runs()
                    failure = Failure(f"{' '.join(job)}: its worker process was lost, twice")
                    say(failure.line)
                    returns.append(as_return(failure))
    return returns


def one_of_each_kind(jobs: Sequence[Job], is_group: Callable[[str], bool]) -> list[Job]:
    """The first job of each kind: whether one can be composed depends on that alone.

    A kind is what is chosen, and which settings are set. is_group: whether a key is that of a
    group of choices.
    """
    kinds: dict[tuple[str, ...], Job] = {}
    for job in jobs:
        keys = [text.lstrip("+~").partition("=")[0] for text in job]
        kind = (text if is_group(key) else key for text, key in zip(job, keys, strict=True))
        kinds.setdefault(tuple(kind), job)
    return list(kinds.values())
