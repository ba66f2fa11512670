"""Small networks made on the spot, each with its manifest, for tests of everything that runs models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

PICTURE = [1, 3, "height", "width"]


def make_model(
    folder: Path,
    nodes: Sequence[onnx.NodeProto],
    *,
    constants: dict[str, NDArray[Any]] | None = None,
    task: str = "restore",
    scale: int = 1,
    tile: str = "",
    size: str = '"any"',
    params: str = "",
    inputs: str = "",
    extra_inputs: Sequence[onnx.ValueInfoProto] = (),
    shape: Sequence[Any] = PICTURE,
    out_shape: Sequence[Any] = (1, 3, "out_height", "out_width"),
    tensor_type: int = TensorProto.FLOAT,
    image_spec: str = "std = [255.0]",
    model_id: str | None = None,
) -> Path:
    """Write `folder` (named by `model_id`, else as it is) with model.onnx and manifest.toml; returns it.

    The graph's picture goes from "image" to "result", values 0..1 unless `image_spec` says otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info("image", tensor_type, shape), *extra_inputs],
        [helper.make_tensor_value_info("result", tensor_type, out_shape)],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content = model.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    (folder / "manifest.toml").write_text(
        f"""
format = 1
id = "{model_id or folder.name}"
title = "Test {folder.name}"
task = "{task}"
version = "1.0.0"
licence = "Apache-2.0"
scale = {scale}
[files]
main = "model.onnx"
[sha256]
main = "{hashlib.sha256(content).hexdigest()}"
[[inputs]]
name = "image"
role = "image"
size = {size}
{image_spec}
{inputs}
[[outputs]]
name = "result"
role = "image"
{image_spec}
{tile}
{params}
""",
        encoding="utf-8",
    )
    return folder


def tile_table(tile: int, receptive_field: int, stride: int = 1) -> str:
    return f"[tile]\ntile = {tile}\nstride = {stride}\nreceptive_field = {receptive_field}\n"


def convolution(weights: NDArray[np.float32], *, source: str, target: str, name: str) -> onnx.NodeProto:
    pad = weights.shape[-1] // 2
    return helper.make_node("Conv", [source, name], [target], pads=[pad] * 4)


def identity_model(folder: Path, **options: Any) -> Path:
    return make_model(folder, [helper.make_node("Identity", ["image"], ["result"])], **options)


def blur_model(folder: Path, *, tile: int = 64, radius: int = 6, **options: Any) -> Path:
    """Two random convolutions with a tanh between them: what it returns depends on all pixels within `radius`."""
    rng = np.random.default_rng(1)
    side = radius + 1  # two convolutions of radius r/2 each
    first = rng.normal(0, 1 / side / 2, (8, 3, side, side)).astype(np.float32)
    second = rng.normal(0, 1 / side / 3, (3, 8, side, side)).astype(np.float32)
    nodes = [
        convolution(first, source="image", target="hidden", name="first"),
        helper.make_node("Tanh", ["hidden"], ["bent"]),
        convolution(second, source="bent", target="detail", name="second"),
        helper.make_node("Add", ["image", "detail"], ["result"]),
    ]
    constants = {"first": first, "second": second}
    return make_model(folder, nodes, constants=constants, tile=tile_table(tile, radius), **options)


def doubling_model(folder: Path, **options: Any) -> Path:
    """Every pixel becomes 2 × 2."""
    nodes = [helper.make_node("Resize", ["image", "", "scales"], ["result"], mode="nearest")]
    constants = {"scales": np.array([1, 1, 2, 2], np.float32)}
    options.setdefault("tile", tile_table(64, 4))
    return make_model(folder, nodes, constants=constants, task="upscale", scale=2, **options)


def brightness_model(folder: Path) -> Path:
    """Adds the parameter "amount" (0..100 %, fed as 0..1) to the picture."""
    return make_model(
        folder,
        [helper.make_node("Add", ["image", "amount"], ["result"])],
        extra_inputs=[helper.make_tensor_value_info("amount", TensorProto.FLOAT, [1, 1, 1, 1])],
        inputs='[[inputs]]\nname = "amount"\nrole = "scalar"\nparam = "amount"\nrange = [0.0, 1.0]\n',
        params='[[params]]\nid = "amount"\nlabel = "Amount"\ntype = "float"\nmin = 0.0\nmax = 100.0\ndefault = 20.0\n',
        tile=tile_table(64, 0),
    )


def endless_model(folder: Path) -> Path:
    """A loop of 2^62 rounds."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Mul", ["carried", "near_one"], ["next"])],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("carried", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    nodes = [helper.make_node("Loop", ["rounds", "yes", "image"], ["result"], body=body)]
    constants = {"rounds": np.array(1 << 62), "yes": np.array(True), "near_one": np.float32(0.999999).reshape(())}
    return make_model(folder, nodes, constants=constants)


def greedy_model(folder: Path, *, largest_tile: int, tile: int = 256) -> Path:
    """Adds nothing, but wants 256 TiB for it when the tile is larger than `largest_tile` squared."""
    nodes = [
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("ReduceProd", ["shape"], ["count"], keepdims=1),
        helper.make_node("Greater", ["count", "limit"], ["is_large"]),
        helper.make_node("Where", ["is_large", "huge", "one"], ["wanted"]),
        helper.make_node("ConstantOfShape", ["wanted"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
        helper.make_node("Add", ["image", "nothing"], ["result"]),
    ]
    constants = {
        "limit": np.array([3 * largest_tile**2], np.int64),
        "huge": np.array([1 << 46], np.int64),
        "one": np.array([1], np.int64),
    }
    return make_model(folder, nodes, constants=constants, tile=tile_table(tile, 0))


def edit_manifest(folder: Path, old: str, new: str) -> None:
    path = folder / "manifest.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {json.dumps(text)}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def photo(height: int, width: int, channels: int = 3, *, depth: int = 8, seed: int = 0) -> NDArray[Any]:
    """Smooth colours with some noise; alpha, if any, is opaque."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(x / (9 + 4 * c) + c) * np.cos(y / (7 + 3 * c)) * 0.35 + 0.5 for c in range(3)]
    picture = np.stack(planes, axis=-1) + rng.normal(0, 0.03, (height, width, 3))
    white = 255 if depth == 8 else 65535
    pixels = np.full((height, width, channels), white, np.uint8 if depth == 8 else np.uint16)
    pixels[..., :3] = np.rint(np.clip(picture, 0, 1) * white)
    return pixels


def add_golden(folder: Path, sample: NDArray[Any], expected: NDArray[Any], *, tolerance: float = 1.0) -> Path:
    """Give a model a golden sample, as the exporter does for shipped ones."""
    golden = folder / "golden"
    golden.mkdir()
    for name, pixels in (("input.png", sample), ("output.png", expected)):
        assert cv2.imwrite(str(golden / name), pixels[..., ::-1])
    with (folder / "manifest.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[golden]\ninput = "golden/input.png"\noutput = "golden/output.png"\ntolerance = {tolerance}\n')
    return folder
