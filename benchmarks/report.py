"""Runs the benchmarks one after the other and writes BENCHMARKS.md.

    python benchmarks/report.py [--before CHECKOUT] FOLDER [bench_million.py …]

FOLDER holds lfw_dlib_embeddings.npz and lfw-deepfunneled.tgz; what needs a file that is not there
is left out, saying so. On two cores it takes about two hours and a half. With names, only those are
run, and only their sections written anew, each as soon as it is there. Whole commands are set
beside those of another version where its checkout is given (`git worktree add`).
"""

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("numpy", "scipy", "scikit-learn", "opencv-python", "dlib-bin", "tensorflow", "mlflow")
# Of each kind; docs/statistics.md has 200, which take too long to be looked at every time.
DATASETS = "50"
PICTURES = {
    "bench_growth.py": "![Seconds against the number of faces](docs/cost.png)",
    "bench_million.py": "![Seconds against the number of faces, exact and faiss](docs/million.png)",
}


def machine() -> str:
    """The processor, and how many."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def head() -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`. Machines are noisy: the ratios, measured side by side in one "
        "run, say more than the seconds. Each section names the machine and the day of its run."
        f"\n\nPython {platform.python_version()}, {versions}."
    )


def make_plan(data: Path, before: list[str]) -> list[tuple[str, list[Path | str]]]:
    """Scripts in the order of the report, and what each is given. before: a checkout, or none."""
    embeddings, lfw = data / "lfw_dlib_embeddings.npz", data / "lfw-deepfunneled.tgz"
    return [
        ("bench_kernels.py", [embeddings]),
        ("bench_growth.py", [embeddings, ROOT / "docs/cost.png"]),
        ("bench_costs.py", [data]),
        ("bench_resample.py", [embeddings]),
        ("bench_table1.py", [lfw, *before]),
        ("bench_embedding.py", []),
        ("bench_detectors.py", [data]),
        ("bench_dlib.py", []),
        ("bench_facenet.py", []),
        ("bench_sweep.py", [*before]),
        ("bench_stored.py", []),
        ("bench_pipeline.py", [lfw]),
        ("bench_methods.py", [data]),
        ("bench_quality.py", [data]),
        ("bench_audit.py", [data]),
        ("bench_statistics.py", [data, DATASETS]),
        ("audit_corrected.py", [data]),
        ("bench_graph.py", [embeddings]),
        ("bench_embedders.py", [lfw]),
        ("bench_tsne.py", [data]),
        ("bench_million.py", [embeddings, ROOT / "docs/million.png"]),
    ]


def run(script: Path, arguments: list[Path | str]) -> str:
    """What a benchmark tells, which is shown as it comes: some take minutes from line to line."""
    told = ""
    command = [sys.executable, str(script), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            told += line
    if running.returncode:
        sys.exit(running.returncode)
    return told.rstrip()


def read_sections(report: Path) -> dict[str, str]:
    """Title and text of each section that is there."""
    if not report.exists():
        return {}
    _, *before = report.read_text(encoding="utf-8").rstrip().split("\n\n## ")
    return {one.partition("\n")[0]: one for one in before}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--before")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    before = [str(Path(given.before).resolve())] if given.before else []
    report = ROOT / "BENCHMARKS.md"
    sections = read_sections(report) if given.names else {}
    for name, arguments in make_plan(given.folder.resolve(), before):
        if given.names and name not in given.names:
            continue
        script = ROOT / "benchmarks" / name
        title = script.read_text(encoding="utf-8").splitlines()[0].strip('"').rstrip(".")
        needed = Path(arguments[0]) if arguments else ROOT
        if not needed.exists():
            print(f"left out: {name} needs {needed.name}")
            continue
        print(f"{name} …", flush=True)
        told = run(script, arguments)
        day = f"{machine()}, {time.strftime('%Y-%m-%d')}"
        sections[title] = f"{title}\n\n{day}\n\n```\n{told}\n```"
        if name in PICTURES:
            sections[title] += f"\n\n{PICTURES[name]}"
        text = "\n\n## ".join([head(), *sections.values()]) + "\n"
        report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
