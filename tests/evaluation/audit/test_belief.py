"""What answers do to what is believed of a folder's mistakes."""

from dataclasses import replace

import numpy as np
import pytest
from made_folders import make_folder
from scipy.stats import poisson

from facetrack.evaluation.audit.belief import Answer, Belief, Draws, find_poisson
from facetrack.evaluation.audit.blocks import list_blocks
from facetrack.evaluation.audit.deviations import make_grid, spread_evenly
from facetrack.evaluation.audit.frame import BETWEEN, BINS, INSIDE, Blocks, Rows, rank_faces


@pytest.fixture(scope="module")
def blocks() -> dict[str, Blocks]:
    faces, _ = make_folder(1, moved=8, split=4)
    return list_blocks(faces, rank_faces(faces))


def _mean(draws: Draws) -> float:
    return float(draws.weights @ draws.wrong[:, 0])


def test_an_answer_moves_what_is_believed_of_its_block_and_of_its_like(
    blocks: dict[str, Blocks],
) -> None:
    inside = blocks[INSIDE]
    belief = Belief(inside, seed=0)
    before = belief.draw([])
    assert np.isclose(before.weights.sum(), 1)
    doubtful = int(np.abs(inside.logit).argmin())
    yes = belief.draw([Answer(doubtful, True)])
    no = belief.draw([Answer(doubtful, False)])
    own = inside.weight[doubtful, 0]
    assert _mean(yes) - _mean(no) > 0.5 * own
    assert _mean(no) < _mean(before) < _mean(yes)
    # Others as likely become likelier.
    assert belief.find_chance([Answer(doubtful, True)])[doubtful] > belief.find_chance()[doubtful]


def test_cant_tell_says_nothing(blocks: dict[str, Blocks]) -> None:
    belief = Belief(blocks[BETWEEN], seed=0)
    before, after = belief.draw([]), belief.draw([Answer(0, None), Answer(1, None)])
    assert np.array_equal(before.wrong, after.wrong)
    assert np.array_equal(before.weights, after.weights)


def test_an_answer_against_all_odds_is_taken_for_a_wrong_one(blocks: dict[str, Blocks]) -> None:
    between = blocks[BETWEEN]
    belief = Belief(between, seed=0)
    never = int(between.logit.argmin())
    own, before = between.weight[never, 0], _mean(belief.draw([]))
    assert _mean(belief.draw([Answer(never, True)])) - before < 0.5 * own
    # Who insists is believed.
    assert _mean(belief.draw([Answer(never, True)] * 4)) - before > 0.5 * own


def test_the_order_of_answers_does_not_matter(blocks: dict[str, Blocks]) -> None:
    belief = Belief(blocks[BETWEEN], seed=0)
    given = [Answer(at, at % 3 == 0) for at in range(12)]
    one, other = belief.draw(given), belief.draw(given[::-1])
    assert np.allclose(one.weights, other.weights)
    assert np.allclose(one.wrong, other.wrong)
    assert np.allclose(Belief(blocks[BETWEEN], seed=0).draw(given).wrong, one.wrong)


def test_with_all_answers_right_nothing_is_left_but_the_doubt_in_answers() -> None:
    faces, people = make_folder(3, n_people=6, moved=2)
    blocks = list_blocks(faces, rank_faces(faces))[INSIDE]
    rank = rank_faces(faces)
    given = []
    for at, face in enumerate(blocks.first.tolist()):
        better = (faces.groups == faces.groups[face]) & (rank < rank[face])
        given.append(Answer(at, bool(np.mean(people[better] != people[face]) > 0.5)))
    draws = Belief(blocks, seed=0).draw(given)
    truth = sum(blocks.weight[at, 0] for at, one in enumerate(given) if one.mistake)
    assert abs(_mean(draws) - truth) < 0.02


def _make_blocks(group: Rows | None) -> Blocks:
    """Twelve blocks of ten pairs, each as likely a mistake as not."""
    weight, nothing = np.tile([0.01, 10.0], (12, 1)), np.zeros((len(BINS) - 1, 2))
    rows, logit = np.arange(12), np.full(12, -1.0)
    return Blocks(rows, rows, logit, weight, nothing, nothing, np.zeros(2), group)


