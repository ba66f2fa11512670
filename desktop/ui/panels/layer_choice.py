"""Choosing several layers, and what keys mean with a click on a thumbnail."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt

from desktop.core.layers import LayerId
from desktop.tools.layer_sets import Joined
from desktop.ui.state import EditorState


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
    adds, takes = keys & Qt.KeyboardModifier.ShiftModifier, keys & Qt.KeyboardModifier.AltModifier
    if adds and takes:
        return Joined.INTERSECT
    if adds:
        return Joined.ADD
    return Joined.SUBTRACT if takes else Joined.REPLACE
