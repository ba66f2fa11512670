"""What the context bar says for the stamp brush. Percentages are of the stamp's size."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.tools.stamping import StampSettings


@dataclass(frozen=True, slots=True)
class StampOptions:
    size_px: float = 96.0
    spacing: float = 110.0
    scatter: float = 20.0
    size_jitter: float = 25.0
    turn_degrees: float = 15.0

    def settings(self, seed: int) -> StampSettings:
        return StampSettings(
            size_px=self.size_px,
            spacing=self.spacing / 100,
            scatter=self.scatter / 100,
            size_jitter=self.size_jitter / 100,
            turn_degrees=self.turn_degrees,
            seed=seed,
        )
