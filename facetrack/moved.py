"""`python -m facetrack.moved [DATABASE]`: a store finds the files of its runs again."""

import sys
from collections.abc import Sequence
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.core.texts import write_count
from facetrack.system.terminal import refuse
from facetrack.tracking.relocation import correct


def main(arguments: Sequence[str]) -> int:
    """Correct mlflow.db in the working folder, or the named one; returns the exit status."""
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print("usage: python -m facetrack.moved [DATABASE]   (mlflow.db where none is named)")
        return 0 if len(arguments) == 1 else 2
    path = Path(arguments[0] if arguments else "mlflow.db").absolute()
    try:
        changed = correct(path)
    except UserError as error:
        return refuse(str(error))
    runs = write_count(changed, "run")
    print(f"{path}: the files of {runs} are in {path.parent / 'mlruns'} now")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
