"""A sweep in MLflow's own pages, as a person looks at it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Browser, Locator, Page, expect

from browser.conftest import Visit, drawn, outside
from facetrack.testing import Workspace, client, runs

_UP_SECONDS = 120
_HOSTILE = "<img src=x onerror=window.ran=1><script>window.ran=2</script> ' & `x`"
_DOWN_SECONDS = 10
_DRAWN_SECONDS = 30
# Where one of these is set MLflow sends no statistics, whatever command we tell.
_SILENT = {
    "DO_NOT_TRACK",
    "MLFLOW_DISABLE_TELEMETRY",
    "CI",
    "GITHUB_ACTIONS",
    "PYTEST_CURRENT_TEST",
}

_SCRIPT = r"http://127\.0\.0\.1:\d+/static-files/static/js/main\.\w+\.js"
# Errors of MLflow's own pages that are no fault of ours.
_EXCEPTED = [
    # They ask who is logged in, where there are no accounts.
    r"http://127\.0\.0\.1:\d+/ajax-api/2\.0/mlflow/users/current: Failed to load resource: "
    r"the server responded with a status of 404 \(Not Found\)",
    # A table changes its size while it is laid out.
    _SCRIPT + r": null ResizeObserver loop completed with undelivered notifications\.",
]


class Ui:
    """MLflow's server over a finished sweep.

    page: the address that the sweep told. asked: what the server asked of other machines.
    """

    def __init__(self, page: str, folder: Path, asked: list[str]) -> None:
        self.page = page
        self.folder = folder
        self.asked = asked
        (self.parent,) = runs(folder, "sweep")
        self.jobs = runs(folder, "job")

    def page_of(self, run: Any) -> str:
        """The address of a run."""
        start, _, workflow = self.page.partition("?")
        return f"{start}/{run.info.run_id}?{workflow}"


@pytest.fixture(scope="module")
def ui(
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    warm_home: Path,
    new_mlflow: Path,
) -> Iterator[Ui]:
    """A sweep of four jobs, then the command that it tells to look at them."""
    folder = tmp_path_factory.mktemp("ui")
    environment = {key: value for key, value in os.environ.items() if key not in _SILENT}
    sweep = ("-m", "clusterer=dbscan,meanshift", "clusterer.eps=0.2,0.3", "n_resamples=2")
    out = Workspace(folder, warm_home, store=new_mlflow).run(*sweep).ok()
    told = re.search(r"Every run: (.*)   then open (http://127\.0\.0\.1):5000(/.*)", out)
    assert told, out
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with outside() as proxy, (folder / "ui.log").open("w") as log:
        server = subprocess.Popen(
            f"{told[1]} --port {port}",
            shell=True,
            cwd=folder,
            env=environment
            | {
                "http_proxy": f"http://{proxy.address}",
                "https_proxy": f"http://{proxy.address}",
                "no_proxy": "127.0.0.1",
                # Judges of language models, which start with it and take as long as all the rest.
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                "MLFLOW_WORKERS": "1",  # of four processes that all import MLflow
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait(f"{told[2]}:{port}/health", server, folder / "ui.log")
            yield Ui(f"{told[2]}:{port}{told[3]}", folder, proxy.asked)
        finally:
            _stop(server)


def _wait(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _UP_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), direct.open(address, timeout=5):
            return
        time.sleep(0.1)
    pytest.fail(f"mlflow ui does not answer:\n{log.read_text()}")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """End the server with its children, which are of its process group."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(_DOWN_SECONDS)


@pytest.fixture(scope="module")
def opened(ui: Ui, visit: Visit) -> Iterator[Page]:
    """MLflow's pages, at the address that the sweep told.

    They are a single one that takes seconds to open, so all tests go on in it as a user would. What
    goes wrong on it is told after the last of them.
    """
    with visit(ui.page, excepted=_EXCEPTED) as page:
        # MLflow's assistant, which would like to be asked, takes a quarter of the page.
        page.get_by_role("button", name="Close").click()
        expect(_names(page)).to_have_text([ui.parent.info.run_name])
        yield page


@pytest.fixture
def table(ui: Ui, opened: Page) -> Page:
    """The table of runs with the sweep unfolded."""
    _go(opened, ui.page)
    names = _names(opened)
    expect(names.first).to_have_text(ui.parent.info.run_name)
    if names.count() == 1:
        opened.get_by_role("gridcell").get_by_role("button").click()
    expect(names).to_have_count(1 + len(ui.jobs))
    return opened


