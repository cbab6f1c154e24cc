"""The blocks that an audit asks about: together they are all that can be wrong."""

from dataclasses import replace

import numpy as np
from made_folders import make_folder, make_vectors

from facetrack.evaluation.audit.blocks import find_bins, list_blocks
from facetrack.evaluation.audit.frame import (
    BETWEEN,
    BINS,
    INSIDE,
    Faces,
    find_prior_odds,
    list_impossible,
    list_members,
    measure_inside,
    rank_faces,
    speak,
    sum_up,
)
from facetrack.evaluation.audit.pairs_of_groups import (
    describe_folder,
    measure_between,
    weigh_pairs,
)
from facetrack.evaluation.metrics import scores


def test_the_weights_of_what_is_wrong_inside_groups_are_what_precision_lacks() -> None:
    faces, people = make_folder(1, moved=9)
    rank = rank_faces(faces)
    found = measure_inside(faces, rank, find_prior_odds(faces))
    wrong = np.array(
        [
            np.mean(
                people[(faces.groups == faces.groups[face]) & (rank < rank[face])] != people[face]
            )
            for face in found.features.first
        ]
    )
    truth = scores(people, faces.groups, information=False)
    assert np.isclose(1 - (found.weight[:, 0] * wrong).sum(), truth["bcubed_precision"])
    together = found.weight[:, 1].sum()
    assert np.isclose(
        1 - (found.weight[:, 1] * wrong).sum() / together, truth["pairwise_precision"]
    )


def test_every_pair_of_groups_is_there_once_and_counts_as_recall_does() -> None:
    # Of people in two groups each nothing else is missed: what a pair counts for is exact.
    faces, people = make_folder(2, n_people=6, split=3)
    groups = sum_up(faces)
    folder = describe_folder(faces, groups, find_prior_odds(faces))
    parts = list(measure_between(faces, groups, folder))
    pairs = np.concatenate([np.stack([one.first, one.second], axis=1) for one in parts])
    g = len(groups.sizes)
    assert pairs.tolist() == [[a, b] for a in range(g) for b in range(a + 1, g)]
    who = np.array([people[rows[0]] for rows in list_members(faces.groups)])
    same = who[pairs[:, 0]] == who[pairs[:, 1]]
    sizes = groups.sizes.astype(float)
    alone = np.zeros(len(pairs))
    weight = weigh_pairs(len(people), sizes, np.zeros(g), (pairs[:, 0], pairs[:, 1]), alone)
    truth = scores(people, faces.groups, information=False)
    assert np.isclose(1 - weight[same, 0].sum(), truth["bcubed_recall"])


def test_pairs_of_many_groups_are_measured_as_each_by_itself() -> None:
    # So many that they come in parts; two faces of a group and of many groups are on one photo.
    random = np.random.default_rng(5)
    groups = np.concatenate([np.arange(450), [7, 7, 300]])
    vectors = make_vectors(groups, 5)
    photos = random.integers(0, 300, len(groups))
    photos[[450, 451]] = photos[7]
    sharpness = random.choice(np.array([0.003, 0.03, 0.3], np.float32), len(groups))
    ratios = ((0.0, 0.01, 0.1), (0.3, 3.0, 5.0), (1.4, -1.0, -3.0))
    faces = Faces(vectors, groups, photos, ratios, sharpness)
    summed, about = sum_up(faces), np.zeros(4)
    parts = list(measure_between(faces, summed, about))
    assert len(parts) > 1
    found = np.concatenate([np.stack([one.first, one.second], axis=1) for one in parts])
    shared = {
        tuple(sorted((int(groups[one]), int(groups[other]))))
        for one in range(len(groups))
        for other in np.flatnonzero(photos == photos[one])
    }
    free = [(a, b) for a in range(450) for b in range(a + 1, 450) if (a, b) not in shared]
    assert 450 * 449 // 2 - len(free) > 100
    assert [(a, b) for a, b in found.tolist()] == free
    first, second = found.T
    mean = np.einsum("ij,ij->i", summed.means[first], summed.means[second])
    assert summed.sharpness is not None
    blur = np.fmin(summed.sharpness[first], summed.sharpness[second])
    ratio = np.concatenate([one.values[:, 1] for one in parts])
    np.testing.assert_allclose(ratio, speak(ratios, mean, blur), atol=1e-6)


