"""Knowing a face again whose photo, box or embedder is not what it was.

The state calls a face by its photo's content and its box. Metadata that is written into a photo, an
edit, another detector or another embedder change those, and the face must keep its person, its name
and what the user has said of it. In this order, each face at most once:

1. the same content: the boxes overlap (another detector, `upsample`);
2. the same pixels as a photo that is gone (a rating, a caption): the boxes overlap;
3. the same path as a photo that is gone (an edit): the nearest old vectors, within a radius;
4. any photo that is gone (renamed and edited, a smaller copy): the nearest old vector, within half
   a radius.

Ways 3 and 4 need the old vectors, which are in the store if the embedder is the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.core.overlaps import match_boxes, pair_once
from facetrack.organiser.state import Photo

# A smaller, recompressed copy of a photo is a third of the radius away (LFW with dlib: 0.10).
_COPY = 0.5
# Two 8 x 8 thumbnails (of 0 to 255) of a photo and of an edit of it differ by less on the average.
_SIMILAR = 20.0
_PIXELS = 16  # bytes of a look: a digest of the pixels; the thumbnail follows
_BLOCK = 2**24  # distances at once: 64 MB


@dataclass(frozen=True)
class Seen:
    """Faces and photos as a run sees them, or as the state remembers them.

    keys: what each face is called, "content:x,y,w,h". names: of each photo, by content. looks: 80
    bytes of each photo (see `store.Store.looks`), where known. vectors: by key, unit (d,) float32,
    where known.
    """

    keys: Sequence[str]
    names: Mapping[str, Sequence[str]]
    looks: Mapping[str, bytes]
    vectors: Mapping[str, NDArray[np.float32]]


def content_of(key: str) -> str:
    """The content of the photo that a face is on."""
    return key.partition(":")[0]


def box_of(key: str) -> NDArray[np.int64]:
    """A face's box: x, y, width, height."""
    return np.array(key.partition(":")[2].split(","), dtype=np.int64)


def recall(
    keys: Iterable[str],
    photos: Mapping[str, Photo],
    vectors: Mapping[str, NDArray[np.float32]],
) -> Seen:
    """What a state knows, as `Seen`. vectors: of its faces, where the store has them."""
    keys = list(keys)
    return Seen(
        keys,
        # The version before kept no photos: of those it is known that they were there.
        {content_of(key): [] for key in keys}
        | {content: photo.names for content, photo in photos.items()},
        {content: bytes.fromhex(photo.look) for content, photo in photos.items() if photo.look},
        vectors,
    )


def recognise(now: Seen, before: Seen, radius: float) -> dict[str, str]:
    """For each face that the state calls otherwise, what it calls it: new key to old key.

    now: `names` has all photos there are, `before` what the last run knew. radius: within which
    two faces are usually one person. Faces that are called the same are not in the result.
    """
    same = set(now.keys) & set(before.keys)
    found: dict[str, str] = {}
    free_old = _by_content(key for key in before.keys if key not in same)
    free_new = _by_content(key for key in now.keys if key not in same)

    def take(pairs: Iterable[tuple[str, str]]) -> None:
        for new, old in pairs:
            found[new] = old
            free_new[content_of(new)].remove(new)
            free_old[content_of(old)].remove(old)

    for content in free_new.keys() & free_old.keys():
        take(_overlapping(free_new[content], free_old[content]))
    for new, old in find_replaced(now, before):
        if _same_pixels(now, before, new, old):
            take(_overlapping(free_new[new], free_old[old]))
        take(_nearest(free_new[new], free_old[old], now.vectors, before.vectors, radius))
    new_keys = [key for keys in free_new.values() for key in keys]
    old_keys = [
        key for content, keys in free_old.items() if content not in now.names for key in keys
    ]
    # A photo that was there before has not become another one's edit.
    new_keys = [key for key in new_keys if content_of(key) not in before.names]
    take(_nearest(new_keys, old_keys, now.vectors, before.vectors, _COPY * radius))
    return found


def find_replaced(now: Seen, before: Seen) -> Iterator[tuple[str, str]]:
    """Photos that may have taken the place of others: (content, old content that is gone).

    Under the same path, or of the same pixels wherever they are.
    """
    gone = [content for content in before.names if content not in now.names]
    by_name = {name: content for content in gone for name in before.names[content]}
    by_pixels = {
        before.looks[content][:_PIXELS]: content for content in gone if content in before.looks
    }
    for content, names in now.names.items():
        if content in before.names:
            continue
        pixels = now.looks.get(content, b"")[:_PIXELS]
        olds = [*(by_name.get(name) for name in names), by_pixels.get(pixels)]
        yield from ((content, old) for old in dict.fromkeys(olds) if old is not None)


def find_superseded(now: Seen, before: Seen, found: Mapping[str, str]) -> dict[str, str]:
    """Old contents of photos that were edited, each with the content that took its place.

    That is certain where a face was known again, or the photo looks nearly the same. Another photo
    that merely got the name of one that is gone does not take its place.

    found: of `recognise`.
    """
    carried = {(content_of(new), content_of(old)) for new, old in found.items()}
    return {
        old: new
        for new, old in find_replaced(now, before)
        if (new, old) in carried
        or _same_pixels(now, before, new, old)
        or _looks_alike(now.looks.get(new), before.looks.get(old))
    }


def _by_content(keys: Iterable[str]) -> defaultdict[str, list[str]]:
    found = defaultdict(list)
    for key in keys:
        found[content_of(key)].append(key)
    return found


def _same_pixels(now: Seen, before: Seen, new: str, old: str) -> bool:
    looks = now.looks.get(new), before.looks.get(old)
    return None not in looks and looks[0] == looks[1]


def _looks_alike(look: bytes | None, other: bytes | None) -> bool:
    """Whether two photos look nearly the same, turned or not."""
    if look is None or other is None:
        return False
    tiny, before = (
        np.frombuffer(one[_PIXELS:], dtype=np.uint8).astype(np.float64).reshape(8, 8)
        for one in (look, other)
    )
    return any(np.abs(np.rot90(tiny, turn) - before).mean() < _SIMILAR for turn in range(4))


def _overlapping(new: Sequence[str], old: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of faces whose boxes overlap, the most alike first, each face once."""
    pairs = match_boxes([box_of(one) for one in new], [box_of(one) for one in old])
    return [(new[row], old[column]) for row, column in pairs]


def _nearest(
    new: Sequence[str],
    old: Sequence[str],
    new_vectors: Mapping[str, NDArray[np.float32]],
    old_vectors: Mapping[str, NDArray[np.float32]],
    radius: float,
) -> list[tuple[str, str]]:
    """Pairs of faces within a radius, the closest first, each face once."""
    new = [key for key in new if key in new_vectors]
    old = [key for key in old if key in old_vectors]
    if not new or not old:
        return []
    others: Vectors = np.stack([old_vectors[key] for key in old])
    rows, columns, distances = [], [], []
    step = max(1, _BLOCK // len(old))
    for start in range(0, len(new), step):
        some = np.stack([new_vectors[key] for key in new[start : start + step]])
        squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * some @ others.T
        at = np.nonzero(squares <= radius**2)
        rows.append(at[0] + start)
        columns.append(at[1])
        distances.append(squares[at])
    pairs = pair_once(*(np.concatenate(one) for one in (rows, columns, distances)))
    return [(new[row], old[column]) for row, column in pairs]
