"""Layer styles as values: a stroke along the rim, a shadow, glows. What they look like is computed in `styled`."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum

from desktop.core.effect_values import color_of_text
from desktop.core.errors import UserError


class StrokeSide(StrEnum):
    OUTSIDE = "outside"
    CENTER = "center"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True)
class StrokeStyle:
    """Opacities are 0..1, colours "#rrggbb", lengths image pixels."""

    color: str = "#ffffff"
    opacity: float = 1.0
    size_px: float = 4.0
    side: StrokeSide = StrokeSide.OUTSIDE


@dataclass(frozen=True, slots=True)
class ShadowStyle:
    """`angle` is where the light comes from, degrees against the clock from the right; `spread` 0..1 of the size."""

    color: str = "#000000"
    opacity: float = 0.6
    angle: float = 120.0
    distance_px: float = 8.0
    size_px: float = 12.0
    spread: float = 0.0

    @property
    def shift(self) -> tuple[int, int]:
        """How far it falls to the right and down, in whole pixels."""
        turn = math.radians(self.angle)
        return round(-math.cos(turn) * self.distance_px), round(math.sin(turn) * self.distance_px)


@dataclass(frozen=True, slots=True)
class GlowStyle:
    color: str = "#ffe9a8"
    opacity: float = 0.75
    size_px: float = 16.0
    spread: float = 0.0


LayerStyle = StrokeStyle | ShadowStyle | GlowStyle


@dataclass(frozen=True, slots=True)
class LayerStyles:
    """What a layer wears; None is what it does not."""

    stroke: StrokeStyle | None = None
    shadow: ShadowStyle | None = None
    outer_glow: GlowStyle | None = None
    inner_glow: GlowStyle | None = None

    @property
    def is_empty(self) -> bool:
        return not self.worn

    @property
    def worn(self) -> tuple[str, ...]:
        return tuple(name for name in STYLE_NAMES if getattr(self, name) is not None)

    @property
    def reach(self) -> int:
        """How far in pixels the look of a place depends on what is around it."""
        found = 0.0
        if self.stroke is not None:
            found = self.stroke.size_px + 2
        if self.shadow is not None:
            found = max(found, max(map(abs, self.shadow.shift)) + blur_reach(self.shadow.size_px))
        for glow in (self.outer_glow, self.inner_glow):
            if glow is not None:
                found = max(found, blur_reach(glow.size_px))
        return math.ceil(found)


STYLE_NAMES = tuple(field.name for field in fields(LayerStyles))
STYLE_KINDS: dict[str, type[StrokeStyle] | type[ShadowStyle] | type[GlowStyle]] = {
    "stroke": StrokeStyle,
    "shadow": ShadowStyle,
    "outer_glow": GlowStyle,
    "inner_glow": GlowStyle,
}
LIMITS: dict[str, tuple[float, float]] = {
    "opacity": (0.0, 1.0),
    "size_px": (0.0, 250.0),
    "angle": (-180.0, 180.0),
    "distance_px": (0.0, 500.0),
    "spread": (0.0, 1.0),
}
STROKE_SIZES_PX = (0.5, 100.0)
SIGMAS = 3.0  # standard deviations of a blur within its size
COARSE_MARGIN_PX = 13  # what blurs on a reduced grid reach beyond that


def blur_reach(size_px: float) -> float:
    return size_px + COARSE_MARGIN_PX + 2


def limits_of(style: LayerStyle, name: str) -> tuple[float, float]:
    return STROKE_SIZES_PX if isinstance(style, StrokeStyle) and name == "size_px" else LIMITS[name]


def checked_styles(styles: LayerStyles) -> LayerStyles:
    """The same styles. UserError says what of them cannot be."""
    for worn in styles.worn:
        style = getattr(styles, worn)
        color_of_text(style.color)
        for field in fields(style):
            if field.name in LIMITS:
                value, (least, most) = getattr(style, field.name), limits_of(style, field.name)
                if not (math.isfinite(value) and least <= value <= most):
                    wanted = f"a number from {least:g} to {most:g}"
                    raise UserError("text.bad_value", name=f"{worn} {field.name}", wanted=wanted, value=value)
    return styles
