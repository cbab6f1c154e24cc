"""Pictures for the page: faces cut out of their photos, and photos made smaller.

A picture is made from the content that it belongs to, wherever that lies; of a photo that has gone,
or is another one by now, there is none. Thumbnails are kept with those of index.html, in
facetrack's own part of the organised folder; photos are not kept.
"""

import contextlib
import io
import threading

from PIL import Image as Pillow

from facetrack.core.errors import UserError
from facetrack.extraction.picture import read_bytes
from facetrack.extraction.thumbnails import Face, draw_thumbnail, read_photo
from facetrack.figures.encoding import encode_jpeg
from facetrack.organiser import state
from facetrack.organiser.album import Album
from facetrack.system.files import make_folder, replace

SIDE = 192  # pixels of a thumbnail, which the page shows at up to 180
LONGEST = 1600  # pixels of a photo's longest side

# Photos that were looked at last: the page asks for a photo's size and then for the photo.
_MOST_KEPT = 8
# Each photo that is decoded takes its pixels' memory: two at once, whatever the browser asks for.
_DECODING = threading.Semaphore(2)
_kept: dict[str, tuple[bytes, tuple[int, int]]] = {}


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


def draw_photo(album: Album, id_: str) -> tuple[bytes, tuple[int, int]] | None:
    """A photo as JPEG, upright, and its own width and height. Raises UserError as `draw_face`."""
    content = album.find_photo(id_)
    if content in _kept:
        return _kept[content]
    data = read_photo(album.paths_of(content), content)
    if data is None:
        return None
    with _DECODING:
        try:
            image = read_bytes(data)
        except UserError:
            return None
        height, width = image.shape[:2]
        small = Pillow.fromarray(image)
        small.thumbnail((LONGEST, LONGEST), Pillow.Resampling.BILINEAR, reducing_gap=2)
        out = io.BytesIO()
        small.save(out, "JPEG", quality=85)
    _kept[content] = drawn = out.getvalue(), (width, height)
    while len(_kept) > _MOST_KEPT:
        with contextlib.suppress(KeyError, StopIteration):  # another thread was faster
            del _kept[next(iter(_kept))]
    return drawn
