"""Noise2Void: denoising learned from noisy pictures alone, one or a folder of them, without any clean one.

After Krull et al. (CVPR 2019): some pixels are hidden, each behind a neighbour's value, and the network has to say what
was there. Noise that is independent from pixel to pixel cannot be guessed, the picture can: so what is learned is the
picture. It is the U-Net of the blind denoiser (models/nets/blind_denoiser.py), smaller, told of no level. The pictures
themselves come out, denoised, as PNG files of their own depth.

    python -m models.noise2void --pictures noisy.png --out denoised --minutes 4
    python -m models.noise2void --pictures scans/ --out denoised

The editor starts the same program ("Denoise by itself", filter menu) with --report: JSON lines on standard output.

Tried on one photograph of 451 × 300 pixels with white noise of 25 levels: from 20.2 to 29.3 dB in 1,417 steps, three
minutes on one core; non-local means at its best strength gives 28.6. On a soft one of 400 × 225 from 20.3 to 26.1 dB in
300 steps and 27.7 in 1,000, where non-local means reach 29.9: few pixels, and not much in them to learn from.

Grain that reaches over several pixels (a camera's JPEG, enlarged pictures, film) is guessed from its neighbours and so
stays: for photographs of that kind the trained denoiser is better. It is for what no training set knows: microscopes,
old sensors, renderings, scans.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from models.common.averaging import warming_average
from models.common.checkpoints import (
    BEST,
    LATEST,
    CheckpointError,
    Clock,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.data import PICTURE_SUFFIXES, DataError, generated_blocks, read_photo
from models.common.degrade import white_noise
from models.common.fabric import PlacementError, start_fabric
from models.common.reporting import Reporter
from models.nets.blind_denoiser import CleaningUNet
from models.nets.blocks import mirrored_around

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Rgb = NDArray[np.uint8] | NDArray[np.uint16]  # (H, W, 3)

DEEP_SUFFIXES = (".png", ".tif", ".tiff")  # that may hold 16 bits
STRIDE = 8
MARGIN_PX = 8
TILE_PX, HALO_PX = 512, 32  # as the blind denoiser, whose shape it has
SHOWN_PX = 192  # of the middle of the first picture, while it is being learned


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # where
    pictures: tuple[Path, ...] = (Path("noisy"),)  # files or folders, all with the same kind of noise
    out: Path = Path("denoised")  # one PNG for each picture
    run: Path = Path("runs/noise2void")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network
    widths: tuple[int, int, int] = (32, 64, 96)  # channels at stride 2, 4 and 8
    depths: tuple[int, int, int] = (1, 1, 1)

    # training
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 1500
    batch: int = 8
    crop: int = 64
    hidden_share: float = 0.08  # of the pixels of a crop: a quarter of it takes three times as long to learn as much
    neighbour_px: int = 2  # how far away a hidden pixel's stand-in may lie
    learning_rate: float = 2e-3
    warmup: int = 20
    ema: float = 0.99
    seed: int = 0
    checkpoint_every: int = 250
    report: Path | None = None  # a folder for pictures on the way; each is named in a line on standard output
    smoke: bool = False


PRESETS = {"cpu": Config(), "gpu": Config(accelerator="cuda", threads=8, steps=10_000, batch=64, crop=96)}
SMOKE = {"widths": (8, 12, 16), "steps": 4, "batch": 2, "crop": 32, "warmup": 2, "threads": 1, "smoke": True}


class BlindSpot(nn.Module):
    """Image (N, 3, H, W) in 0..1 of any size → image. In training sides are multiples of the stride."""

    def __init__(self, widths: tuple[int, int, int], depths: tuple[int, int, int]) -> None:
        super().__init__()
        self.unet = CleaningUNet(widths, depths)

    def forward(self, image: Tensor) -> Tensor:
        cells = F.pixel_unshuffle(image, 2)
        return image - F.pixel_shuffle(self.unet(cells, torch.zeros_like(cells[:, :1])), 2)

    @torch.no_grad()
    def denoised(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        wide = self(mirrored_around(image, margin=MARGIN_PX, multiple=STRIDE))
        return wide[..., MARGIN_PX:, MARGIN_PX:][..., :height, :width].clamp(0, 1)


class Batch(NamedTuple):
    hidden: Tensor  # (N, 3, crop, crop), 0..1: the noisy picture with stand-ins
    noisy: Tensor
    mask: Tensor  # (N, 1, crop, crop): 1 where a stand-in is

    @staticmethod
    def draw(pictures: list[Rgb], config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        areas = np.array([picture.shape[0] * picture.shape[1] for picture in pictures], float)
        chosen = rng.choice(len(pictures), config.batch // (config.devices * config.nodes), p=areas / areas.sum())
        noisy = np.stack([_shares(_crop(pictures[index], config.crop, rng)) for index in chosen])
        hidden, mask = hide(noisy, config, rng)
        planes = (torch.from_numpy(array).permute(0, 3, 1, 2).contiguous() for array in (hidden, noisy))
        return Batch(*planes, torch.from_numpy(mask)[:, None].float())


def hide(noisy: NDArray[Any], config: Config, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Crops (N, H, W, 3) with some pixels replaced by one nearby, never by themselves; and which they were."""
    mask = rng.random(noisy.shape[:3]) < config.hidden_share
    crops, rows, columns = np.nonzero(mask)
    reach = config.neighbour_px
    offsets = np.array([(y, x) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1) if (y, x) != (0, 0)])
    moved = offsets[rng.integers(len(offsets), size=len(crops))]
    hidden = noisy.copy()
    height, width = noisy.shape[1:3]
    hidden[mask] = noisy[crops, _mirrored(rows + moved[:, 0], height), _mirrored(columns + moved[:, 1], width)]
    return hidden, mask


