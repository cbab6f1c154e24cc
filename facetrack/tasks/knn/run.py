"""`task=knn`: what would a classifier say that is told who is on all other pictures?

measuring.py measures, results.py tells.
"""

from omegaconf import DictConfig, OmegaConf

from facetrack.core.artifacts import mark_nobody, mark_people
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks.context import outputs
from facetrack.tasks.context.choices import read_choices
from facetrack.tasks.context.faces import choose_people, embed
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.methods import build_method
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import read_scale, settle_dataset
from facetrack.tasks.knn import results
from facetrack.tasks.knn.measuring import Plan, measure
from facetrack.tasks.report_names import REPORT
from facetrack.tasks.reports import Findings, describe_environment, make_report
from facetrack.tasks.scores import write_skipped
from facetrack.tracking.address import NOWHERE

_UNUSED = ("clusterer", "sampling", "n_resamples", "protocol_version")


def compare_with_knn(config: DictConfig) -> None:
    """Embed, classify, cluster, log. Raises UserError for what the user can put right."""
    settle_dataset(config)
    config = OmegaConf.masked_copy(config, [str(key) for key in config if key not in _UNUSED])
    refuse_missing(config)
    stages = read_choices(config)
    job = Job(config, "knn", f"knn {stages['detector']} {stages['embedder']}")
    if job.finished_before():
        return
    plan = _read_plan(config)
    with job.run() as run:
        embeddings, _ = choose_people(embed(config), config)
        job.say_dataset(run, embeddings)
        found = measure(embeddings, plan, TERMINAL)
        title = " · ".join([stages["dataset"], stages["detector"], stages["embedder"]])
        if config.sweep_id:  # before a server may refuse them
            say(f"  {title}: {results.tell_shortly(found)}")
        else:
            say(title)
            for line in results.tell(found, plan):
                say(line)
        values = results.make_metrics(found)
        job.give(run, metrics=values)
        run.metrics(values)
        files: dict[str, str | bytes] = {"knn.csv": results.write_table(found, plan)}
        if (figure := results.draw(found, title)) is not None:
            files["knn.png"] = figure
        if not config.sweep_id:  # a sweep has one of all its jobs
            environment = describe_environment(run.run_id, job.capsule)
            told = [results.tell_shortly(found)]
            files[REPORT] = make_report(title, told, Findings(files), environment)
        skipped = mark_people({"skipped.csv": write_skipped(embeddings.skipped)})
        run.artifacts([*mark_nobody(files), *skipped])
    if config.tracking.uri != NOWHERE and not config.sweep_id:
        say(f"\nTable, figure and report: {outputs.write(files)}/")
    if not config.sweep_id:
        say(f"\n{job.tracking.where_line()}")


def _read_plan(config: DictConfig) -> Plan:
    """What a settled config asks for. Raises UserError for a method that there is not."""
    task, scale = config.task, read_scale(config)
    return Plan(
        methods={str(name): build_method(str(name), scale) for name in task.methods},
        sizes=sorted(set(task.sizes)),
        far=task.far,
        draws=task.draws,
        dataset=config.dataset.name,
        seed=config.seed,
    )
