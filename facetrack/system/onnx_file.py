"""What an `.onnx` file from anybody holds, looked at before anything runs it.

Published files are known by their hash and need no such look. `onnx` is imported here alone below
the stages, and only for a file of a user's own: that takes 0.2 s.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

_MOST_NUMBERS = 1 << 26  # in one tensor; a network for faces has a hundredth of that
_MOST_ALTOGETHER = 1 << 29  # in all that is computed, as if nothing were dropped meanwhile
_DOMAINS = ("", "ai.onnx")  # of the operators that ONNX itself defines

Sizes = list[int | None]


def check_model(content: bytes, given: Sequence[int]) -> dict[str, Sizes]:
    """Refuse a model, the content of an `.onnx` file, that is not to be run.

    given: the sizes, (1, …), of the one input that it has to take. Returns the sizes of its outputs
    by their names then.
    Raises ValueError with what is wrong, to be read after its name: data in other files, operators
    that are not ONNX's own, loops and branches, tensors that are too large or of which nobody can
    say how large they become, another input, no model at all.
    """
    model = _parse(content)
    if model.functions or model.training_info:
        raise ValueError("brings operators of its own, where only ONNX's are run")
    for node in model.graph.node:
        if node.domain not in _DOMAINS:
            name = f"{node.domain[:40]}.{node.op_type[:40]}"
            raise ValueError(f"needs the operator {name}, where only ONNX's own are run")
        if any(one.graphs or one.HasField("g") for one in node.attribute):
            raise ValueError(f"has the operator {node.op_type[:40]}, which is a loop or a branch")
    for tensor in _tensors(model.graph):
        _check_tensor(tensor)
    _check_input(model, given)
    known = _infer(model, given)
    _check_sizes(model, known)
    return {one.name: known[one.name] for one in model.graph.output}


def free_sizes(content: bytes) -> bytes:
    """A model for pictures, whose one input may then have any height and width.

    content: of an `.onnx` file whose operators do not depend on them; its input is (n, c, h, w).
    """
    import onnx

    model = onnx.load_model_from_string(content)
    (taken,) = _find_inputs(model)
    for name, place in zip("hw", taken.type.tensor_type.shape.dim[2:], strict=True):
        place.dim_param = name
    # What it says of sizes further on would no longer be so.
    del model.graph.value_info[:]
    for one in model.graph.output:
        one.type.tensor_type.ClearField("shape")
    freed: bytes = model.SerializeToString()
    return freed


def _parse(content: bytes) -> Any:
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf has no class of its own for all of them
        raise ValueError(f"is no ONNX model, or not all of one ({_short(error)})") from error
    if not model.graph.node or not model.graph.output:
        raise ValueError("is no ONNX model, or not all of one (it has no operators)")
    return model


def _tensors(graph: Any) -> Iterator[Any]:
    """All constants of a graph."""
    yield from graph.initializer
    sparse = list(graph.sparse_initializer)
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t
            sparse += attribute.sparse_tensors
            if attribute.HasField("sparse_tensor"):
                sparse.append(attribute.sparse_tensor)
    for one in sparse:
        yield from (one.values, one.indices)


def _check_tensor(tensor: Any) -> None:
    # 1 stands for data in another file, whose path may lead anywhere.
    if tensor.data_location == 1 or len(tensor.external_data):
        raise ValueError("keeps data in another file, where one file has to hold everything")
    if min(tensor.dims, default=1) < 0 or math.prod(tensor.dims) > _MOST_NUMBERS:
        raise ValueError(f"has a tensor of {_show(tensor.dims)} numbers, which is too many")


def _find_inputs(model: Any) -> list[Any]:
    """What is to be given to a model; its constants may be listed among that."""
    constants = {one.name for one in model.graph.initializer}
    return [one for one in model.graph.input if one.name not in constants]


def _check_input(model: Any, given: Sequence[int]) -> None:
    inputs = _find_inputs(model)
    if len(inputs) != 1:
        raise ValueError(f"takes {len(inputs)} inputs")
    sizes = [size or None for size in _sizes(inputs[0])]
    fits = len(sizes) == len(given) and all(
        size in (None, wanted) for size, wanted in zip(sizes, given, strict=True)
    )
    if not fits:
        raise ValueError(f"takes ({', '.join(str(size or 'n') for size in sizes)})")


def _infer(model: Any, given: Sequence[int]) -> dict[str, Sizes]:
    """The sizes of all that a model computes, by name, for an input of these sizes."""
    import onnx

    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    (taken,) = _find_inputs(sized)
    for place, size in zip(taken.type.tensor_type.shape.dim, given, strict=True):
        place.dim_value = size
    # What a file says of itself may not be so.
    del sized.graph.value_info[:]
    for one in sized.graph.output:
        one.type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(sized, strict_mode=True, data_prop=True)
    except Exception as error:
        raise ValueError(f"does not fit together ({_short(error)})") from error
    return {
        one.name: _sizes(one)
        for one in (*inferred.graph.value_info, *inferred.graph.output)
        if one.type.tensor_type.HasField("shape")
    }


def _check_sizes(model: Any, known: dict[str, Sizes]) -> None:
    """Raise ValueError unless all that is computed has a size, and none is too large."""
    altogether = 0
    for node in model.graph.node:
        for name in filter(None, node.output):
            sizes = known.get(name, [None])
            if None in sizes:
                raise ValueError(f"does not say how large a result of its {node.op_type[:40]} is")
            numbers = math.prod(size for size in sizes if size is not None)
            altogether += numbers
            if numbers > _MOST_NUMBERS:
                raise ValueError(f"computes a tensor of {_show(sizes)} numbers, which is too many")
    if altogether > _MOST_ALTOGETHER:
        raise ValueError(f"computes {altogether} numbers for a face, which is too many")
    for one in model.graph.output:
        if one.name not in known:
            raise ValueError(f"does not say how large its output {one.name[:40]!r} is")


def _sizes(value: Any) -> Sizes:
    return [
        size.dim_value if size.HasField("dim_value") and size.dim_value >= 0 else None
        for size in value.type.tensor_type.shape.dim
    ]


def _show(sizes: Sequence[int | None]) -> str:
    return " x ".join("?" if size is None else str(size) for size in sizes)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
