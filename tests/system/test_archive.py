import gzip
import io
import os
import random
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from facetrack.core.errors import UserError
from facetrack.system.archive import extract, unpack

FILES = {"faces/ana/1.pgm": b"one", "faces/ana/2.pgm": b"two" * 5000, "faces/zoë/1.pgm": b""}


def tar_member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in fields.items():
        setattr(member, key, value)
    return member, content


def write_tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "gz") -> Path:
    with tarfile.open(path, f"w:{mode}") as tar:  # type: ignore[call-overload]
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return path


def write_zip(path: Path, files: dict[str, bytes], kind: int = stat.S_IFREG) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (kind | 0o644) << 16
            opened.writestr(member, content)
    return path


def write(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        return write_zip(path, files)
    members = [tar_member(name, content) for name, content in files.items()]
    return write_tar(path, *members, mode="" if path.suffix == ".tar" else "gz")


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Deep enough that members that climb up arrive in the test's own folder."""
    return tmp_path / "a" / "b" / "into"


def refuse(archive: Path, into: Path, match: str) -> None:
    """Extraction fails with one line, and leaves nothing but its lock."""
    before = content(archive.parent)
    with pytest.raises(UserError, match=match) as error:
        extract(archive, into)
    assert "\n" not in str(error.value)
    assert archive.name in str(error.value)
    lock = into.with_name(f".{into.name}.lock")
    lock.unlink(missing_ok=True)
    assert content(archive.parent) == before
    assert not any(into.parent.iterdir())


@pytest.mark.parametrize("name", ["x.tgz", "x.tar.gz", "x.tar", "x.zip"])
def test_an_archive_is_unpacked(tmp_path: Path, into: Path, name: str) -> None:
    extract(write(tmp_path / name, FILES), into)
    assert content(into) == FILES


def test_the_name_of_the_archive_does_not_matter(tmp_path: Path, into: Path) -> None:
    extract(write(tmp_path / "x.zip", FILES).rename(tmp_path / "x.tgz"), into)
    assert content(into) == FILES


@pytest.mark.parametrize("suffix", ["tgz", "tar", "zip"])
@pytest.mark.parametrize(
    "name",
    ["../evil", "faces/../../../evil", "/tmp/facetrack-evil", "..\\evil", "C:\\evil", "a/.."],
)
def test_a_path_to_outside_is_refused(tmp_path: Path, into: Path, suffix: str, name: str) -> None:
    archive = write(tmp_path / f"x.{suffix}", {**FILES, name: b"evil"})
    refuse(archive, into, "x.* is not unpacked: its member .* leads outside")
    assert not Path("/tmp/facetrack-evil").exists()


@pytest.mark.parametrize(
    "target", ["/etc", "..", "../../evil", "ana/../../../evil", "C:\\", "\\evil"]
)
def test_a_symbolic_link_to_outside_is_refused(tmp_path: Path, into: Path, target: str) -> None:
    link = tar_member("faces/link" if target != ".." else "link", type=tarfile.SYMTYPE)
    link[0].linkname = target
    refuse(write_tar(tmp_path / "x.tgz", link), into, "'(faces/)?link' links to outside")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret"])
def test_a_hard_link_to_outside_is_refused(tmp_path: Path, into: Path, target: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "secret").write_text("private")
    link = tar_member("link", type=tarfile.LNKTYPE, linkname=target)
    refuse(write_tar(tmp_path / "x.tgz", link), into, "'link' leads outside")


def test_a_file_through_a_link_is_refused(tmp_path: Path, into: Path) -> None:
    # Lexically d/e/back/../evil is d/e/evil, but "back" leads up to the top first.
    archive = write_tar(
        tmp_path / "x.tgz",
        tar_member("d/e/back", type=tarfile.SYMTYPE, linkname="../.."),
        tar_member("out", type=tarfile.SYMTYPE, linkname="d/e/back/../evil"),
    )
    refuse(archive, into, "'out' links to outside")
    archive = write_tar(
        tmp_path / "y.tgz",
        tar_member("d/back", type=tarfile.SYMTYPE, linkname="e"),
        tar_member("D/BACK/evil", b"evil"),
    )
    refuse(archive, into, "'D/BACK/evil' goes through a link")


def test_links_inside_are_kept(tmp_path: Path, into: Path) -> None:
    archive = write_tar(
        tmp_path / "x.tgz",
        tar_member("all/1.pgm", b"one"),
        tar_member("ana/1.pgm", type=tarfile.SYMTYPE, linkname="../all/1.pgm"),
        tar_member("bob/1.pgm", type=tarfile.LNKTYPE, linkname="all/1.pgm"),
    )
    extract(archive, into)
    assert content(into) == {"all/1.pgm": b"one", "ana/1.pgm": b"one", "bob/1.pgm": b"one"}


@pytest.mark.parametrize("target", ["none", "link"])
def test_a_hard_link_to_nothing_is_refused(tmp_path: Path, into: Path, target: str) -> None:
    link = tar_member("link", type=tarfile.LNKTYPE, linkname=target)
    refuse(write_tar(tmp_path / "x.tgz", link), into, "damaged or not an archive")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_is_refused(tmp_path: Path, into: Path, kind: bytes) -> None:
    archive = write_tar(tmp_path / "x.tgz", tar_member("faces/dev", type=kind))
    refuse(archive, into, "'faces/dev' is a device")


def test_a_link_in_a_zip_is_refused(tmp_path: Path, into: Path) -> None:
    archive = write_zip(tmp_path / "x.zip", {"link": b"/etc/passwd"}, stat.S_IFLNK)
    refuse(archive, into, "'link' is a link or a device")


@pytest.mark.parametrize("name", ["x.tgz", "x.tar", "x.zip"])
@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(tmp_path: Path, into: Path, name: str, kept: float) -> None:
    noise = random.Random(0).randbytes(100_000)
    archive = write(tmp_path / name, FILES | {"noise": noise})
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * kept)])
    if (name, kept) == ("x.tar", 0.999):
        # All files are there, and two empty blocks behind them: only padding is missing.
        extract(archive, into)
        assert content(into) == FILES | {"noise": noise}
    else:
        refuse(archive, into, "damaged or not an archive")


