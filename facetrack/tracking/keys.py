"""Every name under which something is kept in MLflow: tags, metrics, and files of before.

Stores are read by later versions, so that a name here never changes. Parameters are called as the
settings of the config, but for two (see `METHOD`).
"""

# Tags that MLflow gives a meaning to.
NAME = "mlflow.runName"
SOURCE = "mlflow.source.name"
COMMIT = "mlflow.source.git.commit"
PARENT = "mlflow.parentRunId"
CONTEXT = "mlflow.data.context"  # of a dataset that a run had
EXPERIMENT_KIND = "mlflow.experimentKind"
SHARED_VIEW = "mlflow.sharedViewState"  # .KEY, of an experiment

# Tags of every run.
KIND = "kind"
"""What a run is of: see `RunRecord.kind`."""
PROCESS = "process"
BIRTH = "birth"  # tells a run from all others before its id is known
ERROR = "error"
SHOWING = "shows_people"
"""Which of a run's artifacts show people: .0, .1 and so on, the pieces of their names as JSON."""

# Tags of jobs, studies and sweeps.
VERSION = "protocol_version"
"""By which version of the protocol it is scored; what does not say so is of version 1."""

# Tags of jobs and studies.
SWEEP = "sweep"  # also of the sweep's parent run
NUMBER = "job"  # a job's number in its sweep, as of its folder in outputs/
FINGERPRINT = "config_fingerprint"
REPRODUCES = "reproduces"  # the run that it runs again, a dash, and what tells it from others
OVERRIDES = "overrides"  # what the command set, in a few words
DATASET, DETECTOR, EMBEDDER = "dataset", "detector", "embedder"
CLUSTERER, SAMPLING = "clusterer", "sampling"
CHOICES = (DATASET, DETECTOR, EMBEDDER, CLUSTERER, SAMPLING)
ROOT = "dataset.root"
SOURCES = (
    *(ROOT, "dataset.roots", "dataset.file", "dataset.archive", "dataset.archives"),
    *("embedder.weights", "detector.weights"),
)
"""Where a job's pictures and weights are, on its machine."""
PICTURES, FACES, PEOPLE, SKIPPED = "pictures", "faces", "people", "skipped"

# Tags of studies and of their trials.
STUDY, STORAGE, TRIAL, PRUNED = "study", "storage", "trial", "pruned"
AXIS, OBJECTIVE, CURVE, BEST = "axis", "objective", "curve", "best"
CHOSEN_ON = "chosen_on"  # which faces the best settings were chosen on, in a few words

# Tags of the organiser's runs.
PERSONS, PAGE_OF_RUN = "persons", "page_of_run"

# Tags of comparisons.
PICKED = "picked"  # detector+embedder; empty where none is

# Tags of a sweep's parent run.
SWEEP_NUMBER = "sweep_number"
COMMAND = "command"
"""What a sweep was started with: .0, .1 and so on, its pieces as JSON."""
JOBS, STUDIES = "jobs", "studies"
BEST_OF_SWEEP = "best_{}"

# Parameters beside the settings: what methods are compared by.
METHOD, RADIUS = "method", "radius"

# Metrics.
ARI = "ari"  # of each resample, by step
MEAN = "{}_mean"
ARI_MEAN, ARI_STD, ARI_CI_LOW, ARI_CI_HIGH = "ari_mean", "ari_std", "ari_ci_low", "ari_ci_high"
PRECISION_MEAN, RECALL_MEAN = "pairwise_precision_mean", "pairwise_recall_mean"
CLUSTERS_MEAN, PEOPLE_MEAN, SECONDS_MEAN = "n_clusters_mean", "n_people_mean", "fit_seconds_mean"
NEIGHBORS_RECALL = "neighbors_recall"
IMPOSSIBLE_PAIRS, PHOTO_PAIRS = "impossible_pairs", "photo_pairs"
"""Of the pairs of faces on one photo, the share that was put together; how many pairs."""
ACCURACY, ACCURACY_ERROR = "verification_accuracy", "verification_standard_error"
TAR_1, TAR_01 = "tar_at_far_0_01", "tar_at_far_0_001"
THRESHOLD = "verification_threshold"  # mean over the folds
PAIRS, MISSING_PAIRS = "verification_pairs", "verification_missing_pairs"
"""How many pairs of pictures; of those, the pairs with a picture without a face."""
OF_MODEL = {"bcubed_f": "f", "ari": "ari", "expected_f": "expected", "faces": "faces"}
"""Metrics of a comparison, each followed by .DETECTOR.EMBEDDER; by what they are of."""
ACCURACY_OF = "accuracy_{}"
"""Of a classifier or a clusterer: the share of faces it has right."""
IDENTIFIED, FALSELY_ACCEPTED = "open_set_identified", "open_set_falsely_accepted"
MOVED, ARI_WORN = "moved.{}.{}", "ari.{}.{}"
"""By effect and embedder: how far faces move in radii, the median; ARI where half have it."""
UNDETECTED = "undetected.{}"
"""By effect: the share of faces that the detector no longer finds."""
BEST_SETTING = "best_{}"  # of a study, by setting
WIDTH_LOW, WIDTH_HIGH, FINISHED_TRIALS = "width_low", "width_high", "finished_trials"
WHOLE_ARI = "ari_all_faces"
OTHERS_MEAN, OTHERS_LOST, OTHERS_LOST_MOST = "others_mean", "others_lost", "others_lost_most"
"""At the best radius of half of the people: the score of the other half; below its own best."""
BEST_ARI_MEAN = "best_ari_mean"  # of a sweep

SHOWING_BEFORE = (
    *("errors.html", "groups.html", "tsne*.html", "tsne.png", "merged.png", "split.png"),
    *("index.html", "confused.csv", "clusters.csv", "people.csv", "faces.csv", "skipped.csv"),
)
"""Names of the artifacts that show people in runs from before `SHOWING`, as shell patterns."""
