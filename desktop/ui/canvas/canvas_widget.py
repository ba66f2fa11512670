"""The canvas: shows a document, pans and zooms, and feeds the pointer to the tool in hand. A raster QWidget."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QWidget

from desktop.core.edits import OpenDocument
from desktop.core.geometry import Rect, Size
from desktop.ui.canvas.marching import MarchingAnts
from desktop.ui.canvas.overlays import Overlay
from desktop.ui.canvas.picture import Picture
from desktop.ui.canvas.pointer import PointerInput
from desktop.ui.canvas.scene import CanvasScene, device_rect, merged_rects, part_of_a_pixel
from desktop.ui.canvas.split import SplitLine
from desktop.ui.canvas.tool_overlays import ClickMarks, GradientLineOverlay, OutlineOverlay, PickerRing
from desktop.ui.canvas.typing_widget import TypingWidget
from desktop.ui.focus import is_typing
from desktop.ui.state import EditorState

FRAME_MS = 16
THREADS_MS = 4  # until the threads that composite tiles are asked again
BREATH_MS = 1  # after a frame or a painting: events and other timers come before more of the picture


class CanvasWidget(TypingWidget):
    """Coordinates: `x, y` are device pixels of this widget, points are image pixels."""

    pointer_moved = Signal(object)  # Point in the image, or None when the pointer left
    files_dropped = Signal(list)

    def __init__(self, state: EditorState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.shows_mask = True
        self.shows_selection = True  # its line
        self.hides_selection = False  # while it is moved along with what it holds
        self.shows_pixel_grid = True  # from 800 % on
        self._shown: OpenDocument | None = None
        self._screen_profile: bytes | None = None
        self._picture: Picture | None = None
        self._before: Picture | None = None
        self._known_size = Size(0, 0)
        self.hover: tuple[float, float] | None = None  # where the pointer is
        self._frame = QTimer(self, singleShot=True, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._next_frame)
        self._slices = QTimer(self, singleShot=True, interval=0)
        self._slices.timeout.connect(self._do_slice)
        self._worked_at = 0.0  # when the last frame or painting ended, on time.perf_counter
        self.pointer = PointerInput(self)
        self.overlays: list[Overlay] = []
        self._scene = CanvasScene(self)
        self.ants = MarchingAnts(self)
        self.split = SplitLine(self)
        self.gradient_line, self.picker_ring = GradientLineOverlay(self.update), PickerRing(self.update)
        self.clicks, self.outline = ClickMarks(self.update), OutlineOverlay(self.update)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab has another meaning here: it would not lead on
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
            self._picture = self.made_picture(open_document)
            self._picture.set_active_layer(self.state.layer_id)
            open_document.changed.connect(self._document_changed)
            open_document.tree_changed.connect(self.schedule_frame)
            open_document.selection_changed.connect(self.update)
            self._known_size = self._picture.size
            if not keeps_view:
                self.fit_upright()
        self._tool_changed()
        self.view_changed.emit()
        self.update()

    def _leave_document(self) -> None:
        """The gesture ends, and the document keeps its place in the view."""
        self.pointer.cancel()
        self.split.hide()
        self.show_before(None)
        session = self.state.current
        if session is not None:
            session.view, session.is_fitted = self.view, self.is_fitted

    def _enter_document(self) -> None:
        self.show_document(self.state.open_document)
        session = self.state.current
        if session is None or session.view is None:
            return
        self.set_view(session.view)
        if session.is_fitted:
            self.fit()

    def show_before(self, open_document: OpenDocument | None) -> None:
        """Shows an older picture while a key is held; None goes back."""
        if self._before is not None:
            self._before.close()
        self._before = None if open_document is None else self.made_picture(open_document)
        self.update()

    def made_picture(self, open_document: OpenDocument) -> Picture:
        """A picture in the colours of the screen."""
        picture = Picture(open_document)
        picture.set_screen_profile(self._screen_profile)
        return picture

    def set_screen_profile(self, profile: bytes | None) -> None:
        """Shows every picture in the colours of a screen from now on; None leaves them as they are."""
        self._screen_profile = profile
        for picture in (self._picture, self._before, self.split.picture):
            if picture is not None:
                picture.set_screen_profile(profile)
        self.update()

    @property
    def picture_size(self) -> Size | None:
        return None if self._picture is None else self._picture.size

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
        self.split.hide()
        self.show_before(None)

    def cancel_gesture(self) -> None:
        self.pointer.cancel()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        painter = QPainter(self)
        ratio, shift = self.devicePixelRatioF(), part_of_a_pixel(painter)
        painter.scale(1 / ratio, 1 / ratio)
        painter.translate(-shift[0], -shift[1])
        is_whole = True
        for rect in merged_rects(event.region()):
            is_whole = self._scene.draw(painter, device_rect(rect, ratio, shift)) and is_whole
        painter.end()
        self._worked_at = time.perf_counter()
        self.ants.painted(1000 * (self._worked_at - began))
        if not is_whole:
            self._slices.start(BREATH_MS)

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
        start = time.perf_counter()
        self.pointer.flush()
        if self._picture is None:
            return
        for rect in self._picture.refresh(self.visible_rect(), spent_s=time.perf_counter() - start):
            self._update_image_rect(rect)
        self._worked_at = time.perf_counter()
        if self._picture.is_stale:
            self._frame.start()
        if self._picture.size != self._known_size:
            self._known_size = self._picture.size
            self.fit()

    def _do_slice(self) -> None:
        if time.perf_counter() - self._worked_at < BREATH_MS / 1000:  # in the same round of the loop: a longer pause
            self._slices.start(BREATH_MS)
            return
        pictures = [self.visible_picture, self.split.picture if self.split.is_shown else None]
        slices = [picture.work_slice(self.view, self.visible_rect()) for picture in pictures if picture is not None]
        for ready, _ in slices:
            self._update_image_rect(ready)
        if not all(is_done for _, is_done in slices):
            self._slices.start(THREADS_MS if all(ready.is_empty for ready, _ in slices) else 0)

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
        self.update_device_rect(left - margin, top - margin, left + width + margin, top + height + margin)

    # the pointer

    def hover_at(self, position: QPointF | None) -> None:
        """Moves the brush outline and tells where the pointer is."""
        old = self.hover
        self.hover = None if position is None else self.to_device(position)
        for place in (old, self.hover):
            outline = None if place is None else self._scene.outline_rect(*place)
            if outline is not None:
                self.update_device_rect(*outline)
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.types(event) and not self.pointer.key_press(event):
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.pointer.set_pans(False)  # whoever has the focus may not pass the key's release on
        super().focusOutEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange:
            self.update()  # what marches only does so in the active window
            if not self.isActiveWindow():
                self.pointer.let_go_of_pen()
        super().changeEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """The keys belong to the picture under the pointer, unless somebody is typing."""
        if self.isActiveWindow() and not is_typing():
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def leaveEvent(self, event: QEvent) -> None:
        self.hover_at(None)

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
