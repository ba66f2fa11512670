"""What the context bar says for the bucket, the gradient and the picker. Percentages are 0..100."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.core.blend_modes import BlendMode
from desktop.core.gradients import Color, GradientPreset, GradientRepeat, GradientShape, preset_gradient
from desktop.core.layers import LayerId
from desktop.tools.filling import BucketSettings, GradientSettings, Sample
from desktop.tools.picking import PickSettings


@dataclass(frozen=True, slots=True)
class BucketOptions:
    tolerance: float = 15.0
    contiguous: bool = True
    antialias: bool = True
    sample: Sample = Sample.LAYER
    mode: BlendMode = BlendMode.NORMAL
    opacity: float = 100.0

    def settings(self, color: Color) -> BucketSettings:
        return BucketSettings(
            color=color,
            tolerance=self.tolerance / 100,
            contiguous=self.contiguous,
            antialias=self.antialias,
            sample=self.sample,
            mode=self.mode,
            opacity=self.opacity / 100,
        )


@dataclass(frozen=True, slots=True)
class GradientOptions:
    preset: GradientPreset = GradientPreset.TO_BACKGROUND
    shape: GradientShape = GradientShape.LINEAR
    repeat: GradientRepeat = GradientRepeat.NONE
    reverse: bool = False
    dithers: bool = True
    mode: BlendMode = BlendMode.NORMAL
    opacity: float = 100.0

    def settings(self, foreground: Color, background: Color) -> GradientSettings:
        gradient = preset_gradient(self.preset, foreground, background)
        return GradientSettings(
            gradient=gradient.reversed() if self.reverse else gradient,
            shape=self.shape,
            repeat=self.repeat,
            dithers=self.dithers,
            mode=self.mode,
            opacity=self.opacity / 100,
        )


@dataclass(frozen=True, slots=True)
class PickOptions:
    side_px: int = 1
    layer_only: bool = False

    def settings(self, layer_id: LayerId | None) -> PickSettings:
        return PickSettings(self.side_px, layer_id if self.layer_only else None)
