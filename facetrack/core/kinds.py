"""Which files are taken for pictures."""

from importlib.util import find_spec

HEIC = find_spec("pillow_heif") is not None
"""Whether the extra facetrack[heic] is installed."""

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".mpo", ".png", ".webp", ".bmp", ".dib"}
    | {".tif", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm", ".pfm"}
    | ({".heic", ".heif", ".hif"} if HEIC else set())
)
"""The ends of their names, in lower case."""
