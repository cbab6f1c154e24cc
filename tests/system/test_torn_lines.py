"""Files of lines whose last one was torn."""

from pathlib import Path

import pytest

from facetrack.system.torn_lines import cut_torn, is_torn


@pytest.mark.parametrize(
    ("content", "torn"),
    [(b"", b""), (b"a\n", b""), (b"a\nb\n", b""), (b"a\nbc", b"bc"), (b"abc", b"abc")],
)
def test_what_follows_the_last_whole_line_is_cut_off(
    tmp_path: Path, content: bytes, torn: bytes
) -> None:
    path, aside = tmp_path / "lines", tmp_path / "aside"
    path.write_bytes(content)
    with path.open("r+b") as opened:
        assert is_torn(opened) == bool(torn)
        if torn:
            assert cut_torn(opened, aside) == len(torn)
    assert path.read_bytes() == content.removesuffix(torn)
    assert (aside.read_bytes() if torn else b"\n") == torn + b"\n"
    with path.open("r+b") as opened:
        assert not is_torn(opened)


def test_it_is_appended_aside_or_gone(tmp_path: Path) -> None:
    path, aside = tmp_path / "lines", tmp_path / "aside"
    for torn in (b"one", b"two"):
        path.write_bytes(b"whole\n" + torn)
        with path.open("a+b") as opened:
            cut_torn(opened, aside)
            opened.write(b"next\n")
        assert path.read_bytes() == b"whole\nnext\n"
    assert aside.read_bytes() == b"one\ntwo\n"
    path.write_bytes(b"whole\ntorn")
    with path.open("a+b") as opened:
        assert cut_torn(opened) == 4
    assert path.read_bytes() == b"whole\n"
