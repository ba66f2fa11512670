"""Choosing several layers, what keys mean with a click on a thumbnail, and the menu of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from desktop.core.layers import LayerId
from desktop.tools.layer_sets import Joined
from desktop.ui.state import EditorState

if TYPE_CHECKING:
    from desktop.ui.action_set import ActionSet

MENU = (
    "layer.rename", "layer.duplicate", "layer.group", "layer.ungroup", "", "layer.add_mask", "layer.invert_mask",
    "layer.mask_enabled", "layer.delete_mask", "", "layer.clip", "layer.lock_pixels", "layer.lock_alpha",
    "layer.lock_position", "layer.lock_all", "", "layer.to_front", "layer.to_back", "layer.merge_down", "layer.flatten",
    "select.alpha", "", "layer.delete",
)  # fmt: skip


def toggle(state: EditorState, layer_id: LayerId) -> None:
    """Adds a layer to the chosen ones or takes it away; the last one stays."""
    chosen = state.chosen_ids
    if layer_id not in chosen:
        state.choose_layers({*chosen, layer_id}, layer_id)
    elif len(chosen) > 1:
        left = [one for one in chosen if one != layer_id]
        state.choose_layers(left, state.layer_id if layer_id != state.layer_id else left[-1])


def choose_through(state: EditorState, shown: Sequence[LayerId], number: int) -> None:
    """Everything from the active row to this one; `shown` are the rows from the top."""
    start = shown.index(state.layer_id) if state.layer_id in shown else number
    first, last = sorted((start, number))
    state.choose_layers(shown[first : last + 1], shown[start])


def joined_by(keys: Qt.KeyboardModifier) -> Joined:
    """What the keys held with Ctrl make of a new selection."""
    if keys & Qt.KeyboardModifier.ShiftModifier:
        return Joined.ADD
    return Joined.SUBTRACT if keys & Qt.KeyboardModifier.AltModifier else Joined.REPLACE


def pop_up_menu(rows: QWidget, actions: ActionSet, at: QPoint) -> None:
    menu = QMenu(rows)
    for action_id in MENU:
        if action_id:
            menu.addAction(actions[action_id])
        else:
            menu.addSeparator()
    actions.refresh()
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(at)
