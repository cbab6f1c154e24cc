"""Datasets: where the pictures are and who is on them. One file per choice in conf/dataset."""

from facetrack.dataset.folder import Folder
from facetrack.dataset.lfw import Lfw
from facetrack.dataset.muct import Muct
from facetrack.dataset.portraits import Portraits
from facetrack.dataset.vectors import Vectors

__all__ = ["Folder", "Lfw", "Muct", "Portraits", "Vectors"]
