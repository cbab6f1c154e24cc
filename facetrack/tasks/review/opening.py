"""The browser, started with a file that leads to the page.

What a program is started with is in the list of processes, which every user of the machine can see:
so the link is in a file that its owner alone can read.
"""

import contextlib
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from facetrack.organiser import state
from facetrack.system.files import replace

FILE = "open-review.html"
_PAGE = """<!doctype html><meta charset=utf-8><title>People on your photos</title>
<meta http-equiv=refresh content="0;url={link}">
<p><a href="{link}">To the page</a></p>
"""


@contextlib.contextmanager
def show_in_browser(out: Path, link: str) -> Iterator[None]:
    """Have the user's browser open a link, if there is one; within, the file is there."""
    path = state.own_folder(out) / FILE
    with contextlib.suppress(OSError):  # on a full disk the printed link is left
        replace(path, _PAGE.format(link=link).encode())
        # Beside the server: some browsers are waited for until they end.
        threading.Thread(target=_open, args=(path.as_uri(),), daemon=True).start()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _open(address: str) -> None:
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(address)
