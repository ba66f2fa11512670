"""A network's answer as adjustments: where it maps the levels of each channel alike everywhere, it can stay editable.

A network that says how vivid colours are to be after its curves gives two of them: curves, and Vibrance above.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from desktop.core.adjust_colors import STRONGEST_SATURATION
from desktop.core.color import LUMA, Pixels, max_level
from desktop.core.dynamics import Curve
from desktop.core.edits import OpenDocument
from desktop.core.effect_values import CURVE_IDENTITY, text_of_curve
from desktop.core.effects import checked_settings
from desktop.core.errors import UserError
from desktop.core.layers import AdjustmentLayer, EffectSettings, LayerId, Mask
from desktop.core.tiles import TileMap
from desktop.runtime.manifest import Manifest
from desktop.runtime.runner import Result
from desktop.tools.ai_tool import Plan, Source, region_mask
from desktop.tools.layer_edits import place_above

CHANNELS = ("red", "green", "blue")
BINS = 1024  # of 16-bit levels; pictures of 8 bits have a bin for each of theirs
MOST_PIXELS = 200_000  # looked at: more say the same, and the window waits for it
MOST_POINTS = 16  # of a curve: as many as a hand can still move
CLOSE = 0.75 / 255  # a curve that is nowhere farther from what was found needs no further point; 0.5 is rounding
SAME = 1.5 / 255  # how far pixels of one level may end from each other, on average

SPARSE = 7  # of those pixels every so many are enough to tell the saturation
UNSEEN_SATURATION = 0.01  # a factor so near to 1 needs no layer
SURER = 0.02  # a factor has to be nearer by so much than none

Levels = npt.NDArray[np.float64]


def adjustments_between(before: Pixels, after: Pixels, manifest: Manifest) -> list[EffectSettings]:
    """The adjustments that do what the network did, the lowest first. UserError: see below."""
    if any(spec.saturates for spec in manifest.outputs):
        return vivid_curves_between(before, after, manifest.title)
    return [curves_between(before, after, manifest.title)]


def curves_between(before: Pixels, after: Pixels, title: str) -> EffectSettings:
    """The curves adjustment that makes of `before` (H, W, 3|4) what `after` is, of the same size and depth.

    UserError when pixels of one level became different ones, so that no curve does it; `title` is the network's.
    """
    return _curves(*_looked_at(before, after), float(max_level(before.dtype)), title)


def vivid_curves_between(before: Pixels, after: Pixels, title: str) -> list[EffectSettings]:
    """The same where colours were moved from their luma, or towards it, after the curves: Vibrance above these.

    Only curves where the saturation stayed.
    """
    old, new = _looked_at(before, after)
    top = float(max_level(before.dtype))
    cut = (new <= 0) | (new >= top)
    whole = cut.all(axis=1) | ~cut.any(axis=1)  # of other pixels nobody knows where they would lie
    old, new = (old[whole], new[whole]) if whole.any() else (old, new)
    factor = _saturation(old[::SPARSE], new[::SPARSE], top)
    curves = _curves(old, _desaturated(new, factor), top, title)
    if abs(factor - 1) < UNSEEN_SATURATION:
        return [curves]
    percent = factor - 1 if factor < 1 else (1 - 1 / factor) / STRONGEST_SATURATION
    return [curves, checked_settings("vibrance", {"vibrance": 0, "saturation": 100 * percent})]


def land_curves(opened: OpenDocument, plan: Plan, result: Result, edit_name: str) -> LayerId:
    """Adjustment layers over what the model was shown, limited to the region, as one edit. UserError: see above.

    Over one layer among others they are clipped to that layer. The lowest one's id: the curves.
    """
    manifest = plan.settings.model.manifest
    found = adjustments_between(plan.request.inputs["image"], result.image, manifest)
    document, is_layer = opened.document, plan.settings.source is Source.LAYER
    parent_id, index = place_above(document, plan.layer_id if is_layer else None)
    is_clipped = is_layer and sum(1 for _ in document.iter_layers()) > 1
    first = document.next_layer_id()
    with opened.edit(edit_name) as edit:
        for place, settings in enumerate(found):
            layer = AdjustmentLayer(
                id=edit.document.next_layer_id(),
                name=manifest.title,
                settings=settings,
                mask=_mask_of(plan),
                clip_to_below=is_clipped,
            )
            edit.insert_layer(layer, parent_id, None if index is None else index + place)
    return first


def _looked_at(before: Pixels, after: Pixels) -> tuple[Levels, Levels]:
    """(N, 3) each: colours here and there that can be seen, and what became of them."""
    step = max(1, round((before.shape[0] * before.shape[1] / MOST_PIXELS) ** 0.5))
    old, new = before[::step, ::step], after[::step, ::step]
    seen = old[..., 3] > 0 if old.shape[2] == 4 else np.ones(old.shape[:2], bool)
    if not seen.any():
        raise UserError("effect.nothing_seen")
    return old[..., :3][seen].astype(np.float64), new[..., :3][seen].astype(np.float64)


def _curves(old: Levels, new: Levels, top: float, title: str) -> EffectSettings:
    values: dict[str, str] = {"all": CURVE_IDENTITY}
    for place, name in enumerate(CHANNELS):
        x, y, spread = _mapping(old[:, place], new[:, place], top)
        if spread > SAME:
            raise UserError("tone.no_curve", model=title)
        values[name] = text_of_curve(_through(x, y))
    return checked_settings("curves", values)


def _saturation(old: Levels, new: Levels, top: float) -> float:
    """The factor without which `new` is nearest to curves of `old`; 1 where none is nearer, as in grey pictures."""

    def spread(log_factor: float) -> float:
        plain = _desaturated(new, float(np.exp(log_factor)))
        return sum(_mapping(old[:, place], plain[:, place], top)[2] for place in range(3))

    best, width = 0.0, 0.9
    least = spread(best) * (1 - SURER)
    while width > 0.004:
        tried = {best + share * width: spread(best + share * width) for share in (-1, -2 / 3, -1 / 3, 1 / 3, 2 / 3, 1)}
        nearest = min(tried, key=lambda one: tried[one])
        if tried[nearest] < least:
            best, least = nearest, tried[nearest]
        width /= 3
    return float(np.exp(best))


def _desaturated(new: Levels, factor: float) -> Levels:
    luma = (new @ LUMA)[:, None]
    plain: Levels = luma + (new - luma) / factor
    return plain


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
