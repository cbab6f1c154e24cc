"""Runs the benchmarks one after the other and writes BENCHMARKS.md.

    python benchmarks/report.py FOLDER

FOLDER holds lfw_dlib_embeddings.npz and lfw-deepfunneled.tgz; what needs a file that is not there
is left out, saying so. On two cores it takes about half an hour.
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
    embeddings, lfw = data / "lfw_dlib_embeddings.npz", data / "lfw-deepfunneled.tgz"
    plan = [
        ("bench_kernels.py", [embeddings]),
        ("bench_growth.py", [embeddings, ROOT / "docs/cost.png"]),
        ("bench_table1.py", [lfw]),
        ("bench_embedding.py", []),
        ("bench_facenet.py", []),
        ("bench_stored.py", []),
    ]
    parts = [
        "# Benchmarks",
        "Written by `make bench`. Machines are noisy: the ratios, measured side by side in one "
        "run, say more than the seconds.",
        machine(),
    ]
    for name, arguments in plan:
        script = ROOT / "benchmarks" / name
        title = script.read_text(encoding="utf-8").splitlines()[0].strip('"').rstrip(".")
        if arguments and not arguments[0].exists():
            print(f"left out: {name} needs {arguments[0].name}")
            continue
        print(f"{name} …", flush=True)
        done = subprocess.run(
            [sys.executable, str(script), *map(str, arguments)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        print(done.stdout, flush=True)
        parts.append(f"## {title}\n\n```\n{done.stdout.rstrip()}\n```")
        if name == "bench_growth.py":
            parts.append("![Seconds against the number of faces](docs/cost.png)")
    (ROOT / "BENCHMARKS.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
