"""What a composed config has chosen, and a job in a few words."""

from collections.abc import Collection, Mapping
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, read_write

from facetrack.core.scale import SETTINGS
from facetrack.core.texts import write_number
from facetrack.system.choices import choose
from facetrack.system.shipped import CONF
from facetrack.tasks.context.parameters import PLACES
from facetrack.tracking.keys import METHOD, RADIUS


def describe(config: DictConfig) -> str:
    """A job in a few words: its clusterer and what the command line set, "dbscan eps=0.3"."""
    stages = read_choices(config)
    said = said_settings({"seed", "n_people", "people_draw"}, set(stages) - {"dataset"})
    if config.get("n_people") is None and "n_people" in said:  # also where more were asked for
        said["n_people"] = "null"
        said.pop("people_draw", None)
    if not {"eps", "bandwidth", "n_clusters"} & set(said):
        defaults = [key for key in ("eps", "n_clusters") if key in config.clusterer]
        said |= {key: str(config.clusterer[key]) for key in defaults}
    return write_settings(stages["clusterer"], said)


def said_settings(keys: Collection[str], groups: Collection[str]) -> dict[str, str]:
    """What the command line sets of some settings, and in some groups, by names without a group."""
    said = {}
    for override in HydraConfig.get().overrides.task:
        key, _, value = override.lstrip("+").partition("=")
        group, _, setting = key.partition(".")
        if setting in (*PLACES, *SETTINGS):  # these speak through the radius
            continue
        if key in keys or (setting and group in groups):
            said[setting or key] = value
    return said


def write_settings(what: str, said: Mapping[str, str]) -> str:
    """What something is, and the settings it has, in a few words."""
    return " ".join([what, *(f"{key}={write_number(value)}" for key, value in said.items())])


def given_settings() -> set[str]:
    """The settings and choices that the command line names."""
    return {one.lstrip("+").partition("=")[0] for one in HydraConfig.get().overrides.task}


def name_run(config: DictConfig, kind: str, what: str) -> str:
    """What a run is called; a job's run begins with what differs between the jobs of a sweep."""
    if kind != "job":
        return f"{config.dataset.name} {what}"
    method, _, settings = what.partition(" ")
    given, stages = given_settings(), read_choices(config)
    chosen = [stages[one] for one in ("embedder", "detector", "sampling") if one in given]
    return " ".join(filter(None, [settings, method, *chosen, stages["dataset"]]))


def compared_settings(config: DictConfig) -> dict[str, object]:
    """The two parameters that methods are compared by; no radius where there is none."""
    used = next((name for name in ("bandwidth", "eps") if name in config.clusterer), None)
    at = None if used is None else config.clusterer[used]
    return {
        METHOD: read_choices(config)["clusterer"],
        **({} if at is None else {RADIUS: write_number(at)}),
    }


def read_choices(config: DictConfig) -> dict[str, str]:
    """The dataset's name, and what is chosen of the other groups that the config has."""
    choices = HydraConfig.get().runtime.choices
    groups = [one for one in ("detector", "embedder", "clusterer", "sampling") if one in config]
    names = {group: str(choices[group]) for group in groups}
    return {"dataset": str(config.dataset.name), **names}


def load_choice(stage: str, name: str) -> DictConfig:
    """The config of a choice that comes with facetrack. Raises UserError for another name."""
    choose(stage, name)
    loaded = OmegaConf.load(CONF / stage / f"{name}.yaml")
    assert isinstance(loaded, DictConfig)
    return loaded


def set_choice(config: DictConfig, stage: str, name: str) -> None:
    """Put a choice that comes with facetrack in place of the one that was composed."""
    config[stage] = OmegaConf.load(CONF / stage / f"{name}.yaml")
    hydra: Any = HydraConfig.get()
    with read_write(hydra):
        hydra.runtime.choices[stage] = name


def take_stages(config: DictConfig, choices: Mapping[str, str], choose: str) -> DictConfig:
    """A config's dataset with other stages that come with facetrack, to embed by.

    choices: "detector" and "embedder". choose: which faces count, where the detector is asked.
    """
    taken = OmegaConf.create({key: config[key] for key in ("dataset", "extract")})
    for stage, name in choices.items():
        taken[stage] = OmegaConf.load(CONF / stage / f"{name}.yaml")
    if "choose" in taken.detector:
        taken.detector.choose = choose
    return taken


def job_number() -> int:
    """The job's number in its sweep; 0 for a job alone."""
    job = HydraConfig.get().job
    return 0 if OmegaConf.is_missing(job, "num") else int(job.num)
