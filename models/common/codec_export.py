"""What autoencoder.py learned as a model folder: encoder, decoder, both in one; bits against decibels on the card."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from models.common.card import before_and_after
from models.common.data import find_photos, read_photo
from models.common.enlarge_measure import as_batch, psnr_luma
from models.common.export import (
    PLANES,
    ExportError,
    ModelExport,
    check_parity,
    cpu_session,
    export_model,
    run_graph,
    sha256_of,
    write_graph,
    write_manifest,
)
from models.common.metrics import psnr_8bit, ssim_8bit
from models.common.speed import measure_speed
from models.nets.blocks import mirrored_around
from models.nets.codec import CELL_PX, CHANNELS, EVEN_CHANNELS, Codec, Decoder

Rgb8 = NDArray[np.uint8]  # (H, W, 3)

RATES = (0, 25, 50, 75, 100)  # of the dial, measured
DIAL_STEPS = 20  # as many as a file knows
GROUPS = 16  # of the range coder: how spread a channel is
LONG_SIDE_PX, CROP = 1600, (512, 768)  # what is measured: middles of photographs that were halved to this side at most
QUALITIES = (3, 7, 14, 25, 45, 65, 82, 92)
MOST_PHOTOS = 12
USUAL, GOLDEN_DETAIL = 50.0, 10.0
GOLDEN_SIZE = (151, 203)  # odd, so that the golden sample also proves the padding inside
MODEL_ID = "simplify"


class Simplify(nn.Module):
    """Image (1, 3, H, W) of any size and rate (1,) → what is left of it, of the same size."""

    def __init__(self, codec: Codec) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, image: Tensor, rate: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        wide = mirrored_around(image, margin=0, multiple=CELL_PX)
        return self.codec.decoder(self.codec.encoder(wide, rate), rate)[..., :height, :width]


class TellingDecoder(nn.Module):
    """The decoder, and the table of groups that the range coder wants: (rates + 1, channels); the last is `even`."""

    def __init__(self, decoder: Decoder, groups: Tensor) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("table", groups)

    def forward(self, symbols: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        return self.decoder(symbols, rate), self.table + rate * 0


@torch.no_grad()
def coder_groups(codec: Codec) -> Tensor:
    """How spread each channel's symbols are at each rate a file knows, as whole numbers below GROUPS."""
    rates = torch.linspace(0, 1, DIAL_STEPS + 1)
    spread = torch.log2(codec.spread(rates)) + 6  # a spread of 1/64 and less is group 0
    groups = (spread * 1.5).round().clamp(0, GROUPS - 1)
    even = torch.zeros(1, CHANNELS)
    even[0, list(EVEN_CHANNELS)] = 1
    return torch.cat([groups, even])


