"""`task=review`: a page on this machine to look at an organised folder and put mistakes right."""

import asyncio
import contextlib
import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.organiser import state
from facetrack.organiser.presence import demand_organised
from facetrack.organiser.reviewing import Review
from facetrack.system import json_lines, masking
from facetrack.system.files import user_path
from facetrack.system.owner import hand_over
from facetrack.system.progress import say
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import settle
from facetrack.tasks.forgetting.carrying_out import finish_forgetting
from facetrack.tasks.organising.composing import (
    read_request,
    read_stages,
    take_all_faces,
    take_models,
)
from facetrack.tasks.organising.request import Request

_HOST = "127.0.0.1"


def review(config: DictConfig) -> None:
    """Serve the page until Ctrl-C. Raises UserError for what the user can put right."""
    out = _find_folder(config)
    with _alone(out):
        _fill_in(config, state.load(out))
        take_models(config)
        settle(config)
        take_all_faces(config)
        OmegaConf.resolve(config)
        finish_forgetting()
        opened = Review(out, read_stages(config))
        _serve(config, opened)


def _find_folder(config: DictConfig) -> Path:
    """The organised folder. Raises UserError for one that is none."""
    if OmegaConf.is_missing(config.task, "out"):
        raise UserError("task.out is missing: name a folder that task=organise has made")
    out = user_path(config.task.out)
    demand_organised(out)
    state.demand_ours(out)
    return out


def _fill_in(config: DictConfig, last: state.State) -> None:
    """What the command leaves open is as in the last run of the organiser."""
    dataset = config.dataset
    if OmegaConf.is_missing(dataset, "root") and not dataset.get("roots"):
        if not last.roots:
            raise UserError(
                "this folder was made by an older version, which did not keep where the photos "
                "are: add dataset.root=PHOTOS, as in the command that organises it"
            )
        dataset.root = last.roots[0] if len(last.roots) == 1 else None
        if len(last.roots) > 1:
            dataset.roots = list(last.roots)
    refuse_missing(config)


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Nobody else reviews the folder. Raises UserError where somebody does."""
    path = state.own_folder(out) / "review.lock"
    try:
        with FileLock(path, blocking=False, mode=0o600):
            hand_over(path)
            yield
    except Timeout as error:
        raise UserError(
            f"another facetrack is showing {out} already: use the address it has printed, or end "
            "it with Ctrl-C"
        ) from error
    except PermissionError as error:
        raise UserError(f"{out} cannot be written to ({error.strerror})") from error


def _serve(config: DictConfig, opened: Review) -> None:
    # Late: they take half a second, and no other task needs them.
    from facetrack.tasks.review.applying import Applying
    from facetrack.tasks.review.guard import Guard
    from facetrack.tasks.review.opening import show_in_browser
    from facetrack.tasks.review.server import make_app, make_server

    with _bind(config.task.port) as listening:
        applying = Applying(lambda: _ask(config, opened), opened.load_if_sound)
        port = listening.getsockname()[1]
        guard = Guard(make_app(opened, applying), port, lambda link: _show(link, opened.out))
        guard.show_link()
        with contextlib.ExitStack() as stack:
            if config.task.open:
                stack.enter_context(show_in_browser(opened.out, guard.make_link()))
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(make_server(guard).serve(sockets=[listening]))
        applying.wait()
    say("The page has ended; what you have answered is kept")


def _show(link: str, out: Path) -> None:
    masking.show(link)
    say(f"Open {link}\n  It lets one browser of this machine in. Ctrl-C ends the page")
    json_lines.tell("review", address=link, folder=str(out))


def _ask(config: DictConfig, opened: Review) -> Request:
    """What the organiser is asked: the same as last time, with the answers."""
    return dataclasses.replace(read_request(config), mode=opened.album.last.mode or "copy")


@contextlib.contextmanager
def _bind(port: int) -> Iterator[socket.socket]:
    """A socket on this machine only. Raises UserError for a port that is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        try:
            listening.bind((_HOST, port))
        except OSError as error:
            raise UserError(
                f"task.port={port} cannot be had ({error.strerror}): leave it out for a free one"
            ) from error
        listening.listen(128)
        yield listening
