"""Rulers along the canvas: ticks that follow the view, marks of the pointer, and guides pulled out of them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from desktop.core.geometry import Point
from desktop.tools.gestures import Gesture
from desktop.ui.canvas.aids import CanvasAids
from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.canvas.ruler_scale import Scale, Tick, axis_along, ticks
from desktop.ui.canvas.scene import part_of_a_pixel
from desktop.ui.i18n import tr
from desktop.ui.theme import color, tokens
from desktop.ui.units import pixels_per_unit
from desktop.ui.widgets.basics import tabular

THICKNESS_PX = 20
FONT_PX = 10
TICK_LENGTHS = (1.0, 0.5, 0.3)  # of the thickness, by rank
TEXT_GAP_PX = 3.0
MARK_PX = 4.0  # half the width of the pointer's triangle

MakeGesture = Callable[[], Gesture | None]
ShowMenu = Callable[[QPoint], None]


class CanvasEdge(QWidget):
    """A strip beside the canvas from which gestures are pulled into it."""

    def __init__(self, canvas: CanvasWidget, make_gesture: MakeGesture, show_menu: ShowMenu) -> None:
        super().__init__()
        self._canvas, self._make_gesture, self._show_menu = canvas, make_gesture, show_menu
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._canvas.pointer.is_busy:
            return
        gesture = self._make_gesture()
        if gesture is not None:
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)  # Escape breaks off
            self._canvas.pointer.begin(gesture, self._on_canvas(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._canvas.mouseMoveEvent(self._on_canvas(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._canvas.mouseReleaseEvent(self._on_canvas(event))

    def leaveEvent(self, event: QEvent) -> None:
        self._canvas.hover_at(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._show_menu(event.globalPos())

    def _on_canvas(self, event: QMouseEvent) -> QMouseEvent:
        """The same event where the canvas counts from."""
        position = QPointF(self._canvas.mapFromGlobal(self.mapToGlobal(event.position())))
        return QMouseEvent(
            event.type(),
            position,
            event.globalPosition(),
            event.button(),
            event.buttons(),
            event.modifiers(),
            event.pointingDevice(),
        )


class Ruler(CanvasEdge):
    def __init__(
        self, canvas: CanvasWidget, aids: CanvasAids, make_gesture: MakeGesture, show_menu: ShowMenu, *, is_top: bool
    ) -> None:
        super().__init__(canvas, make_gesture, show_menu)
        self._aids, self._is_top = aids, is_top
        self._pointer: Point | None = None
        grows, fixed = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        self.setSizePolicy(grows if is_top else fixed, fixed if is_top else grows)
        canvas.view_changed.connect(self.update)
        canvas.pointer_moved.connect(self._pointer_moved)
        canvas.state.document_replaced.connect(self.update)
        aids.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(THICKNESS_PX, THICKNESS_PX)

    def scale(self) -> Scale | None:
        """Units from the origin under this ruler; None without a picture, or when it is turned to an odd angle."""
        document = self._canvas.state.document
        axis = axis_along(self._canvas.view, is_top=self._is_top)
        if document is None or axis is None:
            return None
        origin = self._aids.origin.x if axis.is_across else self._aids.origin.y
        return axis.scale.in_units(pixels_per_unit(document, self._aids.unit, is_across=axis.is_across), origin)

    def ticks(self) -> list[tuple[float, Tick]]:
        """What is shown now, each tick with its device pixel along the ruler."""
        scale = self.scale()
        if scale is None:
            return []
        shown = ticks(scale, self._length(), self._aids.unit, self.devicePixelRatioF())
        return [(scale.place_of(tick.place), tick) for tick in shown]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio, shift = self.devicePixelRatioF(), part_of_a_pixel(painter)
        painter.fillRect(self.rect(), color(tokens().panel))
        painter.scale(1 / ratio, 1 / ratio)
        painter.translate(-shift[0], -shift[1])
        edge = round(shift[1 if self._is_top else 0] + THICKNESS_PX * ratio)  # where the canvas begins
        self._draw_ticks(painter, edge, ratio)
        self._draw_pointer(painter, edge, ratio)
        line = max(1, round(ratio))
        self._fill(painter, (0, edge - line), (self._length() + 2, line), tokens().line)
        painter.end()

    def _draw_ticks(self, painter: QPainter, edge: int, ratio: float) -> None:
        font = tabular(self.font())
        font.setPixelSize(round(FONT_PX * ratio))
        painter.setFont(font)
        width, t = max(1, round(ratio)), tokens()
        for exact_place, tick in self.ticks():
            place, length = round(exact_place), round(THICKNESS_PX * ratio * TICK_LENGTHS[tick.rank])
            self._fill(painter, (place, edge - length), (width, length), t.dim if tick.rank < 2 else t.disabled)
            if tick.label:
                self._draw_label(painter, place + width + round(TEXT_GAP_PX * ratio), tick.label, ratio)

    def _draw_label(self, painter: QPainter, place: float, text: str, ratio: float) -> None:
        """Beside its tick; on the left ruler it is read from below."""
        height, width = FONT_PX * ratio * 1.3, len(text) * FONT_PX * ratio
        painter.setPen(color(tokens().dim))
        middle, align = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag
        if self._is_top:
            painter.drawText(QRectF(place, 0, width, height), align.AlignLeft | middle, text)
            return
        painter.save()
        painter.translate(0, place)
        painter.rotate(-90)
        painter.drawText(QRectF(-width, 0, width, height), align.AlignRight | middle, text)
        painter.restore()

    def _draw_pointer(self, painter: QPainter, edge: int, ratio: float) -> None:
        if self._pointer is None:
            return
        place, mark = self._place_of_pointer(self._pointer), MARK_PX * ratio
        corners = [(place - mark, edge - 1.6 * mark), (place + mark, edge - 1.6 * mark), (place, edge)]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(tokens().text))
        painter.drawPolygon(QPolygonF([QPointF(x, y) if self._is_top else QPointF(y, x) for x, y in corners]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _fill(self, painter: QPainter, corner: tuple[float, float], size: tuple[float, float], shade: str) -> None:
        """A rectangle given along and across the ruler."""
        box = QRectF(*corner, *size) if self._is_top else QRectF(corner[1], corner[0], size[1], size[0])
        painter.fillRect(box, color(shade))

    def _pointer_moved(self, point: Point | None) -> None:
        for place in (self._pointer, point):
            if place is not None:
                self._update_around(self._place_of_pointer(place))
        self._pointer = point

    def _update_around(self, place: float) -> None:
        position = self._canvas.from_device(place, place)
        start, reach = round((position.x() if self._is_top else position.y()) - MARK_PX) - 1, round(2 * MARK_PX) + 3
        if self._is_top:
            self.update(start, 0, reach, THICKNESS_PX)
        else:
            self.update(0, start, THICKNESS_PX, reach)

    def _place_of_pointer(self, point: Point) -> float:
        return self._canvas.view.image_to_view(point)[0 if self._is_top else 1]

    def _length(self) -> float:
        return (self.width() if self._is_top else self.height()) * self.devicePixelRatioF()


class RulerCorner(CanvasEdge):
    """Where the rulers meet: pull the zero out of it, double click puts it back."""

    def __init__(self, canvas: CanvasWidget, aids: CanvasAids, make_gesture: MakeGesture, show_menu: ShowMenu) -> None:
        super().__init__(canvas, make_gesture, show_menu)
        self._aids = aids
        self.setFixedSize(THICKNESS_PX, THICKNESS_PX)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._aids.set_origin(Point(0.0, 0.0))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio, shift = self.devicePixelRatioF(), part_of_a_pixel(painter)
        painter.fillRect(self.rect(), color(tokens().panel))
        painter.scale(1 / ratio, 1 / ratio)
        painter.translate(round(-shift[0]), round(-shift[1]))
        side, line = round(THICKNESS_PX * ratio), max(1, round(ratio))
        middle = side // 2
        for box in (QRectF(middle, 0.3 * side, line, 0.5 * side), QRectF(0.3 * side, middle, 0.5 * side, line)):
            painter.fillRect(box.toRect(), color(tokens().dim))
        painter.fillRect(0, side - line, side, line, color(tokens().line))
        painter.fillRect(side - line, 0, line, side, color(tokens().line))
        painter.end()


class RuledCanvas(QWidget):
    """The canvas with its rulers, which keep the picture in its place when they come and go."""

    def __init__(
        self, canvas: CanvasWidget, aids: CanvasAids, gestures: dict[str, MakeGesture], show_menu: ShowMenu
    ) -> None:
        super().__init__()
        self._canvas, self._aids = canvas, aids
        self.corner = RulerCorner(canvas, aids, gestures["origin"], show_menu)
        self.top = Ruler(canvas, aids, gestures["level"], show_menu, is_top=True)
        self.left = Ruler(canvas, aids, gestures["upright"], show_menu, is_top=False)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.corner, 0, 0)
        grid.addWidget(self.top, 0, 1)
        grid.addWidget(self.left, 1, 0)
        grid.addWidget(canvas, 1, 1)
        for ruler in (self.corner, self.top, self.left):
            ruler.setVisible(aids.rulers_shown)
        aids.changed.connect(self._refresh)

    def retranslate(self) -> None:
        self.corner.setToolTip(tr("ruler.corner_tip"))
        self.top.setToolTip(tr("ruler.tip"))
        self.left.setToolTip(tr("ruler.tip"))
        self.top.setAccessibleName(tr("ruler.top"))
        self.left.setAccessibleName(tr("ruler.left"))
        self.corner.setAccessibleName(tr("ruler.corner"))

    def _refresh(self) -> None:
        shown = self._aids.rulers_shown
        if shown == (not self.top.isHidden()):
            return
        for ruler in (self.corner, self.top, self.left):
            ruler.setVisible(shown)
        if not self._canvas.is_fitted:
            shift = (-THICKNESS_PX if shown else THICKNESS_PX) * self.devicePixelRatioF()
            self._canvas.pan_by(shift, shift)
