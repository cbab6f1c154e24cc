"""The commands of the pages: which a test runs, and why the others are not run.

Each command of a page is in exactly one of the four dictionaries, by its text.
"""

from dataclasses import dataclass

_FEW = ("n_resamples=2",)
_PEOPLE = (*_FEW, "n_people=4")


@dataclass(frozen=True)
class Ran:
    """How test_commands.py runs a command, and what it says then.

    says: part of its standard output. added: settings that make it shorter; of a setting given
    twice the last counts. first: the command that has to be run before it in the same folder, and
    is not run by itself for that reason.
    """

    says: str
    added: tuple[str, ...] = _FEW
    first: str = ""


_EXPORT = "python -m facetrack task=export task.out=faces.npz"
_TUNE = "python -m facetrack task=tune"
_FIRST_SWEEP = "python -m facetrack -m clusterer=dbscan,meanshift clusterer.eps=0.1:1.2"
_TABLE_1 = (
    "python -m facetrack +experiment=table1 dataset=portraits,lfw dataset.archive=lfw.tgz "
    "clusterer.eps=0.04:0.48:0.04"
)

RUN = {
    "python -m facetrack": Ran("ARI  "),
    "python -m facetrack --help": Ran("Groups (group=choice", ()),
    "python -m facetrack --cfg job": Ran("n_resamples: 30", ()),
    _FIRST_SWEEP: Ran("4 of 4 jobs finished", (*_PEOPLE, "clusterer.eps=0.1:1.2:0.9")),
    _TABLE_1: Ran("5 of 5 jobs finished", (*_PEOPLE, "clusterer.eps=0.24", "dataset=lfw")),
    "python -m facetrack dataset=folder dataset.root=~/Pictures/family": Ran("ARI  "),
    "python -m facetrack dataset=folder dataset.root=~/Pictures clusterer.neighbors=faiss": Ran(
        "neighbours        recall "
    ),
    "python -m facetrack task=organise dataset=folder dataset.root=~/Pictures task.out=~/People": (
        Ran("index.html", ())
    ),
    "python -m facetrack +experiment=methods": Ran(
        "2 of 2 jobs finished", (*_PEOPLE, "task.n_trials=2", "clusterer=infomap,average_linkage")
    ),
    "python -m facetrack +experiment=verification dataset.archive=lfw.tgz": Ran(
        "accuracy  ", ("task.pairs=random",)
    ),
    "python -m facetrack +experiment=verification dataset=folder dataset.root=~/Pictures": Ran(
        "accuracy  ", ()
    ),
    "python -m facetrack +experiment=embedders dataset=folder dataset.root=~/Pictures": Ran(
        "Only dlib_hog+dlib can be used here", ()
    ),
    "python -m facetrack task.by=all task.leave_out=true": Ran("By factor, of all faces at once"),
    "python -m facetrack dataset=folder dataset.root=~/Pictures task.factors=factors.csv": Ran(
        "By factor, of all faces at once"
    ),
    "python -m facetrack +experiment=accessories dataset=lfw dataset.archive=lfw.tgz": Ran(
        "glasses  ", ("task.people=2", "task.faces=2", "task.accessories=[glasses]")
    ),
    "python -m facetrack +experiment=knn dataset=lfw dataset.archive=lfw.tgz": Ran(
        "1-NN  ", ("task.draws=1",)
    ),
    _TUNE: Ran("Use it: python -m facetrack tuned=outputs/", _PEOPLE),
    "python -m facetrack tuned=outputs/…/best.yaml dataset=folder dataset.root=~/Pictures": Ran(
        "ARI  ", first=_TUNE
    ),
    _EXPORT: Ran("faces.npz"),
    (
        "python -m facetrack -m dataset=vectors dataset.file=faces.npz clusterer=dbscan,meanshift "
        "clusterer.eps=0.1:1.2"
    ): Ran("2 of 2 jobs finished", (*_PEOPLE, "clusterer.eps=0.3"), first=_EXPORT),
    "python -m facetrack embedder._target_=mine.Mine embedder.radius=0.8": Ran("ARI  "),
    (
        "python -m facetrack --json -m clusterer.eps=0.2,0.3,0.4 | jq -r "
        "'select(.kind == \"job\") | [.name, .metrics.ari_mean] | @tsv'"
    ): Ran('"ari_mean": ', (*_PEOPLE, "clusterer.eps=0.3")),
    'eval "$(facetrack -sc install=bash)"': Ran("complete ", ()),
}
"""Those that are run."""

ALIKE = {
    "python -m facetrack -m clusterer=kmeans,agglomerative,spectral": _TABLE_1,
    "python -m facetrack -m dataset=lfw dataset.archive=lfw.tgz clusterer.eps=0.24:0.36:0.02": (
        _TABLE_1
    ),
    "python -m facetrack +experiment=table1 dataset=lfw dataset.archive=lfw.tgz": _TABLE_1,
    "python -m facetrack --json | jq .metrics.ari_mean": (
        "python -m facetrack --json -m clusterer.eps=0.2,0.3,0.4 | jq -r "
        "'select(.kind == \"job\") | [.name, .metrics.ari_mean] | @tsv'"
    ),
}
"""Those of which another one is run that does all that they do."""

