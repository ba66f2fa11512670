"""Numbers and the card of the network for any style, on photographs and paintings that were kept from training.

The slow method (models/neural_style.py) trades content for style by a weight; it is run at several, and read off where
it keeps as much content as the network does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from models.common.data import find_photos, generated_blocks, read_photo
from models.common.export import Rgb8
from models.common.perceptual import WIDE_LOOKS, WIDE_STROKE, PerceptualLoss
from models.common.style_baseline import at_equal_content, slow_curve
from models.common.style_card import MEASURED_PX, distance, measured_photos
from models.common.style_pictures import SHORT_SIDE_PX, resized_style

Pairs = dict[str, tuple[Rgb8, Rgb8]]  # name → (photograph, style's picture)

PAIRS = (("astronaut", "night-cafe"), ("china", "inokashira"), ("coffee", "composition"), ("chelsea", "summertime"))
SHEET_PX = (480, 320)
CELL_PX = (216, 144)
GAP_PX = 4
WHAT = (
    "Show it a picture: a painting, a drawing, a fabric, a photograph. The photograph takes on its palette and, as far "
    "as the network knows one like it, its touch. Strength mixes the photograph back in; 0 changes nothing. Colours "
    "can stay the photograph's. Brush size above 100 makes strokes larger. The style's picture is seen at "
    "384 × 384 pixels, whatever size it has. The seed changes what even areas are filled with."
)
WEAKNESSES = (
    "The palette is exact, the touch is not: all manners share strokes that follow the forms and slant where there are "
    "none, and differ in how strong, dark and crisp they are. The shipped styles, and those of `models.learn_style`, "
    "are closer to their picture.",
    "A style's shapes (circles, letters, figures) are not redrawn; only strokes up to some ten pixels are.",
    "Two or three flat colours of a print come out as a range between them.",
    "What is smaller than a stroke is not painted: faces under some 200 pixels lose their features. Strength 50 to 70, "
    "a smaller brush, or a mask over them keeps people recognisable.",
    "Even skies and walls are filled with slanting strokes.",
)


def measured_pairs(held_out: Path | None, paintings: Path | None) -> Pairs:
    """Photographs MEASURED_PX wide and the paintings kept from training; generated ones where there are none."""
    if held_out is None or paintings is None:
        blocks = generated_blocks(4, seed=5)
        return {"generated": (blocks[0], blocks[1]), "generated too": (blocks[2], blocks[3])}
    photos = {path.stem: read_photo(path) for path in find_photos([held_out])}
    pairs: Pairs = {}
    for word, painting in PAIRS:
        (photo,) = measured_photos(photos, [word]).values()
        pairs[f"{word}, {painting}"] = (photo, resized_style(read_photo(paintings / f"{painting}.png"), SHORT_SIDE_PX))
    return pairs


def measure_pairs(
    painted: Mapping[str, Rgb8], pairs: Pairs, loss: PerceptualLoss, *, steps: int, kept_in: Path
) -> dict[str, Any]:
    """A row for each pair and the manifest's metrics. `steps` of the slow method; 0: without."""
    rows = []
    for name, (photo, style) in pairs.items():
        own = PerceptualLoss(loss.eye, [_planes(style)], WIDE_LOOKS, stroke=WIDE_STROKE)
        content, manner = distance(painted[name], photo, own, 0)
        row = {"pair": name, "content": content, "manner": manner, "untouched": distance(photo, photo, own, 0)[1]}
        if steps:
            curve = slow_curve(name, photo, own, 0, steps=steps, kept_in=kept_in)
            row |= at_equal_content(curve, content)
        rows.append({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()})
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0] if key != "pair"}
    rival = ("models.neural_style", "slow_manner") if steps else ("untouched", "untouched")
    metric = {"data": f"{len(rows)} held-out pairs", "metric": "style distance", "value": round(means["manner"], 4)}
    metrics = [metric | {"baseline": rival[0], "baseline_value": round(means[rival[1]], 4)}]
    return {"rows": rows, "means": {key: round(value, 4) for key, value in means.items()}, "metrics": metrics}


def example_sheet(pairs: Pairs, run: Callable[[Rgb8, Rgb8], Rgb8]) -> Rgb8:
    """In each row a style's picture, a photograph, and the painting of it."""
    rows = []
    for photo, style in pairs.values():
        large = cv2.resize(photo, (SHEET_PX[1], SHEET_PX[1]), interpolation=cv2.INTER_CUBIC)
        cells = [_cell(picture) for picture in (style, large, run(style, large))]
        rows.append(np.concatenate([np.pad(c, ((0, 0), (0, GAP_PX), (0, 0)), constant_values=255) for c in cells], 1))
    whole = [np.pad(row, ((0, GAP_PX), (0, 0), (0, 0)), constant_values=255) for row in rows]
    return np.concatenate(whole)[:-GAP_PX, :-GAP_PX]


def any_style_card(manifest: dict[str, Any], measured: dict[str, Any]) -> str:
    """Everything under the title of card.md. Every number is read from what was measured."""
    speed, made, means = measured["speed"], manifest["made_by"], measured["means"]
    kind = "generated" if measured["is_generated"] else "held-out"
    has_slow = "slow_manner" in means
    slow = f"{means['slow_manner']:.3f}" if has_slow else "not measured"
    lines = [
        manifest["description"],
        "",
        "![Styles' pictures, photographs, and the paintings](preview.webp)",
        "",
        WHAT,
        "",
        "## Measured",
        "",
        f"Distances on VGG16's features as shares (0 is equal, 1 is as far as nothing at all) on {kind} pairs of a "
        f"photograph, {MEASURED_PX} × {MEASURED_PX} pixels, and a painting; strength 100. The slow method "
        "(models/neural_style.py) optimises the pixels; it is read off where it keeps as much content, or where it "
        "comes nearest to that.",
        "",
        "| photograph, style | content | style | slow: content | slow: style | style, untouched |",
        "|---|---|---|---|---|---|",
    ]
    for row in [*measured["rows"], {"pair": "mean", **means}]:
        slow_cells = [f"{row[key]:.3f}" if has_slow else "not measured" for key in ("slow_content", "slow_manner")]
        cells = [row["pair"], f"{row['content']:.3f}", f"{row['manner']:.3f}", *slow_cells, f"{row['untouched']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(
        [
            *lines,
            "",
            f"Style distance {means['manner']:.3f} in one pass; slow {slow}; untouched {means['untouched']:.3f}.",
            "",
            f"{speed['cpu_seconds_per_megapixel']:.2f} s a megapixel ({speed['cpu']}); "
            f"{speed['peak_memory_mb']:.0f} MB of memory for one megapixel untiled. Tiles differ from the whole "
            f"picture by at most {measured['tile_levels']} level. On a GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in WEAKNESSES),
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


def _cell(picture: Rgb8) -> Rgb8:
    """The middle of the picture in the shape of a cell."""
    height, width = picture.shape[:2]
    share = min(height / CELL_PX[1], width / CELL_PX[0])
    rows, columns = round(CELL_PX[1] * share), round(CELL_PX[0] * share)
    top, left = (height - rows) // 2, (width - columns) // 2
    return cv2.resize(picture[top : top + rows, left : left + columns], CELL_PX, interpolation=cv2.INTER_AREA)


def _planes(picture: Rgb8) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255
