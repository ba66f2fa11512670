"""Effects with their values, ready for pixels: the one code path of layers, filters of pixels and the command line."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from desktop.core.color import FloatPixels, Pixels, max_level
from desktop.core.cube_lut import parse_cube
from desktop.core.effect_parameters import Parameter, ParameterKind, Value
from desktop.core.effect_table import BY_ID, EFFECTS, Effect
from desktop.core.effect_values import Place, color_of_text, curve_of_text
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.gradient_texts import gradient_of_stops
from desktop.core.layers import EffectSettings
from desktop.core.source_parts import SourceParts

LARGEST_WARPED_SIDE = 32_000  # OpenCV's remap counts in 16 bits
WORK = {"tone": 3, "color": 40, "area": 80, "source": 80, "fill": 20}  # in pixels blended once, for planning; measured
WARP_MARGIN_PX = 3
_WORDS = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}


class Prepared:
    """An effect with its settings; used from any thread. `reach`: how many pixels around a pixel it looks at."""

    def __init__(self, settings: EffectSettings) -> None:
        self.effect = effect = BY_ID.get(settings.effect)
        self._tables: dict[Any, Any] = {}
        self._parts: dict[Rect, SourceParts] = {}
        self._lock = threading.Lock()
        self.reach, self.is_neutral, self.work = 0, True, 0
        if effect is None:  # made by a later version: shown as if it were not there
            return
        values = values_of(settings)
        self.is_neutral = bool(effect.neutral) and all(values[name] == same for name, same in effect.neutral.items())
        if effect.takes_lut:
            values["lut"] = None if settings.lut is None else parse_cube(settings.lut)
            self.is_neutral = self.is_neutral or settings.lut is None
        self._values: Mapping[str, Any] = values
        self.reach = math.ceil(effect.reach(values))
        self.work = next(work for kind, work in WORK.items() if getattr(effect, kind) is not None)

    @property
    def spreads(self) -> bool:
        """True when alpha changes as well."""
        return self.effect is not None and (self.effect.spreads or self.effect.source is not None or self.fills)

    @property
    def moves(self) -> bool:
        """True for distortions: pixels come from anywhere."""
        return self.effect is not None and self.effect.source is not None

    @property
    def looks_around(self) -> bool:
        """True when a pixel depends on others than itself."""
        return self.reach > 0 or self.moves

    def shown_in(self, rect: Rect, canvas: Rect) -> Rect:
        """Where the picture looks different when it changes in `rect` below a layer with this effect."""
        if self.is_neutral or not self.looks_around:
            return rect
        if not self.moves:
            return rect.union(rect.expanded(self.reach).intersect(canvas))
        with self._lock:
            parts = self._parts.get(canvas)
            if parts is None:
                parts = self._parts[canvas] = SourceParts.of(self._sources, canvas)
        return rect.union(parts.shown_in(rect.expanded(WARP_MARGIN_PX)))

    def can_distort(self, canvas: Rect) -> bool:
        """False for pictures that are too large to take pixels from anywhere in them."""
        return not self.moves or max(canvas.width, canvas.height) <= LARGEST_WARPED_SIDE

    @property
    def fills(self) -> bool:
        """True when what lies below does not matter: it is painted over."""
        return self.effect is not None and self.effect.fill is not None

    def apply(self, pixels: Pixels, place: Place) -> Pixels:
        """Straight (H, W, 4) to the same in the same depth; the outer `reach` pixels of the result mean nothing."""
        effect = self.effect
        if self.is_neutral or effect is None:
            return pixels
        if effect.tone is not None:
            return self._mapped(pixels, effect.tone)
        if effect.fill is not None:
            return _levels(effect.fill(pixels.shape[0], pixels.shape[1], self._values, place), pixels.dtype)
        if effect.color is not None:
            top = np.float32(max_level(pixels.dtype))
            changed = effect.color(pixels[..., :3].astype(np.float32) / top, self._values, place)
            return np.concatenate([_levels(changed, pixels.dtype), pixels[..., 3:]], axis=2)
        assert effect.area is not None
        return _from_premultiplied(effect.area(_premultiplied(pixels), self._values, place), pixels, effect.spreads)

    def distort(self, read: Callable[[Rect], Pixels], rect: Rect, domain: Rect, frame: Rect) -> Pixels:
        """What a distortion puts into `rect`; `read` gives straight pixels of any part of the domain.

        UserError when a part is needed that is too large.
        """
        x, y = np.meshgrid(
            np.arange(rect.left, rect.right, dtype=np.float32), np.arange(rect.top, rect.bottom, dtype=np.float32)
        )
        sx, sy = self._sources(x, y, frame)
        sx = np.clip(sx, domain.left, domain.right - 1)
        sy = np.clip(sy, domain.top, domain.bottom - 1)
        edges = (math.floor(sx.min()), math.floor(sy.min()), math.ceil(sx.max()) + 1, math.ceil(sy.max()) + 1)
        part = Rect.from_edges(*edges).expanded(WARP_MARGIN_PX).intersect(domain)
        if max(part.width, part.height) > LARGEST_WARPED_SIDE:
            raise UserError("effect.too_wide", limit=LARGEST_WARPED_SIDE)
        source = read(part)
        is_opaque = bool((source[..., 3] == max_level(source.dtype)).all())
        image = source if is_opaque else _premultiplied(source)
        moved = cv2.remap(
            image,
            (sx - np.float32(part.x)).astype(np.float32),
            (sy - np.float32(part.y)).astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return moved if is_opaque else _from_premultiplied(moved, read(rect), spreads=True)

    def _sources(self, x: FloatPixels, y: FloatPixels, frame: Rect) -> tuple[FloatPixels, FloatPixels]:
        """Where the pixels of places come from."""
        assert self.effect is not None
        assert self.effect.source is not None
        return self.effect.source(x, y, self._values, Place(frame.x, frame.y, frame))

    def _mapped(self, pixels: Pixels, tone: Callable[..., FloatPixels]) -> Pixels:
        table = self._tables.get(pixels.dtype)
        if table is None:
            steps = np.linspace(0, 1, max_level(pixels.dtype) + 1, dtype=np.float32)
            mapped = tone(np.repeat(steps[:, None], 3, axis=1), self._values)
            table = self._tables[pixels.dtype] = np.ascontiguousarray(_levels(mapped, pixels.dtype).T)
        out = np.empty_like(pixels)
        for channel in range(3):
            out[..., channel] = table[channel].take(pixels[..., channel])
        out[..., 3] = pixels[..., 3]
        return out


def check_distortable(settings: EffectSettings, canvas: Rect) -> None:
    """UserError when a layer with these settings could not be shown in a picture so large."""
    if not prepared(settings).can_distort(canvas):
        raise UserError("effect.too_wide", limit=LARGEST_WARPED_SIDE)


@lru_cache(maxsize=64)
def prepared(settings: EffectSettings) -> Prepared:
    return Prepared(settings)


def read_around(read: Callable[[Rect], Pixels], rect: Rect, reach: int, domain: Rect) -> Pixels:
    """`rect` with a margin; beyond the domain its edge goes on."""
    wanted = rect.expanded(reach)
    inside = wanted.intersect(domain)
    if inside.is_empty or inside == wanted:
        return read(wanted)
    margins = (inside.top - wanted.top, wanted.bottom - inside.bottom, inside.left - wanted.left)
    around: Pixels = cv2.copyMakeBorder(
        read(inside), *margins, wanted.right - inside.right, borderType=cv2.BORDER_REPLICATE
    )
    return around


def without_margin(pixels: Pixels, reach: int) -> Pixels:
    return pixels[reach : pixels.shape[0] - reach, reach : pixels.shape[1] - reach]


def default_values(effect: Effect) -> dict[str, Any]:
    return {parameter.id: parameter.default for parameter in effect.parameters}


def values_of(settings: EffectSettings) -> dict[str, Any]:
    """Every parameter's value; what is out of its limits or of the wrong kind is brought into them."""
    effect = BY_ID[settings.effect]
    given = dict(settings.values)
    return {one.id: _tamed(one, given.get(one.id, one.default)) for one in effect.parameters}


