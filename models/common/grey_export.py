"""The grey restorer as a model folder: beside what it is measured, and the card, which says what it is not for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from torch import nn

from models.common.card import before_and_after
from models.common.cli import plain_values
from models.common.data import generated_blocks
from models.common.export import PLANES, ModelExport, cpu_session, export_model, made_by
from models.common.fabric import commit_in_use
from models.common.grey_noise import (
    LARGEST_16,
    LUMA,
    NAMED_NOISES,
    Grey,
    grey_of,
    in_16_bits,
    missing_contrast,
    phantom,
)
from models.common.metrics import ssim_8bit
from models.common.speed import measure_speed
from models.denoise import GOLDEN_SIZE, mosaic_of
from models.evaluate import CROP_PX, held_out_crops
from models.fetch_data import data_sources

PHANTOM = "Shepp-Logan phantom"
SHOWN = "Rician 8 %"
NOT_FOR_DIAGNOSIS = (
    "This is no diagnosis tool and no medical device. It was trained on photographs and ellipses, never saw a "
    "patient's picture, and was not tested by physicians: it can take away what matters and show what is not there."
)
WHAT = (
    "For pictures of one channel and 16 bits: scanners, microscopes, X-rays, scans. Strength 50 takes away what the "
    "model itself estimates to be noise, place by place; below, the untouched picture is mixed in, and 0 leaves the "
    "greys as they are; above, more is taken to be noise. Contrast adds what local differences lack, without adding "
    "noise; large differences stay, so that edges get no halos. What has colours comes out grey."
)
WEAKNESSES = (
    NOT_FOR_DIAGNOSIS,
    "Rician, counted and white noise from 0.2 to 16 % of white were in the training; stripes, rings, speckle of "
    "ultrasound, and noise coarser than two pixels were not.",
    "A picture whose values fill only a small part of 16 bits is best windowed first: a level counts as part of white.",
    "Fine texture that looks like noise is softened where the noise is strong.",
)
BEHIND = (
    "Non-local means, when somebody tunes it to the very noise, is ahead by up to a decibel where noise is faint, and "
    "contrast that is raised after it is mostly truer; see the table."
)
Run = Callable[[Grey, float, float], Grey]  # picture, strength, contrast → picture
Plain = Callable[[Grey, float], Grey]


def manifest_of(scale: int) -> dict[str, Any]:
    """Everything but sha256, golden, speed, metrics and made_by."""
    scalars = (("strength", "Strength", 50.0, 0.5), ("contrast", "Contrast", 0.0, 0.0))
    enlarges = scale > 1
    return {
        "format": 1,
        "id": f"grey-scan-{scale}x" if enlarges else "grey-scan",
        "title": f"Enlarge grey scan {scale}×" if enlarges else "Clean grey scan",
        "description": "Takes noise out of scientific and medical pictures of one channel; no diagnosis tool.",
        "task": "upscale" if enlarges else "restore",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "source": "models/grey.py",
        "icon": "denoise",
        "scale": scale,
        "color_space": "srgb",
        "blend": "replace",
        "files": {"main": "model.onnx"},
        "inputs": [
            {"name": "image", "part": "main", "role": "image", "size": "any"} | PLANES,
            *(
                {"name": name, "part": "main", "role": "scalar", "param": name}
                | {"range": [0.0, 1.0], "default": value}
                for name, _label, _percent, value in scalars
            ),
        ],
        "outputs": [
            {"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES
        ],
        "tile": {"tile": 512, "stride": 8, "receptive_field": 32},
        "params": [
            {"id": name, "label": label, "type": "float", "unit": "%"}
            | {"min": 0.0, "max": 100.0, "default": percent, "step": 1.0}
            for name, label, percent, _value in scalars
        ],
    }


def non_local_means(noisy: Grey, strength: float) -> Grey:
    """OpenCV's, for 16 bits (Buades et al., 2005); STRENGTH in parts of white."""
    levels = np.rint(noisy * LARGEST_16).astype(np.uint16)
    done = cv2.fastNlMeansDenoising(
        levels, [strength * LARGEST_16], templateWindowSize=5, searchWindowSize=15, normType=cv2.NORM_L1
    )
    return done.astype(np.float32) / LARGEST_16