_JOBLIB = "tests/cli/test_launchers.py::test_a_killed_worker_costs_no_job_and_no_digit"
_SERVER = "tests/tracking/test_server.py::test_a_restart_under_a_sweep_and_a_study_loses_no_run"
_LATER = (
    "tests/tracking/test_server.py"
    "::test_a_server_that_stays_away_ends_the_sweep_which_goes_on_later"
)
_ON_RAY = "tests/extraction/test_on_ray.py::test_a_killed_worker_changes_nothing_in_the_store"
_UI = "tests/browser/test_mlflow_ui.py::test_the_table_shows_a_sweep_with_its_jobs_below"

_NAMES = (
    "tests/tasks/export/test_exported_names.py::test_exported_names_come_back_on_the_same_faces"
)
_XMP = "python -m facetrack task=export task.format=xmp task.out=~/People"
_SHEETS = "tests/tasks/export/test_exported_names.py::test_json_and_sheets_are_of_all_persons"

_AUDIT = "tests/tasks/audit/test_audit.py"

ELSEWHERE = {
    "python -m facetrack -m sampling=people_halves clusterer=dbscan,kmeans": (
        "tests/tasks/sweep/test_study.py::test_halves_of_the_people_speak_of_other_people"
    ),
    "python -m facetrack task=audit task.out=~/People": (
        f"{_AUDIT}::test_questions_are_written_filled_in_and_counted"
    ),
    "python -m facetrack task=audit task.out=~/People task.answers=labels": (
        f"{_AUDIT}::test_labels_answer_and_the_answers_correct"
    ),
    _XMP: _NAMES,
    f"{_XMP} task.sidecars=beside dataset=folder dataset.root=~/Pictures": _NAMES,
    (
        "python -m facetrack task=organise dataset=folder dataset.root=~/Pictures "
        "task.out=~/People dataset.labels=xmp"
    ): _NAMES,
    "python -m facetrack dataset=folder dataset.root=~/Pictures dataset.labels=xmp": _NAMES,
    "python -m facetrack task=export task.format=json task.out=~/People": _SHEETS,
    "python -m facetrack task=export task.format=pdf task.out=~/People": _SHEETS,
    (
        "python -m facetrack -m +experiment=verification dataset.archive=lfw.tgz "
        "embedder=dlib,facenet"
    ): "tests/tasks/verify/test_verify.py::test_a_sweep_compares_and_is_gone_on_with",
    "python -m facetrack +experiment=people dataset=lfw dataset.archive=lfw.tgz": (
        "tests/tasks/sweep/test_study.py::test_people_scores_nested_subsets"
    ),
    (
        "python -m facetrack -m task=tune dataset=portraits,lfw dataset.archive=lfw.tgz "
        "clusterer=dbscan,meanshift"
    ): "tests/tasks/tune/test_tune_command.py::test_studies_of_a_multirun_end_in_one_table",
    "python -m facetrack resume=last": (
        "tests/tasks/sweep/test_study.py::test_a_failed_job_is_run_again"
    ),
    "python -m facetrack reproduce=RUN": (
        "tests/cli/test_reproduce.py::test_a_job_and_what_it_takes_to_run_it_again"
    ),
    "python -m facetrack resume=last embedder._target_=mymodule.Mine": (
        "tests/tasks/test_targets.py"
        "::test_a_class_of_the_users_own_is_run_and_run_again_when_it_is_typed_again"
    ),
    "python -m facetrack detector=yunet embedder=mobilefacenet": (
        "tests/tasks/test_aligned_faces.py::test_what_is_downloaded_and_verified_needs_no_network"
    ),
    (
        "python -m facetrack detector=yunet embedder=onnx embedder.weights=model.onnx "
        "embedder.dimensions=512"
    ): "tests/tasks/test_aligned_faces.py::test_a_file_of_ones_own_is_run_as_it_is_told",
    "python -m facetrack resume=last tracking=server": _LATER,
    "python -m facetrack -m clusterer.eps=0.1:1.2 hydra/launcher=joblib": _JOBLIB,
    f"{_FIRST_SWEEP} hydra/launcher=joblib hydra.launcher.n_jobs=4": _JOBLIB,
    f"{_FIRST_SWEEP} hydra/launcher=ray": _JOBLIB,
    "python -m facetrack -m clusterer.eps=0.1:1.2 hydra/launcher=joblib tracking=server": _SERVER,
    (
        "python -m facetrack task=tune task.workers=2 "
        "task.storage=postgresql://facetrack:PASSWORD@127.0.0.1/studies tracking=server"
    ): _SERVER,
    (
        "python -m facetrack task=tune task.storage=postgresql://user:password@host/studies "
        "tracking=server tracking.uri=http://host:5000"
    ): _SERVER,
    (
        "DO_NOT_TRACK=true mlflow server --host 127.0.0.1 --port 5000 --workers 2 "
        "--backend-store-uri postgresql://facetrack:PASSWORD@127.0.0.1/mlflow "
        "--artifacts-destination ./artifacts"
    ): _SERVER,
    "RAY_ADDRESS=HEAD:6379 python -m facetrack extract.engine=ray dataset=lfw dataset.archive=lfw.tgz": (  # noqa: E501
        _ON_RAY
    ),
    "python -m facetrack.moved": (
        "tests/tracking/test_folders.py::test_a_store_that_was_moved_or_copied_is_told_and_mended"
    ),
    "DO_NOT_TRACK=true .venv/bin/mlflow ui --workers 1": _UI,
    "DO_NOT_TRACK=true mlflow ui --workers 1": _UI,
    "python examples/compare_clusterers.py": (
        "tests/examples/test_examples.py::test_two_clusterers_are_compared"
    ),
    "python examples/cluster_your_own.py ~/Pictures": (
        "tests/examples/test_examples.py::test_a_folder_and_vectors_of_ones_own"
    ),
    "python docs/scripts/write_choices.py": (
        "tests/docs/test_written.py::test_the_page_of_choices_says_what_conf_says"
    ),
    "python docs/scripts/draw_rooms.py": (
        "tests/docs/test_written.py::test_the_picture_shows_the_imports"
    ),
    "python -m facetrack task=review task.out=~/People": (
        "tests/tasks/review/test_review_command.py::test_it_serves_until_it_is_interrupted"
    ),
    "make docs": "tests/docs/test_site.py::test_the_site_is_built_without_a_remark",
}
"""Those that another test runs, with other words at most."""

