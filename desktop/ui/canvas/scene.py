"""What the canvas paints into one rectangle: ground, picture, masks, selection, rim, and the outlines of tools."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QRegion

from desktop.core.brush import PLAIN_BRUSH, BrushMode, BrushSettings
from desktop.core.geometry import Rect
from desktop.core.tiles import TileMap
from desktop.tools.channels import PLATES
from desktop.ui.canvas.brush_overlay import brush_rect, draw_brush, draw_label, draw_symmetry
from desktop.ui.canvas.channel_view import draw_plate
from desktop.ui.canvas.overlays import draw_mask, draw_mask_alone, draw_rim
from desktop.ui.canvas.picture import Picture, draw_canvas_ground
from desktop.ui.canvas.pixel_grid import draw_pixel_grid
from desktop.ui.i18n import tr
from desktop.ui.state import OUTLINED_TOOLS, PAINT_TOOLS, REGION_TOOLS, Tool
from desktop.ui.theme import color, tokens

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget


PART_PRICE_PX = 100_000  # a part of its own takes as long as so many pixels more


class CanvasScene:
    """Coordinates are device pixels of the canvas."""

    def __init__(self, canvas: CanvasWidget) -> None:
        self._canvas = canvas
        self._state = canvas.state

    def draw(self, painter: QPainter, part: QRect) -> bool:
        """Draws a part of the canvas. False when some tiles of the picture are still to come."""
        canvas, area, t = self._canvas, QRectF(part), tokens()
        painter.setClipRect(area)
        painter.fillRect(area, QColor(t.surround))
        picture = canvas.visible_picture
        if picture is None:
            return True
        is_whole = True
        for shown, side in self._sides(picture, part):
            is_whole = self._draw_picture(painter, shown, side) and is_whole
        painter.setClipRect(area)
        view, size = canvas.view, picture.size
        self._draw_selection(painter, part)
        draw_rim(painter, view, size, color(t.line))
        for overlay in canvas.overlays:
            overlay.draw(painter, canvas.devicePixelRatioF())
        if self._state.tool in PAINT_TOOLS:
            draw_symmetry(painter, view, self._state.options.symmetry, self._state.symmetry_center(), size.rect())
        self._draw_outline(painter)
        canvas.outline.draw(painter, view, canvas.devicePixelRatioF())
        canvas.clicks.draw(painter, view, canvas.devicePixelRatioF())
        canvas.gradient_line.draw(painter, view, canvas.devicePixelRatioF())
        canvas.picker_ring.draw(painter, view, canvas.devicePixelRatioF())
        canvas.split.draw(painter, canvas.devicePixelRatioF())
        self._draw_turn(painter)
        return is_whole

    def _sides(self, picture: Picture, part: QRect) -> list[tuple[Picture, QRect]]:
        """Which picture is shown in which rectangle: two where the part lies across the split line."""
        split = self._canvas.split
        if split.picture is None or not split.is_shown:
            return [(picture, part)]
        left, right = QRect(part), QRect(part)
        left.setRight(min(split.x - 1, part.right()))
        right.setLeft(max(split.x, part.left()))
        return [(shown, side) for shown, side in ((split.picture, left), (picture, right)) if not side.isEmpty()]

    def _draw_picture(self, painter: QPainter, picture: Picture, part: QRect) -> bool:
        canvas, area, view, t = self._canvas, QRectF(part), self._canvas.view, tokens()
        size, edges = picture.size, _edges(part)
        painter.setClipRect(area)
        draw_canvas_ground(painter, area, view, size, (t.checker_light, t.checker_dark))
        painter.setClipRect(area.intersected(QRectF(*view.rect_in_view(size.rect()))))
        is_present = picture is canvas.picture
        mask = self._state.shown_mask() if canvas.shows_mask_alone and is_present else None
        channel = self._state.shown_channel if is_present and mask is None else None
        if channel is not None and channel >= len(PLATES):
            mask = self._saved_selection(channel - len(PLATES))
        if mask is not None:
            draw_mask_alone(painter, view, mask, view.rect_in_image(*edges).intersect(size.rect()))
            is_whole = True
        elif channel is not None:
            is_whole = draw_plate(painter, picture, view, part, PLATES[channel])
        else:
            is_whole = picture.draw(painter, view, *edges)
        if canvas.shows_pixel_grid:
            draw_pixel_grid(painter, view, picture, part)
        if is_present:
            self._draw_masks(painter, view.rect_in_image(*edges))
        return is_whole

    def _saved_selection(self, number: int) -> TileMap:
        document = self._state.document
        assert document is not None
        return document.channels[number].tiles

    def outline_rect(self, x: float, y: float) -> tuple[float, float, float, float] | None:
        """Left, top, right, bottom of the brush outline at a place; None where it does not show."""
        if not self._shows_outline():
            return None
        zoom, ratio = self._canvas.view.zoom, self._canvas.devicePixelRatioF()
        return brush_rect(x, y, self._brush_settings(), zoom=zoom, ratio=ratio)

    def _draw_masks(self, painter: QPainter, area: Rect) -> None:
        canvas, state = self._canvas, self._state
        picture = canvas.picture
        if picture is None or not canvas.shows_mask or canvas.is_preview or canvas.shows_mask_alone:
            return  # a result is judged without red over it
        area = area.intersect(picture.size.rect())
        if state.tool in REGION_TOOLS or state.current in state.quick_masks:
            draw_mask(painter, canvas.view, state.region.tiles, area, inverted=False)
        elif state.paints_mask() and (mask := state.shown_mask()) is not None:
            draw_mask(painter, canvas.view, mask, area, inverted=True)

    def _draw_selection(self, painter: QPainter, part: QRect) -> None:
        document, canvas = self._state.document, self._canvas
        if document is None or document.selection is None or canvas.is_showing_before:
            return
        if canvas.shows_selection and not canvas.hides_selection:
            canvas.ants.draw(painter, document.selection, document.size, part)

    def _draw_outline(self, painter: QPainter) -> None:
        canvas, resize = self._canvas, self._canvas.pointer.resize
        place = canvas.hover if resize is None else canvas.to_device(resize.start)
        if place is None or not self._shows_outline():
            return
        ratio = canvas.devicePixelRatioF()
        draw_brush(painter, *place, self._brush_settings(), view=canvas.view, ratio=ratio)
        if resize is not None:
            brush = self._state.brush
            text = tr("brush.size_label", size=f"{brush.size_px:g}", hardness=f"{brush.hardness:g}")
            draw_label(painter, *place, text, ratio)

    def _draw_turn(self, painter: QPainter) -> None:
        """The angle beside the pointer while the view is being turned."""
        place = self._canvas.hover
        if self._canvas.pointer.is_turning and place is not None:
            text = tr("view.angle", degrees=f"{self._canvas.view.rotation:.0f}")
            draw_label(painter, *place, text, self._canvas.devicePixelRatioF())

    def _brush_settings(self) -> BrushSettings:
        if self._state.tool is Tool.STAMP:
            return replace(PLAIN_BRUSH, diameter_px=self._state.options.stamp.size_px)
        return self._state.brush.settings(self._state.color, BrushMode.PAINT)

    def _shows_outline(self) -> bool:
        canvas = self._canvas
        return self._state.tool in OUTLINED_TOOLS and canvas.picture is not None and not canvas.pointer.is_panning


def part_of_a_pixel(painter: QPainter) -> tuple[float, float]:
    """How far a painter's corner lies inside a pixel of what it paints on."""
    transform = painter.deviceTransform()
    return transform.dx() % 1, transform.dy() % 1


def merged_rects(region: QRegion) -> list[QRect]:
    """The rectangles of a region, or the one around them where that is drawn sooner."""
    around, parts = region.boundingRect(), list(region)
    separately = sum(part.width() * part.height() + PART_PRICE_PX for part in parts)
    return [around] if around.width() * around.height() + PART_PRICE_PX <= separately else parts


def _edges(part: QRect) -> tuple[int, int, int, int]:
    """Left, top, right, bottom."""
    return part.left(), part.top(), part.left() + part.width(), part.top() + part.height()


def device_rect(rect: QRect, ratio: float, shift: tuple[float, float]) -> QRect:
    """The whole device pixels that a rectangle of the widget touches."""
    left, top = math.floor(rect.left() * ratio + shift[0]), math.floor(rect.top() * ratio + shift[1])
    right = math.ceil((rect.right() + 1) * ratio + shift[0])
    bottom = math.ceil((rect.bottom() + 1) * ratio + shift[1])
    return QRect(left, top, right - left, bottom - top)
