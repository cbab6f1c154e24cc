"""An audit from the first question to the interval."""

from dataclasses import replace

import numpy as np
from made_folders import make_folder

from facetrack.evaluation.audit.bounds import find_bounds
from facetrack.evaluation.audit.estimates import MEASURES
from facetrack.evaluation.audit.frame import BETWEEN, INSIDE
from facetrack.evaluation.audit.questions import Question
from facetrack.evaluation.audit.replies import Reply
from facetrack.evaluation.audit.screens import list_truth
from facetrack.evaluation.audit.session import Audit, Was
from facetrack.evaluation.metrics import scores


def _ask(audit: Audit, people: np.ndarray, n: int) -> list[tuple[int, int]]:
    asked = []
    for _ in range(n):
        question = audit.ask()
        if question is None:
            break
        pair = question.first, question.second
        asked.append(pair)
        same = people[pair[0]] == people[pair[1]]
        audit.record(*pair, Reply.SAME if same else Reply.DIFFERENT)
    return asked


def test_intervals_hold_the_truth_and_become_narrower() -> None:
    # No calibration is of made faces: nobody here is in a group that is half somebody else's.
    held, narrower = [], []
    for seed in range(4):
        faces, people = make_folder(seed, n_people=30, split=2 * seed)
        truth = scores(people, faces.groups, information=False)
        audit = Audit(faces, seed)
        _ask(audit, people, 30)
        found = audit.estimate()
        held += [found[name].low <= truth[name] <= found[name].high for name in MEASURES]
        narrower.append(
            found["bcubed_recall"].half_width < audit.before["bcubed_recall"].half_width
        )
    assert np.mean(held) > 0.9
    assert all(narrower[1:])


def test_misplaced_faces_are_estimated_from_answers() -> None:
    faces, people = make_folder(7, n_people=30, moved=12)
    truth = scores(people, faces.groups, information=False)["bcubed_precision"]
    audit = Audit(faces, 7)
    _ask(audit, people, 40)
    found = audit.estimate()["bcubed_precision"]
    assert found.low <= truth <= found.high
    assert abs(found.value - truth) < 0.03


def test_the_same_seed_asks_the_same_and_no_block_twice() -> None:
    faces, people = make_folder(1, moved=6, split=4)
    one, other = Audit(faces, 5), Audit(faces, 5)
    asked = _ask(one, people, 25)
    assert asked == _ask(other, people, 25)
    assert one.estimate() == other.estimate()
    assert len({one.find_place(*pair) for pair in asked}) == 25
    assert asked != _ask(Audit(faces, 6), people, 25)
    sides = [place[0] for pair in asked if (place := one.find_place(*pair))]
    assert {INSIDE, BETWEEN} == set(sides)


def test_all_that_may_be_asked_is_asked_and_then_nothing() -> None:
    faces, people = make_folder(2, n_people=3, each=2)
    audit = Audit(faces)
    asked = _ask(audit, people, 50)
    assert len(asked) == 3 + len(audit.blocks[BETWEEN].logit)
    assert audit.ask() is None


def test_what_was_asked_before_is_left_out() -> None:
    faces, _ = make_folder(1, moved=6)
    first = Audit(faces, 5).ask()
    assert first is not None
    pair = min(first.first, first.second), max(first.first, first.second)
    second = Audit(faces, 5).ask({pair})
    assert second is not None
    assert second.block != first.block


def test_answers_count_whatever_the_groups_have_become() -> None:
    faces, people = make_folder(3, split=1)
    one, two = np.flatnonzero(people == 0)[[0, -1]]
    audit = Audit(faces)
    assert audit.record(int(one), int(two), Reply.SAME)
    assert audit.find_place(int(one), int(two))[0] == BETWEEN  # type: ignore[index]
    assert not audit.record(int(one), int(one), Reply.SAME)
    assert audit.record(0, 1, Reply.UNSURE)
    assert (audit.n_answers, audit.n_unsure) == (1, 1)


def test_screens_say_more_than_pairs() -> None:
    faces, people = make_folder(4, n_people=30, split=6)
    truth = scores(people, faces.groups, information=False)
    audit = Audit(faces, 1)
    for number in range(20):
        screen = audit.ask_screen(number)
        assert screen is not None
        audit.record_screen(screen, *list_truth(screen, people, audit.members))
    found = audit.estimate()
    for name in MEASURES[:2]:
        assert found[name].low <= truth[name] <= found[name].high
    pairs = Audit(faces, 1)
    _ask(pairs, people, 20)
    assert found["bcubed_recall"].half_width < pairs.estimate()["bcubed_recall"].half_width
    assert audit.ask_screen(len(people)) is None


def test_bounds_without_answers_are_named_as_such() -> None:
    faces, _ = make_folder(3, n_people=4)
    photos = faces.photos.copy()
    photos[1] = photos[0]
    on_photos = type(faces)(faces.vectors, faces.groups, photos, faces.ratios)
    bounds = find_bounds(Audit(on_photos))
    assert bounds.impossible == 1
    assert bounds.tell()[0] == (
        "bound without answers: 1 pairs of one photo are in one group, so precision is at most "
        "98.6 %"
    )
    assert bounds.tell()[1].startswith("expected from probabilities alone: precision ")
    assert find_bounds(Audit(faces)).tell()[0].startswith("expected from probabilities alone")


def test_a_mistake_that_is_corrected_says_of_the_folder_what_it_did() -> None:
    faces, people = make_folder(7, n_people=30, moved=12, split=6)
    audit = Audit(faces, 7)
    asked: list[tuple[Question, Reply, Was]] = []
    while len(asked) < 60 and (question := audit.ask()) is not None:
        same = people[question.first] == people[question.second]
        was = question.side, float(audit.blocks[question.side].logit[question.block])
        asked.append((question, Reply.SAME if same else Reply.DIFFERENT, was))

    def count(groups: np.ndarray, keep: bool) -> Audit:
        found = Audit(replace(faces, groups=groups), 7)
        for question, answer, was in asked:
            found.record(question.first, question.second, answer, was if keep else None)
        return found

    # As long as the groups are what they were it makes no difference.
    assert count(faces.groups, True).estimate() == count(faces.groups, False).estimate()
    groups = faces.groups.copy()
    for question, answer, (side, _) in asked:
        if side == INSIDE and answer is Reply.DIFFERENT:
            groups[audit.find_worse(question.first, question.second)] = groups.max() + 1
        if side == BETWEEN and answer is Reply.SAME:
            groups[groups == groups[question.second]] = groups[question.first]
    groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    kept, lost = count(groups, True), count(groups, False)
    assert kept.n_answers == len(asked) >= lost.n_answers
    # Of what nobody was asked about it is believed what was before, or nearly.
    for side in (INSIDE, BETWEEN):
        before = audit._beliefs[side]
        weights = [one._beliefs[side].draw(one._answers[side]).weights for one in (kept, lost)]
        answers = count(faces.groups, True)._answers[side]
        apart = [np.abs(found - before.draw(answers).weights).sum() for found in weights]
        assert apart[0] < apart[1]
