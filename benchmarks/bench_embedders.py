"""Which embedder for a folder: the pick without labels beside what labels say.

    python benchmarks/bench_embedders.py FOLDER/lfw-deepfunneled.tgz

Beside it lie orl_faces.tgz and yale_faces.tgz, and in FOLDER/../models the files of YuNet and
MobileFaceNet. Sets of pictures of different people are made, some as they are, some spoilt, each
with a face per picture; the drawn portraits are sets, too. `+experiment=embedders` compares models
on each of them twice, with labels and without.
"""

import sys
import tarfile
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer import Infomap
from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings, Image
from facetrack.core.scale import Scale
from facetrack.dataset import Folder, Portraits
from facetrack.evaluation import radius
from facetrack.evaluation.expected import choose_faces, expect, form_belief, score_faces
from facetrack.evaluation.experiment import fit
from facetrack.evaluation.model_pairs import Model, ModelPair, compare_two, group, number_photos
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.system.choices import choose
from facetrack.system.home import find_home

Random = np.random.RandomState
Spoil = Callable[[Image, Random], Image]
People = dict[str, list[Image]]

MODELS = ("yunet+mobilefacenet", "yunet+dlib", "dlib_hog+dlib")
FILES = {
    "yunet": "face_detection_yunet_2023mar.onnx",
    "mobilefacenet": "mobilefacenet_foamliu.onnx",
}


def leave(image: Image, _: Random) -> Image:
    return image


def blur(sigma: float) -> Spoil:
    return lambda image, _: cv2.GaussianBlur(image, (0, 0), sigma)  # type: ignore[return-value]


def shrink(share: float) -> Spoil:
    def spoil(image: Image, _: Random) -> Image:
        found = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        return found.astype(np.uint8)

    return spoil


def darken(share: float) -> Spoil:
    def spoil(image: Image, random: Random) -> Image:
        return _clip(image * share + random.normal(0, 4, image.shape))

    return spoil


def compress(quality: int) -> Spoil:
    def spoil(image: Image, _: Random) -> Image:
        content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        found = cv2.imdecode(content, cv2.IMREAD_COLOR)
        assert found is not None
        return found.astype(np.uint8)

    return spoil


def turn(image: Image, random: Random) -> Image:
    angle = random.choice([-1, 1]) * random.uniform(20, 35)
    height, width = image.shape[:2]
    by = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    return cv2.warpAffine(  # type: ignore[return-value]
        image, by, (width, height), borderMode=cv2.BORDER_REFLECT
    )


def cover_eyes(image: Image, _: Random) -> Image:
    found = image.copy()
    found[100:125, 70:180] = 20
    return found


def cover_mouth(image: Image, _: Random) -> Image:
    found = image.copy()
    found[140:190, 80:170] = (190, 190, 120)
    return found


def shade(image: Image, _: Random) -> Image:
    found = image.copy()
    found[:, image.shape[1] // 2 :] //= 8
    return found


def fog(image: Image, _: Random) -> Image:
    return _clip(image * 0.25 + 150)


def draw(image: Image, _: Random) -> Image:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)
    soft = cv2.GaussianBlur(255 - grey, (0, 0), 4)
    return np.repeat(_clip(grey * 255 / (256 - soft))[..., None], 3, axis=2)


def _clip(values: NDArray[np.floating]) -> Image:
    clipped: Image = np.clip(values, 0, 255).astype(np.uint8)
    return clipped


