"""Runs the benchmarks one after the other and writes BENCHMARKS.md.

    python benchmarks/report.py FOLDER [bench_million.py …]

FOLDER holds lfw_dlib_embeddings.npz and lfw-deepfunneled.tgz; what needs a file that is not there
is left out, saying so. On two cores it takes about two hours. With names, only
those are run, and only their sections written anew.
"""

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
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}; "
        f"Python {platform.python_version()}, {versions}. {time.strftime('%Y-%m-%d')}."
    )


def main() -> None:
    data = Path(sys.argv[1]).resolve()
    names = sys.argv[2:]
    embeddings, lfw = data / "lfw_dlib_embeddings.npz", data / "lfw-deepfunneled.tgz"
    plan: list[tuple[str, list[Path | str]]] = [
        ("bench_kernels.py", [embeddings]),
        ("bench_growth.py", [embeddings, ROOT / "docs/cost.png"]),
        ("bench_costs.py", [data]),
        ("bench_resample.py", [embeddings]),
        ("bench_table1.py", [lfw]),
        ("bench_embedding.py", []),
        ("bench_detectors.py", [data]),
        ("bench_dlib.py", []),
        ("bench_facenet.py", []),
        ("bench_stored.py", []),
        ("bench_sweep.py", []),
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
    report = ROOT / "BENCHMARKS.md"
    head = (
        "# Benchmarks\n\n"
        "Written by `make bench`. Machines are noisy: the ratios, measured side by side in one "
        f"run, say more than the seconds.\n\n{machine()}"
    )
    sections: dict[str, str] = {}
    if names:
        head, *before = report.read_text(encoding="utf-8").rstrip().split("\n\n## ")
        sections = {one.partition("\n")[0]: one for one in before}
    for name, arguments in plan:
        if names and name not in names:
            continue
        script = ROOT / "benchmarks" / name
        title = script.read_text(encoding="utf-8").splitlines()[0].strip('"').rstrip(".")
        needed = Path(arguments[0]) if arguments else ROOT
        if not needed.exists():
            print(f"left out: {name} needs {needed.name}")
            continue
        print(f"{name} …", flush=True)
        told = ""
        command = [sys.executable, str(script), *map(str, arguments)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            for line in running.stdout:  # as it comes: some take minutes from line to line
                print(line, end="", flush=True)
                told += line
        if running.returncode:
            sys.exit(running.returncode)
        sections[title] = f"{title}\n\n```\n{told.rstrip()}\n```"
        if name in PICTURES:
            sections[title] += f"\n\n{PICTURES[name]}"
    report.write_text("\n\n## ".join([head, *sections.values()]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
