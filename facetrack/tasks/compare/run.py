"""`task=compare`: which detector and embedder suit a dataset's faces?

candidates.py finds the models that can be had and the faces by each, results.py tells what was
found; which of two is better is decided in evaluation/model_pairs.py and verdict.py.
"""

from collections.abc import Sequence
from itertools import combinations

from omegaconf import DictConfig, OmegaConf

from facetrack import figures
from facetrack.core.artifacts import mark_nobody, mark_people
from facetrack.core.errors import UserError
from facetrack.core.faces import Embedded, Pictures
from facetrack.core.texts import write_count
from facetrack.evaluation.model_pairs import Model, ModelPair, compare_two
from facetrack.system.progress import say
from facetrack.tasks.compare import results
from facetrack.tasks.compare.candidates import Named, find_models, list_stages, read_names
from facetrack.tasks.compare.results import Row
from facetrack.tasks.context import outputs
from facetrack.tasks.context.choices import given_settings, set_choice
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import settle_dataset
from facetrack.tasks.report_names import REPORT
from facetrack.tasks.reports import Findings, describe_environment, make_report
from facetrack.tasks.scores import write_skipped
from facetrack.tracking import keys
from facetrack.tracking.address import NOWHERE

_UNUSED = ("sampling", "n_resamples", "n_people")
_NOBODY = "none"


def compare(config: DictConfig) -> None:
    """Embed by each model, compare, log. Raises UserError for what the user can put right."""
    config, names = _settle(config)
    job = Job(config, "comparison", " ".join(["comparison", *map(str, names)]))
    if job.finished_before():
        return
    with job.run() as run:
        models = find_models(config, names, _load(config))
        found = {model.name for model in models}
        job.say_models(list_stages([name for name in names if str(name) in found]))
        job.say_dataset(run, models[0].embeddings)
        rows = [results.look_at(model) for model in models]
        pairs = [compare_two(one, other) for one, other in combinations(models, 2)]
        picked = results.pick(pairs, [row.name for row in rows])
        _tell(config, models, rows, pairs)  # before a server may refuse them
        values = results.make_metrics(rows, keys.OF_MODEL)
        job.give(run, metrics=values, picked=picked, answer=results.tell_pick(rows, pairs))
        run.metrics(values)
        run.tags({keys.PICKED: picked or ""})
        files = _make_files(config, rows, pairs, picked)
        if not config.sweep_id:  # a sweep has one of all its jobs
            said = [results.tell_pick(rows, pairs), *map(results.tell_pair, pairs)]
            files[REPORT] = make_report(
                job.name, said, Findings(files), describe_environment(run.run_id, job.capsule)
            )
        skipped: dict[str, str | bytes] = {
            f"skipped-{model.name}.csv": write_skipped(model.embeddings.skipped) for model in models
        }
        run.artifacts([*mark_nobody(files), *mark_people(skipped)])
    if config.tracking.uri != NOWHERE and not config.sweep_id:
        say(f"\nTables and figure: {outputs.write(files)}/")
    if not config.sweep_id:
        say(f"\n{job.tracking.where_line()}")


def _settle(config: DictConfig) -> tuple[DictConfig, list[Named]]:
    """A copy of a composed config that has what is compared, and nothing else; and the models.

    Raises UserError for settings that do not go together.
    """
    settle_dataset(config)
    for key in given_settings():
        if key in ("clusterer.eps", "clusterer.bandwidth"):
            raise UserError(
                f"{key} is a distance, and means another one for each embedder: leave it out, and "
                "each gets its own"
            )
    names = read_names(config.task.models)
    for stage in ("detector", "embedder"):
        set_choice(config, stage, _NOBODY)
    config = OmegaConf.masked_copy(config, [str(key) for key in config if key not in _UNUSED])
    refuse_missing(config)
    return config, names


def _load(config: DictConfig) -> Pictures:
    """The pictures. Raises UserError for a dataset that brings embeddings."""
    dataset = make(config.dataset)
    if isinstance(dataset, Embedded):
        raise UserError(
            "dataset=vectors brings embeddings, and task=compare compares what makes them: give "
            "pictures, dataset=folder dataset.root=PATH"
        )
    listing: Pictures = dataset.load()
    return listing


def _make_files(
    config: DictConfig, rows: Sequence[Row], pairs: Sequence[ModelPair], picked: str | None
) -> dict[str, str | bytes]:
    title = f"{config.dataset.name}: {write_count(len(rows), 'model')}, {_name_method(config)}"
    scores = {
        "BCubed F, by labels": [row.f for row in rows],
        "ARI, by labels": [row.ari for row in rows],
        "BCubed F to expect, without labels": [row.expected for row in rows],
    }
    figure = figures.draw_models([row.name for row in rows], scores, picked, title)
    return {
        "embedders.md": results.write_markdown(rows, pairs),
        "embedders.csv": results.write_rows(rows),
        "pairs.csv": results.write_pairs(pairs),
        "embedders.png": figures.encode_png(figure),
    }


def _name_method(config: DictConfig) -> str:
    return str(config.clusterer._target_).rpartition(".")[2]


def _tell(
    config: DictConfig, models: Sequence[Model], rows: Sequence[Row], pairs: Sequence[ModelPair]
) -> None:
    """Print the result: a line in a sweep, all of it for a single job."""
    if config.sweep_id:
        say(f"  {config.dataset.name}: {results.tell_pick(rows, pairs)}")
        return
    faces = models[0].embeddings
    people = len(faces.names)
    labels = write_count(people, "person", "people") if people else "no labels: every face counts"
    say(f"{config.dataset.name}: {write_count(faces.n_pictures, 'picture')}, {labels}\n")
    for line in results.tell(rows, pairs):
        say(line)