# Of LFW: what it is, how many people, with how many pictures at least and at most, spoilt how.
PLAN: Sequence[tuple[str, int, int, int, Spoil]] = (
    ("LFW, 15 people", 15, 9, 20, leave),
    ("LFW, 40 people", 40, 4, 8, leave),
    ("LFW, 120 people", 120, 3, 5, leave),
    ("LFW, 8 people and 150 strangers", 158, 1, 6, leave),
    ("LFW, a little blurred", 30, 3, 6, blur(2)),
    ("LFW, blurred", 30, 3, 6, blur(3.2)),
    ("LFW, very blurred", 30, 3, 6, blur(4.5)),
    ("LFW, small", 30, 3, 6, shrink(0.55)),
    ("LFW, dark", 30, 3, 6, darken(0.12)),
    ("LFW, JPEG of quality 6", 30, 3, 6, compress(6)),
    ("LFW, turned by 20 to 35 degrees", 30, 3, 6, turn),
    ("LFW, eyes covered", 30, 3, 6, cover_eyes),
    ("LFW, mouth covered", 30, 3, 6, cover_mouth),
    ("LFW, half in the shade", 30, 3, 6, shade),
    ("LFW, in fog", 30, 3, 6, fog),
    ("LFW, as pencil drawings", 30, 3, 6, draw),
)
OTHERS: Mapping[str, Mapping[str, Spoil]] = {
    "ORL": {"": leave, ", blurred": blur(1.2)},
    "Yale": {"": leave, ", blurred": blur(3.5)},
    "portraits": {
        "": leave,
        ", blurred": blur(1.6),
        ", half as large": shrink(0.5),
        ", dark": darken(0.4),
        ", as pencil drawings": draw,
    },
}


def read_archive(path: Path) -> dict[str, list[str]]:
    """By person, names of pictures; in the order of the archive's names."""
    found: dict[str, list[str]] = {}
    with tarfile.open(path) as opened:
        for name in sorted(one.name for one in opened if one.isfile()):
            if name.endswith((".jpg", ".pgm", ".png")):
                found.setdefault(name.split("/")[-2], []).append(name)
    return found


def read_pictures(path: Path, names: set[str]) -> dict[str, Image]:
    found = {}
    with tarfile.open(path) as opened:
        for member in opened:
            if member.name in names:
                content = opened.extractfile(member)
                assert content is not None
                found[member.name] = decode(content.read())
    return found


def decode(content: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8)


def make_sets(lfw: Path) -> Iterator[tuple[str, People, Spoil]]:
    yield from _make_of_lfw(lfw)
    for name in ("ORL", "Yale"):
        path = lfw.parent / f"{name.lower()}_faces.tgz"
        people = read_archive(path)
        pictures = read_pictures(path, {one for some in people.values() for one in some})
        images = {person: [pictures[one] for one in some] for person, some in people.items()}
        for what, spoil in OTHERS[name].items():
            yield f"{name}{what}", images, spoil
    drawn: People = {}
    for picture in Portraits().load().pictures:
        drawn.setdefault(str(picture.person), []).append(decode(picture.path.read_bytes()))
    for what, spoil in OTHERS["portraits"].items():
        yield f"portraits{what}", drawn, spoil


def _make_of_lfw(lfw: Path) -> Iterator[tuple[str, People, Spoil]]:
    """Nobody is in two of the sets."""
    left, random = read_archive(lfw), Random(19)
    chosen: dict[str, dict[str, list[str]]] = {}
    for name, n, least, most, _ in PLAN:
        strangers = 150 if least == 1 else 0
        several = [one for one in left if len(left[one]) >= max(least, 3)]
        single = [one for one in left if len(left[one]) == 1]
        some = [several[at] for at in random.permutation(len(several))[: n - strangers]]
        some += [single[at] for at in random.permutation(len(single))[:strangers]]
        chosen[name] = {person: left.pop(person)[:most] for person in some}
    names = {one for people in chosen.values() for some in people.values() for one in some}
    pictures = read_pictures(lfw, names)
    for name, _, _, _, spoil in PLAN:
        people = chosen[name]
        yield (
            name,
            {person: [pictures[one] for one in some] for person, some in people.items()},
            spoil,
        )


