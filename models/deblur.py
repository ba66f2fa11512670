"""Deblurrer: sharpens a photograph that is moderately out of focus or was shaken, without halos.

The JPEG cleaner's network (models/nets/jpeg_cleaner.py) once more, going on from the weights that are shipped there:
what reads the spectrum of 8 × 8 blocks sees how soft a picture is, too. It learns what lens and hand took away by
seeing it taken away: discs, Gaussians, straight moves and trembling ways of up to a dozen pixels, applied to light and
not to levels, with a little noise and JPEG after it. Two pictures in five are as they were, grainy or not: they stay.

    python -m models.fetch_data
    python -m models.deblur --grid-width 0 --start onnx/denoise-photo/model.onnx --run runs/deblur-first --minutes 12
    python -m models.deblur --start onnx/jpeg-photo/model.onnx runs/deblur-first/best.pt --minutes 14.5 --threads 1
    python -m models.deblur --export onnx/deblur-photo

1,355 and 265 steps, on one core shared with much other work. Printed by the last one on 30 held-out photographs: out
of focus by 1.5 pixels 34.10 dB, where the blurred picture has 33.57, the unsharp mask at its best 34.01, Wiener's
filter 33.83 and Richardson-Lucy 34.24 (SSIM 0.918 against 0.914, 0.908 and 0.902); by 3 pixels 31.42 against 30.18,
30.95 and 31.12; moved by 8 pixels 29.88 against 29.46, the best of them; shaken 29.82 against 29.28. Photographs as
they are change by 0.46 levels; with the denoiser's estimate in place of the spectrum it was 1.43, and without HEARD
0.59. More steps would help: the preset gpu has not been run yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.blurring import KERNEL_PX, NAMED_BLURS, disc_kernel, random_blur
from models.common.checkpoints import BEST, CheckpointError, read_checkpoint
from models.common.cli import leave, read_command_line
from models.common.data import DataError
from models.common.export import ExportError
from models.common.fabric import PlacementError
from models.common.restoring import SMOKE, Damages, RestoringConfig, train, trained_network
from models.common.restoring_export import (
    About,
    Way,
    export_restorer,
    measure_restorer,
    restorer,
    restorer_table,
)
from models.evaluate import EvaluationError, held_out_crops
from models.nets.jpeg_cleaner import JpegCleaner

Rgb8 = NDArray[np.uint8]  # (H, W, 3)

HEARD = (2 / 255, 6 / 255)  # a little softness is taken for how the picture is meant to be
UNSHARP_SIGMA_PX = 1.5
RICHARDSON_ROUNDS = 12


@dataclass(frozen=True)
class Config(RestoringConfig):
    """All that a run can be told; every field is a flag of the command line."""

    run: Path = Path("runs/deblur")
    widths: tuple[int, int, int] = (64, 128, 96)  # those of the JPEG cleaner, from which it goes on
    grid_width: int = 64
    start: tuple[Path, ...] = (Path("onnx/jpeg-photo/model.onnx"),)


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda", precision="bf16-mixed", threads=8, depths=(2, 2, 2), start=(), steps=60_000, batch=64
    ),
}
DAMAGES = Damages(random=random_blur, named=NAMED_BLURS, margin_px=KERNEL_PX // 2)
ABOUT = About(
    model_id="deblur-photo",
    title="Deblur photo",
    description="Sharpens a photograph that is a little out of focus or was shaken; finds out by itself how.",
    source="models/deblur.py",
    icon="restore",
    what=(
        "Strength 50 gives back what the model itself finds missing, place by place. Below 50 the untouched picture is "
        "mixed in and 0 changes nothing; above 50 more is taken to be missing than was found: crisper, and less true."
    ),
    weaknesses=(
        "Moderate blur only: a disc of more than three pixels or a move of more than a dozen stays blurred, a little "
        "less so. Shrink the picture first and what is left is within reach.",
        "Where the width of the blur is known, Richardson-Lucy comes nearer to a slight one: 34.24 dB against 34.10.",
        "A shaken picture is helped least: which way the hand went is only guessed from the edges.",
        "Noise is taken for detail where it is strong: denoise first.",
        "A background that is meant to be soft is sharpened as well: paint the region that shall be sharp.",
    ),
    shown="out of focus, radius 1.5",
    receptive_field=32,
)


def unsharp(picture: Rgb8, amount: float) -> Rgb8:
    """The darkroom's mask: what a Gaussian takes away, added again AMOUNT times."""
    soft = cv2.GaussianBlur(picture, (0, 0), UNSHARP_SIGMA_PX).astype(np.float32)
    return np.clip(np.rint(picture + amount * (picture - soft)), 0, 255).astype(np.uint8)


