"""The canvas: shows a document, pans and zooms, and feeds the pointer to the tool in hand. A raster QWidget."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
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

from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect, Size
from desktop.ui.canvas.picture import Picture
from desktop.ui.canvas.pointer import PointerInput
from desktop.ui.canvas.scene import CanvasScene, device_rect
from desktop.ui.canvas.tool_overlays import ClickMarks, GradientLineOverlay, PickerRing
from desktop.ui.canvas.view import View, next_zoom
from desktop.ui.state import EditorState

FRAME_MS = 16
WHEEL_ZOOM = 1.2  # one notch


class CanvasWidget(QWidget):
    """Coordinates: `x, y` are device pixels of this widget, points are image pixels."""

    view_changed = Signal()
    orientation_changed = Signal()  # upright or not, mirrored or not
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
        self.hover: tuple[float, float] | None = None  # where the pointer is
        self._frame = QTimer(self, singleShot=True, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._next_frame)
        self._slices = QTimer(self, singleShot=True, interval=0)
        self._slices.timeout.connect(self._do_slice)
        self.pointer = PointerInput(self)
        self._scene = CanvasScene(self)
        self.gradient_line, self.picker_ring = GradientLineOverlay(self.update), PickerRing(self.update)
        self.clicks = ClickMarks(self.update)
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
                self.set_upright()
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
        if session is None or session.view is None:
            return
        self._set_view(session.view)
        if session.is_fitted:
            self.fit()

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
    def visible_picture(self) -> Picture | None:
        return self._before or self._picture

    @property
    def is_preview(self) -> bool:
        """True while a result that waits is shown in the place of the document."""
        return self._shown is not self.state.open_document

    @property
    def shows_mask_alone(self) -> bool:
        """True while the active layer's mask stands in grey in the place of the picture."""
        return self.state.is_mask_alone and self._before is None and not self.is_preview

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

    @property
    def middle(self) -> tuple[float, float]:
        size = self.view_size
        return size.width / 2, size.height / 2

    def fit(self) -> None:
        if self._picture is not None:
            turned = {"rotation": self.view.rotation, "flipped": self.view.flipped}
            self._set_view(View.fitted(self._picture.size, self.view_size, **turned))
            self._is_fitted = True

    def zoom_to(self, zoom: float, at: tuple[float, float] | None = None) -> None:
        """Zooms with the image point at `at` (device pixels, default the middle) held in place."""
        self._set_view(self.view.zoomed_at(*(at or self.middle), zoom))

    def zoom_step(self, direction: int, at: tuple[float, float] | None = None) -> None:
        self.zoom_to(next_zoom(self.view.zoom, direction), at)

    def turn_to(self, rotation: float, at: tuple[float, float] | None = None) -> None:
        """Turns the view, not the document, with the image point at `at` held in place."""
        self._turn(self.view.turned_at(*(at or self.middle), rotation))

    def mirror(self) -> None:
        """Shows the picture mirrored left-right, or no longer."""
        self._turn(self.view.mirrored_at(self.middle[0]))

    def set_upright(self) -> None:
        view = self.view.mirrored_at(self.middle[0]) if self.view.flipped else self.view
        self._turn(view.turned_at(*self.middle, 0.0))

    def pan_by(self, dx: float, dy: float) -> None:
        self._set_view(self.view.panned(dx, dy))

    def device_shift(self) -> tuple[float, float]:
        """How far the widget's corner lies inside a device pixel, where the scale of the screen is no whole number."""
        corner, ratio = self.mapTo(self.window(), QPoint(0, 0)), self.devicePixelRatioF()
        return corner.x() * ratio % 1, corner.y() * ratio % 1

    def to_device(self, position: QPointF) -> tuple[float, float]:
        ratio, shift = self.devicePixelRatioF(), self.device_shift()
        return position.x() * ratio + shift[0], position.y() * ratio + shift[1]

    def from_device(self, x: float, y: float) -> QPointF:
        ratio, shift = self.devicePixelRatioF(), self.device_shift()
        return QPointF((x - shift[0]) / ratio, (y - shift[1]) / ratio)

    def to_image(self, position: QPointF) -> Point:
        return self.view.view_to_image(*self.to_device(position))

    def from_image(self, point: Point) -> QPoint:
        """The widget position nearest to an image point; for tests and scripts."""
        return self.from_device(*self.view.image_to_view(point)).toPoint()

    def _turn(self, view: View) -> None:
        """A picture that was fitted is fitted again in quarter turns."""
        was_fitted = self._is_fitted
        self._set_view(view)
        if was_fitted and view.is_square:
            self.fit()

    def _set_view(self, view: View) -> None:
        if self._picture is None:
            return
        self._is_fitted = False
        before, self.view = self.view, view.kept_in_sight(self._picture.size, self.view_size)
        self.view_changed.emit()
        if (before.is_upright, before.flipped) != (self.view.is_upright, self.view.flipped):
            self.orientation_changed.emit()
        self.update()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio, shift = self.devicePixelRatioF(), _part_of_a_pixel(painter)
        painter.scale(1 / ratio, 1 / ratio)
        painter.translate(-shift[0], -shift[1])
        is_whole = True
        for rect in event.region():
            is_whole = self._scene.draw(painter, device_rect(rect, ratio, shift)) and is_whole
        painter.end()
        if not is_whole:
            self._slices.start()

    # changes of the document

    def _document_changed(self, _layer_id: int, rect: Rect) -> None:
        if self.shows_mask_alone:  # what the picture shows of it is not all that changed
            self._update_image_rect(rect)
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
        picture = self.visible_picture
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
        start, end = self.from_device(left, top), self.from_device(right, bottom)
        x, y = math.floor(start.x()), math.floor(start.y())
        self.update(QRect(x, y, math.ceil(end.x()) - x, math.ceil(end.y()) - y))

    # the pointer

    def hover_at(self, position: QPointF | None) -> None:
        """Moves the brush outline and tells where the pointer is."""
        old = self.hover
        self.hover = None if position is None else self.to_device(position)
        for place in (old, self.hover):
            outline = None if place is None else self._scene.outline_rect(*place)
            if outline is not None:
                self._update_device_rect(*outline)
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


def _part_of_a_pixel(painter: QPainter) -> tuple[float, float]:
    """How far a painter's corner lies inside a pixel of what it paints on."""
    transform = painter.deviceTransform()
    return transform.dx() % 1, transform.dy() % 1
