"""`python -m facetrack.moved [DATABASE]`: a store finds the files of its runs again."""

import sys

from facetrack.tracking.relocation import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
