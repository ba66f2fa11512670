"""How well a network enlarges, beside filters and beside other people's untouched weights, kind by kind of picture."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from models.common.data import DataError
from models.common.enlarge import Rgb8, bicubic, degraded_pair, drawn_picture, lanczos, shrunk, with_pattern
from models.common.likeness import MeasuringEye
from models.common.lpips import Lpips, load_lpips
from models.common.metrics import psnr_8bit, ssim_8bit
from models.common.ncnn_weights import read_ncnn
from models.nets.upscalers import Plain, Span, Upscaler, load_foreign

PHOTOGRAPHS, WORN = "photographs", "photographs: blurred, noisy, JPEG"
DRAWN, PATTERNS = "drawn lines and letters", "noise, dither, chequers over photographs"
KINDS: dict[str, Callable[[Rgb8, int, np.random.Generator], tuple[Rgb8, Rgb8]]] = {
    PHOTOGRAPHS: lambda clean, scale, rng: (shrunk(clean, scale), clean),
    WORN: degraded_pair,
    DRAWN: lambda clean, scale, rng: _shrunk_too(drawn_picture(clean.shape[0], rng), scale),
    PATTERNS: with_pattern,
}  # fixed kinds for measuring: each gives (small, large)
WHOLE_CELLS = 12  # sides of measured pictures are cut to a multiple: every scale divides it
LUMA = (65.481, 128.553, 24.966)  # ITU-R BT.601 of RGB 0..1, without its offset: what papers measure on
FOREIGN_WEIGHTS = Path("data/weights")
THIS_MODEL = "this model"

LPIPS_CROPS = 12  # of the photographs
SEEN = (PHOTOGRAPHS, WORN)  # kinds that eyes look at: the way pictures look is a matter of photographs

Enlarge = Callable[[Rgb8], Rgb8]


@dataclass(frozen=True)
class Eyes:
    """What judges how alike pictures look; neither of them: nothing is judged."""

    look: MeasuringEye | None = None
    lpips: Lpips | None = None

    @classmethod
    def trained(cls) -> Eyes:
        """DataError when their weights were not fetched."""
        return cls(MeasuringEye(), load_lpips())

    @property
    def name(self) -> str:
        """Kept figures are of these eyes."""
        return f", seen{' by both' if self.look and self.lpips else ''}" if self.look or self.lpips else ""

    def see(self, pairs: list[tuple[Tensor, ...]]) -> dict[str, float]:
        """Means over (result, large), each (1, 3, H, W); LPIPS, which takes a second each, of some from all over."""
        some = pairs[:: max(len(pairs) // LPIPS_CROPS, 1)][:LPIPS_CROPS]
        judges = {"look": (self.look, pairs), "lpips": (self.lpips, some)}
        return {
            name: round(float(np.mean([float(judge(result, large)) for result, large in seen])), 4)
            for name, (judge, seen) in judges.items()
            if judge is not None
        }


NO_EYES = Eyes()


def measure_enlarging(
    enlarge: Enlarge,
    clean: dict[str, Rgb8],
    scale: int,
    *,
    weights: Path = FOREIGN_WEIGHTS,
    kept: Path | None = None,
    eyes: Eyes = NO_EYES,
    megabytes: float = 0.0,
) -> list[dict[str, Any]]:
    """One row per kind of picture and method, means over all crops: kind, method, psnr, luma_psnr, ssim.

    Of photographs, clean and worn, also what the EYES see: lpips and look, the less the better; and of clean ones the
    processor's seconds for a megapixel of the large picture and the size of the weights.
    Rivals take minutes and give the same every time on the same pictures: KEPT is the file where that is kept.
    """
    rivals = {"bicubic": lambda small: bicubic(small, scale), "Lanczos": lambda small: lanczos(small, scale)}
    rivals |= untouched_networks(scale, weights)
    weigh = foreign_megabytes(scale, weights)
    known = json.loads(kept.read_text(encoding="utf-8")) if kept is not None and kept.exists() else {}
    rows = []
    for kind in KINDS:
        pairs = measured_pairs(kind, clean, scale)
        for name, method in tqdm(rivals.items(), desc=kind, leave=False):
            key = f"{kind}, {name}, {scale}, {len(pairs)} crops, {sum(int(small.sum()) for small, _ in pairs)}"
            key += f"{eyes.name if kind in SEEN else ''}, timed"
            if key not in known:
                known[key] = mean_scores(method, pairs, scale, eyes if kind in SEEN else NO_EYES)
            rows.append({"kind": kind, "method": name, "megabytes": weigh.get(name, 0.0)} | known[key])
        own = mean_scores(enlarge, pairs, scale, eyes if kind in SEEN else NO_EYES)
        rows.append({"kind": kind, "method": THIS_MODEL, "megabytes": round(megabytes, 2)} | own)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return rows


def measure_thrice(enlarge: Enlarge, clean: dict[str, Rgb8]) -> list[dict[str, Any]]:
    """The same rows at three times the size, which a network of four times reaches by way of Lanczos, as the editor."""

    def by_way_of_four(small: Rgb8) -> Rgb8:
        size = (3 * small.shape[1], 3 * small.shape[0])
        return np.asarray(Image.fromarray(enlarge(small)).resize(size, Image.Resampling.LANCZOS))

    methods: dict[str, Enlarge] = {
        "bicubic": lambda small: bicubic(small, 3),
        "Lanczos": lambda small: lanczos(small, 3),
        f"{THIS_MODEL}, then Lanczos": by_way_of_four,
    }
    kinds = {kind: measured_pairs(kind, clean, 3) for kind in (PHOTOGRAPHS, WORN, DRAWN)}
    return [
        {"kind": kind, "method": name, "megabytes": 0.0} | mean_scores(method, pairs, 3)
        for kind, pairs in kinds.items()
        for name, method in methods.items()
    ]


def measured_pairs(kind: str, clean: dict[str, Rgb8], scale: int) -> list[tuple[Rgb8, Rgb8]]:
    """(small, large) per crop; what is drawn or laid over a crop depends on nothing but its place in the list."""
    return [
        KINDS[kind](_whole_cells(crop), scale, np.random.default_rng((1, index)))
        for index, crop in enumerate(clean.values())
    ]


def mean_scores(enlarge: Enlarge, pairs: list[tuple[Rgb8, Rgb8]], scale: int, eyes: Eyes = NO_EYES) -> dict[str, float]:
    """PSNR of RGB and of luma in dB, and SSIM; as papers do, without SCALE pixels at the border."""
    inside = slice(scale, -scale)
    start = time.process_time()
    results = [(enlarge(small), large) for small, large in pairs]
    seconds = time.process_time() - start
    tensors = [tuple(as_batch(picture)[..., inside, inside] for picture in pair) for pair in results]
    made = sum(large.shape[0] * large.shape[1] for _, large in pairs) / 1e6
    return eyes.see(tensors) | {
        "seconds": round(seconds / made, 3),
        "psnr": round(float(np.mean([psnr_8bit(result, large) for result, large in tensors])), 3),
        "luma_psnr": round(float(np.mean([psnr_luma(result, large) for result, large in tensors])), 3),
        "ssim": round(float(np.mean([ssim_8bit(result, large) for result, large in tensors])), 4),
    }


def psnr_luma(result: Tensor, clean: Tensor) -> float:
    weights = torch.tensor(LUMA).view(1, 3, 1, 1)
    difference = ((result - clean) * weights).sum(dim=1)
    return float(10 * torch.log10(255**2 / difference.square().mean().clamp(min=1e-10)))


def untouched_networks(scale: int, weights: Path) -> dict[str, Enlarge]:
    """Other people's weights as their packages hold them, those that were fetched: without limits of ours."""
    known: dict[str, tuple[Path, Callable[[], Span | Plain]]] = {
        "SPAN, untouched": (
            weights / f"span/spanx{scale}_ch48.param",
            lambda: Span(48, 6, scale, careful=False),
        ),
        "Real-ESRGAN compact (animevideov3)": (
            weights / f"realesr-animevideov3/realesr-animevideov3-x{scale}.param",
            lambda: Plain(64, 16, 4),  # four times; for twice the package halves what comes out
        ),
    }
    return {name: _foreign(param, build(), scale) for name, (param, build) in known.items() if param.exists()}


