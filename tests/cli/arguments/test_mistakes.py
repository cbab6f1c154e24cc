"""What people type who mean something else, and the sentence each of them is told.

In process, at the function that checks and composes: it is all a command does before its work.
"""

import re
from pathlib import Path

import pytest

from facetrack.cli.command_line import prepare
from facetrack.core.errors import UserError
from facetrack.system.shipped import CONF
from facetrack.testing import Workspace

_DISTANCE = "is a distance between embeddings, a number above 0 such as 0.3; got"
_SEED = "seed is a whole number from 0 to 4294967295; got"
_CLUSTERERS = (
    "agglomerative, average_linkage, chinese_whispers, dbscan, hdbscan, infomap, kmeans, "
    "meanshift, spectral"
)
_DATASETS = "dataset=folder, dataset=lfw, dataset=muct or dataset=personal_faces"

MISTAKES: list[tuple[str, str]] = [
    # Settings that there are not.
    ("eps=0.1", "there is no setting eps; did you mean clusterer.eps?"),
    ("+eps=0.1", "there is no setting eps; did you mean clusterer.eps?"),
    ("++eps=0.1", "there is no setting eps; did you mean clusterer.eps?"),
    ("+min_samples=9", "there is no setting min_samples; did you mean clusterer.min_samples?"),
    (
        "+foo.bar=3",
        "there is no setting foo.bar: python -m facetrack --cfg job shows what there is",
    ),
    ("++x=1", "there is no setting x: python -m facetrack --cfg job shows what there is"),
    ("clusterer.epss=0.1", "there is no setting clusterer.epss; did you mean clusterer.eps?"),
    ("dbscan.eps=0.1", "there is no setting dbscan.eps; did you mean clusterer.eps?"),
    ("n-resamples=3", "there is no setting n-resamples; did you mean n_resamples?"),
    ("datset=lfw", "there is no setting datset; did you mean dataset?"),
    ("resum=last", "there is no setting resum; did you mean resume?"),
    ("clusterer={eps:0.4,foo:3}", "there is no setting clusterer.foo: python -m facetrack --cfg"),
    ("~foo", "there is no setting foo: python -m facetrack --cfg job shows what there is"),
    ("hydra.run.dr=x", "there is no setting hydra.run.dr; did you mean hydra.run.dir?"),
    ("+hydra.foo=1", "there is no setting hydra.foo: python -m facetrack --cfg hydra shows what"),
    # Settings of another choice, or that only the class has.
    ("clusterer.bandwidth=1", "clusterer=dbscan has no bandwidth: add clusterer=meanshift, which"),
    ("dataset.root=~/Pictures", f"dataset=portraits has no root: add {_DATASETS}, which have it"),
    (
        "task.out=x",
        "task=evaluate has no out: add task=audit, task=export, task=forget, task=organise or "
        "task=review, which have it",
    ),
    ("task.pairs=random", "task=evaluate has no pairs: add task=verify, which has it"),
    ("person=Ada", "task=evaluate has no person: add task=forget, which has it"),
    (
        "-m clusterer=kmeans,dbscan clusterer.bandwidth=1",
        "clusterer=kmeans,dbscan has no bandwidth",
    ),
    (
        "clusterer=kmeans clusterer.tol=0.1",
        "clusterer.tol is an argument of KMeans that no config sets: write +clusterer.tol=0.1",
    ),
    (
        "clusterer=kmeans +clusterer.n_inits=10",
        "there is no setting clusterer.n_inits; did you mean clusterer.n_init?",
    ),
    ("+clusterer.metric=l1", "there is no setting clusterer.metric: python -m facetrack --cfg job"),
    ("embedder._target_=nowhere.Mine", "there is no class nowhere.Mine (ModuleNotFoundError: No"),
    # A + or a ~ that is wrong.
    ("+seed=1", "seed is there already: leave out the +, seed=1"),
    ("+clusterer.eps=0.2", "clusterer.eps is there already: leave out the +, clusterer.eps=0.2"),
    ("+dataset=lfw", "dataset is chosen without +: write dataset=lfw"),
    ("++dataset=lfw", "dataset is chosen without ++: write dataset=lfw"),
    ("experiment=table1", "experiment is added to a command: write +experiment=table1"),
    ("+dataset@other=lfw", "a choice has one place: leave out @other, dataset=CHOICE is enough"),
    ("~clusterer", f"a command needs a clusterer: choose one of clusterer={_CLUSTERERS}"),
    ("~clusterer=dbscan", f"a command needs a clusterer: choose one of clusterer={_CLUSTERERS}"),
    ("~clusterer.eps", "clusterer.eps cannot be left out, for facetrack needs it: give it a value"),
    ("~embedder.radius", "embedder.radius cannot be left out, for facetrack needs it"),
    ("~n_people", "n_people cannot be left out, for facetrack needs it: give it a value"),
    # Choices that there are not.
    (
        "task=organize",
        "there is no task=organize; did you mean task=organise? (choose one of task=",
    ),
    ("clusterer=dbscn", "there is no clusterer=dbscn; did you mean clusterer=dbscan? (choose one"),
    ("clusterer=DBSCAN", "there is no clusterer=DBSCAN; did you mean clusterer=dbscan?"),
    ("-m clusterer=dbscan,kmean", "there is no clusterer=kmean; did you mean clusterer=kmeans?"),
    (
        "dataset=x",
        "there is no dataset=x: choose one of dataset=folder, lfw, muct, personal_faces,",
    ),
    ("clusterer=null", f"there is no clusterer=null: choose one of clusterer={_CLUSTERERS}"),
    ("clusterer=", f"there is no clusterer=: choose one of clusterer={_CLUSTERERS}"),
    ("tracking=null", "there is no tracking=null: to do without MLflow, write tracking=none"),
    ("+experiment=tabel1", "there is no experiment=tabel1; did you mean experiment=table1?"),
    (
        "+experiment=null",
        "there is no experiment=null: choose one of experiment=accessories, embedders, knn,",
    ),
    (
        "clusterer=infomap clusterer.neighbors=near",
        "clusterer.neighbors is one of auto, exact, faiss; got 'near'",
    ),
    ("clusterer=infomp", "there is no clusterer=infomp; did you mean clusterer=infomap?"),
    ("clusterer=infomap embedder.strangers=3", "embedder.strangers is "),
    ("embedder.likelihood=3", "embedder.likelihood is "),
    ("embedder.false_neighbors=0", "embedder.false_neighbors is how many strangers per face"),
    ("clusterer=infomap clusterer.trials=0", "clusterer.trials is a whole number"),
    ("+experiment=table1,people", "an experiment is a sweep of its own: start a command for each"),
    (
        "hydra/launcher=joblb",
        "there is no hydra/launcher=joblb; did you mean hydra/launcher=joblib?",
    ),
    ("hydra/luncher=joblib", "there is no setting hydra/luncher; did you mean hydra/launcher?"),
    ("resume=last tracking=lcoal", "there is no tracking=lcoal; did you mean tracking=local?"),
    ("tuned=x.yaml clusterer=dbscn", "there is no clusterer=dbscn; did you mean clusterer=dbscan?"),
    # Several values, and no sweep.
    (
        "clusterer.eps=0.3,0.35",
        "'clusterer.eps=0.3,0.35' asks for several runs, and without -m there is one; add -m: "
        "facetrack -m clusterer.eps=0.3,0.35",
    ),
    ("clusterer=dbscan,kmeans", "'clusterer=dbscan,kmeans' asks for several runs, and without -m"),
    (
        "clusterer.eps=0.1:1.2",
        "'clusterer.eps=0.1:1.2' asks for several runs, and without -m there",
    ),
    ("seed=range(3)", "'seed=range(3)' asks for several runs, and without -m there is one; add -m"),
    ("dataset=folder dataset.root=A,B", "'dataset.root=A,B' asks for several runs, and without -m"),
    ("-m seed=interval(0,1)", "seed=interval(0,1) has no single values: seed=1,2,3 has"),
    ("-m task=organise dataset.root=A task.out=B", "task=organise is one job, not a sweep: leave"),
    ("-m task=forget person=Ada", "task=forget is one job, not a sweep: leave out -m"),
    # Flags.
    ("-m --cfg job", "-m runs a sweep, and --cfg job only shows a config: leave out one of them"),
    ("--cfg job --info all", "--cfg and --info do not go together: leave out all but one"),
    ("--cfg jobs", "--cfg/-c: invalid choice: 'jobs' (choose from"),
    ("--resolve", "--resolve goes with --cfg: python -m facetrack --cfg job --resolve"),
    ("--dataset folder", "there is no flag --dataset; settings have no dashes: dataset=folder"),
    ("--eps 0.3", "there is no flag --eps; settings have no dashes: clusterer.eps=0.3"),
    (
        "--clusterer.eps=0.3",
        "there is no flag --clusterer.eps; settings have no dashes: clusterer.e",
    ),
    ("-eps=0.3", "there is no flag -eps; settings have no dashes: clusterer.eps=0.3"),
    ("--mutlirun", "there is no flag --mutlirun; did you mean --multirun?"),
    (
        "-jobs 4",
        "there is no flag -jobs; settings are written key=value; python -m facetrack --help",
    ),
    ("--experimental-rerun x.pickle", "there is no flag --experimental-rerun"),
    ("-cd nowhere", "to take configs from"),
    # Words.
    (
        "organise ~/Pictures ~/People",
        "'organise' sets nothing: did you mean task=organise dataset.root=~/Pictures "
        "task.out=~/People?",
    ),
    (
        "~/Pictures",
        "'~/Pictures' sets nothing: did you mean dataset=folder dataset.root=~/Pictures?",
    ),
    ("dbscan", "'dbscan' sets nothing: did you mean clusterer=dbscan?"),
    ("table1", "'table1' sets nothing: did you mean +experiment=table1?"),
    ("verification", "'verification' sets nothing: did you mean +experiment=verification?"),
    ("clusterer.eps 0.3", "'clusterer.eps' sets nothing: did you mean clusterer.eps=0.3?"),
    ("clusterer:dbscan", "'clusterer:dbscan' sets nothing: did you mean clusterer=dbscan?"),
    ("clusterer.eps = 0.3", "'clusterer.eps' sets nothing: settings have no blanks around their ="),
    (
        "clusterer.eps= 0.3",
        "'0.3' sets nothing: settings have no blanks around their =, clusterer.e",
    ),
    ("=3", "'=3' sets nothing: settings have no blanks around their ="),
    ("resume", "'resume' sets nothing: did you mean resume=last?"),
    ("help", "'help' sets nothing: did you mean --help?"),
    ("seed", "'seed' sets nothing: did you mean seed=VALUE?"),
    # Values.
    ("seed=4294967296", f"{_SEED} 4294967296"),
    ("seed=true", f"{_SEED} true"),
    ("seed=-1", f"{_SEED} -1"),
    ("seed=1.0", f"{_SEED} 1.0"),
    ("seed=null", f"{_SEED} null"),
    ("-m seed=1,2,x", f"{_SEED} 'x'"),
    ("-m seed=4294967295:4294967296", f"{_SEED} 4294967296"),
    ("n_resamples=true", "n_resamples is a whole number from 1 to 2147483647; got true"),
    ("n_resamples=0", "n_resamples is a whole number from 1 to 2147483647; got 0"),
    ("n_people=1", "n_people is a whole number from 2 to 2147483647, or null for all; got 1"),
    ("clusterer.eps=true", f"clusterer.eps {_DISTANCE} true"),
    ("clusterer.eps=nan", f"clusterer.eps {_DISTANCE} nan"),
    ("clusterer.eps=inf", f"clusterer.eps {_DISTANCE} inf"),
    ("clusterer.eps=-1", f"clusterer.eps {_DISTANCE} -1"),
    ("clusterer.eps=near", f"clusterer.eps {_DISTANCE} 'near'"),
    ("clusterer.eps=", f"clusterer.eps {_DISTANCE} ''"),
    ("clusterer.eps=${seed}", f"clusterer.eps {_DISTANCE} 0"),
    ("clusterer.eps=${embedder.radus}", "clusterer.eps cannot be worked out: "),
    ("embedder.radius=0", f"embedder.radius {_DISTANCE} 0"),
    (
        "clusterer=kmeans clusterer.n_clusters=many",
        "clusterer.n_clusters is known, or a whole number",
    ),
    ("sampling.fraction=1.2", "sampling.fraction is the share of the faces in a resample, above 0"),
    ("detector.choose=centrl", "got 'centrl'; did you mean detector.choose=central?"),
    ("detector.border=-3", "detector.border is a whole number from 0 to 100000; got -3"),
    ("detector=yunnet", "there is no detector=yunnet; did you mean detector=yunet?"),
    ("detector=yunet detector.score=1", "detector.score is a number between 0 and 1, such as 0.8"),
    ("detector=yunet detector.longest=100", "detector.longest is a whole number from 640 to 10000"),
    ("detector.score=0.5", "detector=haar has no score: add detector=yunet, which has it"),
    (
        "detector=yunet detector.weights=/no/m.onnx",
        "detector.weights=/no/m.onnx cannot be read (No",
    ),
    (
        "embedder=mobilfacenet",
        "there is no embedder=mobilfacenet; did you mean embedder=mobilefacen",
    ),
    ("embedder=onnx", "embedder.weights has no value: add embedder.weights=… to the command"),
    (
        "embedder=mobilefacenet embedder.colours=rbg",
        "embedder.colours is one of rgb, bgr; got 'rbg'; did you mean embedder.colours=rgb",
    ),
    (
        "embedder=mobilefacenet embedder.mean=[1,2]",
        "embedder.mean is three numbers, one per colour, such as [127.5,127.5,127.5]; got [1, 2]",
    ),
    (
        "embedder=mobilefacenet embedder.template=[[1,2]]",
        "embedder.template is five places, such as",
    ),
    ("extract.engine=rey", "extract.engine is one of local, ray; got 'rey'; did you mean"),
    ("task=tune task.timeout=true", "task.timeout is a number of seconds above 0, or null for no"),
    (
        "task=tune task.n_trials=1e2",
        "task.n_trials is a whole number from 1 to 2147483647, or null; got 100",
    ),
    ("task=tune task.space.eps=0.5", "task.space.eps is a range, two numbers such as [0.05,0.6]"),
    ("task=tune task.sampler=tpee", "did you mean task.sampler=tpe?"),
    ("task=verify task.n_pairs=0", "task.n_pairs is a whole number from 1 to 2147483647; got 0"),
    ("task=verify task.pairs=true", "task.pairs is random, or a path, or null; got true"),
    ("task=export task.format=xpm", "task.format is one of npz, csv, xmp, json, pdf, png, or null"),
    ("task=export task.sidecars=besides", "got 'besides'; did you mean task.sidecars=beside?"),
    ("task=export task.write=yes!", "task.write is true or false, or null for a question; got "),
    ("task.write=true", "task=evaluate has no write: add task=export, which has it"),
    ("dataset=folder dataset.root=. dataset.labels=3", "true, false, xmp, or a CSV file of pict"),
    ("task.by=glasses", "task.by is all, or a list, such as [a,b], or null; got 'glasses'"),
    ("task.factors=nowhere.csv", "task.factors=nowhere.csv cannot be read (No such file"),
    ("task.leave_out=3", "task.leave_out is true or false; got 3"),
    ("+experiment=knn task.sizes=[1,2]", "task.sizes is a list of whole numbers from 2 on, such"),
    ("+experiment=knn task.far=2", "task.far is a share of strangers, above 0 and below 1; got 2"),
    ("+experiment=knn task.draws=0", "task.draws is a whole number from 1 to 1000; got 0"),
    ("+experiment=knn task.methods=dbscan", "task.methods is a list, such as [a,b]; got 'dbscan'"),
    ("+experiment=knn clusterer=dbscan", "task=knn has no use for clusterer=dbscan: leave it out"),
    ("+experiment=accessories task.accessories=mask", "task.accessories is a list, such as [a,b],"),
    ("+experiment=accessories task.embedders=dlib", "task.embedders is a list, such as [a,b]; got"),
    ("+experiment=accessories task.faces=1", "task.faces is a whole number from 2"),
    ("+experiment=accessories embedder=dlib", "task=accessories has no use for embedder=dlib: le"),
    ("task=compare task.models=3", "task.models is a list, such as [a,b]; got 3"),
    ("task=verify task.urls=x", "task.urls is a list, such as [a,b]; got 'x'"),
    ("task=review task.out=x task.port=70000", "task.port is a whole number from 0 to 65535; got"),
    ("task=review task.out=x task.open=1", "task.open is true or false; got 1"),
    ("task=audit task.out=x task.answers=me", "task.answers is one of csv, labels; got 'me'"),
    (
        "task=audit task.out=x task.n_questions=0",
        "task.n_questions is a whole number from 1 to 2147483647; got 0",
    ),
    ("task=audit task.out=x task.correct=2", "task.correct is true or false; got 2"),
    ("task=audit task.out=x clusterer=kmeans", "task=audit has no use for clusterer=kmeans: leave"),
    ("-m task=audit task.out=x", "task=audit is one job, not a sweep: leave out -m"),
    (
        "task=organise task.out=x dataset.root=y task.mode=move",
        "task.mode is one of copy, link, none",
    ),
    ("dataset=lfw dataset.min_pictures=yes", "dataset.min_pictures is a whole number from 1 to"),
    (
        "tracking.experiment=2024",
        "tracking.experiment is a text; got 2024, which as a text is written "
        "\"tracking.experiment='2024'\"",
    ),
    (
        "-m hydra/launcher=ray hydra.launcher.num_cpus=true",
        "hydra.launcher.num_cpus is a number of",
    ),
    ("hydra.job.chdir=maybe", "hydra.job.chdir: Value 'maybe' is not a valid bool"),
    ("hydra.mode=SWEEP", "hydra.mode: Invalid value 'SWEEP', expected one of [RUN, MULTIRUN]"),
    # What would change nothing.
    (
        "hydra/launcher=ray",
        "hydra/launcher=ray is for the jobs of a sweep, and without -m there is",
    ),
    ("task=tune clusterer.eps=0.3", "task=tune searches eps, so clusterer.eps=0.3 would change no"),
    ("task=tune clusterer=meanshift clusterer.eps=1", "task=tune searches eps, so clusterer.eps=1"),
    ("-m task=tune clusterer=dbscan,meanshift clusterer.eps=0.3", "task=tune searches eps, so"),
    (
        "people_draw=1",
        "people_draw=1 says which people are drawn, and all are taken: add n_people=",
    ),
    ("n_people=3 people_draw=-1", "people_draw is a whole number from 0 to 2147483647; got -1"),
    ("task=tune task.workers=0", "task.workers is a whole number from 1 to 2147483647, or null"),
    ("task=organise n_people=3", "task=organise has no use for n_people=3: leave it out"),
    ("task=organise sampling=subsample", "task=organise has no use for sampling=subsample: leave"),
    ("task=forget person=A clusterer=kmeans", "task=forget has no use for clusterer=kmeans: leave"),
    ("task=verify clusterer=kmeans", "task=verify has no use for clusterer=kmeans: leave it out"),
    ("+experiment=verification n_people=9", "task=verify has no use for n_people=9: leave it out"),
    # Several jobs where there is one whatever is asked.
    ("-m task=export seed=1,2", "task=export is one job, not a sweep: leave out -m"),
    ("task=export sweep_id=s1", "task=export is one job, not a sweep: leave out sweep_id"),
    (
        "-m task._target_=facetrack.tasks.export.run.export",
        "task=export is one job, not a sweep: leave out -m",
    ),
    (
        "task=organise dataset=folder,lfw",
        "task=organise is one job, and 'dataset=folder,lfw' asks for several: give it a single",
    ),
    (
        "task=organise clusterer.eps=0.3:0.5",
        "task=organise is one job, and 'clusterer.eps=0.3:0.5' asks for several: give it a single",
    ),
    # Paths and beginnings in the place of a choice.
    ("dataset=~/Pictures", "did you mean dataset=folder dataset.root=~/Pictures? (choose one of"),
    ("dataset=./pics", "did you mean dataset=folder dataset.root=./pics? (choose one of dataset="),
    ("clusterer=conf/clusterer/dbscan.yaml", "did you mean clusterer=dbscan? (choose one of clu"),
    ("sampling=sub", "there is no sampling=sub; did you mean sampling=subsample? (choose one of"),
    # What is missing, or is not there to be read.
    ("resume=", "resume has no value: add resume=last, or resume=SWEEP with a sweep's id"),
    ("tuned=", "tuned has no value: add tuned=FILE, the best.yaml of a study"),
    (
        "dataset=folder dataset.roots=[.,/no/where]",
        "/no/where cannot be read as a folder (No such file or directory)",
    ),
    ("dataset=folder", "dataset.root has no value: add dataset.root=… to the command"),
    ("dataset=folder dataset.root=null", "dataset.root has no value: add dataset.root=… to the"),
    ("task=organise dataset.root=.", "task.out has no value: add task.out=… to the command"),
    ("dataset=folder dataset.root=/no/where", "/no/where cannot be read as a folder (No such file"),
    ("dataset=folder dataset.root=~nobody-of-that-name/x", "~nobody-of-that-name/x is not a path"),
    (
        "dataset=lfw dataset.archive=/no/lfw.tgz",
        "dataset.archive=/no/lfw.tgz cannot be read (No su",
    ),
    ("tuned=/no/best.yaml", "tuned=/no/best.yaml cannot be read (No such file or directory): give"),
    ("reproduce", "'reproduce' sets nothing: did you mean reproduce=RUN?"),
    ("tracking.system_metrics=1", "tracking.system_metrics is true or false; got 1"),
    ("resume=last seed=3", "resume=last goes on with a sweep as it was started: leave out seed=3"),
]

