"""Pictures for the page: faces cut out of their photos, and photos made smaller.

A picture is made from the content that it belongs to, wherever that lies; of a photo that has gone,
or is another one by now, there is none. Thumbnails are kept with those of index.html, in
facetrack's own part of the organised folder; photos are kept in memory alone, those shown last.
"""

import io
import threading
from collections import OrderedDict
from enum import IntEnum

from PIL import Image as Pillow

from facetrack.core.errors import UserError
from facetrack.extraction.picture import read_bytes, read_header
from facetrack.extraction.thumbnails import Face, draw_thumbnail, read_photo
from facetrack.extraction.xmp.regions import Frame
from facetrack.figures.encoding import encode_jpeg
from facetrack.organiser import state
from facetrack.organiser.album import Album
from facetrack.system.files import make_folder, replace

SIDE = 192  # pixels of a thumbnail, which the page shows at up to 180


class Side(IntEnum):
    """How long a photo's longest side may be, in pixels."""

    SMALL = 480  # in a grid, where it is 220 to 440 wide
    LARGE = 1600


_MOST_KEPT = 64 << 20  # bytes of photos, as JPEG: 1,500 small ones
# Each photo that is decoded takes its pixels' memory: two at once, whatever the browser asks for.
_DECODING = threading.Semaphore(2)
_keeping = threading.Lock()
_kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()  # the one shown last at the end


def draw_face(album: Album, id_: str) -> bytes | None:
    """A face's thumbnail as JPEG. Raises UserError for an id that is none."""
    row = album.find_face(id_)
    own = state.own_folder(album.out)
    path = state.large_thumbnail_path(own, album.photos.keys[row])
    try:
        return path.read_bytes()
    except OSError:
        pass
    content = album.photos.contents[row]
    with _DECODING:
        drawn = draw_thumbnail(
            Face(album.paths_of(content), content, album.photos.boxes[row]), SIDE
        )
    if drawn is None:
        return None
    made = encode_jpeg(drawn)
    make_folder(path.parent)
    replace(path, made)
    return made


def draw_photo(album: Album, id_: str, side: Side = Side.LARGE) -> bytes | None:
    """A photo as JPEG, upright, no longer than `side`. Raises UserError as `draw_face`."""
    content = album.find_photo(id_)
    with _keeping:
        if (content, side) in _kept:
            _kept.move_to_end((content, side))
            return _kept[content, side]
    data = read_photo(album.paths_of(content), content)
    if data is None:
        return None
    with _DECODING:
        try:
            small = Pillow.fromarray(read_bytes(data))
        except UserError:
            return None
        small.thumbnail((side, side), Pillow.Resampling.BILINEAR, reducing_gap=2)
        out = io.BytesIO()
        small.save(out, "JPEG", quality=85)
    drawn = out.getvalue()
    with _keeping:
        _kept[content, side] = drawn
        while sum(map(len, _kept.values())) > _MOST_KEPT:
            _kept.popitem(last=False)
    return drawn


def measure_photo(album: Album, id_: str) -> tuple[int, int] | None:
    """A photo's width and height, upright, from its header. Raises UserError as `draw_face`."""
    content = album.find_photo(id_)
    data = read_photo(album.paths_of(content), content)
    if data is None:
        return None
    with _DECODING:
        try:
            header = read_header(data)
            return Frame(header.width, header.height, header.orientation).upright
        except UserError:
            pass
        try:  # a damaged one may be mended
            height, width, _ = read_bytes(data).shape
        except UserError:
            return None
        return width, height