def make_model(name: str, folder: Path, models: Path, store: Store) -> Model:
    made: list[Any] = []
    stages = zip(("detector", "embedder"), name.split("+"), strict=True)
    for choice in (choose(stage, one) for stage, one in stages):
        file = FILES.get(choice.name)
        given = {} if file is None else {"weights": str(models / file)}
        made.append(choice.make(choice.fill(given, {})))
    scale = Scale.read({**choice.settings, **choice.facts})

    def cluster(faces: Embeddings, told: bool) -> NDArray[np.int64]:
        estimator = Infomap(eps=1)
        radius.choose(estimator, faces.vectors, scale)
        photos = number_photos(faces) if told else None
        return fit(estimator, faces.vectors, None, (0, "folder", 0), photos).labels

    faces = extract(Folder(folder).load(), made[0], made[1], store)
    return Model(name, faces, scale, cluster)


def find_scores(model: Model) -> tuple[float, float]:
    """F by labels, and the one to expect, on all faces."""
    labels, faces = group(model, model.embeddings), model.embeddings
    belief = form_belief(model.scale, faces.vectors)
    assert belief is not None
    assert faces.people is not None
    rows = choose_faces(len(labels))
    (expected,) = expect(faces.vectors, belief, [labels], number_photos(faces), rows)
    return score_faces(faces.people, labels, rows).f, expected.f


def judge(pair: ModelPair) -> str:
    """What the pick without labels is worth."""
    assert pair.by_labels is not None
    assert pair.without is not None
    labels, found = pair.by_labels.picked, pair.without.picked
    if labels is None:
        return "both cannot tell" if found is None else "labels cannot tell"
    if found is None:
        return "cannot tell"
    return "right" if found == labels else "WRONG"


def name_picked(pair: ModelPair, *, by_labels: bool) -> str:
    verdict = pair.by_labels if by_labels else pair.without
    assert verdict is not None
    picked = "-" if verdict.picked is None else (pair.first, pair.second)[verdict.picked]
    return f"{picked} ({verdict.difference:+.3f})"


def main() -> None:
    lfw = Path(sys.argv[1]).resolve()
    models = lfw.parents[1] / "models"
    head = ("set", "faces", "F", "F to expect", "labels", "without", "")
    print("| " + " | ".join(head) + " |\n| --- | ---: | --- | --- | --- | --- | --- |", flush=True)
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as temporary, Store(find_home()) as store:
        for number, (name, people, spoil) in enumerate(make_sets(lfw)):
            folder = Path(temporary) / f"set-{number}"
            random = Random(zlib.crc32(name.encode()))
            for person, images in people.items():
                (folder / person).mkdir(parents=True)
                for at, image in enumerate(images):
                    spoilt = cv2.cvtColor(spoil(image, random), cv2.COLOR_RGB2BGR)
                    cv2.imwrite(str(folder / person / f"{at:03d}.png"), spoilt)
            try:
                found = [make_model(one, folder, models, store) for one in MODELS]
            except UserError:  # a detector finds no face at all: nothing to compare
                continue
            pairs = [compare_two(one, other) for one, other in combinations(found, 2)]
            for pair in pairs:
                key = f"{pair.first} and {pair.second}"
                counts.setdefault(key, Counter())[judge(pair)] += 1
            scores = [find_scores(one) for one in (found[0], found[-1])]
            (pair,) = (one for one in pairs if (one.first, one.second) == (MODELS[0], MODELS[-1]))
            f, expected = zip(*scores, strict=True)
            cells = (
                *(name, f"{pair.common:,}"),
                *(" / ".join(f"{one:.3f}" for one in some) for some in (f, expected)),
                *(name_picked(pair, by_labels=one) for one in (True, False)),
                judge(pair),
            )
            print("| " + " | ".join(cells) + " |", flush=True)
    print(
        f"\n{MODELS[0]} against {MODELS[-1]}, a set per line: F of both on all faces each has "
        "found; the pick, with the difference on the faces that both have."
    )
    for key, count in counts.items():
        told = ", ".join(f"{n} {what}" for what, n in count.most_common())
        print(f"- {key}: {told}")


if __name__ == "__main__":
    main()
