"""The numbers of a style network beside those of the slow method, which takes minutes and is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.common.export_style import Rgb8, StyleRunner
from models.common.perceptual import PerceptualLoss
from models.common.style_card import distance, style_rows
from models.common.style_pictures import Style, style_picture
from models.neural_style import CLOSE_LOOKS, paint


def measure_styles(
    runner: StyleRunner,
    styles: Sequence[Style],
    photos: Mapping[str, Rgb8],
    loss: PerceptualLoss,
    slow: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Rows of the card and the manifest's metrics; `slow`: title → the slow method's distances, of those measured."""
    painted = {s.title: {name: runner(photo, {"style": s.title}) for name, photo in photos.items()} for s in styles}
    rows = [row | dict(slow.get(row["style"], {})) for row in style_rows(painted, photos, loss)]
    untouched = style_rows({style.title: photos for style in styles}, photos, loss)
    metrics = []
    for row, before in zip(rows, untouched, strict=True):
        rival = ("models.neural_style", row["slow_manner"]) if "slow_manner" in row else ("untouched", before["manner"])
        told = {"data": f"{len(photos)} held-out photographs", "metric": f"style distance, {row['style']}"}
        metrics.append(told | {"value": row["manner"], "baseline": rival[0], "baseline_value": rival[1]})
    return {
        "rows": rows,
        "metrics": metrics,
        "pictures": list(photos),
        "untouched": round(float(np.mean([row["manner"] for row in untouched])), 4),
    }


def slow_distances(
    styles: Sequence[Style],
    photos: Mapping[str, Rgb8],
    loss: PerceptualLoss,
    *,
    steps: int,
    paintings: Path,
    kept_in: Path,
) -> dict[str, dict[str, float]]:
    """Title → distances of models/neural_style.py, which weighs content and style as the network's training did."""
    known = json.loads(kept_in.read_text(encoding="utf-8")) if kept_in.exists() else {}
    found = {}
    for number, style in enumerate(styles):
        key = f"{style.name} {style.content_weight} {steps} {sorted(photos)}"
        if key not in known:
            picture = torch.from_numpy(style_picture(style, paintings)).permute(2, 0, 1).float() / 255
            own = PerceptualLoss(loss.eye, [picture], CLOSE_LOOKS)
            slow = [
                distance(paint(photo, own, steps=steps, style_weight=1 / style.content_weight), photo, loss, number)
                for photo in photos.values()
            ]
            content, manner = np.mean(slow, axis=0)
            known[key] = {"slow_content": round(float(content), 4), "slow_manner": round(float(manner), 4)}
            kept_in.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        found[style.title] = known[key]
    return found
