"""Numbers and the card of a texture network: distances, repeats, speed, and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.common.perceptual import PerceptualLoss
from models.common.speed import measure_speed

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Make = Callable[..., Rgb8]  # title, side, seed=… → a piece

NEAREST_REPEAT_PX = 48  # nearer than that, neighbours of one stone or blade are no repeat
SHEET_PX, GAP_PX = 224, 4


@dataclass(frozen=True)
class Measuring:
    """How much is measured: of a network that only proves the way, next to nothing."""

    side_px: int = 256
    repeat_px: int = 1024
    speed_runs: int = 8


BRIEFLY = Measuring(side_px=64, repeat_px=128, speed_runs=1)


def measure_textures(
    make: Make,
    titles: Sequence[str],
    pictures: Sequence[Rgb8],
    loss: PerceptualLoss,
    graph: Path,
    measuring: Measuring,
) -> dict[str, Any]:
    """{"rows": one for each texture, "metrics": …, "speed": …, and the sides measured}."""
    side, repeat = measuring.side_px, measuring.repeat_px
    rows = []
    for number, (title, picture) in enumerate(zip(titles, pictures, strict=True)):
        made = make(title, side, seed=5)
        rows.append(
            {
                "texture": title,
                "distance": manner(loss, made, number),
                "random_phases": manner(loss, random_phases(picture, side, seed=5), number),
                "repeat": round(repeat_peak(make(title, repeat, seed=5)), 3),
            }
        )
    speed = measure_speed(graph, runs=measuring.speed_runs)
    return {"rows": rows, "metrics": metrics_of(rows, side), "speed": speed, "side": side, "repeat_side": repeat}


def metrics_of(rows: Sequence[dict[str, Any]], side: int) -> list[dict[str, Any]]:
    return [
        {
            "data": f"{side} × {side} pixels",
            "metric": f"distance from the photograph, {row['texture']}",
            "value": row["distance"],
            "baseline": "random phases",
            "baseline_value": row["random_phases"],
        }
        for row in rows
    ]


@torch.no_grad()
def manner(loss: PerceptualLoss, made: Rgb8, number: int) -> float:
    torch.manual_seed(0)  # which places the eye takes of the edges
    return round(float(loss.manner(_tensor(made), number)), 4)


def random_phases(picture: Rgb8, side: int, *, seed: int) -> Rgb8:
    """The classical texture of the same colours and spectrum (Galerne et al. 2011): (side, side, 3)."""
    rng = np.random.default_rng(seed)
    mean = picture.reshape(-1, 3).mean(axis=0)
    edge = np.outer(np.hanning(picture.shape[0] + 2)[1:-1], np.hanning(picture.shape[1] + 2)[1:-1])
    spot = (picture - mean) * edge[..., None]
    scale = picture.reshape(-1, 3).std(axis=0)
    height, width = max(side, picture.shape[0]), max(side, picture.shape[1])
    phases = np.exp(1j * np.angle(np.fft.fft2(rng.standard_normal((height, width)))))
    planes = [np.fft.ifft2(np.fft.fft2(spot[..., c], (height, width)) * phases).real for c in range(3)]
    made = np.stack([plane / (plane.std() + 1e-9) for plane in planes], axis=2) * scale + mean
    return np.clip(np.rint(made[:side, :side]), 0, 255).astype(np.uint8)


def repeat_peak(picture: Rgb8) -> float:
    """The highest autocorrelation anywhere but near 0, of what is finer than 32 pixels: 1 for tiles that repeat."""
    grey = picture.mean(axis=2).astype(np.float32)
    grey -= cv2.GaussianBlur(grey, (0, 0), 16)
    grey = (grey - grey.mean()) * np.outer(np.hanning(len(grey)), np.hanning(grey.shape[1])).astype(np.float32)
    found = np.fft.ifft2(np.abs(np.fft.fft2(grey, (2 * len(grey), 2 * grey.shape[1]))) ** 2).real
    found /= found[0, 0]
    half = len(picture) // 2
    found = np.roll(found, (half, half), axis=(0, 1))[: 2 * half, : 2 * half]
    near = slice(half - NEAREST_REPEAT_PX, half + NEAREST_REPEAT_PX + 1)
    found[near, near] = 0
    return float(found.max())


def contact_sheet(make: Make, titles: Sequence[str], pictures: Sequence[Rgb8]) -> Rgb8:
    """Above the photographs, below what is made, at 100 %, with white gaps."""
    rows = []
    shown = [_piece(picture) for picture in pictures], [make(title, SHEET_PX, seed=1) for title in titles]
    for pieces in shown:
        padded = [np.pad(p, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255) for p in pieces]
        rows.append(np.concatenate(padded, axis=1))
    return np.concatenate(rows)[:-GAP_PX, :-GAP_PX]


def texture_card(
    manifest: dict[str, Any], measured: dict[str, Any], *, sources: Sequence[dict[str, str]], steps: int
) -> str:
    """card.md; every number is read from what was measured, none is typed in."""
    rows, speed, made_by = measured["rows"], measured["speed"], manifest["made_by"]
    side, repeat = measured["side"], measured["repeat_side"]
    table = ["| texture | distance | random phases | highest repeat |", "|---|---|---|---|"]
    for row in rows:
        table.append(f"| {row['texture']} | {row['distance']:g} | {row['random_phases']:g} | {row['repeat']:g} |")
    lines = [
        f"# {manifest['title']}",
        "",
        manifest["description"],
        "",
        "![Above pieces of the photographs, below what is made, at 100 %](preview.webp)",
        "",
        WHAT,
        "",
        "## Measured",
        "",
        f"Distance: how differently VGG16's channels appear together in {side} × {side} made pixels and "
        "in the photograph, 0 for equal, 1 for nothing in common; random phases is the classical texture of the same "
        f"colours and spectrum. Highest repeat: the autocorrelation of {repeat} × {repeat} pixels anywhere "
        "farther than a stone or a blade; tiles that repeat have 1.",
        "",
        *table,
        "",
        f"A tile differs from the same place in the whole by {measured['tile_levels']:g} levels at most, by its share "
        "where tiles overlap. Time: "
        f"{speed['cpu_seconds_per_megapixel']} s a megapixel ({speed['cpu']}).",
        "",
        "## Weaknesses",
        "",
        *(f"- {weakness}" for weakness in WEAKNESSES),
        "",
        "## Made by",
        "",
        f"`{made_by['script']}` at commit {made_by['commit']}, {made_by['date']}: {steps} steps for "
        f"{len(rows)} {'textures' if len(rows) > 1 else 'texture'}. Licence of the weights: {manifest['licence']}. "
        "Learned from:",
        "",
        *(f"- {source['name']}: {source['licence']}" for source in sources),
        "",
    ]
    return "\n".join(lines)


WHAT = (
    "Choose the texture, and where: the whole canvas, the selection, or what the region brush painted, whose soft rim "
    "lets the texture fade in. Another seed is another piece of it. Between two textures lie those that are a bit of "
    "both. It can take on the soft colours of what it covers."
)
WEAKNESSES = (
    "It knows how stones or blades look side by side, not what they are: here and there two melt into one.",
    "Nothing larger than about 60 pixels is planned: rows of masonry wander, light falls from no side.",
    "Gravel, masonry and meadow show a faint lattice of sixteen pixels; the giraffe's spots come out as blotches.",
    "One size only: enlarge or shrink the layer for larger or smaller stones.",
    "Textures from grey photographs are grey; colour them with an adjustment, or let them take on the picture's.",
    "Halfway between two textures is often neither.",
)


def _piece(picture: Rgb8) -> Rgb8:
    """The middle of a photograph as large as the sheet's cells; mirrored where it is smaller."""
    short = [max(SHEET_PX - side, 0) for side in picture.shape[:2]]
    picture = np.pad(picture, ((0, short[0]), (0, short[1]), (0, 0)), mode="symmetric")
    top, left = ((side - SHEET_PX) // 2 for side in picture.shape[:2])
    return picture[top : top + SHEET_PX, left : left + SHEET_PX]


def _tensor(picture: Rgb8) -> Tensor:
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
