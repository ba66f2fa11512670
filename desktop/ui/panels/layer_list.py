"""The list of layers: what the pointer and the keys do in it. layer_painter.py says how it looks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from desktop.core.layers import LayerId
from desktop.tools import layer_edits, layer_sets
from desktop.tools.names import EditName
from desktop.tools.painting import Plane
from desktop.ui.panels.layer_choice import choose_through, joined_by, toggle
from desktop.ui.panels.layer_drag import Press
from desktop.ui.panels.layer_keys import act_on_key
from desktop.ui.panels.layer_menus import pop_up_menu
from desktop.ui.panels.layer_name import NameField
from desktop.ui.panels.layer_painter import Part
from desktop.ui.panels.layer_rows import ROW_PX, Row, has_settings
from desktop.ui.panels.layer_view import LayerView
from desktop.ui.state import EditorState

if TYPE_CHECKING:
    from desktop.ui.action_set import ActionSet
    from desktop.ui.background import Background
    from desktop.ui.commands.layer_commands import LayerCommands

EDGE_PX = 4  # Alt+click this near the line between two rows clips the upper one
SCROLL_EDGE_PX = 24  # a drag this near the rim of the list scrolls it
ALT, CONTROL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class LayerList(QScrollArea):
    """Scrolls the rows."""

    def __init__(
        self,
        state: EditorState,
        actions: ActionSet,
        commands: LayerCommands,
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows = LayerRows(state, actions, commands, background, self)
        self.setWidget(self.rows)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusProxy(self.rows)
        self.verticalScrollBar().setSingleStep(ROW_PX // 2)
        self.rows.sight_wanted.connect(self._show_rect)
        self.rows.drag.scrolled.connect(self._scroll_along)

    def edit_name(self) -> None:
        self.rows.edit_name()

    def _show_rect(self, rect: QRect) -> None:
        """Scrolls as little as brings a row into sight."""
        bar, height = self.verticalScrollBar(), self.viewport().height()
        if rect.top() < bar.value():
            bar.setValue(rect.top())
        elif rect.bottom() >= bar.value() + height:
            bar.setMaximum(max(bar.maximum(), self.rows.minimumHeight() - height))
            bar.setValue(rect.bottom() + 1 - height)

    def _scroll_along(self) -> None:
        """A drag near the rim goes on beyond it."""
        position = self.viewport().mapFromGlobal(self.rows.pointer)
        bar, height = self.verticalScrollBar(), self.viewport().height()
        before = bar.value()
        if position.y() < SCROLL_EDGE_PX:
            bar.setValue(before + min(position.y() - SCROLL_EDGE_PX, -1) // 2)
        elif position.y() > height - SCROLL_EDGE_PX:
            bar.setValue(before + max(position.y() - height + SCROLL_EDGE_PX, 2) // 2)
        if bar.value() != before:
            self.rows.drag_to(self.rows.mapFromGlobal(self.rows.pointer), copies=self.rows.drag.copies)


class Elsewhere(Protocol):
    """What layers may be dragged to beside the list; places are those of the screen."""

    def over(self, place: QPoint) -> bool: ...

    def drop(self, place: QPoint, layer_ids: Collection[LayerId]) -> bool: ...

    def end(self) -> None: ...


class _Nowhere:
    def over(self, place: QPoint) -> bool:
        return False

    def drop(self, place: QPoint, layer_ids: Collection[LayerId]) -> bool:
        return False

    def end(self) -> None:
        pass


class LayerRows(LayerView):
    """A press chooses, a drag moves, a double click renames."""

    settings_wanted = Signal(int)  # of an adjustment layer or a text
    selection_wanted = Signal(int, object, object)  # layer id, Plane, Joined

    def __init__(
        self, state: EditorState, actions: ActionSet, commands: LayerCommands, background: Background, parent: QWidget
    ) -> None:
        super().__init__(state, background, parent)
        self._actions, self._commands = actions, commands
        self._narrows = False
        self._swipe: tuple[bool, int] | None = None  # what eyes under the pressed pointer become; its number
        self._swipes = 0
        self.pointer = QPoint()  # on the screen, as last heard
        self._name_edit: NameField | None = None
        self.elsewhere: Elsewhere = _Nowhere()
        self.comes_first: Callable[[], bool] = lambda: True  # keeps what is being written; False when it cannot
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        state.document_left.connect(self._end_drag)

    # the pointer

    def edit_name(self) -> None:
        layer = self._state.active_layer
        if layer is None or self._name_edit is not None:
            return
        self.reveal(layer.id)
        number = self._number_of(layer.id)
        if number is None:  # the filter keeps it out
            return
        box = self.shape.name(self._rows[number], number).adjusted(-6, 8, 0, -8)
        self._name_edit = NameField(layer.name, box, self)
        self._name_edit.ended.connect(lambda name, rows: self._end_name(layer.id, name, rows))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position, keys = event.position().toPoint(), event.modifiers()
        if self._state.is_editing and self.comes_first():
            self.refresh()
        found = self._row_at(position)
        if found is None or self._state.open_document is None or self._state.is_editing:
            return
        row, part = found[1], self._part_at(position)
        if event.button() != Qt.MouseButton.LeftButton:
            if row.layer.id not in self._state.chosen_ids:
                self._state.choose_layer(row.layer.id, Plane.MASK if part is Part.MASK else Plane.PIXELS)
        elif keys & ALT and not keys & CONTROL and self._is_between_rows(position):
            self._clip_at(position)
        elif part is Part.EYE:
            self._press_eye(row.layer.id, keys)
        elif part is Part.ARROW and not keys & CONTROL:
            self.set_open(row.layer.id, not self.is_open(row.layer.id), with_inner=bool(keys & ALT))
        elif keys & CONTROL and part in (Part.THUMB, Part.MASK, Part.ARROW):
            plane = Plane.MASK if part is Part.MASK else Plane.PIXELS
            self.selection_wanted.emit(row.layer.id, plane, joined_by(keys))
        else:
            self._press_row(position, row, found[0], keys)

    def _press_row(self, position: QPoint, row: Row, number: int, keys: Qt.KeyboardModifier) -> None:
        state, layer_id = self._state, row.layer.id
        part = self._part_at(position)
        plane = Plane.MASK if part is Part.MASK else Plane.PIXELS
        if part is Part.MASK and keys & SHIFT:
            state.choose_layer(layer_id, Plane.MASK)
            self._commands.guarded(self._commands.switch_mask)
        elif part is Part.MASK and keys & ALT:
            is_shown = state.is_mask_alone and state.layer_id == layer_id
            state.choose_layer(layer_id, Plane.MASK)
            state.show_mask_alone(not is_shown)
        elif keys & CONTROL:
            toggle(state, layer_id)
        elif keys & SHIFT:
            choose_through(state, [one.layer.id for one in self._rows], number)
        elif layer_id not in state.chosen_ids or len(state.chosen_ids) == 1:
            state.choose_layer(layer_id, plane)
        else:  # of several: they may be dragged together, so that a click is known at its release
            state.choose_layers(state.chosen_ids, layer_id, plane)
            self._narrows = True
        ids = state.chosen_ids if layer_id in state.chosen_ids else (layer_id,)
        self.drag.begin(Press(position, layer_id, ids, part is Part.MASK))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer = event.globalPosition().toPoint()
        if self._swipe is not None:
            found = self._row_at(event.position().toPoint())
            if found is not None:
                self._show_layer(found[1].layer.id)
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self.drag_to(event.position().toPoint(), copies=bool(event.modifiers() & (ALT | CONTROL)))

    def drag_to(self, position: QPoint, *, copies: bool) -> None:
        """The pressed pointer is there now."""
        document = self._state.document
        if self.drag.press is None or document is None:
            return
        self.drag.move(document, self._rows, position, copies=copies)
        leaves = self._leaves(self.drag.press)
        if self.drag.is_dragging:
            self.setCursor(Qt.CursorShape.DragCopyCursor if copies or leaves else Qt.CursorShape.ClosedHandCursor)
            self.update()

    def _leaves(self, press: Press) -> bool:
        """Whether the layers would go to another document."""
        return self.drag.is_dragging and not press.is_mask and self.elsewhere.over(self.pointer)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        opened, drag = self._state.open_document, self.drag
        if drag.press is not None and self._leaves(drag.press):
            layer_ids = drag.press.layer_ids
            self._end_drag()
            self.elsewhere.drop(event.globalPosition().toPoint(), layer_ids)
            return
        place, press, copies, was_dragged = drag.place, drag.press, drag.copies, drag.is_dragging
        narrows, self._narrows, self._swipe = self._narrows, False, None
        self._end_drag()
        if opened is None or press is None:
            return
        if place is None:
            if narrows and not was_dragged:
                self._state.choose_layer(press.layer_id, self._state.plane)
        elif press.is_mask and place.parent_id is not None:
            self._commands.give_mask(press.layer_id, place.parent_id, copies=copies)
        elif copies:
            self._commands.guarded(lambda: self._commands.copy_to(press.layer_ids, place.parent_id, place.index))
        else:
            self._commands.guarded(
                lambda: layer_sets.place_layers(opened, press.layer_ids, place.parent_id, place.index)
            )

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        part = self._part_at(event.position().toPoint())
        if part is Part.NAME and event.button() == Qt.MouseButton.LeftButton:
            self._end_drag()
            self.edit_name()
        elif part is Part.THUMB and (found := self._row_at(event.position().toPoint())) and has_settings(found[1]):
            self._end_drag()
            self.settings_wanted.emit(found[1].layer.id)
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at, part = event.globalPos(), self._part_at(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            number = self._number_of(self._state.layer_id)
            if number is None:
                return
            at, part = self.mapToGlobal(self.shape.name(self._rows[number], number).center()), Part.NAME
        pop_up_menu(self, self._actions, at, part)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.drag.is_dragging:
            self._end_drag()
        elif event.key() in (Qt.Key.Key_Alt, Qt.Key.Key_Control) and self.drag.is_dragging:
            self.drag_to(self.mapFromGlobal(self.pointer), copies=True)
        elif not act_on_key(event, self, self._state, self._actions):
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._end_drag()
        super().hideEvent(event)

    def _end_drag(self) -> None:
        self.drag.end()
        self.elsewhere.end()
        self.unsetCursor()
        self.update()

    def _is_between_rows(self, position: QPoint) -> bool:
        rest = position.y() % ROW_PX
        is_upper_rim = rest < EDGE_PX and position.y() >= ROW_PX
        return is_upper_rim or (rest >= ROW_PX - EDGE_PX and position.y() // ROW_PX + 1 < len(self._rows))

    def _clip_at(self, position: QPoint) -> None:
        """Clips the layer above a line to the one below it, or frees it."""
        layer_id = self._rows[(position.y() - EDGE_PX) // ROW_PX].layer.id
        self._commands.guarded(lambda: self._commands.clip_layer(layer_id))

    def _press_eye(self, layer_id: LayerId, keys: Qt.KeyboardModifier) -> None:
        document = self._state.document
        assert document is not None
        if keys & ALT:
            self._commands.guarded(lambda: self._commands.show_alone([layer_id]))
            return
        self._swipes += 1
        self._swipe = (not document.layer(layer_id).visible, self._swipes)
        self._show_layer(layer_id)

    def _show_layer(self, layer_id: LayerId) -> None:
        """Gives a layer the visibility of the eye that was pressed; one history entry for a whole swipe."""
        opened, swipe = self._state.open_document, self._swipe
        assert swipe is not None
        if opened is not None and opened.document.has_layer(layer_id):
            self._commands.guarded(
                lambda: layer_sets.change_layers(
                    opened, [layer_id], EditName.VISIBILITY, lambda one: one.changed(visible=swipe[0]), ("eyes", swipe)
                )
            )

    def _end_name(self, layer_id: LayerId, name: str, rows: int) -> None:
        edit, opened = self._name_edit, self._state.open_document
        self._name_edit = None
        if edit is not None:
            had_focus = edit.hasFocus()
            edit.hide()
            edit.deleteLater()
            if had_focus:
                self.setFocus()
        if name and opened is not None and opened.document.has_layer(layer_id):
            self._commands.guarded(lambda: layer_edits.change_layer(opened, layer_id, EditName.RENAME, name=name))
        number = self._number_of(layer_id)
        if rows and number is not None and 0 <= number + rows < len(self._rows):
            self._state.choose_layer(self._rows[number + rows].layer.id)
            self.edit_name()
