"""Small things the training tests are made of."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from models.denoise import PRESETS, SMOKE, Config


def smoke_config(run: Path, **changes: Any) -> Config:
    return dataclasses.replace(PRESETS["cpu"], **(SMOKE | {"run": run, "baselines": run / "baselines.json"} | changes))
