"""What the context bar says for bucket, gradient, picker and selection tools. Percentages are 0..100."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.core.blend_modes import BlendMode
from desktop.core.color import Pixels
from desktop.core.gradients import Color, Gradient, GradientPreset, GradientRepeat, GradientShape, preset_gradient
from desktop.core.layers import LayerId
from desktop.core.select import Joined
from desktop.tools.filling import BucketSettings, GradientSettings, Sample
from desktop.tools.picking import PickSettings
from desktop.tools.selecting import SelectSettings


@dataclass(frozen=True, slots=True)
class BucketOptions:
    tolerance: float = 15.0
    contiguous: bool = True
    antialias: bool = True
    sample: Sample = Sample.LAYER
    mode: BlendMode = BlendMode.NORMAL
    opacity: float = 100.0
    pattern: str = ""  # by name; none is the colour

    def settings(self, color: Color, pattern: Pixels | None = None) -> BucketSettings:
        return BucketSettings(
            color=color,
            tolerance=self.tolerance / 100,
            contiguous=self.contiguous,
            antialias=self.antialias,
            sample=self.sample,
            mode=self.mode,
            opacity=self.opacity / 100,
            pattern=pattern,
        )


@dataclass(frozen=True, slots=True)
class GradientOptions:
    preset: GradientPreset = GradientPreset.TO_BACKGROUND
    own: Gradient | None = None  # takes the place of the preset
    shape: GradientShape = GradientShape.LINEAR
    repeat: GradientRepeat = GradientRepeat.NONE
    reverse: bool = False
    dithers: bool = True
    mode: BlendMode = BlendMode.NORMAL
    opacity: float = 100.0

    def gradient(self, foreground: Color, background: Color) -> Gradient:
        return self.own or preset_gradient(self.preset, foreground, background)

    def settings(self, foreground: Color, background: Color) -> GradientSettings:
        gradient = self.gradient(foreground, background)
        return GradientSettings(
            gradient=gradient.reversed() if self.reverse else gradient,
            shape=self.shape,
            repeat=self.repeat,
            dithers=self.dithers,
            mode=self.mode,
            opacity=self.opacity / 100,
        )


@dataclass(frozen=True, slots=True)
class SelectOptions:
    """Of all selection tools; the last three count for the wand."""

    how: Joined = Joined.REPLACE
    feather: float = 0.0
    antialias: bool = True
    tolerance: float = 12.0
    contiguous: bool = True
    sample: Sample = Sample.VISIBLE

    def settings(self) -> SelectSettings:
        return SelectSettings(
            how=self.how,
            feather_px=self.feather,
            antialias=self.antialias,
            tolerance=self.tolerance / 100,
            contiguous=self.contiguous,
            sample=self.sample,
        )


@dataclass(frozen=True, slots=True)
class PickOptions:
    side_px: int = 1
    layer_only: bool = False

    def settings(self, layer_id: LayerId | None) -> PickSettings:
        return PickSettings(self.side_px, layer_id if self.layer_only else None)
