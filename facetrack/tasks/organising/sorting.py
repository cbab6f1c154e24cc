"""Sorting a folder of photos by person, for the command and a notebook alike.

photos.py finds the faces and knows those of the last run again, groups.py gives each its person
(grouping.py makes numbered persons of clusters, people_file.py reads the user's corrections and
corrections.py carries them out), state.py remembers, places.py makes the folders, contact.py and
page.py the page, summary.py says what was done. This module puts them together.
"""

import dataclasses
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.known import Memory
from facetrack.core.errors import UserError
from facetrack.core.likelihood import Odds
from facetrack.core.progress import QUIET, Progress
from facetrack.organiser import (
    audit_answers,
    changes,
    forgetting_exports,
    low_quality,
    near_pairs,
    people_file,
    people_writing,
    photo_pairs,
    restoring,
    state,
    summary,
)
from facetrack.organiser.answer_log import AnswerLog
from facetrack.organiser.contact import Contact
from facetrack.organiser.grouping import Numbers, find_doubtful
from facetrack.organiser.groups import Grouping, Groups, begin_state, group_faces, restore_groups
from facetrack.organiser.journal import Journal
from facetrack.organiser.lookalikes import suggest_pairs
from facetrack.organiser.page import draw_page
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Known, Photos, know_again
from facetrack.organiser.places import Placed, Plan, Wanted, arrange, writing
from facetrack.organiser.recognition import content_of
from facetrack.organiser.restoring import Restore
from facetrack.organiser.state import PAGE, State
from facetrack.organiser.tagged_names import TaggedNames, find_tagged_names
from facetrack.organiser.wishes import want_photos
from facetrack.system.files import replace
from facetrack.tasks.organising.request import UNLOGGED, Log, Report, Request, Sorted


def sort_photos(request: Request, log: Log = UNLOGGED, progress: Progress = QUIET) -> Sorted:
    """Sort photos by person into `request.out`, or go back to how they were before the last run.

    Raises UserError for what the user can put right.
    """
    if request.dry_run and not state.exists(request.out):
        raise UserError(
            f"task.dry_run=true says what would change, and {request.out} was not sorted before: "
            "leave it out, or name a folder that was"
        )
    with state.open_folder(request.out) as unfinished:
        run = _Run(request, log, progress)
        if request.dry_run:
            return run.foresee()
        result = run.sort(unfinished)
        log.tell(result)
        shutil.rmtree(unfinished, ignore_errors=True)
        # Nothing comes after this: the same command once more would be to undo the restore.
        restoring.end(request.out)
    return result


@dataclass(frozen=True)
class _Decision:
    """Who is on the photos.

    photos: of a restore only the faces that its state knows. persons: (n,) of each face, merges
    followed; far: (n,) whether it is doubtful. near: the distance within which two persons may be
    one. tagged: names of XMP, which `said` has as well.
    """

    known: Known
    photos: Photos
    said: Corrections
    now: State
    groups: Groups
    persons: Numbers
    far: NDArray[np.bool_]
    near: float
    tagged: TaggedNames


