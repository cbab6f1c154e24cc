"""ONNX Runtime, and what facetrack asks of each of its sessions.

Only this module imports it, and only when a network is to run: that takes a quarter of a second.
"""

from typing import Any


def start_session(model: bytes, threads: int = 1) -> Any:
    """An InferenceSession of a model, the content of a `.onnx` file, on the processor.

    threads: that a call may use; facetrack has a process per core where an embedder is parallel.
    Raises ValueError, with ONNX Runtime's reason, for what is no model that it can run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what matters is raised
    # Threads that wait would take the processor from those who work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # Trying once more is for other processors, and is told on standard output.
        return onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # its own classes of errors have no common one
        raise ValueError(" ".join(str(error).split())) from error
