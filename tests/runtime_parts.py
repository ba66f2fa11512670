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
