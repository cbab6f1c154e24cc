"""Files written whole, and what killed processes leave of them."""

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from facetrack.system.files import create, make_folder, replace, sweep


def _killed_while_writing(folder: Path) -> Path:
    """What is left where a process is killed before its file is in place."""
    code = (
        "import os, pathlib, signal, sys\n"
        "from facetrack.system.files import replace\n"
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "replace(pathlib.Path(sys.argv[1]) / 'index.html', b'faces')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True)
    assert done.returncode == -9, done.stderr
    (left,) = folder.iterdir()
    return left


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    left = _killed_while_writing(tmp_path)
    assert left.read_bytes() == b"faces"
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_a_process_still_writes_is_not_swept(tmp_path: Path) -> None:
    left = _killed_while_writing(tmp_path)
    with left.open("rb") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        assert sweep(tmp_path) == 0
        assert left.exists()
        assert sweep(tmp_path, alone=True) == 1


def test_a_file_that_was_swept_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.flock
    swept: list[Path] = []

    def late(opened: object, how: int) -> None:
        if not swept:
            (part,) = tmp_path.iterdir()
            swept.append(part)
            part.unlink()
        real(opened, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", late)
    replace(tmp_path / "a", b"a")
    assert swept
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"a"


def test_only_what_facetrack_names_so_is_swept(tmp_path: Path) -> None:
    earlier = tmp_path / "tmp1a_b2c3d.part"  # what the versions before left
    mine = [tmp_path / name for name in ("movie.part", "tmpx.part", ".facetrack-x", "tmpaaaaaaaa")]
    open_to_all = tmp_path / "tmp2a_b2c3d.part"
    for path in (earlier, *mine, open_to_all):
        path.write_bytes(b"x")
        path.chmod(0o600)
    open_to_all.chmod(0o644)
    os.utime(open_to_all, (1e9, 1e9))
    (tmp_path / ".facetrack-link.part").symlink_to(mine[0])
    (tmp_path / ".facetrack-folder.part").mkdir(0o700)
    assert sweep(tmp_path) == 0
    os.utime(earlier, (1e9, 1e9))
    assert sweep(tmp_path) == 1
    assert not earlier.exists()
    assert len(list(tmp_path.iterdir())) == 7
    earlier.touch(0o600)
    assert sweep(tmp_path, alone=True) == 1
    assert sweep(tmp_path / "nowhere") == 0


def test_what_was_about_to_take_the_place_of_a_file_of_another_mode_is_swept(
    tmp_path: Path,
) -> None:
    part = tmp_path / ".facetrack-abc.part"
    part.write_bytes(b"x")
    part.chmod(0o644)
    assert sweep(tmp_path) == 1
    assert not part.exists()


def test_a_new_file_takes_nobodys_place(tmp_path: Path) -> None:
    create(tmp_path / "a", b"a", 0o640)
    with pytest.raises(FileExistsError):
        create(tmp_path / "a", b"b")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"a"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_folders_are_their_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        make_folder(tmp_path / "a/b/c")
        make_folder(tmp_path / "a/b/c")
    finally:
        os.umask(before)
    for path in ("a", "a/b", "a/b/c"):
        assert stat.S_IMODE((tmp_path / path).stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file/below")
