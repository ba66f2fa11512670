"""The list of layers: eye, thumbnail, mask thumbnail, name; drag to reorder and into groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QLineEdit, QScrollArea, QToolTip, QWidget

from desktop.core.errors import UserError
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.tools import layer_edits, layer_sets
from desktop.tools.names import EditName
from desktop.tools.painting import Plane
from desktop.ui.i18n import tr
from desktop.ui.icons import icon_pixmap
from desktop.ui.panels.layer_choice import choose_through, joined_by, pop_up_menu, toggle
from desktop.ui.panels.layer_rows import ROW_PX, Place, Row, can_land, is_within, place_at, rows_of
from desktop.ui.panels.thumbnails import Thumbnails
from desktop.ui.state import EditorState
from desktop.ui.theme import color, tokens

if TYPE_CHECKING:
    from desktop.ui.action_set import ActionSet

THUMB_PX = 32
EYE_WIDTH_PX = 36
INDENT_PX = 16
DRAG_START_PX = 6
CHECK_PX = 4


class LayerList(QScrollArea):
    """Scrolls the rows."""

    def __init__(self, state: EditorState, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = LayerRows(state, actions, self)
        self.setWidget(self.rows)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusProxy(self.rows)

    def edit_name(self) -> None:
        self.rows.edit_name()


class LayerRows(QWidget):
    """Paints all rows itself; a press chooses, a drag moves, a double click renames."""

    selection_wanted = Signal(int, object, object)  # layer id, Plane, Joined

    def __init__(self, state: EditorState, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self._actions = actions
        self._collapsed: set[LayerId] = set()
        self._rows: list[Row] = []
        self._thumbs = Thumbnails(state, THUMB_PX, self)
        self._thumbs.made.connect(self.update)
        self._narrows = False
        self._pressed: tuple[QPoint, LayerId] | None = None
        self._place: Place | None = None
        self._name_edit: QLineEdit | None = None
        self._later = QTimer(self, singleShot=True, interval=30)
        self._later.timeout.connect(self.refresh)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        state.document_replaced.connect(self._document_replaced)
        state.active_layer_changed.connect(self.update)

    def refresh(self) -> None:
        """Reads the tree again."""
        opened = self._state.open_document
        self._rows = [] if opened is None else rows_of(opened.document, self._collapsed)
        self.setMinimumHeight(len(self._rows) * ROW_PX)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, max(len(self._rows), 1) * ROW_PX)

    def row_rect(self, layer_id: LayerId) -> QRect:
        """Where a layer's row is; for tests and for keeping it in sight."""
        number = next(number for number, row in enumerate(self._rows) if row.layer.id == layer_id)
        return QRect(0, number * ROW_PX, self.width(), ROW_PX)

    def eye_rect(self, layer_id: LayerId) -> QRect:
        rect = self.row_rect(layer_id)
        return QRect(rect.left(), rect.top(), EYE_WIDTH_PX, ROW_PX)

    def thumb_rect(self, layer_id: LayerId, plane: Plane) -> QRect:
        number = next(number for number, row in enumerate(self._rows) if row.layer.id == layer_id)
        return self._thumb_rects(self._rows[number], number)[plane]

    def edit_name(self) -> None:
        layer = self._state.active_layer
        if layer is None or self._name_edit is not None:
            return
        number = next(number for number, row in enumerate(self._rows) if row.layer.id == layer.id)
        edit = self._name_edit = QLineEdit(layer.name, self)
        edit.setGeometry(self._name_rect(self._rows[number], number).adjusted(-6, 8, 0, -8))
        edit.selectAll()
        edit.show()
        edit.setFocus()
        edit.editingFinished.connect(self._end_name)
        edit.installEventFilter(self)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if watched is self._name_edit and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
                self._close_name()
                return True
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip_at(event.pos()), self)
            return True
        return bool(super().event(event))

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), color(tokens().sunken))
        for number, row in enumerate(self._rows):
            if event.rect().intersects(QRect(0, number * ROW_PX, self.width(), ROW_PX)):
                self._paint_row(painter, row, number)
        self._paint_place(painter)
        painter.end()

    def _paint_row(self, painter: QPainter, row: Row, number: int) -> None:
        t = tokens()
        layer, top = row.layer, number * ROW_PX
        is_active = layer.id == self._state.layer_id
        if is_active or layer.id in self._state.chosen_ids:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(t.selected))
            painter.drawRoundedRect(QRectF(2, top + 1, self.width() - 4, ROW_PX - 2), 5, 5)
        ink = t.text if layer.visible and row.is_shown else t.dim
        eye = "eye" if layer.visible else "eye-off"
        self._paint_icon(painter, eye, ink if layer.visible else t.dim, 9, top + (ROW_PX - 18) // 2, 18)
        rects = self._thumb_rects(row, number)
        if isinstance(layer, GroupLayer):
            arrow = "chevron-right" if layer.id in self._collapsed else "chevron-down"
            box = rects[Plane.PIXELS]
            self._paint_icon(painter, arrow, t.dim, box.left() - 2, top + (ROW_PX - 14) // 2, 14)
            self._paint_icon(painter, "folder", ink, box.left() + 14, top + (ROW_PX - 18) // 2, 18)
        else:
            self._paint_thumb(painter, row, rects[Plane.PIXELS], Plane.PIXELS)
        if layer.mask is not None:
            self._paint_thumb(painter, row, rects[Plane.MASK], Plane.MASK)
        self._paint_name(painter, row, number, ink)

    def _paint_name(self, painter: QPainter, row: Row, number: int, ink: str) -> None:
        layer = row.layer
        rect = self._name_rect(row, number)
        if layer.locks.pixels or layer.locks.alpha or layer.locks.position:
            self._paint_icon(painter, "lock", tokens().dim, rect.right() - 16, rect.center().y() - 7, 14)
            rect.adjust(0, 0, -20, 0)
        if layer.clip_to_below:
            self._paint_icon(painter, "clip", tokens().dim, rect.left() - 4, rect.center().y() - 7, 14)
            rect.adjust(14, 0, 0, 0)
        painter.setPen(color(ink))
        text = QFontMetrics(self.font()).elidedText(layer.name, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)

    def _paint_thumb(self, painter: QPainter, row: Row, rect: QRect, plane: Plane) -> None:
        t = tokens()
        painter.fillRect(rect, color(t.checker_light))
        dark = color(t.checker_dark)
        for y in range(0, rect.height(), CHECK_PX):
            for x in range((y // CHECK_PX % 2) * CHECK_PX, rect.width(), CHECK_PX * 2):
                painter.fillRect(rect.left() + x, rect.top() + y, CHECK_PX, CHECK_PX, dark)
        pixmap = self._thumbs.pixmap(row.layer, plane, self.devicePixelRatioF())
        if pixmap is not None:
            painter.drawPixmap(rect, pixmap)
        is_chosen = row.layer.id == self._state.layer_id and plane is self._state.plane
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color(t.accent if is_chosen else t.line), 2 if is_chosen else 1))
        painter.drawRect(QRectF(rect).adjusted(-0.5, -0.5, 0.5, 0.5))
        if plane is Plane.MASK and row.layer.mask is not None and not row.layer.mask.enabled:
            painter.setPen(QPen(color(t.error), 2))
            painter.drawLine(rect.topLeft(), rect.bottomRight())
            painter.drawLine(rect.topRight(), rect.bottomLeft())

    def _paint_icon(self, painter: QPainter, name: str, tint: str, x: int, y: int, side: int) -> None:
        painter.drawPixmap(QPoint(x, y), icon_pixmap(name, tint, side, self.devicePixelRatioF()))

    def _paint_place(self, painter: QPainter) -> None:
        if self._place is None:
            return
        painter.setPen(QPen(color(tokens().accent), 2))
        if self._place.line_y is None:
            top = self._place.row * ROW_PX
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(2, top + 1, self.width() - 4, ROW_PX - 2), 5, 5)
        else:
            y = min(max(self._place.line_y, 1), self.height() - 1)
            painter.drawLine(EYE_WIDTH_PX + self._place.depth * INDENT_PX, y, self.width() - 4, y)

    # places

    def _thumb_rects(self, row: Row, number: int) -> dict[Plane, QRect]:
        """Each thumbnail in the shape of the canvas, in the middle of its square."""
        document = self._state.document
        width = height = THUMB_PX
        if document is not None:
            longer = max(document.size.width, document.size.height)
            width = max(round(document.size.width / longer * THUMB_PX), 8)
            height = max(round(document.size.height / longer * THUMB_PX), 8)
        left = EYE_WIDTH_PX + 4 + row.depth * INDENT_PX
        middle = number * ROW_PX + ROW_PX // 2
        return {
            Plane.PIXELS: QRect(left + (THUMB_PX - width) // 2, middle - height // 2, width, height),
            Plane.MASK: QRect(left + THUMB_PX + 8 + (THUMB_PX - width) // 2, middle - height // 2, width, height),
        }

    def _name_rect(self, row: Row, number: int) -> QRect:
        thumbs = 1 if row.layer.mask is None else 2
        left = EYE_WIDTH_PX + 4 + row.depth * INDENT_PX + thumbs * (THUMB_PX + 8) + 4
        return QRect(left, number * ROW_PX, self.width() - left - 8, ROW_PX)

    def _row_at(self, position: QPoint) -> tuple[int, Row] | None:
        number = position.y() // ROW_PX
        return (number, self._rows[number]) if 0 <= number < len(self._rows) else None

    def _tip_at(self, position: QPoint) -> str:
        found = self._row_at(position)
        if found is None:
            return ""
        if position.x() < EYE_WIDTH_PX:
            return tr("layers.eye_tip")
        layer = found[1].layer
        if layer.mask is not None and self._thumb_rects(found[1], found[0])[Plane.MASK].contains(position):
            return tr("layers.mask_tip")
        if self._thumb_rects(found[1], found[0])[Plane.PIXELS].contains(position):
            return tr("layers.thumb_tip")
        recipe = getattr(layer, "recipe", None)
        if recipe is not None:
            values = ", ".join(f"{name} {value}" for name, value in recipe.parameters)
            return tr("layers.recipe_tip", name=layer.name, model=recipe.model_id, values=values)
        return layer.name

    # pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        found = self._row_at(position)
        opened = self._state.open_document
        if found is None or opened is None or opened.is_editing:
            return
        number, row = found
        if position.x() < EYE_WIDTH_PX:
            self._press_eye(row.layer, bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
            return
        rects = self._thumb_rects(row, number)
        if isinstance(row.layer, GroupLayer) and rects[Plane.PIXELS].adjusted(-8, 0, -16, 0).contains(position):
            self._collapsed ^= {row.layer.id}
            self.refresh()
            return
        on_mask = row.layer.mask is not None and rects[Plane.MASK].contains(position)
        plane = Plane.MASK if on_mask else Plane.PIXELS
        keys, is_left = event.modifiers(), event.button() == Qt.MouseButton.LeftButton
        has_control = bool(keys & Qt.KeyboardModifier.ControlModifier)
        if is_left and has_control and rects[plane].contains(position):
            self.selection_wanted.emit(row.layer.id, plane, joined_by(keys))
            return
        if is_left and on_mask and keys & Qt.KeyboardModifier.ShiftModifier:
            layer_edits.switch_mask(opened, row.layer.id)
            self._state.choose_layer(row.layer.id, Plane.MASK)
        elif is_left and has_control:
            toggle(self._state, row.layer.id)
        elif is_left and keys & Qt.KeyboardModifier.ShiftModifier:
            choose_through(self._state, [one.layer.id for one in self._rows], number)
        elif row.layer.id not in self._state.chosen_ids or len(self._state.chosen_ids) == 1:
            self._state.choose_layer(row.layer.id, plane)
        elif is_left:  # of several: they may be dragged together, so that a click is known at its release
            self._state.choose_layers(self._state.chosen_ids, row.layer.id, plane)
            self._narrows = True
        if is_left:
            self._pressed = (position, row.layer.id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        document = self._state.document
        if self._pressed is None or document is None:
            return
        position = event.position().toPoint()
        if self._place is None and (position - self._pressed[0]).manhattanLength() < DRAG_START_PX:
            return
        place = place_at(document, self._rows, position.y())
        ids = self._state.chosen_ids if self._pressed[1] in self._state.chosen_ids else (self._pressed[1],)
        lands = [can_land(document, one, place) for one in ids]
        is_inside = any(is_within(document, place.parent_id, one) for one in ids)
        self._place = place if any(lands) and not is_inside else None
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        opened, place, pressed = self._state.open_document, self._place, self._pressed
        narrows, self._narrows = self._narrows, False
        self._pressed = self._place = None
        self.unsetCursor()
        if opened is not None and place is not None and pressed is not None:
            ids = self._state.chosen_ids if pressed[1] in self._state.chosen_ids else (pressed[1],)
            layer_sets.place_layers(opened, ids, place.parent_id, place.index)
        elif narrows and pressed is not None and self._is_click(pressed[0], event):
            self._state.choose_layer(pressed[1], self._state.plane)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self._row_at(event.position().toPoint())
        if found is None:
            return
        if event.position().x() < EYE_WIDTH_PX:
            self.mousePressEvent(event)
        elif self._name_rect(found[1], found[0]).contains(event.position().toPoint()):
            self._pressed = None
            self.edit_name()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        pop_up_menu(self, self._actions, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        numbers = [number for number, row in enumerate(self._rows) if row.layer.id == self._state.layer_id]
        if steps is None or not numbers:
            super().keyPressEvent(event)
            return
        number = min(max(numbers[0] + steps, 0), len(self._rows) - 1)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            layer_id = self._rows[number].layer.id
            self._state.choose_layers({*self._state.chosen_ids, layer_id}, layer_id)
        else:
            self._state.choose_layer(self._rows[number].layer.id)

    def _is_click(self, start: QPoint, event: QMouseEvent) -> bool:
        return (event.position().toPoint() - start).manhattanLength() < DRAG_START_PX

    def _press_eye(self, layer: Layer, is_solo: bool) -> None:
        assert self._state.open_document is not None
        layer = self._state.open_document.document.layer(layer.id)  # the rows follow a moment later
        if is_solo:
            layer_edits.show_only(self._state.open_document, layer.id)
        else:
            layer_edits.change_layer(
                self._state.open_document, layer.id, EditName.VISIBILITY, visible=not layer.visible
            )

    def _end_name(self) -> None:
        edit, layer, opened = self._name_edit, self._state.active_layer, self._state.open_document
        if edit is None:
            return
        name = edit.text().strip()
        self._close_name()
        if layer is not None and opened is not None and name:
            try:
                layer_edits.change_layer(opened, layer.id, EditName.RENAME, name=name)
            except UserError:  # the layer went away while its name was typed
                return

    def _close_name(self) -> None:
        edit, self._name_edit = self._name_edit, None
        if edit is not None:
            edit.hide()
            edit.deleteLater()
            self.setFocus()

    def _document_replaced(self) -> None:
        opened = self._state.open_document
        self._thumbs.clear()
        self._collapsed.clear()
        if opened is not None:
            opened.tree_changed.connect(self._later.start)
            opened.history_changed.connect(self._later.start)
        self.refresh()