class _Run:
    """One run over a folder that is nobody else's meanwhile."""

    def __init__(self, request: Request, log: Log, progress: Progress) -> None:
        self._request, self._log, self._progress = request, log, progress
        self._out = request.out
        self._people = request.out / people_file.FILE
        self._near = Memory()

    def sort(self, unfinished: Path) -> Sorted:
        """Decide who is on the photos, put them into folders, and remember it."""
        is_new = not state.exists(self._out)
        people_writing.finish(self._people)
        restore = restoring.find_pending(self._out)
        if restore is None and self._request.restore:
            restore = restoring.decide(self._out)
        last = self._load_last() if restore is None else restore.back
        with self._log.begin():
            known = self._know_again(last, required=restore is None)
            remarks = [] if restore is None else restoring.begin(self._out, restore)
            decision = self._decide(known, restore)
            counts = summary.count(decision.photos, decision.persons, decision.far)
            compares = restore is None and not is_new
            changed = self._compare(decision) if compares else []
            with writing(self._out):
                wanted = want_photos(decision.photos, decision.persons, decision.said.names)
                placed = self._place(decision, wanted, unfinished)
                remarks += [*decision.groups.remarks, *placed.remarks, *self._add_people(decision)]
                remarks += forgetting_exports.tell_stale(self._out, decision.said)
                missing = summary.tell_missing(placed.failed, len(wanted))
                lines = summary.summarise(counts, decision.now.radius, missing)
                if (mistaken := decision.groups.mistaken) is not None:
                    lines.append(photo_pairs.tell(mistaken, self._request.clusterer.name))
                lines += [*low_quality.tell(decision.photos), *decision.tagged.lines]
                self._make_page(decision, counts, lines)
                self._save(decision, restore, None if is_new else last)
        return self._make_result(
            decision,
            counts=counts,
            summary=lines,
            changes=changed,
            remarks=remarks,
            failed=placed.failed,
            missing=missing,
            is_new=restore is None and is_new,
            restored=restore is not None,
            resumed=restore is not None and restore.begun,
        )

    def foresee(self) -> Sorted:
        """What `sort` would do, of which nothing is done."""
        if restoring.find_pending(self._out) is not None:
            raise UserError(
                f"a restore of {self._out} was interrupted, and the next run finishes it: run the "
                "same command without task.dry_run"
            )
        decision = self._decide(self._know_again(self._load_last(), required=True), None)
        counts = summary.count(decision.photos, decision.persons, decision.far)
        return self._make_result(
            decision,
            counts=counts,
            summary=[
                *summary.summarise(counts, decision.now.radius, ""),
                *decision.tagged.lines,
            ],
            changes=self._compare(decision),
            remarks=decision.groups.remarks,
            failed=0,
            missing="",
            is_new=False,
            restored=False,
            resumed=False,
            dry=True,
        )

    def _make_result(self, decision: _Decision, **done: Any) -> Sorted:
        """done: what `Sorted` has besides what was decided."""
        return Sorted(
            out=self._out,
            page=self._out / PAGE,
            people=self._people,
            skipped=decision.photos.skipped,
            noted=decision.photos.noted,
            radius=decision.now.radius,
            mistaken=decision.groups.mistaken,
            **done,
        )

    def _load_last(self) -> State:
        last = state.load(self._out)
        # A mistake in it is told before minutes go into embedding.
        people_file.read(self._people)
        return last

    def _know_again(self, last: State, *, required: bool) -> Known:
        """The photos as they are now. Raises UserError where a face is required and none there."""
        request = self._request
        known = know_again(request.dataset, request.stages, self._out, last, self._progress)
        if required and not len(known.photos.vectors):
            raise UserError(
                f"none of the {known.photos.n_pictures} photos has a face that can be found: try "
                "detector=haar, or detector=whole where they are tight crops of faces"
            )
        return known

    def _decide(self, known: Known, restore: Restore | None) -> _Decision:
        """Give each face its person, and begin the new state."""
        request, photos, before = self._request, known.photos, known.before
        _, said = people_file.read(self._people)
        self._near = near_pairs.load(self._out)
        how = Grouping(
            request.stages, request.clusterer, request.regroup, self._progress, self._near
        )
        now = begin_state(how, photos, before, said, prune=request.prune)
        now.roots, now.mode = [str(folder) for folder in request.folders], request.mode
        if restore is None:
            estimator = request.clusterer.build()
            groups = group_faces(how, estimator, photos, before, now, said)
            if not request.clusterer.radius_is_given:
                self._log.say_radius(estimator)
        else:
            photos = photos.some(np.array([key in before.faces for key in photos.keys], dtype=bool))
            groups = restore_groups(photos, before, now)
        numbers = groups.numbers.tolist()
        given = dict(zip(photos.keys, numbers, strict=True))
        # Photos that are not there now may come back, unless the user lets them go.
        now.faces = given if request.prune else {**before.faces, **given}
        persons = np.array([said.person(number) for number in numbers], dtype=np.int64)
        tagged = TaggedNames()
        if request.names and restore is None:
            tagged = find_tagged_names(photos, persons, said, self._progress)
            photos = dataclasses.replace(photos, noted=[*photos.noted, *tagged.noted])
            for person, name in tagged.names.items():
                said.call(person, name)
        natural = request.stages.radius
        near = natural if request.clusterer.has_own_radius else now.radius or natural
        # A small radius keeps lookalikes apart; it does not make people look more alike.
        far = find_doubtful(photos.vectors, persons, max(near, natural))
        return _Decision(known, photos, said, now, groups, persons, far, near, tagged)

    def _compare(self, decision: _Decision) -> list[str]:
        """What is not as it was after the last run; says what other models come to."""
        before, now = decision.known.before, decision.now
        was = people_file.parse_or_nothing(before.people, self._people)
        faces = {face: was.person(number) for face, number in before.faces.items()}
        persons = dict(zip(decision.photos.keys, decision.persons.tolist(), strict=True))
        if changes.have_models_changed(before, now):
            # Before a single file is touched: who does not like it can still press Ctrl-C.
            lost = [one for one in faces if content_of(one) in decision.photos.present]
            told = changes.tell_models(before, now, {one: faces[one] for one in lost}, persons)
            self._progress.say(f"  {told}")
        return changes.tell(faces, persons, decision.said.names)

    def _place(self, decision: _Decision, wanted: list[Wanted], unfinished: Path) -> Placed:
        """Put the photos into the folders of their persons."""
        known = decision.known
        mode, present = self._request.mode, decision.photos.present
        plan = Plan(wanted, known.before.files, mode, present, known.edited)
        placed = arrange(self._out, plan, unfinished, self._progress)
        decision.now.files = placed.files
        return placed

    def _add_people(self, decision: _Decision) -> list[str]:
        """Add new persons to people.yaml; why that could not be done, if so."""
        persons, names = summary.list_persons(decision.persons), decision.tagged.names
        told = people_writing.add(self._people, persons, names)
        decision.now.people = people_file.text_of(self._people)
        return [] if told is None else [told]

    def _make_page(self, decision: _Decision, counts: Mapping[str, int], lines: list[str]) -> None:
        """Write index.html, and have it kept elsewhere."""
        photos, persons, now = decision.photos, decision.persons, decision.now
        own = state.own_folder(self._out)
        contact = Contact(
            photos, persons, decision.far, now.files, decision.said, own, self._progress
        )
        odds = Odds.of(self._request.stages.scale.likelihood, photos.vectors, photos.sharpness)
        alikes = suggest_pairs(photos, persons, decision.near, now, decision.said, odds)
        content = draw_page(photos, persons, contact, alikes, lines)
        replace(self._out / PAGE, content)
        skipped = [*photos.skipped, *photos.noted]
        groups = decision.groups
        report = Report(
            counts, groups.neighbors_recall, groups.mistaken, skipped, content, now.logged
        )
        now.logged = self._log.keep(report)

    def _save(self, decision: _Decision, restore: Restore | None, last: State | None) -> None:
        """Remember it. last: the state before, None where there was none."""
        now, known = decision.now, decision.known
        # Answers first: after a kill between the two, what faces were called is in the state yet.
        alive = set(known.photos.keys)
        audit_answers.rename_faces(self._out, known.names, alive)
        AnswerLog(self._out).rename_faces(known.names, alive)
        near_pairs.save(self._out, self._near)
        if restore is not None:
            restoring.save(self._out, restore, now)
        else:
            if last is not None and (last.faces, last.people) != (now.faces, now.people):
                state.keep_last(self._out)
            state.save(self._out, now)
        Journal(state.own_folder(self._out)).remove()
        state.remove_old_thumbnails(self._out, now)
