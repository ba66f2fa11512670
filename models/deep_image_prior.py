"""Deep image prior: one picture denoised, or a hole in it filled, by a network that has never seen another picture.

After Ulyanov et al. (CVPR 2018): an untrained hourglass is given noise, always the same, and is fitted to the picture.
Its convolutions find what repeats itself long before they find noise, so what counts is when to stop. Some pixels
are never shown to it; as long as it comes nearer to those as well, it learns the picture, and then it learns the noise
(self-validation, as in Noise2Self: Batson and Royer, ICML 2019). What is kept is the mean of its last answers, as it
was when the hidden pixels were hit best.

    python -m models.deep_image_prior --pictures noisy.png --out restored --minutes 5
    python -m models.deep_image_prior --pictures photo.png --mask hole.png --out restored --minutes 5

`python -m models.common.prior_measure` on two photographs of 128 × 128 px with white noise of 25, each fitted for 72
seconds on one shared core: 25.62 dB, where non-local means at its best has 26.03 (22.58 against 25.37 and 28.65 against
26.69) and the shipped denoiser 30.08: for pictures no trained network knows, and for those who can wait longer.

White in the mask is what is filled; the rest of the picture stays as it is, bit for bit. The editor starts the same
program (Filter menu, Restore) with --report: JSON lines on standard output. Pictures keep their depth, 8 or 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from models.common.checkpoints import LATEST, CheckpointError, Clock, load_checkpoint, save_checkpoint
from models.common.cli import leave, plain_values, read_command_line
from models.common.data import DataError, generated_blocks
from models.common.degrade import white_noise
from models.common.fabric import PlacementError, start_fabric
from models.common.reporting import Reporter
from models.nets.hourglass import Hourglass
from models.noise2void import Rgb, read_picture

LARGEST_PX = 600_000  # a minute is ten steps then; whoever wants more than a part of a picture wants another method
Shares = NDArray[np.float32]  # (H, W, 3), 0..1


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # where
    pictures: Path = Path("noisy.png")  # one picture
    mask: Path | None = None  # as large as the picture; what is white in it is invented anew
    out: Path = Path("restored")  # a folder for one PNG
    run: Path = Path("runs/deep-image-prior")  # checkpoint and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network
    widths: tuple[int, ...] = (32, 48, 64, 64, 64)  # channels from half the size on
    noise_channels: int = 16

    # fitting
    minutes: float = 0.0  # stop after so long at the latest; 0: after `steps`
    steps: int = 3000
    learning_rate: float = 1e-2
    shaken: float = 0.03  # deviation of what is added to the input noise at each step
    hidden_share: float = 0.04  # of the known pixels: never shown, they say when to stop
    mean_over: float = 0.98  # of the answers so far, what each new one leaves
    patience: int = 400  # steps without coming nearer to the hidden pixels
    seed: int = 0
    checkpoint_every: int = 100
    report: Path | None = None  # a folder for pictures on the way; each is named in a line on standard output
    smoke: bool = False


PRESETS = {"cpu": Config(), "gpu": Config(accelerator="cuda", widths=(128,) * 5, noise_channels=32, threads=8)}
SMOKE = {"widths": (8, 8), "noise_channels": 4, "steps": 4, "checkpoint_every": 2, "threads": 1, "smoke": True}


class Fit:
    """What is known of the picture, what is hidden of that, and the answers so far; goes into the checkpoint."""

    def __init__(self, picture: Shares, hole: NDArray[np.bool_], config: Config) -> None:
        rng = np.random.default_rng(config.seed)
        hidden = ~hole & (rng.random(hole.shape) < config.hidden_share)
        self.target = torch.from_numpy(picture).permute(2, 0, 1)[None].contiguous()
        self.shown, self.hidden = (torch.from_numpy(part)[None, None].float() for part in (~hole & ~hidden, hidden))
        noise = rng.uniform(0, 0.1, (1, config.noise_channels, *hole.shape)).astype(np.float32)
        self.noise, self.config = torch.from_numpy(noise), config
        self.mean = self.best = self.target
        self.best_error, self.best_step, self.count = float("inf"), 0, 0

    def to(self, device: torch.device) -> Fit:
        for name in ("target", "shown", "hidden", "noise", "mean", "best"):
            setattr(self, name, getattr(self, name).to(device))
        return self

    def shaken_noise(self, step: int) -> Tensor:
        """The input of this step: a function of seed and step only, so that resuming is exact."""
        added = np.random.default_rng((self.config.seed, step)).standard_normal(tuple(self.noise.shape), np.float32)
        return self.noise + self.config.shaken * torch.from_numpy(added).to(self.noise.device)

    def loss(self, answer: Tensor) -> Tensor:
        return ((answer - self.target).square() * self.shown).sum() / self.shown.sum()

    @torch.no_grad()
    def take(self, answer: Tensor, step: int) -> None:
        """Into the mean; kept where the mean is nearer to the hidden pixels than ever."""
        self.count += 1
        rate = max(1 - self.config.mean_over, 1 / self.count)
        self.mean = self.mean.lerp(answer.detach(), rate) if self.count > 1 else answer.detach()
        error = float(((self.mean - self.target).square() * self.hidden).sum() / self.hidden.sum().clamp(min=1))
        if error < self.best_error:
            self.best, self.best_error, self.best_step = self.mean.clone(), error, step

    def is_over(self, step: int) -> bool:
        return step - self.best_step >= self.config.patience

    def state_dict(self) -> dict[str, object]:
        names = ("mean", "best", "best_error", "best_step", "count")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, object]) -> None:
        vars(self).update(state)


def restore(config: Config, *, resume: bool = False) -> Path:
    """Fit until the hidden pixels say so, write the picture, return its file. DataError says what is wrong."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    picture, hole = read_task(config)
    scale = np.float32(np.iinfo(picture.dtype).max)
    fit = Fit(picture / scale, hole > 0, config).to(fabric.device)
    network = Hourglass(config.noise_channels, config.widths).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    network, optimizer = fabric.setup(network, optimizer)
    clock = Clock()
    parts = {"net": network, "optimizer": optimizer, "fit": fit, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    steps, reporter = range(first_step, config.steps), Reporter(config.report)
    for step in tqdm(steps, initial=first_step, total=config.steps, mininterval=5):
        answer = network(fit.shaken_noise(step))
        loss = fit.loss(answer)
        optimizer.zero_grad()
        fabric.backward(loss)
        optimizer.step()
        done = step + 1
        fit.take(answer, done)
        share = clock.minutes / config.minutes if config.minutes else done / config.steps
        reporter.tell(share, lambda: _picture(fit.best, np.uint8))
        if done % 20 == 0:
            fabric.log_dict({"loss": float(loss), "hidden": fit.best_error}, done)
        is_last = done == config.steps or clock.is_over(config.minutes) or fit.is_over(done)
        if done % config.checkpoint_every == 0 or is_last:
            save_checkpoint(fabric, config.run / LATEST, parts | {"config": plain_values(config)}, step=done)
        if is_last:
            break
    fabric.print(f"best at step {fit.best_step}")
    return write_picture(config, merged(picture, hole, _picture(fit.best, picture.dtype.type)))


def read_task(config: Config) -> tuple[Rgb, NDArray[np.uint8]]:
    """(picture, mask: 255 where it is filled anew, 0 all over when the picture is to be denoised)."""
    if config.smoke and not config.pictures.exists():
        return white_noise(generated_blocks(1)[0][:64, :72], 25, np.random.default_rng(0)), np.zeros((64, 72), np.uint8)
    if not config.pictures.is_file():
        raise DataError(f"{config.pictures} is no picture. Name one with --pictures.")
    picture = read_picture(config.pictures)
    height, width = picture.shape[:2]
    least = 2 ** (len(config.widths) + 1)
    if min(height, width) < least or height * width > LARGEST_PX:
        raise DataError(
            f"{config.pictures} has {width} × {height} pixels; at least {least} in each direction and at most "
            f"{LARGEST_PX / 1e6} megapixels can be fitted. Cut a part out."
        )
    if config.mask is None:
        return picture, np.zeros((height, width), np.uint8)
    mask = cv2.imdecode(np.fromfile(config.mask, np.uint8), cv2.IMREAD_GRAYSCALE) if config.mask.is_file() else None
    if mask is None or mask.shape != (height, width):
        raise DataError(f"{config.mask} is no mask of {width} × {height} pixels.")
    if not mask.any() or mask.all():
        raise DataError("The mask has to be white where something is to be filled, and black elsewhere.")
    return picture, mask


def merged(picture: Rgb, mask: NDArray[np.uint8], found: Rgb) -> Rgb:
    """All of it where nothing was masked: then the picture was to be denoised."""
    if not mask.any():
        return found
    share = mask[..., None].astype(np.float32) / 255
    mixed = picture + (found.astype(np.float32) - picture) * share
    return np.rint(mixed).astype(picture.dtype)


def write_picture(config: Config, picture: Rgb) -> Path:
    config.out.mkdir(parents=True, exist_ok=True)
    path = config.out / f"{config.pictures.stem}.png"
    _, coded = cv2.imencode(".png", picture[..., ::-1])
    aside = path.with_suffix(".part")
    aside.write_bytes(coded.tobytes())
    aside.replace(path)
    return path


def _picture(planes: Tensor, depth: type[np.integer]) -> Rgb:
    shares = planes[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
    return np.rint(shares * np.iinfo(depth).max).astype(depth)


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is not None:
            raise DataError("The picture itself is what comes out: name a folder for it with --out.")
        restore(command.config, resume=command.resume)
    except (DataError, CheckpointError, PlacementError) as error:
        leave(error)


if __name__ == "__main__":
    main()
