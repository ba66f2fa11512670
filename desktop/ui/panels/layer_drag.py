"""A press on a row that becomes a drag: where it would land, groups that open under it, lists that scroll along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, QTimer, Signal

from desktop.core.document import Document
from desktop.core.layers import GroupLayer, LayerId
from desktop.ui.panels.layer_rows import ROW_PX, Place, Row, can_land, is_within, place_at

DRAG_START_PX = 6
OPEN_MS = 600  # a closed group opens when a drag rests on it this long
SCROLL_MS = 30


@dataclass(frozen=True, slots=True)
class Press:
    position: QPoint
    layer_id: LayerId
    layer_ids: tuple[LayerId, ...]  # what is dragged
    is_mask: bool = False  # only the layer's mask is, to another layer


class RowDrag(QObject):
    """`place` is where the layers would land now; None where they cannot."""

    opened = Signal(int)  # the group to open
    scrolled = Signal()  # time to scroll on, while the pointer is near an edge

    def __init__(self, parent: QObject, depth_at: Callable[[int], int]) -> None:
        super().__init__(parent)
        self._depth_at = depth_at
        self._press: Press | None = None
        self._over: LayerId | None = None
        self.is_dragging = False
        self.copies = False
        self.place: Place | None = None
        self._opening = QTimer(self, singleShot=True, interval=OPEN_MS)
        self._opening.timeout.connect(self._open_group)
        self._scrolling = QTimer(self, interval=SCROLL_MS)
        self._scrolling.timeout.connect(self.scrolled)

    @property
    def press(self) -> Press | None:
        return self._press

    def begin(self, press: Press) -> None:
        self.end()
        self._press = press

    def move(self, document: Document, rows: list[Row], position: QPoint, *, copies: bool) -> None:
        """The pointer went on; `copies` while the key is held that leaves the layers where they are."""
        press = self._press
        if press is None:
            return
        if not self.is_dragging and (position - press.position).manhattanLength() < DRAG_START_PX:
            return
        self.is_dragging, self.copies = True, copies
        self._scrolling.start()
        if press.is_mask:
            number = position.y() // ROW_PX
            self.place = _place_on(rows, number) if 0 <= number < len(rows) else None
            if self.place is not None and self.place.parent_id == press.layer_id:
                self.place = None
            return
        place = place_at(document, rows, position.y(), self._depth_at(position.x()))
        self._rest_on(document, place)
        self.place = place if self._lands(document, press.layer_ids, place) else None

    def end(self) -> None:
        """Over, dropped or not."""
        self._press, self.place, self._over = None, None, None
        self.is_dragging = self.copies = False
        self._opening.stop()
        self._scrolling.stop()

    def _lands(self, document: Document, layer_ids: tuple[LayerId, ...], place: Place) -> bool:
        if any(not document.has_layer(one) for one in layer_ids):
            return False
        if any(is_within(document, place.parent_id, one) for one in layer_ids):
            return False
        return self.copies or any(can_land(document, one, place) for one in layer_ids)

    def _rest_on(self, document: Document, place: Place) -> None:
        over = place.parent_id if place.line_y is None else None
        if over == self._over:
            return
        self._over = over
        self._opening.stop()
        if over is not None and isinstance(document.layer(over), GroupLayer):
            self._opening.start()

    def _open_group(self) -> None:
        if self._over is not None:
            self.opened.emit(self._over)


def _place_on(rows: list[Row], number: int) -> Place:
    """A row as a whole."""
    return Place(rows[number].layer.id, 0, None, number, rows[number].depth)
