"""A letter changed, added or left out in any name in conf: the right name is told."""

import re
import string
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facetrack.cli.arguments.catalogue import Catalogue
from facetrack.cli.command_line import prepare
from facetrack.core.errors import UserError
from facetrack.core.suggestions import (
    find_nearest,
    find_nearest_keys,
    measure_likeness,
)
from facetrack.system.shipped import CONF

CATALOGUE = Catalogue([CONF])
GROUPS = [group for group in CATALOGUE.groups if not group.startswith("hydra/")]
CHOICES = [(group, choice) for group in GROUPS for choice in CATALOGUE.groups[group]]
KEYS = [key for key in CATALOGUE.owners if not key.endswith("_target_")]
NAMES = [*CATALOGUE.groups, *CATALOGUE.owners]
LETTERS = st.sampled_from(string.ascii_lowercase + "_")
# A dash in front is a flag, a dot at an end no key at all.
SLIPPERY = st.sampled_from(["changed", "added", "missing"])


def slips(name: str) -> Iterator[str]:
    """The name with any letter left out, one of a few put anywhere, or in the place of another."""
    for place in range(len(name) + 1):
        yield name[:place] + name[place + 1 :]
        for letter in "aeqz_":
            yield name[:place] + letter + name[place:]
            yield name[:place] + letter + name[place + 1 :]


def slip(data: st.DataObject, name: str) -> str:
    place = data.draw(st.integers(0, len(name) - 1))
    letter, kind = data.draw(LETTERS), data.draw(SLIPPERY)
    return {
        "changed": name[:place] + letter + name[place + 1 :],
        "added": name[:place] + letter + name[place:],
        "missing": name[:place] + name[place + 1 :],
    }[kind]


@pytest.mark.parametrize("name", NAMES)
def test_any_slip_in_a_key_or_group_is_known(name: str) -> None:
    wrong = {one for one in slips(name) if one and one not in NAMES}
    assert [one for one in wrong if name not in find_nearest_keys(one, NAMES)] == []


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_any_slip_in_a_choice_is_known(group: str, choice: str) -> None:
    options = CATALOGUE.groups[group]
    wrong = {one for one in slips(choice) if one and one not in options}
    assert [one for one in wrong if choice not in find_nearest(one, options)] == []


def told(*arguments: str) -> str:
    with pytest.raises(UserError) as caught:
        prepare(arguments, CONF)
    return str(caught.value)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_slip_in_an_argument_names_the_right_one(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(KEYS))
    wrong = slip(data, key)
    chosen = [
        f"{'' if owner.partition('=')[0] in CATALOGUE.defaults else '+'}{owner}"
        for owner in CATALOGUE.owners[key][:1]
    ]
    # Where the slip makes another setting of it, or one that another choice has, that is told.
    if wrong not in NAMES and re.fullmatch(r"[a-z_]\w*(\.[a-z_]\w*)*", wrong):
        assert key in told(*chosen, f"{wrong}=1")


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_slip_in_a_group_or_choice_names_the_right_one(data: st.DataObject) -> None:
    group, choice = data.draw(st.sampled_from(CHOICES))
    plus = "" if group in CATALOGUE.defaults else "+"
    wrong = slip(data, choice)
    if wrong and wrong not in CATALOGUE.groups[group]:
        assert f"{group}={choice}" in told(f"{plus}{group}={wrong}")
    wrong = slip(data, group)
    if wrong not in NAMES:
        assert group in told(f"{plus}{wrong}={choice}")


def test_what_is_alike() -> None:
    assert find_nearest("DBSCAN", ["hdbscan", "dbscan"]) == ["dbscan"]
    assert find_nearest("archivee", ["archive", "archives", "root"]) == ["archive", "archives"]
    assert find_nearest("dbsacn", ["dbscan", "kmeans"]) == ["dbscan"]
    assert find_nearest("quite", ["dbscan", "kmeans"]) == []
    assert find_nearest_keys("eps", ["clusterer.space.eps", "clusterer.eps"]) == ["clusterer.eps"]
    assert find_nearest_keys("clusterer.seed", ["seed", "clusterer.eps"]) == ["seed"]
    # The same group in front makes no two settings alike.
    assert find_nearest_keys("clusterer.metric", ["clusterer.eps", "clusterer.copy"]) == []
    assert measure_likeness("N-People", "n_people") == 1
