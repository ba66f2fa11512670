"""The layers panel: blend mode and opacity above the list, the list, buttons below it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from desktop.core.blend_modes import BlendMode
from desktop.core.layers import GroupLayer, Layer
from desktop.tools import layer_sets
from desktop.tools.names import EditName
from desktop.ui.action_set import tip_of
from desktop.ui.actions import action_spec
from desktop.ui.i18n import tr
from desktop.ui.panels.layer_filter_bar import LayerFilterBar
from desktop.ui.panels.layer_list import LayerList
from desktop.ui.panels.layer_rows import LayerFilter
from desktop.ui.panels.live_change import Change, LiveChange
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, wrapped_label
from desktop.ui.widgets.blend_combo import PASS_THROUGH, BlendChoice, BlendCombo
from desktop.ui.widgets.value_slider import Range, ValueSlider

if TYPE_CHECKING:
    from desktop.ui.action_set import ActionSet
    from desktop.ui.background import Background
    from desktop.ui.commands.layer_commands import LayerCommands

BUTTONS = (
    "layer.new",
    "layer.group",
    "layer.add_mask",
    "layer.duplicate",
    "layer.raise",
    "layer.lower",
    "layer.delete",
)
LOCKS = ("layer.lock_alpha", "layer.lock_pixels", "layer.lock_position", "layer.lock_all")
NARROW_LETTERS = 3  # of the blend mode, in a dock 220 pixels wide
LOCK_BUTTON_PX, LOCK_ICON_PX = 24, 16


class LayersPanel(QWidget):
    def __init__(
        self,
        state: EditorState,
        actions: ActionSet,
        commands: LayerCommands,
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._commands = state, commands
        self.mode = BlendCombo(self)
        self.mode.setMinimumContentsLength(NARROW_LETTERS)
        self.opacity = ValueSlider(Range(0, 100, 100), unit="%", parent=self)
        self.filter = LayerFilterBar(self)
        self.list = LayerList(state, actions, commands, background, self)
        self.empty = wrapped_label(parent=self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(24, 16, 24, 16)
        self._buttons = {action_id: _action_button(actions, action_id, self) for action_id in (*LOCKS, *BUTTONS)}
        self.find_button = IconButton("search", self)
        self.find_button.setCheckable(True)
        self._lay_out()
        self._live = LiveChange(state, lambda: commands.before_edit())
        self._drag = 0
        self._connect()
        self._refresh()

    def rename(self) -> None:
        """Opens the editor of the active layer's name."""
        self.list.edit_name()

    def find(self) -> None:
        """Opens the filter, with the keys in it."""
        self.find_button.setChecked(True)
        self.filter.open()

    def retranslate(self) -> None:
        self.setAccessibleName(tr("panel.layers"))
        self.list.rows.setAccessibleName(tr("panel.layers"))
        self.empty.setText(tr("layers.empty"))
        self.mode.setToolTip(tr("layers.mode_tip"))
        self.mode.setAccessibleName(tr("layers.mode_tip"))
        self.opacity.set_tip(tr("layers.opacity_tip"))
        self.mode.retranslate()
        self.filter.retranslate()
        self.find_button.set_tip(tip_of(action_spec("layer.find")))
        for action_id, button in self._buttons.items():
            button.set_tip(tip_of(action_spec(action_id)))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        looks = QHBoxLayout()
        looks.setContentsMargins(8, 6, 8, 4)
        looks.setSpacing(6)
        looks.addWidget(self.mode, 5)
        looks.addWidget(self.opacity, 7)
        locks = QHBoxLayout()
        locks.setContentsMargins(8, 0, 8, 4)
        locks.setSpacing(2)
        for action_id in LOCKS:
            locks.addWidget(self._buttons[action_id])
        locks.addStretch(1)
        locks.addWidget(self.find_button)
        for button in (*(self._buttons[action_id] for action_id in LOCKS), self.find_button):
            button.setFixedSize(LOCK_BUTTON_PX, LOCK_BUTTON_PX)
            button.setIconSize(QSize(LOCK_ICON_PX, LOCK_ICON_PX))
        stack_holder = QWidget(self)
        self._stack = QStackedLayout(stack_holder)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.empty)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 4, 8, 6)
        foot.setSpacing(0)
        for action_id in BUTTONS:
            if action_id == "layer.delete":
                foot.addStretch(1)
            foot.addWidget(self._buttons[action_id])
        self.filter.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(looks)
        column.addLayout(locks)
        column.addWidget(self.filter)
        column.addWidget(stack_holder, 1)
        column.addLayout(foot)

    def _connect(self) -> None:
        self.mode.previewed.connect(lambda mode: self._live.show(EditName.BLEND_MODE, _with_mode(mode)))
        self.mode.dismissed.connect(self._live.drop)
        self.mode.dismissed.connect(self._refresh)
        self.mode.chosen.connect(self._choose_mode)
        self.mode.stepped.connect(self._step_mode)
        self.opacity.value_changed.connect(self._set_opacity)
        self.opacity.drag_finished.connect(self._end_drag)
        self.opacity.drag_cancelled.connect(self._live.drop)
        self.filter.changed.connect(self._filter_changed)
        self.filter.closed.connect(lambda: self.find_button.setChecked(False))
        self.find_button.clicked.connect(lambda wanted: self.filter.open() if wanted else self.filter.close_and_clear())
        self._state.active_layer_changed.connect(self._refresh)
        self._state.document_replaced.connect(self._document_replaced)

    def _document_replaced(self) -> None:
        opened = self._state.open_document
        if opened is not None:
            opened.tree_changed.connect(self._refresh)
            opened.history_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        if self._live.is_running:  # the boxes show what is being tried
            return
        layer = self._state.active_layer
        for widget in (self.mode, self.opacity):
            widget.setEnabled(layer is not None)
        document = self._state.document
        has_rows = document is not None and bool(document.layers)
        self._stack.setCurrentWidget(self.list if has_rows else self.empty)
        is_group = isinstance(layer, GroupLayer)
        passes = isinstance(layer, GroupLayer) and layer.pass_through
        mode = BlendMode.NORMAL if layer is None else layer.blend_mode
        self.mode.set_mode(PASS_THROUGH if passes else mode, is_group=is_group)
        self.opacity.set_value(100 if layer is None else round(layer.opacity * 100))

    def _filter_changed(self, wanted: LayerFilter) -> None:
        self.list.rows.set_filter(wanted)
        document = self._state.document
        nothing = document is not None and bool(document.layers) and not self.list.rows.rows
        self.empty.setText(tr("layers.none_found" if nothing else "layers.empty"))
        self._stack.setCurrentWidget(self.empty if nothing else self.list)

    def _choose_mode(self, mode: BlendChoice) -> None:
        self._live.show(EditName.BLEND_MODE, _with_mode(mode))
        self._live.keep()
        self._refresh()

    def _step_mode(self, mode: BlendChoice) -> None:
        """A notch of the wheel or an arrow key: those in a row are one entry."""
        self._change(EditName.BLEND_MODE, _with_mode(mode), ("blend", self._state.chosen_ids))

    def _set_opacity(self, percent: float) -> None:
        if self.opacity.is_dragging:
            self._live.show(EditName.OPACITY, lambda one: one.changed(opacity=percent / 100))
        else:
            key = ("opacity", self._state.chosen_ids, self._drag)
            self._change(EditName.OPACITY, lambda one: one.changed(opacity=percent / 100), key)

    def _end_drag(self) -> None:
        self._live.keep()
        self._drag += 1

    def _change(self, name: EditName, change: Change, merge_key: Hashable) -> None:
        opened, ids = self._state.open_document, self._state.chosen_ids
        if opened is not None:
            self._commands.guarded(lambda: layer_sets.change_layers(opened, ids, name, change, merge_key))


def _with_mode(mode: BlendChoice) -> Change:
    """Only groups can be passed through; for other layers that means normal."""

    def change(layer: Layer) -> Layer:
        blend_mode = mode if isinstance(mode, BlendMode) else BlendMode.NORMAL
        if isinstance(layer, GroupLayer):
            return layer.changed(blend_mode=blend_mode, pass_through=mode == PASS_THROUGH)
        return layer.changed(blend_mode=blend_mode)

    return change


def _action_button(actions: ActionSet, action_id: str, parent: QWidget) -> IconButton:
    """A button that does, and is enabled like, an action."""
    action = actions[action_id]
    button = IconButton(action_spec(action_id).icon, parent)
    button.clicked.connect(lambda _checked=False: action.trigger())
    action.enabledChanged.connect(button.setEnabled)
    button.setEnabled(action.isEnabled())
    if action.isCheckable():
        button.setCheckable(True)
        action.toggled.connect(button.setChecked)
    return button
