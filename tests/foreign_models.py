"""Small ONNX files as strangers make them: every trap and attack in a few nodes, made on the spot."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FLOAT, HALF, BYTE = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8
Shape = Sequence[Any]
FREE = (1, 3, "h", "w")


def node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, list(inputs), [output], **attributes)


def graph_file(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    *,
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    weights: Mapping[str, NDArray[Any]] | None = None,
    types: Mapping[str, int] | None = None,
    notes: Mapping[str, str] | None = None,
    opset: int = 17,
    functions: Sequence[onnx.FunctionProto] = (),
    domains: Sequence[str] = (),
) -> Path:
    """One file. `types` by tensor name, float where not named; `notes` are metadata."""
    kinds = types or {}
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info(name, kinds.get(name, FLOAT), shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, kinds.get(name, FLOAT), shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (weights or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=list(functions))
    for key, value in (notes or {}).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def sharpener(path: Path, *, levels: float = 1.0, notes: Mapping[str, str] | None = None) -> Path:
    """A 3 × 3 sharpening of pictures whose white is `levels`; clips where its own range ends."""
    kernel = np.zeros((3, 1, 3, 3), np.float32)
    kernel[:, 0] = np.array([[0, -0.1, 0], [-0.1, 1.4, -0.1], [0, -0.1, 0]], np.float32)
    nodes = [
        node("Conv", ["image", "k", "b"], "c", group=3, pads=[1, 1, 1, 1]),
        node("Clip", ["c", "low", "high"], "result"),
    ]
    weights = {
        "k": kernel,
        "b": np.full(3, 0.04 * levels, np.float32),
        "low": np.float32(0),
        "high": np.float32(levels),
    }
    return graph_file(path, nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights=weights, notes=notes)


def enlarger(path: Path, scale: int) -> Path:
    """Declares its output with the symbols of its input, as upscalers do."""
    nodes = [node("Resize", ["image", "", "s"], "result", mode="linear")]
    weights = {"s": np.array([1, 1, scale, scale], np.float32)}
    return graph_file(path, nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights=weights)


def endless(path: Path) -> Path:
    """A loop of 2^62 rounds."""
    body = helper.make_graph(
        [node("Add", ["v", "v"], "next"), node("Identity", ["go"], "on")],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", FLOAT, None),
        ],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []), helper.make_tensor_value_info("next", FLOAT, None)],
    )
    nodes = [helper.make_node("Loop", ["rounds", "go", "image"], ["result"], body=body)]
    weights = {"rounds": np.int64(2**62), "go": np.array(True)}
    return graph_file(path, nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights=weights)


def memory_bomb(path: Path, operator: str = "Expand") -> Path:
    """64 GiB out of nothing."""
    if operator == "Expand":
        making = node("Expand", ["one", "shape"], "huge")
        weights: dict[str, Any] = {"one": np.ones(1, np.float32), "shape": np.array([1 << 34], np.int64)}
    else:
        making = node("ConstantOfShape", ["shape"], "huge")
        weights = {"shape": np.array([1 << 34], np.int64)}
    nodes = [making, node("ReduceSum", ["huge"], "sum", keepdims=0), node("Add", ["image", "sum"], "result")]
    return graph_file(path, nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights=weights)


def function_chain(path: Path, length: int) -> Path:
    """Function 0 calls function 1 calls function 2 …, which ends onnxruntime's process while it loads."""
    functions = []
    for number in range(length):
        callee = f"f{number + 1}" if number + 1 < length else "Identity"
        domain = "own" if number + 1 < length else ""
        inner = helper.make_node(callee, ["a"], ["b"], domain=domain)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
        functions.append(helper.make_function("own", f"f{number}", ["a"], ["b"], [inner], opsets))
    nodes = [helper.make_node("f0", ["image"], ["result"], domain="own")]
    return graph_file(
        path, nodes, inputs={"image": FREE}, outputs={"result": FREE}, functions=functions, domains=["own"]
    )


def many_nodes(path: Path, count: int) -> Path:
    names = ["image", *(f"n{number}" for number in range(count - 1)), "result"]
    nodes = [node("Identity", [first], second) for first, second in itertools.pairwise(names)]
    return graph_file(path, nodes, inputs={"image": FREE}, outputs={"result": FREE})


def external_weights(path: Path, location: str, *, length: int = 4) -> Path:
    """Adds a weight that lies in another file."""
    weight = TensorProto(name="w", data_type=FLOAT, dims=[length // 4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("length", str(length))):
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    graph = helper.make_graph(
        [node("Add", ["image", "w"], "result")],
        "g",
        [helper.make_tensor_value_info("image", FLOAT, FREE)],
        [helper.make_tensor_value_info("result", FLOAT, FREE)],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path
