"""A network's answer as curves: where it maps the levels of each channel alike everywhere, it can stay editable."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from desktop.core.color import Pixels, max_level
from desktop.core.dynamics import Curve
from desktop.core.edits import OpenDocument
from desktop.core.effect_values import CURVE_IDENTITY, text_of_curve
from desktop.core.effects import checked_settings
from desktop.core.errors import UserError
from desktop.core.layers import AdjustmentLayer, EffectSettings, LayerId, Mask
from desktop.core.tiles import TileMap
from desktop.runtime.runner import Result
from desktop.tools.ai_tool import Plan, Source, region_mask
from desktop.tools.layer_edits import place_above

CHANNELS = ("red", "green", "blue")
BINS = 1024  # of 16-bit levels; pictures of 8 bits have a bin for each of theirs
MOST_PIXELS = 200_000  # looked at: more say the same, and the window waits for it
MOST_POINTS = 16  # of a curve: as many as a hand can still move
CLOSE = 0.75 / 255  # a curve that is nowhere farther from what was found needs no further point; 0.5 is rounding
SAME = 1.5 / 255  # how far pixels of one level may end from each other, on average

Levels = npt.NDArray[np.float64]


def curves_between(before: Pixels, after: Pixels, title: str) -> EffectSettings:
    """The curves adjustment that makes of `before` (H, W, 3|4) what `after` is, of the same size and depth.

    UserError when pixels of one level became different ones, so that no curve does it; `title` is the network's.
    """
    step = max(1, round((before.shape[0] * before.shape[1] / MOST_PIXELS) ** 0.5))
    old, new = before[::step, ::step], after[::step, ::step]
    seen = old[..., 3] > 0 if old.shape[2] == 4 else np.ones(old.shape[:2], bool)
    if not seen.any():
        raise UserError("effect.nothing_seen")
    top = float(max_level(before.dtype))
    values: dict[str, str] = {"all": CURVE_IDENTITY}
    for place, name in enumerate(CHANNELS):
        x, y, spread = _mapping(old[..., place][seen], new[..., place][seen], top)
        if spread > SAME:
            raise UserError("tone.no_curve", model=title)
        values[name] = text_of_curve(_through(x, y))
    return checked_settings("curves", values)


def land_curves(opened: OpenDocument, plan: Plan, result: Result, edit_name: str) -> LayerId:
    """A curves layer over what the model was shown, limited to the region, as one edit. UserError: see above.

    Over one layer among others it is clipped to that layer.
    """
    settings = curves_between(plan.request.inputs["image"], result.image, plan.settings.model.manifest.title)
    document, is_layer = opened.document, plan.settings.source is Source.LAYER
    parent_id, index = place_above(document, plan.layer_id if is_layer else None)
    layer = AdjustmentLayer(
        id=document.next_layer_id(),
        name=plan.settings.model.manifest.title,
        settings=settings,
        mask=_mask_of(plan),
        clip_to_below=is_layer and sum(1 for _ in document.iter_layers()) > 1,
    )
    with opened.edit(edit_name) as edit:
        edit.insert_layer(layer, parent_id, index)
    return layer.id


def _mask_of(plan: Plan) -> Mask:
    mask = region_mask(plan)
    return Mask() if mask is None else Mask(TileMap.from_array(mask, plan.rect.x, plan.rect.y, default=0))


def _mapping(before: npt.NDArray[Any], after: npt.NDArray[Any], top: float) -> tuple[Levels, Levels, float]:
    """(levels that occur, what became of each on average, how far pixels of one level are apart), all 0..1."""
    bins = min(int(top) + 1, BINS)
    place = (before.astype(np.int64) * bins) // (int(top) + 1)
    count = np.bincount(place, minlength=bins)
    there = count > 0
    x, y = (np.bincount(place, levels / top, bins)[there] / count[there] for levels in (before, after))
    slope = np.gradient(y, x) if len(x) > 1 else np.ones(1)
    order = np.cumsum(there)[place] - 1
    apart = np.abs(after / top - y[order] - slope[order] * (before / top - x[order]))
    return x, y, float(apart.mean())


def _through(x: Levels, y: Levels) -> Curve:
    """A curve of few points along all of them: one more where it is farthest off, until it is close everywhere."""
    x, y = _to_the_ends(x, y)
    chosen = {0, len(x) - 1}
    while len(chosen) < MOST_POINTS:
        points = sorted(chosen)
        curve = Curve(tuple((float(x[i]), float(y[i])) for i in points))
        away = np.abs(curve.values(x) - y)
        near = np.abs(x[:, None] - x[points]).min(axis=1) < 2 / 255
        away[near] = 0
        if away.max() <= CLOSE:
            break
        chosen.add(int(away.argmax()))
    return Curve(tuple((float(x[i]), float(y[i])) for i in sorted(chosen)))


def _to_the_ends(x: Levels, y: Levels) -> tuple[Levels, Levels]:
    """With levels that do not occur: straight on at both ends, so that the curve is useful for other pictures too."""
    parts = [(x, y)]
    for end, beyond in ((0, 0.0), (-1, 1.0)):
        if abs(x[end] - beyond) > 2 / 255:
            other = min(8, len(x) - 1) if end == 0 else max(-9, -len(x))
            run = x[end] - x[other]
            slope = (y[end] - y[other]) / run if run else 1.0
            reached = np.clip(y[end] + slope * (beyond - x[end]), 0, 1)
            parts.insert(0 if end == 0 else len(parts), (np.array([beyond]), np.array([reached])))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
