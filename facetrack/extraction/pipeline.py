"""Pictures in, embeddings out: read, detect, embed, and keep everything in the store.

Pictures stream: besides file names and vectors, only those being worked on are in memory. What
the store holds is not computed again, finished work is stored every couple of seconds, and the
result is in the order of the pictures however the work was shared out.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from facetrack.core.errors import UserError
from facetrack.core.faces import Boxes, Detector, Embedder, Embeddings, Pictures, Skipped, unit
from facetrack.detector import choose, reduce
from facetrack.extraction.engines import Done, Job, in_order, in_processes, in_threads, on_ray
from facetrack.extraction.picture import MAX_PIXELS
from facetrack.extraction.store import Detection, Store, box_bytes
from facetrack.system.files import sha256
from facetrack.system.processes import can_start, cores
from facetrack.system.progress import bar

NO_FACE = "no face found"
"""The reason of a picture that was read, and shows nobody."""
CUT = "its file is cut short: what there is of the picture was used"
REDUCED = "very large: faces were looked for on a smaller copy"
"""Remarks on pictures that were used."""
ENGINES = ("local", "ray")
"""Who detects and embeds: this machine's cores, or a Ray cluster's."""

# Starting worker processes takes about two seconds, the work of 16 pictures a core.
_WORTH_PROCESSES = 32
_STORE_EVERY_SECONDS = 2.0
_READERS = 8


def extract(
    listing: Pictures,
    detector: Detector,
    embedder: Embedder,
    store: Store,
    engine: str = "local",
    *,
    required: bool = True,
) -> Embeddings:
    """The embeddings of a dataset's faces, those that count (see `detector.choose`).

    engine: one of ENGINES, who does the work; the result is the same. A picture that cannot be used
    is listed in the result's `skipped` with the reason. Raises UserError where the engine cannot be
    used, and where no picture gives a face; unless one is required, vectors are (0, 0) then.
    """
    if engine not in ENGINES:
        raise UserError(f"extract.engine is one of {', '.join(ENGINES)}; got {engine!r}")
    digests, reasons = _hash(listing)
    detections = _load_detections(store, detector, set(digests.values()))
    boxes = {digest: _choose(found, detector) for digest, found in detections.items()}
    known = store.vectors(
        embedder.identity(), [(digest, box) for digest, kept in boxes.items() for box in kept]
    )
    vectors = {
        digest: np.stack([known[digest, box_bytes(box)] for box in kept])
        for digest, kept in boxes.items()
        if len(kept) and all((digest, box_bytes(box)) in known for box in kept)
    }

    # Pictures with the same content are one job.
    jobs = {
        digest: Job(digest, listing.pictures[row].path, detections.get(digest))
        for row, digest in digests.items()
        if digest not in vectors and (digest not in boxes or len(boxes[digest]))
    }
    failed: dict[bytes, str] = {}
    for done in _keep(
        _compute(list(jobs.values()), detector, embedder, engine), detector, embedder, store
    ):
        if done.reason is not None:
            failed[done.digest] = done.reason
        elif done.boxes is not None and done.vectors is not None:
            boxes[done.digest] = done.boxes
            vectors[done.digest] = done.vectors
        if done.detection is not None:
            detections[done.digest] = done.detection

    rows = []
    for row, digest in digests.items():
        if digest in vectors:
            rows.append(row)
        elif digest in failed:
            reasons[row] = failed[digest]
        else:
            reasons[row] = (
                f"its face starts within {detector.border} pixels of the border"
                if len(detections[digest].boxes)
                else NO_FACE
            )
    cut = store.cut(set(digests.values()))
    skipped = [
        *listing.skipped,
        *(
            Skipped(listing.pictures[row].name, remark, 0)
            for row, digest in digests.items()
            if digest in detections
            for remark in _remarks(detections[digest], digest in cut, detector)
        ),
        *(
            Skipped(
                listing.pictures[row].name,
                reasons[row],
                content=digests[row].hex() if row in digests else None,
            )
            for row in sorted(reasons)
        ),
    ]
    if not rows and required:
        commonest = Counter(reasons.values()).most_common(1)[0]
        raise UserError(
            f"none of the {len(listing.pictures)} pictures gives a face "
            f"({commonest[1]} of them: {commonest[0]}): try detector=dlib_hog, or detector=whole "
            "where the pictures are tight crops of faces"
        )
    # A picture with several faces stands for each of them.
    of_face = [row for row in rows for _ in boxes[digests[row]]]
    none = np.empty((0, 0), dtype=np.float32)
    raw = np.concatenate([vectors[digests[row]] for row in rows] or [none]).astype(np.float32)
    return Embeddings(
        vectors=unit(raw) if embedder.normalize else raw,
        boxes=np.concatenate([np.empty((0, 4), np.int64), *(boxes[digests[row]] for row in rows)]),
        pictures=[listing.pictures[row] for row in of_face],
        skipped=skipped,
        n_pictures=len(listing.pictures),
        contents=[digests[row].hex() for row in of_face],
    )


def _load_detections(
    store: Store, detector: Detector, pictures: set[bytes]
) -> dict[bytes, Detection]:
    """The stored detections among these pictures; each under the key for a picture of its size."""
    known: dict[bytes, Detection] = {}
    for identity in dict.fromkeys((detector.identity(), reduce.identity(detector, MAX_PIXELS))):
        for picture, found in store.detections(identity, pictures - known.keys()).items():
            if _identity(detector, found) == identity:
                known[picture] = found
    return known


def _identity(detector: Detector, found: Detection) -> str:
    return reduce.identity(detector, found.width * found.height)


def _remarks(found: Detection, cut: bool, detector: Detector) -> Iterator[str]:
    if cut:
        yield CUT
    if _identity(detector, found) != detector.identity():
        yield REDUCED


def _choose(found: Detection, detector: Detector) -> Boxes:
    return choose(found.boxes, found.width, found.height, detector.choose, detector.border)


def _hash(listing: Pictures) -> tuple[dict[int, bytes], dict[int, str]]:
    """SHA-256 of each picture's content by its row, and the reason for those that can't be read."""
    digests: dict[int, bytes] = {}
    reasons: dict[int, str] = {}
    paths = [picture.path for picture in listing.pictures]
    with ThreadPoolExecutor(_READERS) as pool:
        results = in_order(pool, _digest, paths, window=64)
        progress = bar(results, total=len(paths), description="Looking up", unit="picture")
        for row, result in enumerate(progress):
            if isinstance(result, bytes):
                digests[row] = result
            else:
                reasons[row] = result
    return digests, reasons


def _digest(path: Path) -> bytes | str:
    try:
        return sha256(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _compute(
    jobs: Sequence[Job], detector: Detector, embedder: Embedder, engine: str
) -> Iterator[Done]:
    if not jobs:
        return iter(())
    if engine == "ray":
        results = on_ray(jobs, detector, embedder)
    elif embedder.parallel and cores() > 1 and len(jobs) >= _WORTH_PROCESSES and can_start():
        results = in_processes(jobs, detector, embedder)
    else:
        results = in_threads(jobs, detector, embedder)
    return iter(bar(results, total=len(jobs), description="Embedding", unit="picture"))


def _keep(
    results: Iterator[Done], detector: Detector, embedder: Embedder, store: Store
) -> Iterator[Done]:
    """Pass results on, storing them every couple of seconds and, however it ends, at the end."""
    unsaved: list[Done] = []
    saved = time.monotonic()

    def save() -> None:
        by_identity: dict[str, list[tuple[Done, Detection]]] = {}
        for one in unsaved:
            if one.detection is not None:
                identity = _identity(detector, one.detection)
                by_identity.setdefault(identity, []).append((one, one.detection))
        for identity, some in by_identity.items():
            store.put(
                identity,
                [(one.digest, detection) for one, detection in some],
                embedder.identity(),
                [
                    (one.digest, box, vector)
                    for one, _ in some
                    if one.boxes is not None and one.vectors is not None
                    for box, vector in zip(one.boxes, one.vectors, strict=True)
                ],
                [(one.digest, one.look, one.cut) for one, _ in some if one.look is not None],
            )
        unsaved.clear()

    try:
        for done in results:
            unsaved.append(done)
            if time.monotonic() - saved > _STORE_EVERY_SECONDS:
                save()
                saved = time.monotonic()
            yield done
    finally:
        if unsaved:
            save()
