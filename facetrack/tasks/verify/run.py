"""`task=verify`: are two pictures of one person? (PROTOCOL, "Verification")

pairing.py makes the pairs and embeds their pictures, results.py tells what was found, summary.py
sums up a sweep.
"""

import functools
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from facetrack import figures
from facetrack.core.artifacts import mark_nobody, mark_people
from facetrack.core.errors import UserError
from facetrack.dataset.folder import XMP
from facetrack.dataset.lfw_pairs import fetch_pairs
from facetrack.evaluation.verification import Verification
from facetrack.evaluation.verification import verify as verify_pairs
from facetrack.system.files import sha256, user_path
from facetrack.system.progress import say
from facetrack.tasks.context import outputs
from facetrack.tasks.context.choices import (
    given_settings,
    read_choices,
    said_settings,
    write_settings,
)
from facetrack.tasks.context.faces import embed_pictures
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import settle_dataset
from facetrack.tasks.report_names import REPORT
from facetrack.tasks.reports import Findings, describe_environment, make_report
from facetrack.tasks.scores import write_skipped
from facetrack.tasks.verify import results
from facetrack.tasks.verify.pairing import Paired, Request, make_pairs
from facetrack.tracking.address import NOWHERE
from facetrack.tracking.keys import ACCURACY, ACCURACY_ERROR

_PAGE = "verification.html"
_LFW = "facetrack.dataset.Lfw"
_RANDOM = "random"
_UNUSED = ("clusterer", "sampling", "n_resamples", "n_people")
_N_PAIRS, _MIN_PICTURES = "task.n_pairs", "dataset.min_pictures"


def verify(config: DictConfig) -> None:
    """Embed the pictures of pairs, judge them, log. Raises UserError for a user's mistakes."""
    config = _settle(config)
    job = Job(config, "verification", _describe(config))
    if job.finished_before():
        return
    with job.run() as run:
        paired = make_pairs(_read_request(config))
        job.say_dataset(run, paired.embeddings)
        found = verify_pairs(paired.pairs, paired.distances)
        values = results.make_metrics(found)
        _tell(config, values, found, paired)  # before a server may refuse them
        job.give(run, metrics=values)
        run.metrics(values)
        curve = results.make_curve(_name_curve(config), found.roc.corners, values)
        title = f"{config.dataset.name}: verification"
        drawn: dict[str, str | bytes] = {
            results.BY_FOLD: results.write_folds(found),
            results.ROC: results.write_roc(found.roc.corners),
            "verification.png": figures.encode_png(figures.draw_verification([curve], title)),
        }
        page: dict[str, str | bytes] = {}
        if not config.sweep_id:  # a sweep's jobs share a page: its parent run has it
            page = {_PAGE: figures.render_verification_page([curve], title)}
            plots = {"verification.png": {"": figures.plot_verification([curve])}}
            said = [line for line in results.tell(found, paired) if line]
            report = make_report(
                title, said, Findings(drawn, plots), describe_environment(run.run_id, job.capsule)
            )
            page[REPORT] = report
        tables: dict[str, str | bytes] = {
            results.PAIRS: results.write_pairs(found, paired),
            "skipped.csv": write_skipped(paired.embeddings.skipped),
        }
        run.artifacts([*mark_nobody({**drawn, **page}), *mark_people(tables)])
    if page and config.tracking.uri != NOWHERE:
        folder = outputs.write(page)
        say(f"\nPages: {folder / _PAGE}, {folder / REPORT}")
    if not config.sweep_id:
        say(f"\n{job.tracking.where_line()}")


def _settle(config: DictConfig) -> DictConfig:
    """A copy of a composed config that has what verification depends on, and nothing else.

    Where pairs come from a file, `task.pairs` is its path and `task.sha256` its hash; where they
    are drawn, both are null. LFW's own file is downloaded here.
    Raises UserError for settings that do not go together, and where there is no such file.
    """
    settle_dataset(config)
    config = OmegaConf.masked_copy(config, [str(key) for key in config if key not in _UNUSED])
    refuse_missing(config)
    by_xmp = config.dataset.get("labels") == XMP
    if config.detector.get("choose") == "all" and not by_xmp:
        raise UserError(
            "detector.choose=all gives several faces of a picture, and task=verify compares one of "
            "each: choose first, largest or central"
        )
    task = config.task
    own = task.pairs is None and config.dataset.get("_target_") == _LFW
    if task.pairs == _RANDOM or (task.pairs is None and not own):
        task.pairs = task.sha256 = None
    elif by_xmp:
        raise UserError(
            "dataset.labels=xmp names faces, and task.pairs names pictures, whoever else is on "
            "them: leave one of them out"
        )
    else:
        _settle_file(config, own=own)
    task.urls = None
    return config


def _settle_file(config: DictConfig, *, own: bool) -> None:
    """own: whether the file is LFW's own."""
    task, given = config.task, given_settings()
    if _N_PAIRS in given:
        which = "LFW has pairs of its own" if own else "task.pairs names a file of pairs"
        raise UserError(
            f"{_N_PAIRS} is for random pairs, and {which}: leave it out, or add task.pairs=random"
        )
    if "min_pictures" in config.dataset and _MIN_PICTURES not in given:
        config.dataset.min_pictures = 1  # the file says which pictures count
    path = fetch_pairs(list(task.urls or ()), task.sha256) if own else user_path(task.pairs)
    try:
        task.sha256 = sha256(path).hex()
    except OSError as error:
        raise UserError(
            f"task.pairs={path} cannot be read ({error.strerror}): give a file like LFW's "
            "pairs.txt, or task.pairs=random"
        ) from error
    task.pairs, task.n_pairs = str(path), None


def _read_request(config: DictConfig) -> Request:
    """What a settled config asks for."""
    return Request(
        dataset=make(config.dataset),
        embed=functools.partial(embed_pictures, config),
        name=str(config.dataset.name),
        file=None if config.task.pairs is None else Path(config.task.pairs),
        n_pairs=config.task.n_pairs,
        seed=config.seed,
    )


def _describe(config: DictConfig) -> str:
    """A verification in a few words: its detector and embedder, and what the command set."""
    stages = read_choices(config)
    what = " ".join(["verification", stages["detector"], stages["embedder"]])
    return write_settings(what, said_settings({"seed", _N_PAIRS}, ("detector", "embedder")))


def _name_curve(config: DictConfig) -> str:
    stages = read_choices(config)
    brought = stages["embedder"] == "none"  # by dataset=vectors
    return stages["dataset"] if brought else f"{stages['detector']} + {stages['embedder']}"


def _tell(
    config: DictConfig, values: dict[str, float], found: Verification, paired: Paired
) -> None:
    """Print the result: a line in a sweep, all of it for a single job."""
    stages = read_choices(config)
    if config.sweep_id:
        what = _describe(config).partition(" ")[2]
        accuracy = f"{values[ACCURACY]:.4f} ± {values[ACCURACY_ERROR]:.4f}"
        say(f"  {config.dataset.name} {what}: accuracy {accuracy}")
        return
    say(" · ".join([stages["dataset"], stages["detector"], stages["embedder"]]))
    for line in results.tell(found, paired):
        say(line)
