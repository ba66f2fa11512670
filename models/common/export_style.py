"""From a trained style network to a model folder: one part looks at the whole picture, one paints it tile by tile.

Like models/common/export.py, whose checks it shares: parity with torch at three sizes, tiles that equal the whole,
a golden sample computed by torch, weights in half precision.
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
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from models.common.export import (
    OPSET,
    PARITY_SIZES,
    PLANES,
    ExportError,
    Rgb8,
    check_size,
    cpu_session,
    embed_manifest,
    move_into_place,
    planes_to_rgb8,
    sha256_of,
    write_manifest,
)
from models.common.export_generator import rounded_to_half, store_in_half
from models.common.picture_noise import picture_noise
from models.nets.style_transfer import REACH_PX, FastStyle, StyleLook, StylePainter

LOOK_LIMIT_PX = 1024  # the editor shows a network that sees the picture whole no longer side than this
TILE = {"tile": 512, "stride": StylePainter.STRIDE, "receptive_field": REACH_PX}
PARITY_TOLERANCE = 4e-3  # one level: deep products of deviations are rounded differently by two libraries
PARTS = ("look", "main")
Params = dict[str, Any]  # as the form has them: style and second by name, the others 0..100
Told = dict[str, NDArray[np.float32]]  # what earlier parts made of whole pictures, by tensor


@dataclass(frozen=True)
class StyleExport:
    """What a method says about its network; `manifest` has everything but sha256, golden, speed and metrics."""

    painter: StylePainter
    manifest: dict[str, Any]
    golden_input: Rgb8
    golden_params: Params
    tiling_picture: Rgb8
    measure: Callable[[StyleRunner], dict[str, Any]]  # {"metrics": […], "speed": {…}, …} → metrics.json
    card: Callable[[dict[str, Any]], str]  # text under the title of card.md, from what was measured
    pictures: Callable[[StyleRunner], dict[str, Rgb8]]  # name.webp → pixels


class StyleRunner:
    """An exported folder through onnxruntime, whole or in tiles: the cross-check of the editor's runtime."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder, self.manifest = folder, manifest
        self.sessions = {part: cpu_session(folder / name) for part, name in manifest["files"].items()}

    def __call__(self, picture: Rgb8, params: Params, *, seed: int = 0) -> Rgb8:
        told = self.look(picture, params)
        return self.part(picture, told, params, seed=seed)

    def look(self, picture: Rgb8, params: Params) -> Told:
        (look,) = self.sessions["look"].run(None, graph_inputs(self.manifest, "look", picture, params))
        return {"look": look}

    def part(
        self,
        picture: Rgb8,
        told: Told,
        params: Params,
        *,
        corner: tuple[int, int] = (0, 0),
        seed: int = 0,
    ) -> Rgb8:
        inputs = graph_inputs(self.manifest, "main", picture, params, told=told, corner=corner, seed=seed)
        (planes,) = self.sessions["main"].run(None, inputs)
        return planes_to_rgb8(planes)


