"""What reading a people.yaml costs."""

import subprocess
import sys

NUMERIC = ("numpy", "scipy", "sklearn", "cv2", "matplotlib", "PIL")


def test_the_file_of_people_is_read_without_a_numeric_library() -> None:
    code = (
        "import sys\n"
        "from facetrack.organiser.people_file import read\n"
        f"print(*[name for name in {NUMERIC!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
