"""Who is told of work that takes a while."""

import pytest

from facetrack.core.progress import QUIET, Progress
from facetrack.system.progress import TERMINAL


@pytest.mark.parametrize(("somebody", "told"), [(QUIET, ""), (TERMINAL, "half-way\n")])
def test_items_pass_and_only_the_terminal_is_told(
    somebody: Progress, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(somebody.bar(iter("abc"), total=3, description="Letters", unit="letter")) == [
        "a",
        "b",
        "c",
    ]
    somebody.say("half-way")
    captured = capsys.readouterr()
    assert captured.out == told
    assert "Letters" not in captured.err  # it is done before anybody would wait for it