def _names(table: Page) -> Locator:
    return table.get_by_role("gridcell").get_by_role("link")


def _go(page: Page, url: str) -> None:
    """Go to another of MLflow's pages, whose addresses differ after the `#` alone."""
    page.evaluate("url => { location.href = url }", url)


def _open_run(page: Page, ui: Ui, run: Any) -> None:
    _go(page, ui.page_of(run))
    expect(page.get_by_text(run.info.run_id, exact=True).first).to_be_visible()


def test_the_table_shows_a_sweep_with_its_jobs_below(ui: Ui, table: Page) -> None:
    names = table.get_by_role("gridcell").get_by_role("link").all_inner_texts()
    assert names[0] == "sweep clusterer=dbscan,meanshift clusterer.eps=0.2,0.3 n_resamples=2"
    assert sorted(names[1:]) == [
        f"eps={eps} {method} portraits" for eps in (0.2, 0.3) for method in ("dbscan", "meanshift")
    ]
    table.get_by_role("gridcell").get_by_role("button").first.click()
    expect(table.get_by_role("gridcell").get_by_role("link")).to_have_count(1)


def test_the_table_opens_with_what_jobs_are_compared_by(ui: Ui, table: Page) -> None:
    for column in ("metrics.`ari_mean`", "params.`method`", "params.`radius`"):
        expect(table.locator(f".ag-header-cell[col-id='{column}']")).to_be_visible()
    for run in ui.jobs:
        row = table.locator(f"[row-id='{run.info.run_id}']")
        cells = {
            name: row.locator(f"[col-id='{column}']").inner_text()
            for name, column in (
                *(("ari_mean", "metrics.`ari_mean`"), ("method", "params.`method`")),
                ("radius", "params.`radius`"),
            )
        }
        assert float(cells.pop("ari_mean")) == pytest.approx(run.data.metrics["ari_mean"])
        assert cells == {name: run.data.params[name] for name in ("method", "radius")}


def test_the_table_has_a_column_for_each_metric(ui: Ui, table: Page) -> None:
    table.get_by_role("button", name="Columns", exact=True).click()
    menu = table.get_by_role("dialog")
    offered = set(menu.inner_text().splitlines())
    metrics = set(ui.jobs[0].data.metrics)
    assert {"ari_mean", "ari_std", "bcubed_f_mean", "n_clusters_mean"} <= metrics <= offered
    for column in ("bcubed_f_mean", "clusterer.eps"):  # ari_mean is there as the page opens
        menu.get_by_text(column, exact=True).click()
    for run in ui.jobs:
        row = table.locator(f"[row-id='{run.info.run_id}']")
        for metric in ("ari_mean", "bcubed_f_mean"):
            cell = row.locator(f"[col-id='metrics.`{metric}`']")
            assert float(cell.inner_text()) == pytest.approx(run.data.metrics[metric])
        eps = row.locator("[col-id='params.`clusterer.eps`']").inner_text()
        assert eps == run.data.params["clusterer.eps"]


def test_comparing_the_jobs_shows_ari_against_eps(ui: Ui, table: Page) -> None:
    for run in ui.jobs:
        table.locator(f"[row-id='{run.info.run_id}']").get_by_role("checkbox").first.check()
    table.get_by_role("button", name="Compare").click()
    expect(table.get_by_text(f"Comparing {len(ui.jobs)} Runs")).to_be_visible()
    parallel = table.get_by_role("tabpanel", name="Parallel Coordinates Plot")
    for wanted in ("clusterer.eps", "method", "radius", "ari_mean"):
        expect(parallel.get_by_text(wanted, exact=True).first).to_be_visible()
    table.get_by_role("tab", name="Scatter Plot").click()
    for axis, name in (("X-axis:", "clusterer.eps"), ("Y-axis:", "ari_mean")):
        table.get_by_label(axis).click()
        table.get_by_role("option", name=name, exact=True).click()
    # Not by what is visible: MLflow may give the plot no height, and then its pictures stand out.
    plot = table.get_by_role("tabpanel", name="Scatter Plot").locator(".js-plotly-plot")
    expect(plot.locator(".xtitle")).to_have_text("clusterer.eps")
    expect(plot.locator(".ytitle")).to_have_text("ari_mean")
    (points,) = plot.evaluate("plot => plot.data.map(({x, y}) => x.map((one, i) => [+one, y[i]]))")
    assert sorted(map(tuple, points)) == sorted(
        (float(run.data.params["clusterer.eps"]), run.data.metrics["ari_mean"]) for run in ui.jobs
    )
    _assert_drawn(plot.locator(".main-svg").first)


