"""facetrack: how well do faces cluster, and who is on which photo."""

__version__ = "0.1.0"