def foreign_megabytes(scale: int, weights: Path) -> dict[str, float]:
    """Size of the files of `untouched_networks`."""
    files = {
        "SPAN, untouched": weights / f"span/spanx{scale}_ch48.bin",
        "Real-ESRGAN compact (animevideov3)": weights / f"realesr-animevideov3/realesr-animevideov3-x{scale}.bin",
    }
    return {name: round(file.stat().st_size / 1e6, 2) for name, file in files.items() if file.exists()}


def torch_enlarger(network: Callable[[Tensor], Tensor]) -> Enlarge:
    @torch.no_grad()
    def enlarge(small: Rgb8) -> Rgb8:
        result = network(as_batch(small))[0].clamp(0, 1)
        return (result.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()

    return enlarge


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown; per kind of picture PSNR of RGB / of luma in dB / SSIM / LPIPS / look, then seconds and megabytes."""
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    cells = {
        (row["kind"], row["method"]): f"{row['psnr']:.2f} / {row['luma_psnr']:.2f} / {row['ssim']:.3f}"
        + "".join(f" / {row[name]:.3f}" for name in ("lpips", "look") if name in row)
        for row in rows
    }
    cost = {row["method"]: f"{row['seconds']:.2f} | {row['megabytes']:.1f}" for row in rows if row["kind"] == kinds[0]}
    lines = [f"| | {' | '.join(kinds)} | s a megapixel | MB |", "|---" * (len(kinds) + 3) + "|"]
    for method in methods:
        lines.append(f"| {method} | {' | '.join(cells[kind, method] for kind in kinds)} | {cost[method]} |")
    return "\n".join(lines)


def thrice_table(rows: list[dict[str, Any]]) -> str:
    """Markdown; PSNR of RGB / of luma in dB / SSIM."""
    return "\n".join(line.rsplit("|", 3)[0] + "|" for line in table(rows).splitlines())


def manifest_metrics(rows: list[dict[str, Any]], clean: dict[str, Rgb8], scale: int) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest."""
    scores = {(row["kind"], row["method"]): row["psnr"] for row in rows}
    data = f"middles (256 px) of {len(clean)} held-out photographs, shrunk {scale} times"
    return [
        {
            "data": data,
            "metric": f"PSNR, {kind}",
            "value": round(scores[kind, THIS_MODEL], 2),
            "baseline": "bicubic",
            "baseline_value": round(scores[kind, "bicubic"], 2),
            "unit": "dB",
        }
        for kind in KINDS
    ]


def as_batch(pixels: Rgb8) -> Tensor:
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 255


def _foreign(param: Path, network: Span | Plain, scale: int) -> Enlarge:
    try:
        load_foreign(network, read_ncnn(param))
    except ValueError as error:
        raise DataError(f"{param} holds another network: {error}.") from error
    own_scale = round((network.layers[-1].out_channels / 3) ** 0.5) if isinstance(network, Plain) else scale
    upscaler = Upscaler(network.eval(), own_scale)
    if own_scale == scale:
        return torch_enlarger(upscaler.unguarded)
    factor = scale / own_scale
    return torch_enlarger(
        lambda image: torch.nn.functional.interpolate(
            upscaler.unguarded(image), scale_factor=factor, mode="bicubic", align_corners=False
        )
    )


def _shrunk_too(large: Rgb8, scale: int) -> tuple[Rgb8, Rgb8]:
    return shrunk(large, scale), large


def _whole_cells(pixels: Rgb8) -> Rgb8:
    side = min(pixels.shape[:2]) // WHOLE_CELLS * WHOLE_CELLS
    return pixels[:side, :side]