class TrainingPass(nn.Module):
    """The loss as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: BlindSpot) -> None:
        super().__init__()
        self.network = network

    def forward(self, hidden: Tensor, noisy: Tensor, mask: Tensor) -> Tensor:
        wrong = (self.network(hidden) - noisy).square().mean(dim=1, keepdim=True)
        return (wrong * mask).sum() / mask.sum().clamp(min=1)


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute, write the pictures, return the file of the weights."""
    if config.crop % STRIDE:
        raise DataError(f"A crop must be a multiple of {STRIDE} pixels.")
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    pictures = noisy_pictures(config)
    large_enough = [picture for picture in pictures.values() if min(picture.shape[:2]) >= config.crop]
    if not large_enough:
        raise DataError(f"None of the pictures is at least {config.crop} pixels high and wide.")
    network = BlindSpot(config.widths, config.depths)
    average = AveragedModel(network, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    loss_of = TrainingPass(network).to(memory_format=torch.channels_last)  # twice as fast on CPUs
    optimizer = torch.optim.AdamW(loss_of.parameters(), lr=config.learning_rate, weight_decay=0.0)
    loss_of, optimizer = fabric.setup(loss_of, optimizer)
    clock = Clock()
    parts = {"net": network, "ema": average, "optimizer": optimizer, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    steps, reporter = range(first_step, config.steps), Reporter(config.report)
    shown = _middle(large_enough[0])
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=5):
        share = min(clock.minutes / config.minutes if config.minutes else step / config.steps, 1.0)
        for group in optimizer.param_groups:
            warm = min(1.0, (step + 1) / config.warmup)
            group["lr"] = config.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * share))))
        batch = Batch.draw(large_enough, config, step=step, rank=fabric.global_rank)
        loss = loss_of(*fabric.to_device(tuple(batch)))
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(loss_of, optimizer, max_norm=1.0)
        optimizer.step()
        average.update_parameters(network)
        done = step + 1
        is_last = done == config.steps or clock.is_over(config.minutes)
        reporter.tell(share, lambda: _in_8_bits(denoised(average.module, shown)))
        if done % 20 == 0:
            fabric.log_dict({"loss": float(loss)}, done)
        if done % config.checkpoint_every == 0 or is_last:
            save(LATEST, done)
        if is_last:
            save(BEST, done)
            break
    if fabric.is_global_zero:
        write_denoised(average.module, pictures, config.out)
    return config.run / BEST


