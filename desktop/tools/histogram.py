"""How often each level occurs in a picture, and the levels that would spread it over the whole range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from desktop.core.color import LUMA, Pixels, max_level
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.effect_values import Place
from desktop.core.effects import checked_settings, prepared
from desktop.core.geometry import Rect
from desktop.core.layers import EffectSettings
from desktop.tools.effect_run import Source, area_of

BINS = 256
SAMPLE_SIDE_PX = 400  # a histogram looks at so many rows and columns at most
ROWS_LEFT_OUT = 3  # of those of a picture that must be composited for it
CUT_SHARE = 0.001  # of the pixels at either end that automatic levels may lose

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sampled:
    """Pixels here and there (N, 1, 4) with their share of the selection (N,)."""

    pixels: Pixels
    weights: npt.NDArray[np.float32]


def sampled(source: Source) -> Sampled:
    """Every n-th pixel of every n-th row that is seen and may be changed."""
    area = area_of(source, None).intersect(source.canvas)
    step = max(1, -(-max(area.width, area.height) // SAMPLE_SIDE_PX))
    rows, weights = [], []
    for y in range(area.top, area.bottom, step):
        line = Rect(area.left, y, area.width, 1)
        pixels = source.read(line)[0, ::step]
        share = source.share(line)
        weight = pixels[:, 3].astype(np.float32) / max_level(pixels.dtype)
        rows.append(pixels)
        weights.append(weight if share is None else weight * share[0, ::step] / np.float32(255))
    return _joined(rows, weights)


def sampled_picture(document: Document) -> Sampled:
    """The same of the visible picture, composited a row here and there."""
    size = document.size
    step = max(1, -(-max(size.width, size.height) // SAMPLE_SIDE_PX))
    rows, weights = [], []
    for y in range(0, size.height, step * ROWS_LEFT_OUT):
        pixels = flatten(document, Rect(0, y, size.width, 1), threads=1)[0, ::step]
        rows.append(pixels)
        weights.append(pixels[:, 3].astype(np.float32) / max_level(pixels.dtype))
    return _joined(rows, weights)


def _joined(rows: list[Pixels], weights: list[Any]) -> Sampled:
    pixels, weight = np.concatenate(rows), np.concatenate(weights)
    seen = weight > 0
    return Sampled(pixels[seen][:, None], weight[seen])


def counts_of(sample: Sampled, settings: EffectSettings | None = None) -> dict[str, Counts]:
    """256 counts of "all" (the luma), "red", "green" and "blue"; with settings, of what an adjustment makes of it."""
    pixels = sample.pixels
    effect = None if settings is None else prepared(settings)
    if effect is not None and effect.effect is not None and effect.effect.is_adjustment:
        pixels = effect.apply(pixels, Place())
    levels = pixels[:, 0, :3].astype(np.float32) * (np.float32(255) / max_level(pixels.dtype))
    planes = {"all": levels @ LUMA, "red": levels[:, 0], "green": levels[:, 1], "blue": levels[:, 2]}
    return {
        name: np.bincount(np.rint(plane).astype(np.int64), sample.weights, minlength=BINS).astype(np.int64)
        for name, plane in planes.items()
    }


def auto_levels(sample: Sampled, *, each_channel: bool) -> EffectSettings:
    """Levels from the first to the last tone that counts, for each channel (colours may shift) or for all alike."""
    counts = counts_of(sample)
    channels = ("red", "green", "blue")
    ends = {name: _ends(counts[name]) for name in channels}
    if not each_channel:
        ends = {"all": (min(low for low, _ in ends.values()), max(high for _, high in ends.values()))}
    values: dict[str, float | int | bool | str] = {}
    for name, (low, high) in ends.items():
        if high > low:
            values |= {f"{name}_black": min(low, 254), f"{name}_white": max(high, 1)}
    return checked_settings("levels", values)


def _ends(counts: Counts) -> tuple[int, int]:
    total = np.cumsum(counts)
    if total[-1] == 0:
        return 0, 0
    cut = total[-1] * CUT_SHARE
    return int(np.searchsorted(total, cut, side="right")), int(np.searchsorted(total, total[-1] - cut, side="left"))
