"""What the user should know of the work on the folders, counted."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from facetrack.core.texts import write_count


@dataclass
class Notes:
    """What the user should know, counted.

    failed: by content, the photo's name and why it is not in its folder. changed: files that are
    not as facetrack made them. plain: `Made.plain`.
    """

    failed: dict[str, tuple[str, str]] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    plain: bool = False

    def fail(self, content: str, name: str, why: str) -> None:
        """Note that a photo is not in a folder that it should be in."""
        self.failed.setdefault(content, (name, why))

    def remarks(self, files: Collection[str], renamed: int) -> list[str]:
        """A line per kind. files: what is facetrack's now. renamed: `Folders.renamed`."""
        lines = []
        reasons = Counter(why for _, why in self.failed.values())
        for why, count in reasons.most_common():
            name = next(name for name, reason in self.failed.values() if reason == why)
            more = f" and {write_count(count - 1, 'more photo')}" if count > 1 else ""
            lines.append(f"{name}{more}: {why}")
        # What a run that was killed has put in the place of an old copy is as it should be.
        changed = list(dict.fromkeys(path for path in self.changed if path not in files))
        if len(changed) == 1:
            lines.append(f"{changed[0]} was changed since, and is left as it is")
        elif changed:
            lines.append(
                f"{changed[0]} and {write_count(len(changed) - 1, 'more file')} were changed "
                "since, and are left as they are"
            )
        if renamed:
            lines.append(
                write_count(
                    renamed,
                    "name of a file or folder is refused by this disk, and was changed",
                    "names of files or folders are refused by this disk, and were changed",
                )
            )
        if self.plain:
            lines.append("this disk refuses modes or times of files: copies have others")
        return lines
