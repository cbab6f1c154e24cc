"""`python -m facetrack`: the command line."""

from facetrack.cli.start import main

if __name__ == "__main__":
    main()