def noisy_pictures(config: Config) -> dict[str, Rgb]:
    """Name without ending → pixels; DataError when there are none."""
    if config.smoke:
        return {"generated": white_noise(generated_blocks(1)[0], 25, np.random.default_rng(0))}
    found = []
    for place in config.pictures:
        inside = place.rglob("*") if place.is_dir() else [place]
        found += [path for path in inside if path.is_file() and path.suffix.lower() in PICTURE_SUFFIXES]
    if not found:
        raise DataError(f"No pictures in {', '.join(map(str, config.pictures))}. Name noisy ones with --pictures.")
    return {f"{path.stem}-{index}" if index else path.stem: read_picture(path) for path, index in _counted(found)}


def read_picture(path: Path) -> Rgb:
    """With 16 bits where the file has them; DataError names a file that is not a picture."""
    if path.suffix.lower() in DEEP_SUFFIXES:
        deep = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED) if path.stat().st_size else None
        if deep is not None and deep.dtype == np.uint16:
            planes = deep if deep.ndim == 3 else deep[..., None].repeat(3, axis=2)
            return np.ascontiguousarray(planes[..., 2::-1])
    return read_photo(path)


def write_denoised(network: BlindSpot, pictures: dict[str, Rgb], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        _, coded = cv2.imencode(".png", denoised(network, picture)[..., ::-1])
        (out / f"{name}.png").write_bytes(coded.tobytes())


def denoised(network: BlindSpot, picture: Rgb) -> Rgb:
    """Tile by tile, each with what lies around it: a picture of any size in the memory of a tile."""
    device = next(network.parameters()).device
    height, width = picture.shape[:2]
    result = np.empty_like(picture)
    for top in range(0, height, TILE_PX):
        for left in range(0, width, TILE_PX):
            above, before = min(top, HALO_PX), min(left, HALO_PX)
            seen = picture[top - above : top + TILE_PX + HALO_PX, left - before : left + TILE_PX + HALO_PX]
            planes = torch.from_numpy(_shares(seen)).permute(2, 0, 1)[None].to(device)
            answer = network.denoised(planes)[0].permute(1, 2, 0).cpu().numpy()
            answer = np.rint(answer * np.iinfo(picture.dtype).max).astype(picture.dtype)
            part = answer[above : above + TILE_PX, before : before + TILE_PX]
            result[top : top + TILE_PX, left : left + TILE_PX] = part
    return result


def trained_network(checkpoint: Path) -> BlindSpot:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    config = config_from_plain(Config, content["config"])
    average = AveragedModel(BlindSpot(config.widths, config.depths))
    average.load_state_dict(content["ema"])
    return average.module.eval()


def _counted(paths: list[Path]) -> list[tuple[Path, int]]:
    """Each with how many of the same name came before."""
    seen: dict[str, int] = {}
    counted = []
    for path in sorted(paths):
        counted.append((path, seen.get(path.stem, 0)))
        seen[path.stem] = counted[-1][1] + 1
    return counted


def _shares(picture: Rgb) -> NDArray[np.float32]:
    """Levels as 0..1."""
    return picture.astype(np.float32) / np.iinfo(picture.dtype).max


def _in_8_bits(picture: Rgb) -> Rgb8:
    return picture if picture.dtype == np.uint8 else (picture >> 8).astype(np.uint8)


def _middle(picture: Rgb) -> Rgb:
    top, left = ((side - min(side, SHOWN_PX)) // 2 for side in picture.shape[:2])
    return picture[top : top + SHOWN_PX, left : left + SHOWN_PX]


def _crop(picture: Rgb, side: int, rng: np.random.Generator) -> Rgb:
    top, left = rng.integers(picture.shape[0] - side + 1), rng.integers(picture.shape[1] - side + 1)
    crop = np.rot90(picture[top : top + side, left : left + side], rng.integers(4))
    return crop[:, ::-1] if rng.integers(2) else crop


def _mirrored(places: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    return length - 1 - np.abs(length - 1 - np.abs(places))


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is not None:
            raise DataError("The pictures themselves are what comes out: name a folder for them with --out.")
        train(command.config, resume=command.resume)
    except (DataError, CheckpointError, PlacementError) as error:
        leave(error)


if __name__ == "__main__":
    main()
