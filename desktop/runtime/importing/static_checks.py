"""First look at a foreign ONNX file, without onnxruntime: is it one, is it bounded, does it stay in its own folder?

Runs in the throw-away child: even the parser sees hostile bytes. The order is that of cost: cheap refusals first.
"""

from __future__ import annotations

import hashlib
import math
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import onnx
from google.protobuf.message import DecodeError

from desktop.core.errors import UserError
from desktop.runtime.importing.external_data import external_names, join_weights
from desktop.runtime.importing.facts import Dimension, GraphFacts, TensorFacts

FILE_LIMIT_BYTES = 2 << 30  # protobuf cannot hold more in one file
NODE_LIMIT = 20_000  # a 100,000-node file costs 5 s and 330 MB before it computes anything
FUNCTION_LIMIT = 200
DEPTH_LIMIT = 32  # chains of functions end onnxruntime's process while it loads
TENSOR_LIMIT_BYTES = 2 << 30
METADATA_LIMIT = 1 << 20
LAYOUT_OPERATORS = ("Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "DepthToSpace", "Slice")
DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
REFUSED_OPERATORS = {"EPContext": "import.reason.compiled"}

ONNX_TYPES = {
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.FLOAT16: "float16",
    onnx.TensorProto.DOUBLE: "float64",
    onnx.TensorProto.UINT8: "uint8",
    onnx.TensorProto.INT8: "int8",
    onnx.TensorProto.UINT16: "uint16",
    onnx.TensorProto.INT16: "int16",
    onnx.TensorProto.INT32: "int32",
    onnx.TensorProto.INT64: "int64",
    onnx.TensorProto.BOOL: "bool",
}
ITEM_BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "uint16": 2, "int16": 2}


def read_checked(path: Path) -> tuple[bytes, GraphFacts]:
    """The file's bytes, weights beside it joined to them, and its facts. UserError with the reason of a refusal.

    These bytes are the ones that were checked: whoever reads the file again may find another one in its place.
    """
    content = _read(path)
    model = _parsed(path, content)
    external = external_names(path, _tensors(model))
    _check_counts(path, model)
    _check_domains(path, model)
    facts = _facts(model, content)
    _check_dimensions(path, facts, model)
    if external:
        more = join_weights(path, _tensors(model), external)
        content = model.SerializeToString()
        digest = hashlib.sha256(content).hexdigest()
        facts = msgspec.structs.replace(
            facts, sha256=digest, size_bytes=facts.size_bytes + more, external_files=external
        )
    return content, facts


def _read(path: Path) -> bytes:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise UserError("import.not_a_file", path=path)
        if state.st_size > FILE_LIMIT_BYTES:
            raise UserError("import.too_large", path=path, limit_gb=FILE_LIMIT_BYTES >> 30)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError("file.missing", path=path) from error
    except OSError as error:
        raise UserError("file.cannot_read", path=path, reason=error.strerror or str(error)) from error
    if not content:
        raise UserError("file.empty", path=path)
    return content


def _parsed(path: Path, content: bytes) -> onnx.ModelProto:
    known = _known_stranger(path, content)
    if known:
        raise UserError("import.not_onnx", path=path, reason=known)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, ValueError, RecursionError) as error:
        raise UserError("import.not_onnx", path=path, reason=UserError("import.reason.unparsable")) from error
    if not model.graph.node or not model.graph.output:
        raise UserError("import.not_onnx", path=path, reason=UserError("import.reason.empty"))
    if not _has_readable_names(model):
        raise UserError("import.not_onnx", path=path, reason=UserError("import.reason.names"))
    return model


def _has_readable_names(model: onnx.ModelProto) -> bool:
    """The parser hands out bytes where text is no UTF-8."""
    names: list[object] = [model.producer_name]
    for graph, _ in _graphs(model):
        for node in graph.node:
            names += [node.name, node.op_type, node.domain, *node.input, *node.output]
        if isinstance(graph, onnx.GraphProto):
            names += [value.name for value in (*graph.input, *graph.output, *graph.initializer)]
    for tensor in _tensors(model):
        names += [text for entry in tensor.external_data for text in (entry.key, entry.value)]
    names += [text for entry in model.metadata_props for text in (entry.key, entry.value)]
    names += [text for function in model.functions for text in (function.name, function.domain)]
    return all(isinstance(name, str) for name in names)