def codec_manifest(made: dict[str, Any]) -> dict[str, Any]:
    """Everything but sha256, golden, speed and metrics."""
    rate = {"name": "rate", "part": "main", "role": "scalar", "param": "detail", "range": [0.0, 1.0], "default": 0.5}
    param = {"id": "detail", "label": "Detail", "type": "float", "unit": "%", "min": 0.0, "max": 100.0}
    return {
        "format": 1,
        "id": MODEL_ID,
        "title": "Simplify",
        "description": "Shows what is left of a picture where bits are few: less detail. Also a file format.",
        "task": "restore",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "source": "models/autoencoder.py",
        "icon": "filter",
        "scale": 1,
        "color_space": "srgb",
        "blend": "replace",
        "files": {"main": "model.onnx", "encoder": "encoder.onnx", "decoder": "decoder.onnx"},
        "inputs": [{"name": "image", "part": "main", "role": "image", "size": "any"} | PLANES, rate],
        "outputs": [
            {"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES
        ],
        "tile": {"tile": 512, "stride": CELL_PX, "receptive_field": 32},
        "params": [param | {"default": USUAL, "step": 1.0}],
        "made_by": made,
    }


def write_parts(codec: Codec, folder: Path, files: Mapping[str, str]) -> None:
    """Encoder and decoder as files of their own, each proven equal to torch."""
    symbols, image = {"name": "symbols"}, {"name": "image"}

    def sees_image(_manifest: dict[str, Any], height: int, width: int) -> dict[str, Tensor]:
        sides = [side // CELL_PX * CELL_PX for side in (height, width)]
        generator = torch.Generator().manual_seed(height)
        coarse = torch.rand(1, 3, sides[0] // 16, sides[1] // 16, generator=generator)
        return {"image": F.interpolate(coarse, sides, mode="bilinear"), "rate": torch.tensor([0.3])}

    def sees_symbols(_manifest: dict[str, Any], height: int, width: int) -> dict[str, Tensor]:
        sides = [side // CELL_PX for side in (height, width)]
        generator = torch.Generator().manual_seed(height)
        return {"symbols": torch.randn(1, CHANNELS, *sides, generator=generator).round(), "rate": torch.tensor([0.3])}

    any_size = {"role": "image", "size": "any"}
    encoder = {"inputs": [image | any_size], "outputs": [symbols]}
    decoder = {"inputs": [symbols | any_size], "outputs": [{"name": "result"}, {"name": "groups"}]}
    telling = TellingDecoder(codec.decoder, coder_groups(codec)).eval()
    for part, network, manifest, examples in (
        ("encoder", codec.encoder, encoder, sees_image),
        ("decoder", telling, decoder, sees_symbols),
    ):
        write_graph(network, folder / files[part], manifest, stores_half=True, examples=examples)
        check_parity(network, folder / files[part], manifest, examples=examples)


def export_codec(
    codec: Codec,
    folder: Path,
    *,
    made: dict[str, Any],
    held_out: Path,
    step: int,
    photos: dict[str, Rgb8] | None = None,
) -> None:
    """Write the model folder. PHOTOS in place of those in HELD_OUT are for smoke runs, which code no files."""
    codec = copy.deepcopy(codec).eval()
    manifest = codec_manifest(made)
    measured_on = photos or held_out_middles(held_out)
    sample = next(
        (pixels for name, pixels in measured_on.items() if "coffee" in name), next(iter(measured_on.values()))
    )
    golden = busiest(list(measured_on.values()))

    def measured(aside: Path) -> dict[str, Any]:
        rows = [] if photos else curves(aside, manifest, measured_on)
        print(curve_table(rows))
        speed = measure_speed(aside / "model.onnx", runs=1 if photos else 12)
        return {
            "metrics": curve_metrics(rows),
            "speed": speed,
            "step": step,
            "pictures": list(measured_on),
            "rows": rows,
        }

    export_model(
        ModelExport(
            network=Simplify(codec),
            manifest=manifest,
            golden_input=golden,
            golden_params={"detail": GOLDEN_DETAIL},
            golden_clean=golden,
            golden_tolerance=2.0,
            measure=measured,
            card=lambda aside: codec_card(aside, manifest),
            pictures=lambda aside: {"preview.webp": preview(aside, manifest, sample)},
            tiling_picture=np.concatenate(list(measured_on.values())[:2], axis=1) if not photos else sample,
            stores_half=True,
            parts=lambda aside: write_parts(codec, aside, manifest["files"]),
        ),
        folder,
    )


def busiest(photos: Sequence[Rgb8]) -> Rgb8:
    """The middle of GOLDEN_SIZE with the most contrast: at little detail the most is missing from it."""
    middles = []
    for pixels in photos:
        top, left = ((side - wanted) // 2 for side, wanted in zip(pixels.shape[:2], GOLDEN_SIZE, strict=True))
        middles.append(pixels[max(top, 0) :, max(left, 0) :][: GOLDEN_SIZE[0], : GOLDEN_SIZE[1]])
    return max(middles, key=lambda middle: float(np.abs(np.diff(middle.astype(int), axis=1)).mean()))


def preview(folder: Path, manifest: dict[str, Any], sample: Rgb8) -> Rgb8:
    """The picture as it is, and at the least detail."""
    simple = run_graph(cpu_session(folder / "model.onnx"), manifest, sample, {"detail": 15.0})
    return before_and_after(sample, simple)


def held_out_middles(photos: Path) -> dict[str, Rgb8]:
    """Name → middle of each photograph that is large enough."""
    found = {}
    for path in find_photos([photos]):
        pixels = read_photo(path)
        while max(pixels.shape[:2]) > LONG_SIDE_PX:
            pixels = cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=cv2.INTER_AREA)
        top, left = ((side - wanted) // 2 for side, wanted in zip(pixels.shape[:2], CROP, strict=True))
        if top >= 0 and left >= 0:
            found[path.stem] = pixels[top : top + CROP[0], left : left + CROP[1]]
    every = -(-len(found) // MOST_PHOTOS)
    found = dict(list(found.items())[:: max(every, 1)])
    if not found:
        raise ExportError(f"No photograph in {photos} is {CROP[1]} × {CROP[0]} pixels large.")
    return found


def curves(folder: Path, manifest: dict[str, Any], photos: Mapping[str, Rgb8]) -> list[dict[str, Any]]:
    """Rows of method × setting: bits a pixel of real files, PSNR, luma PSNR and SSIM, means over all photographs."""
    rows = []
    session = cpu_session(folder / "model.onnx")
    for rate in RATES:
        again = [run_graph(session, manifest, pixels, {"detail": float(rate)}) for pixels in photos.values()]
        rows.append(
            {"method": "this model", "setting": rate} | _row(file_bits(folder, manifest, photos, rate), again, photos)
        )
    for method, coded in (("JPEG", jpeg_bytes), ("WebP", webp_bytes)):
        for quality in QUALITIES:
            made = [coded(pixels, quality) for pixels in photos.values()]
            bits = [8 * length / pixels[..., 0].size for (length, _), pixels in zip(made, photos.values(), strict=True)]
            rows.append({"method": method, "setting": quality} | _row(bits, [again for _, again in made], photos))
    return rows


def file_bits(folder: Path, manifest: dict[str, Any], photos: Mapping[str, Rgb8], rate: float) -> list[float]:
    """Bits a pixel of the files that `python -m desktop encode` writes with this very model."""
    with tempfile.TemporaryDirectory() as name:
        home, pictures, coded = (Path(name) / part for part in ("home", "pictures", "coded"))
        installed = home / "data/models" / "codec-under-test"
        shutil.copytree(folder, installed)
        hashes = {part: sha256_of(folder / file) for part, file in manifest["files"].items()}
        write_manifest(installed, manifest | {"id": installed.name, "sha256": hashes})
        pictures.mkdir()
        for index, pixels in enumerate(photos.values()):
            Image.fromarray(pixels).save(pictures / f"{index:03}.png")
        command = [sys.executable, "-m", "desktop", "encode", str(pictures), str(coded), "--rate", str(rate)]
        environment = os.environ | {"SCUMBLE_HOME": str(home)}
        done = subprocess.run(
            [*command, "--model", installed.name], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ExportError(f"The editor cannot encode with this model: {done.stderr.strip()}")
        files = sorted(coded.iterdir())
        return [8 * file.stat().st_size / p[..., 0].size for file, p in zip(files, photos.values(), strict=True)]


def jpeg_bytes(pixels: Rgb8, quality: int) -> tuple[int, Rgb8]:
    """(length of the file with tables of its own, the picture again)."""
    coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])[
        1
    ]
    return len(coded), np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def webp_bytes(pixels: Rgb8, quality: int) -> tuple[int, Rgb8]:
    coded = cv2.imencode(".webp", pixels[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    return len(coded), np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def at_same_psnr(rows: list[dict[str, Any]], method: str, psnr: float) -> float | None:
    """The bits a pixel that a method takes for this mean PSNR, between two of its settings; None outside of them."""
    curve = sorted((row["psnr"], row["bits"]) for row in rows if row["method"] == method)
    if not curve or not curve[0][0] <= psnr <= curve[-1][0]:
        return None
    decibels, bits = zip(*curve, strict=True)
    return round(float(np.exp(np.interp(psnr, decibels, np.log(bits)))), 4)


def curve_table(rows: list[dict[str, Any]]) -> str:
    """Markdown: a line for each rate."""
    lines = [
        "| detail | bits a pixel | PSNR / luma / SSIM | JPEG takes for that PSNR | WebP takes |",
        "|---|---|---|---|---|",
    ]
    for row in (row for row in rows if row["method"] == "this model"):
        rivals = [_share(row["bits"], at_same_psnr(rows, method, row["psnr"])) for method in ("JPEG", "WebP")]
        quality = f"{row['psnr']:.2f} / {row['luma_psnr']:.2f} / {row['ssim']:.3f}"
        lines.append(f"| {row['setting']} | {row['bits']:.3f} | {quality} | {' | '.join(rivals)} |")
    return "\n".join(lines)


def curve_metrics(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest: the length of files in percent of what JPEG takes for the same PSNR."""
    metrics = []
    for row in (row for row in rows if row["method"] == "this model"):
        rival = at_same_psnr(rows, "JPEG", row["psnr"])
        metric = {"data": f"middles ({CROP[1]} × {CROP[0]} px) of held-out photographs"}
        if rival is None:
            metric |= {"metric": f"file at {row['psnr']:.1f} dB", "value": row["bits"], "unit": "bits a pixel"}
        else:
            share = round(100 * row["bits"] / rival, 1)
            metric |= {"metric": f"length of the file at {row['psnr']:.1f} dB", "value": share, "unit": "%"}
            metric |= {"baseline": "JPEG of the same PSNR", "baseline_value": 100.0}
        metrics.append(metric)
    return metrics


def codec_card(folder: Path, manifest: dict[str, Any]) -> str:
    """Everything under the title of card.md; every number is read from metrics.json."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    speed, made = measured["speed"], manifest["made_by"]
    megabytes = sum((folder / name).stat().st_size for name in manifest["files"].values()) / 1e6
    return "\n".join(
        [
            manifest["description"],
            "",
            "![As it is, right at detail 15](preview.webp)",
            "",
            "A compressing autoencoder: whole numbers in the middle, no more of them than bits allow. As an effect, "
            "detail says how much may stay. As a file: `scumble encode photo.png photo.scm --rate 50` and `scumble "
            "decode photo.scm photo.png`; an adaptive range coder packs the numbers, alpha and ICC profile are kept.",
            "",
            "## Measured",
            "",
            f"On the middles ({CROP[1]} × {CROP[0]} px) of {len(measured['pictures'])} photographs from packages that "
            "gave none to training: whole files of `scumble encode` beside JPEG (libjpeg with tables of its own) and "
            "WebP at the setting that reaches the same mean PSNR. In brackets: how much longer (+) or shorter (-) this "
            "file is.",
            "",
            curve_table(measured["rows"]),
            "",
            f"Size {megabytes:.1f} MB in three files, weights stored in half precision. "
            f"{speed['cpu_seconds_per_megapixel']:.2f} s a megapixel there and back ({speed['cpu']}); "
            f"{speed['peak_memory_mb']:.0f} MB of memory for one megapixel untiled. On a GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            "- A file can be read again only where exactly this model is installed: no format to keep pictures in.",
            "- Eight bits a channel; 16-bit pictures are rounded. Metadata other than the ICC profile is left out.",
            "- Below detail 30 blocks of 16 pixels show in skies, soft grounds and colours, and edges ring a little.",
            "- At little detail grass, hair and letters become smooth; the smallest letters are lost.",
            "- Trained for squared error: it blurs where it does not know, and invents nothing.",
            "- Another processor may round a shade differently: decoded pictures agree to within a level.",
            "",
            "## Made by",
            "",
            f"`{made['script']}` at commit {made['commit']}, {made['date']}, step {measured['step']}. "
            f"Licence of the weights: {manifest['licence']}. Trained on photographs from these packages:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made["data"]),
            "",
            "Pictures measured on: " + ", ".join(measured["pictures"]) + ".",
            "",
        ]
    )


def _row(bits: list[float], again: list[Rgb8], photos: Mapping[str, Rgb8]) -> dict[str, float]:
    pairs = [(as_batch(one), as_batch(pixels)) for one, pixels in zip(again, photos.values(), strict=True)]
    return {
        "bits": round(float(np.mean(bits)), 4),
        "psnr": round(float(np.mean([psnr_8bit(*pair) for pair in pairs])), 3),
        "luma_psnr": round(float(np.mean([psnr_luma(*pair) for pair in pairs])), 3),
        "ssim": round(float(np.mean([ssim_8bit(*pair) for pair in pairs])), 4),
    }


def _share(bits: float, rival: float | None) -> str:
    return "outside of what it reaches" if rival is None else f"{rival:.3f} ({bits / rival - 1:+.0%})"
