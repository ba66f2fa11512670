"""Models of several parts, and with tensors that are no pictures: graphs by onnx.helper, the manifest as text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

FLOAT, INT64, FLOAT16, UINT8 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.FLOAT16, TensorProto.UINT8

Tensors = Mapping[str, tuple[int, Sequence[Any]]]  # by name: type and shape


def graph_bytes(
    nodes: Sequence[NodeProto],
    inputs: Tensors,
    outputs: Tensors,
    constants: Mapping[str, NDArray[Any]] | None = None,
    *,
    opset: int = 18,
    ir_version: int = 9,
    constants_are_inputs: bool = False,
) -> bytes:
    """A serialised model; with `constants_are_inputs` weights are listed among the inputs, as old exporters did."""
    weights = {name: np.asarray(value) for name, value in (constants or {}).items()}
    listed = [helper.make_tensor_value_info(name, *declared) for name, declared in inputs.items()]
    if constants_are_inputs:
        listed += [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in weights.items()
        ]
    graph = helper.make_graph(
        list(nodes),
        "test",
        listed,
        [helper.make_tensor_value_info(name, *declared) for name, declared in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    content: bytes = model.SerializeToString()
    return content


def write_model(folder: Path, task: str, parts: Mapping[str, bytes], tables: str, *, scale: int = 1) -> Path:
    """`tables` are the manifest's inputs, outputs and params, as TOML. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, content in parts.items():
        (folder / f"{part}.onnx").write_bytes(content)
    files = ", ".join(f'{part} = "{part}.onnx"' for part in parts)
    hashes = ", ".join(f'{part} = "{hashlib.sha256(content).hexdigest()}"' for part, content in parts.items())
    (folder / "manifest.toml").write_text(
        f'format = 1\nid = "{folder.name}"\ntitle = "Test {folder.name}"\ntask = "{task}"\nversion = "1.0.0"\n'
        f'licence = "Apache-2.0"\nscale = {scale}\nfiles = {{ {files} }}\nsha256 = {{ {hashes} }}\n{tables}',
        encoding="utf-8",
    )
    return folder


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> NodeProto:
    """`node("Add", "a b", "c")`."""
    return helper.make_node(kind, inputs.split(" "), outputs.split(" "), **attributes)


IMAGE = '[[inputs]]\nname = "image"\nrole = "image"\n'
RESULT = '[[outputs]]\nname = "result"\nrole = "image"\n'
PLANES = (FLOAT, [1, 3, "h", "w"])
LUMA = np.float32([0.299, 0.587, 0.114])

SIZE = "size = [32, 32]\n"
MASK = '[[outputs]]\nname = "result"\nrole = "mask"\n'
FIRST = [node("Slice", "image zero one axis", "result")]
SLICE = {"zero": np.array([0]), "one": np.array([1]), "axis": np.array([1])}
CURVE = '[[outputs]]\nname = "result"\nrole = "curve"\n'
APART = '[[inputs]]\nname = "mask"\nrole = "mask"\n'
INPUTS = {"image": PLANES, "mask": (FLOAT, [1, 1, "h", "w"])}
FILL = [node("Concat", "mask mask mask", "three", axis=1), node("Mul", "three one", "result")]

MEAN_FILL = [  # every place is the mean of the picture; the mask is looked at and changes nothing
    node("ReduceMean", "image", "level", keepdims=1),
    node("Sub", "mask mask", "empty"),
    node("Concat", "empty empty empty", "planes", axis=1),
    node("Add", "planes level", "result"),
]


def one_part(
    folder: Path,
    task: str,
    nodes: list[Any],
    tables: str,
    *,
    inputs: dict[str, Any] | None = None,
    outputs: dict[str, Any] | None = None,
    constants: dict[str, Any] | None = None,
    scale: int = 1,
    **graph: Any,
) -> Path:
    content = graph_bytes(nodes, inputs or {"image": PLANES}, outputs or {"result": PLANES}, constants, **graph)
    return write_model(folder, task, {"main": content}, tables, scale=scale)


def luma_of(pixels: NDArray[Any]) -> NDArray[np.float32]:
    return (pixels[..., :3].astype(np.float32) @ LUMA).astype(np.float32)


def knotted_model(folder: Path, levels: np.ndarray, *, bend: float, side: int) -> Path:
    """Answers these levels whatever it sees: (channels · knots,), at side × side places."""
    knots = len(levels) if len(levels) < 15 else len(levels) // 3
    maps = np.broadcast_to(levels.reshape(1, -1, 1, 1), (1, len(levels), side, side)).astype(np.float32).copy()
    nodes = [node("ReduceMean", "image", "mean"), node("Mul", "mean none", "zero"), node("Add", "zero maps", "result")]
    output = f'[[outputs]]\nname = "result"\nrole = "curve"\nknots = {knots}\nbend = {bend}\n'
    return one_part(
        folder, "restore", nodes, IMAGE + SIZE + output,
        inputs={"image": (FLOAT, [1, 3, 32, 32])}, outputs={"result": (FLOAT, None)},
        constants={"none": np.float32([0]), "maps": maps},
    )  # fmt: skip
