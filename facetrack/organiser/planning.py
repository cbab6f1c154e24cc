"""What applying the answers would do to files, before it is done."""

from pathlib import Path

import numpy as np

from facetrack.organiser.album import Album
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.wishes import want_photos


def plan(album: Album) -> dict[str, list[str]]:
    """Paths below the folder that would be made ("copy"), moved ("move", where to) and removed.

    Photos that the organiser has not seen yet, and files that are not as it made them, come on top
    when it runs.
    """
    persons = np.maximum(album.persons, NOBODY)
    wanted = want_photos(album.photos, persons, album.names)
    have = {(file.folder, file.content): path for path, file in album.last.files.items()}
    needed = {(one.folder, one.content) for one in wanted}
    spare: dict[str, list[str]] = {}
    for (folder, content), path in have.items():
        if (folder, content) not in needed:
            spare.setdefault(content, []).append(path)
    plan: dict[str, list[str]] = {"copy": [], "move": [], "remove": []}
    for one in [] if album.last.mode == "none" else wanted:
        was = have.get((one.folder, one.content))
        if was is None and spare.get(one.content):
            was = spare[one.content].pop()
        name = Path(was).name if was else Path(album.name_photo(one.content)).name
        target = f"{one.name}/{name}"
        if was is None:
            plan["copy"].append(target)
        elif str(Path(was).parent) != one.name:
            plan["move"].append(target)
    plan["remove"] = [path for paths in spare.values() for path in paths]
    return {what: sorted(paths) for what, paths in plan.items()}
