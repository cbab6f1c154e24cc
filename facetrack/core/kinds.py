"""Which files are taken for pictures."""

from importlib.util import find_spec

AVIF = find_spec("PIL._avif") is not None
"""Whether this Pillow reads AVIF; it does from 11.3 on where its wheel fits the system."""

HEIC = find_spec("pillow_heif") is not None
"""Whether the extra facetrack[heic] is installed."""

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".mpo", ".png", ".webp", ".bmp", ".dib"}
    | {".tif", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm", ".pfm", ".gif"}
    | ({".avif", ".avifs"} if AVIF else set())
    | ({".heic", ".heif", ".hif"} if HEIC else set())
)
"""The ends of their names, in lower case."""
