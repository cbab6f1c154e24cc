"""Whether a process that cannot say so has ended."""

import os
import subprocess
import sys

from facetrack.system.processes import alive, is_gone, mine


def test_this_process_is_not_gone() -> None:
    assert alive(os.getpid())
    assert not is_gone(mine())


def test_an_ended_one_is_gone_and_so_is_one_of_an_earlier_boot() -> None:
    code = "from facetrack.system.processes import mine; print(mine())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ended = told.stdout.strip()
    assert is_gone(ended)
    host, boot, number, started = mine().split(" ")
    assert is_gone(" ".join((host, "another-boot", number, started)))
    # A number that was given again.
    assert is_gone(" ".join((host, boot, number, "1")))


def test_nobody_can_tell_of_other_machines_or_of_nonsense() -> None:
    _, boot, _, started = mine().split(" ")
    for text in (f"elsewhere {boot} 999999 {started}", "", "x", f"{os.uname().nodename} a b c"):
        assert not is_gone(text)
