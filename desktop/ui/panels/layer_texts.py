"""What the layer list says in words: tooltips, and a row for screen readers."""

from __future__ import annotations

from desktop.core.layers import AdjustmentLayer, ColorTag, GroupLayer, Layer
from desktop.tools.painting import Plane
from desktop.ui.i18n import tr, tr_or
from desktop.ui.panels.layer_painter import Part, mode_text
from desktop.ui.panels.layer_rows import Row

_TIPS = {
    Part.EYE: "layers.eye_tip",
    Part.ARROW: "layers.arrow_tip",
    Part.MASK: "layers.mask_tip",
    Part.THUMB: "layers.thumb_tip",
}


def tip_of_row(layer: Layer, part: Part) -> str:
    if isinstance(layer, AdjustmentLayer) and part is Part.THUMB:
        return tr("layers.adjustment_tip", name=tr_or(f"effect.{layer.settings.effect}", layer.name))
    if part is Part.THUMB and getattr(layer, "text", None) is not None:
        return tr("layers.text_tip", name=layer.name)
    if part is Part.THUMB and getattr(layer, "shape", None) is not None:
        return tr("layers.shape_tip", name=layer.name)
    if part in _TIPS:
        return tr(_TIPS[part])
    recipe = getattr(layer, "recipe", None)
    if recipe is None:
        return layer.name
    values = ", ".join(f"{name} {value}" for name, value in recipe.parameters)
    return tr("layers.recipe_tip", name=layer.name, model=recipe.model_id, values=values)


def description_of(row: Row, number: int, count: int, plane: Plane) -> str:
    """ "Sky, row 2 of 9, hidden, Multiply, 60 %, mask chosen"."""
    layer = row.layer
    words = [layer.name, tr("layers.row_of", number=number + 1, count=count)]
    if isinstance(layer, GroupLayer):
        words.append(tr("layers.is_group"))
    if isinstance(layer, AdjustmentLayer):
        words.append(tr("layers.is_adjustment"))
    if not layer.visible:
        words.append(tr("layers.is_hidden"))
    words += [mode_text(layer), f"{round(layer.opacity * 100)} %"]
    if layer.clip_to_below:
        words.append(tr("layers.is_clipped"))
    if layer.mask is not None:
        words.append(tr("layers.mask_chosen" if plane is Plane.MASK else "layers.has_mask"))
    words += [tr(f"action.layer.lock_{name}") for name in ("alpha", "pixels", "position") if getattr(layer.locks, name)]
    styles = getattr(layer, "styles", None)
    words += [] if styles is None else [tr(f"layer_style.{name}") for name in styles.worn]
    if layer.color_tag is not ColorTag.NONE:
        words.append(tr(f"tag.{layer.color_tag.value}"))
    return ", ".join(words)
