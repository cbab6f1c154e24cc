"""`task=tune`: one study per dataset, embedder and clusterer.

space.py says what is searched, objectives.py for what, whole_folder.py on which faces,
study_identity.py what a study is, planning.py how to search. one_radius.py finds one radius
exactly; all else is searched with Optuna: searching.py, where scoring.py says what a trial is
worth, study.py runs the trials, and report.py draws them. results.py tells and logs what was found.
running.py puts them together; this module looks at what the command says first.
"""

from omegaconf import DictConfig

from facetrack.tasks.context.settling import read_scale, settle
from facetrack.tasks.context.stored_configs import contain
from facetrack.tasks.tune.objectives import read_objectives
from facetrack.tasks.tune.space import Space, check_above_zero, find_ranges


def tune(config: DictConfig) -> None:
    """Find and tell the best settings. Raises UserError for what the user can put right."""
    settle(config)
    if config.task.workers is not None:
        check_above_zero("workers", config.task.workers)
    space = read_space(config)
    searched = find_ranges(space)
    if (asked := contain(config.task)["objective"]) is not None:
        read_objectives(asked)  # before the faces are embedded, which say whether they have labels
    # These take a second to import: no mistake above needs them.
    from facetrack.evaluation.experiment import check
    from facetrack.tasks.context.job import Job
    from facetrack.tasks.tune.running import run_study

    check(config.seed, config.n_resamples)
    run_study(Job(config, "study"), space, searched)


def read_space(config: DictConfig) -> Space:
    """What a config has to search."""
    values = contain(config)
    clusterer, asked = values["clusterer"], values["task"]["space"]
    return Space(
        clusterer=str(clusterer["_target_"]).rsplit(".", 1)[-1],
        settings=clusterer,
        own=clusterer.get("space") or {},
        asked={name: ends for name, ends in asked.items() if ends is not None},
        scale=read_scale(config),
        share=clusterer.get("share"),
    )
