"""The card of a network that fills holes; every number is read from what was measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.common.export import PLANES
from models.common.inpaint_measure import GREY, SIDE_PX, SIZES, table
from models.common.lpips import NAME

MANIFEST: dict[str, Any] = {
    "format": 1,
    "id": "inpaint",
    "title": "Fill a hole",
    "description": "Fills what is painted over with what may lie behind it; patches make it sharp.",
    "task": "inpaint",
    "version": "1.0.0",
    "licence": "Apache-2.0",
    "source": "models/inpaint.py",
    "icon": "remove",
    "scale": 1,
    "color_space": "srgb",
    "blend": "inside_mask",
    "files": {"main": "model.onnx"},
    "inputs": [
        {"name": "image", "part": "main", "role": "image", "size": "any"} | PLANES,
        {"name": "mask", "part": "main", "role": "mask", "size": "any", "layout": "NCHW"}
        | {"polarity": "white_is_selected", "mean": [0.0], "std": [255.0]},
    ],
    "outputs": [{"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES],
    "params": [],
}
WHAT = (
    "Remove object and Extend picture ask it what a hole may look like roughly: it is shown the hole and as much again "
    "around it, at most 256 pixels wide, and patches from around the hole fill in the detail, guided by its answer. "
    "Run from the AI panel it fills the painted region alone."
)
WEAKNESSES = (
    "It is small and was trained for minutes on one processor core: it continues edges, skies, walls and lawns, and "
    "knows no objects. Half a face, a car or a letter is not completed.",
    "Alone it is softer than the photograph around it, the more the larger the hole; patches are what makes it sharp.",
    "Holes larger than half of what it is shown come out as a smooth mixture of the colours around them.",
    "Regular structures (windows, fences, tiles) are continued by the patches, not by the network.",
)


def inpaint_metrics(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest: the network with patches, beside the best of the others."""
    found = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        of_kind = {row["method"]: row for row in rows if row["kind"] == kind}
        own = of_kind.get("network and patches", of_kind.get("network alone"))
        rivals = [row for method, row in of_kind.items() if "network" not in method]
        if own is None or not rivals:
            continue
        best = min(rivals, key=lambda row: row["lpips"])
        data = f"{own['pictures']} held-out photographs, {kind} hole"
        found.append(
            {"data": data, "metric": f"{NAME}, {own['method']}", "value": round(own["lpips"], 4), "unit": ""}
            | {"baseline": best["method"], "baseline_value": round(best["lpips"], 4)}
        )
    return found


def inpaint_card(folder: Path, manifest: dict[str, Any]) -> str:
    """Everything under the title of card.md."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    made, speed = manifest["made_by"], measured["speed"]
    megabytes = (folder / manifest["files"]["main"]).stat().st_size / 1e6
    sizes = ", ".join(f"{kind} {low} to {high} px a side" for kind, (low, high) in SIZES.items())
    return "\n".join(
        [
            manifest["description"],
            "",
            "![Photographs with holes; filled by the network alone; by the network and patches; as they were]"
            "(preview.webp)",
            "",
            WHAT,
            "",
            "## Measured",
            "",
            f"Printed by `models/evaluate.py` on {measured['pictures']} photographs from packages that gave none to "
            f"training, their middle {SIDE_PX} × {SIDE_PX} pixels, every method through the editor's own `scumble "
            f"remove`, holes painted grey ({GREY}) before. Holes: {sizes}; outlines of cut-outs. {NAME} is LPIPS on "
            "other VGG16 weights: compare it within this table only. LPIPS and SSIM of the box around the hole; steps "
            "at the rim are those between neighbours "
            "across it, 1 as in the photograph, more where a seam shows, less where it is blurred.",
            "",
            table(measured["rows"]),
            "",
            *_verdict(measured["rows"]),
            "",
            f"On the golden sample of this folder: {measured['sample']['before']:.2f} dB with the hole grey, "
            f"{measured['sample']['after']:.2f} dB filled.",
            "",
            f"Size {megabytes:.1f} MB. {speed['cpu_seconds_per_megapixel']:.2f} s a megapixel ({speed['cpu']}); "
            f"{speed['peak_memory_mb']:.0f} MB of memory for one megapixel, which is never asked of it: 256 × 256 "
            "pixels are. On a GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in WEAKNESSES),
            "",
            "## Made by",
            "",
            f"`{made['script']}` at commit {made['commit']}, {made['date']}, step {measured['step']}. "
            f"Licence of the weights: {manifest['licence']}. Made from these packages:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made["data"]),
            "",
        ]
    )


def _verdict(rows: Sequence[dict[str, Any]]) -> list[str]:
    """One sentence per kind of hole: which method has the least LPIPS."""
    lines = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        ranked = sorted((row for row in rows if row["kind"] == kind), key=lambda row: row["lpips"])
        order = ", ".join(f"{row['method']} {row['lpips']:.3f}" for row in ranked[:3])
        lines.append(f"- {kind}: {order}")
    return ["Least LPIPS first:", "", *lines]
