"""The crop tool: a frame that is drawn, dragged, turned and given a ratio; Enter cuts, Escape takes the frame back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect, Size
from desktop.core.transform_box import HANDLES, TransformBox
from desktop.tools.extending import grows
from desktop.tools.gestures import Gesture, GestureCancelled, Modifier
from desktop.tools.made_layers import drawn_anew
from desktop.tools.names import EditName
from desktop.tools.resizing import CropFrame, cropped, largest_inside
from desktop.ui.canvas.frame_overlay import FrameOverlay, handle_at
from desktop.ui.makers import MAKERS
from desktop.ui.memory import check_new_size
from desktop.ui.state import Tool

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

SHORTEST_PX = 2.0
UNIT = Rect(0, 0, 1000, 1000)  # the frame as a box: its scales are the sides in thousands of pixels


class CropRatio(Enum):
    FREE = "free"
    PICTURE = "picture"
    SQUARE = "1:1"
    FIVE_FOUR = "5:4"
    FOUR_THREE = "4:3"
    THREE_TWO = "3:2"
    WIDE = "16:9"

    def value_for(self, size: Size) -> float | None:
        """Width by height; None for any."""
        if self is CropRatio.FREE:
            return None
        if self is CropRatio.PICTURE:
            return size.width / size.height
        across, down = self.value.split(":")
        return int(across) / int(down)


@dataclass(frozen=True, slots=True)
class CropOptions:
    ratio: CropRatio = CropRatio.FREE
    upright: bool = False  # the ratio stands on its shorter side
    deletes: bool = True
    fills: bool = False  # what lies beyond the picture, in a frame that is not turned


class CropCommands(QObject):
    """`changed` when the frame or an option is another one."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self.frame: CropFrame | None = None
        self.options = CropOptions()
        self.overlay = FrameOverlay(window.canvas, shades=True)
        for signal in (self._state.tool_changed, self._state.document_replaced):
            signal.connect(self.reset)
        self._watched: OpenDocument | None = None
        self._state.document_replaced.connect(self._watch)

    @property
    def is_active(self) -> bool:
        return self._state.tool is Tool.CROP and self.frame is not None

    @property
    def is_changed(self) -> bool:
        document = self._state.document
        return self.frame is not None and document is not None and self.frame != CropFrame.around(document.size.rect())

    def reset(self) -> None:
        """The frame around the whole canvas while the tool is in hand, else none."""
        document = self._state.document
        is_wanted = self._state.tool is Tool.CROP and document is not None
        self._show(CropFrame.around(document.size.rect()) if is_wanted and document is not None else None)

    def apply(self) -> None:
        """Cuts the picture to the frame. UserError where the frame misses it or would not fit into memory."""
        frame, deletes, fills = self.frame, self.options.deletes, self.options.fills
        opened = self._state.open_document
        if frame is None or opened is None or not self.is_changed:
            return
        check_new_size(self._window.settings, frame.size, opened.document.depth)
        self._window.ai.settle()

        def land(document: Document) -> None:
            if document is opened.document:  # the filling was stopped
                return
            with opened.edit(EditName.CROP) as edit:
                edit.replace_document(document)
            self.reset()

        def work(document: Document) -> Document:
            if fills and frame.angle == 0 and grows(frame.rect(), document.size):
                return self._window.editing.extending.filled(document, frame.rect(), keeps_outside=not deletes)
            return drawn_anew(document, cropped(document, frame, keeps_outside=not deletes), MAKERS)

        self._window.layers.compute(work, land)

    def apply_guarded(self) -> None:
        self._window.guarded(self.apply)

    def set_option(self, **changes: object) -> None:
        self.options = replace(self.options, **changes)  # type: ignore[arg-type]
        ratio = self._ratio()
        if self.frame is not None and ratio is not None:
            width = min(self.frame.width, self.frame.height * ratio)
            self._show(replace(self.frame, width=width, height=width / ratio))
        self.changed.emit()

    def set_numbers(self, **changes: float) -> None:
        """Typed numbers; width and height follow each other where a ratio is chosen."""
        if self.frame is None:
            return
        ratio = self._ratio()
        if ratio is not None and "width" in changes:
            changes["height"] = changes["width"] / ratio
        elif ratio is not None and "height" in changes:
            changes["width"] = changes["height"] * ratio
        self._show(replace(self.frame, **changes))

    def key(self, key: Qt.Key) -> bool:
        if not self.is_active:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.apply_guarded()
        elif key == Qt.Key.Key_Escape:
            self.reset()
        else:
            return False
        return True

    def cursor(self) -> Qt.CursorShape | None:
        place, frame = self._window.canvas.hover, self.frame
        if not self.is_active or frame is None or place is None:
            return None
        point, box = self._window.canvas.view.view_to_image(*place), _box_of(frame)
        if handle_at(self._window.canvas, box.place, point) is not None:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.SizeAllCursor if self.is_changed and box.contains(point) else Qt.CursorShape.CrossCursor

    def gesture(self, modifiers: Modifier) -> Gesture | None:
        if self.frame is None:
            return None
        return self._straighten() if Modifier.CTRL in modifiers else self._drag(self.frame)

    def _drag(self, start: CropFrame) -> Gesture:
        """A handle or the inside of a frame that was drawn; anywhere else a new frame is drawn."""
        event = yield
        pressed, box = event.point, _box_of(start)
        handle = handle_at(self._window.canvas, box.place, pressed)
        moves = handle is None and self.is_changed and box.contains(pressed)
        snapping = self._window.aids.snapping(None)
        pressed = snapping.point(pressed, event.modifiers)
        try:
            while event.pressed:
                place = snapping.point(event.point, event.modifiers)
                dx, dy = place.x - pressed.x, place.y - pressed.y
                keeps = self._ratio() is not None or Modifier.SHIFT in event.modifiers
                if moves:
                    self._show(replace(start, x=start.x + dx, y=start.y + dy))
                elif handle is not None:
                    from_middle = Modifier.ALT in event.modifiers
                    self._show(_frame_of(box.scaled(handle, dx, dy, keeps_ratio=keeps, from_middle=from_middle)))
                elif max(abs(dx), abs(dy)) >= SHORTEST_PX:
                    self._show(self._drawn(pressed, place, is_square=Modifier.SHIFT in event.modifiers))
                event = yield
        except GestureCancelled:
            self._show(start)
            raise
        finally:
            snapping.end()

    def _straighten(self) -> Gesture:
        """A line along what shall be level or upright: the frame turns to it."""
        event = yield
        start = end = event.point
        try:
            while event.pressed:
                end = event.point
                self.overlay.show_line((start, end))
                event = yield
        finally:
            self.overlay.show_line(None)
        if math.hypot(end.x - start.x, end.y - start.y) >= SHORTEST_PX and self.frame is not None:
            angle = math.degrees(math.atan2(end.y - start.y, end.x - start.x))
            self.straighten((angle + 45) % 90 - 45)

    def straighten(self, angle: float) -> None:
        """Turns the frame, and makes it as large as fits into the picture there."""
        document = self._state.document
        if document is None:
            return
        size = document.size
        ratio = self._ratio() or size.width / size.height
        width, height = largest_inside(size, angle, ratio)
        if angle:  # its corners lie on the rim, which is soft
            width, height = max(math.floor(width) - 2.0, 1.0), max(math.floor(height) - 2.0, 1.0)
        self._show(CropFrame(size.width / 2, size.height / 2, width, height, round(angle, 2)))

    def _drawn(self, start: Point, end: Point, *, is_square: bool) -> CropFrame:
        width, height = abs(end.x - start.x), abs(end.y - start.y)
        ratio = self._ratio() or (1.0 if is_square else None)
        if ratio is not None:
            width, height = max(width, height * ratio), max(height, width / ratio)
        left = start.x if end.x >= start.x else start.x - width
        top = start.y if end.y >= start.y else start.y - height
        return CropFrame(left + width / 2, top + height / 2, max(width, 1), max(height, 1))

    def _ratio(self) -> float | None:
        document = self._state.document
        ratio = None if document is None else self.options.ratio.value_for(document.size)
        return ratio if ratio is None or not self.options.upright else 1 / ratio

    def _show(self, frame: CropFrame | None) -> None:
        self.frame = None if frame is None else _on_pixels(frame)
        if self.frame is None:
            self.overlay.show(None, {})
        else:
            box = _box_of(self.frame)
            self.overlay.show(box.quad(), {handle: box.place(handle) for handle in HANDLES})
        self.changed.emit()

    def _watch(self) -> None:
        """After undo the canvas may have another size."""
        if self._watched is not None:
            self._watched.tree_changed.disconnect(self._size_may_differ)
        self._watched = self._state.open_document
        if self._watched is not None:
            self._watched.tree_changed.connect(self._size_may_differ)

    def _size_may_differ(self) -> None:
        if self.is_active:
            self.reset()


def _on_pixels(frame: CropFrame) -> CropFrame:
    """An upright frame lies on whole pixels, so that what is seen is what is cut."""
    return CropFrame.around(frame.rect()) if frame.angle == 0 else frame


def _box_of(frame: CropFrame) -> TransformBox:
    scale_x, scale_y = frame.width / UNIT.width, frame.height / UNIT.height
    return TransformBox(UNIT, Point(frame.x, frame.y), scale_x, scale_y, frame.angle)


def _frame_of(box: TransformBox) -> CropFrame:
    width, height = max(abs(box.scale_x) * UNIT.width, 1.0), max(abs(box.scale_y) * UNIT.height, 1.0)
    return CropFrame(box.center.x, box.center.y, width, height, box.angle)