def style_manifest(about: dict[str, Any], titles: list[str], look_length: int) -> dict[str, Any]:
    """Everything but sha256, golden, speed and metrics; a network of one style has no choice of styles."""
    percent = {"type": "float", "unit": "%", "min": 0.0, "max": 100.0, "step": 1.0}
    choice = {"type": "choice", "choices": titles}
    params = [
        {"id": "strength", "label": "Strength", "default": 100.0} | percent,
        {"id": "own_colors", "label": "Keep the picture's colours", "default": 0.0} | percent,
        {"id": "brush", "label": "Brush size", "default": 100.0} | percent | {"min": 25.0, "max": 400.0},
    ]
    mixing: list[dict[str, Any]] = [
        {"name": name, "role": "scalar", "default": 0.0} for name in ("style", "second", "mix")
    ]
    if len(titles) > 1:
        params = [
            {"id": "style", "label": "Style", "default": titles[0]} | choice,
            {"id": "second", "label": "Second style", "default": titles[1]} | choice,
            {"id": "mix", "label": "Share of the second style", "default": 0.0} | percent,
            *params,
        ]
        mixing = [
            {"name": "style", "role": "choice", "param": "style"},
            {"name": "second", "role": "choice", "param": "second"},
            {"name": "mix", "role": "scalar", "param": "mix", "range": [0.0, 1.0]},
        ]
    image = {"name": "image", "role": "image", "size": "any"} | PLANES
    share = [
        {"name": name, "role": "scalar", "param": name, "range": [0.0, 1.0]} for name in ("strength", "own_colors")
    ]
    look_inputs = [spec | {"part": "look"} for spec in (image, *mixing)]
    main_inputs = [
        spec | {"part": "main"}
        for spec in (
            image,
            {"name": "noise", "role": "noise", "order": "L", "distribution": "uniform"},
            {"name": "look", "role": "embedding", "shape": [look_length]},
            *mixing,
            *share,
        )
    ]
    return {
        "format": 1,
        **about,
        "task": "style",
        "version": "1.0.0",
        "scale": 1,
        "color_space": "srgb",
        "blend": "replace",
        "files": {"look": "look.onnx", "main": "model.onnx"},
        "inputs": [*look_inputs, *main_inputs],
        "outputs": [
            {"name": "look", "part": "look", "role": "embedding"},
            {"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES,
        ],
        "tile": dict(TILE),
        "params": params,
    }


def export_style(export: StyleExport, folder: Path) -> None:
    """Write the whole model folder, or raise ExportError and leave what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    painter = rounded_to_half(export.painter.eval())
    styles = len(painter.tint)
    parts: dict[str, nn.Module] = {"look": StyleLook(painter, styles).eval(), "main": FastStyle(painter, styles).eval()}
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        (aside / "golden").mkdir(parents=True)
        manifest = json.loads(json.dumps(export.manifest))  # an own copy, of JSON types only
        for part in PARTS:
            write_part(parts[part], aside / manifest["files"][part], manifest, part)
            check_size(aside / manifest["files"][part])
            check_part(parts[part], aside / manifest["files"][part], manifest, part)
        runner = StyleRunner(aside, manifest)
        manifest["golden"] = write_golden(export, parts, aside, manifest)
        check_golden(runner, aside)
        tile_levels = check_tiles(runner, export.tiling_picture, export.golden_params)
        measured = export.measure(runner) | {"tile_levels": tile_levels}
        manifest |= {key: measured[key] for key in ("metrics", "speed") if key in measured}
        (aside / "metrics.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        for part in PARTS:
            embed_manifest(aside / manifest["files"][part], manifest)
        check_golden(StyleRunner(aside, manifest), aside)
        for name, pixels in export.pictures(runner).items():
            Image.fromarray(pixels).save(aside / name, quality=88, method=6)
        (aside / "card.md").write_text(f"# {manifest['title']}\n\n{export.card(measured)}", encoding="utf-8")
        hashes = {part: sha256_of(aside / name) for part, name in manifest["files"].items()}
        write_manifest(aside, manifest | {"sha256": hashes})
        move_into_place(aside, folder)


def write_part(network: nn.Module, path: Path, manifest: dict[str, Any], part: str) -> None:
    """Export with the dynamo exporter at any height and width, weights in half precision, no traces of this machine."""
    fixed = fixed_size_of(manifest, part)
    example = example_inputs(manifest, part, *(fixed or (72, 104)))
    free = None if fixed else {2: "height", 3: "width"}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter's own deprecations are not news to the reader
            program = torch.onnx.export(
                network,
                tuple(example.values()),
                input_names=list(example),
                output_names=[spec["name"] for spec in manifest["outputs"] if spec["part"] == part],
                dynamic_shapes=tuple(free if tensor.ndim == 4 else None for tensor in example.values()),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
            program.save(path, external_data=False)
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ExportError(f"The network cannot be exported at any height and width: {reason}") from error
    model = onnx.load(path)
    for entry in [*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, model.graph]:
        del entry.metadata_props[:]
    store_in_half(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def fixed_size_of(manifest: dict[str, Any], part: str) -> tuple[int, int] | None:
    """(height, width) of the only pictures that a part takes; None for any."""
    sizes = [spec["size"] for spec in manifest["inputs"] if spec["part"] == part and isinstance(spec.get("size"), list)]
    return tuple(sizes[0]) if sizes else None


def check_part(network: nn.Module, path: Path, manifest: dict[str, Any], part: str, told: Told | None = None) -> None:
    """ExportError when onnxruntime and torch differ at any size."""
    session = cpu_session(path)
    fixed = fixed_size_of(manifest, part)
    for height, width in [fixed] if fixed else PARITY_SIZES:
        inputs = example_inputs(manifest, part, height, width, told)
        with torch.no_grad():
            expected = network(*inputs.values()).numpy()
        (result,) = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
        scale = max(1.0, float(np.abs(expected).max()))
        difference = float(np.abs(result - expected).max()) / scale if result.shape == expected.shape else np.inf
        if not difference <= PARITY_TOLERANCE:  # also refuses NaN
            raise ExportError(f"The part {part} differs from torch by {difference:.2g} at {width} × {height} pixels.")


def write_golden(
    export: StyleExport, parts: dict[str, nn.Module], folder: Path, manifest: dict[str, Any]
) -> dict[str, Any]:
    """The golden sample; its expectation comes from torch."""
    picture, params = export.golden_input, export.golden_params

    def computed(part: str, told: Told | None = None) -> NDArray[np.float32]:
        inputs = graph_inputs(manifest, part, picture, params, told=told)
        with torch.no_grad():
            return parts[part](*(torch.from_numpy(array) for array in inputs.values())).numpy()

    result = computed("main", {"look": computed("look")})
    Image.fromarray(picture).save(folder / "golden/input.png")
    Image.fromarray(planes_to_rgb8(result)).save(folder / "golden/output.png")
    return {
        "input": "golden/input.png",
        "output": "golden/output.png",
        "seed": 0,
        "tolerance": 2.0,
        "params": dict(params),
    }


def check_golden(runner: StyleRunner, folder: Path) -> float:
    golden = runner.manifest["golden"]
    picture, expected = (np.asarray(Image.open(folder / f"golden/{name}.png")) for name in ("input", "output"))
    difference = float(np.abs(runner(picture, golden["params"]).astype(int) - expected).max())
    if difference > 2:
        raise ExportError(f"The golden sample differs by {difference:.0f} levels; 2 are allowed.")
    return difference


def check_tiles(runner: StyleRunner, picture: Rgb8, params: Params) -> int:
    """Largest difference in levels between whole and tiled inside the halo; ExportError when it is more than one."""
    tile, stride, halo = TILE["tile"], TILE["stride"], TILE["receptive_field"]
    look = runner.look(picture, params)
    whole = runner.part(picture, look, params).astype(int)
    height, width = picture.shape[:2]
    largest = 0
    for top in range(stride, height - tile // 2, tile - 2 * halo - stride):
        for left in range(stride, width - tile // 2, tile - 2 * halo - stride):
            shown = picture[top : top + tile, left : left + tile]
            part = runner.part(shown, look, params, corner=(top, left))
            rows = slice(halo, None if top + tile >= height else -halo)
            columns = slice(halo, None if left + tile >= width else -halo)
            same = whole[top : top + tile, left : left + tile][rows, columns]
            largest = max(largest, int(np.abs(part[rows, columns] - same).max(initial=0)))
    if largest > 1:
        raise ExportError(f"With a halo of {halo} pixels tiles differ from the whole picture by {largest} levels.")
    return largest


def graph_inputs(
    manifest: dict[str, Any],
    part: str,
    picture: Rgb8,
    params: Params,
    *,
    told: Told | None = None,
    corner: tuple[int, int] = (0, 0),
    seed: int = 0,
) -> dict[str, NDArray[np.float32]]:
    """A part's tensors for a picture and parameters in the units of the form; missing ones take their default."""
    planes = np.ascontiguousarray(picture.astype(np.float32).transpose(2, 0, 1)[None] / np.float32(255))
    inputs: dict[str, NDArray[np.float32]] = {}
    for place, spec in enumerate(manifest["inputs"]):
        if spec["part"] != part:
            continue
        if spec["role"] in ("image", "style"):
            inputs[spec["name"]] = planes
        elif spec["role"] == "noise":
            inputs[spec["name"]] = picture_noise(place, *picture.shape[:2], seed=seed, corner=corner)
        elif spec["role"] == "embedding":
            assert told is not None
            inputs[spec["name"]] = told[spec["name"]]
        else:
            inputs[spec["name"]] = np.array([_number(spec, manifest, params)], np.float32)
    return inputs


def example_inputs(
    manifest: dict[str, Any], part: str, height: int, width: int, told: Told | None = None
) -> dict[str, Tensor]:
    """A random picture with sensible statistics, and the parameters at values that use everything."""
    generator = np.random.default_rng(height * 10_000 + width)
    picture = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    lengths = {spec["name"]: spec["shape"][0] for spec in manifest["inputs"] if spec["role"] == "embedding"}
    looks = {name: generator.uniform(0.5, 1.5, (1, length)).astype(np.float32) for name, length in lengths.items()}
    percent = {param["id"]: 40.0 for param in manifest["params"] if param["type"] == "float"}
    inputs = graph_inputs(manifest, part, picture, percent, told=looks | (told or {}))
    return {name: torch.from_numpy(array) for name, array in inputs.items()}


def _number(spec: dict[str, Any], manifest: dict[str, Any], params: Params) -> float:
    """A choice counts from 0; a parameter's min..max is mapped linearly onto the tensor's range."""
    param = next((param for param in manifest["params"] if param["id"] == spec.get("param")), None)
    if param is None:
        return float(spec["default"])
    value = params.get(param["id"], param["default"])
    if param["type"] == "choice":
        return float(param["choices"].index(value))
    low, high = spec["range"]
    return float(low + (high - low) * (value - param["min"]) / (param["max"] - param["min"]))