_INNER = re.compile(r"provider=|full_key|object_type|reference_type|Hydra|OmegaConf|Traceback|\n")


def test_the_table_is_long_enough() -> None:
    assert len({line for line, _ in MISTAKES}) == len(MISTAKES) >= 60


@pytest.mark.parametrize(("line", "told"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_is_told_in_a_sentence(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    with pytest.raises(UserError) as caught:
        prepare(line.split(" "), CONF)
    sentence = str(caught.value)
    assert told in sentence
    assert not _INNER.search(sentence), sentence
    assert len(sentence) < 300
    assert capfd.readouterr() == ("", "")


def test_of_a_setting_given_twice_the_last_counts_and_that_is_told(
    capfd: pytest.CaptureFixture[str],
) -> None:
    arguments = ["clusterer=dbscan", "seed=1", "clusterer=meanshift", "seed=2", "seed=3"]
    assert prepare(arguments, CONF) == arguments
    assert capfd.readouterr().err.splitlines() == [
        "facetrack: clusterer is given 2 times: clusterer=meanshift counts",
        "facetrack: seed is given 3 times: seed=3 counts",
    ]


def test_several_folders_need_no_other_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    arguments = ["dataset=folder", f"dataset.roots=['{tmp_path}/a','{tmp_path}/b']"]
    assert prepare(arguments, CONF) == arguments


def test_what_can_run_commands_is_refused_in_a_sentence(workspace: Workspace) -> None:
    done = workspace.run("clusterer._target_=os.system", "tracking=none")
    done.refused("os.system can run commands, and is not called")
    assert len(done.stderr.splitlines()) == 1


def test_a_place_that_cannot_be_is_told_with_what_names_it(workspace: Workspace) -> None:
    done = workspace.run("hydra.run.dir=/proc/none", "n_resamples=2")
    done.refused("/proc/none cannot be used (No such file or directory): see that its folder is")
    assert "make room" not in done.stderr
