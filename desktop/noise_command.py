"""`scumble generate` with a model that paints from noise at any size, such as textures: no picture is needed."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from desktop.commands import Printer, ProgressLine, check_target, write_picture
from desktop.core.errors import UserError
from desktop.io.image_files import ImageFile
from desktop.run_commands import model_facts, result_of
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.runner import DeviceChoice, ParameterValue, Request, run_and_wait

SIDE_LIMIT = 16384
PIXEL_LIMIT = 1 << 28  # of all pictures together: they are in memory until the last is there
USUAL_SIZE = "512x512"
_SIZE = re.compile(r"(\d{1,6})[x×](\d{1,6})")


def size_of(text: str) -> tuple[int, int]:
    """(width, height) of "1024x768". UserError when it is none, or larger than a picture can be."""
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None or not all(1 <= int(side) <= SIDE_LIMIT for side in found.groups()):
        raise UserError("generate.bad_size", size=text, limit=SIDE_LIMIT)
    return int(found[1]), int(found[2])


def paint_from_noise(
    catalog: Catalog,
    model: Model,
    parameters: Mapping[str, ParameterValue],
    *,
    size: str | None,
    seed: int,
    targets: list[Path],
    device: DeviceChoice,
    tell: Printer,
) -> int:
    """One picture for each target, of seeds in a row; all files appear at the end."""
    width, height = size_of(size or USUAL_SIZE)
    if len(targets) > (most := max(1, PIXEL_LIMIT // (width * height))):
        raise UserError("generate.bad_count", count=len(targets), limit=most)
    for target in targets:
        check_target(target)
    blank = np.zeros((height, width, 4), np.uint8)
    runner, line, made = WorkerRunner(catalog), ProgressLine(), []
    try:
        for number in range(len(targets)):
            request = Request(model.id, model.sha256, {"image": blank}, parameters, seed + number, device)
            result = result_of(run_and_wait(runner, request, line.show))
            made.append(result.image.copy())
    finally:
        runner.close()
        line.erase()
    for target, pixels in zip(targets, made, strict=True):
        is_gray = bool((np.ptp(pixels[..., :3], axis=2) == 0).all())
        write_picture(target, ImageFile(pixels, has_alpha=bool((pixels[..., 3] < 255).any()), is_gray=is_gray))
    facts = {
        **model_facts(model, result),
        "outputs": [str(target) for target in targets],
        "count": len(targets),
        "seed": seed,
        "parameters": dict(parameters),
        "width": width,
        "height": height,
    }
    named = str(targets[0]) if len(targets) == 1 else f"{targets[0]} to {targets[-1].name}"
    tell(facts, f"{named}: {width} × {height} pixels in {result.seconds:.1f} s ({result.provider})")
    for note in result.notes:
        print(f"scumble: {note}", file=sys.stderr)
    return 0