# One picture and one page, or all that there are: MLflow shows each in the same way.
_EVERY = pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)])


@_EVERY
def test_the_page_of_a_job_begins_with_ari_and_shows_its_pictures(
    ui: Ui, opened: Page, every: bool
) -> None:
    run = ui.jobs[0]
    names = _pictures_and_pages(run)
    assert {"tsne.png", "merged.png", "split.png"} <= set(names)
    names = names if every else ["errors.html", "tsne.png"]
    _open_run(opened, ui, run)
    expect(opened.get_by_role("link", name=re.compile("_mean$")).first).to_have_text("ari_mean")
    opened.get_by_role("tab", name="Artifacts").click()
    for name in names:
        _show(opened, run, name)


@_EVERY
def test_the_page_of_a_sweep_shows_its_pictures_and_its_curves(
    ui: Ui, opened: Page, every: bool
) -> None:
    names = _pictures_and_pages(ui.parent)
    assert {"curves.png", "curves.html", "figure3.png"} <= set(names)
    names = names if every else ["curves.html", "figure3.png"]
    _open_run(opened, ui, ui.parent)
    opened.get_by_role("tab", name="Artifacts").click()
    for name in sorted(names, key="curves.html".__eq__):  # last, to be looked at closely
        shown = _show(opened, ui.parent, name)
    curves = shown.content_frame
    expect(curves.locator(".legendtext")).to_have_text(
        ["portraits, dbscan", "portraits, meanshift"]
    )
    expect(curves.locator(".scatterlayer .point")).to_have_count(len(ui.jobs))


def _pictures_and_pages(run: Any) -> list[str]:
    return sorted(path.name for path in _folder(run).iterdir() if path.suffix in (".png", ".html"))


def _folder(run: Any) -> Path:
    return Path(run.info.artifact_uri.removeprefix("file://"))


def _show(page: Page, run: Any, name: str) -> Locator:
    """Click on a file in a run's list; what MLflow shows of it, which is not blank."""
    path = _folder(run) / name
    shown = page.locator("iframe") if path.suffix == ".html" else page.get_by_role("img", name=name)
    before = shown.get_attribute("src") if shown.count() else ""
    page.get_by_role("listitem").get_by_text(name, exact=True).click()
    expect(page.get_by_text(f"Path: {path}")).to_be_visible()
    expect(shown).not_to_have_attribute("src", before or "")
    if path.suffix == ".png":
        with Pillow.open(path) as picture:
            expect(shown).to_have_js_property("naturalWidth", picture.width)
    _assert_drawn(shown)
    return shown


def _assert_drawn(shown: Locator) -> None:
    """Something is to be seen there, soon: a share of its pixels stands out from the ground."""
    expect(shown).to_be_visible()
    until = time.monotonic() + _DRAWN_SECONDS
    while (share := drawn(shown.screenshot())) < 0.01:
        assert time.monotonic() < until, f"{shown} is blank but for {share:.2%}"
        shown.page.wait_for_timeout(100)


def test_hostile_values_of_a_run_are_text(ui: Ui, opened: Page) -> None:
    store = client(ui.folder)
    experiment = store.create_experiment("hostile")
    run = store.create_run(experiment, tags={"mlflow.runName": _HOSTILE, "dataset": _HOSTILE})
    store.log_param(run.info.run_id, "dataset.name", _HOSTILE)
    store.set_terminated(run.info.run_id)
    start = ui.page.partition("#")[0]
    _go(opened, f"{start}#/experiments/{experiment}/runs/{run.info.run_id}")
    expect(opened.get_by_text(_HOSTILE).nth(2)).to_be_visible()  # name, parameter and tag
    assert opened.locator("[onerror]").count() == 0
    assert opened.evaluate("window.ran") is None


def test_nothing_was_asked_of_another_machine_by_the_server(ui: Ui) -> None:
    assert ui.asked == []
