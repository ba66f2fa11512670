"""The painted region of the AI tools: a soft mask of its own, many strokes, beside the document and its history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from desktop.core.brush import BrushMode, BrushSettings, Stroke
from desktop.core.events import Signal
from desktop.core.geometry import Rect, union_of
from desktop.core.tiles import TileEditor, TileMap, bounds_of_tiles
from desktop.tools.gestures import Gesture
from desktop.tools.strokes import LastStroke, follow


class Region:
    """Levels 0..255, 0 is outside. `changed(rect)` is emitted with image pixels while it is painted."""

    def __init__(self) -> None:
        self.changed: Signal[[Rect]] = Signal()
        self._tiles = _nothing()
        self._editor: TileEditor | None = None

    @property
    def tiles(self) -> TileMap:
        """The region as it looks now."""
        return self._tiles if self._editor is None else self._editor.live()

    @property
    def is_empty(self) -> bool:
        return len(self.tiles) == 0

    def bounds(self, canvas: Rect) -> Rect:
        """The rectangle around everything that is painted, inside the canvas."""
        return self._tiles.content_bounds().intersect(canvas)

    def set_tiles(self, tiles: TileMap) -> None:
        before = bounds_of_tiles(list(self._tiles.keys()))
        self._tiles = tiles
        self.changed.emit(before.union(bounds_of_tiles(list(tiles.keys()))))

    def clear(self) -> None:
        self.set_tiles(_nothing())

    def invert(self, canvas: Rect) -> None:
        """Swaps inside and outside within the canvas."""
        self.set_tiles(TileMap.from_array(255 - self._tiles.read(canvas), canvas.x, canvas.y))

    def stroke(self, settings: BrushSettings, *, erases: bool, last: LastStroke | None = None) -> Gesture:
        """Paints or erases the region."""
        level = 0.0 if erases else 1.0
        settings = replace(settings, color=(level, level, level), mode=BrushMode.PAINT)
        event = yield
        self._editor = TileEditor(self._tiles)
        touched: list[Rect] = []

        def announce(rect: Rect) -> None:
            touched.append(rect)
            self.changed.emit(rect)

        try:
            stroke = Stroke(self._editor, settings)
            yield from follow(event, stroke, settings, announce, last or LastStroke())
            self._tiles = self._editor.finish()
        finally:
            self._editor = None
            self.changed.emit(union_of(touched))


def _nothing() -> TileMap:
    return TileMap(1, np.uint8, 0)