def test_a_tar_cut_off_between_two_members_is_refused(tmp_path: Path, into: Path) -> None:
    archive = write(tmp_path / "x.tar", FILES)
    with tarfile.open(archive) as tar:
        boundary = tar.getmembers()[1].offset
    archive.write_bytes(archive.read_bytes()[:boundary])
    refuse(archive, into, "does not end as it should")


def test_a_tar_with_a_damaged_header_is_refused(tmp_path: Path, into: Path) -> None:
    archive = write(tmp_path / "x.tar", FILES)
    with tarfile.open(archive) as tar:
        header = tar.getmembers()[1].offset
    damaged = bytearray(archive.read_bytes())
    damaged[header + 5] ^= 255
    archive.write_bytes(damaged)
    refuse(archive, into, "does not end as it should")


@pytest.mark.parametrize("name", ["x.tgz", "x.zip"])
def test_a_flipped_bit_is_noticed(tmp_path: Path, into: Path, name: str) -> None:
    noise = random.Random(0).randbytes(10_000)  # stored as it is, so a flip still decompresses
    archive = write(tmp_path / name, {"noise": noise})
    damaged = bytearray(archive.read_bytes())
    damaged[5000] ^= 1
    archive.write_bytes(damaged)
    refuse(archive, into, "damaged or not an archive")


def test_text_is_no_archive(tmp_path: Path, into: Path) -> None:
    archive = tmp_path / "x.tgz"
    archive.write_text("<html>Not found</html>" * 100)
    refuse(archive, into, "expected a whole .tgz")


def test_a_bomb_is_refused_unopened(tmp_path: Path, into: Path) -> None:
    # 1.5 GB of zeros, as a header alone: gzip would make it 1.5 MB.
    member = tarfile.TarInfo("bomb")
    member.size = 3 << 29
    archive = tmp_path / "x.tgz"
    archive.write_bytes(gzip.compress(member.tobuf()))
    refuse(archive, into, "holds more than 1000000 files or 1024 MB")


