"""How a foreign network may be cut, seen in how far a change of the picture reaches; and how long a run takes."""

from __future__ import annotations

import math
import time

import numpy as np

from desktop.core.errors import UserError
from desktop.runtime.importing.choices import Choices
from desktop.runtime.importing.graph import fitted
from desktop.runtime.importing.guessing import as_picture
from desktop.runtime.importing.trial import Trial, feeds_for
from desktop.runtime.manifest import Task, Tile

LOCAL_TASKS = (Task.UPSCALE, Task.RESTORE)  # of a fixed size, yet meant for pictures of any
FIXED_SLACK_PX = 2
FIXED_STRIDE = 4  # where the size is fixed, a larger grid would cost tiles, and shifts by less are not seen
FIXED_HALO_SHARE = 0.3
STRIDE = 32  # networks halve at most five times: origins on this grid never move their samples
STILL_LEVELS = 0.5  # a change that moves a far pixel by less than this does not reach it
TILE_SIDE = 512
FINITE_SHARE = 0.5
HEAVY_TILE_SIDE = 256  # where large tiles would take gigabytes


def tile_of(trial: Trial, choices: Choices) -> Tile | None:
    """How far the network looks, by changing the far third of a picture; None when it looks everywhere."""
    if trial.facts.has_operator("InstanceNormalization", "LayerNormalization", "FFT"):
        return None
    multiple = trial.working.multiple or 1
    unit = math.lcm(multiple, STRIDE)
    height, width = unit * math.ceil(96 / unit), unit * math.ceil(384 / unit)
    if trial.working.multiple is None:
        height, width = trial.working.size
        if height != width or choices.task not in LOCAL_TASKS:
            return None
    shown = fitted(trial.picture, (height, width))
    changed = shown.copy()
    border = width - width // 3
    changed[:, border:] = 255 - changed[:, border:][::-1]
    if choices.answer == "grid":
        return None  # it is made for the whole picture
    name, scale = choices.output, choices.scale
    first = trial.graph.run(feeds_for(trial, choices, (height, width), shown))[name]
    second = trial.graph.run(feeds_for(trial, choices, (height, width), changed))[name]
    output = next(entry for entry in trial.working.outputs if entry.name == name)
    levels = 255 / max(float(np.ptp(as_picture(first, output))), 1e-6)
    moved = np.abs(as_picture(first, output) - as_picture(second, output)).max(axis=(0, 2)) * levels
    reached = np.flatnonzero(moved > STILL_LEVELS)
    distance = border - (int(reached[0]) + output.border) // scale if reached.size else 0
    if trial.working.multiple is None:
        return _fixed_tile(width - 2 * math.ceil(output.border / scale), distance)
    if distance > width // 3:
        return None
    halo = max(math.ceil((distance + 4) / unit) * unit, 16 if multiple <= 16 else multiple)
    side = HEAVY_TILE_SIDE if scale >= 3 or trial.facts.parameters > 4_000_000 else TILE_SIDE
    while side < 4 * halo:
        side *= 2
    return Tile(tile=side, stride=unit, receptive_field=halo)


def _fixed_tile(side: int, distance: int) -> Tile | None:
    """Pictures are cut into pieces of the size that the network insists on, where it does not look too far."""
    halo = distance + FIXED_SLACK_PX
    if halo > side * FIXED_HALO_SHARE:
        return None
    return Tile(tile=side, stride=FIXED_STRIDE, receptive_field=halo)


def seconds_per_megapixel(trial: Trial, choices: Choices) -> float:
    """Of one more run: the first pays for allocation. UserError when most of what it gives are no numbers."""
    feeds = feeds_for(trial, choices, trial.working.size)
    started = time.perf_counter()
    answer = trial.graph.run(feeds)[choices.output]
    seconds = time.perf_counter() - started
    if answer.dtype.kind == "f" and float(np.isfinite(answer).mean()) < FINITE_SHARE:
        raise UserError("import.not_finite", path=trial.graph.label)
    return seconds / (trial.working.size[0] * trial.working.size[1] / 1e6)