def effect_of(effect_id: str) -> Effect:
    if effect_id not in BY_ID:
        raise UserError("effect.unknown", effect=effect_id, known=", ".join(effect.id for effect in EFFECTS))
    return BY_ID[effect_id]


def checked_settings(effect_id: str, given: Mapping[str, Value], lut: bytes | None = None) -> EffectSettings:
    """Settings with every value checked; texts are read as what the parameter wants. UserError says what is wrong."""
    effect = effect_of(effect_id)
    known = [parameter.id for parameter in effect.parameters]
    for name in given:
        if name not in known:
            raise UserError("effect.unknown_param", effect=effect_id, name=name, known=", ".join(known) or "none")
    if effect.takes_lut:
        if lut is None:
            raise UserError("effect.no_reference" if effect.takes_reference else "effect.no_lut")
        parse_cube(lut)
    elif lut is not None:
        raise UserError("effect.no_lut_wanted", effect=effect_id)
    values = tuple((one.id, _checked(one, given.get(one.id, one.default))) for one in effect.parameters)
    return EffectSettings(effect_id, values, lut)


def _checked(parameter: Parameter, value: Value) -> Value:
    kind, name = parameter.kind, parameter.id
    if kind is ParameterKind.SWITCH:
        switch = value if isinstance(value, bool) else _WORDS.get(str(value).lower())
        if switch is None:
            raise UserError("effect.bad_switch", name=name, value=value)
        return switch
    if kind is ParameterKind.CHOICE:
        if value not in parameter.choices:
            raise UserError("effect.bad_choice", name=name, value=value, known=", ".join(parameter.choices))
        return value
    if kind is ParameterKind.CURVE:
        curve_of_text(str(value))
        return str(value)
    if kind is ParameterKind.COLOR:
        color_of_text(str(value))
        return str(value)
    if kind is ParameterKind.GRADIENT:
        if value != "":
            gradient_of_stops(str(value))
        return str(value)
    return _checked_number(parameter, value)


