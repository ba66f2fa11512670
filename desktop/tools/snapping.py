"""Snapping: what attracts the pointer, an edge or a guide, and how far. Nothing here draws or knows the screen."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from desktop.core.document import Document
from desktop.core.geometry import EMPTY_RECT, Point, Rect, union_of
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.tools.gestures import Modifier
from desktop.tools.grid import Grid

TOLERANCE_PX = 8.0  # on the screen


class SnapKind(StrEnum):
    """What can attract; of two lines equally far the one named first here wins."""

    GUIDES = "guides"
    CANVAS = "canvas"
    LAYERS = "layers"
    GRID = "grid"


RANKS = {kind: rank for rank, kind in enumerate(SnapKind)}


@dataclass(frozen=True, slots=True)
class SnapLine:
    """An upright (at x) or level (at y) line in image pixels."""

    position_px: float
    is_vertical: bool
    kind: SnapKind


@dataclass(frozen=True, slots=True)
class Pull:
    """How far a position has to go to reach a line."""

    shift: float
    line: SnapLine

    @property
    def rank(self) -> tuple[float, int]:
        return abs(self.shift), RANKS[self.line.kind]


ShowLines = Callable[[tuple[SnapLine, ...]], None]


class SnapTargets:
    """Every line that attracts, sorted once, and the grid."""

    def __init__(self, lines: Collection[SnapLine] = (), grid: Grid | None = None) -> None:
        self.grid = grid
        self._lines = {
            is_vertical: sorted(
                (line for line in lines if line.is_vertical == is_vertical),
                key=lambda line: (line.position_px, RANKS[line.kind]),
            )
            for is_vertical in (False, True)
        }
        self._positions = {
            is_vertical: [line.position_px for line in sorted_lines]
            for is_vertical, sorted_lines in self._lines.items()
        }

    @property
    def has_any(self) -> bool:
        return self.grid is not None or any(self._lines.values())

    def pull(self, position: float, *, is_vertical: bool, scale: float, tolerance: float) -> Pull | None:
        """To the nearest line within `tolerance` image pixels; None where there is none.

        `scale` is the zoom: lines of the grid that do not show do not attract.
        """
        lines, positions = self._lines[is_vertical], self._positions[is_vertical]
        place = bisect_left(positions, position)
        found = [lines[place]] if place < len(lines) else []
        if place > 0:
            found.append(lines[bisect_left(positions, positions[place - 1])])  # the first of equals: the best kind
        if self.grid is not None:
            nearest = self.grid.nearest(position, is_vertical=is_vertical, scale=scale)
            found.append(SnapLine(nearest, is_vertical, SnapKind.GRID))
        pulls = [Pull(line.position_px - position, line) for line in found]
        return min((pull for pull in pulls if abs(pull.shift) <= tolerance), key=lambda pull: pull.rank, default=None)


class Snapping:
    """What a gesture asks where to go. Ctrl suspends it; `show` hears which lines hold."""

    def __init__(
        self,
        targets: SnapTargets,
        scale: Callable[[], float] = lambda: 1.0,
        show: ShowLines = lambda _lines: None,
        *,
        tolerance_px: float = TOLERANCE_PX,
    ) -> None:
        self._targets, self._scale, self._show, self._tolerance_px = targets, scale, show, tolerance_px

    @property
    def has_targets(self) -> bool:
        return self._targets.has_any

    def position(self, position: float, modifiers: Modifier, *, is_vertical: bool) -> float:
        """Where a line at `position` goes."""
        pull = self._strongest([position], is_vertical, modifiers)
        self._show(() if pull is None else (pull.line,))
        return position if pull is None else pull.line.position_px

    def point(self, point: Point, modifiers: Modifier) -> Point:
        """Where a point goes: each of its coordinates by itself."""
        across = self._strongest([point.x], True, modifiers)
        down = self._strongest([point.y], False, modifiers)
        self._show(_lines_of(across, down))
        return Point(
            point.x if across is None else across.line.position_px, point.y if down is None else down.line.position_px
        )

    def offset(self, bounds: Rect, dx: int, dy: int, modifiers: Modifier) -> tuple[int, int]:
        """Where something with these bounds goes instead of (dx, dy): an edge or the middle of it on a line.

        With Shift an axis that rests goes on resting. Pixels stay whole, so a line between two is met to half a pixel.
        """
        across = down = None
        if not bounds.is_empty:
            keeps_axis = Modifier.SHIFT in modifiers
            edges = [bounds.left + dx, bounds.right + dx, bounds.left + bounds.width / 2 + dx]
            across = None if keeps_axis and dx == 0 else self._strongest(edges, True, modifiers)
            edges = [bounds.top + dy, bounds.bottom + dy, bounds.top + bounds.height / 2 + dy]
            down = None if keeps_axis and dy == 0 else self._strongest(edges, False, modifiers)
        self._show(_lines_of(across, down))
        return (
            dx if across is None else round(dx + across.shift),
            dy if down is None else round(dy + down.shift),
        )

    def end(self) -> None:
        """The gesture is over: no line holds."""
        self._show(())

    def _strongest(self, positions: list[float], is_vertical: bool, modifiers: Modifier) -> Pull | None:
        if Modifier.CTRL in modifiers:
            return None
        scale = self._scale()
        tolerance = self._tolerance_px / scale
        pulls = (
            self._targets.pull(position, is_vertical=is_vertical, scale=scale, tolerance=tolerance)
            for position in positions
        )
        return min((pull for pull in pulls if pull is not None), key=lambda pull: pull.rank, default=None)


def no_snapping() -> Snapping:
    return Snapping(SnapTargets())


def snap_lines(document: Document, kinds: Collection[SnapKind], *, moved: Collection[LayerId] = ()) -> list[SnapLine]:
    """What attracts in a document: its guides, edges and middle, the bounds of layers that show but those moved."""
    lines: list[SnapLine] = []
    if SnapKind.GUIDES in kinds:
        lines += [SnapLine(guide.position_px, guide.is_vertical, SnapKind.GUIDES) for guide in document.guides]
    if SnapKind.CANVAS in kinds:
        lines += _lines_around(document.size.rect(), SnapKind.CANVAS)
    if SnapKind.LAYERS in kinds:
        for bounds in _visible_bounds(document.layers, moved):
            lines += _lines_around(bounds, SnapKind.LAYERS)
    return lines


def layer_bounds(layer: Layer) -> Rect:
    """The rectangle around everything in a layer, or in a group."""
    if isinstance(layer, GroupLayer):
        return union_of(layer_bounds(child) for child in layer.children)
    return layer.tiles.content_bounds()


def _visible_bounds(layers: tuple[Layer, ...], moved: Collection[LayerId]) -> list[Rect]:
    """Of each raster layer that shows; moved layers and what is in them do not attract themselves."""
    found: list[Rect] = []
    for layer in layers:
        if layer.id in moved or not layer.visible:
            continue
        if isinstance(layer, GroupLayer):
            found += _visible_bounds(layer.children, moved)
        elif (bounds := layer_bounds(layer)) != EMPTY_RECT:
            found.append(bounds)
    return found


def _lines_around(rect: Rect, kind: SnapKind) -> list[SnapLine]:
    upright = (rect.left, rect.left + rect.width / 2, rect.right)
    level = (rect.top, rect.top + rect.height / 2, rect.bottom)
    return [SnapLine(x, True, kind) for x in upright] + [SnapLine(y, False, kind) for y in level]


def _lines_of(*pulls: Pull | None) -> tuple[SnapLine, ...]:
    return tuple(pull.line for pull in pulls if pull is not None)
