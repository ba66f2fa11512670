"""`scumble generate`: pictures out of a seed, a label or a latent, as numbered files or as one sheet."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop import paths
from desktop.commands import Printer, ProgressLine, check_target, write_picture
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.tiles import TileMap
from desktop.io.image_files import ImageFile, read_image
from desktop.noise_command import paint_from_noise
from desktop.run_commands import label_parameter, model_facts, result_of
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.latents import (
    check_generation,
    draw,
    free_latent,
    latent_shape,
    mixed_latent,
    read_latents,
)
from desktop.runtime.manifest import Task
from desktop.runtime.needs import paints_from_noise
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.runner import Array, DeviceChoice, ParameterValue, Request, run_and_wait
from desktop.tools.generate_tool import framed

SHEET_GAP_PX = 2


@dataclass(frozen=True)
class GenerateOrder:
    """What `scumble generate` was asked to do. `count` None: one picture, or one for each latent of the file."""

    model_id: str
    target: Path
    seed: int = 0
    count: int | None = None
    label: str | None = None
    latent: Path | None = None
    image: Path | None = None
    truncation: float = 1.0
    mix_seed: int | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    is_sheet: bool = False
    device: DeviceChoice = "auto"
    size: str | None = None  # "1024x768", for models that paint from noise at any size


def generate(order: GenerateOrder, tell: Printer) -> int:
    """Files appear only when all pictures are there."""
    catalog = Catalog(paths.model_folders())
    model, parameters = model_and_parameters(catalog, order)
    if paints_from_noise(model.manifest):
        return _from_noise(catalog, order, model, parameters, tell)
    if order.size is not None:
        raise UserError("generate.no_size", model_id=model.id)
    inputs = _inputs(order, model)
    count = order.count if order.count is not None else len(inputs.get("latent", [0]))
    check_generation(order.seed, count, order.truncation)
    if not inputs:  # every picture has a seed of its own
        check_generation(order.seed + count - 1, 1, order.truncation)
    targets = _targets(order, count)
    for target in targets:
        check_target(target)
    request = Request(
        model.id, model.sha256, inputs, parameters, order.seed, order.device, count, truncation=order.truncation
    )
    runner, line = WorkerRunner(catalog), ProgressLine()
    try:
        result = result_of(run_and_wait(runner, request, line.show))
    finally:
        runner.close()
        line.erase()
    pictures = result.outputs["images"]
    shown = [sheet(pictures)] if order.is_sheet else list(pictures)
    for target, pixels in zip(targets, shown, strict=True):
        write_picture(target, _file_of(pixels))
    facts = {
        **model_facts(model, result),
        "outputs": [str(target) for target in targets],
        "count": count,
        "seeds": [] if "latent" in inputs or "image" in inputs else list(range(order.seed, order.seed + count)),
        "seed": order.seed,
        "truncation": order.truncation,
        "parameters": dict(parameters),
        "width": int(pictures.shape[2]),
        "height": int(pictures.shape[1]),
    }
    named = str(targets[0]) if len(targets) == 1 else f"{targets[0]} to {targets[-1].name}"
    pictures_made = "1 picture" if count == 1 else f"{count} pictures"
    tell(facts, f"{named}: {pictures_made} in {result.seconds:.1f} s ({result.provider})")
    for note in result.notes:
        print(f"scumble: {note}", file=sys.stderr)
    return 0


def model_and_parameters(catalog: Catalog, order: GenerateOrder) -> tuple[Model, dict[str, ParameterValue]]:
    """The generator and all its parameters. UserError when it is none, or they do not fit it."""
    model = catalog.verified(order.model_id)
    if model.manifest.task is not Task.GENERATE and not paints_from_noise(model.manifest):
        raise UserError("cli.use_run", model_id=model.id, task=model.manifest.task)
    given = {**order.parameters, **label_parameter(model.manifest, order.label)}
    return model, complete_parameters(model.manifest, given)


def _from_noise(
    catalog: Catalog, order: GenerateOrder, model: Model, parameters: dict[str, ParameterValue], tell: Printer
) -> int:
    refused = {"--latent": order.latent, "--image": order.image, "--mix-seed": order.mix_seed, "--grid": order.is_sheet}
    for option, value in refused.items():
        if value is not None and value is not False:
            raise UserError("generate.size_only", model_id=model.id, option=option)
    count = 1 if order.count is None else order.count
    check_generation(order.seed, count, order.truncation)
    return paint_from_noise(
        catalog,
        model,
        parameters,
        size=order.size,
        seed=order.seed,
        targets=_targets(order, count),
        device=order.device,
        tell=tell,
    )


def sheet(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, H, W, C) side by side, row after row, about as many across as down; transparent or white between them."""
    count, height, width, channels = pictures.shape
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    size = (down * (height + SHEET_GAP_PX) - SHEET_GAP_PX, across * (width + SHEET_GAP_PX) - SHEET_GAP_PX)
    page = np.full((*size, channels), 0 if channels == 4 else 255, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = index // across * (height + SHEET_GAP_PX), index % across * (width + SHEET_GAP_PX)
        page[top : top + height, left : left + width] = picture
    return page


def _inputs(order: GenerateOrder, model: Model) -> dict[str, Array]:
    inputs: dict[str, Array] = {}
    if order.latent is not None:
        inputs["latent"] = read_latents(order.latent, latent_shape(model.manifest))
    if order.image is not None:
        inputs["image"] = _shown_to_encoder(order.image, model)
    if order.mix_seed is not None:
        other, first = mixed_latent(model.manifest), free_latent(model.manifest)
        if other is None or first is None:
            raise UserError("generate.no_mixing", model_id=model.id)
        check_generation(order.mix_seed, 1, order.truncation)
        place = model.manifest.inputs.index(first)
        inputs[other.name] = draw(first, place, order.mix_seed, tuple(first.shape or ()))[None]
    return inputs


def _shown_to_encoder(path: Path, model: Model) -> Array:
    """(h, w, 4) in the model's proportions. UserError when the picture is empty."""
    pixels = read_image(path).pixels
    if not pixels[..., 3].any():
        raise UserError("generate.nothing_to_encode")
    whole = Rect(0, 0, pixels.shape[1], pixels.shape[0])
    return TileMap.from_array(pixels).read(framed(whole, model.manifest))


def _targets(order: GenerateOrder, count: int) -> list[Path]:
    """OUT itself for one file, else OUT-1, OUT-2 …, with as many digits as the last needs."""
    if order.is_sheet or count == 1:
        return [order.target]
    digits = len(str(count))
    stem, suffix = order.target.stem, order.target.suffix
    return [order.target.with_name(f"{stem}-{number:0{digits}}{suffix}") for number in range(1, count + 1)]


def _file_of(pixels: NDArray[np.uint8]) -> ImageFile:
    has_alpha = pixels.shape[2] == 4
    if not has_alpha:
        pixels = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 255, np.uint8)], axis=2)
    is_gray = bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all())
    return ImageFile(np.ascontiguousarray(pixels), has_alpha=has_alpha, is_gray=is_gray)