def _known_stranger(path: Path, content: bytes) -> str:
    """Kinds of files that people try and that are refused by name; pickles are never opened."""
    if content[:4] == b"PK\x03\x04":
        return "it is an archive or a PyTorch checkpoint; export it to ONNX, or unpack it first"
    if content[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        return "it is a Python pickle, which could run any program; export the network to ONNX"
    if content[4:8] == b"ORTM" or path.suffix.lower() == ".ort":
        return "it is in onnxruntime's own format; give the .onnx file it was made from"
    if content[4:8] == b"TFL3":
        return "it is a TensorFlow Lite file; convert it to ONNX"
    if content[:8] == b"\x89HDF\r\n\x1a\n":
        return "it is a Keras or HDF5 file; convert it to ONNX"
    return ""


def _graphs(model: onnx.ModelProto) -> Iterator[tuple[onnx.GraphProto | onnx.FunctionProto, int]]:
    """Every graph and function with its depth, subgraphs in node attributes included."""
    for outer in (model.graph, *model.functions):
        yield from _within(outer)


def _within(outer: onnx.GraphProto | onnx.FunctionProto) -> Iterator[tuple[onnx.GraphProto | onnx.FunctionProto, int]]:
    """A graph or function and all subgraphs in it, each with its depth."""
    waiting: list[tuple[onnx.GraphProto | onnx.FunctionProto, int]] = [(outer, 1)]
    while waiting:
        graph, depth = waiting.pop()
        yield graph, depth
        for node in graph.node:
            for attribute in node.attribute:
                inner = [attribute.g] if attribute.HasField("g") else []
                waiting += [(found, depth + 1) for found in (*inner, *attribute.graphs)]


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every stored tensor: weights, constants, sparse ones, in every graph and function."""
    for graph, _ in _graphs(model):
        if isinstance(graph, onnx.GraphProto):
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors
                sparse_ones = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
                for sparse in (*sparse_ones, *attribute.sparse_tensors):
                    yield from (sparse.values, sparse.indices)


def _check_counts(path: Path, model: onnx.ModelProto) -> None:
    nodes = 0
    for graph, depth in _graphs(model):
        nodes += len(graph.node)
        if depth > DEPTH_LIMIT:
            raise UserError("import.too_deep", path=path, limit=DEPTH_LIMIT)
        if nodes > NODE_LIMIT:
            raise UserError("import.too_many_nodes", path=path, limit=NODE_LIMIT)
    if len(model.functions) > FUNCTION_LIMIT:
        raise UserError("import.too_many_functions", path=path, limit=FUNCTION_LIMIT)
    _check_calls(path, model)


def _check_calls(path: Path, model: onnx.ModelProto) -> None:
    """onnxruntime writes functions out wherever they are called: what comes of that is bounded too, never a circle."""
    functions = {(function.domain, function.name): function for function in model.functions}
    calls = {
        name: {(node.domain, node.op_type) for graph, _ in _within(function) for node in graph.node} & functions.keys()
        for name, function in functions.items()
    }
    known: dict[tuple[str, str], tuple[int, int]] = {}
    while len(known) < len(functions):
        settled = [name for name in functions if name not in known and calls[name] <= known.keys()]
        if not settled:
            raise UserError("import.too_deep", path=path, limit=DEPTH_LIMIT)  # a circle has no bottom
        known |= {name: _written_out(path, functions[name], known) for name in settled}
    _written_out(path, model.graph, known)


def _written_out(
    path: Path, outer: onnx.GraphProto | onnx.FunctionProto, known: Mapping[tuple[str, str], tuple[int, int]]
) -> tuple[int, int]:
    """Depth and number of nodes with all `known` functions written out. UserError when they pass the bounds."""
    deepest = nodes = 0
    for graph, depth in _within(outer):
        deepest = max(deepest, depth)
        for node in graph.node:
            inner_depth, inner_nodes = known.get((node.domain, node.op_type), (0, 1))
            deepest, nodes = max(deepest, depth + inner_depth), nodes + inner_nodes
    if deepest > DEPTH_LIMIT:
        raise UserError("import.too_deep", path=path, limit=DEPTH_LIMIT)
    if nodes > NODE_LIMIT:
        raise UserError("import.too_many_nodes", path=path, limit=NODE_LIMIT)
    return deepest, nodes


def _check_domains(path: Path, model: onnx.ModelProto) -> None:
    """Decided by nodes: files often import domains that they do not use."""
    own = {(function.domain, function.name) for function in model.functions}
    for graph, _ in _graphs(model):
        for node in graph.node:
            if (node.domain, node.op_type) in own:
                continue
            if node.domain not in DOMAINS:
                raise UserError("import.unknown_domain", path=path, operator=node.op_type, domain=node.domain)
            if node.op_type in REFUSED_OPERATORS:
                raise UserError("import.not_onnx", path=path, reason=UserError(REFUSED_OPERATORS[node.op_type]))


def _check_dimensions(path: Path, facts: GraphFacts, model: onnx.ModelProto) -> None:
    stated = [(tensor.type, tensor.shape or ()) for tensor in (*facts.inputs, *facts.outputs)]
    stated += [(ONNX_TYPES.get(tensor.data_type, "other"), tuple(tensor.dims)) for tensor in _tensors(model)]
    for kind, shape in stated:
        size = math.prod(side for side in shape if side is not None) * ITEM_BYTES.get(kind, 1)
        if size > TENSOR_LIMIT_BYTES or any(side is not None and side < 0 for side in shape):
            raise UserError("import.huge_tensor", path=path, limit_gb=TENSOR_LIMIT_BYTES >> 30)


def _facts(model: onnx.ModelProto, content: bytes) -> GraphFacts:
    filled = {tensor.name for tensor in model.graph.initializer}
    filled |= {sparse.values.name for sparse in model.graph.sparse_initializer}
    operators: Counter[str] = Counter()
    for graph, _ in _graphs(model):
        operators.update(node.op_type for node in graph.node)
    opsets = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    metadata = {entry.key: entry.value for entry in model.metadata_props if len(entry.value) <= METADATA_LIMIT}
    return GraphFacts(
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        inputs=tuple(_tensor(value) for value in model.graph.input if value.name not in filled),
        outputs=tuple(_tensor(value) for value in model.graph.output),
        metadata=metadata,
        opset=max(opsets, default=0),
        nodes=sum(operators.values()),
        parameters=sum(math.prod(tensor.dims) for tensor in model.graph.initializer),
        producer=model.producer_name,
        operators=dict(operators),
        endings=_endings(model),
    )


def _endings(model: onnx.ModelProto) -> dict[str, str]:
    """The operator that shapes the values of each output last, with the bounds of a Clip: "Tanh", "Clip 0 1"."""
    makers = {name: node for node in model.graph.node for name in node.output}
    numbers = {tensor.name: tensor for tensor in model.graph.initializer}
    found = {}
    for value in model.graph.output:
        node, steps = makers.get(value.name), 0
        while node is not None and node.op_type in LAYOUT_OPERATORS and node.input and steps < DEPTH_LIMIT:
            node, steps = makers.get(node.input[0]), steps + 1
        if node is not None:
            bounds = [_number(numbers.get(name)) for name in node.input[1:3]] if node.op_type == "Clip" else []
            found[value.name] = " ".join([node.op_type, *bounds])
    return found


def _number(tensor: onnx.TensorProto | None) -> str:
    """A single stored number as text, "?" for anything else."""
    if tensor is None or math.prod(tensor.dims) != 1 or tensor.data_location == onnx.TensorProto.EXTERNAL:
        return "?"
    try:
        return f"{float(onnx.numpy_helper.to_array(tensor).reshape(-1)[0]):g}"
    except (ValueError, TypeError):
        return "?"


def _tensor(value: onnx.ValueInfoProto) -> TensorFacts:
    if not value.type.HasField("tensor_type"):
        return TensorFacts(value.name, "other", None)
    stated = value.type.tensor_type
    shape = tuple(_side(side) for side in stated.shape.dim) if stated.HasField("shape") else None
    return TensorFacts(value.name, ONNX_TYPES.get(stated.elem_type, "other"), shape)


def _side(dimension: onnx.TensorShapeProto.Dimension) -> Dimension:
    """-1, "None", "unk__1025", formulas, nothing at all: whatever is no positive number is free."""
    return int(dimension.dim_value) if dimension.dim_value > 0 else None
