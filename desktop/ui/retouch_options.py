"""What the context bar says for the retouching tools. Percentages are 0..100."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from desktop.core.remove import RemoveMethod, RemoveSettings
from desktop.core.retouch import Focus, Tone, Tones, Toning
from desktop.tools.filling import Sample


class Healing(StrEnum):
    SPOT = "spot"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class CloneOptions:
    aligned: bool = True
    sample: Sample = Sample.LAYER


@dataclass(frozen=True, slots=True)
class HealOptions:
    """`aligned` and `sample` count for healing from a source."""

    healing: Healing = Healing.SPOT
    aligned: bool = True
    sample: Sample = Sample.LAYER


@dataclass(frozen=True, slots=True)
class SmudgeOptions:
    strength: float = 70.0


@dataclass(frozen=True, slots=True)
class FocusOptions:
    focus: Focus = Focus.BLUR
    strength: float = 50.0


@dataclass(frozen=True, slots=True)
class ToneOptions:
    tone: Tone = Tone.DODGE
    tones: Tones = Tones.MIDTONES
    exposure: float = 40.0

    def settings(self) -> Toning:
        return Toning(self.tone, self.tones, self.exposure / 100)


@dataclass(frozen=True, slots=True)
class RemoveOptions:
    """`at_once` fills when the pointer is released; otherwise Ctrl+Enter does."""

    method: RemoveMethod = RemoveMethod.AUTO
    at_once: bool = True
    new_layer: bool = False

    def settings(self, seed: int) -> RemoveSettings:
        return RemoveSettings(self.method, seed)


@dataclass(frozen=True, slots=True)
class RefineOptions:
    """`clean_colors` takes the old background out of the layer's colours where the edge is soft."""

    clean_colors: bool = True


@dataclass(frozen=True, slots=True)
class RetouchOptions:
    """Remembered per tool."""

    clone: CloneOptions = field(default_factory=CloneOptions)
    heal: HealOptions = field(default_factory=HealOptions)
    smudge: SmudgeOptions = field(default_factory=SmudgeOptions)
    focus: FocusOptions = field(default_factory=FocusOptions)
    tone: ToneOptions = field(default_factory=ToneOptions)
    remove: RemoveOptions = field(default_factory=RemoveOptions)
    refine: RefineOptions = field(default_factory=RefineOptions)