def bilateral(noisy: Grey, strength: float) -> Grey:
    return cv2.bilateralFilter(noisy, 7, strength * 4, 1.8)


def gaussian(noisy: Grey, strength: float) -> Grey:
    return cv2.GaussianBlur(noisy, (0, 0), 0.3 + 12 * strength)


PLAIN_WAYS: dict[str, Plain] = {
    "non-local means": non_local_means,
    "bilateral filter": bilateral,
    "Gaussian blur": gaussian,
}
STRENGTHS = (0.004, 0.012, 0.03, 0.06, 0.1)  # of white, of which the best is taken


def runner(session: onnxruntime.InferenceSession) -> Run:
    def run(picture: Grey, strength: float, contrast: float) -> Grey:
        planes = np.repeat(picture[None, None], 3, axis=1).astype(np.float32)
        parts = {"strength": np.array([strength], np.float32), "contrast": np.array([contrast], np.float32)}
        return session.run(None, {"image": planes} | parts)[0][0, 0]

    return run


def measure(run: Run, scenes: Mapping[str, Grey], scale: int, ways: Mapping[str, Plain]) -> list[dict[str, Any]]:
    """Rows of noise × method, means over the scenes; the plain ways with the strength that serves them best here."""
    rows = []
    for noise, spoil in NAMED_NOISES.items():
        pairs = []
        for index, scene in enumerate(scenes.values()):
            small = cv2.resize(scene, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
            pairs.append((in_16_bits(spoil(small, np.random.default_rng((6, index)))), scene))
        rows.append({"noise": noise, "method": "untouched"} | _scores([(_up(noisy, scale), s) for noisy, s in pairs]))
        for name, way in ways.items():
            tried = [
                {"number": strength} | _scores([(_up(way(noisy, strength), scale), s) for noisy, s in pairs])
                for strength in STRENGTHS
            ]
            rows.append({"noise": noise, "method": name} | max(tried, key=lambda row: row["psnr"]))
        rows.append({"noise": noise, "method": "this model"} | _scores([(run(n, 0.5, 0.0), s) for n, s in pairs]))
        if scale == 1:
            rows[-1]["contrast_psnr"] = _contrast_psnr(pairs, lambda noisy: run(noisy, 0.5, 1.0))
            best = max((row for row in rows if row["noise"] == noise and "number" in row), key=lambda row: row["psnr"])
            rows[-1]["plain_contrast_psnr"] = _contrast_psnr(pairs, _raised(ways[best["method"]], best["number"]))
    clean = (
        [float(np.abs(run(scene, 0.5, 0.0) - scene).mean() * 255) for scene in scenes.values()] if scale == 1 else []
    )
    if clean:
        rows.append({"noise": "clean", "method": "this model", "mean_change": round(float(np.mean(clean)), 3)})
    return rows


def _raised(way: Plain, strength: float) -> Callable[[Grey], Grey]:
    def raised(noisy: Grey) -> Grey:
        done = way(noisy, strength)
        return done + missing_contrast(done)

    return raised


def _contrast_psnr(pairs: list[tuple[Grey, Grey]], run: Callable[[Grey], Grey]) -> float:
    """Against the clean picture with its local contrast raised."""
    wanted = [np.clip(scene + missing_contrast(scene), 0, 1) for _noisy, scene in pairs]
    return round(float(np.mean([_psnr(run(noisy), w) for (noisy, _s), w in zip(pairs, wanted, strict=True)])), 3)


def _up(picture: Grey, scale: int) -> Grey:
    return picture if scale == 1 else cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def _psnr(result: Grey, clean: Grey) -> float:
    return float(-10 * np.log10(np.mean((np.clip(result, 0, 1) - clean) ** 2) + 1e-12))


def _scores(pairs: list[tuple[Grey, Grey]]) -> dict[str, float]:
    import torch

    def batch(grey: Grey) -> torch.Tensor:
        return torch.from_numpy(np.clip(grey, 0, 1).astype(np.float32))[None, None].expand(1, 3, -1, -1)

    return {
        "psnr": round(float(np.mean([_psnr(*pair) for pair in pairs])), 3),
        "ssim": round(float(np.mean([ssim_8bit(batch(result), batch(clean)) for result, clean in pairs])), 4),
    }


def scenes_of(crops: Mapping[str, NDArray[np.uint8]]) -> dict[str, Grey]:
    """Grey halves of photographs, and the phantom."""
    return {name: grey_of(crop) for name, crop in crops.items()} | {PHANTOM: phantom(CROP_PX // 2)}


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: PSNR in dB / SSIM."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    lines = [f"| noise | {' | '.join(methods)} |", "|---" * (len(methods) + 1) + "|"]
    noises = [noise for noise in dict.fromkeys(row["noise"] for row in rows) if noise != "clean"]
    for noise in noises:
        of_kind = {row["method"]: row for row in rows if row["noise"] == noise}
        cells = [f"{of_kind[name]['psnr']:.2f} / {of_kind[name]['ssim']:.3f}" for name in methods]
        lines.append(f"| {noise} | {' | '.join(cells)} |")
    own = [row for row in rows if "contrast_psnr" in row]
    if own:
        lines += ["", "With contrast 100, against the clean picture with its contrast raised: "]
        lines[-1] += ", ".join(
            f"{row['noise']} {row['contrast_psnr']:.2f} dB ({row['plain_contrast_psnr']:.2f} the best plain way)"
            for row in own
        )
        lines[-1] += "."
    lines += [f"\nClean ones change by {row['mean_change']:.2f} of 255 levels." for row in rows if "mean_change" in row]
    return "\n".join(lines)


def measure_folder(folder: Path, held_out: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder."""
    scale = 2 if folder.name.endswith("2x") else 1
    rows = measure(runner(cpu_session(folder / "model.onnx")), scenes_of(held_out_crops(held_out)), scale, PLAIN_WAYS)
    return table(rows), rows


def export_grey(network: nn.Module, config: Any, folder: Path, *, trained: dict[str, Any]) -> None:
    """Write the model folder. TRAINED is the checkpoint's content."""
    scale = int(trained["config"]["scale"])
    crops = {"generated": generated_blocks(1)[0]} if config.smoke else held_out_crops(config.held_out)
    scenes, manifest = scenes_of(crops), manifest_of(scale)
    made = made_by("models/grey.py", plain_values(config) | trained["config"], _sources(config), commit_in_use())
    manifest |= {"made_by": made}

    def measured(aside: Path) -> dict[str, Any]:
        rows = measure(runner(cpu_session(aside / "model.onnx")), scenes, scale, PLAIN_WAYS)
        print(table(rows))
        speed = measure_speed(aside / "model.onnx", runs=1 if config.smoke else 12)
        return {
            "metrics": _metrics(rows, len(scenes)),
            "speed": speed,
            "step": trained["step"],
            "pictures": list(scenes),
            "rows": rows,
        }

    rng = np.random.default_rng(config.seed)
    whole = next((crop for name, crop in crops.items() if "coffee" in name), next(iter(crops.values())))
    clean = (np.rint(whole.astype(np.float32) @ LUMA)).astype(np.uint8)
    small = clean if scale == 1 else cv2.resize(clean, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    noisy = np.rint(np.clip(NAMED_NOISES[SHOWN](small / np.float32(255), rng), 0, 1) * 255).astype(np.uint8)
    rows, columns = (side // scale for side in GOLDEN_SIZE)
    mosaic = _three(np.rint(mosaic_of(list(crops.values())).astype(np.float32) @ LUMA).astype(np.uint8))
    export_model(
        ModelExport(
            network=network,
            manifest=manifest,
            golden_input=_three(noisy[:rows, :columns]),
            golden_params={"strength": 50.0, "contrast": 0.0},
            golden_clean=_three(clean[: rows * scale, : columns * scale]),
            measure=measured,
            card=lambda aside: grey_card(aside, manifest),
            pictures=lambda aside: {"preview.webp": _preview(aside, noisy, scale)},
            tiling_picture=np.clip(mosaic + rng.normal(0, 12, mosaic.shape[:2])[..., None], 0, 255).astype(np.uint8),
            stores_eight_bits=scale > 1,
            stores_half=scale == 1,  # in eight bits, tiles would differ from the whole picture by more than a level
        ),
        folder,
    )


def grey_card(folder: Path, manifest: dict[str, Any]) -> str:
    """Everything under the title of card.md; every number is read from metrics.json."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    speed, made = measured["speed"], manifest["made_by"]
    megabytes = (folder / manifest["files"]["main"]).stat().st_size / 1e6
    stored = "eight bits" if manifest["scale"] > 1 else "half precision"
    lines = [
        manifest["description"],
        "",
        f"**{NOT_FOR_DIAGNOSIS}**",
        "",
        f"![Left {SHOWN}, right after the model](preview.webp)",
        "",
        WHAT,
        "",
        "## Measured",
        "",
        f"Printed by `models/evaluate.py` on {len(measured['pictures'])} grey pictures of {CROP_PX // 2} px: halves of "
        "photographs from packages that gave none to training, and the modified Shepp-Logan phantom; blind, at 50. "
        "Plain ways with the strength that serves them best on these pictures. PSNR in dB / SSIM.",
        "",
        table(measured["rows"]),
        "",
        f"Size {megabytes:.1f} MB, weights stored in {stored}. {speed['cpu_seconds_per_megapixel']:.2f} s a "
        f"megapixel ({speed['cpu']}); {speed['peak_memory_mb']:.0f} MB of memory for one megapixel untiled. On a GPU: "
        "not measured.",
        "",
        "## Weaknesses",
        "",
        *(f"- {weakness}" for weakness in (*WEAKNESSES, *((BEHIND,) if manifest["scale"] == 1 else ()))),
        "",
        "## Made by",
        "",
        f"`{made['script']}` at commit {made['commit']}, {made['date']}, step {measured['step']}. Licence of the "
        f"weights: {manifest['licence']}. Made from:",
        "",
        *(f"- {source['name']}: {source['licence']}" for source in made["data"]),
        "",
        "Pictures measured on: " + ", ".join(measured["pictures"]) + ".",
        "",
    ]
    return "\n".join(lines)


def _metrics(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest: beside the best of the plain ways."""
    metrics = []
    for noise in NAMED_NOISES:
        of_kind = [row for row in rows if row["noise"] == noise]
        own = next(row for row in of_kind if row["method"] == "this model")
        rival = max((row for row in of_kind if row is not own), key=lambda row: row["psnr"])
        metrics.append(
            {"data": f"{count} grey pictures ({CROP_PX // 2} px)", "metric": f"PSNR, {noise}"}
            | {"value": round(own["psnr"], 2), "unit": "dB"}
            | {"baseline": rival["method"], "baseline_value": round(rival["psnr"], 2)}
        )
    return metrics


def _preview(folder: Path, noisy: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    found = runner(cpu_session(folder / "model.onnx"))(noisy.astype(np.float32) / 255, 0.5, 0.0)
    shown = np.rint(np.clip(found, 0, 1) * 255).astype(np.uint8)
    before = cv2.resize(noisy, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else noisy
    return before_and_after(_three(before), _three(shown))


def _three(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))


def _sources(config: Any) -> list[dict[str, str]]:
    return data_sources(config.photos)
