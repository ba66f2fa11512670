"""Enlarging by networks: one alone or a photographic one mixed in, once or as the mean of eight, and what it will take.

Nothing here runs a network: whoever calls hands in what does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import numpy as np

from desktop.core.color import FloatPixels, Pixels
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.layers import RasterLayer
from desktop.core.resample import Resampling, resampled
from desktop.runtime.adapters.picture_run import tile_rules
from desktop.runtime.catalog import Model
from desktop.runtime.manifest import Manifest, Task
from desktop.runtime.tiling import plan_tiles

PHOTO_ENDING = "-photo"  # of the id of a network that also takes noise and compression away, and may sharpen by guess
TURNS = tuple((quarter, is_flipped) for is_flipped in (False, True) for quarter in range(4))
FLOAT_BYTES = 16  # of a pixel while pictures are mixed
RESAMPLED_BYTES = 40  # of a pixel of the wanted size while filters bring the picture to it, with its copies
WORKER_BYTES = 150_000_000  # of the process that runs networks, before it runs any
GIB = 1 << 30

RunOnce: TypeAlias = Callable[[Pixels], Pixels]
RunModel: TypeAlias = Callable[[Model, Pixels], Pixels]


@dataclass(frozen=True, slots=True)
class Enlarging:
    """`detail` 0 … 1 is how much of `photo`, a photographic network, there is beside `model`."""

    model: Model
    photo: Model | None = None
    detail: float = 0.0
    is_best: bool = False

    @property
    def scale(self) -> int:
        return self.model.manifest.scale

    def shares(self) -> list[tuple[Model, float]]:
        """The networks that have to run and their part of the result."""
        both = [(self.model, 1.0 - self.detail), (self.photo, self.detail)]
        return [(model, share) for model, share in both if model is not None and share > 0]


@dataclass(frozen=True, slots=True)
class Need:
    """What a run takes: None where nobody measured how long the network needs."""

    seconds: float | None
    memory_bytes: int


@dataclass(slots=True)
class Paces:
    """Seconds a megapixel on the CPU: the card's figure until a network has run here."""

    _seen: dict[str, float] = field(default_factory=dict)

    def of(self, model: Model) -> float | None:
        return self._seen.get(model.sha256, model.manifest.speed.cpu_seconds_per_megapixel)

    def saw(self, model: Model, size: Size, seconds: float) -> None:
        """A run of a quarter of a megapixel or more; smaller ones are mostly loading."""
        if size.area >= 250_000:
            self._seen[model.sha256] = seconds / (fed_pixels(model.manifest, size) / 1e6)


def is_photographic(model: Model) -> bool:
    return model.id.endswith(PHOTO_ENDING)


def photographic_for(model: Model, models: Sequence[Model]) -> Model | None:
    """The photographic network that can be mixed into `model`: of the same scale, or of the next larger one."""
    if is_photographic(model):
        return None
    able = [other for other in models if other.manifest.task is Task.UPSCALE and is_photographic(other)]
    able = [other for other in able if other.manifest.scale >= model.manifest.scale]
    return min(able, key=lambda other: other.manifest.scale, default=None)


def enlarged(pixels: Pixels, order: Enlarging, run: RunModel) -> Pixels:
    """Straight (H, W, 4) → (H × scale, W × scale, 4) of the same depth."""
    height, width = pixels.shape[:2]
    size = Size(width * order.scale, height * order.scale)
    shares = order.shares()
    total: FloatPixels | None = None
    for model, share in shares:
        run_one = partial(run, model)
        answer = best_of(pixels, run_one) if order.is_best else run_one(pixels)
        answer = resampled(answer, size, Resampling.AREA) if model.manifest.scale != order.scale else answer
        if len(shares) == 1:
            return answer
        part = answer * np.float32(share)
        total = part if total is None else np.add(total, part, out=total)
    assert total is not None
    return _levels(total, pixels.dtype)