_INSTALLS = "installs packages, which tests/test_package.py does for the oldest and newest versions"
_EXTRA = "installs packages; the tests of what the extra is for run where it is installed"
_THIS = "runs the tests, of which this is one"
_CLUSTER = "needs several machines"
_ROOT = "changes the machine, as root"
_FOREVER = "is a server that runs until it is stopped"

NOT_RUN = {
    "make run": f"installs packages, then runs what {_FIRST_SWEEP!r} runs",
    "make test": _THIS,
    "make test-long": _THIS,
    ".venv/bin/python -m pytest tests/test_conf.py": _THIS,
    ".venv/bin/ruff format . && .venv/bin/ruff check . && .venv/bin/mypy": "is what make test does",
    "make extras": _ROOT,
    "python -m facetrack dataset=muct task.by=[glasses,lighting]": "downloads MUCT",
    "make bench": "takes over an hour, and needs LFW",
    "make quality": "takes hours, and needs LFW",
    "make faults": "takes over an hour",
    "python benchmarks/label_free.py": "takes an hour, and needs LFW",
    "python benchmarks/bench_statistics.py FOLDER": "takes minutes, and needs LFW",
    "python benchmarks/bench_methods.py FOLDER": "takes minutes, and needs LFW",
    "python benchmarks/bench_radius.py FOLDER": "takes half an hour, and needs LFW",
    "python benchmarks/bench_embedders.py FOLDER/lfw-deepfunneled.tgz": (
        "takes minutes, and needs LFW"
    ),
    "mkdocs serve": _FOREVER,
    "mlflow ui": _FOREVER,
    "source .venv/bin/activate": "changes the shell it is typed in",
    "export RAY_USAGE_STATS_ENABLED=0 RAY_AUTH_MODE=token": "changes the shell it is typed in",
    "pip install .": _INSTALLS,
    "pip install -e '.[docs]'": _INSTALLS,
    "pip install nbclient ipykernel": _INSTALLS,
    "pip install -r requirements.lock": _INSTALLS,
    "jupyter execute --inplace examples/notebook.ipynb": "writes the notebook; tests run its cells",
    **{
        f"pip install 'facetrack[{extra}]'": _EXTRA
        for extra in ("faiss", "gp", "heic", "joblib", "postgresql", "ray", "submitit", "system")
    },
    (
        "pip install optuna-dashboard && optuna-dashboard sqlite:///outputs/studies.db"
    ): "installs packages, and is a server that runs until it is stopped",
    f"{_FIRST_SWEEP} hydra/launcher=submitit_slurm hydra.launcher.slurm_partition=cpu": (
        "needs Slurm; tests/cli/test_launchers.py rehearses it, and reads the batch script"
    ),
    "ray get-auth-token --generate": _CLUSTER,
    "ray start --head --port=6379 --include-dashboard=false": _CLUSTER,
    "ray start --address=HEAD:6379": _CLUSTER,
    "ray stop": _CLUSTER,
    "ssh -N -L 5000:127.0.0.1:5000 HOST": _CLUSTER,
    "apt install postgresql": _ROOT,
    "apt install faketime": _ROOT,
    "sudo -u postgres createuser --pwprompt facetrack": _ROOT,
    "sudo -u postgres createdb --owner facetrack mlflow": _ROOT,
    "sudo -u postgres createdb --owner facetrack studies": _ROOT,
}
"""Those that no test runs, and why."""