def test_blocks_of_a_group_are_wrong_together() -> None:
    alone, together = (
        Belief(_make_blocks(group), seed=0) for group in (np.arange(12), np.arange(12) // 6)
    )
    one, other = alone.draw([]), together.draw([])
    # As many are expected, and they are less sure to be so many.
    assert np.isclose(_mean(one), _mean(other), atol=0.002)
    assert np.std(other.wrong[:, 0]) > 1.1 * np.std(one.wrong[:, 0])
    # A mistake in a group says more of the others in it.
    answer = [Answer(0, True)]
    assert _mean(together.draw(answer)) > _mean(alone.draw(answer)) + 0.003


def test_a_block_of_two_people_is_half_a_mistake() -> None:
    belief = Belief(_make_blocks(np.zeros(12, np.int64)), seed=0)
    answers = [Answer(0, at % 2 == 0) for at in range(6)]
    only = belief._learn(np.arange(12), tuple(answers))
    assert np.isclose(np.median(only.wrong[:, 0]), 0.005)


def test_answers_of_a_screen_share_its_face_and_say_less_of_the_group() -> None:
    belief = Belief(_make_blocks(np.zeros(12, np.int64)), seed=0)
    pairs, shown = (
        belief._learn(np.arange(12), tuple(Answer(at, True, items) for at in range(11)))
        for items in (1, 12)
    )
    assert np.ptp(shown.likely) < 0.8 * np.ptp(pairs.likely)
    # Their own blocks are mistakes all the same; of the twelfth they say less.
    assert np.isclose(np.mean(shown.wrong[:, 0]), np.mean(pairs.wrong[:, 0]), atol=0.01)
    assert shown.mean[:, 0].mean() < pairs.mean[:, 0].mean()
    # However many are shown, they are worth no more than ten that are not.
    many = belief._find_worth([[Answer(at, True, 500)] for at in range(500)])
    assert 9 < many.sum() < 10
    assert belief._find_worth([[Answer(0, True, 12)]]) == [1]


@pytest.mark.parametrize("group", [None, np.zeros(12, np.int64)])
@pytest.mark.parametrize("logit", [-14, 14])
def test_what_is_all_but_certain_has_chances_too(group: Rows | None, logit: int) -> None:
    blocks = replace(_make_blocks(group), logit=np.full(12, float(logit)))
    for mistake in (True, False):
        draws = Belief(blocks, seed=0).draw([Answer(0, mistake)])
        assert np.isclose(draws.weights.sum(), 1)
        assert (draws.weights >= 0).all()
    states = Belief(blocks, seed=0)._find_states_of(0, [])
    assert states.min() >= 0
    assert np.allclose(states.sum(axis=0), 1)


def test_curves_are_as_likely_as_they_were_meant_to_be() -> None:
    normal, beside = spread_evenly(3)
    assert np.abs(normal.mean(axis=1)).max() < 0.01
    assert np.abs(np.cov(normal) - np.eye(len(normal))).max() < 0.05
    assert np.allclose(beside.mean(axis=1), 0.5, atol=0.01)
    grid = make_grid(normal, 0.4)
    # What a group has in common leaves what is expected of a block as it is.
    assert np.allclose(grid.mean, make_grid(normal, 0).mean, rtol=0.1, atol=1e-6)
    assert np.isclose(grid.nodes.sum(), 1)


def test_quantiles_of_poisson_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    share, mean = random.random(500), np.exp(random.uniform(-6, 6, 500))
    found, exact = find_poisson(share, mean), poisson.ppf(share, mean)
    assert np.array_equal(found[mean <= 20], exact[mean <= 20])
    assert np.abs(found - exact).max() <= 2


def test_a_side_without_blocks_has_no_mistakes() -> None:
    faces, _ = make_folder(5, n_people=1, each=4)
    blocks = list_blocks(faces, rank_faces(faces))[BETWEEN]
    draws = Belief(blocks, seed=0).draw([])
    assert draws.wrong.max() < 1e-6