def test_a_zip_bomb_is_refused(tmp_path: Path, into: Path) -> None:
    archive = write_zip(tmp_path / "x.zip", {"bomb": b"0"})
    data = bytearray(archive.read_bytes())
    at = data.index(b"PK\1\2") + 24  # the size in the directory
    data[at : at + 4] = (3 << 30).to_bytes(4, "little")
    archive.write_bytes(data)
    refuse(archive, into, "holds more than")


def test_a_huge_header_is_refused_without_reading_it(tmp_path: Path, into: Path) -> None:
    header = tarfile.TarInfo("long name")
    header.type = tarfile.GNUTYPE_LONGNAME
    header.size = 1 << 30
    archive = tmp_path / "x.tar"
    with archive.open("wb") as opened:
        opened.write(header.tobuf(tarfile.GNU_FORMAT))
        opened.truncate(2 << 30)  # a hole: takes no room on the disk
    with pytest.raises(UserError, match="a header of 1073741824 bytes"):
        extract(archive, into)


def test_more_than_the_disk_has_is_refused(
    tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "x.tar"
    member = tarfile.TarInfo("big")
    member.size = 6 << 20
    with archive.open("wb") as opened:
        opened.write(member.tobuf())
        opened.truncate(member.size + (64 << 10))  # a hole: takes no room on the disk
    # A disk that is nearly full cannot be had in a test.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 << 20))
    with pytest.raises(UserError, match=r"needs 6 MB, .* has 5 MB"):
        extract(archive, into)
    assert not into.exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, into: Path) -> None:
    into.mkdir(parents=True)
    (into / "mine").touch()
    extract(write(tmp_path / "x.tgz", FILES), into)
    assert content(into) == {"mine": b""}


def test_what_a_killed_process_left_is_replaced(tmp_path: Path, into: Path) -> None:
    left = into.with_name(f".{into.name}.part")
    left.mkdir(parents=True)
    (left / "half").touch()
    extract(write(tmp_path / "x.tgz", FILES), into)
    assert content(into) == FILES
    assert not left.exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be unpacked into .*FACETRACK_HOME"):
        extract(write(tmp_path / "x.tgz", FILES), tmp_path / "file" / "into")


def test_two_processes_at_once(tmp_path: Path, into: Path) -> None:
    files = {f"ana/{number}.pgm": b"x" * number for number in range(1000)}
    archive = write(tmp_path / "x.tgz", files)
    code = "import sys; from pathlib import Path; from facetrack.system.archive import extract; "
    code += "extract(*map(Path, sys.argv[1:]))"
    command = [sys.executable, "-c", code, str(archive), str(into)]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert content(into) == files


def test_unpacked_once_per_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(tmp_path / "home"))
    archive = write(tmp_path / "x.tgz", FILES)
    folder = unpack(archive, "../lfw")
    assert folder.parent == tmp_path / "home" / "datasets"
    assert len(folder.name) == len("___lfw-") + 16
    assert content(folder) == FILES
    (folder / "faces/ana/1.pgm").unlink()
    assert unpack(archive.rename(tmp_path / "moved.tgz"), "../lfw") == folder
    assert not (folder / "faces/ana/1.pgm").exists()
    assert unpack(write(tmp_path / "y.tgz", {"other": b""}), "../lfw") != folder


@pytest.mark.parametrize("name", ["none.tgz", "."])
def test_no_archive_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"cannot be read \(.*\): give the path of a .tgz"):
        unpack(tmp_path / name, "lfw")


@pytest.mark.parametrize("name", ["faces.tgz", "faces.zip"])
def test_what_was_unpacked_is_its_owners_alone(tmp_path: Path, into: Path, name: str) -> None:
    before = os.umask(0o022)
    try:
        extract(write(tmp_path / name, FILES), into)
    finally:
        os.umask(before)
    for path in into.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
