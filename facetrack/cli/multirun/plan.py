"""Which jobs a sweep has, asked of Hydra's overrides and configs."""

from collections.abc import Sequence

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.tasks.sweep.combinations import Argument, Plan, combine


class Choices:
    """Which settings exist under which choices of the groups."""

    def __init__(self, loader: ConfigLoader, config: DictConfig) -> None:
        self._loader = loader
        self._config = config
        self._composed: dict[tuple[str, ...], DictConfig] = {}

    def is_group(self, override: Override) -> bool:
        """Whether an override chooses from a group."""
        return bool(self._loader.get_group_options(override.key_or_group))

    def have(self, groups: tuple[str, ...], key: str) -> bool:
        """Whether a setting is there under some choices, `group=choice` each."""
        if groups not in self._composed:
            self._composed[groups] = self._loader.load_sweep_config(self._config, list(groups))
        parent, _, last = key.rpartition(".")
        node = OmegaConf.select(self._composed[groups], parent)
        # A list of the keys: `in` on the node would not see one whose value is still missing.
        return isinstance(node, DictConfig) and last in list(node)


def plan_jobs(overrides: Sequence[Override], choices: Choices, untyped: int = 0) -> Plan:
    """The jobs of a sweep. Raises UserError for an override that has no single values.

    untyped: how many of the first overrides are an experiment's own.
    """
    arguments = [_argument(one, choices, untyped=i < untyped) for i, one in enumerate(overrides)]
    plan = combine(arguments, choices.have)
    jobs = dict.fromkeys(tuple(_without_draw(job)) for job in plan.jobs)
    return Plan([list(job) for job in jobs], plan.left_out)


def _without_draw(job: Sequence[str]) -> list[str]:
    """A job of all people without a draw of them, for all draws have all."""
    some = any(one.startswith("n_people=") and one != "n_people=null" for one in job)
    return [one for one in job if some or not one.startswith("people_draw=")]


def _argument(override: Override, choices: Choices, *, untyped: bool) -> Argument:
    return Argument(
        override.get_key_element(),
        override.key_or_group,
        _texts(override),
        is_choice=choices.is_group(override),
        may_lack=override.type is OverrideType.CHANGE and "." in override.key_or_group,
        untyped=untyped,
    )


def _texts(override: Override) -> list[str]:
    """The override once for each of its values."""
    key = override.get_key_element()
    if override.is_sweep_override():
        if not override.is_discrete_sweep():
            raise UserError(f"{override.input_line}: expected single values, as in {key}=1,2,3")
        return [f"{key}={value}" for value in override.sweep_string_iterator()]
    if override.is_delete():
        return [str(override.input_line)]
    return [f"{key}={override.get_value_element_as_str()}"]
