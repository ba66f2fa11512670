"""Weights of a translator stored in eight bits: half of half precision, computed in single precision all the same.

    python -m models.common.eight_bit onnx/color-lines      a folder that was exported before, afterwards

Each output channel has a scale of its own, as where weights are quantised for speed (Krishnamoorthi 2018); the speed
stays what it was, since the runtime multiplies them out once when it loads the model. The golden sample must still be
met; what is printed and put on the card says how far it moved, beside which the measured numbers are to be read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
import onnx
import tomlkit
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torch import nn

from models.common.half import HALF

FEWEST_STORED = 2000  # numbers; smaller tensors weigh nothing
LARGEST = 127
STORED_NAME = "_eight_bit"


def store_in_eight_bits(model: onnx.ModelProto, names: Collection[str] | None = None) -> None:
    """Large weights, in single or half precision, become whole numbers, a scale for each channel, a Cast and a Mul.

    All of them, or those of these NAMES.
    """
    halves = {node.input[0]: node for node in model.graph.node if node.op_type == "Cast" and node.output}
    kept, unpacking, done = [], [], set()
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        is_weight = tensor.data_type in (TensorProto.FLOAT, TensorProto.FLOAT16) and values.ndim >= 2
        is_named = names is None or tensor.name.removesuffix(HALF) in names
        if not is_weight or values.size < FEWEST_STORED or not is_named:
            kept.append(tensor)
            continue
        cast = halves.get(tensor.name) if tensor.data_type == TensorProto.FLOAT16 else None
        if tensor.data_type == TensorProto.FLOAT16 and cast is None:
            kept.append(tensor)  # it is computed with in half precision
            continue
        name = cast.output[0] if cast is not None else tensor.name
        numbers, scale = quantised(values)
        stored, scales, single = (f"{name}{STORED_NAME}{part}" for part in ("", "_scale", "_single"))
        kept += [numpy_helper.from_array(numbers, stored), numpy_helper.from_array(scale, scales)]
        unpacking.append(helper.make_node("Cast", [stored], [single], to=TensorProto.FLOAT, name=f"{stored}_cast"))
        unpacking.append(helper.make_node("Mul", [single, scales], [name], name=f"{stored}_mul"))
        done.add(tensor.name)
    others = [node for node in model.graph.node if not (node.op_type == "Cast" and node.input[0] in done)]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend([*unpacking, *others])


@torch.no_grad()
def round_to_eight_bits(network: nn.Module) -> list[str]:
    """Names of the weights to store so, rounded in the network itself: torch then computes what is stored."""
    stored = []
    for name, values in network.named_parameters():
        if values.ndim >= 2 and values.numel() >= FEWEST_STORED:
            numbers, scale = quantised(values.detach().numpy())
            values.copy_(torch.from_numpy(numbers * scale))
            stored.append(name)
    return stored


def quantised(values: NDArray[np.floating]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(whole numbers, scale of each first index (N, 1, …)), whose product is within half a step of the values."""
    single = values.astype(np.float32)
    largest = np.abs(single).max(axis=tuple(range(1, single.ndim)), keepdims=True)
    scale = (np.where(largest > 0, largest, 1) / LARGEST).astype(np.float32)
    return np.rint(single / scale).astype(np.int8), scale


def shrink(folder: Path) -> float:
    """Store an exported translator in eight bits; by how many levels its golden sample moved, at most.

    ExportError where the golden sample is no longer met; the folder is left as it was then.
    """
    from models.common.export import sha256_of  # that module stores in eight bits itself
    from models.common.export_translator import check_golden

    graph = folder / "model.onnx"
    before, megabytes = graph.read_bytes(), graph.stat().st_size / 1e6
    first = _golden_answer(folder)
    model = onnx.load(graph)
    store_in_eight_bits(model)
    onnx.checker.check_model(model)
    onnx.save(model, graph)
    try:
        check_golden(folder)
    except Exception:
        graph.write_bytes(before)
        raise
    moved = float(np.abs(_golden_answer(folder) - first).max())
    manifest = tomlkit.parse((folder / "manifest.toml").read_text(encoding="utf-8"))
    manifest["sha256"]["main"] = sha256_of(graph)
    (folder / "manifest.toml").write_text(tomlkit.dumps(manifest), encoding="utf-8")
    card = (folder / "card.md").read_text(encoding="utf-8")
    now = (
        f"{graph.stat().st_size / 1e6:.1f} MB, weights stored in eight bits after the numbers below were measured: the "
        f"golden sample moved by {moved:.2f} of 255 levels at most."
    )
    (folder / "card.md").write_text(re.sub(re.escape(f"{megabytes:.1f} MB."), now, card, count=1), encoding="utf-8")
    return moved


def _golden_answer(folder: Path) -> NDArray[np.float32]:
    """As it is seen: colours as far as they are opaque, in levels and not rounded."""
    from models.common.export_translator import Translator

    translator = Translator(folder)
    picture = np.asarray(Image.open(folder / translator.manifest["golden"]["input"]))
    feeds = {"image": np.ascontiguousarray(picture.transpose(2, 0, 1)[None]).astype(np.float32) / 255}
    if translator.choices:
        feeds["label"] = np.array([len(translator.choices) - 1], np.int64)
    (planes,) = translator.session.run(None, feeds)
    return 255 * np.concatenate([planes[:, :3] * planes[:, 3:], planes[:, 3:]], axis=1)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: the golden sample moved by at most {shrink(Path(name)):.2f} levels")
