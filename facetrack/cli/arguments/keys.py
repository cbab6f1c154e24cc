"""Whether a command's groups, choices and settings are there; if not, which were meant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli.arguments import hydra_errors
from facetrack.cli.arguments.catalogue import Catalogue
from facetrack.cli.arguments.composition import Composed, as_container, has
from facetrack.cli.arguments.overrides import is_choice, read_settings, read_values
from facetrack.cli.arguments.signatures import Signature, read_signature
from facetrack.core.errors import UserError
from facetrack.core.suggestions import find_nearest, find_nearest_keys, measure_likeness
from facetrack.tasks.context.instances import refuse_blocked
from facetrack.tasks.context.targets import is_shipped

COMMAND_ONLY = ("resume", "reproduce", "tuned")
"""What looks like a setting and stands for others."""

_SHOWN = "python -m facetrack --cfg job shows what there is"
# What facetrack reads of a choice itself, whether its class takes it or not.
_ALWAYS = (
    *("dataset.name", "clusterer.share"),
    *("embedder.radius", "embedder.strangers", "embedder.false_neighbors"),
    "embedder.likelihood",
)
# An import takes longer than an answer should: not for what is a slip of the pen.
_SLIP = 0.7


def check_choices(
    overrides: Iterable[Override], catalogue: Catalogue, of_hydra: Mapping[str, list[str]]
) -> None:
    """Refuse choices that there are not, before anything is composed.

    of_hydra: the choices of Hydra's own groups. Raises UserError.
    """
    for override in overrides:
        group = override.key_or_group
        if not is_choice(override, catalogue.groups):
            continue
        options = of_hydra.get(group, []) if group.startswith("hydra/") else catalogue.groups[group]
        if group.startswith("hydra/") and not options:
            _refuse_setting(group, find_nearest(group, of_hydra), "")
        if override.package is not None:
            raise UserError(
                f"a choice has one place: leave out @{override.package}, {group}=CHOICE is enough"
            )
        _check_sign(override, catalogue)
        if group == "experiment" and override.is_sweep_override():
            raise UserError("an experiment is a sweep of its own: start a command for each")
        if not override.is_delete():
            for value in read_values(override, options):
                _check_choice(group, value, options)


def check_settings(
    overrides: Sequence[Override],
    catalogue: Catalogue,
    composed: Composed,
    typed: Collection[str],
) -> None:
    """Refuse settings that no job has.

    typed: the arguments of this very call: a class is imported only where a config or one of them
    names it. Raises UserError.
    """
    known = _Settings(catalogue, composed, typed)
    # Classes first, since they say what can be added.
    for override in sorted(overrides, key=lambda one: one.type is not OverrideType.CHANGE):
        if is_choice(override, catalogue.groups):
            continue
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise UserError(
                f"{override.input_line} has no single values: {override.key_or_group}=1,2,3 has"
            )
        if override.package is not None:
            _refuse_setting(f"{override.key_or_group}@{override.package}", [], _SHOWN)
        for key, _ in read_settings(override):
            if key.startswith("hydra."):
                known.check_hydras(override, key)
            elif override.is_delete():
                known.check_left_out(key)
            else:
                known.check(override, key)


def _check_sign(override: Override, catalogue: Catalogue) -> None:
    """Refuse a + that is wrong or missing, and the loss of a group. Raises UserError."""
    group = override.key_or_group
    always = group in catalogue.defaults or group.startswith("hydra/")
    if override.is_delete():
        if group in catalogue.defaults:
            raise UserError(f"a command needs a {group}: {_one_of(group, catalogue.groups[group])}")
    elif override.is_force_add() or (override.is_add() and always):
        sign = "" if always else "+"
        wrong = "++" if override.is_force_add() else "+"
        raise UserError(
            f"{group} is chosen without {wrong}: write "
            f"{sign}{group}={override.get_value_element_as_str()}"
        )
    elif not override.is_add() and not always:
        raise UserError(
            f"{group} is added to a command: write +{group}={override.get_value_element_as_str()}"
        )


def _check_choice(group: str, value: object, options: Sequence[str]) -> None:
    if isinstance(value, str) and value in options:
        return
    if value is None or value == "":
        given = "null" if value is None else ""
        instead = "to do without MLflow" if group == "tracking" else ""
        if instead:
            raise UserError(f"there is no {group}={given}: {instead}, write tracking=none")
        raise UserError(f"there is no {group}={given}: {_one_of(group, options)}")
    text = _one_of(group, options)
    if group == "dataset" and str(value).startswith(("/", "~", ".")):
        raise UserError(
            f"there is no dataset={value}; did you mean dataset=folder dataset.root={value}? "
            f"({text})"
        )
    near = find_nearest(Path(str(value)).stem, options)
    if near:
        meant = " or ".join(f"{group}={one}" for one in near)
        raise UserError(f"there is no {group}={value}; did you mean {meant}? ({text})")
    raise UserError(f"there is no {group}={value}: {text}")


def _one_of(group: str, options: Sequence[str]) -> str:
    return f"choose one of {group}={', '.join(options)}"


class _Settings:
    """The settings of a command."""

    def __init__(self, catalogue: Catalogue, composed: Composed, typed: Collection[str]) -> None:
        self._catalogue, self._composed, self._typed = catalogue, composed, typed
        self._foreign: set[str] = set()

    def check(self, override: Override, key: str) -> None:
        """A setting has to be there; or, with a +, to be an argument of the class."""
        signed = override.is_add() or override.is_force_add()
        there = self._composed.have(key)
        if there and override.is_add():
            raise UserError(
                f"{key} is there already: leave out the +, "
                f"{key}={override.get_value_element_as_str()}"
            )
        if not there and not (signed and self._can_be_added(key)):
            self._refuse(key, override)
        above, _, leaf = key.rpartition(".")
        if leaf == "_target_" and not self._is_typed(override):
            self._foreign.add(above)
        elif leaf == "_target_":
            for target in read_values(override):
                read_signature(str(target))  # it is there
                if not is_shipped(str(target)):  # its import may take a second
                    refuse_blocked(str(target))
            self._composed.set(override)

    def check_left_out(self, key: str) -> None:
        """A setting that is deleted has to be there, and its class to have a default for it."""
        if not self._composed.have(key):
            self._refuse(key, None)
        above, _, leaf = key.rpartition(".")
        optional = key.startswith("clusterer.space") or any(
            one is not None and one.arguments.get(leaf, False) for one in self._classes(above)
        )
        if not optional or key in _ALWAYS:
            raise UserError(f"{key} cannot be left out, for facetrack needs it: give it a value")

    def check_hydras(self, override: Override, key: str) -> None:
        """Hydra's own settings: the same, but Hydra sets them itself."""
        hydra, inner = self._composed.hydra, key.partition(".")[2]
        if has(hydra, inner):
            try:
                OmegaConf.update(hydra, inner, read_values(override)[0])
            except (OmegaConfBaseException, IndexError) as error:
                raise UserError(hydra_errors.explain(error)) from error
            return
        above, _, leaf = inner.rpartition(".")
        node = OmegaConf.select(hydra, above) if above else hydra
        signed = override.is_add() or override.is_force_add()
        if signed and isinstance(node, DictConfig) and OmegaConf.get_type(node) is dict:
            target = node.get("_target_")
            taken = read_signature(str(target)) if target else None
            if taken is None or taken.takes(leaf):
                return
        _refuse_setting(
            key,
            find_nearest_keys(key, _keys("hydra", as_container(hydra))),
            _SHOWN.replace("job", "hydra"),
        )

    def _can_be_added(self, key: str) -> bool:
        """Whether the classes of all jobs have an argument of that name."""
        above, _, leaf = key.rpartition(".")
        if above == "clusterer.space":  # what a study searches are arguments of the clusterer
            above = "clusterer"
        if above in self._foreign:
            return True  # whoever builds it will tell
        classes = self._classes(above)
        return bool(classes) and all(one is not None and one.takes(leaf) for one in classes)

    def _classes(self, above: str) -> list[Signature | None]:
        """What the jobs' classes at a place take; nothing where there is no class."""
        if not above or above in self._foreign:
            return []
        targets = dict.fromkeys(
            str(OmegaConf.select(job, f"{above}._target_"))
            for job in self._composed.jobs
            if has(job, f"{above}._target_")
        )
        return [] if above == "task" else [read_signature(target) for target in targets]

    def _is_typed(self, override: Override) -> bool:
        return str(override.input_line) in self._typed

    def _refuse(self, key: str, override: Override | None) -> NoReturn:
        """Raises UserError: there is no such setting, and what was meant."""
        owners = self._catalogue.owners
        if owners.get(key):
            self._refuse_of_others(key, owners[key])
        mine = sorted({one for job in self._composed.jobs for one in _keys("", as_container(job))})
        groups = list(self._catalogue.groups)
        names = [*mine, *groups, *COMMAND_ONLY]
        others = [one for one in owners if one not in names]
        near = find_nearest_keys(key, [*names, *others])
        if (
            not near
            or max(measure_likeness(key.rpartition(".")[2], one.rpartition(".")[2]) for one in near)
            < _SLIP
        ):
            self._refuse_argument(key, override)
        own = [one for one in near if one in names]
        if own or not near:
            _refuse_setting(key, own, _SHOWN)
        _refuse_setting(key, near, "", f", which {_all_of(owners[near[0]])}?")

    def _refuse_of_others(self, key: str, owners: Sequence[str]) -> NoReturn:
        """Raises UserError: other choices have it."""
        groups = list(dict.fromkeys(one.partition("=")[0] for one in owners))
        chosen = [
            f"{group}={','.join(self._composed.choices.get(group, ['?']))}" for group in groups
        ]
        inner = key.partition(".")[2] if key.partition(".")[0] in groups else key
        raise UserError(
            f"{' and '.join(chosen)} has no {inner}: add {_join(owners, 'or')}, which "
            f"{'has' if len(owners) == 1 else 'have'} it"
        )

    def _refuse_argument(self, key: str, override: Override | None) -> None:
        """Raises UserError where the class has an argument of that name, which needs a +."""
        above, _, leaf = key.rpartition(".")
        classes = [one for one in self._classes(above) if one is not None]
        if not classes:
            return
        name = " and ".join(dict.fromkeys(one.name for one in classes))
        if all(one.takes(leaf) for one in classes) and override is not None:
            raise UserError(
                f"{key} is an argument of {name} that no config sets: write "
                f"+{key}={override.get_value_element_as_str()}"
            )
        taken = [one for one in classes[0].arguments if not one.startswith("_")]
        near = find_nearest(leaf, taken)
        if near and measure_likeness(leaf, near[0]) >= _SLIP:
            there = "" if self._composed.have(f"{above}.{near[0]}") else "+"
            _refuse_setting(key, [f"{there}{above}.{near[0]}"], "")


def _refuse_setting(key: str, near: Sequence[str], otherwise: str, after: str = "?") -> NoReturn:
    if near:
        raise UserError(f"there is no setting {key}; did you mean {' or '.join(near)}{after}")
    raise UserError(f"there is no setting {key}" + (f": {otherwise}" if otherwise else ""))


def _leaf(key: str) -> str:
    return key.rpartition(".")[2]


def _all_of(owners: Sequence[str]) -> str:
    return f"{_join(owners, 'and')} {'has' if len(owners) == 1 else 'have'}"


def _join(names: Sequence[str], word: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def _keys(above: str, content: Mapping[Any, Any]) -> list[str]:
    """The dotted keys of all settings in a config's content, and of what holds several."""
    found = []
    for key, value in content.items():
        dotted = f"{above}.{key}" if above else str(key)
        found.append(dotted)
        if isinstance(value, dict):
            found += _keys(dotted, value)
    return found
