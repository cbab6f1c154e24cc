"""Runs the benchmarks one after the other and writes their sections of BENCHMARKS.md.

    python benchmarks/report.py [--before CHECKOUT] FOLDER speed|quality|bench_million.py …

`speed` is whatever is told in seconds, and wants the machine for itself, for an hour and a half on
two cores; `quality` is how right groups, intervals and tests are, and takes hours, beside
anything. FOLDER holds lfw_dlib_embeddings.npz and lfw-deepfunneled.tgz, and the folder `models`
beside it may hold model files, which are put where facetrack would download them to. What needs a
file that is not there is left out, and a benchmark that fails is told at the end: their sections
stay as they were. So does what somebody has written under the first block of a section. Sections
are written as soon as they are there. Whole commands are set beside those of another version where
its checkout is given (`git worktree add`).
"""

import argparse
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

from facetrack.system.home import find_home

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
        "Written by `make bench` (timings) and `make quality` (how right groups, intervals and "
        "tests are). Machines are noisy: the ratios, measured side by side in one run, say more "
        "than the seconds. Each section names the machine, the day and the length of its run; what "
        "is under its first block was written by hand."
        f"\n\nPython {platform.python_version()}, {versions}."
    )


def make_plan(data: Path, before: list[str]) -> dict[str, dict[str, list[Path | str]]]:
    """Scripts of each kind, and what each is given. before: a checkout, or none."""
    embeddings, lfw = data / "lfw_dlib_embeddings.npz", data / "lfw-deepfunneled.tgz"
    return {
        "speed": {
            "bench_sweep.py": [*before],
            "bench_stored.py": [],
            "bench_table1.py": [embeddings, *before],
            "bench_resample.py": [embeddings, *before],
            "bench_kernels.py": [embeddings],
            "bench_growth.py": [embeddings, ROOT / "docs/cost.png"],
            "bench_costs.py": [data],
            "bench_million.py": [embeddings, ROOT / "docs/million.png"],
            "bench_tsne.py": [data],
            "bench_graph.py": [embeddings],
            "bench_embedding.py": [],
            "bench_detectors.py": [data],
            "bench_dlib.py": [],
            "bench_facenet.py": [],
            "bench_pipeline.py": [lfw],
        },
        "quality": {
            "bench_methods.py": [data],
            "bench_embedders.py": [lfw],
            "bench_quality.py": [data],
            "bench_audit.py": [data],
            "audit_corrected.py": [data],
            "bench_statistics.py": [data, DATASETS],
        },
    }


def choose(
    plan: dict[str, dict[str, list[Path | str]]], names: list[str]
) -> dict[str, list[Path | str]]:
    """The scripts that are asked for, by kind or by name, in the order of the plan."""
    scripts = {name: given for kind in plan.values() for name, given in kind.items()}
    if unknown := set(names) - plan.keys() - scripts.keys():
        sys.exit(f"there is no {unknown.pop()}: give speed, quality, or of {', '.join(scripts)}")
    asked = {name for kind in plan if kind in names for name in plan[kind]} | set(names)
    return {name: given for name, given in scripts.items() if name in asked}


def take_models(folder: Path) -> None:
    """Put model files where facetrack would download them to, for there they are verified."""
    downloads = find_home() / "downloads"
    downloads.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.glob("*.onnx"):
        if not (downloads / file.name).exists():
            shutil.copyfile(file, downloads / file.name)


def run(script: Path, arguments: list[Path | str]) -> str | None:
    """What a benchmark tells, which is shown as it comes: some take minutes from line to line.

    None where it failed.
    """
    told = ""
    command = [sys.executable, str(script), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            told += line
    return None if running.returncode else told.rstrip()


def find_title(script: str) -> str:
    """The first line of a benchmark, which is the title of its section."""
    return (ROOT / "benchmarks" / script).read_text(encoding="utf-8").splitlines()[0].strip('".')


def read_sections(report: Path) -> dict[str, str]:
    """Title and text of each section that is there."""
    if not report.exists():
        return {}
    _, *before = report.read_text(encoding="utf-8").rstrip().split("\n\n## ")
    return {one.partition("\n")[0]: one for one in before}


def write_section(name: str, told: str, minutes: float, before: str) -> str:
    """A section anew. before: as it was, whose remarks stay, or empty."""
    took = f"{minutes:.0f} minutes" if minutes >= 1 else "less than a minute"
    day = f"{machine()}, {time.strftime('%Y-%m-%d')}, {took}"
    parts = [find_title(name), day, f"```\n{told}\n```"]
    after_block = before.split("\n```", 2)[2:]
    remarks = after_block[0] if after_block else ""
    if name in PICTURES:
        parts.append(PICTURES[name])
        remarks = remarks.replace(PICTURES[name], "")
    return "\n\n".join([*parts, *([remarks.strip()] if remarks.strip() else [])])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--before")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+")
    given = parser.parse_args()
    before = [str(Path(given.before).resolve())] if given.before else []
    data, report = given.folder.resolve(), ROOT / "BENCHMARKS.md"
    plan = make_plan(data, before)
    chosen = choose(plan, given.names)
    take_models(data.parent / "models")
    titles = [find_title(name) for kind in plan.values() for name in kind]
    failed = []
    for name, arguments in chosen.items():
        needed = Path(arguments[0]) if arguments else ROOT
        if not needed.exists():
            print(f"left out: {name} needs {needed.name}")
            continue
        print(f"{name} …", flush=True)
        start = time.monotonic()
        told = run(ROOT / "benchmarks" / name, arguments)
        if told is None:
            failed.append(name)
            continue
        minutes = (time.monotonic() - start) / 60
        # Read now: hours may have passed, and somebody may have written in it.
        sections = read_sections(report)
        title = find_title(name)
        sections[title] = write_section(name, told, minutes, sections.get(title, ""))
        kept = [sections[title] for title in titles if title in sections]
        report.write_text("\n\n## ".join([head(), *kept]) + "\n", encoding="utf-8")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; their sections are as they were")


if __name__ == "__main__":
    main()
