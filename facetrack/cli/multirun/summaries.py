"""What sums a sweep up: each kind of job has a summary of its own, imported when it is needed."""

from facetrack.tasks.sweep.open_sweep import EndedSweep


def summarise(ended: EndedSweep) -> None:
    """Sum up a sweep's jobs: into its parent run, its folder, and on the screen."""
    from facetrack.tracking.runs import KIND

    if all(job.data.tags[KIND] == "study" for job in ended.jobs):
        _of_studies(ended)
    else:
        _of_jobs(ended)


def _of_studies(ended: EndedSweep) -> None:
    from facetrack.tasks.tune import summary

    summary.write(ended.jobs, ended.folder, ended.run, ended.tracking)


def _of_jobs(ended: EndedSweep) -> None:
    from facetrack.tasks.sweep import summary, tsne_pages

    summary.write(ended.jobs, ended.swept, ended.folder, ended.run, ended.tracking)
    if not ended.stopped:  # who pressed Ctrl-C waits for no thumbnails
        tsne_pages.write(ended.jobs, ended.folder, ended.run, ended.tracking)