def test_log_odds_are_in_the_space_that_a_search_finds() -> None:
    random = np.random.default_rng(0)
    beside = np.concatenate([np.nextafter(BINS, -99), BINS, np.nextafter(BINS, 99)])
    logit = np.concatenate([beside, random.normal(0, 9, 5000), [-999, 999]])
    expected = np.clip(np.searchsorted(BINS, logit, side="right") - 1, 0, len(BINS) - 2)
    np.testing.assert_array_equal(find_bins(logit), expected)


def test_a_folder_tells_strangers_from_torn_groups() -> None:
    # As many faces are alone, those of strangers and those of people whose faces are elsewhere.
    torn, _ = make_folder(2, n_people=8)
    groups = torn.groups.copy()
    groups[::6] = 8 + np.arange(8)
    torn = replace(torn, groups=groups)
    vectors = torn.vectors.copy()
    vectors[::6] = make_vectors(np.arange(8), 77)
    told = []
    for faces in (torn, replace(torn, vectors=vectors)):
        folder = describe_folder(faces, sum_up(faces), -3.0)
        assert np.allclose(folder[:3], [-3, np.log(16), np.log(8 / 48 + 0.02)])
        told.append(folder[3])
    assert told[0] > told[1] + 1


def test_faces_on_one_photo_are_known_mistakes_and_keep_groups_apart() -> None:
    faces, _ = make_folder(3, n_people=4)
    photos = faces.photos.copy()
    one, two = list_members(faces.groups)[0][:2]
    other = list_members(faces.groups)[1][0]
    photos[[one, two, other]] = photos[one]
    on_photos = replace(faces, photos=photos)
    assert {frozenset(pair) for pair in list_impossible(on_photos)} == {frozenset((one, two))}
    rank = rank_faces(faces)
    before, after = list_blocks(faces, rank), list_blocks(on_photos, rank)
    assert np.allclose(after[INSIDE].known, [2 / (24 * 6), 1])
    assert np.allclose(
        after[INSIDE].weight.sum(axis=0) + after[INSIDE].known, before[INSIDE].weight.sum(axis=0)
    )
    assert (0, 1) not in set(zip(after[BETWEEN].first, after[BETWEEN].second, strict=True))
    # A face that was found twice is no mistake.
    assert list_impossible(replace(on_photos, apart=2.0)) == []


def test_mistakes_are_expected_where_they_are() -> None:
    faces, people = make_folder(4, moved=8, split=4)
    rank = rank_faces(faces)
    blocks = list_blocks(faces, rank)
    inside = blocks[INSIDE]
    members = list_members(faces.groups)
    main = np.array([np.bincount(people[rows]).argmax() for rows in members])
    odd = people[inside.first] != main[inside.second]
    assert odd.any()
    assert inside.logit[odd].min() > inside.logit[~odd].max()
    between = blocks[BETWEEN]
    same = main[between.first] == main[between.second]
    assert same.sum() == 4
    assert between.logit[same].min() > between.logit[~same].max()


def test_one_face_or_one_group_has_nothing_to_ask_about() -> None:
    faces, _ = make_folder(5, n_people=1, each=4)
    blocks = list_blocks(faces, rank_faces(faces))
    assert len(blocks[INSIDE].logit) == 3
    assert len(blocks[BETWEEN].logit) == 0
    alone = replace(faces, groups=np.arange(4))
    blocks = list_blocks(alone, rank_faces(alone))
    assert len(blocks[INSIDE].logit) == 0
    assert len(blocks[BETWEEN].logit) == 6
