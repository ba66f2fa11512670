"""What the families are made of: a graph builder, value codes of pictures, and the functions that networks compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from desktop.runtime.manifest import Task

FLOAT, HALF, DOUBLE = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE
BYTE, INT32, INT64 = TensorProto.UINT8, TensorProto.INT32, TensorProto.INT64
F32 = np.float32
CODES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "0..1": ((0.0,), (255.0,)),
    "0..255": ((0.0,), (1.0,)),
    "-1..1": ((127.5,), (127.5,)),
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "-0.5..0.5": ((127.5,), (255.0,)),
}
TONE_GAIN, TONE_LIFT = np.array([0.9, 1.0, 0.8], F32), np.array([0.1, 0.0, 0.05], F32)

Levels = NDArray[np.float32]  # (H, W, 3) 0..255
Inputs = Mapping[str, NDArray[Any]]
Expected = Callable[[Inputs], NDArray[Any]]


class Net:
    """A graph under construction; calling it adds a node and returns the name of its output."""

    def __init__(self, opset: int = 17) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, NDArray[Any]] = {}

    def __call__(self, operator: str, *inputs: Any, out: str | None = None, count: int = 1, **attributes: Any) -> Any:
        names = [value if isinstance(value, str) else self.const(value) for value in inputs]
        first = out or f"n{len(self.nodes)}"
        outputs = [first] if count == 1 else [f"{first}_{number}" for number in range(count)]
        self.nodes.append(helper.make_node(operator, names, outputs, **attributes))
        return outputs[0] if count == 1 else outputs

    def const(self, value: Any) -> str:
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(F32)
        name = f"w{len(self.weights)}"
        self.weights[name] = array
        return name

    def save(
        self,
        path: Path,
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
        *,
        types: Mapping[str, int] | None = None,
        notes: Mapping[str, str] | None = None,
        producer: str = "pytorch",
    ) -> Path:
        kinds = types or {}

        def stated(names: Mapping[str, Any]) -> list[onnx.ValueInfoProto]:
            return [helper.make_tensor_value_info(name, kinds.get(name, FLOAT), shape) for name, shape in names.items()]

        weights = [numpy_helper.from_array(value, name) for name, value in self.weights.items()]
        graph = helper.make_graph(self.nodes, "main_graph", stated(inputs), stated(outputs), weights)
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name=producer)
        for key, value in (notes or {}).items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString())
        return path


@dataclass(frozen=True)
class Case:
    """One foreign model. `build(folder)` writes it and names its file (or both files); `expected` gives the right
    result for the inputs; `answers` are those that a person may be asked for; `size` is the picture to run on.
    """

    name: str
    build: Callable[[Path], Path | tuple[Path, Path]]
    expected: Expected
    tasks: tuple[Task, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    result: str = "image"
    size: tuple[int, int] = (157, 203)
    tolerance: float = 1.5
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """A file that must be refused, with a word of the reason."""

    name: str
    build: Callable[[Path], Path]
    word: str


# codes


def numbers(code: str, order: str, layout: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and std in the shape that goes with a tensor."""
    mean, std = (np.broadcast_to(np.asarray(part, F32), 3) for part in CODES[code])
    if order == "BGR":
        mean, std = mean[::-1], std[::-1]
    shape = (1, 1, 1, 3) if layout == "NHWC" else (1, 3, 1, 1)
    return mean.reshape(shape).copy(), std.reshape(shape).copy()


def per_channel(values: NDArray[Any], order: str, layout: str) -> NDArray[Any]:
    values = values[::-1] if order == "BGR" else values
    return values.reshape((1, 1, 1, 3) if layout == "NHWC" else (1, 3, 1, 1)).astype(F32)


def decoded(net: Net, name: str, code: str = "0..1", order: str = "RGB", layout: str = "NCHW") -> str:
    """0..1 in the tensor's own order, cut where its code ends: as a network that knows no other values."""
    mean, std = numbers(code, order, layout)
    scaled = net("Mul", name, std / 255)
    moved = net("Add", scaled, mean / 255)
    return str(net("Clip", moved, F32(0), F32(1)))


def encoded(net: Net, name: str, code: str, order: str = "RGB", layout: str = "NCHW", out: str | None = None) -> str:
    mean, std = numbers(code, order, layout)
    levels = net("Sub", name, mean / 255)
    return str(net("Div", levels, std / 255, out=out))


def tone(net: Net, name: str, order: str = "RGB", layout: str = "NCHW") -> str:
    """A slight warm fade: another one for each channel, so that a wrong order shows in pixels."""
    gained = net("Mul", name, per_channel(TONE_GAIN, order, layout))
    return str(net("Add", gained, per_channel(TONE_LIFT, order, layout)))


def toned(
    net: Net,
    name: str,
    code: str = "0..1",
    *,
    order: str = "RGB",
    layout: str = "NCHW",
    to: str | None = None,
    out: str | None = None,
) -> str:
    """From a coded picture to a coded picture."""
    picture = tone(net, decoded(net, name, code, order, layout), order, layout)
    return encoded(net, picture, to or code, order, layout, out=out)


def soft(net: Net, name: str, channels: int = 3) -> str:
    """A small blur, so that the network has a halo: what restorers do."""
    kernel = np.zeros((channels, 1, 3, 3), F32)
    kernel[:, 0] = np.array([[0, 0.05, 0], [0.05, 0.8, 0.05], [0, 0.05, 0]], F32)
    return str(net("Conv", name, kernel, group=channels, pads=[1, 1, 1, 1]))


def enlarged(net: Net, name: str, scale: int, layout: str = "NCHW", out: str | None = None) -> str:
    """Nearest neighbours."""
    sides = [1, scale, scale, 1] if layout == "NHWC" else [1, 1, scale, scale]
    extra = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return str(net("Resize", name, "", np.array(sides, F32), out=out, mode="nearest", **extra))


def needs_multiple(net: Net, name: str, multiple: int, channels: int = 3) -> str:
    """The picture plus nothing, by a way down and up that only fits multiples."""
    small = net("AveragePool", name, kernel_shape=[multiple] * 2, strides=[multiple] * 2)
    nothing = net("Mul", enlarged(net, small, multiple), F32(0))
    return str(net("Add", name, nothing))


# what is expected


def toned_levels(levels: NDArray[Any]) -> Levels:
    result: Levels = levels.astype(F32) * TONE_GAIN + TONE_LIFT * 255
    return result


def larger(levels: NDArray[Any], scale: int) -> Levels:
    return np.repeat(np.repeat(levels, scale, axis=0), scale, axis=1)


def softened(levels: NDArray[Any]) -> Levels:
    kernel = np.array([[0, 0.05, 0], [0.05, 0.8, 0.05], [0, 0.05, 0]], F32)
    found: Levels = cv2.filter2D(levels.astype(F32), -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    return found


def luma(levels: NDArray[Any]) -> NDArray[np.float32]:
    return (levels[..., :3].astype(F32) @ np.array([0.299, 0.587, 0.114], F32)).astype(F32)


def shares(shape: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(shape)
