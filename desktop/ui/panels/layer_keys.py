"""Keys of the layer list while it has the focus; everything else is a shortcut of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from desktop.core.layers import GroupLayer
from desktop.tools.painting import Plane
from desktop.ui.state import EditorState

if TYPE_CHECKING:
    from desktop.ui.action_set import ActionSet
    from desktop.ui.panels.layer_view import LayerView

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
PAGE_ROWS = 8

STEPS = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -PAGE_ROWS,
    Qt.Key.Key_PageDown: PAGE_ROWS,
    Qt.Key.Key_Home: -1_000_000,
    Qt.Key.Key_End: 1_000_000,
}
ACTIONS_OF_KEYS = {
    Qt.Key.Key_Space: "layer.visible",
    Qt.Key.Key_Delete: "layer.delete",
    Qt.Key.Key_Backspace: "layer.delete",
}
LIST_KEYS = frozenset(
    {(key, keys) for key in STEPS for keys in (NONE, SHIFT)}
    | {(key, NONE) for key in (*ACTIONS_OF_KEYS, Qt.Key.Key_Left, Qt.Key.Key_Right)}
)  # they mean the list, also where a shortcut of the window has the same key


def is_list_key(event: QKeyEvent) -> bool:
    return (Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier) in LIST_KEYS


def act_on_key(event: QKeyEvent, view: LayerView, state: EditorState, actions: ActionSet) -> bool:
    """True when the key was one of the list's."""
    key, keys = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if not is_list_key(event) or state.is_editing:
        return False
    if key in ACTIONS_OF_KEYS:
        actions.refresh()
        is_of_mask = state.plane is Plane.MASK and ACTIONS_OF_KEYS[key] == "layer.delete"
        actions["layer.delete_mask" if is_of_mask else ACTIONS_OF_KEYS[key]].trigger()
    elif key in STEPS:
        _step(view, state, STEPS[key], is_extending=keys == SHIFT)
    else:
        _fold(view, state, is_opening=key == Qt.Key.Key_Right)
    return True


def _step(view: LayerView, state: EditorState, steps: int, *, is_extending: bool) -> None:
    ids = [row.layer.id for row in view.rows]
    if not ids:
        return
    before = ids.index(state.layer_id) if state.layer_id in ids else 0
    number = min(max(before + steps, 0), len(ids) - 1)
    if is_extending:
        first, last = sorted((before, number))
        state.choose_layers({*state.chosen_ids, *ids[first : last + 1]}, ids[number])
    else:
        state.choose_layer(ids[number])


def _fold(view: LayerView, state: EditorState, *, is_opening: bool) -> None:
    """Right opens a group, then goes into it; left closes it, or goes from a layer to its group."""
    layer, document = state.active_layer, state.document
    if layer is None or document is None:
        return
    is_group = isinstance(layer, GroupLayer)
    if is_group and view.is_open(layer.id) != is_opening:
        view.set_open(layer.id, is_opening)
    elif isinstance(layer, GroupLayer) and is_opening:
        if layer.children:
            state.choose_layer(layer.children[-1].id)
    elif not is_opening and (parent := document.parent_of(layer.id)) is not None:
        state.choose_layer(parent.id)
