"""The layers panel: blend mode and opacity above the list, the list, buttons below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from desktop.tools import layer_sets
from desktop.tools.names import EditName
from desktop.ui.action_set import tip_of
from desktop.ui.actions import action_spec
from desktop.ui.i18n import tr
from desktop.ui.panels.layer_list import LayerList
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, wrapped_label
from desktop.ui.widgets.blend_combo import BlendCombo
from desktop.ui.widgets.value_slider import Range, ValueSlider

if TYPE_CHECKING:
    from desktop.ui.action_set import ActionSet

BUTTONS = (
    "layer.new",
    "layer.group",
    "layer.add_mask",
    "layer.duplicate",
    "layer.raise",
    "layer.lower",
    "layer.delete",
)


class LayersPanel(QWidget):
    def __init__(self, state: EditorState, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.mode = BlendCombo(self)
        self.opacity = ValueSlider(Range(0, 100, 100), unit="%", parent=self)
        self.list = LayerList(state, actions, self)
        self.empty = wrapped_label(parent=self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(24, 16, 24, 16)
        self._buttons = {action_id: _action_button(actions, action_id, self) for action_id in BUTTONS}
        self._lay_out()
        self.mode.activated.connect(self._set_mode)
        self.opacity.value_changed.connect(self._set_opacity)
        self.opacity.drag_finished.connect(self._end_drag)
        self._drag = 0
        state.active_layer_changed.connect(self._refresh)
        state.document_replaced.connect(self._document_replaced)
        self._refresh()

    def rename(self) -> None:
        """Opens the editor of the active layer's name."""
        self.list.edit_name()

    def retranslate(self) -> None:
        self.setAccessibleName(tr("panel.layers"))
        self.empty.setText(tr("layers.empty"))
        self.mode.setToolTip(tr("layers.mode_tip"))
        self.mode.setAccessibleName(tr("layers.mode_tip"))
        self.opacity.set_tip(tr("layers.opacity_tip"))
        self.mode.retranslate()
        for action_id, button in self._buttons.items():
            button.set_tip(tip_of(action_spec(action_id)))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.mode, 5)
        top.addWidget(self.opacity, 7)
        stack_holder = QWidget(self)
        self._stack = QStackedLayout(stack_holder)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.empty)
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for action_id, button in self._buttons.items():
            if action_id == "layer.delete":
                buttons.addStretch(1)
            buttons.addWidget(button)
        head = QVBoxLayout()
        head.setContentsMargins(12, 6, 12, 6)
        head.addLayout(top)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 4, 8, 6)
        foot.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(stack_holder, 1)
        column.addLayout(foot)

    def _document_replaced(self) -> None:
        opened = self._state.open_document
        if opened is not None:
            opened.tree_changed.connect(self._refresh)
            opened.history_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        layer = self._state.active_layer
        for widget in (self.mode, self.opacity):
            widget.setEnabled(layer is not None)
        document = self._state.document
        self._stack.setCurrentWidget(self.list if document is not None and document.layers else self.empty)
        if layer is not None:
            self.mode.set_mode(layer.blend_mode)
            self.opacity.set_value(round(layer.opacity * 100))
        else:
            self.mode.setCurrentIndex(0)
            self.opacity.set_value(100)

    def _set_mode(self, index: int) -> None:
        self._change(EditName.BLEND_MODE, blend_mode=self.mode.itemData(index))

    def _set_opacity(self, percent: float) -> None:
        opened, layer = self._state.open_document, self._state.active_layer
        if opened is None or layer is None or opened.is_editing or layer.opacity == percent / 100:
            return
        ids = self._state.chosen_ids
        layer_sets.change_layers(
            opened,
            ids,
            EditName.OPACITY,
            lambda one: one.changed(opacity=percent / 100),
            merge_key=("opacity", ids, self._drag),
        )

    def _end_drag(self) -> None:
        self._drag += 1

    def _change(self, name: EditName, **changes: object) -> None:
        opened, layer = self._state.open_document, self._state.active_layer
        if opened is not None and layer is not None and not opened.is_editing:
            layer_sets.change_layers(opened, self._state.chosen_ids, name, lambda one: one.changed(**changes))


def _action_button(actions: ActionSet, action_id: str, parent: QWidget) -> IconButton:
    """A button that does, and is enabled like, an action."""
    action = actions[action_id]
    button = IconButton(action_spec(action_id).icon, parent)
    button.clicked.connect(lambda _checked=False: action.trigger())
    action.enabledChanged.connect(button.setEnabled)
    button.setEnabled(action.isEnabled())
    return button
