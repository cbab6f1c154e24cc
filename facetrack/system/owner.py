"""Whose files are: what facetrack makes in a folder belongs to whom the folder belongs to."""

import os
import pwd
import stat
import tempfile
from pathlib import Path


def name(user: int) -> str:
    """What a user is called, by the number."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def may_make_files_in(folder: Path) -> bool:
    """Whether what this user makes in a folder would be the folder's owner's.

    Root may give files away, and some disks have one owner for everything: nothing tells that, so
    a file without a name is made to see.
    """
    try:
        owner = folder.stat().st_uid
        if owner == os.geteuid():
            return True
        with tempfile.TemporaryFile(dir=folder) as made:
            if os.geteuid() == 0:
                os.fchown(made.fileno(), owner, -1)
            return os.fstat(made.fileno()).st_uid == owner
    except OSError:
        return False


def hand_over(path: Path) -> None:
    """Give a file or folder that root has made in somebody's folder to the folder's owner.

    Nothing but what is root's and has one name: the owner could have put something else there.
    """
    if os.geteuid() != 0:
        return
    of = path.parent.stat()
    if of.st_uid == 0:
        return
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        made = os.fstat(opened)
        one_name = stat.S_ISDIR(made.st_mode) or made.st_nlink == 1
        if made.st_uid == 0 and one_name:
            os.fchown(opened, of.st_uid, of.st_gid)
    finally:
        os.close(opened)
