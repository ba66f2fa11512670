"""From a trained neck and decoder to a model folder with two parts: encoder and decoder.

The encoder runs once a picture; its answers are kept by the editor. The decoder takes any number of clicks.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from PIL import Image
from torch import Tensor, nn

from models.common.click_measure import Answerer, Begin, GraphAnswerer, graph_answerer
from models.common.export import (
    OPSET,
    PLANES,
    ExportError,
    Rgb8,
    check_size,
    cpu_session,
    embed_manifest,
    move_into_place,
    sha256_of,
    write_manifest,
)
from models.common.export_generator import rounded_to_half
from models.common.half import store_in_half
from models.nets.clicking import (
    CELL_PX,
    FED_PX,
    WIDTHS,
    ClickAnswer,
    ClickDecoder,
    ClickEncoder,
    ClickEye,
    ClickNeck,
    fused,
)
from models.nets.matting import folded

PARTS = ("encoder", "decoder")
EMBEDDING = ("at4", "at8", "at16", "guide")
CELLS = FED_PX // CELL_PX
PARITY_TOLERANCE = 2e-3  # of features that are some units large; of the mask half a level
PARITY_POINTS = (1, 2, 7)
GOLDEN_TOLERANCE = 2.0


@dataclass(frozen=True)
class ClickExport:
    """What the method says; `manifest` has everything but golden, sha256, speed and metrics."""

    eye: ClickEye
    neck: ClickNeck
    decoder: ClickDecoder
    manifest: dict[str, Any]
    golden_input: Rgb8  # FED_PX each way, so that nothing has to be fitted
    golden_points: list[tuple[float, float, int]]
    measure: Callable[[Path], dict[str, Any]]  # called with the folder when the graphs lie in it → metrics.json
    card: Callable[[Path], str]  # text under the title of card.md
    pictures: Callable[[Path], dict[str, Rgb8]]  # name.webp → pixels


def click_manifest(about: dict[str, Any]) -> dict[str, Any]:
    """The tensors of both parts, by the roles that the editor knows from SAM pairs."""
    told = [
        {"name": "points", "role": "points"},
        {"name": "labels", "role": "point_labels"},
        {"name": "hint", "role": "mask_input", "shape": [1, CELLS, CELLS]},
        {"name": "has_hint", "role": "has_mask_input"},
    ]
    image = {"name": "image", "part": "encoder", "role": "image", "size": [FED_PX, FED_PX], "fit": "pad"} | PLANES
    embedded = [{"name": name, "role": "embedding"} for name in EMBEDDING]
    mask = {"name": "mask", "part": "decoder", "role": "mask", "activation": "none", "refine": True}
    return {
        "format": 1,
        **about,
        "task": "encode_decode",
        "version": "1.0.0",
        "icon": "object",
        "scale": 1,
        "color_space": "srgb",
        "files": {part: f"{part}.onnx" for part in PARTS},
        "inputs": [image, *(spec | {"part": "decoder"} for spec in (*embedded, *told))],
        "outputs": [*(spec | {"part": "encoder"} for spec in embedded), mask],
        "params": [],
    }


def export_click_model(export: ClickExport, folder: Path) -> None:
    """Write the whole model folder, or raise ExportError and leave what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    parts: dict[str, nn.Module] = {
        "encoder": rounded_to_half(ClickEncoder(folded(export.eye), fused(export.neck))).eval(),
        "decoder": rounded_to_half(ClickAnswer(fused(export.decoder))).eval(),
    }
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        (aside / "golden").mkdir(parents=True)
        manifest = json.loads(json.dumps(export.manifest))  # an own copy, of JSON types only
        for part in PARTS:
            write_part(parts[part], aside / f"{part}.onnx", part, list(EMBEDDING) if part == "encoder" else ["mask"])
            check_size(aside / f"{part}.onnx")
            check_part(parts[part], aside / f"{part}.onnx", part)
        manifest["golden"] = write_golden(export, parts, aside)
        check_golden(aside, manifest)
        measured = export.measure(aside)
        manifest |= {key: measured[key] for key in ("metrics", "speed")}
        (aside / "metrics.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        for part in PARTS:
            embed_manifest(aside / f"{part}.onnx", manifest)
        check_golden(aside, manifest)
        for name, pixels in export.pictures(aside).items():
            Image.fromarray(pixels).save(aside / name, quality=88, method=6)
        (aside / "card.md").write_text(f"# {manifest['title']}\n\n{export.card(aside)}", encoding="utf-8")
        write_manifest(aside, manifest | {"sha256": {part: sha256_of(aside / f"{part}.onnx") for part in PARTS}})
        move_into_place(aside, folder)


def write_part(network: nn.Module, path: Path, part: str, answers: list[str]) -> None:
    """Export with the dynamo exporter, weights in half precision; the decoder takes any number of points."""
    example = example_inputs(part, 3)
    free = {name: {1: "points"} if name in ("points", "labels") else None for name in example}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter's own deprecations are not news to the reader
            program = torch.onnx.export(
                network,
                tuple(example.values()),
                input_names=list(example),
                output_names=answers,
                dynamic_shapes=tuple(free.values()),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
            program.save(path, external_data=False)
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ExportError(f"The part {part} cannot be exported: {reason}") from error
    model = onnx.load(path)
    for entry in [*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, model.graph]:
        del entry.metadata_props[:]  # stack traces with paths of this machine
    store_in_half(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def check_part(network: nn.Module, path: Path, part: str) -> None:
    """ExportError when onnxruntime and torch differ, at any number of points."""
    session = cpu_session(path)
    for count in PARITY_POINTS:
        inputs = example_inputs(part, count)
        with torch.no_grad():
            computed = network(*inputs.values())
        expected = computed if isinstance(computed, tuple) else (computed,)
        found = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
        for ours, theirs in zip(expected, found, strict=True):
            scale = max(1.0, float(ours.abs().max()))
            difference = float(np.abs(ours.numpy() - theirs).max()) / scale
            if ours.shape != theirs.shape or not difference <= PARITY_TOLERANCE:  # also refuses NaN
                raise ExportError(f"The part {part} differs from torch by {difference:.2g} with {count} points.")


def example_inputs(part: str, count: int) -> dict[str, Tensor]:
    """Random tensors of the part's shapes, COUNT points, the last two of more than two a box."""
    generator = torch.Generator().manual_seed(count)
    image = torch.rand(1, 3, FED_PX, FED_PX, generator=generator)
    if part == "encoder":
        return {"image": image}
    labels = torch.tensor([[float(i % 2) for i in range(count)]])
    if count > 2:
        labels[0, -2:] = torch.tensor([2.0, 3.0])
    embedding = {
        f"at{stride}": torch.rand(1, width, FED_PX // stride, FED_PX // stride, generator=generator)
        for stride, width in zip((4, 8, 16), WIDTHS, strict=True)
    }
    return embedding | {
        "guide": image,
        "points": torch.rand(1, count, 2, generator=generator) * FED_PX,
        "labels": labels,
        "hint": torch.randn(1, 1, CELLS, CELLS, generator=generator),
        "has_hint": torch.ones(1) * (count % 2),
    }


def write_golden(export: ClickExport, parts: dict[str, nn.Module], folder: Path) -> dict[str, Any]:
    """The golden sample; its expectation comes from torch."""
    answerer = TorchAnswerer(parts, export.golden_input)
    alpha = answerer.ask(np.array(export.golden_points, np.float32))
    levels = np.clip(np.rint(alpha * 255), 0, 255).astype(np.uint8)
    Image.fromarray(export.golden_input).save(folder / "golden/input.png")
    Image.fromarray(np.repeat(levels[..., None], 3, axis=2)).save(folder / "golden/output.png")
    return {
        "input": "golden/input.png",
        "output": "golden/output.png",
        "points": [list(point) for point in export.golden_points],
        "seed": 0,
        "tolerance": GOLDEN_TOLERANCE,
        "params": {},
    }


class TorchAnswerer(Answerer):
    """The same answer through torch, for a picture of FED_PX each way."""

    def __init__(self, parts: dict[str, nn.Module], picture: Rgb8) -> None:
        self.decoder = parts["decoder"]
        planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None].astype(np.float32) / 255))
        with torch.no_grad():
            self.embedding = parts["encoder"](planes)

    def ask(self, points: np.ndarray, hint: np.ndarray | None = None) -> np.ndarray:
        told = GraphAnswerer.told_of(points, (FED_PX, FED_PX), (FED_PX, FED_PX), hint)
        with torch.no_grad():
            return self.decoder(*self.embedding, *(torch.from_numpy(array) for array in told.values()))[0, 0].numpy()


def check_golden(folder: Path, manifest: dict[str, Any]) -> float:
    golden = manifest["golden"]
    picture, expected = (np.asarray(Image.open(folder / golden[name])) for name in ("input", "output"))
    begin: Begin = graph_answerer(folder)
    alpha = begin(picture).ask(np.array(golden["points"], np.float32))
    difference = float(np.abs(np.rint(alpha * 255) - expected[..., 0]).max())
    if difference > golden["tolerance"]:
        raise ExportError(f"The golden sample differs by {difference:.0f} levels; {golden['tolerance']:g} is allowed.")
    return difference
