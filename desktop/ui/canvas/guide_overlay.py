"""Guides, grid and the lines of snapping over the canvas, and the pointer that takes hold of a guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLineF, QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QMouseEvent, QPainter, QPen

from desktop.core.document import Guide
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.guides import IsInside, drag_guide, drag_new_guide, guide_near
from desktop.ui.canvas.aids import CanvasAids
from desktop.ui.canvas.view import View
from desktop.ui.state import Tool
from desktop.ui.theme import color

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

GUIDE_COLOR = QColor("#1fb6ff")
HOVERED_COLOR = QColor("#7fd6ff")
HELD_COLOR = QColor("#ff4fa3")
GRID_OPACITY = {True: 0.75, False: 0.35}  # main lines and those between them
REACH_PX = 5.0  # how near the pointer takes hold of a guide, in points of the screen
STRIP_PX = 5.0  # around a line that changed
STRAIGHT_PX = 0.01


class GuideOverlay(QObject):
    """Draws what `aids` shows; `grab` gives the gesture of a press on a guide."""

    menu_asked = Signal(int, QPoint)  # for which guide, and where on the screen
    place_asked = Signal(int)

    def __init__(self, canvas: CanvasWidget, aids: CanvasAids) -> None:
        super().__init__(canvas)
        self.canvas, self.aids = canvas, aids
        self._opened: OpenDocument | None = None
        self._drawn: tuple[Guide, ...] = ()
        self.hovered: int | None = None
        canvas.overlays.append(self)
        canvas.installEventFilter(self)
        canvas.pointer.cursor_over = self.cursor
        canvas.pointer_moved.connect(self._pointer_moved)
        canvas.state.document_replaced.connect(self._document_replaced)
        for signal in (aids.changed, aids.held_changed, aids.crosshair_changed):
            signal.connect(canvas.update)

    # taking hold

    def grab(self, point: Point, modifiers: Modifier) -> Gesture | None:
        """Moving the guide under the pointer: with the move tool, or with Ctrl held."""
        index, opened = self.guide_at(point, modifiers), self.canvas.state.open_document
        if index is None or opened is None:
            return None
        is_inside = self._stays(opened.document.guides[index].is_vertical)
        return drag_guide(opened, index, self.aids.snapping(without_guides=True), is_inside)

    def guide_at(self, point: Point, modifiers: Modifier) -> int | None:
        """The guide that a press here would take."""
        state = self.canvas.state
        takes = state.tool is Tool.MOVE or (Modifier.CTRL in modifiers and state.tool is not Tool.PICKER)
        if not takes or state.document is None or not self.aids.guides_shown or self.aids.guides_locked:
            return None
        reach = REACH_PX * self.canvas.devicePixelRatioF() / self.canvas.view.zoom
        return guide_near(state.document.guides, point, reach)

    def new_guide(self, *, is_upright: bool) -> Gesture | None:
        """What a press on a ruler begins: a guide along that ruler, whichever way the picture is turned."""
        opened = self.canvas.state.open_document
        if opened is None:
            return None
        is_vertical = is_upright == _is_upright(_line_of(self.canvas.view, Guide(0.0, True), self._visible()))
        snapping = self.aids.snapping(without_guides=True)
        return drag_new_guide(opened, snapping, self._stays(is_vertical), is_vertical=is_vertical)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A right click on a guide asks for its menu, a double click for its place."""
        if isinstance(event, QContextMenuEvent):
            index = self._guide_under(QPointF(event.pos()), event.modifiers())
            if index is not None:
                self.menu_asked.emit(index, event.globalPos())
                return True
        elif event.type() == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent):
            index = self._guide_under(event.position(), event.modifiers())
            if index is not None and event.button() == Qt.MouseButton.LeftButton:
                self.place_asked.emit(index)
                return True
        return bool(super().eventFilter(watched, event))

    def cursor(self) -> Qt.CursorShape | None:
        """The arrows across the guide under the pointer."""
        document = self.canvas.state.document
        if self.hovered is None or document is None or self.hovered >= len(document.guides):
            return None
        line = _line_of(self.canvas.view, document.guides[self.hovered], self._visible())
        return Qt.CursorShape.SplitHCursor if _is_upright(line) else Qt.CursorShape.SplitVCursor

    def _pointer_moved(self, point: Point | None) -> None:
        if self.canvas.pointer.is_busy:
            return
        hovered = None if point is None else self.guide_at(point, _modifiers(QGuiApplication.keyboardModifiers()))
        if hovered != self.hovered:
            self.hovered = hovered
            self.canvas.pointer.refresh_cursor()
            self.canvas.update()

    def _guide_under(self, position: QPointF, held: Qt.KeyboardModifier) -> int | None:
        return self.guide_at(self.canvas.to_image(position), _modifiers(held))

    def _stays(self, is_vertical: bool) -> IsInside:
        """False over the ruler and beyond the view: a guide that is let go there is removed."""

        def is_inside(point: Point) -> bool:
            x, y = self.canvas.view.image_to_view(point)
            size = self.canvas.view_size
            line = _line_of(self.canvas.view, Guide(0.0, is_vertical), self._visible())
            return 0 <= x < size.width if _is_upright(line) else 0 <= y < size.height

        return is_inside

    # drawing

    def draw(self, painter: QPainter, ratio: float) -> None:
        """Grid below guides below what holds; the painter works in device pixels."""
        state, thickness = self.canvas.state, float(max(1, round(ratio)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if state.document is not None and self.aids.grid_shown:
            self._draw_grid(painter, state.document.size.rect().intersect(self._visible()), thickness)
        if state.open_document is not None and self.aids.guides_shown:
            self._drawn = state.open_document.shown.guides
            for index, guide in enumerate(self._drawn):
                is_hovered = index == self.hovered and not self.canvas.pointer.is_busy
                shade, width = (HOVERED_COLOR, thickness + 1) if is_hovered else (GUIDE_COLOR, thickness)
                self._draw_line(painter, guide.position_px, guide.is_vertical, shade, width)
        for line in self.aids.held:
            self._draw_line(painter, line.position_px, line.is_vertical, HELD_COLOR, thickness)
        if self.aids.crosshair is not None:
            self._draw_line(painter, self.aids.crosshair.x, True, GUIDE_COLOR, thickness)
            self._draw_line(painter, self.aids.crosshair.y, False, GUIDE_COLOR, thickness)

    def _draw_line(self, painter: QPainter, position: float, is_vertical: bool, shade: QColor, width: float) -> None:
        visible, guide = self._visible(), Guide(position, is_vertical)
        if _is_in_sight(guide, visible):
            _draw(painter, _line_of(self.canvas.view, guide, visible), shade, width)

    def _draw_grid(self, painter: QPainter, area: Rect, width: float) -> None:
        if area.is_empty:
            return
        grid, view = self.aids.grid, self.canvas.view
        shades = {is_major: color(grid.color, opacity) for is_major, opacity in GRID_OPACITY.items()}
        for is_vertical in (True, False):
            start, stop = (area.left, area.right) if is_vertical else (area.top, area.bottom)
            for line in grid.lines(start, stop, is_vertical=is_vertical, scale=view.zoom):
                shown = _line_of(view, Guide(line.position_px, is_vertical), area)
                _draw(painter, shown, shades[line.is_major], width)

    def _document_replaced(self) -> None:
        self.hovered = None
        opened = self.canvas.state.open_document
        if opened is not None:
            opened.guides_changed.connect(self._guides_changed)

    def _guides_changed(self) -> None:
        """Only the strips along guides that came or went are painted again."""
        opened = self.canvas.state.open_document
        if opened is None or not self.aids.guides_shown:
            return
        visible = self._visible()
        for guide in set(self._drawn) ^ set(opened.shown.guides):
            if not _is_in_sight(guide, visible):
                continue
            line = _line_of(self.canvas.view, guide, visible)
            self.canvas.update_device_rect(
                min(line.x1(), line.x2()) - STRIP_PX,
                min(line.y1(), line.y2()) - STRIP_PX,
                max(line.x1(), line.x2()) + STRIP_PX,
                max(line.y1(), line.y2()) + STRIP_PX,
            )

    def _visible(self) -> Rect:
        """The image pixels in sight, and a little more."""
        size = self.canvas.view_size
        return self.canvas.view.rect_in_image(0, 0, size.width, size.height).expanded(1)


def _is_in_sight(guide: Guide, area: Rect) -> bool:
    low, high = (area.left, area.right) if guide.is_vertical else (area.top, area.bottom)
    return low <= guide.position_px <= high


def _line_of(view: View, guide: Guide, area: Rect) -> QLineF:
    """A guide in device pixels, as long as `area` (image pixels)."""
    at = guide.position_px
    ends = ((at, area.top), (at, area.bottom)) if guide.is_vertical else ((area.left, at), (area.right, at))
    start, end = (QPointF(*view.image_to_view(Point(*point))) for point in ends)
    return QLineF(start, end)


def _modifiers(held: Qt.KeyboardModifier) -> Modifier:
    return Modifier.CTRL if held & Qt.KeyboardModifier.ControlModifier else Modifier.NONE


def _is_upright(line: QLineF) -> bool:
    return bool(abs(line.dx()) < abs(line.dy()))


def _draw(painter: QPainter, line: QLineF, shade: QColor, width: float) -> None:
    """Lines along the screen fill whole device pixels; turned ones are smooth."""
    if abs(line.dx()) <= STRAIGHT_PX:
        top, bottom = sorted((line.y1(), line.y2()))
        painter.fillRect(QRectF(round(line.x1()), round(top), width, round(bottom) - round(top)), shade)
    elif abs(line.dy()) <= STRAIGHT_PX:
        left, right = sorted((line.x1(), line.x2()))
        painter.fillRect(QRectF(round(left), round(line.y1()), round(right) - round(left), width), shade)
    else:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(shade, width))
        painter.drawLine(line)
