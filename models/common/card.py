"""The card of a model: card.md and the picture on it. Every number is read from what was measured, none is typed in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rgb8 = NDArray[np.uint8]  # (H, W, 3)

GAP_PX = 4


def card_text(
    folder: Path, *, manifest: dict[str, Any], made_by: dict[str, Any], what: str, weaknesses: Sequence[str]
) -> str:
    """Everything under the title of card.md, from FOLDER/metrics.json and what the method says in words."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    megabytes = (folder / manifest["files"]["main"]).stat().st_size / 1e6
    speed = measured["speed"]
    return "\n".join(
        [
            manifest["description"],
            "",
            "![Left as the camera gave it, right after the model](preview.webp)",
            "",
            what,
            "",
            "## Measured",
            "",
            _quality(measured),
            "",
            f"On the golden sample of this folder: {measured['sample']['before']:.2f} dB before, "
            f"{measured['sample']['after']:.2f} dB after (`golden/clean.png` is what it was made from).",
            "",
            f"Size {megabytes:.1f} MB. {speed['cpu_seconds_per_megapixel']:.2f} s a megapixel ({speed['cpu']}); "
            f"{speed['peak_memory_mb']:.0f} MB of memory for one megapixel untiled. On a GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in weaknesses),
            "",
            "## Made by",
            "",
            f"`{made_by['script']}` at commit {made_by['commit']}, {made_by['date']}, step {measured['step']}. "
            f"Licence of the weights: {manifest['licence']}. Trained on photographs from these packages:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made_by["data"]),
            "",
        ]
    )


def before_and_after(before: Rgb8, after: Rgb8) -> Rgb8:
    """Side by side with a white gap."""
    gap = np.full((before.shape[0], GAP_PX, 3), 255, np.uint8)
    return np.concatenate([before, gap, after], axis=1)


def _quality(measured: dict[str, Any]) -> str:
    rows = measured["rows"]
    lines = [
        f"Printed by `models/evaluate.py` on {len(measured['pictures'])} photographs from packages that gave none to "
        "training (middle 256 × 256 after halving to at most 1600 px), blind, at the default strength; the baseline's "
        "strength was tuned per noise on these very pictures. PSNR in dB / SSIM.",
        "",
        f"| noise | untouched | {rows[0]['baseline']} | this model | gain |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        pairs = [f"{row[f'{who}psnr']:.2f} / {row[f'{who}ssim']:.3f}" for who in ("noisy_", "baseline_", "")]
        lines.append(f"| {row['noise']} | {' | '.join(pairs)} | {row['psnr'] - row['baseline_psnr']:+.2f} dB |")
    if "clean" in measured:
        kept = measured["clean"]
        lines += ["", f"Photographs as they are change by {kept['mean']:.2f} levels, at most by {kept['most']:.2f}."]
    return "\n".join([*lines, "", "Pictures: " + ", ".join(measured["pictures"]) + "."])
