"""An adjustment or filter applied to a layer's own pixels, or to its mask: block by block in threads, inside one edit.

What is seen comes first. New settings begin afresh from the pixels as they were, so the last settings are what stays.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from desktop.core.color import Pixels, max_level
from desktop.core.document import Document
from desktop.core.edits import Edit, OpenDocument
from desktop.core.effect_values import Place
from desktop.core.effects import Prepared, prepared, read_around, without_margin
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, Rect
from desktop.core.layers import EffectSettings, LayerId
from desktop.core.step_back import step_back
from desktop.core.tile_pool import usable_cores
from desktop.core.tiles import TILE, TileMap
from desktop.tools.locks import keeps_alpha
from desktop.tools.painting import Plane, paintable_layer

BLOCK_TILES = ((32, 1), (256, 2))  # up to this reach a block is so many tiles wide, beyond it four
LARGEST_BLOCK_TILES = 4
IN_FLIGHT = 3  # blocks on their way for each thread: the next ones are there when one is done


@dataclass(frozen=True, slots=True)
class Source:
    """The pixels as they were: a layer's or a mask's, as RGBA, and where they may be changed."""

    tiles: TileMap
    canvas: Rect
    selection: TileMap | None
    keeps_alpha: bool

    @property
    def is_mask(self) -> bool:
        return self.tiles.channels == 1

    @property
    def domain(self) -> Rect:
        """Beyond it the picture's rim goes on."""
        return self.canvas if self.is_mask else self.canvas.union(self.tiles.content_bounds())

    def read(self, rect: Rect) -> Pixels:
        """(H, W, 4) straight."""
        pixels = self.tiles.read(rect)
        if not self.is_mask:
            return pixels
        opaque = np.full(pixels.shape, 255, pixels.dtype)
        return np.concatenate([pixels, pixels, pixels, opaque], axis=2)

    def stored(self, pixels: Pixels) -> Pixels:
        return pixels[..., :1] if self.is_mask else pixels

    def share(self, rect: Rect) -> Pixels | None:
        """How far pixels may change (H, W), 0 to 255; None: wholly."""
        return None if self.selection is None else self.selection.read(rect)[..., 0]


def source_of(document: Document, layer_id: LayerId | None, plane: Plane, *, fills: bool = False) -> Source:
    """UserError when nothing may be changed there; only fills begin on an empty layer."""
    layer = paintable_layer(document, layer_id, plane)
    if plane is Plane.MASK:
        if layer.mask is None:
            raise UserError("document.no_mask", name=layer.name)
        return Source(layer.mask.tiles, document.size.rect(), document.selection, keeps_alpha=False)
    raster = document.raster_layer(layer.id)
    source = Source(raster.tiles, document.size.rect(), document.selection, keeps_alpha(document, layer.id))
    if not fills and area_of(source, None).is_empty:
        raise UserError("effect.empty", name=layer.name)
    return source


def area_of(source: Source, effect: Prepared | None) -> Rect:
    """Where pixels may look different."""
    area = source.canvas if source.is_mask else source.tiles.bounds()
    if effect is not None and effect.effect is not None and not source.is_mask:
        if effect.effect.source is not None or effect.fills:
            area = frame_of(source)
        elif effect.spreads:
            area = source.tiles.content_bounds().expanded(effect.reach).intersect(source.domain)
    if source.selection is not None:
        area = area.intersect(source.selection.content_bounds())
    return area


def frame_of(source: Source) -> Rect:
    """What distortions are centred in: the selection, or the canvas."""
    bounds = source.canvas if source.selection is None else source.selection.content_bounds()
    return bounds.intersect(source.canvas)


def changed_block(source: Source, effect: Prepared, rect: Rect) -> Pixels | None:
    """A block (H, W, 4) with the effect, as far as the selection allows; None where nothing may change."""
    share = source.share(rect)
    if share is not None and not share.any():
        return None
    before = source.read(rect)
    if effect.is_neutral:
        return before
    assert effect.effect is not None
    if effect.effect.source is not None:
        after = effect.distort(source.read, rect, source.domain, frame_of(source))
    else:
        reach = effect.reach
        around = read_around(source.read, rect, reach, source.domain)
        after = without_margin(effect.apply(around, Place(rect.x - reach, rect.y - reach, source.canvas)), reach)
    if source.keeps_alpha:
        after = np.concatenate([after[..., :3], before[..., 3:]], axis=2)
    return after if share is None else _mixed(before, after, share)


