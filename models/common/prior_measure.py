"""What the deep image prior reaches, beside non-local means at its best and the shipped denoiser.

    python -m models.common.prior_measure --minutes 3 --threads 1

Middles of held-out photographs with white noise of deviation 25, one after the other; each is fitted anew, so that it
takes minutes a picture.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image

from models.common.cli import leave
from models.common.data import DataError, read_photo
from models.common.degrade import Rgb8, white_noise
from models.common.metrics import psnr_8bit
from models.common.restoring_export import as_batch, restorer
from models.deep_image_prior import Config, restore
from models.evaluate import held_out_crops, non_local_means

STRENGTHS = (8.0, 12.0, 16.0, 20.0, 25.0, 30.0)  # of non-local means, of which the best is taken for each picture


@dataclass(frozen=True)
class Options:
    """What is measured, and for how long each picture is fitted."""

    photos: Path = Path("data/photos/held_out")
    pictures: tuple[str, ...] = ("astronaut", "chelsea", "china")  # parts of their names
    side: int = 128
    sigma: float = 25.0
    minutes: float = 3.0
    threads: int = 2


def measure(options: Options) -> list[tuple[str, dict[str, float]]]:
    """Rows of (picture, PSNR by method in dB). DataError where the photographs were not fetched."""
    crops, rows = held_out_crops(options.photos), []
    denoise = restorer(Path("onnx/denoise-photo/model.onnx"))
    for part in options.pictures:
        clean = _middle(next(crop for name, crop in crops.items() if part in name), options.side)
        noisy = white_noise(clean, options.sigma, np.random.default_rng(0))
        by_means = max(_psnr(non_local_means(noisy, strength, strength), clean) for strength in STRENGTHS)
        scores = {"noisy": _psnr(noisy, clean), "non-local means": by_means}
        scores |= {"deep image prior": _psnr(_fitted(noisy, options), clean)}
        rows.append((part, scores | {"denoise-photo": _psnr(denoise(noisy), clean)}))
    return rows


def table(rows: list[tuple[str, dict[str, float]]]) -> str:
    """Markdown, with the means in the last row."""
    methods = list(rows[0][1])
    means = {method: float(np.mean([scores[method] for _, scores in rows])) for method in methods}
    lines = [f"| | {' | '.join(methods)} |", "|---" * (len(methods) + 1) + "|"]
    for name, scores in [*rows, ("mean", means)]:
        lines.append(f"| {name} | " + " | ".join(f"{scores[method]:.2f}" for method in methods) + " |")
    return "\n".join(lines)


def _fitted(noisy: Rgb8, options: Options) -> Rgb8:
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "noisy.png"
        Image.fromarray(noisy).save(source)
        where = {"pictures": source, "out": Path(scratch) / "out", "run": Path(scratch) / "run"}
        return read_photo(restore(Config(**where, minutes=options.minutes, threads=options.threads, steps=20_000)))


def _middle(picture: Rgb8, side: int) -> Rgb8:
    top, left = ((whole - side) // 2 for whole in picture.shape[:2])
    return np.ascontiguousarray(picture[top : top + side, left : left + side])


def _psnr(result: Rgb8, clean: Rgb8) -> float:
    return psnr_8bit(as_batch(result), as_batch(clean))


def main() -> None:
    try:
        print(table(measure(tyro.cli(Options, description=__doc__))))
    except DataError as error:
        leave(error)


if __name__ == "__main__":
    main()