def best_of(pixels: Pixels, run: RunOnce) -> Pixels:
    """The mean of what a network says to the picture in its eight positions: its own errors differ, the truth does not.

    Called self-ensemble by EDSR (Lim et al., 2017); about 0.1 dB better and eight times as long.
    """
    total: FloatPixels | None = None
    for quarter, is_flipped in TURNS:
        answer = run(np.ascontiguousarray(_turned(pixels, quarter, is_flipped))).astype(np.float32)
        back = _turned_back(answer, quarter, is_flipped)
        total = np.ascontiguousarray(back) if total is None else np.add(total, back, out=total)
    assert total is not None
    total /= np.float32(len(TURNS))
    return _levels(total, pixels.dtype)


def need(document: Document, target: Size, order: Enlarging, paces: Paces) -> Need:
    """For all layers with pixels of a document that becomes `target`."""
    sizes = [layer.tiles.content_bounds().size for layer in _pixel_layers(document)]
    return need_of(sizes, order, paces, depth=document.depth, target_area=target.area * max(len(sizes), 1))


def need_of(sizes: Sequence[Size], order: Enlarging, paces: Paces, *, depth: int, target_area: int) -> Need:
    """`sizes` of what goes through the networks, one after the other."""
    turns, shares, areas = len(TURNS) if order.is_best else 1, order.shares(), [size.area for size in sizes]
    seconds: float | None = 0.0
    for model, _ in shares:
        pace = paces.of(model)
        fed = sum(fed_pixels(model.manifest, size) for size in sizes)
        seconds = None if pace is None or seconds is None else seconds + turns * pace * fed / 1e6
    largest = max(areas, default=0) * max(model.manifest.scale for model, _ in shares) ** 2
    result = sum(areas) * order.scale**2 * depth // 2  # four channels
    mixing = largest * (FLOAT_BYTES * (1 + order.is_best) if order.is_best or len(shares) > 1 else 0)
    network = max(_network_bytes(model.manifest, max(areas, default=0)) for model, _ in shares)
    running = network + 2 * largest * depth // 2 + mixing
    after = 0 if target_area == sum(areas) * order.scale**2 else target_area * RESAMPLED_BYTES
    return Need(seconds, result + max(running, after))


def check_need(wanted: Need, available_bytes: int) -> None:
    """UserError where it would not fit into memory, before anything runs."""
    if wanted.memory_bytes > available_bytes:
        told = {"needed": f"{wanted.memory_bytes / GIB:.1f}", "limit": f"{available_bytes / GIB:.1f}"}
        raise UserError("size.network_memory", **told)


def fed_pixels(manifest: Manifest, size: Size) -> int:
    """How many pixels the network is fed for a picture: tiles see some of their neighbours too."""
    rules = tile_rules(manifest, None)
    if rules is None:
        return size.area
    plan = plan_tiles(size.height, size.width, rules)
    rows = sum(min(span.stop, size.height) - span.start for span in plan.rows)
    columns = sum(min(span.stop, size.width) - span.start for span in plan.columns)
    return rows * columns


def runs_of(document: Document, order: Enlarging) -> int:
    """How many runs of a network it takes to enlarge all layers of a document."""
    turns = len(TURNS) if order.is_best else 1
    return turns * len(order.shares()) * sum(1 for _layer in _pixel_layers(document))


def _network_bytes(manifest: Manifest, area: int) -> int:
    """Of one tile: cards say how much a megapixel of 1024 × 1024 takes in one piece."""
    whole = (manifest.speed.peak_memory_mb or 1000.0) * 1e6
    fed = area if manifest.tile is None else min(area, manifest.tile.tile**2)
    return int(WORKER_BYTES + whole * fed / 2**20)


def _pixel_layers(document: Document) -> Iterator[RasterLayer]:
    return (
        layer
        for layer in document.iter_layers()
        if isinstance(layer, RasterLayer) and not layer.tiles.content_bounds().is_empty
    )


def _turned(pixels: Pixels, quarter: int, is_flipped: bool) -> Pixels:
    turned = np.rot90(pixels, quarter)
    return turned[:, ::-1] if is_flipped else turned


def _turned_back(pixels: FloatPixels, quarter: int, is_flipped: bool) -> FloatPixels:
    return np.rot90(pixels[:, ::-1] if is_flipped else pixels, -quarter)


def _levels(values: FloatPixels, kind: np.dtype[np.generic]) -> Pixels:
    limit = 255 if kind == np.uint8 else 65535
    np.clip(np.rint(values, out=values), 0, limit, out=values)
    levels: Pixels = values.astype(kind)
    return levels
