"""Damaged and hostile pictures, weights, archives and YAML files: read or refused, never more.

Each kind is read by a process of its own, watched from outside: one that dies, hangs or raises
anything but a UserError is counted, and the next one goes on behind the culprit.

    python -m faults.mutations KIND FIRST LAST SEED FOLDER
"""

import io
import random
import resource
import shutil
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import PIL.Image

from facetrack.core import kinds
from facetrack.core.errors import UserError
from facetrack.embedder import keras2_weights
from facetrack.extraction import picture
from facetrack.system.archive import extract

_HANGS_SECONDS = 10
_MEMORY = 6 << 30  # bytes of address space; the largest picture allowed takes 2 GB while decoded
_SHAPES: dict[str, tuple[int, ...]] = {
    "Conv2d_1a_3x3/kernel": (3, 3, 3, 4),
    "Bottleneck/beta": (4,),
}
_PEOPLE = b"person-001:\n  name: Ann\n  merge: [2, 3]\nperson-004:\n  split: [[a.jpg], [b, c]]\n"
_TUNED = b"detector: haar\nembedder: dlib\nclusterer: dbscan\nsettings:\n  clusterer.eps: 0.3\n"


@dataclass
class Readings:
    """What came of reading some files. megabytes: the most memory at once."""

    what: str
    read: int = 0
    refused: int = 0
    crashes: int = 0
    hangs: int = 0
    outside: int = 0
    megabytes: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def files(self) -> int:
        """How many there were."""
        return self.read + self.refused + self.crashes + self.hangs


def campaign(what: str, n: int, seed: int, folder: Path) -> Readings:
    """Read n files of a kind."""
    found, first = Readings(what), 0
    while first < n:
        first = _watched(found, first, n, seed, folder)
    return found


