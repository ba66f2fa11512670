"""What the commands without a model do to a picture file; ICC profile, metadata, alpha and depth are kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.commands import Printer, check_target, flat_picture, write_picture
from desktop.core.errors import UserError
from desktop.core.remove import RemoveMethod, RemoveSettings, removed
from desktop.run_commands import mask_levels

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RemoveOrder:
    source: Path
    target: Path
    mask: Path
    method: str
    seed: int


def remove(order: RemoveOrder, tell: Printer) -> int:
    check_target(order.target)
    if not 0 <= order.seed <= LARGEST_SEED:
        raise UserError("generate.bad_seed", seed=order.seed, limit=LARGEST_SEED)
    picture, mask = flat_picture(order.source), mask_levels(order.mask)
    started = time.perf_counter()
    pixels = removed(picture.pixels, mask, RemoveSettings(RemoveMethod(order.method), order.seed))
    seconds = time.perf_counter() - started
    write_picture(order.target, replace(picture, pixels=pixels))
    height, width = pixels.shape[:2]
    facts = {
        "input": str(order.source),
        "output": str(order.target),
        "width": width,
        "height": height,
        "depth": pixels.dtype.itemsize * 8,
        "method": order.method,
        "seed": order.seed,
        "seconds": round(seconds, 3),
    }
    tell(facts, f"{order.target}: {width} × {height} pixels, filled in {seconds:.1f} s")
    return 0
