"""The magnetic lasso: clicks set anchors, between them the line follows edges; a live wire leads to the pointer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.live_wire import LiveWire
from desktop.core.select import Joined, polygon
from desktop.tools import selecting
from desktop.tools.gestures import Gesture
from desktop.ui.background import Background
from desktop.ui.state import EditorState

CLOSING_SCREEN_PX = 8.0
REACH_SCREEN_PX = 256  # how far from its anchor the wire looks for edges
SIDE_PX = 512  # of the part it looks at, made smaller where the view is
SELF_SET_SCREEN_PX = 64.0  # while the button is held, an anchor comes by itself after so much


class MagneticLasso(QObject):
    """`outline_changed` (points of a line or None) while it is drawn; `failed` (UserError)."""

    outline_changed = Signal(object)
    failed = Signal(object)

    def __init__(self, state: EditorState, background: Background) -> None:
        super().__init__(background)
        self._state, self._background = state, background
        self._parts: list[list[Point]] = []  # each begins at an anchor
        self._anchor: Point | None = None
        self._wire: LiveWire | None = None
        self._wanted = 0  # wires of anchors before are dropped
        self.how = Joined.REPLACE
        self.zoom: Callable[[], float] = lambda: 1.0

    @property
    def is_drawing(self) -> bool:
        return self._anchor is not None

    @property
    def is_at_work(self) -> bool:
        """True while the edges around the last anchor are being looked for."""
        return self.is_drawing and self._wire is None

    def gesture(self) -> Gesture:
        """One press: an anchor; held and moved, anchors come by themselves. Near the first one it closes."""
        event = yield
        is_first = self._anchor is None
        if not is_first and self._closes_at(event.point):
            while event.pressed:
                event = yield
            self.close()
            return
        self._set_anchor(event.point)
        start = event.point
        while event.pressed:
            if self._anchor is not None and _distance(event.point, self._anchor) > SELF_SET_SCREEN_PX / self.zoom():
                self._set_anchor(event.point)
            self.hover(event.point)
            event = yield
        if _distance(event.point, start) > CLOSING_SCREEN_PX / self.zoom():
            if len(self._parts) >= 2 and self._closes_at(event.point):
                self.close()
            else:
                self._set_anchor(event.point)

    def key(self, key: Qt.Key) -> bool:
        """What keys mean while it is drawn; False when they mean nothing here."""
        if not self.is_drawing:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self._take_back()
        elif key == Qt.Key.Key_Escape:
            self.give_up()
        else:
            return False
        return True

    def hover(self, point: Point | None) -> None:
        """The wire leads to the pointer."""
        if self.is_drawing and point is not None:
            self.outline_changed.emit([*self._line(), *self._way_to(point)])

    def give_up(self) -> None:
        if self.is_drawing:
            self._forget()

    def close(self) -> None:
        """Back to the first anchor, and what lies within is the selection."""
        opened, options = self._state.open_document, self._state.options.select
        first = self._parts[0][0] if self._parts else self._anchor
        corners = [*self._line(), *(self._way_to(first) if first is not None else [])]
        self._forget()
        if opened is not None and len(corners) >= 3:
            shape = polygon(corners, opened.document.size.rect(), antialias=options.antialias)
            if not shape.rect.is_empty:
                selecting.select_shape(opened, shape, self.how, options.feather)

    def _forget(self) -> None:
        self._parts, self._anchor, self._wire = [], None, None
        self._wanted += 1
        self.outline_changed.emit(None)

    def _take_back(self) -> None:
        if not self._parts:
            self._forget()
            return
        self._anchor = self._parts.pop()[0]
        self._look_around(self._anchor)
        self.outline_changed.emit([*self._line(), self._anchor])

    def _set_anchor(self, point: Point) -> None:
        document = self._state.document
        if document is None:
            return
        rect = document.size.rect()
        point = Point(min(max(point.x, 0.0), rect.right - 0.01), min(max(point.y, 0.0), rect.bottom - 0.01))
        if self._anchor is not None:
            if _distance(point, self._anchor) < 1:
                return
            self._parts.append(self._way_to(point))
        self._anchor = point
        self._look_around(point)
        self.outline_changed.emit([*self._line(), point])

    def _look_around(self, anchor: Point) -> None:
        """Edges and ways are found in a thread; until then the wire is straight."""
        document, reach = self._state.document, REACH_SCREEN_PX / self.zoom()
        if document is None:
            return
        self._wire, self._wanted = None, self._wanted + 1
        number = self._wanted

        def land(wire: LiveWire) -> None:
            if number == self._wanted:
                self._wire = wire

        self._background.run(
            lambda: _wire_around(document, anchor, reach), on_done=land, on_error=self._failed, name="live-wire"
        )

    def _failed(self, error: UserError) -> None:
        self._forget()
        self.failed.emit(error)

    def _line(self) -> list[Point]:
        return [point for part in self._parts for point in part]

    def _way_to(self, point: Point) -> list[Point]:
        """From the last anchor; straight where the wire does not reach."""
        if self._anchor is None:
            return [point]
        if self._wire is None or not self._wire.reaches(point):
            return [self._anchor, point]
        return [self._anchor, *self._wire.way_to(point)]

    def _closes_at(self, point: Point) -> bool:
        near = CLOSING_SCREEN_PX / self.zoom()
        places: Sequence[Point | None] = (self._parts[0][0] if self._parts else None, self._anchor)
        return len(self._parts) >= 1 and any(one is not None and _distance(point, one) <= near for one in places)


def _wire_around(document: Document, anchor: Point, reach: float) -> LiveWire:
    x, y = int(anchor.x), int(anchor.y)
    far = max(int(reach), 16)
    place = Rect(x - far, y - far, 2 * far, 2 * far).intersect(document.size.rect())
    pixels = flatten(document, place)
    share = SIDE_PX / max(place.width, place.height)
    if share < 1:
        size = (max(round(place.width * share), 1), max(round(place.height * share), 1))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    return LiveWire(pixels, place, anchor)


def _distance(one: Point, other: Point) -> float:
    return max(abs(one.x - other.x), abs(one.y - other.y))
