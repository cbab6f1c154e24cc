"""Face detectors: where the faces are. One file per choice in conf/detector."""

from facetrack.detector.choice import CHOICES, choose
from facetrack.detector.dlib_hog import DlibHog
from facetrack.detector.haar import Haar
from facetrack.detector.none import NoDetector
from facetrack.detector.whole import Whole
from facetrack.detector.yunet import YuNet

__all__ = ["CHOICES", "DlibHog", "Haar", "NoDetector", "Whole", "YuNet", "choose"]
