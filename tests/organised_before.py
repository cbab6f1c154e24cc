"""Organised folders as earlier versions left them, of drawn portraits."""

import hashlib
import json
import os
import shutil
from pathlib import Path

_FIXTURES = Path(__file__).resolve().parent / "fixtures"


def unpack(name: str, photos: Path, out: Path) -> Path:
    """Make the folder `out` that a fixture has stored; returns it.

    photos: where the portraits are that it was made of: contents are named `{FILE}` in it, and
    sizes are those of today, as what is drawn need not be the same bytes everywhere.
    """
    names = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in photos.iterdir()}
    own = out / ".facetrack"
    own.mkdir(parents=True)
    for state in ("state.json", "previous.json"):
        text = (_FIXTURES / name / state).read_text()
        for photo, content in names.items():
            text = text.replace(f"{{{photo}}}", content)
        stored = json.loads(text)
        for path, file in stored["files"].items():
            file["size"] = (photos / Path(path).name).stat().st_size
        (own / state).write_text(json.dumps(stored))
    for path, file in json.loads((own / "state.json").read_text())["files"].items():
        (out / path).parent.mkdir(exist_ok=True)
        shutil.copy(photos / Path(path).name, out / path)
        os.utime(out / path, ns=(file["mtime_ns"], file["mtime_ns"]))
    shutil.copy(_FIXTURES / name / "people.yaml", out)
    return out
