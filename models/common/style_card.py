"""Numbers and the card of a style network: distances beside those of the slow method, speed, and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from models.common.export_style import Rgb8, StyleRunner
from models.common.perceptual import PerceptualLoss
from models.common.speed import measure_speed

MEASURED_PX = 192  # the slow method takes a minute for each of these
GAP_PX = 4


def style_rows(
    paint: Mapping[str, Mapping[str, Rgb8]], photos: Mapping[str, Rgb8], loss: PerceptualLoss
) -> list[dict[str, Any]]:
    """One row for each style: mean content and style distance of what was painted from the photos.

    `paint`: style → photo → painted picture; styles in the order of the loss.
    """
    rows = []
    for number, (style, painted) in enumerate(paint.items()):
        distances = [distance(picture, photos[name], loss, number) for name, picture in painted.items()]
        content, manner = np.mean(distances, axis=0)
        rows.append({"style": style, "content": round(float(content), 4), "manner": round(float(manner), 4)})
    return rows


@torch.no_grad()
def distance(painted: Rgb8, photo: Rgb8, loss: PerceptualLoss, style: int) -> tuple[float, float]:
    """(content, style), both 0 for equal."""
    torch.manual_seed(0)  # which places the eye takes of the edges
    content, manner = loss(_tensor(painted), _tensor(photo), style)
    return float(content), float(manner)


def measured_photos(photos: Mapping[str, Rgb8], wanted: Sequence[str]) -> dict[str, Rgb8]:
    """The middle square of the photographs whose names hold one of the words, MEASURED_PX wide."""
    chosen = {}
    for name, pixels in photos.items():
        if any(word in name for word in wanted):
            side = min(pixels.shape[:2])
            top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
            square = pixels[top : top + side, left : left + side]
            chosen[name] = cv2.resize(square, (MEASURED_PX, MEASURED_PX), interpolation=cv2.INTER_AREA)
    return chosen


def speed_of(folder: Path) -> dict[str, Any]:
    """Of the part that paints; the look at the whole picture is paid once."""
    return measure_speed(folder / "model.onnx")


def contact_sheet(runner: StyleRunner, photo: Rgb8, titles: Sequence[str], *, columns: int, side: int) -> Rgb8:
    """The photograph and every style's picture of it, in rows with white gaps."""
    pictures = [photo]
    for title in titles:
        pictures.append(runner(photo, {"style": title} if len(titles) > 1 else {}))
    height, width = photo.shape[:2]
    small = (side, round(side * height / width))
    tiles = [cv2.resize(picture, small, interpolation=cv2.INTER_AREA) for picture in pictures]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    rows = []
    for first in range(0, len(tiles), columns):
        row = [
            np.pad(tile, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255)
            for tile in tiles[first : first + columns]
        ]
        rows.append(np.concatenate(row, axis=1))
    return np.concatenate(rows)[:-GAP_PX, :-GAP_PX]


def style_card(
    manifest: dict[str, Any], measured: dict[str, Any], *, what: str, weaknesses: Sequence[str], sources: Sequence[str]
) -> str:
    """Everything under the title of card.md. Every number is read from what was measured."""
    speed, made = measured["speed"], manifest["made_by"]
    lines = [
        manifest["description"],
        "",
        "![The photograph, then every style](preview.webp)",
        "",
        what,
        "",
        "## The styles",
        "",
        *(f"- {source}" for source in sources),
        "",
        "## Measured",
        "",
        f"Distances on VGG16's features as shares (0 is equal, 1 is as far as nothing at all), means over "
        f"{len(measured['pictures'])} held-out photographs at {MEASURED_PX} × {MEASURED_PX} pixels, strength 100. "
        f"Beside them {measured['slow']}.",
        "",
        "| style | content | style | slow: content | slow: style | style, untouched |",
        "|---|---|---|---|---|---|",
    ]
    for row in measured["rows"]:
        slow = [f"{row[key]:.3f}" if key in row else "not measured" for key in ("slow_content", "slow_manner")]
        cells = [row["style"], f"{row['content']:.3f}", f"{row['manner']:.3f}", *slow, f"{row['untouched']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(
        [
            *lines,
            "",
            f"Style distance {np.mean([row['manner'] for row in measured['rows']]):.3f} in one pass; "
            f"untouched {measured['untouched']:.3f}. Pictures: {', '.join(measured['pictures'])}.",
            "",
            f"{speed['cpu_seconds_per_megapixel']:.2f} s a megapixel ({speed['cpu']}); "
            f"{speed['peak_memory_mb']:.0f} MB of memory for one megapixel untiled. Tiles differ from the whole "
            f"picture by at most {measured['tile_levels']} level. On a GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in weaknesses),
            "",
            "## Made by",
            "",
            f"`{made['script']}` at commit {made['commit']}, {made['date']}, {measured['steps']} steps. Licence of the "
            f"weights: {manifest['licence']}. Learned with:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made["data"]),
            "",
        ]
    )


def _tensor(picture: Rgb8) -> Tensor:
    return torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]
