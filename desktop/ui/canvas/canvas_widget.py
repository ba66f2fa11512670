"""The canvas: shows a document, pans and zooms, and feeds the pointer to the tool in hand. A raster QWidget."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect, Size
from desktop.ui.canvas.brush_overlay import brush_rect, draw_brush, draw_label, draw_symmetry
from desktop.ui.canvas.overlays import draw_mask, draw_rim, draw_selection
from desktop.ui.canvas.picture import Picture, draw_checkerboard
from desktop.ui.canvas.pointer import PointerInput
from desktop.ui.canvas.tool_overlays import GradientLineOverlay, PickerRing
from desktop.ui.canvas.view import View, next_zoom
from desktop.ui.i18n import tr
from desktop.ui.state import PAINT_TOOLS, EditorState, Tool
from desktop.ui.theme import color, tokens

FRAME_MS = 16
WHEEL_ZOOM = 1.2  # one notch


class CanvasWidget(QWidget):
    """Coordinates: `x, y` are device pixels of this widget, points are image pixels."""

    view_changed = Signal()
    pointer_moved = Signal(object)  # Point in the image, or None when the pointer left
    files_dropped = Signal(list)

    def __init__(self, state: EditorState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.view = View()
        self.shows_mask = True
        self._shown: OpenDocument | None = None
        self._picture: Picture | None = None
        self._before: Picture | None = None
        self._is_fitted = True
        self._known_size = Size(0, 0)
        self._hover: tuple[float, float] | None = None
        self._frame = QTimer(self, singleShot=True, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._next_frame)
        self._slices = QTimer(self, singleShot=True, interval=0)
        self._slices.timeout.connect(self._do_slice)
        self.pointer = PointerInput(self)
        self.gradient_line, self.picker_ring = GradientLineOverlay(self.update), PickerRing(self.update)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        state.document_left.connect(self._leave_document)
        state.document_replaced.connect(self._enter_document)
        state.active_layer_changed.connect(self._layer_changed)
        state.tool_changed.connect(self._tool_changed)
        state.options_changed.connect(self.update)
        state.region.changed.connect(self._region_changed)

    # documents

    def show_document(self, open_document: OpenDocument | None, *, keeps_view: bool = False) -> None:
        """Shows a document, or a preview of one with `keeps_view`."""
        self._close_picture()
        self._shown = open_document
        if open_document is not None:
            self._picture = Picture(open_document)
            self._picture.set_active_layer(self.state.layer_id)
            open_document.changed.connect(self._document_changed)
            open_document.tree_changed.connect(self.schedule_frame)
            open_document.selection_changed.connect(self.update)
            self._known_size = self._picture.size
            if not keeps_view:
                self.fit()
        self._tool_changed()
        self.update()

    def _leave_document(self) -> None:
        """The gesture ends, and the document keeps its place in the view."""
        self.pointer.cancel()
        self.show_before(None)
        session = self.state.current
        if session is not None:
            session.view, session.is_fitted = self.view, self._is_fitted

    def _enter_document(self) -> None:
        self.show_document(self.state.open_document)
        session = self.state.current
        if session is not None and session.view is not None and not session.is_fitted:
            self._set_view(session.view)

    def show_before(self, open_document: OpenDocument | None) -> None:
        """Shows an older picture while a key is held; None goes back."""
        if self._before is not None:
            self._before.close()
        self._before = None if open_document is None else Picture(open_document)
        self.update()

    @property
    def picture(self) -> Picture | None:
        """What is shown, for those who show it small."""
        return self._picture

    @property
    def is_showing_before(self) -> bool:
        return self._before is not None

    @property
    def is_complete(self) -> bool:
        """True when nothing of the visible picture is still to come."""
        return not self._slices.isActive() and not self._frame.isActive()

    def close_document(self) -> None:
        self._close_picture()
        self.show_before(None)

    # the view

    @property
    def view_size(self) -> Size:
        """In device pixels."""
        ratio = self.devicePixelRatioF()
        return Size(round(self.width() * ratio), round(self.height() * ratio))

    def fit(self) -> None:
        if self._picture is not None:
            self._set_view(View.fitted(self._picture.size, self.view_size))
            self._is_fitted = True

    def zoom_to(self, zoom: float, at: tuple[float, float] | None = None) -> None:
        """Zooms with the image point at `at` (device pixels, default the middle) held in place."""
        if self._picture is None:
            return
        size = self.view_size
        x, y = at or (size.width / 2, size.height / 2)
        self._set_view(self.view.zoomed_at(x, y, zoom))

    def zoom_step(self, direction: int, at: tuple[float, float] | None = None) -> None:
        self.zoom_to(next_zoom(self.view.zoom, direction), at)

    def pan_by(self, dx: float, dy: float) -> None:
        self._set_view(self.view.panned(dx, dy))

    def to_device(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return position.x() * ratio, position.y() * ratio

    def to_image(self, position: QPointF) -> Point:
        return self.view.view_to_image(*self.to_device(position))

    def from_image(self, point: Point) -> QPoint:
        """The widget position nearest to an image point; for tests and scripts."""
        x, y = self.view.image_to_view(point)
        ratio = self.devicePixelRatioF()
        return QPoint(round(x / ratio), round(y / ratio))

    def _set_view(self, view: View) -> None:
        if self._picture is None:
            return
        self._is_fitted = False
        self.view = view.kept_in_sight(self._picture.size, self.view_size)
        self.view_changed.emit()
        self.update()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        for rect in event.region():
            self._paint_part(painter, rect, ratio)
        painter.end()

    def _paint_part(self, painter: QPainter, rect: QRect, ratio: float) -> None:
        left, top = math.floor(rect.left() * ratio), math.floor(rect.top() * ratio)
        right, bottom = math.ceil((rect.right() + 1) * ratio), math.ceil((rect.bottom() + 1) * ratio)
        area = QRectF(left, top, right - left, bottom - top)
        painter.setClipRect(area)
        t = tokens()
        painter.fillRect(area, QColor(t.surround))
        picture = self._before or self._picture
        if picture is None:
            return
        canvas = QRectF(*self.view.rect_in_view(picture.size.rect()))
        draw_checkerboard(painter, area.intersected(canvas), t.checker_light, t.checker_dark)
        painter.setClipRect(area.intersected(canvas))
        if not picture.draw(painter, self.view, left, top, right, bottom):
            self._slices.start()
        if self._before is None:
            self._draw_masks(painter, self.view.rect_in_image(left, top, right, bottom))
        painter.setClipRect(area)
        self._draw_selection(painter, self.view.rect_in_image(left, top, right, bottom))
        draw_rim(painter, self.view, picture.size, color(t.line))
        if self.state.tool in PAINT_TOOLS:
            draw_symmetry(
                painter, self.view, self.state.options.symmetry, self.state.symmetry_center(), picture.size.rect()
            )
        self._draw_outline(painter)
        self.gradient_line.draw(painter, self.view, ratio)
        self.picker_ring.draw(painter, self.view, ratio)

    def _draw_masks(self, painter: QPainter, area: Rect) -> None:
        is_preview = self._shown is not self.state.open_document  # a result is judged without red over it
        if self._picture is None or not self.shows_mask or is_preview:
            return
        area = area.intersect(self._picture.size.rect())
        if self.state.tool is Tool.REGION:
            draw_mask(painter, self.view, self.state.region.tiles, area, inverted=False)
        elif self.state.paints_mask() and (mask := self.state.shown_mask()) is not None:
            draw_mask(painter, self.view, mask, area, inverted=True)

    def _draw_selection(self, painter: QPainter, area: Rect) -> None:
        document = self.state.document
        if document is not None and document.selection is not None and self._before is None:
            draw_selection(painter, self.view, document.selection, area.intersect(document.size.rect()))

    def _draw_outline(self, painter: QPainter) -> None:
        if self._hover is None or not self._shows_outline():
            return
        brush, resize = self.state.brush, self.pointer.resize
        place = self._hover if resize is None else self.to_device(resize.start)
        draw_brush(painter, *place, self._brush_settings(), self.view.zoom)
        if resize is not None:
            draw_label(
                painter, *place, tr("brush.size_label", size=f"{brush.size_px:g}", hardness=f"{brush.hardness:g}")
            )

    def _brush_settings(self) -> BrushSettings:
        return self.state.brush.settings(self.state.color, BrushMode.PAINT)

    def _shows_outline(self) -> bool:
        return self.state.tool in PAINT_TOOLS and self._picture is not None and not self.pointer.is_panning

    # changes of the document

    def _document_changed(self, _layer_id: int, _rect: Rect) -> None:
        self.schedule_frame()

    def schedule_frame(self) -> None:
        if not self._frame.isActive():
            self._frame.start()

    def _next_frame(self) -> None:
        """Once a frame: the pointer's last moves, then exactly what they changed."""
        self.pointer.flush()
        if self._picture is None:
            return
        for rect in self._picture.refresh(self._visible_rect()):
            self._update_image_rect(rect)
        if self._picture.is_stale:
            self._frame.start()
        if self._picture.size != self._known_size:
            self._known_size = self._picture.size
            self.fit()

    def _do_slice(self) -> None:
        picture = self._before or self._picture
        if picture is None:
            return
        ready, is_done = picture.work_slice(self.view, self._visible_rect())
        self._update_image_rect(ready)
        if not is_done:
            self._slices.start()

    def _visible_rect(self) -> Rect:
        """The image pixels that are in sight."""
        size = self.view_size
        return self.view.rect_in_image(0, 0, size.width, size.height)

    def _region_changed(self, rect: Rect) -> None:
        self._update_image_rect(rect)

    def _layer_changed(self) -> None:
        if self._picture is not None:
            self._picture.set_active_layer(self.state.layer_id)
        self.update()

    def _update_image_rect(self, rect: Rect) -> None:
        if rect.is_empty:
            return
        left, top, width, height = self.view.rect_in_view(rect)
        margin = 2 * max(self.view.zoom, 1) + (2 << self.view.level()) * self.view.zoom
        self._update_device_rect(left - margin, top - margin, left + width + margin, top + height + margin)

    def _update_device_rect(self, left: float, top: float, right: float, bottom: float) -> None:
        ratio = self.devicePixelRatioF()
        x, y = math.floor(left / ratio), math.floor(top / ratio)
        self.update(QRect(x, y, math.ceil(right / ratio) - x, math.ceil(bottom / ratio) - y))

    # the pointer

    def hover_at(self, position: QPointF | None) -> None:
        """Moves the brush outline and tells where the pointer is."""
        old = self._hover
        self._hover = None if position is None else self.to_device(position)
        if self._shows_outline():
            settings = self._brush_settings()
            for place in (old, self._hover):
                if place is not None:
                    self._update_device_rect(*brush_rect(*place, settings, self.view.zoom))
        self.pointer_moved.emit(None if position is None else self.to_image(position))

    def _tool_changed(self) -> None:
        self.pointer.refresh_cursor()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.pointer.mouse_press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer.mouse_move(event)
        self.hover_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.pointer.mouse_release(event)

    def tabletEvent(self, event: QTabletEvent) -> None:
        self.pointer.tablet(event)
        self.hover_at(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels, notches = event.pixelDelta(), event.angleDelta()
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            self.pan_by((notches.y() or notches.x()) / 2, 0)
        elif modifiers & Qt.KeyboardModifier.AltModifier:
            self.pan_by(0, (notches.y() or notches.x()) / 2)
        elif not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase:
            self.pan_by(pixels.x(), pixels.y())
        else:
            self.zoom_to(self.view.zoom * WHEEL_ZOOM ** (notches.y() / 120), self.to_device(event.position()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.pointer.key_press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self.pointer.key_release(event):
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.pointer.let_go_of_keys()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.hover_at(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._is_fitted:
            self.fit()
        elif self._picture is not None:
            self.view = self.view.kept_in_sight(self._picture.size, self.view_size)

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    def _close_picture(self) -> None:
        self.pointer.cancel()
        if self._shown is not None:
            self._shown.changed.disconnect(self._document_changed)
            self._shown.tree_changed.disconnect(self.schedule_frame)
            self._shown.selection_changed.disconnect(self.update)
        if self._picture is not None:
            self._picture.close()
        self._picture, self._shown = None, None
