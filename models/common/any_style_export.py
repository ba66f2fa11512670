"""From a trained network for any style to a model folder: one part sees the style, one the picture, one paints tiles.

The checks are those of models/common/export_style.py.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from torch import nn

from models.common.any_style_measure import Pairs, any_style_card, example_sheet, measure_pairs, measured_pairs
from models.common.export import (
    PLANES,
    Rgb8,
    check_size,
    embed_manifest,
    move_into_place,
    planes_to_rgb8,
    sha256_of,
    write_manifest,
)
from models.common.export_generator import rounded_to_half
from models.common.export_style import (
    TILE,
    Params,
    StyleRunner,
    Told,
    check_golden,
    check_part,
    check_tiles,
    graph_inputs,
    write_part,
)
from models.common.perceptual import PerceptualLoss, trained_eye, untrained_eye
from models.common.style_card import speed_of
from models.nets.any_style import PALETTE_NUMBERS, STYLE_SIDE_PX, AnyStyle, AnyStyleLook, ManneredPainter, StyleEye

GOLDEN_SIZE = (151, 187)  # odd, so that the golden sample also proves the padding inside
GOLDEN_PARAMS: Params = {"strength": 90.0}
ABOUT: dict[str, Any] = {
    "id": "any-style",
    "title": "Style from a picture",
    "description": "Repaints a photograph in the manner of any picture that it is shown.",
    "licence": "Apache-2.0",
    "source": "models/arbitrary_style.py",
    "icon": "style",
}


@dataclass(frozen=True)
class AnyStyleAbout:
    """What the method says; without held-out pictures and a trained eye the numbers are those of generated pictures."""

    made_by: dict[str, Any]
    steps: int
    slow_steps: int
    baselines: Path
    held_out: Path | None
    paintings: Path | None
    vgg: Path | None


class AnyStyleRunner(StyleRunner):
    """An exported folder through onnxruntime in the manner of one picture."""

    def __init__(self, folder: Path, manifest: dict[str, Any], style: Rgb8) -> None:
        super().__init__(folder, manifest)
        (self.manner,) = self.sessions["style"].run(None, graph_inputs(manifest, "style", seen_as_style(style), {}))

    def look(self, picture: Rgb8, params: Params) -> Told:
        told = {"manner": self.manner}
        (look,) = self.sessions["look"].run(None, graph_inputs(self.manifest, "look", picture, params, told=told))
        return told | {"look": look}


def seen_as_style(picture: Rgb8) -> Rgb8:
    """At the size at which the editor shows it to the network."""
    side = (STYLE_SIDE_PX, STYLE_SIDE_PX)
    if picture.shape[:2] == side:
        return picture
    shrinks = min(picture.shape[:2]) < STYLE_SIDE_PX or max(picture.shape[:2]) > STYLE_SIDE_PX
    return cv2.resize(picture, side, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def any_style_manifest(made_by: dict[str, Any], manners: int, look_length: int) -> dict[str, Any]:
    """Everything but sha256, golden, speed and metrics."""
    percent = {"type": "float", "unit": "%", "min": 0.0, "max": 100.0, "step": 1.0}
    image = {"name": "image", "role": "image", "size": "any"} | PLANES
    style = {"name": "style", "role": "style", "size": [STYLE_SIDE_PX, STYLE_SIDE_PX], "part": "style"} | PLANES
    manner = {"name": "manner", "role": "embedding", "shape": [manners + PALETTE_NUMBERS]}
    share = {"role": "scalar", "range": [0.0, 1.0], "part": "main"}
    return {
        "format": 1,
        **ABOUT,
        "made_by": made_by,
        "task": "style",
        "version": "1.0.0",
        "scale": 1,
        "color_space": "srgb",
        "blend": "replace",
        "files": {"style": "style.onnx", "look": "look.onnx", "main": "model.onnx"},
        "inputs": [
            style,
            image | {"part": "look"},
            manner | {"part": "look"},
            image | {"part": "main"},
            {"name": "noise", "role": "noise", "order": "L", "distribution": "uniform", "part": "main"},
            manner | {"part": "main"},
            {"name": "look", "role": "embedding", "shape": [look_length], "part": "main"},
            {"name": "strength", "param": "strength"} | share,
            {"name": "own_colors", "param": "own_colors"} | share,
        ],
        "outputs": [
            {"name": "manner", "part": "style", "role": "embedding"},
            {"name": "look", "part": "look", "role": "embedding"},
            {"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES,
        ],
        "tile": dict(TILE),
        "params": [
            {"id": "strength", "label": "Strength", "default": 100.0} | percent,
            {"id": "own_colors", "label": "Keep the picture's colours", "default": 0.0} | percent,
            {"id": "brush", "label": "Brush size", "default": 100.0} | percent | {"min": 25.0, "max": 400.0},
        ],
    }


def export_any_style(eye: StyleEye, painter: ManneredPainter, about: AnyStyleAbout, folder: Path) -> None:
    """Write the whole model folder, or raise ExportError and leave what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    eye, painter = rounded_to_half(eye.eval()), rounded_to_half(painter.eval())
    parts: dict[str, nn.Module] = {"style": eye, "look": AnyStyleLook(painter).eval(), "main": AnyStyle(painter).eval()}
    manifest = any_style_manifest(about.made_by, painter.manners, 12 + painter.painter.look_length)
    manifest = json.loads(json.dumps(manifest))
    pairs = measured_pairs(about.held_out, about.paintings)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        (aside / "golden").mkdir(parents=True)
        told = _told_by(parts, manifest, pairs)
        for part, network in parts.items():
            write_part(network, aside / manifest["files"][part], manifest, part)
            check_size(aside / manifest["files"][part])
            check_part(network, aside / manifest["files"][part], manifest, part, told)
        manifest["golden"] = _write_golden(parts, aside, manifest, pairs)
        (photo, style), *_ = pairs.values()
        runner = AnyStyleRunner(aside, manifest, style)
        check_golden(runner, aside)
        tile_levels = check_tiles(runner, np.tile(photo, (4, 4, 1))[:700, :700], GOLDEN_PARAMS)
        measured = _measured(aside, manifest, pairs, about) | {"tile_levels": tile_levels, "steps": about.steps}
        manifest |= {key: measured[key] for key in ("metrics", "speed")}
        (aside / "metrics.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        for part in parts:
            embed_manifest(aside / manifest["files"][part], manifest)
        check_golden(AnyStyleRunner(aside, manifest, style), aside)
        sheet = example_sheet(pairs, lambda style, photo: AnyStyleRunner(aside, manifest, style)(photo, {}))
        Image.fromarray(sheet).save(aside / "preview.webp", quality=88, method=6)
        (aside / "card.md").write_text(
            f"# {manifest['title']}\n\n{any_style_card(manifest, measured)}", encoding="utf-8"
        )
        hashes = {part: sha256_of(aside / name) for part, name in manifest["files"].items()}
        write_manifest(aside, manifest | {"sha256": hashes})
        move_into_place(aside, folder)


def _measured(folder: Path, manifest: dict[str, Any], pairs: Pairs, about: AnyStyleAbout) -> dict[str, Any]:
    loss = PerceptualLoss(untrained_eye() if about.vgg is None else trained_eye(about.vgg), [])
    painted = {name: AnyStyleRunner(folder, manifest, style)(photo, {}) for name, (photo, style) in pairs.items()}
    return measure_pairs(painted, pairs, loss, steps=about.slow_steps, kept_in=about.baselines) | {
        "speed": speed_of(folder),
        "is_generated": about.held_out is None,
    }


@torch.no_grad()
def _told_by(parts: dict[str, nn.Module], manifest: dict[str, Any], pairs: Pairs) -> Told:
    """What the parts say of real pictures: random numbers would be no manner of anything."""
    photo, style = next(iter(pairs.values()))
    manner = _run(parts["style"], graph_inputs(manifest, "style", seen_as_style(style), {}))
    return {
        "manner": manner,
        "look": _run(parts["look"], graph_inputs(manifest, "look", photo, {}, told={"manner": manner})),
    }


def _write_golden(parts: dict[str, nn.Module], folder: Path, manifest: dict[str, Any], pairs: Pairs) -> dict[str, Any]:
    """The golden sample; its expectation comes from torch."""
    whole, style = next(iter(pairs.values()))
    picture = np.ascontiguousarray(whole[: GOLDEN_SIZE[0], : GOLDEN_SIZE[1]])
    told = _told_by(parts, manifest, {"golden": (picture, style)})
    result = _run(parts["main"], graph_inputs(manifest, "main", picture, GOLDEN_PARAMS, told=told))
    for name, pixels in (("input", picture), ("style", style), ("output", planes_to_rgb8(result))):
        Image.fromarray(pixels).save(folder / f"golden/{name}.png")
    names = {name: f"golden/{name}.png" for name in ("input", "style", "output")}
    return names | {"seed": 0, "tolerance": 2.0, "params": dict(GOLDEN_PARAMS)}


@torch.no_grad()
def _run(network: nn.Module, inputs: Told) -> np.ndarray:
    return network(*(torch.from_numpy(array) for array in inputs.values())).numpy()
