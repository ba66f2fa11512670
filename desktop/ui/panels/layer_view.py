"""The rows of the layer list as a widget: which layers are listed, drawing those in sight, what lies where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from desktop.core.layers import LayerId
from desktop.tools.painting import Plane
from desktop.ui.panels.layer_drag import RowDrag
from desktop.ui.panels.layer_keys import is_list_key
from desktop.ui.panels.layer_painter import THUMB_PX, Choice, Part, RowPainter, RowShape
from desktop.ui.panels.layer_rows import ROW_PX, LayerFilter, Row, groups_around, rows_of
from desktop.ui.panels.layer_texts import description_of, tip_of_row
from desktop.ui.panels.thumbnails import Thumbnails
from desktop.ui.state import EditorState
from desktop.ui.theme import color, tokens

if TYPE_CHECKING:
    from desktop.ui.background import Background


class LayerView(QWidget):
    """Only rows in sight are drawn, so that hundreds of layers cost what a screenful does."""

    sight_wanted = Signal(QRect)

    def __init__(self, state: EditorState, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self._filter = LayerFilter()
        self._rows: list[Row] = []
        self.thumbs = Thumbnails(state, background, THUMB_PX, self)
        self.thumbs.made.connect(self.update)
        self.drag = RowDrag(self, lambda x: self.shape.depth_at(x))
        self.drag.opened.connect(lambda group_id: self.set_open(group_id, True))
        self._later = QTimer(self, singleShot=True, interval=30)
        self._later.timeout.connect(self.refresh)
        state.document_replaced.connect(self._document_replaced)
        state.active_layer_changed.connect(self._choice_changed)

    # what is listed

    def refresh(self) -> None:
        """Reads the tree again."""
        opened = self._state.open_document
        document = None if opened is None else opened.shown  # also what is only being written
        self._rows = [] if document is None else rows_of(document, self._collapsed, self._filter)
        self.setMinimumHeight(len(self._rows) * ROW_PX)
        self._describe()
        self.update()

    @property
    def _collapsed(self) -> frozenset[LayerId]:
        return frozenset() if self._state.current is None else self._state.current.collapsed

    @property
    def rows(self) -> list[Row]:
        """From the top."""
        return self._rows

    @property
    def shape(self) -> RowShape:
        return RowShape.of(self._state.document, self.width())

    def set_filter(self, wanted: LayerFilter) -> None:
        self._filter = wanted
        self.refresh()

    def is_open(self, group_id: LayerId) -> bool:
        return group_id not in self._collapsed

    def set_open(self, group_id: LayerId, is_open: bool, *, with_inner: bool = False) -> None:
        """Shows or hides what is in a group, with `with_inner` also in the groups within."""
        document = self._state.document
        if document is None:
            return
        ids = {group_id}
        if with_inner:
            ids |= {one.id for one in document.iter_layers() if group_id in groups_around(document, one.id)}
        self._state.set_collapsed(self._collapsed - ids if is_open else self._collapsed | ids)
        self.refresh()

    def reveal(self, layer_id: LayerId) -> None:
        """Opens the groups around a layer and scrolls to it."""
        document = self._state.document
        if document is None or not document.has_layer(layer_id):
            return
        self._state.set_collapsed(self._collapsed - set(groups_around(document, layer_id)))
        self.refresh()
        if self._number_of(layer_id) is not None:
            self.sight_wanted.emit(self.row_rect(layer_id))

    def sizeHint(self) -> QSize:
        return QSize(200, max(len(self._rows), 1) * ROW_PX)

    def row_rect(self, layer_id: LayerId) -> QRect:
        """Where a layer's row is."""
        number = self._number_of(layer_id)
        assert number is not None, layer_id
        return self.shape.row(number)

    def eye_rect(self, layer_id: LayerId) -> QRect:
        number = self._number_of(layer_id)
        assert number is not None, layer_id
        return self.shape.eye(number)

    def thumb_rect(self, layer_id: LayerId, plane: Plane) -> QRect:
        number = self._number_of(layer_id)
        assert number is not None, layer_id
        return self.shape.thumbs(self._rows[number], number)[plane]

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), color(tokens().sunken))
        state, chosen = self._state, self._state.chosen_ids
        choice = Choice(
            state.layer_id, state.plane, frozenset(chosen), state.is_mask_alone, len(chosen) > 1 or self.hasFocus()
        )
        rows = RowPainter(painter, self, self.shape, self.thumbs)
        first, last = max(event.rect().top() // ROW_PX, 0), event.rect().bottom() // ROW_PX
        for number, row in enumerate(self._rows[first : last + 1], first):
            rows.draw(row, number, choice, is_collapsed=row.layer.id in self._collapsed)
        if self.drag.place is not None:
            rows.draw_place(self.drag.place)
        painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._row_at(event.pos())
            tip = "" if found is None else tip_of_row(found[1].layer, self._part_at(event.pos()))
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        is_override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_override and (is_list_key(event) or self.drag.is_dragging):
            event.accept()
            return True
        return bool(super().event(event))

    def _part_at(self, position: QPoint) -> Part:
        """What of a row lies there."""
        found = self._row_at(position)
        return Part.NONE if found is None else self.shape.part_at(found[1], found[0], position)

    def _row_at(self, position: QPoint) -> tuple[int, Row] | None:
        number = position.y() // ROW_PX
        return (number, self._rows[number]) if 0 <= number < len(self._rows) else None

    def _number_of(self, layer_id: LayerId | None) -> int | None:
        return next((number for number, row in enumerate(self._rows) if row.layer.id == layer_id), None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _choice_changed(self) -> None:
        layer_id = self._state.layer_id
        if layer_id is not None:
            self.reveal(layer_id)
        self._describe()
        self.update()

    def _describe(self) -> None:
        """The active layer in words, for screen readers."""
        number = self._number_of(self._state.layer_id)
        text = "" if number is None else description_of(self._rows[number], number, len(self._rows), self._state.plane)
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)

    def _document_replaced(self) -> None:
        opened = self._state.open_document
        self.thumbs.clear()
        if opened is not None:
            opened.tree_changed.connect(self._later.start)
            opened.history_changed.connect(self._later.start)
            opened.draft_changed.connect(lambda _document: self._later.start())
        self.refresh()
