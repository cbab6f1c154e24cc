"""Embedders: a face becomes a vector. One file per choice in conf/embedder.

No import here costs more than a millisecond: TensorFlow and dlib are imported when the
first face is embedded, never for faces already in the store.
"""

from facetrack.embedder.aligned_onnx import AlignedOnnx
from facetrack.embedder.dlib_resnet import DlibResNet
from facetrack.embedder.facenet import FaceNet
from facetrack.embedder.none import NoEmbedder

__all__ = ["AlignedOnnx", "DlibResNet", "FaceNet", "NoEmbedder"]
