"""Names of history entries, for people. The user interface translates them under `edit.<name in small letters>`."""

from __future__ import annotations

from enum import StrEnum


class EditName(StrEnum):
    ADD_GROUP = "Group layers"
    ADD_LAYER = "New layer"
    ADD_MASK = "Add mask"
    APPLY_MASK = "Apply mask"
    BLEND_MODE = "Blend mode"
    BRUSH = "Brush stroke"
    CLEAR = "Clear"
    CLIP = "Clip to layer below"
    DELETE_LAYER = "Delete layer"
    DELETE_MASK = "Delete mask"
    DUPLICATE = "Duplicate layer"
    ERASE = "Erase"
    FILL = "Fill"
    INVERT_MASK = "Invert mask"
    LOCK = "Lock layer"
    MASK_BRUSH = "Paint mask"
    MASK_ENABLED = "Switch mask"
    MERGE_DOWN = "Merge down"
    MERGE_VISIBLE = "Merge visible"
    MOVE = "Move layer"
    OPACITY = "Opacity"
    PLACE = "Place picture"
    RENAME = "Rename layer"
    REORDER = "Reorder layers"
    SELECT = "Selection"
    UNGROUP = "Ungroup"
    REVERT = "Revert to the saved file"
    SNAPSHOT = "Restore snapshot"
    VISIBILITY = "Visibility"
    OPEN = "Open"
    NEW = "New picture"