def _watched(found: Readings, first: int, last: int, seed: int, folder: Path) -> int:
    """Read in a process until it ends or is ended; returns what to go on with."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "faults.mutations", found.what),
            *(str(first), str(last), str(seed), str(folder)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    at, heard = first, time.monotonic()
    done = False

    def watch() -> None:
        while not done and process.poll() is None:
            # The first file waits for imports.
            if time.monotonic() - heard > _HANGS_SECONDS + (30 if at == first else 0):
                process.kill()
            time.sleep(0.2)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    for line in process.stdout:
        number, said, *told = line.rstrip("\n").split("\t")
        if said == "memory":
            found.megabytes = max(found.megabytes, int(told[0]))
            continue
        at, heard = int(number) + 1, time.monotonic()
        if said == "read":
            found.read += 1
        elif said == "refused":
            found.refused += 1
        elif said == "outside":
            found.outside += 1
            found.refused += 1
            found.notes.append(line)
        else:
            found.crashes += 1
            found.notes.append(line)
    done = True
    process.wait()
    watcher.join()
    if process.returncode and at < last:
        hung = time.monotonic() - heard > _HANGS_SECONDS
        found.hangs += hung
        found.crashes += not hung
        found.notes.append(f"{found.what} {at}: ended by {process.returncode}")
        at += 1
    return at if at < last else last


def main() -> None:
    """Read files FIRST up to LAST, a line each."""
    what, first, last, seed, folder = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    make, read = _KINDS[what]
    sandbox = Path(folder) / what
    sandbox.mkdir(parents=True, exist_ok=True)
    for number in range(int(first), int(last)):
        rng = random.Random(f"{seed} {what} {number}")
        content = make(rng)
        try:
            said = "read" if read(content, sandbox) else "outside"
            told = ""
        except UserError as error:
            said, told = "refused", str(error)
            if "\n" in told:
                said = "several lines"
        except BaseException as error:
            said, told = "crash", f"{type(error).__name__}: {error}"
        print(number, said, " ".join(told.split())[:200], sep="\t", flush=True)
    # The kernel's figure since this program was started: getrusage counts the parent's, too.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    print(last, "memory", peak, sep="\t", flush=True)


def mutated(content: bytes, rng: random.Random) -> bytes:
    """A content with something wrong somewhere."""
    damaged = bytearray(content)
    kind = rng.randrange(6)
    at = rng.randrange(len(damaged))
    if kind == 0:
        for _ in range(rng.randint(1, 20)):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del damaged[at:]
    elif kind == 2:
        damaged[:16] = rng.randbytes(16)
    elif kind == 3:
        damaged[at : at + rng.randint(1, 64)] = bytes(rng.randint(0, 64))
    elif kind == 4:
        damaged[at:at] = damaged[rng.randrange(len(damaged)) :][:200]
    else:
        damaged[at : at + 4] = struct.pack(">I", rng.choice([0, 1, 2**31 - 1, 2**32 - 1]))
    return bytes(damaged)


def _picture(rng: random.Random) -> bytes:
    formats = ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", "GIF"]
    if ".avif" in kinds.SUFFIXES:
        formats.append("AVIF")
    if ".heic" in kinds.SUFFIXES:
        formats.append("HEIF")
    kind = rng.choice(formats)
    pixels = np.random.default_rng(0).integers(0, 255, (40, 30, 3), dtype=np.uint8)
    content = io.BytesIO()
    PIL.Image.fromarray(pixels).resize((90, 120)).save(content, kind)
    data = content.getvalue()
    if rng.random() < 0.1:  # sizes of many gigabytes
        width, height = rng.choice([(2**31 - 1, 2**31 - 1), (60000, 60000), (1, 2**31 - 1)])
        if kind == "PNG":
            return data[:16] + struct.pack(">II", width, height) + data[24:]
        if kind == "BMP":
            return data[:18] + struct.pack("<ii", width, height) + data[26:]
        if kind == "PPM":
            return f"P6 {width} {height} 255\n".encode() + data[-1000:]
    return mutated(data, rng)


def _read_picture(content: bytes, folder: Path) -> bool:
    del folder
    image = picture.read_bytes(content)
    assert image.ndim == 3
    assert image.shape[2] == 3
    return True


def _weights(rng: random.Random) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        layers = [name.split("/")[0] for name in _SHAPES]
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        for name, shape in _SHAPES.items():
            layer, tensor = name.split("/")
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}/{tensor}:0".encode()]
            group[f"{layer}/{tensor}:0"] = np.ones(shape, np.float32)
    return mutated(content.getvalue(), rng)


def _read_weights(content: bytes, folder: Path) -> bool:
    path = folder / "weights.h5"
    path.write_bytes(content)
    keras2_weights.read(path, _SHAPES)
    return True


def _archive(rng: random.Random) -> bytes:
    content = io.BytesIO()
    evil = rng.choice(
        ["../../evil", "/tmp/evil", "a/../../evil", "..\\evil", "ok/1.pgm", "ok/1.pgm"]
    )
    if rng.random() < 0.5:
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(evil, b"x" * 100)
            bomb = 30_000_000 if rng.random() < 0.3 else 100
            archive.writestr("ok/2.pgm", bytes(bomb))
    else:
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            info = tarfile.TarInfo(evil)
            info.type = rng.choice(
                [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE]
            )
            info.linkname = rng.choice(["/etc/passwd", "../../evil", "ok/2.pgm"])
            tar.addfile(info)
            second = tarfile.TarInfo("ok/2.pgm")
            second.size = 100
            tar.addfile(second, io.BytesIO(bytes(100)))
    data = content.getvalue()
    return data if rng.random() < 0.4 else mutated(data, rng)


def _read_archive(content: bytes, folder: Path) -> bool:
    """Whether everything written is in the one folder, and no link leads out of it."""
    folder = folder.resolve()
    inside = folder / "a" / "b"
    shutil.rmtree(folder / "a", ignore_errors=True)
    inside.mkdir(parents=True)
    archive = folder / "x.tgz"
    archive.write_bytes(content)
    try:
        extract(archive, inside / "into")
    finally:
        found = [
            path for path in folder.rglob("*") if path != archive and path.name != ".into.lock"
        ]
        into = inside / "into"
        outside = [
            path
            for path in found
            if not (path.resolve().is_relative_to(into) or into.is_relative_to(path))
        ]
    return not outside and not Path("/tmp/evil").exists()


def _yaml(rng: random.Random) -> bytes:
    odd = [
        b"[" * 20_000,
        b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (i, i) for i in range(500)),
        b"person-001: !!python/object/apply:os.system ['touch /tmp/evil']\n",
        b"person-001: {name: " + b"x" * 100_000 + b"}",
        b"? " * 5_000,
    ]
    if rng.random() < 0.2:
        return rng.choice(odd)
    return mutated(rng.choice([_PEOPLE, _TUNED]), rng)


def _read_yaml(content: bytes, folder: Path) -> bool:
    # Their packages take seconds to import, which the other kinds need not wait for.
    from facetrack.cli.tuned import replace_tuned
    from facetrack.organiser import people_file

    path = folder / "file.yaml"
    path.write_bytes(content)
    refusals = []
    for read in (lambda: people_file.read(path), lambda: replace_tuned([f"tuned={path}"])):
        try:
            read()
        except UserError as error:
            refusals.append(error)
    if len(refusals) == 2:
        raise refusals[0]
    return not Path("/tmp/evil").exists()


_KINDS: dict[str, tuple[Callable[[random.Random], bytes], Callable[[bytes, Path], bool]]] = {
    "pictures": (_picture, _read_picture),
    "weights": (_weights, _read_weights),
    "archives": (_archive, _read_archive),
    "yaml": (_yaml, _read_yaml),
}
NUMBERS = {"pictures": 1000, "weights": 200, "archives": 200, "yaml": 200}


if __name__ == "__main__":
    main()
