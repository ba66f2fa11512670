"""Draws the tips of the shipped brushes and writes their files: ``python build/make_brushes.py [FOLDER]``.

Everything is computed from seeds, so the files come out the same on every machine. CC0, like what it makes.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.dynamics import Curve, Dynamic, Sensor, Target
from desktop.core.stabilizer import StabilizerSettings, Steadying
from desktop.core.tips import ImageTip
from desktop.io.brush_presets import TIPS, write_preset

SIZE = Dynamic(Sensor.PRESSURE, Target.SIZE)
FLOW = Dynamic(Sensor.PRESSURE, Target.FLOW)
OPACITY = Dynamic(Sensor.PRESSURE, Target.OPACITY)
TURN = Dynamic(Sensor.DIRECTION, Target.ANGLE)
SOFT_TOUCH = Curve(((0.0, 0.0), (0.35, 0.12), (1.0, 1.0)))
NEVER_THIN = Curve(((0.0, 0.45), (1.0, 1.0)))
THINNER_WHEN_QUICK = Curve(((0.0, 1.0), (1.0, 0.55)))


def main(folder: Path) -> None:
    for old in (*folder.glob("*.toml"), *(folder / TIPS).glob("*.png")):
        old.unlink()
    for order, (file_name, (name, settings)) in enumerate(brushes().items(), start=1):
        write_preset(folder / f"{file_name}.toml", name, settings, order=10 * order)


def brushes() -> dict[str, tuple[str, BrushSettings]]:
    plain = BrushSettings(dynamics=())
    return {
        "hard-round": ("Hard round", replace(plain, hardness=1.0, spacing=0.05)),
        "soft-round": ("Soft round", replace(plain, diameter_px=80, hardness=0.0, spacing=0.08, dynamics=(OPACITY,))),
        "pencil": ("Pencil", pencil()),
        "ink": ("Ink", ink()),
        "airbrush": (
            "Airbrush",
            replace(plain, diameter_px=160, hardness=0, flow=0.06, spacing=0.05, dynamics=(FLOW,)),
        ),
        "marker": ("Marker", marker()),
        "chalk": ("Chalk", chalk()),
        "charcoal": ("Charcoal", charcoal()),
        "dry-bristle": ("Dry bristle", bristle()),
        "oil": ("Oil", oil()),
        "watercolour": ("Watercolour", watercolour()),
        "calligraphy": ("Calligraphy", calligraphy()),
        "ribbon": ("Ribbon pen", ribbon()),
        "splatter": ("Splatter", splatter()),
        "sponge": ("Sponge", sponge()),
        "leaves": ("Leaves", leaves()),
        "stone": ("Stone stamp", stone()),
        "soft-eraser": ("Soft eraser", eraser()),
    }


def pencil() -> BrushSettings:
    tip = disc(96, 0.75) * threshold(noise(96, 3.0, 11), 0.42, 0.6) ** 0.8
    dynamics = (Dynamic(Sensor.PRESSURE, Target.FLOW, SOFT_TOUCH), Dynamic(Sensor.PRESSURE, Target.SIZE, NEVER_THIN))
    return brush(tip, diameter_px=7, flow=0.75, spacing=0.12, angle_jitter=1.0, dynamics=dynamics)


def ink() -> BrushSettings:
    dynamics = (
        Dynamic(Sensor.PRESSURE, Target.SIZE, SOFT_TOUCH),
        Dynamic(Sensor.SPEED, Target.SIZE, THINNER_WHEN_QUICK),
    )
    steady = StabilizerSettings(Steadying.AVERAGE, 12.0)
    return BrushSettings(diameter_px=14, hardness=0.95, spacing=0.03, dynamics=dynamics, stabilizer=steady)


def marker() -> BrushSettings:
    return BrushSettings(
        diameter_px=36, hardness=0.92, opacity=0.6, spacing=0.03, roundness=0.35, angle=-50, dynamics=()
    )


def chalk() -> BrushSettings:
    grain = threshold(noise(192, 1.6, 21) * 0.6 + noise(192, 9, 22) * 0.4, 0.47, 0.6)
    return brush(squircle(192, 0.8) * grain, diameter_px=44, flow=0.7, spacing=0.09, angle_jitter=1.0, dynamics=(FLOW,))


def charcoal() -> BrushSettings:
    streaks = cv2.GaussianBlur(uniform(192, 31), (0, 0), sigmaX=9, sigmaY=1.2)
    tip = squircle(192, 0.9) * threshold(stretched(streaks), 0.5, 0.8) * (0.5 + 0.5 * noise(192, 2, 32))
    dynamics = (FLOW, TURN, Dynamic(Sensor.TILT, Target.SIZE, Curve(((0.0, 0.5), (1.0, 1.0)))))
    return brush(tip, diameter_px=56, flow=0.55, spacing=0.06, size_jitter=0.15, angle_jitter=0.04, dynamics=dynamics)


def bristle() -> BrushSettings:
    random, side = np.random.default_rng(41), 160
    tip = np.zeros((side, side), np.float32)
    for _ in range(90):
        x, y = random.normal(side / 2, side / 24), random.uniform(6, side - 6)
        radius = random.uniform(0.8, 2.6)
        cv2.circle(tip, (round(x * 16), round(y * 16)), round(radius * 16), random.uniform(0.4, 1), -1, cv2.LINE_AA, 4)
    return brush(tip, diameter_px=70, flow=0.5, spacing=0.02, angle_jitter=0.01, dynamics=(TURN, FLOW))


def oil() -> BrushSettings:
    lines = cv2.GaussianBlur(uniform(160, 51), (0, 0), sigmaX=14, sigmaY=1.0)
    tip = squircle(160, 0.7) * (0.03 + 0.97 * threshold(stretched(lines), 0.25, 0.85))
    return brush(tip, diameter_px=60, flow=0.3, spacing=0.04, dynamics=(TURN, Dynamic(Sensor.PRESSURE, Target.SIZE)))


def watercolour() -> BrushSettings:
    side = 256
    distance = radius_of(side) + (noise(side, 22, 61) - 0.5) * 0.22
    inside = np.clip((0.86 - distance) * 18, 0, 1)
    rim = np.exp(-(((distance - 0.8) / 0.05) ** 2))
    tip = inside * (0.45 + 0.55 * rim) * (0.75 + 0.25 * noise(side, 5, 62))
    dynamics = (Dynamic(Sensor.PRESSURE, Target.SIZE, NEVER_THIN),)
    return brush(
        tip, diameter_px=90, flow=0.14, opacity=0.7, spacing=0.12, angle_jitter=1, size_jitter=0.2, dynamics=dynamics
    )


def calligraphy() -> BrushSettings:
    steady = StabilizerSettings(Steadying.AVERAGE, 10.0)
    dynamics = (Dynamic(Sensor.PRESSURE, Target.SIZE, NEVER_THIN),)
    return BrushSettings(
        diameter_px=34, hardness=0.97, spacing=0.03, roundness=0.14, angle=-40, dynamics=dynamics, stabilizer=steady
    )


def ribbon() -> BrushSettings:
    return BrushSettings(
        diameter_px=40,
        hardness=0.97,
        spacing=0.03,
        roundness=0.1,
        angle=35,
        dynamics=(Dynamic(Sensor.TILT_DIRECTION, Target.ANGLE), Dynamic(Sensor.PRESSURE, Target.SIZE, SOFT_TOUCH)),
        stabilizer=StabilizerSettings(Steadying.STRING, 20.0),
    )


def splatter() -> BrushSettings:
    random, side = np.random.default_rng(71), 192
    tip = np.zeros((side, side), np.float32)
    for _ in range(70):
        distance, turn = abs(random.normal(0, 0.19)) * side, random.uniform(0, 2 * np.pi)
        x, y = side / 2 + distance * np.cos(turn), side / 2 + distance * np.sin(turn)
        radius = random.exponential(3.4) * max(1.15 - distance / side, 0.2) + 0.7
        cv2.circle(tip, (round(x * 16), round(y * 16)), round(radius * 16), 1.0, -1, cv2.LINE_AA, 4)
    dynamics = (Dynamic(Sensor.PRESSURE, Target.SIZE, NEVER_THIN),)
    return brush(tip, diameter_px=90, spacing=0.45, scatter=0.45, size_jitter=0.6, angle_jitter=1.0, dynamics=dynamics)


def sponge() -> BrushSettings:
    side = 224
    holes = threshold(noise(side, 5, 81) * 0.65 + noise(side, 12, 82) * 0.35, 0.48, 0.56)
    tip = np.clip((0.9 - radius_of(side) - (noise(side, 18, 83) - 0.5) * 0.5) * 6, 0, 1) * holes
    return brush(tip, diameter_px=110, flow=0.6, spacing=0.35, angle_jitter=1.0, size_jitter=0.2, dynamics=(FLOW,))


def leaves() -> BrushSettings:
    side = 160
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side * 2 - 1
    half = 0.42 * np.clip(1 - x * x, 0, None) ** 0.9 * (1 - 0.25 * x)
    blade = np.clip((half - np.abs(y)) * 40, 0, 1)
    vein = 1 - 0.75 * np.exp(-((y / 0.022) ** 2))
    side_veins = 1 - 0.3 * (np.abs(((x - np.abs(y) * 0.9) * 7) % 1 - 0.5) < 0.06)
    tip = blade * vein * cv2.GaussianBlur(side_veins.astype(np.float32), (0, 0), 0.8)
    return brush(tip, diameter_px=46, spacing=0.8, scatter=0.7, size_jitter=0.5, angle_jitter=1.0, dynamics=(SIZE,))


def stone() -> BrushSettings:
    side = 320
    relief = noise(side, 2, 91) * 0.35 + noise(side, 7, 92) * 0.4 + noise(side, 22, 93) * 0.25
    tip = squircle(side, 0.55) * threshold(stretched(relief), 0.25, 0.8)
    return brush(tip, diameter_px=180, flow=0.5, spacing=0.6, angle_jitter=1.0, dynamics=())


def eraser() -> BrushSettings:
    return BrushSettings(diameter_px=90, hardness=0.1, spacing=0.08, mode=BrushMode.ERASE, dynamics=(OPACITY,))


def brush(tip: np.ndarray, **settings: object) -> BrushSettings:
    levels = np.round(np.clip(tip / tip.max(), 0, 1) * 255).astype(np.float32) / 255
    return BrushSettings(tip=ImageTip("", levels), hardness=1.0, **settings)  # type: ignore[arg-type]


def uniform(side: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((side, side)).astype(np.float32)


def noise(side: int, grain_px: float, seed: int) -> np.ndarray:
    """Smooth noise from 0 to 1."""
    return stretched(cv2.GaussianBlur(uniform(side, seed), (0, 0), grain_px / 2))


def stretched(levels: np.ndarray) -> np.ndarray:
    low, high = np.percentile(levels, (1, 99))
    return np.clip((levels - low) / (high - low), 0, 1)


def threshold(levels: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((levels - low) / (high - low), 0, 1)


def radius_of(side: int) -> np.ndarray:
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / (side - 1) * 2 - 1
    return np.hypot(x, y)


def disc(side: int, core: float) -> np.ndarray:
    return np.clip((0.98 - radius_of(side)) / (1 - core), 0, 1)


def squircle(side: int, core: float) -> np.ndarray:
    y, x = np.abs(np.mgrid[0:side, 0:side].astype(np.float32) / (side - 1) * 2 - 1)
    return np.clip((0.98 - (x**3 + y**3) ** (1 / 3)) / (1 - core), 0, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "resources" / "brushes")
