"""One strong setting of every adjustment and filter, and a small picture to try them on.

`python -m tests.golden.effect_samples` writes those that are missing; look at them before they are kept.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from desktop.core.effect_parameters import Value
from desktop.core.effect_table import BY_ID, EFFECTS
from desktop.core.effect_values import Place
from desktop.core.effects import Prepared, checked_settings, read_around, without_margin
from desktop.core.geometry import Rect, Size
from desktop.core.layers import EffectSettings
from desktop.core.tiles import TileMap

FOLDER = Path(__file__).parent / "effects"
SIZE = Size(72, 48)

VALUES: dict[str, dict[str, Value]] = {
    "brightness-contrast": {"brightness": 35, "contrast": 40},
    "levels": {"all_black": 30, "all_gamma": 1.6, "all_white": 220, "red_low": 40, "blue_high": 200},
    "curves": {"all": "0,0 0.25,0.15 0.75,0.9 1,1", "blue": "0,0.2 1,0.8"},
    "exposure": {"exposure": 1.2, "offset": -0.02, "gamma": 1.2},
    "white-balance": {"temperature": 60, "tint": -40},
    "hue-saturation": {"hue": 70, "saturation": 40, "lightness": -10},
    "colour-balance": {"shadows_cyan_red": 60, "midtones_magenta_green": -50, "highlights_yellow_blue": 70},
    "vibrance": {"vibrance": 80, "saturation": -15},
    "channel-mixer": {"red_red": 20, "red_green": 80, "blue_constant": 25},
    "gradient-map": {"dark": "#201040", "middle": "#c05040", "light": "#fff0c0", "middle_at": 40},
    "gaussian-blur": {"radius": 2.5},
    "motion-blur": {"angle": 30, "distance": 14},
    "lens-blur": {"radius": 4, "highlights": 60},
    "surface-blur": {"radius": 4, "threshold": 60},
    "unsharp-mask": {"amount": 150, "radius": 2, "threshold": 4},
    "add-noise": {"amount": 30, "seed": 7},
    "median": {"radius": 3},
    "pixelate": {"cell": 7},
    "vignette": {"amount": -80, "roundness": 40},
    "twirl": {"angle": 200},
    "match-colours": {"lightness": 40, "colour": 80},
    "solid-fill": {"color": "#3366aa"},
    "gradient-fill": {"first": "#c02040", "second": "#20a0f0", "second_opacity": 20, "angle": 30, "scale": 80},
    "pattern-fill": {"pattern": "dots", "cell": 11, "share": 70, "angle": 20, "first_opacity": 40},
}


def inverting_cube() -> bytes:
    """A table of two steps a side that swaps red and blue and inverts green."""
    rows = [f"{blue} {1 - green} {red}" for blue in (0, 1) for green in (0, 1) for red in (0, 1)]
    return "\n".join(['TITLE "Swapped"', "LUT_3D_SIZE 2", *rows]).encode()


def settings_of(effect_id: str) -> EffectSettings:
    lut = inverting_cube() if BY_ID[effect_id].takes_lut else None
    return checked_settings(effect_id, VALUES.get(effect_id, {}), lut)


def sample_picture(depth: int = 8, size: Size = SIZE) -> Any:
    """Ramps of colour, a hard disc, fine stripes, a soft transparent corner; (H, W, 4)."""
    y, x = np.mgrid[0 : size.height, 0 : size.width].astype(np.float64)
    across, down = x / (size.width - 1), y / (size.height - 1)
    rgb = np.stack([across, down, 0.5 + 0.5 * np.sin(6 * across + 4 * down)], axis=-1)
    disc = np.hypot(x - size.width * 0.35, y - size.height * 0.5) < size.height * 0.25
    rgb[disc] = (0.9, 0.85, 0.2)
    stripes = (x > size.width * 0.75) & (x.astype(int) % 2 == 0)
    rgb[stripes] = (0.05, 0.1, 0.3)
    alpha = np.clip((across + down) * 4, 0, 1)
    top = 255 if depth == 8 else 65535
    return np.rint(np.concatenate([rgb, alpha[..., None]], axis=-1) * top).astype(np.uint8 if depth == 8 else np.uint16)


def applied(settings: EffectSettings, pixels: Any) -> Any:
    """The whole picture at once."""
    height, width = pixels.shape[:2]
    canvas, tiles, effect = Rect(0, 0, width, height), TileMap.from_array(pixels), Prepared(settings)
    if effect.effect is not None and effect.effect.source is not None:
        return effect.distort(tiles.read, canvas, canvas, canvas)
    reach = effect.reach
    around = read_around(tiles.read, canvas, reach, canvas)
    return without_margin(effect.apply(around, Place(-reach, -reach, canvas)), reach)


def kept_picture(effect_id: str) -> Any:
    return np.asarray(Image.open(FOLDER / f"{effect_id}.png"))


if __name__ == "__main__":
    for one in (effect for effect in EFFECTS if not (FOLDER / f"{effect.id}.png").exists()):
        content = io.BytesIO()
        Image.fromarray(applied(settings_of(one.id), sample_picture())).save(content, "PNG", optimize=True)
        (FOLDER / f"{one.id}.png").write_bytes(content.getvalue())