def _checked_number(parameter: Parameter, value: Value) -> Value:
    is_whole = parameter.kind in (ParameterKind.WHOLE, ParameterKind.SEED)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not parameter.least <= number <= parameter.most or (is_whole and number != int(number)):
        key = "effect.bad_whole" if is_whole else "effect.bad_number"
        limits = {"least": f"{parameter.least:g}", "most": f"{parameter.most:g}"}
        raise UserError(key, name=parameter.id, value=value, **limits)
    return int(number) if is_whole else number


def _tamed(parameter: Parameter, value: Value) -> Value:
    """For values of files: never an error."""
    try:
        return _checked(parameter, value)
    except UserError:
        if isinstance(value, (int, float)) and math.isfinite(value) and parameter.most > parameter.least:
            clamped = min(max(value, parameter.least), parameter.most)
            return clamped if parameter.kind is ParameterKind.NUMBER else round(clamped)
        return parameter.default


def _levels(image: Pixels, dtype: Any) -> Pixels:
    top = max_level(dtype)
    levels: Pixels = np.rint(np.clip(image, 0, 1) * np.float32(top)).astype(dtype)
    return levels


def _premultiplied(pixels: Pixels) -> FloatPixels:
    top = np.float32(max_level(pixels.dtype))
    image: FloatPixels = pixels.astype(np.float32) / top
    if not (pixels[..., 3] == max_level(pixels.dtype)).all():
        image[..., :3] *= image[..., 3:]
    return image


def _from_premultiplied(image: FloatPixels, before: Pixels, spreads: bool) -> Pixels:
    """Straight levels; where nothing shows, the colour beneath stays what it was."""
    alpha = image[..., 3:]
    rgb: Pixels = image[..., :3] / np.maximum(alpha, 1e-6)
    out = np.concatenate([_levels(rgb, before.dtype), _levels(alpha, before.dtype)], axis=2)
    is_hidden = out[..., 3] == 0
    if is_hidden.any():
        out[is_hidden, :3] = before[is_hidden, :3]
    if not spreads:
        out[..., 3] = before[..., 3]
    return out
