"""What an imported model's folder holds for people: its card, and a picture of what it did to the user's picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.texts import NAME_LIMIT, clean_text
from desktop.runtime.manifest import Manifest

CARD_NAME = "card.md"
PREVIEW_NAME = "preview.webp"
HALF_PX = 280  # the longer side of each half
GAP_PX = 4
QUALITY = 88


def save_preview(folder: Path, before: NDArray[np.uint8] | None, after: NDArray[Any]) -> None:
    """`before` (H, W, 3) on the left, `after` (H, W, 1|3|4 or H, W) on the right; alone where there is no before."""
    halves = [_half(after)] if before is None else [_half(before), _half(after)]
    height = max(half.shape[0] for half in halves)
    parts: list[NDArray[np.uint8]] = []
    for half in halves:
        parts += [np.pad(half, ((0, height - half.shape[0]), (0, 0), (0, 0))), np.zeros((height, GAP_PX, 3), np.uint8)]
    sheet = np.concatenate(parts[:-1], axis=1)
    done, packed = cv2.imencode(".webp", sheet[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    if done:
        (folder / PREVIEW_NAME).write_bytes(packed.tobytes())


def card_text(source: Path, found: Inspection, manifest: Manifest, *, has_preview: bool) -> str:
    """The card in Markdown. Whatever comes from the file was cleaned, or is cleaned here."""
    facts = found.facts
    paragraphs = [f"# {manifest.title}", manifest.description]
    if has_preview:
        has_picture = any(spec.role == "image" for spec in manifest.inputs)
        paragraphs.append(f"![{'Before and after' if has_picture else 'One of its pictures'}]({PREVIEW_NAME})")
    measured = "Quality was not measured."
    if manifest.metrics:
        measured = "These numbers are the file's own; they were not measured here:\n\n" + _metrics(manifest)
    pace = manifest.speed.cpu_seconds_per_megapixel
    speed = "Speed was not measured." if pace is None else f"{pace:.2g} s a megapixel on this computer's processor."
    paragraphs += ["## Measured", measured, f"{speed} On a GPU: not measured."]
    paragraphs += [
        "## Where it comes from",
        f"Imported from `{clean_text(source.name, 120)}` ({facts.size_bytes / 1e6:.1f} MB, SHA-256 {facts.sha256}), "
        f"{facts.nodes} operations, {facts.parameters / 1e6:.2f} million numbers, opset {facts.opset}. "
        f"Producer: {clean_text(facts.producer, NAME_LIMIT) or 'not stated'}.",
        f"Licence: {manifest.licence}. Training data: {_data(manifest)}.",
    ]
    if found.choices is not None:
        choices = found.choices
        paragraphs.append(
            f"Understood as: {choices.task.value}, values {choices.range} in and {choices.output_range} out, "
            f"channels {choices.order}."
        )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _metrics(manifest: Manifest) -> str:
    rows = [f"| {entry.data} | {entry.metric} | {entry.value:g} {entry.unit} |" for entry in manifest.metrics]
    return "\n".join(["| data | metric | value |", "|---|---|---|", *rows])


def _data(manifest: Manifest) -> str:
    return ", ".join(f"{part.name} ({part.licence})" for part in manifest.made_by.data) or "not stated"


def _half(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    shown = pixels if pixels.ndim == 3 else pixels[..., None]
    shown = np.repeat(shown[..., :1], 3, axis=2) if shown.shape[2] < 3 else shown[..., :3]
    share = HALF_PX / max(shown.shape[:2])
    size = (max(round(shown.shape[1] * share), 1), max(round(shown.shape[0] * share), 1))
    half: NDArray[np.uint8] = cv2.resize(np.ascontiguousarray(shown), size, interpolation=cv2.INTER_AREA)
    return half
