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
    elif operator == "Resize":
        making = node("Resize", ["image", "", "scales"], "huge", mode="nearest")
        weights = {"scales": np.array([1, 1, 600, 600], np.float32)}
    else:
        making = node("ConstantOfShape", ["shape"], "huge")
        weights = {"shape": np.array([1 << 34], np.int64)}
    nodes = [making, node("ReduceSum", ["huge"], "sum", keepdims=0), node("Add", ["image", "sum"], "result")]
    return graph_file(path, nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights=weights)


def not_a_number(path: Path) -> Path:
    """0/0 in every pixel: what is left of weights that did not fit into 16 bits."""
    nodes = [node("Sub", ["image", "image"], "zero"), node("Div", ["zero", "zero"], "result")]
    return graph_file(path, nodes, inputs={"image": FREE}, outputs={"result": FREE})


def doubling(path: Path) -> Path:
    """A loop that makes the picture twice as large 60 times."""
    body = helper.make_graph(
        [node("Concat", ["v", "v"], "next", axis=2), node("Identity", ["go"], "on")],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", FLOAT, None),
        ],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []), helper.make_tensor_value_info("next", FLOAT, None)],
    )
    nodes = [helper.make_node("Loop", ["rounds", "go", "image"], ["result"], body=body)]
    weights = {"rounds": np.int64(60), "go": np.array(True)}
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


def branching_functions(path: Path, length: int, *, calls: int = 1, inside_branch: bool = False) -> Path:
    """Each function calls the next so often, or from within a branch: small in the file, huge once written out."""
    functions, opsets = [], [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    for number in range(length):
        is_last = number + 1 == length
        callee, domain = ("Neg", "") if is_last else (f"f{number + 1}", "own")
        names = ["a", *(f"v{call}" for call in range(calls - 1)), "b"]
        inner = [helper.make_node(callee, [one], [two], domain=domain) for one, two in itertools.pairwise(names)]
        if inside_branch:
            branches = {
                "then_branch": helper.make_graph(inner, "then", [], [helper.make_tensor_value_info("b", FLOAT, None)]),
                "else_branch": helper.make_graph(
                    [node("Identity", ["a"], "e")], "else", [], [helper.make_tensor_value_info("e", FLOAT, None)]
                ),
            }
            truth = numpy_helper.from_array(np.array(True))
            inner = [
                helper.make_node("Constant", [], ["truth"], value=truth),
                helper.make_node("If", ["truth"], ["c"], **branches),
                node("Identity", ["c"], "b"),
            ]
        functions.append(helper.make_function("own", f"f{number}", ["a"], ["b"], inner, opsets))
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


def click_pair(folder: Path) -> tuple[Path, Path]:
    """Names and shapes of the Segment Anything family: the mask is where the picture is as red as under the point."""
    weight = np.zeros((16, 3, 4, 4), np.float32)
    weight[:, 0] = 1 / 16
    encoder = graph_file(
        folder / "encoder.onnx",
        [node("Conv", ["image", "w"], "image_embeddings", strides=[4, 4])],
        inputs={"image": (1, 3, 64, 64)},
        outputs={"image_embeddings": (1, 16, 16, 16)},
        weights={"w": weight},
    )
    nodes = [
        node("ReduceMean", ["image_embeddings"], "red", axes=[1], keepdims=1),
        node("ReduceSum", ["point_coords"], "moved", keepdims=0),
        node("Mul", ["moved", "nothing"], "zero"),
        node("Add", ["red", "zero"], "low_res_masks"),
        node("Resize", ["low_res_masks", "", "four"], "masks", mode="linear"),
        node("ReduceMean", ["masks"], "mean", axes=[2, 3], keepdims=0),
        node("Add", ["mean", "zero"], "iou_predictions"),
    ]
    decoder = graph_file(
        folder / "decoder.onnx",
        nodes,
        inputs={
            "image_embeddings": (1, 16, 16, 16),
            "point_coords": (1, "points", 2),
            "point_labels": (1, "points"),
            "mask_input": (1, 1, 16, 16),
            "has_mask_input": (1,),
            "orig_im_size": (2,),
        },
        outputs={
            "masks": (1, 1, "h", "w"),
            "iou_predictions": (1, 1),
            "low_res_masks": (1, 1, 16, 16),
        },
        weights={"nothing": np.float32(0), "four": np.array([1, 1, 4, 4], np.float32)},
    )
    return encoder, decoder


def style_pair(folder: Path) -> tuple[Path, Path]:
    """The mean colour of a style picture as a vector, and a network that mixes it in."""
    predict = graph_file(
        folder / "style_predict.onnx",
        [node("GlobalAveragePool", ["style_image"], "vector")],
        inputs={"style_image": (1, 3, 96, 96)},
        outputs={"vector": (1, 3, 1, 1)},
    )
    nodes = [node("Add", ["content_image", "vector"], "both"), node("Mul", ["both", "half"], "stylized")]
    transform = graph_file(
        folder / "style_transform.onnx",
        nodes,
        inputs={"content_image": FREE, "vector": (1, 3, 1, 1)},
        outputs={"stylized": FREE},
        weights={"half": np.float32(0.5)},
    )
    return predict, transform


def mapping_pair(folder: Path) -> tuple[Path, Path]:
    """A mapping of the latent and a synthesis of 16 × 16 pixels."""
    random = np.random.default_rng(3)
    mapping = graph_file(
        folder / "mapping.onnx",
        [node("MatMul", ["z", "m"], "w")],
        inputs={"z": (1, 32)},
        outputs={"w": (1, 48)},
        weights={"m": random.normal(0, 0.2, (32, 48)).astype(np.float32)},
    )
    nodes = [
        node("MatMul", ["w", "s"], "flat"),
        node("Tanh", ["flat"], "t"),
        node("Reshape", ["t", "shape"], "picture"),
    ]
    synthesis = graph_file(
        folder / "synthesis.onnx",
        nodes,
        inputs={"w": (1, 48)},
        outputs={"picture": (1, 3, 16, 16)},
        weights={
            "s": random.normal(0, 0.3, (48, 768)).astype(np.float32),
            "shape": np.array([1, 3, 16, 16], np.int64),
        },
    )
    return mapping, synthesis
