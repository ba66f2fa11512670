"""How well grey photographs get their colours: nearness, liveliness, and what hints are worth, beside plain ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.answers import coloured, fitted, shown
from models.common.export import cpu_session, embedded_manifest, graph_inputs
from models.common.metrics import psnr_8bit
from models.common.tone import LUMA, Rgb8
from models.common.tone_export import as_batch, colour_difference
from models.nets.colouring import as_lab_ab

Rgba8 = NDArray[np.uint8]  # (H, W, 4), straight: hints on nothing
Colour = Callable[[Rgb8, Rgba8 | None], Rgb8]  # a grey picture, hints → in colour
HINTS, DAB_SHARE = 12, 1 / 24  # dabs on a picture, and their side as a share of the shorter one
THIS_MODEL = "this model"


def grey_of(photo: Rgb8) -> Rgb8:
    """The photograph in grey of the same luma, as the editor shows it to networks that colour."""
    luma = np.clip(np.rint(photo.astype(np.float32) @ LUMA), 0, 255).astype(np.uint8)
    return np.repeat(luma[..., None], 3, axis=2)


def colour_runner(graph: Path, **params: float) -> Colour:
    """The exported graph through onnxruntime; hints as the editor feeds them."""
    session = cpu_session(graph)
    manifest = embedded_manifest(session)
    side = next(tuple(spec["size"]) for spec in manifest["inputs"] if spec["role"] == "hints")

    def colour(grey: Rgb8, hints: Rgba8 | None) -> Rgb8:
        feeds = graph_inputs(manifest, grey, params)
        if hints is not None:
            feeds["hints"] = fed_hints(hints, side)
        (ab,) = session.run(None, feeds)
        return shown(manifest, ab, grey)

    return colour


def fed_hints(hints: Rgba8, size: tuple[int, int]) -> NDArray[np.float32]:
    """(1, 4, *size): colours averaged by alpha."""
    alpha = hints[..., 3:].astype(np.float32) / 255
    premultiplied = np.concatenate([hints[..., :3] * (alpha / 255), alpha], axis=2)
    small = fitted(premultiplied, {"size": size})
    small[..., :3] /= np.maximum(small[..., 3:], 1e-6)
    return np.ascontiguousarray(np.clip(small, 0, 1).transpose(2, 0, 1)[None], np.float32)


def dabs(photo: Rgb8, rng: np.random.Generator, count: int = HINTS) -> Rgba8:
    """What a person who knows the colours would paint: square dabs of the mean colour below each."""
    height, width = photo.shape[:2]
    side = max(round(min(height, width) * DAB_SHARE), 1)
    hints = np.zeros((height, width, 4), np.uint8)
    for _ in range(count):
        top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        place = (slice(top, top + side), slice(left, left + side))
        hints[place] = [*np.rint(photo[place].mean(axis=(0, 1))).astype(int), 255]
    return hints


def measure_colours(colour: Colour, photos: dict[str, Rgb8]) -> list[dict[str, Any]]:
    """One row per method: PSNR, mean CIE76 colour difference, colourfulness; the photographs themselves last."""
    greys = {name: grey_of(photo) for name, photo in photos.items()}
    hints = {name: dabs(photo, np.random.default_rng((4, i))) for i, (name, photo) in enumerate(photos.items())}
    tint = best_tint(list(photos.values()))
    ways: dict[str, Callable[[str], Rgb8]] = {
        "left grey": lambda name: greys[name],
        "one tint for all, the best": lambda name: tinted(greys[name], tint),
        THIS_MODEL: lambda name: colour(greys[name], None),
        f"{HINTS} hints, spread by distance": lambda name: spread_hints(greys[name], hints[name]),
        f"{HINTS} hints, {THIS_MODEL}": lambda name: colour(greys[name], hints[name]),
        "the photographs": lambda name: photos[name],
    }
    rows = []
    for method, way in ways.items():
        results = [(way(name), photo) for name, photo in photos.items()]
        rows.append(
            {
                "method": method,
                "psnr": round(float(np.mean([min(psnr_8bit(*map(as_batch, pair)), 99.0) for pair in results])), 3),
                "colour_difference": round(float(np.mean([colour_difference(*pair) for pair in results])), 3),
                "colourfulness": round(float(np.mean([colourfulness(result) for result, _ in results])), 2),
            }
        )
    return rows


def colour_table(rows: list[dict[str, Any]]) -> str:
    lines = ["| method | PSNR, dB | colour difference | colourfulness |", "|---|---|---|---|"]
    lines += [
        f"| {row['method']} | {row['psnr']:.2f} | {row['colour_difference']:.2f} | {row['colourfulness']:.1f} |"
        for row in rows
    ]
    return "\n".join(lines)


def colour_metrics(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    by_method = {row["method"]: row for row in rows}
    data = f"{count} held-out photographs, made grey"
    grey, tint = by_method["left grey"], by_method["one tint for all, the best"]
    spread = by_method[f"{HINTS} hints, spread by distance"]
    own, hinted = by_method[THIS_MODEL], by_method[f"{HINTS} hints, {THIS_MODEL}"]
    return [
        {"data": data, "metric": "PSNR", "value": own["psnr"], "unit": "dB"}
        | {"baseline": tint["method"], "baseline_value": tint["psnr"]},
        {"data": data, "metric": f"PSNR with {HINTS} hints", "value": hinted["psnr"], "unit": "dB"}
        | {"baseline": "hints spread by distance", "baseline_value": spread["psnr"]},
        {"data": data, "metric": "colourfulness", "value": own["colourfulness"]}
        | {"baseline": grey["method"], "baseline_value": grey["colourfulness"]},
    ]


def colourfulness(picture: Rgb8) -> float:
    """Hasler and Süsstrunk 2003: spread of red against green and yellow against blue, and their means."""
    red, green, blue = picture.astype(np.float32).transpose(2, 0, 1)
    one, other = red - green, (red + green) / 2 - blue
    return float(np.hypot(one.std(), other.std()) + 0.3 * np.hypot(one.mean(), other.mean()))


def best_tint(photos: list[Rgb8]) -> tuple[float, float]:
    """The a and b that all pixels of all pictures are nearest to."""
    means = np.mean([as_lab_ab(photo).mean(axis=(0, 1)) for photo in photos], axis=0)
    return float(means[0]), float(means[1])


def tinted(grey: Rgb8, tint: tuple[float, float]) -> Rgb8:
    planes = np.broadcast_to(np.float32(tint).reshape(1, 2, 1, 1), (1, 2, 2, 2))
    return _shown(grey, planes)


def spread_hints(grey: Rgb8, hints: Rgba8, side: int = 64) -> Rgb8:
    """Every place gets the mean of all hints, weighted by the fourth power of nearness in place and in light."""
    small = fed_hints(hints, (side, side))[0]
    luma = cv2.resize(np.ascontiguousarray(grey[..., 0]), (side, side), interpolation=cv2.INTER_AREA) / 255.0
    rows, columns = np.nonzero(small[3] > 0.3)
    if not len(rows):
        return grey
    ab = as_lab_ab(np.rint(small[:3, rows, columns].T[None] * 255).astype(np.uint8))[0]
    down, across = np.mgrid[:side, :side]
    far = ((down[..., None] - rows) ** 2 + (across[..., None] - columns) ** 2) / side**2
    unlike = (luma[..., None] - luma[rows, columns]) ** 2
    weights = 1 / (far + unlike + 1e-3) ** 2
    weights /= weights.sum(axis=2, keepdims=True)
    return _shown(grey, np.ascontiguousarray((weights @ ab).transpose(2, 0, 1)[None], np.float32))


def _shown(grey: Rgb8, ab: NDArray[np.float32]) -> Rgb8:
    return np.clip(np.rint(coloured(grey, ab)[0].transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)