def blocks_of(area: Rect, reach: int, seen: Rect = EMPTY_RECT) -> list[Rect]:
    """The area cut along tiles, so large that margins do not cost more than blocks; what is seen first."""
    tiles = next((count for most, count in BLOCK_TILES if reach <= most), LARGEST_BLOCK_TILES)
    side = tiles * TILE
    found = [
        Rect(x, y, side, side).intersect(area)
        for y in range(area.top // side * side, area.bottom, side)
        for x in range(area.left // side * side, area.right, side)
    ]
    middle_x, middle_y = seen.x + seen.width / 2, seen.y + seen.height / 2

    def distance(block: Rect) -> tuple[bool, float]:
        away = max(abs(block.x + block.width / 2 - middle_x), abs(block.y + block.height / 2 - middle_y))
        return block.intersect(seen).is_empty, away

    return sorted((block for block in found if not block.is_empty), key=distance)


class EffectRun:
    """Keeps one edit open from its making to `keep` or `drop`. Lives in one thread; `work` takes little of its time."""

    def __init__(
        self, opened: OpenDocument, layer_id: LayerId, plane: Plane, name: str, *, fills: bool = False
    ) -> None:
        self.source = source_of(opened.document, layer_id, plane, fills=fills)
        self._layer_id, self._plane = layer_id, plane
        self._edit: Edit | None = opened.edit(name)
        self._edit.__enter__()
        self._threads = max(usable_cores() - 1, 1)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="effect", initializer=step_back)
        self._waiting: list[Rect] = []
        self._running: list[tuple[Rect, Future[Pixels | None]]] = []
        self._touched = EMPTY_RECT  # has other pixels than before
        self._total = 0
        self._settings: EffectSettings | None = None

    @property
    def is_done(self) -> bool:
        return not self._waiting and not self._running

    @property
    def progress(self) -> float:
        """0..1 of the blocks of the last settings."""
        left = len(self._waiting) + len(self._running)
        return 1.0 if self._total == 0 else 1 - left / self._total

    def start(self, settings: EffectSettings, seen: Rect) -> None:
        """Begins afresh with other settings; `seen` is what the window shows of the picture."""
        if settings == self._settings:
            return
        self._settings, effect = settings, prepared(settings)
        self._stop()
        area = EMPTY_RECT if effect.is_neutral else area_of(self.source, effect)
        self._waiting = blocks_of(area.union(self._touched), effect.reach, seen)[::-1]
        self._total = len(self._waiting)
        self._submit()

    def work(self) -> bool:
        """Takes over what is done; True when there is more to come. Raises what a block raised."""
        done = [(rect, future) for rect, future in self._running if future.done()]
        self._running = [pair for pair in self._running if pair not in done]
        self._submit()
        for rect, future in done:
            pixels = future.result()
            if pixels is not None:
                self._write(rect, pixels)
        return not self.is_done

    def finish(self) -> None:
        """Waits for all of it."""
        while self.work():
            for _, future in self._running[:1]:
                future.exception()

    def keep(self) -> None:
        """One history entry, or none where nothing was changed."""
        assert self.is_done
        edit = self._taken()
        if edit is not None and self._touched.is_empty:
            _roll_back(edit)
        elif edit is not None:
            edit.__exit__(None, None, None)

    def drop(self) -> None:
        edit = self._taken()
        if edit is not None:
            _roll_back(edit)

    def _taken(self) -> Edit | None:
        self._stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        edit, self._edit = self._edit, None
        return edit

    def _stop(self) -> None:
        for _, future in self._running:
            future.cancel()
        self._waiting, self._running = [], []

    def _submit(self) -> None:
        assert self._settings is not None
        effect = prepared(self._settings)
        while self._waiting and len(self._running) < IN_FLIGHT * self._threads:
            rect = self._waiting.pop()
            self._running.append((rect, self._pool.submit(changed_block, self.source, effect, rect)))

    def _write(self, rect: Rect, pixels: Pixels) -> None:
        assert self._edit is not None
        mask = self._plane is Plane.MASK
        editor = self._edit.mask_pixels(self._layer_id) if mask else self._edit.pixels(self._layer_id)
        editor.write(rect, self.source.stored(pixels))
        self._touched = self._touched.union(rect)
        self._edit.touched(self._layer_id, rect)


class _DroppedError(Exception):
    """Leaves the edit's block without a trace."""


def _roll_back(edit: Edit) -> None:
    edit.__exit__(_DroppedError, _DroppedError(), None)


def apply_now(opened: OpenDocument, layer_id: LayerId, plane: Plane, settings: EffectSettings, name: str) -> None:
    """The whole effect at once, as one history entry."""
    run = EffectRun(opened, layer_id, plane, name, fills=prepared(settings).fills)
    try:
        run.start(settings, opened.document.size.rect())
        run.finish()
    except BaseException:
        run.drop()
        raise
    run.keep()


def apply_to_pixels(
    pixels: Pixels, settings: EffectSettings, tell: Callable[[float], Any] = lambda _share: None
) -> Pixels:
    """A flat picture (H, W, 4) straight with an effect, for the command line; `tell` hears how far it is."""
    height, width = pixels.shape[:2]
    canvas, effect = Rect(0, 0, width, height), prepared(settings)
    source = Source(TileMap.from_array(pixels), canvas, None, keeps_alpha=False)
    out = pixels.copy()
    blocks = [] if effect.is_neutral else blocks_of(canvas, effect.reach)
    with ThreadPoolExecutor(usable_cores(), thread_name_prefix="effect") as pool:
        made = pool.map(lambda rect: changed_block(source, effect, rect), blocks)
        for number, (rect, block) in enumerate(zip(blocks, made, strict=True), start=1):
            if block is not None:
                out[rect.top : rect.bottom, rect.left : rect.right] = block
            tell(number / len(blocks))
    return out


def _mixed(before: Pixels, after: Pixels, share: Pixels) -> Pixels:
    """Between two pictures by 0..255, premultiplied where alpha differs; exact at both ends."""
    part = share.astype(np.float32)[..., None] / np.float32(255)
    top = np.float32(max_level(before.dtype))
    old, new = before.astype(np.float32), after.astype(np.float32)
    if np.array_equal(before[..., 3], after[..., 3]):
        out = np.rint(old + (new - old) * part)
    else:
        alpha = old[..., 3:] + (new[..., 3:] - old[..., 3:]) * part
        weights = old[..., 3:] * (1 - part), new[..., 3:] * part
        rgb = (old[..., :3] * weights[0] + new[..., :3] * weights[1]) / np.maximum(weights[0] + weights[1], 1e-6)
        out = np.rint(np.concatenate([np.clip(np.where(alpha > 0, rgb, old[..., :3]), 0, top), alpha], axis=2))
    mixed = out.astype(before.dtype)
    unchanged, whole = share == 0, share == 255
    mixed[unchanged], mixed[whole] = before[unchanged], after[whole]
    return mixed
