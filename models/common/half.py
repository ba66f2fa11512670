"""Weights stored in half precision: half the file, computed in single precision all the same.

    python -m models.common.half onnx/upscale-2x-faithful      a folder that was exported before, afterwards

The golden sample must still be met. What is printed says how much the rounding changed the weights: where it is not
nothing, the numbers on the card have to be measured again.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import onnx
import tomlkit
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

FEWEST_HALVED = 64  # numbers; smaller constants stay as they are
HALF = "_half"  # behind the name of a stored tensor


def store_in_half(model: onnx.ModelProto) -> None:
    """Large float weights become half precision and a Cast, which the runtime does once when it loads the model."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < FEWEST_HALVED:
            kept.append(tensor)
            continue
        stored = f"{tensor.name}{HALF}"
        kept.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT, name=f"{stored}_cast"))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


@torch.no_grad()
def round_to_half(network: nn.Module) -> None:
    """What will be stored in half, rounded in the network itself: what torch computes is then what the file gives."""
    for values in (*network.parameters(), *network.buffers()):
        if values.is_floating_point() and values.numel() >= FEWEST_HALVED:
            values.copy_(values.half().float())


def halve(folder: Path) -> float:
    """Store an exported model folder in half precision; the largest change of a weight, in parts of the largest one.

    ExportError where the golden sample is no longer met; the folder is left as it was then.
    """
    from models.common.export import check_golden, sha256_of  # that module stores in half itself

    manifest = tomlkit.parse((folder / "manifest.toml").read_text(encoding="utf-8"))
    graph = folder / manifest["files"]["main"]
    before = graph.read_bytes()
    model = onnx.load(graph)
    change = max((_rounding(numpy_helper.to_array(tensor)) for tensor in _halved(model)), default=0.0)
    size = f"Size {graph.stat().st_size / 1e6:.1f} MB"
    store_in_half(model)
    onnx.checker.check_model(model)
    onnx.save(model, graph)
    try:
        check_golden(folder, manifest.unwrap())
    except Exception:
        graph.write_bytes(before)
        raise
    manifest["sha256"]["main"] = sha256_of(graph)
    (folder / "manifest.toml").write_text(tomlkit.dumps(manifest), encoding="utf-8")
    card = (folder / "card.md").read_text(encoding="utf-8")
    now = f"Size {graph.stat().st_size / 1e6:.1f} MB, weights stored in half precision"
    (folder / "card.md").write_text(re.sub(re.escape(size), now, card), encoding="utf-8")
    return change


def _halved(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    floats = [tensor for tensor in model.graph.initializer if tensor.data_type == TensorProto.FLOAT]
    return [tensor for tensor in floats if numpy_helper.to_array(tensor).size >= FEWEST_HALVED]


def _rounding(values: np.ndarray) -> float:
    difference = np.abs(values.astype(np.float16).astype(np.float32) - values).max()
    return float(difference / max(np.abs(values).max(), 1e-12))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: weights change by at most {halve(Path(name)):.2g} of the largest")
