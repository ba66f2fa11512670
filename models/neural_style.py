"""Neural style: one photograph repainted by optimising its pixels, minutes instead of seconds, and the reference.

After Gatys et al. (CVPR 2016), with L-BFGS: content is what VGG16 sees in the photograph, style how its channels appear
together in the painting, here as means and covariances. Painted first small, then larger, so that large shapes
come before strokes.

    python -m models.neural_style photo.jpg painting.jpg out.png
    python -m models.neural_style photo.jpg painting.jpg out.png --side 768 --style-weight 3 --keep-colors

The editor starts the same program with --report: one line of JSON for each step on standard output, with a picture of
the state now and then. Nothing is written to the last file before the end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from models.common.cli import leave
from models.common.data import DataError, read_photo
from models.common.perceptual import LOOKS, Looks, PerceptualLoss, trained_eye, untrained_eye
from models.common.style_pictures import SMALLEST_PX, resized_style
from models.nets.vgg import VGG_WEIGHTS

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Report = Callable[[int, int, Callable[[], Rgb8]], None]  # step, of how many, the picture so far

CLOSE_LOOKS: Looks = {1: ("relu1_1", "relu2_1", "relu3_1"), **{k: v for k, v in LOOKS.items() if k > 1}}
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Config:
    photo: tyro.conf.Positional[Path]
    painting: tyro.conf.Positional[Path]
    out: tyro.conf.Positional[Path]

    side: int = 512  # the longer one of what is optimised; the result is enlarged to the photograph's size
    steps: int = 60  # of L-BFGS, half of them on the smaller picture
    style_weight: float = 3.0
    style_side: int = 400  # the painting's shorter side: how large its strokes come out
    keep_colors: bool = False
    threads: int = 2
    eye: Path = VGG_WEIGHTS
    report: Path | None = None  # a folder for pictures on the way; each is named in a line on standard output
    smoke: bool = False


def paint(
    photo: Rgb8,
    loss: PerceptualLoss,
    *,
    steps: int,
    style_weight: float,
    style: int = 0,
    report: Report | None = None,
) -> Rgb8:
    """The photograph repainted in one of the loss's styles, at its own size, from the half of the size on."""
    height, width = photo.shape[:2]
    begin = photo
    if min(height, width) >= 8 * SMALLEST_PX:
        half = cv2.resize(photo, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        first = _optimised(half, half, loss, range(steps // 2), steps, style_weight, style, report)
        begin = cv2.resize(first, (width, height), interpolation=cv2.INTER_CUBIC)
        steps_here = range(steps // 2, steps)
    else:
        steps_here = range(steps)
    return _optimised(photo, begin, loss, steps_here, steps, style_weight, style, report)


def _optimised(
    photo: Rgb8,
    begin: Rgb8,
    loss: PerceptualLoss,
    steps: range,
    of: int,
    style_weight: float,
    style: int,
    report: Report | None,
) -> Rgb8:
    wanted, painted = _tensor(photo), _tensor(begin).requires_grad_()
    optimizer = torch.optim.LBFGS([painted], lr=1.0, max_iter=1, history_size=10, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        content, manner = loss(painted, wanted, style)
        outside = (painted - painted.clamp(0, 1)).square().mean() * 10
        total = (content + style_weight * manner).sum() + outside
        total.backward()
        return total

    for step in steps:
        optimizer.step(closure)
        if report is not None:
            report(step + 1, of, lambda: _picture(painted))
    return _picture(painted)


def restyle(config: Config) -> None:
    """Read, paint, write. DataError says what is wrong with a picture."""
    torch.set_num_threads(config.threads)
    photo = read_photo(config.photo)
    if min(photo.shape[:2]) < SMALLEST_PX:
        raise DataError(f"{config.photo} is smaller than {SMALLEST_PX} pixels; there is nothing to paint.")
    painting = resized_style(read_photo(config.painting), config.style_side)
    eye = untrained_eye() if config.smoke else trained_eye(config.eye)
    torch.manual_seed(0)
    loss = PerceptualLoss(eye, [torch.from_numpy(painting).permute(2, 0, 1).float() / 255], CLOSE_LOOKS)
    height, width = photo.shape[:2]
    share = min(1.0, config.side / max(height, width))
    size = (max(SMALLEST_PX, round(width * share)), max(SMALLEST_PX, round(height * share)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    painted = paint(small, loss, steps=config.steps, style_weight=config.style_weight, report=_reporter(config.report))
    whole = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
    if config.keep_colors:
        whole = with_colors_of(photo, whole)
    aside = config.out.with_name(f".{config.out.stem}.part{config.out.suffix}")
    try:
        Image.fromarray(whole).save(aside)
        aside.replace(config.out)
    except (OSError, ValueError) as error:
        aside.unlink(missing_ok=True)
        raise DataError(f"{config.out} cannot be written: {error}.") from error


def with_colors_of(photo: Rgb8, painted: Rgb8) -> Rgb8:
    """The painted luma with the photograph's colour around it."""
    luma = (painted.astype(np.float32) - photo) @ np.array(LUMA, np.float32)
    return np.clip(np.rint(photo + luma[..., None]), 0, 255).astype(np.uint8)


def _reporter(folder: Path | None) -> Report | None:
    if folder is None:
        return None

    def report(step: int, of: int, picture: Callable[[], Rgb8]) -> None:
        line: dict[str, object] = {"step": step, "of": of}
        if step % 5 == 0 or step == 1:
            path = folder / f"step-{step}.png"
            Image.fromarray(picture()).save(path)
            line["picture"] = str(path)
        print(json.dumps(line), flush=True)

    return report


def _tensor(picture: Rgb8) -> Tensor:
    return torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None].contiguous()


def _picture(planes: Tensor) -> Rgb8:
    rounded = (planes.detach()[0].clamp(0, 1) * 255).round()
    return rounded.permute(1, 2, 0).numpy().astype(np.uint8)


def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    try:
        restyle(config)
    except DataError as error:
        leave(error)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
