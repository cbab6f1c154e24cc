"""What an `.onnx` file from anybody holds, looked at before anything runs it.

Published files are known by their hash and need no such look. `onnx` is imported here alone among
the modules below the stages, and only for a file of a user's own: that takes 0.2 s.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

_MOST_NUMBERS = 1 << 26  # in one tensor; a network for faces has a hundredth of that
_DOMAINS = ("", "ai.onnx")  # of the operators that ONNX itself defines
# What can make much of little, or run for ever.
_UNBOUNDED = frozenset({"Loop", "Scan", "If", "SequenceMap"})
_GROWING = frozenset(
    {
        *("ConstantOfShape", "Expand", "Tile", "Range", "OneHot", "Pad", "Resize", "Upsample"),
        *("ConvTranspose", "Col2Im", "CenterCropPad", "RandomNormal", "RandomUniform", "EyeLike"),
        *(
            "RandomNormalLike",
            "RandomUniformLike",
            "MatMul",
            "Gemm",
            "Einsum",
            "Compress",
            "Bernoulli",
        ),
    }
)


def check_model(content: bytes, given: Sequence[int]) -> dict[str, list[int | None]]:
    """Refuse a model, the content of an `.onnx` file, that is not to be run.

    given: the sizes, (1, …), of the one input that it has to take. Returns the sizes of its outputs
    by their names then, as far as they can be worked out.
    Raises ValueError with what is wrong, to be read after its name: data in other files, operators
    that are not ONNX's own, loops, tensors that are too large, another input, no model at all.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(content)
        used = list(_walk(model.graph))
    except Exception as error:  # protobuf has no class of its own for all of them
        raise ValueError(f"is no ONNX model, or not all of one ({_short(error)})") from error
    if not model.graph.node or not model.graph.output:
        raise ValueError("is no ONNX model, or not all of one (it has no operators)")
    if model.functions or model.training_info:
        raise ValueError("brings operators of its own, where only ONNX's are run")
    for node in used:
        if node.domain not in _DOMAINS:
            raise ValueError(
                f"needs the operator {node.domain[:40]}.{node.op_type[:40]}, where only ONNX's own "
                "are run"
            )
        if node.op_type in _UNBOUNDED:
            raise ValueError(f"has the operator {node.op_type}, which may run for ever")
    for tensor in _tensors(model.graph):
        _check_tensor(tensor)
    _check_input(model, given)
    known = _infer(model, given)
    for sizes in known.values():
        if math.prod(size for size in sizes if size is not None) > _MOST_NUMBERS:
            raise ValueError(f"computes a tensor of {_show(sizes)} numbers, which is too many")
    for node in model.graph.node:
        if node.op_type in _GROWING and any(
            None in known.get(name, (None,)) for name in node.output if name
        ):
            raise ValueError(f"does not say how large its operator {node.op_type} makes something")
    return {one.name: known.get(one.name, []) for one in model.graph.output}


def _find_inputs(model: Any) -> list[Any]:
    """What is to be given to a model; its constants may be listed among that."""
    constants = {one.name for one in model.graph.initializer}
    return [one for one in model.graph.input if one.name not in constants]


def _check_input(model: Any, given: Sequence[int]) -> None:
    inputs = _find_inputs(model)
    if len(inputs) != 1:
        raise ValueError(f"takes {len(inputs)} inputs")
    sizes = _sizes(inputs[0])
    fits = len(sizes) == len(given) and all(
        size in (None, wanted) for size, wanted in zip(sizes, given, strict=True)
    )
    if not fits:
        raise ValueError(f"takes ({', '.join(str(size or 'n') for size in sizes)})")


def _check_tensor(tensor: Any) -> None:
    # 1 stands for data in another file, whose path may lead anywhere.
    if tensor.data_location == 1 or len(tensor.external_data):
        raise ValueError("keeps data in another file, where one file has to hold everything")
    if min(tensor.dims, default=1) < 0 or math.prod(tensor.dims) > _MOST_NUMBERS:
        raise ValueError(f"has a tensor of {_show(tensor.dims)} numbers, which is too many")


def _infer(model: Any, given: Sequence[int]) -> dict[str, list[int | None]]:
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


def _walk(graph: Any) -> Iterator[Any]:
    """All nodes, those of graphs within nodes included."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                yield from _walk(inner)


def _tensors(graph: Any) -> Iterator[Any]:
    """All constants of a graph."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t


def _sizes(value: Any) -> list[int | None]:
    return [
        size.dim_value if size.HasField("dim_value") and size.dim_value > 0 else None
        for size in value.type.tensor_type.shape.dim
    ]


def _show(sizes: Sequence[int | None]) -> str:
    return " x ".join(str(size or "?") for size in sizes)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
