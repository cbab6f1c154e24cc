"""`task=evaluate`: a composed config becomes a tracked, scored run."""

from collections.abc import Mapping

from omegaconf import DictConfig

from facetrack import figures
from facetrack.clusterer.shared import cache
from facetrack.core.artifacts import mark_nobody, mark_people
from facetrack.core.faces import Embeddings
from facetrack.core.likelihood import Odds
from facetrack.core.texts import write_count
from facetrack.evaluation import experiment as experiments
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import Evaluation, Experiment, check
from facetrack.evaluation.tsne.layout import Layout
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks.context import outputs
from facetrack.tasks.context.choices import (
    describe,
    given_settings,
    job_number,
    read_choices,
)
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.experiments import make_experiment
from facetrack.tasks.context.faces import choose_people, embed, settle_people
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.settling import read_scale, settle
from facetrack.tasks.evaluate import by_factor, galleries, photo_pairs
from facetrack.tasks.scores import (
    count_faces,
    describe_result,
    mean_scores,
    tell_scores,
    write_resamples,
    write_skipped,
)
from facetrack.tasks.tsne_cache import compute_tsne
from facetrack.tasks.tsne_page import draw_tsne_page
from facetrack.tracking.address import NOWHERE


def evaluate(config: DictConfig) -> None:
    """Embed, cluster, score, log. Raises UserError for what the user can put right."""
    settle(config)
    if config.sweep_id:
        settle_people(config)
    job = Job(config, "job")
    if job.finished_before():
        return
    unset = radius.is_not_given(given_settings(), config.clusterer)
    estimator = build_estimator(config.clusterer)
    sampling = make(config.sampling)
    check(config.seed, config.n_resamples, sampling)
    wanted = by_factor.read_wanted(config.task)
    with job.run(later=radius.KEYS if unset else ()) as run:
        # Once in a sweep, whose jobs have the same table.
        whole = wanted.tell(embed(config), aloud=not (config.sweep_id and job_number()))
        embeddings, faces = choose_people(whole, config)
        job.say_dataset(run, embeddings)
        if unset:
            if not embeddings.names:
                radius.choose(estimator, embeddings.vectors, read_scale(config), TERMINAL)
            job.say_radius(run, estimator)
        experiment = make_experiment(config, embeddings, estimator, sampling)
        evaluation = experiments.evaluate(experiment, TERMINAL)
        layout = compute_tsne(whole, config.seed).choose(faces)
        title = f"{config.dataset.name} {describe(config)}"
        picture = _tsne_png(config, embeddings, layout, evaluation)
        means = mean_scores(embeddings, evaluation)
        impossible = photo_pairs.count_on_photos(
            embeddings, evaluation.clusters, estimator, config.embedder.get("radius")
        )
        values = {**means.values, **photo_pairs.make_metrics(impossible)}
        _tell(
            config, embeddings, values, of_people=evaluation.of_people
        )  # before a server may refuse them
        if impossible is not None and not config.sweep_id:
            say(f"  {photo_pairs.tell(impossible)}")
        job.give(run, metrics=values)
        run.expect(_name_files(embeddings))
        run.metrics(values, means.series)
        odds = _find_odds(config, embeddings)
        groups = _make_groups(config, experiment, evaluation, wanted)
        files: dict[str, str | bytes] = {
            "skipped.csv": write_skipped(embeddings.skipped),
            "tsne.png": picture,
            **galleries.make_files(embeddings, evaluation.clusters, title, picture, odds),
            **groups,
        }
        if not config.sweep_id:  # a sweep's jobs share their faces: its parent run has the page
            files["tsne.html"] = draw_tsne_page(title, embeddings, layout, evaluation.clusters)
        scores = mark_nobody({"resamples.csv": write_resamples(evaluation)})
        run.artifacts([*scores, *mark_people(files)])
    kept = not config.sweep_id and config.tracking.uri != NOWHERE
    pages = {name: content for name, content in files.items() if kept and name.endswith(".html")}
    if pages:
        beside = groups if wanted.asked else {}
        folder = outputs.write({**pages, **beside})
        say("\nPages: " + ", ".join(str(folder / name) for name in sorted(pages)))
    if not config.sweep_id:
        say(f"\n{job.tracking.where_line()}")


def _name_files(embeddings: Embeddings) -> list[str]:
    """The files that every job has and that show people, or name pictures."""
    by_group = by_factor.TABLES if by_factor.list_factors(embeddings) else ()
    return ["skipped.csv", "tsne.png", *galleries.name_files(embeddings), *by_group]


def _make_groups(
    config: DictConfig, experiment: Experiment, evaluation: Evaluation, wanted: by_factor.Wanted
) -> dict[str, str | bytes]:
    """The files about groups of faces, and where they were asked for what they say.

    None where no factor is known.
    """
    found = by_factor.find(experiment, evaluation.clusters, leaving_out=wanted.leave_out)
    if found is None:
        return {}
    made = by_factor.make_tables(found)
    if wanted.asked:
        title = f"{config.dataset.name}, {describe(config)}"
        made["factors.png"] = by_factor.draw(found, title)
        if not config.sweep_id:
            say("")
            for line in by_factor.tell(found):
                say(f"  {line}")
    return made


def _find_odds(config: DictConfig, embeddings: Embeddings) -> Odds | None:
    """What a distance says of two faces; not asked where nobody is named, nor confused."""
    if not embeddings.names:
        return None
    ratios = read_scale(config).likelihood
    # Half a second for thousands of faces, which the jobs of a sweep share.
    return cache.get(
        ("odds", ratios, embeddings.digest),
        lambda: Odds.of(ratios, embeddings.vectors, embeddings.sharpness),
    )


def _tsne_png(
    config: DictConfig,
    embeddings: Embeddings,
    layout: Layout,
    evaluation: Evaluation,
) -> bytes:
    people = [str(picture.person) for picture in embeddings.pictures] if embeddings.names else None
    faces = write_count(len(layout.coordinates), "face") + layout.caption()
    return figures.draw_tsne_png(
        layout.coordinates,
        people,
        evaluation.clusters,
        f"{config.dataset.name}: {faces}, {describe(config)}",
    )


def _tell(
    config: DictConfig, embeddings: Embeddings, values: Mapping[str, float], *, of_people: bool
) -> None:
    """Print the scores: a line in a sweep, all of them for a single job."""
    if config.sweep_id:
        say(f"  {config.dataset.name} {describe(config)}: {describe_result(values)}")
        return
    stages = read_choices(config)
    counts = count_faces(embeddings)
    say(
        f"{stages['dataset']} · {stages['detector']} · {stages['embedder']} · {describe(config)}\n"
        f"{write_count(counts['pictures'], 'picture')}, "
        f"{write_count(counts['faces'], 'face')}, "
        + (write_count(counts["people"], "person", "people") if counts["people"] else "no labels")
        + f", {counts['skipped']} skipped"
    )
    for skipped in sorted(embeddings.skipped, key=lambda one: not one.pictures)[:5]:
        say(f"  skipped {figures.make_printable(f'{skipped.name}: {skipped.reason}')}")
    if len(embeddings.skipped) > 5:
        say(f"  and {len(embeddings.skipped) - 5} more, listed in the run's skipped.csv")
    say("")
    sampling, n = stages["sampling"], config.n_resamples
    for line in tell_scores(values, sampling, n, of_people=of_people):
        say(f"  {line}")
