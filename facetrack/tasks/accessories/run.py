"""`task=accessories`: how far do sunglasses, masks, blur and the like move embeddings?

effects.py has all that is done to a face (drawn by wearing.py, taken by taking.py), measuring.py
measures, results.py tells.
"""

from collections.abc import Sequence

from omegaconf import DictConfig, OmegaConf

from facetrack.core.artifacts import mark_nobody, mark_people
from facetrack.core.errors import UserError
from facetrack.core.faces import Embedded
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks.accessories import results
from facetrack.tasks.accessories.effects import read_effects
from facetrack.tasks.accessories.measuring import (
    Model,
    Plan,
    choose_pictures,
    keep_people_of_two,
    measure,
)
from facetrack.tasks.context import outputs
from facetrack.tasks.context.choices import load_choice, read_choices, set_choice
from facetrack.tasks.context.faces import embed_pictures
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.methods import build_method
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import of_class, read_scale, settle_dataset
from facetrack.tasks.report_names import REPORT
from facetrack.tasks.reports import Findings, describe_environment, make_report
from facetrack.tasks.scores import write_skipped
from facetrack.tracking.address import NOWHERE

_UNUSED = ("clusterer", "sampling", "n_people", "n_resamples", "protocol_version")


def try_accessories(config: DictConfig) -> None:
    """Draw, embed, cluster, log. Raises UserError for what the user can put right."""
    config = _settle(config)
    plan = _read_plan(config)
    job = Job(config, "accessories", f"accessories {config.task.method}")
    if job.finished_before():
        return
    with job.run() as run:
        models = _find_models(config)
        finding = config.copy()
        finding.embedder = load_choice("embedder", models[0].name)
        listing = choose_pictures(make(config.dataset).load(), plan)
        whole = keep_people_of_two(embed_pictures(finding, listing))
        names = [model.name for model in models]
        job.say_models({f"embedder {name}": load_choice("embedder", name) for name in names})
        job.say_dataset(run, whole)
        found = measure(whole, make(config.detector), models, plan, TERMINAL)
        stages = read_choices(config)
        title = f"{stages['dataset']} · {stages['detector']} · {config.task.method}"
        if config.sweep_id:
            say(f"  {title}: {len(found.outcomes)} measured")
        else:
            say(title)
            for line in results.tell(found):  # before a server may refuse them
                say(line)
        values = results.make_metrics(found)
        job.give(run, metrics=values)
        run.metrics(values)
        table: dict[str, str | bytes] = {"accessories.csv": results.write_table(found)}
        summary = " of ".join(results.name_people(found))
        table["accessories.png"] = figure = results.draw(found, f"{title}: {summary}")
        if not config.sweep_id:  # a sweep has one of all its jobs
            environment = describe_environment(run.run_id, job.capsule)
            table[REPORT] = make_report(title, [summary], Findings(table), environment)
        page: dict[str, str | bytes] = {
            "accessories.html": results.render(found, figure, title, summary)
        }
        skipped = {"skipped.csv": write_skipped(whole.skipped)}
        run.artifacts([*mark_nobody(table), *mark_people({**page, **skipped})])
    if config.tracking.uri != NOWHERE and not config.sweep_id:
        say(f"\nTable, figure and pages: {outputs.write({**table, **page})}/")
    if not config.sweep_id:
        say(f"\n{job.tracking.where_line()}")


def _settle(config: DictConfig) -> DictConfig:
    """A copy of a composed config without what is not used. Raises UserError."""
    settle_dataset(config)
    if isinstance(make(config.dataset), Embedded):
        raise UserError(
            "dataset=vectors brings embeddings, and accessories are drawn onto pictures: give "
            "dataset=folder dataset.root=PATH"
        )
    if config.detector.get("choose") == "all":
        raise UserError(
            "detector.choose=all gives several faces of a picture, and one of each has a name: "
            "choose first, largest or central"
        )
    set_choice(config, "embedder", "none")
    config = OmegaConf.masked_copy(config, [str(key) for key in config if key not in _UNUSED])
    refuse_missing(config)
    return config


def _read_plan(config: DictConfig) -> Plan:
    task = config.task
    return Plan(
        effects=read_effects(task.accessories),
        people=task.people,
        faces=task.faces,
        dataset=config.dataset.name,
        seed=config.seed,
    )


def _find_models(config: DictConfig) -> Sequence[Model]:
    """The embedders that can be had; says which cannot. Raises UserError where none can."""
    models = []
    for name in config.task.embedders:
        node = load_choice("embedder", str(name))
        try:
            embedder = make(of_class(node))
            if hasattr(embedder, "prepare"):
                embedder.prepare()
        except UserError as error:
            say(f"  left out {name}: {error}")
            continue
        scale = read_scale(OmegaConf.create({"embedder": node}))
        assert scale.radius is not None
        models.append(Model(name, embedder, scale.radius, build_method(config.task.method, scale)))
    if not models:
        raise UserError("none of task.embedders can be used here: name others")
    return models
