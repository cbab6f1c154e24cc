"""An organised folder as it is remembered, with what the user has said since: who is on what.

Nothing is looked for on the photos and nothing clustered: faces and persons are those of the last
run, vectors those of the store, and people.yaml says what is different by now. Answers change the
album at once; folders follow when they are applied, by a run of the organiser.
"""

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Picture
from facetrack.core.likelihood import Odds, are_unit
from facetrack.extraction import quality
from facetrack.extraction.store import Store
from facetrack.organiser import corrections, state
from facetrack.organiser.given import find_given
from facetrack.organiser.grouping import NOBODY, Numbers, find_doubtful
from facetrack.organiser.ids import name_id
from facetrack.organiser.named_faces import PhotoNames
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos, Stages, load_stored
from facetrack.organiser.recognition import box_of, content_of
from facetrack.organiser.references import refer_to
from facetrack.organiser.state import State
from facetrack.system.home import find_home

NO_PERSON = -1  # what the user has called no person: a statue, a poster


@dataclass
class Album:
    """Who is on the photos of an organised folder.

    photos: all remembered faces; of photos that are not there any more, too. known: (n,) whether a
    face's vector is. said: what people.yaml says by now. last: the state of the last run. odds:
    what distances say here; None: nobody knows. near: within which persons may be one. persons:
    (n,) the person of each face, merges followed, 0 for nobody and -1 for what is no person.
    parted: persons split off, and from whom. barred: faces, by key, and persons they are not.
    """

    out: Path
    last: State
    photos: Photos
    known: NDArray[np.bool_]
    said: Corrections
    odds: Odds | None
    near: float
    persons: Numbers = field(init=False)
    parted: dict[int, int] = field(init=False)
    barred: set[tuple[str, int]] = field(init=False)
    rows: dict[str, int] = field(init=False)
    by_photo: dict[str, list[int]] = field(init=False)
    photo_ids: dict[str, str] = field(init=False)
    sorted_photos: list[str] = field(init=False)
    sharpness: NDArray[np.float32] = field(init=False)
    low: NDArray[np.bool_] = field(init=False)
    far: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        """Note where faces and photos are."""
        self.rows = {name_id(key): row for row, key in enumerate(self.photos.keys)}
        self.by_photo = {}
        for row, content in enumerate(self.photos.contents):
            self.by_photo.setdefault(content, []).append(row)
        self.photo_ids = {name_id(content): content for content in self.photos.names}
        self._names = PhotoNames(self.photos, self.last)
        self.persons = np.full(len(self.photos.keys), NOBODY, dtype=np.int64)
        self.say(self.said)
        # As the last run left them: whoever moves is looked at anew when a person is opened.
        self.far = find_doubtful(self.photos.vectors, self.persons, self.near)
        self.sharpness, self.low = self.photos.sharpness, self.photos.low
        self.sorted_photos = sorted(self.photos.names, key=self.name_photo)
        self._copies: dict[str, list[str]] = {}
        for path, file in self.last.files.items():
            self._copies.setdefault(file.content, []).append(path)

    @classmethod
    def load(cls, out: Path, stages: Stages, said: Corrections) -> Self:
        """As it is remembered. said: of people.yaml, changed where it names nobody.

        Raises UserError where the folder was not organised, or is damaged.
        """
        if not state.exists(out):
            raise UserError(
                f"task.out={out} was not organised: run task=organise with it first, which finds "
                "the people"
            )
        last = state.load(out)
        photos, known = _remember_photos(stages, last)
        vectors = photos.vectors[known]
        ratios = stages.scale.likelihood if len(vectors) and are_unit(vectors) else None
        return cls(
            out=out,
            last=last,
            photos=photos,
            known=known,
            said=said,
            odds=Odds.of(ratios, vectors, photos.sharpness[known]),
            near=max(last.radius or 0.0, stages.radius),
        )

    def say(self, said: Corrections) -> Numbers:
        """Have it be as people.yaml says by now; returns the rows of faces whose person changes.

        said: changed where it names nobody.
        """
        last, photos = self.last, self.photos
        now = State(
            pinned=list(last.pinned),
            barred=corrections.bars(last, said),
            parted=dict(last.parted),
            following=last.following,
        )
        found = find_given(photos, last, said, self._names)
        now.following = found.following
        numbers = found.numbers.copy()
        corrections.carry_out(numbers, photos, last, now, said, found)
        persons = np.array([said.person(number) for number in numbers.tolist()], dtype=np.int64)
        no_person = [key in found.nobody for key in photos.keys]
        persons[np.array(no_person, dtype=bool)] = NO_PERSON
        moved = np.flatnonzero(self.persons != persons)
        self.said, self.persons, self.parted = said, persons, now.parted
        self.barred = {(key, said.person(of)) for key, bars in now.barred.items() for of in bars}
        return moved

    @property
    def numbers(self) -> list[int]:
        """Persons with faces."""
        return [number for number in np.unique(self.persons).tolist() if number > NOBODY]

    @property
    def following(self) -> int:
        """A number that no person has had."""
        return max([self.last.following, *(number + 1 for number in self.numbers)])

    @property
    def names(self) -> dict[int, str]:
        """Names of persons."""
        return self.said.names

    @property
    def hidden(self) -> set[int]:
        """Persons who are not of interest."""
        return self.said.hidden

    @property
    def apart(self) -> set[frozenset[int]]:
        """Pairs of persons who are two, as the user says."""
        return self.said.apart() | {
            frozenset((self.root(one), self.root(of))) for one, of in self.parted.items()
        }

    def root(self, number: int) -> int:
        """The person that a number stands for, merges followed."""
        return self.said.person(number)

    def faces_of(self, number: int) -> Numbers:
        """Rows of a person's faces; 0 and -1 as in `persons`."""
        return np.flatnonzero(self.persons == number)

    def find_face(self, id_: str) -> int:
        """The row of a face. Raises UserError where there is none."""
        if id_ not in self.rows:
            raise UserError("that face is not in this folder any more: load the page again")
        return self.rows[id_]

    def find_photo(self, id_: str) -> str:
        """The content of a photo. Raises UserError where there is none."""
        if id_ not in self.photo_ids:
            raise UserError("that photo is not in this folder any more: load the page again")
        return self.photo_ids[id_]

    def face_id(self, row: int) -> str:
        """What a face is called on a page."""
        return name_id(self.photos.keys[row])

    def id_of_photo(self, content: str) -> str:
        """What a photo is called on a page."""
        return name_id(content)

    def name_photo(self, content: str) -> str:
        """A photo's name in the folder of photos, the first of several."""
        names = self.photos.names[content]
        return names[0] if names else "a photo without a name"

    def point_at(self, row: int) -> str:
        """A face as people.yaml names it: its photo and the centre of its box."""
        return refer_to(self.name_photo(self.photos.contents[row]), self.photos.boxes[row])

    def paths_of(self, content: str) -> list[Path]:
        """Where a photo may be: in the folder of photos, and copies."""
        originals = [
            path
            for name in self.photos.names[content]
            for path in _under_roots(self.last.roots, name)
        ]
        return [*originals, *(self.out / path for path in self._copies.get(content, ()))]


