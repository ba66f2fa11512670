"""Rows of the table of actions for every adjustment and filter, made of the table of effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from desktop.core.effect_table import ADJUSTMENT_MENUS, EFFECTS, Menu

Row = TypeVar("Row")

FILTER_MENUS = {menu.value: "filter" for menu in Menu if menu not in ADJUSTMENT_MENUS}  # hang in the filter menu

_KEYS = {
    "levels": "Ctrl+L",
    "curves": "Ctrl+M",
    "hue-saturation": "Ctrl+U",
    "colour-balance": "Ctrl+B",
    "invert": "Ctrl+I",
}
_FIRST_OF_COLORS = "white-balance"


def effect_actions(row: Callable[..., Row]) -> tuple[Row, ...]:
    """`row` makes one of its id, menu, handler, keys and more."""
    rows = [
        row("adjust.auto_levels", "adjust", "effects.auto_levels", "Ctrl+Shift+L", icon="adjust", condition="effect"),
        row("adjust.auto_contrast", "adjust", "effects.auto_contrast", "Ctrl+Alt+Shift+L", condition="effect"),
        row("adjust.auto_enhance", "adjust", "ai.quick.auto_enhance", condition="quick"),
        row("filter.repeat", "filter", "effects.repeat", "Ctrl+F", icon="filter", condition="repeatable"),
        row("layer.rasterise", "layer", "texts.rasterise", condition="text"),
        row("layer.style", "layer_style", "editing.looks.open", icon="layer-style", condition="can_wear"),
        row("layer.copy_style", "layer_style", "editing.looks.copy", condition="styled", separated=True),
        row("layer.paste_style", "layer_style", "editing.looks.paste", condition="can_paste_style"),
        row("layer.clear_style", "layer_style", "editing.looks.clear", condition="styled"),
        row("layer.adjustment", "layer", "effects.edit_layer", icon="adjust", condition="adjustment"),
    ]
    for effect in EFFECTS:
        keys = (_KEYS[effect.id],) if effect.id in _KEYS else ()
        more = {"argument": effect.id, "separated": effect.id == _FIRST_OF_COLORS}
        kind, menu = ("adjust", "adjust") if effect.is_adjustment else ("filter", effect.menu.value)
        rows.append(row(f"{kind}.{effect.id}", menu, "effects.open", *keys, condition="effect", **more))
        layers = "adjustment_layer" if effect.is_adjustment else "filter_layer"
        layers = "fill_layer" if effect.fill is not None else layers
        rows.append(row(f"adjustment.{effect.id}", layers, "effects.add_layer", condition="document", **more))
    return tuple(rows)
