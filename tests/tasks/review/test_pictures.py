"""Photos in the sizes that the page shows them in."""

import io

import pytest
from PIL import Image as Pillow
from reviewed import Served

from facetrack.organiser.album import Album
from facetrack.tasks.review import pictures
from facetrack.tasks.review.pictures import Side


@pytest.fixture
def photo(served: Served) -> str:
    number = served.get("/api/people")[0]["number"]
    id_: str = served.get(f"/api/people/{number}")["faces"][0]["photo"]
    return id_


def _size(served: Served, address: str) -> tuple[int, int]:
    reply = served.session.get(f"{served.address}{address}", timeout=60)
    assert reply.status_code == 200
    return Pillow.open(io.BytesIO(reply.content)).size


def test_a_photo_is_as_large_as_it_is_shown(served: Served, photo: str) -> None:
    album = served.review.album
    (path, *_) = album.paths_of(album.find_photo(photo))
    with Pillow.open(path) as original:
        size = original.size
    told = served.get(f"/api/photos/{photo}")
    assert (told["width"], told["height"]) == size
    assert _size(served, f"/photo/{photo}.jpg") == size  # drawn portraits are small
    assert _size(served, f"/photo/{photo}.jpg?side=1600") == size
    assert max(_size(served, f"/photo/{photo}.jpg?side=480")) == min(480, max(size))


@pytest.mark.parametrize("side", ["0", "479", "100000", "-480", "x", ""])
def test_other_sizes_are_not_made(served: Served, photo: str, side: str) -> None:
    reply = served.session.get(f"{served.address}/photo/{photo}.jpg?side={side}", timeout=60)
    assert reply.status_code == 422


def test_those_shown_last_are_kept_as_far_as_there_is_room(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    album: Album = served.review.album
    pictures._kept.clear()
    first, *others = sorted(album.photo_ids)[:4]
    drawn = pictures.draw_photo(album, first, Side.SMALL)
    assert drawn is not None
    assert pictures.draw_photo(album, first, Side.SMALL) is drawn
    monkeypatch.setattr(pictures, "_MOST_KEPT", 3 * len(drawn) // 2)
    for other in others:
        pictures.draw_photo(album, other, Side.SMALL)
        assert len(pictures._kept) <= 2
    assert (album.find_photo(first), Side.SMALL) not in pictures._kept


def test_a_photos_size_is_read_without_its_pixels(
    served: Served, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = pictures.measure_photo(served.review.album, photo)

    def read_bytes(data: bytes) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(pictures, "read_bytes", read_bytes)
    assert size is not None
    assert pictures.measure_photo(served.review.album, photo) == size
