"""Hydra's basic sweeper, for sweeps over choices that do not have the same settings.

`clusterer=kmeans,dbscan clusterer.eps=0.1:1.2` means one job with k-means, which has no eps, and
twelve with DBSCAN. Hydra alone would refuse to give k-means an eps. A plugin must live in a package
of this name; Hydra imports it at each start, so it must stay light.
"""

import functools
import itertools
from collections.abc import Iterable, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import Override, OverrideType
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.system.masking import masked_within
from facetrack.system.progress import say
from facetrack.tasks.sweep import session

# Jobs with the same embeddings follow each other, so that these are read once.
_OUTERMOST = ("dataset", "detector", "embedder", "n_people")


class FacetrackSweeper(BasicSweeper):
    """The product of all swept values, without settings that a job's choices do not have.

    A setting is dropped from the jobs that lack it where at least one job has it; what remains the
    same is run once. A setting that no job has is Hydra's error, as ever.
    """

    def split_arguments(  # type: ignore[override] # Hydra calls it on the instance
        self, overrides: list[Override], max_batch_size: int | None
    ) -> list[list[list[str]]]:
        """The jobs' overrides, in batches. Called by Hydra."""
        assert self.hydra_context is not None
        assert self.config is not None
        choices = _Choices(self.hydra_context.config_loader, self.config)
        jobs, left_out = _jobs(overrides, choices)
        session.announce(jobs, left_out)
        return list(self.split_overrides_to_chunks(jobs, max_batch_size))

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make the launcher. Called by Hydra."""
        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)
        assert self.launcher is not None
        self.launcher = _Persistent(self.launcher)

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """See that each kind of job can be composed, before the first runs. Called by Hydra.

        Hydra would compose every job, which takes a tenth of the time of a sweep of small jobs.
        Whether one can be composed depends on its choices and on which settings it sets.
        """
        assert self.hydra_context is not None
        options = functools.cache(self.hydra_context.config_loader.get_group_options)
        kinds: dict[tuple[str, ...], Sequence[str]] = {}
        for job in batch:
            keys = [text.lstrip("+~").partition("=")[0] for text in job]
            kind = (text if options(key) else key for text, key in zip(job, keys, strict=True))
            kinds.setdefault(tuple(kind), job)
        super().validate_batch_is_legal(list(kinds.values()))

    def get_job_batch(self) -> Sequence[Sequence[str]]:
        """The next jobs' overrides. Called by Hydra, after it has written down the sweep."""
        assert self.config is not None
        written = Path(self.config.hydra.sweep.dir) / "multirun.yaml"
        if self.batch_index == 0 and written.exists():
            told = masked_within(OmegaConf.to_container(OmegaConf.load(written)))
            written.write_text(OmegaConf.to_yaml(told), encoding="utf-8")
        batch: Sequence[Sequence[str]] = super().get_job_batch()
        return batch


class _Persistent(Launcher):
    """A launcher that goes on when the processes it shares jobs out to are lost.

    Where one of its processes dies, joblib ends all of them, and its jobs have no results.
    """

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """The launcher has been set up."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run the jobs; their returns, in the same order. Called by the sweeper."""
        returns: list[JobReturn] = []
        while len(returns) < len(job_overrides):
            start = initial_job_idx + len(returns)
            try:
                returns += self._launcher.launch(job_overrides[len(returns) :], start)
            except BrokenProcessPool:
                # Whose process it was is not told. So each that had begun gets one to itself, where
                # it can take no other with it; those that are finished say so.
                last = max(session.lost(), start)
                say("  a worker process was lost: the jobs that had begun are run again")
                for number in range(start, last + 1):
                    returns.append(self._alone(job_overrides[number - initial_job_idx], number))
        for one in returns:
            session.returned(one.return_value)
        return returns

    def _alone(self, overrides: Sequence[str], number: int) -> JobReturn:
        try:
            return self._launcher.launch([overrides], number)[0]
        except BrokenProcessPool:
            session.lost()
            failure = session.Failure(f"{' '.join(overrides)}: its worker process was lost, twice")
            say(f"  FAILED: {failure.text}")
            return failed(failure)


def failed(failure: session.Failure) -> JobReturn:
    """What a launcher returns of a job that could not say so itself."""
    returned = JobReturn(status=JobStatus.COMPLETED)
    returned.return_value = failure
    return returned


class _Choices:
    """Which settings exist under which choices of the groups."""

    def __init__(self, loader: ConfigLoader, config: DictConfig) -> None:
        self._loader = loader
        self._config = config
        self._composed: dict[tuple[str, ...], DictConfig] = {}

    def is_group(self, override: Override) -> bool:
        return bool(self._loader.get_group_options(override.key_or_group))

    def have(self, groups: tuple[str, ...], key: str) -> bool:
        if groups not in self._composed:
            self._composed[groups] = self._loader.load_sweep_config(self._config, list(groups))
        parent, _, last = key.rpartition(".")
        node = OmegaConf.select(self._composed[groups], parent)
        # A list of the keys: `in` on the node would not see one whose value is still missing.
        return isinstance(node, DictConfig) and last in list(node)


def _jobs(
    overrides: Sequence[Override], choices: _Choices
) -> tuple[list[list[str]], dict[str, list[str]]]:
    """Each job's overrides; and by setting the choices it does not apply to."""
    # A later override takes the place of an earlier one of the same key, as in Hydra.
    last = {override.get_key_element(): override for override in overrides}
    ordered = sorted(last.values(), key=_place)
    groups = [one for one in ordered if choices.is_group(one)]
    settings = [one for one in ordered if one not in groups]
    chosen = [tuple(combination) for combination in itertools.product(*map(_texts, groups))]
    lacking: dict[str, list[tuple[str, ...]]] = {}
    # With one combination there is nobody else to have a setting, and nothing to compose for it.
    for setting in settings if len(chosen) > 1 else ():
        if setting.type is OverrideType.CHANGE and "." in setting.key_or_group:
            without = [one for one in chosen if not choices.have(one, setting.key_or_group)]
            if len(without) < len(chosen):
                lacking[setting.get_key_element()] = without
    jobs = []
    for combination in itertools.product(*map(_texts, ordered)):
        pairs = list(zip(ordered, combination, strict=True))
        names = tuple(text for one, text in pairs if one in groups)
        jobs.append(
            [text for one, text in pairs if names not in lacking.get(one.get_key_element(), ())]
        )
    left_out = {
        key: _unique(text.partition("=")[2] for one in without for text in one if _owns(text, key))
        for key, without in lacking.items()
        if without
    }
    return [list(job) for job in dict.fromkeys(map(tuple, jobs))], left_out


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


def _place(override: Override) -> int:
    key = override.key_or_group
    return _OUTERMOST.index(key) if key in _OUTERMOST else len(_OUTERMOST)


def _owns(group: str, setting: str) -> bool:
    return setting.startswith(f"{group.partition('=')[0]}.")


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
