"""A widget that looks at a picture through a view: places, zoom, rotation, and the gestures that move it."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QNativeGestureEvent, QResizeEvent, QTouchEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from desktop.core.geometry import Point, Rect, Size
from desktop.ui.canvas.scrolling import CanvasScrolling
from desktop.ui.canvas.touch import CanvasTouch
from desktop.ui.canvas.view import View, next_zoom


class ViewWidget(QWidget):
    """Coordinates: `x, y` are device pixels of this widget, points are image pixels."""

    view_changed = Signal()
    orientation_changed = Signal()  # upright or not, mirrored or not

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = View()
        self.is_fitted = True  # the whole picture is kept in sight
        self._known_room = Size(0, 0)
        self.scrolling = CanvasScrolling(self)
        self._touch = CanvasTouch(self, self.scrolling)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)

    @property
    def picture_size(self) -> Size | None:
        """None while there is nothing to look at."""
        raise NotImplementedError

    def cancel_gesture(self) -> None:
        """Breaks off what a finger began to draw, because a second one came."""

    @property
    def view_size(self) -> Size:
        """In device pixels."""
        ratio = self.devicePixelRatioF()
        return Size(round(self.width() * ratio), round(self.height() * ratio))

    @property
    def middle(self) -> tuple[float, float]:
        size = self.view_size
        return size.width / 2, size.height / 2

    def shown_rect(self) -> tuple[float, float, float, float]:
        """Left, top, width, height in device pixels of the upright rectangle around the picture."""
        return self.view.rect_in_view((self.picture_size or Size(0, 0)).rect())

    def fit(self) -> None:
        if self.picture_size is not None:
            turned = {"rotation": self.view.rotation, "flipped": self.view.flipped}
            self.set_view(View.fitted(self.picture_size, self.view_size, **turned))
            self.is_fitted = True

    def fit_upright(self) -> None:
        """As a picture is shown first."""
        if self.picture_size is not None:
            self.set_view(View.fitted(self.picture_size, self.view_size))
            self.is_fitted = True

    def zoom_to(self, zoom: float, at: tuple[float, float] | None = None) -> None:
        """Zooms with the image point at `at` (device pixels, default the middle) held in place."""
        self.set_view(self.view.zoomed_at(*(at or self.middle), zoom))

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
        self.set_view(self.view.panned(dx, dy))

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

    def set_view(self, view: View) -> None:
        if self.picture_size is None:
            return
        self.is_fitted = False
        self._known_room = self.view_size
        before, self.view = self.view, view.kept_in_sight(self.picture_size, self._known_room)
        self.view_changed.emit()
        if (before.is_upright, before.flipped) != (self.view.is_upright, self.view.flipped):
            self.orientation_changed.emit()
        self.update()

    def visible_rect(self) -> Rect:
        """The image pixels that are in sight."""
        size = self.view_size
        return self.view.rect_in_image(0, 0, size.width, size.height)

    def update_device_rect(self, left: float, top: float, right: float, bottom: float) -> None:
        ratio, (shift_x, shift_y) = self.devicePixelRatioF(), self.device_shift()
        x, y = math.floor((left - shift_x) / ratio), math.floor((top - shift_y) / ratio)
        end_x, end_y = math.ceil((right - shift_x) / ratio), math.ceil((bottom - shift_y) / ratio)
        self.update(QRect(x, y, end_x - x, end_y - y))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.scrolling.wheel(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._keep_middle()
        elif isinstance(event, QNativeGestureEvent):
            self.scrolling.gesture(event)
            return True
        elif isinstance(event, QTouchEvent):
            self._touch.touch(event)
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.is_fitted:
            self.fit()
        else:
            self.set_view(self.view)

    def _keep_middle(self) -> None:
        """On a screen of another scale the same point of the picture stays in the middle, at the same zoom."""
        if self.is_fitted:
            self.fit()
            return
        room, before = self.view_size, self._known_room
        self.set_view(self.view.panned((room.width - before.width) / 2, (room.height - before.height) / 2))

    def _turn(self, view: View) -> None:
        """A picture that was fitted is fitted again in quarter turns."""
        was_fitted = self.is_fitted
        self.set_view(view)
        if was_fitted and view.is_square:
            self.fit()
