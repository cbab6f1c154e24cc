"""`task=audit`: questions about an organised folder, and what the answers say of its mistakes.

Only what is stored is looked at, no photo. Questions are in `audit.csv` of the folder; the same
command again reads what was filled in and tells. Or a folder's labels answer, or names in XMP.
"""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.dataset.folder import XMP
from facetrack.evaluation.experiment import check
from facetrack.organiser import audit_answers, state
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.auditing import Audited, find_label, open_audit
from facetrack.organiser.photos import Stages
from facetrack.organiser.presence import demand_organised
from facetrack.organiser.tagged_names import find_face_names
from facetrack.system.files import user_path
from facetrack.system.progress import TERMINAL
from facetrack.tasks.audit import telling
from facetrack.tasks.context import outputs
from facetrack.tasks.context.choices import given_settings, read_choices, set_choice
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import of_class, read_scale, settle
from facetrack.tasks.forgetting.carrying_out import finish_forgetting

CSV, LABELS = "csv", "labels"


def audit(config: DictConfig) -> None:
    """Read answers, ask, and tell. Raises UserError for what the user can put right."""
    _check(config)
    out = user_path(config.task.out)
    demand_organised(out)
    finish_forgetting()
    with state.open_folder(out):
        stages = _make_stages(config, out)
        audited = open_audit(out, stages, config.seed)
        answered = _take_answers(audited, out)
        if config.task.answers == LABELS:
            named = _read_names(config, audited)
            answered += _answer_by_labels(audited, config.task.n_questions, named)
            still_open: list[Asked] = []
        else:
            still_open = _ask(audited, config.task.n_questions)
        asked = [*audited.answered, *still_open]
        faces = {face for one in asked for face in one.pair}
        known = faces & audited.folder.state.faces.keys()
        photos = {face: audited.describe(face) for face in known}
        audit_answers.write_table(out, asked, photos)
        telling.tell(audited, out, answered, len(still_open), correct=config.task.correct)
    outputs.leave_no_empty_folder()


def _check(config: DictConfig) -> None:
    task = config.task
    if OmegaConf.is_missing(task, "out"):
        raise UserError("name the organised folder: task.out=FOLDER")
    if task.answers not in (CSV, LABELS):
        raise UserError(f"task.answers is csv or labels; got {task.answers!r}")
    if type(task.n_questions) is not int or task.n_questions < 1:
        raise UserError(f"task.n_questions is a whole number, 1 or more; got {task.n_questions!r}")
    if not isinstance(task.correct, bool):
        raise UserError(f"task.correct is true or false; got {task.correct!r}")
    check(config.seed, 1)


def _make_stages(config: DictConfig, out: Path) -> Stages:
    """The detector and embedder that the folder was sorted by, where none is named."""
    last = state.load(out)
    given = {key.partition(".")[0] for key in given_settings()}
    for stage, name in (("detector", last.detector), ("embedder", last.embedder_name)):
        if stage in given:
            continue
        if not name:
            raise UserError(
                f"{out} was sorted by an earlier version of facetrack: run task=organise on it once"
            )
        if name != read_choices(config)[stage]:
            set_choice(config, stage, name)
    settle(config)
    if "choose" in config.detector:
        config.detector.choose = "all"
    chosen = read_choices(config)
    return Stages(
        detector=make(config.detector),
        embedder=make(of_class(config.embedder)),
        engine=config.extract.engine,
        scale=read_scale(config),
        detector_name=chosen["detector"],
        embedder_name=chosen["embedder"],
    )


def _take_answers(audited: Audited, out: Path) -> int:
    """Keep what was filled in since; returns how many answers are new or changed."""
    known = {one.pair: one.answer for one in audited.answered}
    given = [
        one
        for one in audit_answers.read_table(out)
        if one.answer and known.get(one.pair) != one.answer
    ]
    if given:
        audited.answer_all(given)
    return len(given)


def _read_names(config: DictConfig, audited: Audited) -> dict[str, str] | None:
    """The names of faces in XMP, where the command says that those are labels."""
    if config.dataset.get("labels") != XMP:
        return None
    refuse_missing(config)
    folder = audited.folder
    listing = make(config.dataset).load().pictures
    return find_face_names(folder.keys, folder.state.photos, listing, TERMINAL)


def _answer_by_labels(audited: Audited, n_questions: int, named: dict[str, str] | None) -> int:
    """Ask so many questions of the labels; returns how many there were."""
    for number in range(n_questions):
        asked = audited.ask()
        if asked is None:
            return number
        audited.answer(asked, find_label(audited, asked, named))
    return n_questions


def _ask(audited: Audited, n_questions: int) -> list[Asked]:
    """So many open questions, numbered after those that were answered."""
    found: list[Asked] = []
    while len(found) < n_questions and (asked := audited.ask(found)) is not None:
        found.append(asked)
    return found
