"""All that is checked of a command before Hydra runs it, in order."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from facetrack.cli.arguments import effect, keys, paths, values, words
from facetrack.cli.arguments.catalogue import Catalogue
from facetrack.cli.arguments.composition import Composed, compose_command
from facetrack.cli.arguments.flags import Line
from facetrack.cli.arguments.overrides import is_choice, parse_override
from facetrack.cli.ranges import refuse_several
from facetrack.core.errors import UserError
from facetrack.core.suggestions import find_nearest_keys
from facetrack.tasks.context import names

# By what runs them: tasks that are one job.
_ALONE = {
    f"facetrack.tasks.{one}.run.{one}": one
    for one in ("organise", "forget", "export", "audit", "review")
}
_SEARCHED = "hydra.searchpath"
_FILE = "file://"


class Checks:
    """The checks of one command line, whose configs are in a folder; Hydra is initialized."""

    def __init__(self, line: Line, conf: Path) -> None:
        self._line = line
        self._added = [] if line.config_folder is None else [_existing_folder(line.config_folder)]
        self._catalogue = Catalogue([conf, *self._added], line.config_name)

    def parse(self, arguments: Sequence[str]) -> list[Override]:
        """The arguments as overrides. Raises UserError for what sets nothing."""
        words.refuse(arguments, self._catalogue)
        return [self._parse(one) for one in arguments]

    def compose(self, arguments: Sequence[str], typed: Collection[str], multirun: bool) -> Composed:
        """What the command's choices make of the config; its settings are known, and not set yet.

        typed: the arguments of this very call. Raises UserError for an unknown group, choice or
        setting, and for several values where there is no sweep.
        """
        overrides = self.parse(arguments)
        searched = self._find_search_path(overrides)
        catalogue = self._catalogue
        loader = GlobalHydra.instance().config_loader()
        of_hydra = {
            f"hydra/{group}": loader.get_group_options(f"hydra/{group}")
            for group in (loader.list_groups("hydra") if self._are_hydras(overrides) else ())
        }
        keys.check_choices(overrides, catalogue, of_hydra)
        found = compose_command(overrides, catalogue, self._line.config_name, searched)
        keys.check_settings(overrides, catalogue, found, typed)
        if not multirun:
            _refuse_several(overrides, arguments, found)
        elif self._line.works:
            _refuse_sweep(found, "-m")
        if self._line.works:
            effect.refuse_useless(typed, found, multirun=multirun)
        return found

    def set(self, arguments: Sequence[str], found: Composed) -> None:
        """Set the settings, of a sweep to their first values. Raises UserError.

        That is where one does not take its value, or has none.
        """
        overrides = [
            one
            for one in map(parse_override, arguments)
            if one is not None and not is_choice(one, self._catalogue.groups)
        ]
        for override in overrides:
            _refuse_versions(override)
            found.set(override)
        values.check(found.jobs, overrides)
        values.check_hydras(found.hydra)
        if self._line.works:
            if any(job.get("sweep_id") for job in found.jobs):
                _refuse_sweep(found, "sweep_id")
            paths.check(found.jobs)

    def _parse(self, argument: str) -> Override:
        found = parse_override(argument)
        if found is not None:
            return found
        key, _, value = argument.partition("=")
        if parse_override(f"{key}=1") is not None:
            raise UserError(
                f"the value of {key} cannot be read: {value}; put it in quotes twice, as in "
                "\"dataset.root='my photos'\""
            )
        near = find_nearest_keys(
            key.lstrip("+~").strip(), [*self._catalogue.groups, *self._catalogue.owners]
        )
        meant = (
            f"; did you mean {' or '.join(near)}?" if near else ": a setting has letters and dots"
        )
        raise UserError(f"there is no setting {key!r}{meant}")

    def _find_search_path(self, overrides: Sequence[Override]) -> str | None:
        """An override of Hydra's search path, where the command adds folders to it."""
        given = [one.value() for one in overrides if one.key_or_group == _SEARCHED]
        places = [str(one) for one in given[-1]] if given and isinstance(given[-1], list) else []
        folders = [Path(one.removeprefix(_FILE)) for one in places if "://" not in one[7:]]
        if folders:
            conf = self._catalogue.folders
            self._catalogue = Catalogue([*conf, *folders], self._line.config_name)
        places += [f"{_FILE}{one}" for one in self._added]
        if not places:
            return None
        quoted = ",".join("'" + one.replace("'", "\\'") + "'" for one in places)
        return f"{_SEARCHED}=[{quoted}]"

    def _are_hydras(self, overrides: Sequence[Override]) -> bool:
        return any(one.key_or_group.startswith("hydra/") for one in overrides)


@contextmanager
def initialize_hydra(line: Line, conf: Path) -> Iterator[Path]:
    """Hydra, ready to compose from the config folder that the command line takes; that folder."""
    if line.config_path is not None:
        # As Hydra has it: beside the file that starts it.
        conf = _existing_folder(str(Path(__file__).parents[1] / line.config_path))
    with initialize_config_dir(str(conf), version_base="1.3"):
        yield conf


def _existing_folder(text: str) -> Path:
    path = Path(text).absolute()
    if not path.is_dir():
        raise UserError(f"there is no folder {path} to take configs from")
    return path


def _refuse_several(
    overrides: Sequence[Override], arguments: Sequence[str], found: Composed
) -> None:
    for override in overrides:
        if override.is_sweep_override():
            refuse_several(str(override.input_line), arguments, find_single_task(found))


def find_single_task(found: Composed) -> str | None:
    """The task, where that is one job whatever is asked."""
    targets = (
        names.find_present(str(OmegaConf.select(job, "task._target_"))) for job in found.jobs
    )
    return next((_ALONE[target] for target in targets if target in _ALONE), None)


def _refuse_versions(override: Override) -> None:
    """Raises UserError for a sweep over versions of the protocol, which are not comparable."""
    if override.key_or_group == "protocol_version" and override.is_sweep_override():
        raise UserError(
            "protocol_version is one number for a whole sweep, whose tables never mix two; got "
            f"{override.input_line}: run a sweep for each"
        )


def _refuse_sweep(found: Composed, flag: str) -> None:
    """Raises UserError where the task is one job. flag: what makes it one of a sweep."""
    task = find_single_task(found)
    if task is not None:
        raise UserError(f"task={task} is one job, not a sweep: leave out {flag}")