def deconvolved(picture: Rgb8, sigma_px: float) -> Rgb8:
    """Richardson (1972) and Lucy (1974), for a Gaussian of this width, in linear light."""
    sides = (KERNEL_PX, KERNEL_PX)
    light = (picture.astype(np.float32) / 255) ** 2.2 + 1e-4
    found = light.copy()
    for _ in range(RICHARDSON_ROUNDS):
        seen = cv2.GaussianBlur(found, sides, sigma_px, borderType=cv2.BORDER_REFLECT_101)
        ratio = light / np.maximum(seen, 1e-4)
        found *= cv2.GaussianBlur(ratio, sides, sigma_px, borderType=cv2.BORDER_REFLECT_101)
    return np.clip(np.rint(np.clip(found, 0, 1) ** (1 / 2.2) * 255), 0, 255).astype(np.uint8)


def wiener(picture: Rgb8, radius_px: float, *, noise_share: float) -> Rgb8:
    """Wiener (1949), for a disc of this radius in linear light; NOISE_SHARE is the noise's power by the picture's."""
    padded = np.pad(picture, ((KERNEL_PX, KERNEL_PX), (KERNEL_PX, KERNEL_PX), (0, 0)), mode="symmetric")
    light = (padded.astype(np.float32) / 255) ** 2.2
    point = np.zeros(light.shape[:2], np.float32)
    point[:KERNEL_PX, :KERNEL_PX] = disc_kernel(radius_px)
    blur = np.fft.rfft2(np.roll(point, (-(KERNEL_PX // 2), -(KERNEL_PX // 2)), (0, 1)))[..., None]
    seen = np.fft.rfft2(light, axes=(0, 1)) * blur.conj() / (np.abs(blur) ** 2 + noise_share)
    found = np.fft.irfft2(seen, s=light.shape[:2], axes=(0, 1)) * (1 + noise_share)  # light as a whole stays
    middle = found[KERNEL_PX:-KERNEL_PX, KERNEL_PX:-KERNEL_PX].clip(0, 1)
    return np.rint(middle ** (1 / 2.2) * 255).astype(np.uint8)


RADII = (0.8, 1.2, 1.7, 2.5, 3.2)
PLAIN_WAYS: dict[str, Way] = {
    "unsharp mask": (unsharp, (0.3, 0.6, 1.0, 1.6)),
    "Richardson-Lucy": (deconvolved, (0.6, 1.0, 1.4, 2.0)),
    "Wiener filter": (partial(wiener, noise_share=0.01), RADII),
    "cautious Wiener filter": (partial(wiener, noise_share=0.06), RADII),
}


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the photographs that are held out by default."""
    mend, clean = restorer(folder / "model.onnx"), held_out_crops(Config().held_out)
    rows = measure_restorer(mend, clean, NAMED_BLURS, PLAIN_WAYS)
    return restorer_table(rows), rows


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers measured on the held-out photographs."""
    named = {ABOUT.shown: NAMED_BLURS[ABOUT.shown]} if config.smoke else NAMED_BLURS
    network, trained = trained_network(config.run / BEST), read_checkpoint(config.run / BEST)
    if isinstance(network, JpegCleaner):
        network.heard = HEARD
    export_restorer(network, config, folder, ABOUT, named=named, ways=PLAIN_WAYS, trained=trained)


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is None:
            train(command.config, DAMAGES, resume=command.resume)
        else:
            export(command.config, command.export)
    except (DataError, CheckpointError, PlacementError, EvaluationError, ExportError) as error:
        leave(error)


if __name__ == "__main__":
    main()
