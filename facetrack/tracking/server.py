"""Access to an MLflow store: a server is waited for, and what goes wrong is said in words."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from facetrack.core.errors import UserError
from facetrack.system.masking import mask, remember
from facetrack.tracking import answers, database, place
from facetrack.tracking.address import SERVER, refuse_malformed
from facetrack.tracking.values import in_short

AGAIN = "run the same command again"

# Servers that this process has waited for in vain: its next job does not wait again.
_given_up: set[str] = set()


class _Working(Protocol):
    def working(self, then: str) -> contextlib.AbstractContextManager[None]: ...


W = TypeVar("W", bound=_Working)
P = ParamSpec("P")
T = TypeVar("T")


def guard(method: Callable[Concatenate[W, P], T]) -> Callable[Concatenate[W, P], T]:
    """A method of a store that raises UserError where the store stops working."""

    @functools.wraps(method)
    def guarded_method(self: W, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.working(AGAIN):
            return method(self, *args, **kwargs)

    return guarded_method


class Access:
    """Access to a store, whose address has been looked at and who answers there.

    uri: a tracking URI; None for MLflow's own choice (MLFLOW_TRACKING_URI, else mlflow.db in the
    working directory). patient: whether a server was there before, and is worth waiting for.
    Raises UserError where the store cannot be, or nobody is there.
    """

    def __init__(self, uri: str | None, *, patient: bool) -> None:
        self.uri = place.choose_uri(uri)
        self._then: str | None = None
        remember(self.uri)
        refuse_malformed(self.uri)
        if self.is_server:
            self._await(patient)
        else:
            database.demand_usable(self.uri)

    @property
    def is_server(self) -> bool:
        """Whether the store is asked by HTTP."""
        return self.uri.startswith(SERVER)

    @property
    def has_failed(self) -> bool:
        """Whether this process has waited for the server in vain."""
        return self.uri in _given_up

    def trust(self) -> None:
        """Let the server be waited for again: it does what it is asked."""
        _given_up.discard(self.uri)

    @contextlib.contextmanager
    def opening(self, todo: str) -> Iterator[None]:
        """While the store is opened; raises UserError with what helps where it cannot be used."""
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            if self.is_server:
                raise self._describe_failure(error) from error
            raise UserError(
                database.version_trouble(self.uri)
                or f"the MLflow store {mask(self.uri)} cannot be used ({in_short(error)}): {todo}"
            ) from error

    @contextlib.contextmanager
    def working(self, then: str) -> Iterator[None]:
        """Raises UserError where the store stops working within.

        then: what to do after mending; within another one, what that one says.
        """
        outer, self._then = self._then, self._then or then
        given_up = self.has_failed
        try:
            if given_up and (silence := answers.silence(self.uri)):
                raise self._describe_failure(silence) from silence
            with self.impatient(given_up):
                yield
            self.trust()
        except answers.failures() as error:
            raise self._describe_failure(error) from error
        finally:
            self._then = outer

    def impatient(self, now: bool) -> contextlib.AbstractContextManager[None]:
        """Within, a server that has trouble is asked once more only, if so."""
        return answers.asked_again(1) if self.is_server and now else contextlib.nullcontext()

    def _await(self, patient: bool) -> None:
        """Wait for a server, where that is worth it. Raises UserError where nobody is there."""
        answers.tell_of_waiting()
        # MLflow itself would retry for minutes before it says that nobody answers.
        seconds = answers.patience() if patient and not self.has_failed else 0
        if error := answers.wait_for(self.uri, seconds):
            _given_up.add(self.uri)
            raise UserError(
                f"no MLflow server answers at {mask(self.uri)} "
                f"({answers.read(error).what}, {in_short(error)}): start one "
                "with `DO_NOT_TRACK=true mlflow server --host 127.0.0.1 --port 5000`, or leave "
                "tracking.uri out to use a local store"
            ) from error

    def _describe_failure(self, error: BaseException) -> answers.Unkept:
        """What a failure of the store comes to."""
        if not self.is_server:
            return answers.Unkept(
                f"the MLflow store {mask(self.uri)} stopped working ({in_short(error)}): see "
                f"that it runs and has room, then {self._then or AGAIN}"
            )
        answer = answers.read(error)
        if answer.passing:
            _given_up.add(self.uri)
        server, then = f"the MLflow server {mask(self.uri)}", self._then or AGAIN
        return answers.Unkept(f"{server} {answer.what}: {answer.todo}, then {then}")
