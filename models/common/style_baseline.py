"""The numbers of a style network beside those of the slow method, which takes minutes and is kept.

The slow method (models/neural_style.py) trades content for style by a weight. It is run at several, with the very
distances that are measured, and read off where it keeps as much content as the network does: at equal strength.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.common.export_style import Rgb8, StyleRunner
from models.common.perceptual import PerceptualLoss
from models.common.style_card import distance, style_rows
from models.common.style_pictures import Style
from models.neural_style import paint

SLOW_WEIGHTS = (2.0, 12.0)  # of style beside content

Curve = list[tuple[float, float]]  # (content, style) distances at the weights


def measure_styles(
    runner: StyleRunner,
    styles: Sequence[Style],
    photos: Mapping[str, Rgb8],
    loss: PerceptualLoss,
    slow: Mapping[tuple[str, str], Curve],
) -> dict[str, Any]:
    """Rows of the card and the manifest's metrics; `slow`: (title, photo) → what the slow method reaches."""
    painted = {s.title: {name: runner(photo, {"style": s.title}) for name, photo in photos.items()} for s in styles}
    rows = style_rows(painted, photos, loss)
    for number, (style, row) in enumerate(zip(styles, rows, strict=True)):
        if slow:
            row |= _at_equal_strength(style.title, number, painted[style.title], photos, loss, slow)
    untouched = style_rows({style.title: photos for style in styles}, photos, loss)
    metrics = []
    for row, before in zip(rows, untouched, strict=True):
        rival = ("models.neural_style", row["slow_manner"]) if "slow_manner" in row else ("untouched", before["manner"])
        row["untouched"] = before["manner"]
        told = {"data": f"{len(photos)} held-out photographs", "metric": f"style distance, {row['style']}"}
        metrics.append(told | {"value": row["manner"], "baseline": rival[0], "baseline_value": rival[1]})
    return {
        "rows": rows,
        "metrics": metrics,
        "pictures": list(photos),
        "untouched": round(float(np.mean([row["manner"] for row in untouched])), 4),
    }


def slow_curves(
    styles: Sequence[Style], photos: Mapping[str, Rgb8], loss: PerceptualLoss, *, steps: int, kept_in: Path
) -> dict[tuple[str, str], Curve]:
    """(title, photo) → distances of the slow method; styles in the order of the loss."""
    return {
        (style.title, name): slow_curve(
            f"{name}, {style.name} {style.short_side}", photo, loss, number, steps=steps, kept_in=kept_in
        )
        for number, style in enumerate(styles)
        for name, photo in photos.items()
    }


def slow_curve(name: str, photo: Rgb8, loss: PerceptualLoss, style: int, *, steps: int, kept_in: Path) -> Curve:
    """Of one photograph and one style of the loss; `name` tells this pair from others among what is kept."""
    known = json.loads(kept_in.read_text(encoding="utf-8")) if kept_in.exists() else {}
    curve = []
    for weight in SLOW_WEIGHTS:
        key = f"{name}, {steps} steps, weight {weight}, {sorted(loss.looks)}"
        if key not in known:
            slow = paint(photo, loss, steps=steps, style_weight=weight, style=style)
            known[key] = [round(value, 4) for value in distance(slow, photo, loss, style)]
            kept_in.parent.mkdir(parents=True, exist_ok=True)
            kept_in.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        curve.append((known[key][0], known[key][1]))
    return curve


def at_equal_content(curve: Sequence[tuple[float, float]], content: float) -> dict[str, float]:
    """Where a curve of (content, style) distances has this content, between its points; else its nearest end.

    What gives up content for nothing is no point of it: more weight on style can end in a worse place.
    """
    contents, manners = zip(*sorted(curve), strict=True)
    better = [place for place, manner in enumerate(manners) if manner < min(manners[:place], default=np.inf)]
    contents, manners = ([values[place] for place in better] for values in (contents, manners))
    kept = min(max(content, contents[0]), contents[-1])
    return {"slow_content": float(kept), "slow_manner": float(np.interp(kept, contents, manners))}


def _at_equal_strength(
    title: str,
    number: int,
    painted: Mapping[str, Rgb8],
    photos: Mapping[str, Rgb8],
    loss: PerceptualLoss,
    slow: Mapping[tuple[str, str], Curve],
) -> dict[str, float]:
    """Means over the photographs."""
    found = [
        at_equal_content(slow[title, name], distance(painted[name], photo, loss, number)[0])
        for name, photo in photos.items()
    ]
    return {key: round(float(np.mean([row[key] for row in found])), 4) for key in found[0]}
