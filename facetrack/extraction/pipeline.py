"""Pictures in, embeddings out: read, detect, embed, and keep everything in the store.

Pictures stream: besides file names and vectors, only those being worked on are in memory. What
the store holds is not computed again, finished work is stored every couple of seconds, and the
result is in the order of the pictures however the work was shared out.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import (
    Detection,
    Detector,
    Embedder,
    Embeddings,
    Pictures,
    Skipped,
    Vectors,
    scale_to_unit,
)
from facetrack.core.progress import QUIET, Progress
from facetrack.detector import choose
from facetrack.extraction import quality
from facetrack.extraction.detections import DetectionRecord
from facetrack.extraction.digests import find_digests
from facetrack.extraction.engines import count_bytes, in_processes, in_threads, prepare
from facetrack.extraction.jobs import Done, Job
from facetrack.extraction.ray_engine import on_ray
from facetrack.extraction.store import Store, box_bytes
from facetrack.extraction.stored import (
    find_vectors,
    load_detections,
    name_detections,
    name_vectors,
    remember_names,
)
from facetrack.system.processes import can_start, cores

NO_FACE = "no face found"
"""The reason of a picture that was read, and shows nobody."""
CUT = "its file is cut short: what there is of the picture was used"
REDUCED = "very large: faces were looked for on a smaller copy"
"""Remarks on pictures that were used."""
ENGINES = ("local", "ray")
"""Who detects and embeds: this machine's cores, or a Ray cluster's."""

# A worker process takes half a second to start, as long as YuNet and MobileFaceNet take for 40
# small pictures or two photos, and has to read models that this process keeps from run to run.
# Where there are so many pictures, or bytes of their files, one may kill its process.
_WORTH_PROCESSES = 32
_WORTH_BYTES = 16 << 20
_STORE_EVERY_SECONDS = 2.0


def extract(
    listing: Pictures,
    detector: Detector,
    embedder: Embedder,
    store: Store,
    engine: str = "local",
    progress: Progress = QUIET,
) -> Embeddings:
    """The embeddings of a dataset's faces, those that count (see `detector.choose`).

    engine: one of ENGINES, who does the work; the result is the same. A picture that cannot be used
    is listed in the result's `skipped` with the reason. Raises UserError where the engine cannot be
    used, and where no picture gives a face.
    """
    work = _extract(listing, detector, embedder, store, engine, progress)
    if not work.rows:
        commonest = Counter(work.reasons.values()).most_common(1)[0]
        raise UserError(
            f"none of the {len(listing.pictures)} pictures gives a face "
            f"({commonest[1]} of them: {commonest[0]}): try detector=dlib_hog, or detector=whole "
            "where the pictures are tight crops of faces"
        )
    return work.embeddings()


def extract_any(
    listing: Pictures,
    detector: Detector,
    embedder: Embedder,
    store: Store,
    engine: str = "local",
    progress: Progress = QUIET,
) -> Embeddings:
    """The same where it is no mistake that no picture gives a face: vectors are (0, 0) then."""
    return _extract(listing, detector, embedder, store, engine, progress).embeddings()


def _extract(
    listing: Pictures,
    detector: Detector,
    embedder: Embedder,
    store: Store,
    engine: str,
    progress: Progress,
) -> "_Extraction":
    if engine not in ENGINES:
        raise UserError(f"extract.engine is one of {', '.join(ENGINES)}; got {engine!r}")
    work = _Extraction(listing, detector, embedder, store)
    work.look_up(progress)
    results = _compute(work.jobs(), detector, embedder, engine, progress)
    for done in _keep(results, detector, embedder, store):
        work.take(done)
    work.judge()
    return work


class _Extraction:
    """One dataset's pictures on their way.

    rows: of the pictures that give a face. reasons: by its row, why another one gives none.
    """

    def __init__(
        self, listing: Pictures, detector: Detector, embedder: Embedder, store: Store
    ) -> None:
        self.rows: list[int] = []
        self.reasons: dict[int, str] = {}
        self._listing, self._store = listing, store
        self._detector, self._embedder = detector, embedder
        self._digests: dict[int, bytes] = {}
        # By a picture's content.
        self._detections: dict[bytes, DetectionRecord] = {}
        self._kept: dict[bytes, Detection] = {}
        self._vectors: dict[bytes, Vectors] = {}
        self._failed: dict[bytes, str] = {}

    def look_up(self, progress: Progress) -> None:
        """Find what the store has of the pictures."""
        self._digests, self.reasons = find_digests(self._listing.pictures, progress)
        digests = set(self._digests.values())
        self._detections = load_detections(self._store, self._detector, digests)
        self._kept = {
            digest: _choose(found, self._detector) for digest, found in self._detections.items()
        }
        faces = [(digest, box) for digest, kept in self._kept.items() for box in kept.boxes]
        known = find_vectors(self._store, self._detector, self._embedder, faces, self._detections)
        found: dict[bytes, list[NDArray[np.float32] | None]] = {}
        for digest, box in faces:
            found.setdefault(digest, []).append(known.get((digest, box_bytes(box))))
        self._vectors = {
            digest: np.array(vectors)
            for digest, vectors in found.items()
            if not any(vector is None for vector in vectors)
        }

    def jobs(self) -> list[Job]:
        """What the store does not have; pictures with the same content are one job."""
        kept = self._kept
        jobs = {
            digest: Job(digest, self._listing.pictures[row].path, self._detections.get(digest))
            for row, digest in self._digests.items()
            if digest not in self._vectors and (digest not in kept or len(kept[digest].boxes))
        }
        return list(jobs.values())

    def take(self, done: Done) -> None:
        """Add what came of a job."""
        if done.reason is not None:
            self._failed[done.digest] = done.reason
        elif done.kept is not None and done.vectors is not None:
            self._kept[done.digest] = done.kept
            self._vectors[done.digest] = done.vectors
        if done.detection is not None:
            self._detections[done.digest] = done.detection

    def judge(self) -> None:
        """Say of each picture whether it gives a face, or why it does not."""
        for row, digest in self._digests.items():
            if digest in self._vectors:
                self.rows.append(row)
            elif digest in self._failed:
                self.reasons[row] = self._failed[digest]
            else:
                self.reasons[row] = (
                    f"its face starts within {self._detector.border} pixels of the border"
                    if len(self._detections[digest].found.boxes)
                    else NO_FACE
                )

    def embeddings(self) -> Embeddings:
        """The result; vectors are (0, 0) where no picture gives a face."""
        pictures, digests, rows = self._listing.pictures, self._digests, self.rows
        # A picture with several faces stands for each of them.
        kept = [self._kept[digests[row]] for row in rows]
        of_face = [row for row, own in zip(rows, kept, strict=True) for _ in range(len(own.boxes))]
        vectors = [self._vectors[digests[row]] for row in rows]
        boxes = np.concatenate([np.empty((0, 4), np.int64), *(own.boxes for own in kept)])
        looks = self._store.looks(set(digests.values()))
        cut = {digest for digest, (_, is_cut) in looks.items() if is_cut}
        none = np.empty((0, 0), dtype=np.float32)
        raw = np.concatenate(vectors or [none]).astype(np.float32)
        return Embeddings(
            vectors=scale_to_unit(raw) if self._embedder.normalize else raw,
            boxes=boxes,
            pictures=[pictures[row] for row in of_face],
            skipped=[*self._listing.skipped, *self._remarks(cut), *self._without_face()],
            n_pictures=len(pictures),
            contents=[digests[row].hex() for row in of_face],
            scores=_join([own.scores for own in kept]),
            landmarks=_join([own.landmarks for own in kept]),
            sharpness=quality.get_sharpness(
                self._store.qualities([digests[row] for row in of_face], boxes)
            ),
            looks={digest.hex(): look for digest, (look, _) in looks.items()},
        )

    def _remarks(self, cut: Collection[bytes]) -> Iterator[Skipped]:
        """What is to be said of pictures that were used. cut: those that end too early."""
        whole = self._detector.identity()
        name_of = remember_names(self._detector)
        for row, digest in self._digests.items():
            if digest not in self._detections:
                continue
            name, found = self._listing.pictures[row].name, self._detections[digest]
            if digest in cut:
                yield Skipped(name, CUT, 0)
            if name_of(found) != whole:
                yield Skipped(name, REDUCED, 0)

    def _without_face(self) -> Iterator[Skipped]:
        for row in sorted(self.reasons):
            content = self._digests[row].hex() if row in self._digests else None
            name = self._listing.pictures[row].name
            yield Skipped(name, self.reasons[row], content=content)


def _join(parts: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32] | None:
    """What is known of each face, in one; None where it is not known of all."""
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known and len(known) == len(parts) else None


def _choose(record: DetectionRecord, detector: Detector) -> Detection:
    return choose(record.found, record.width, record.height, detector.choose, detector.border)


def _compute(
    jobs: Sequence[Job],
    detector: Detector,
    embedder: Embedder,
    engine: str,
    progress: Progress,
) -> Iterator[Done]:
    if not jobs:
        return iter(())
    if engine == "ray":
        prepare(detector, embedder)
        results = on_ray(jobs, detector, embedder, progress)
    elif embedder.parallel and cores() > 1 and _are_worth_processes(jobs) and can_start():
        results = in_processes(jobs, detector, embedder, progress)
    else:
        prepare(detector, embedder)
        results = in_threads(jobs, detector, embedder)
    return iter(progress.bar(results, total=len(jobs), description="Embedding", unit="picture"))


def _are_worth_processes(jobs: Sequence[Job]) -> bool:
    return len(jobs) >= _WORTH_PROCESSES or count_bytes(jobs) >= _WORTH_BYTES


def _keep(
    results: Iterator[Done], detector: Detector, embedder: Embedder, store: Store
) -> Iterator[Done]:
    """Pass results on, storing them every couple of seconds and, however it ends, at the end."""
    unsaved: list[Done] = []
    saved = time.monotonic()

    def save() -> None:
        by_identity: dict[tuple[str, str], list[tuple[Done, DetectionRecord]]] = {}
        for item in unsaved:
            if (found := item.detection) is not None:
                names = (
                    name_detections(detector, found),
                    name_vectors(detector, embedder, found) or "",
                )
                by_identity.setdefault(names, []).append((item, found))
        for (identity, name), some in by_identity.items():
            store.put(
                identity,
                [(one.digest, detection) for one, detection in some],
                name,
                [
                    (one.digest, box, vector)
                    for one, _ in some
                    if one.kept is not None and one.vectors is not None
                    for box, vector in zip(one.kept.boxes, one.vectors, strict=True)
                ],
                [(one.digest, one.look, one.cut) for one, _ in some if one.look is not None],
                [
                    (one.digest, box, values)
                    for one, _ in some
                    if one.kept is not None and one.qualities is not None
                    for box, values in zip(one.kept.boxes, one.qualities, strict=True)
                ],
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