def _under_roots(roots: Sequence[str], name: str) -> list[Path]:
    """Where a photo of a name may be; of several folders each name begins with its folder's."""
    if len(roots) == 1:
        return [Path(roots[0], name)]
    first, _, rest = name.partition("/")
    named = [root for root in roots if unicodedata.normalize("NFC", Path(root).name) == first]
    return [Path(root, rest) for root in named if rest]


def _remember_photos(stages: Stages, last: State) -> tuple[Photos, NDArray[np.bool_]]:
    """The faces of a state as the organiser has them, and of which the vectors are stored."""
    keys = list(last.faces)
    stored = load_stored(stages, keys)
    known = np.array([key in stored for key in keys], dtype=bool)
    d = next((len(vector) for vector in stored.values()), 1)
    vectors = np.zeros((len(keys), d), np.float32)
    for row, key in enumerate(keys):
        if key in stored:
            vectors[row] = stored[key]
    contents = [content_of(key) for key in keys]
    boxes = np.array([box_of(key) for key in keys], dtype=np.int64).reshape(-1, 4)
    with Store(find_home()) as store:
        qualities = store.qualities(map(bytes.fromhex, contents), boxes)
    names = {content: list(photo.names) for content, photo in last.photos.items()}
    for content in contents:
        names.setdefault(content, [])
    nowhere = Path(os.devnull)
    photos = Photos(
        vectors=vectors,
        boxes=boxes,
        sharpness=quality.get_sharpness(qualities),
        contents=contents,
        keys=keys,
        pictures={content: Picture(nowhere, of[0] if of else "") for content, of in names.items()},
        names=names,
        faceless=sorted(names.keys() - set(contents)),
        gone=frozenset(),
        looks={},
        unread=frozenset(),
        skipped=[],
        noted=[],
        n_pictures=len(names),
    )
    return photos, known
