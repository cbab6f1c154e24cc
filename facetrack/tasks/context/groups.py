"""The groups of a composed config: whose setting is at fault."""

import contextlib
from collections.abc import Iterator

from omegaconf import DictConfig

from facetrack.core.errors import SettingError
from facetrack.tasks.context.targets import STAGES


@contextlib.contextmanager
def name_group(config: DictConfig) -> Iterator[None]:
    """Within, a setting that cannot be used is told as the command line names it.

    A class names its own argument, `choose`; its group is the one that has such a setting,
    `detector.choose`.
    """
    try:
        yield
    except SettingError as error:
        group = next((one for one in STAGES if error.settings <= set(config[one])), None)
        raise (error if group is None else error.within(group)) from error.__cause__
