"""Grey restorer: noise of scanners, microscopes and X-rays out of pictures of one channel and 16 bits, blind.

A U-Net that estimates how strong the noise is, place by place, and answers what to take away in parts of that
(models/nets/grey_restorer.py). What it sees in training is Rician noise as magnetic resonance has it, counted light and
plain electronics from 0.2 to 16 % of white (models/common/grey_noise.py), on grey halves of photographs: with other
tones, as negatives, a window of them, as bodies in black air, and on flat ellipses. No patient's picture is in it. With
the clean picture it learns what local contrast lacks, so that contrast can be raised without raising noise.

    python -m models.fetch_data
    python -m models.grey --minutes 22 --threads 1                                          1,917 steps: behind others
    python -m models.grey --scale 2 --run runs/grey-2x --start runs/grey/best.pt --minutes 8 --threads 1   8,000 steps
    python -m models.grey --run runs/grey-fine --finer 2 --start runs/grey-2x/best.pt --crop 56 --learning-rate 6e-4 \
        --minutes 6 --steps 100000 --threads 1
    python -m models.grey --run runs/grey-one --finer 2 --start runs/grey-2x/best.pt --crop 56 --steps 1 --threads 1
    python -m models.common.mix_runs runs/grey-fine runs/grey-one runs/grey-mixed        tiles agree to a level then
    python -m models.grey --run runs/grey-mixed --export onnx/grey-scan
    python -m models.grey --scale 2 --run runs/grey-2x --export onnx/grey-scan-2x

Answered at plain size from these weights, half of the noise faint, 1,388 steps in 12 minutes beside much other work
have 27.86 dB at Rician 8 % where the shipped ones have 30.16: not shipped. With strengths in finer steps than on the
card, non-local means reach 38.83 dB at Rician 2 % (shipped: 38.19) and an adaptive Wiener filter 37.64, 28.83, 40.97,
30.21 and 47.66 dB in the order of the card's table, where it is ahead of the shipped network at white 0.5 % alone.

The preset gpu has not been run yet. It is no diagnosis tool: see the card.
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

from models.common.checkpoints import BEST, CheckpointError, read_checkpoint
from models.common.cli import config_from_plain, leave, read_command_line
from models.common.data import BLOCK_PX, DataError, Photos8, draw_crops
from models.common.export import ExportError
from models.common.fabric import PlacementError, start_fabric
from models.common.grey_noise import (
    NAMED_NOISES,
    Grey,
    in_16_bits,
    missing_contrast,
    random_noise,
    random_scene,
)
from models.common.onnx_weights import load_fitting
from models.common.restoring import FitConfig, Lessons, blocks_of, fit
from models.nets.grey_restorer import TYPICAL_LEVEL, GreyRestorer

SCENE_PX = BLOCK_PX // 2
FAINTEST = 3e-4  # of white: below it a level counts as this one
EQUAL_CARE = 0.01  # of white: an error counts by the noise there was, and this much of it is always there


@dataclass(frozen=True)
class Config(FitConfig):
    """All that a run can be told; every field is a flag of the command line."""

    run: Path = Path("runs/grey")  # checkpoints and curves

    # network
    scale: int = 1  # 2: enlarges as well
    finer: int = 1  # answers in so many times the size and averages them: weights that enlarge serve for cleaning then
    widths: tuple[int, int, int] = (32, 64, 64)  # channels at stride 2, 4 and 8
    depths: tuple[int, int, int] = (1, 1, 1)  # residual blocks per level
    estimator_width: int = 24
    start: tuple[Path, ...] = ()  # a checkpoint or an exported network whose parts are gone on from

    # training
    steps: int = 8000
    batch: int = 12  # crops a step over all devices together
    crop: int = 80  # of the clean picture
    learning_rate: float = 1.5e-3
    warmup: int = 50
    level_weight: float = 0.02
    contrast_weight: float = 0.3
    ema: float = 0.998
    validate_every: int = 250
    checkpoint_every: int = 125


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", precision="bf16-mixed", threads=8, steps=40_000, batch=96),
}
SMOKE = {
    "widths": (8, 12, 16),
    "estimator_width": 8,
    "steps": 6,
    "batch": 2,
    "crop": 48,
    "warmup": 2,
    "validate_every": 3,
    "checkpoint_every": 3,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


class Batch(NamedTuple):
    noisy: Tensor  # (N, 1, crop / scale, crop / scale), 0..1
    clean: Tensor  # (N, 1, crop, crop)
    contrast: Tensor  # (N, 1, crop, crop): what is added where it is to be raised
    level: Tensor  # (N, 1, crop / 2 scale, …): deviation of the noise
    is_told: Tensor  # (N, 1, 1, 1) bool

    @staticmethod
    def draw(blocks: Photos8, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        whole = draw_crops(blocks, count=count, size=BLOCK_PX, rng=rng)
        examples = [example(random_scene(block, rng), config, rng) for block in whole]
        noisy, clean, contrast, level = (as_planes(arrays) for arrays in zip(*examples, strict=True))
        is_told = rng.random((count, 1, 1, 1)) < config.known_level_share
        return Batch(noisy, clean, contrast, level, torch.from_numpy(is_told))


def example(scene: Grey, config: Config, rng: np.random.Generator) -> tuple[Grey, Grey, Grey, Grey]:
    """(noisy, clean, missing contrast, level), cut out of the scene's middle."""
    small = halved(scene, config.scale)
    noisy = random_noise(small, rng)
    level, contrast = noise_level(noisy, small), missing_contrast(scene)
    finer = config.scale
    return (
        _middle(noisy, config, finer),
        _middle(scene, config),
        _middle(contrast, config),
        _middle(level, config, 2 * finer),
    )


def _middle(plane: Grey, config: Config, pixels: int = 1) -> Grey:
    """The crop out of a scene; a number of the plane stands for so many pixels of the scene in each direction."""
    first, side = (SCENE_PX - config.crop) // 2 // pixels, config.crop // pixels
    return plane[first : first + side, first : first + side]


def noise_level(noisy: Grey, clean: Grey) -> Grey:
    """Deviation of what was added, cell by cell of two pixels, over 15 × 15 cells."""
    power = cv2.resize((noisy - clean) ** 2, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    mean = cv2.blur(power, (15, 15), borderType=cv2.BORDER_REFLECT_101)
    return np.sqrt(np.maximum(mean, 0))  # running sums end a little below nothing


def halved(clean: Grey, scale: int) -> Grey:
    if scale == 1:
        return clean
    return cv2.resize(clean, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)


def as_planes(arrays: tuple[NDArray[np.float32], ...]) -> Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))[:, None]


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: GreyRestorer, config: Config) -> None:
        super().__init__()
        self.network, self.config = network, config

    def forward(self, *planes: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        batch = Batch(*planes)
        result, contrast, logarithm = self.network.training_outputs(batch.noisy, batch.level, batch.is_told)
        care = 0.05 / (batch.level.mean(dim=(1, 2, 3), keepdim=True) + EQUAL_CARE)  # a faint noise is to be seen too
        picture_loss = (care * (result - batch.clean).abs()).mean()
        contrast_loss = (care * (contrast - batch.contrast).abs()).mean()
        level_loss = F.l1_loss(logarithm, (batch.level.clamp(min=FAINTEST) / TYPICAL_LEVEL).log())
        loss = picture_loss + self.config.contrast_weight * contrast_loss + self.config.level_weight * level_loss
        return loss, {
            "loss/picture": picture_loss.detach(),
            "loss/contrast": contrast_loss.detach(),
            "loss/level": level_loss.detach(),
        }


def draw_validation(blocks: Photos8, config: Config) -> dict[str, tuple[Tensor, Tensor]]:
    """Per kind of noise a fixed (noisy, clean): the same at every validation."""
    rng = np.random.default_rng(config.seed)
    count = 2 if config.smoke else 16
    scenes = [random_scene(block, rng) for block in draw_crops(blocks, count=count, size=BLOCK_PX, rng=rng)]
    pairs = {}
    for name, spoil in NAMED_NOISES.items():
        noisy = tuple(in_16_bits(spoil(halved(scene, config.scale), rng)) for scene in scenes)
        pairs[name] = (as_planes(noisy), as_planes(tuple(scenes)))
    return pairs


@torch.no_grad()
def validate(network: nn.Module, pairs: dict[str, tuple[Tensor, Tensor]]) -> tuple[dict[str, float], list[Tensor]]:
    """(PSNR per kind of noise at normal strength, rows noisy | result | clean for the sample grid)."""
    scores, rows = {}, [[], []]
    for name, (noisy, clean) in pairs.items():
        normal = torch.tensor(0.5, device=noisy.device)
        result = network(noisy.expand(-1, 3, -1, -1), normal, torch.zeros_like(normal))[:, :1]
        scores[f"psnr/{name}"] = float(-10 * (result - clean).square().mean(dim=(1, 2, 3)).log10().mean())
        for row, pictures in zip(rows, (result, clean), strict=True):
            row.append(pictures[:2].expand(-1, 3, -1, -1).cpu())
    return scores, [torch.cat(row) for row in rows]


def load_blocks(config: Config) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks; DataError when the Config asks for crops that cannot be."""
    if config.scale not in (1, 2):
        raise DataError("The scale is 1 or 2.")
    if config.crop > SCENE_PX or config.crop % (GreyRestorer.STRIDE * config.scale):
        raise DataError(f"A crop must be a multiple of {GreyRestorer.STRIDE * config.scale}, at most {SCENE_PX}.")
    return blocks_of(config)


def new_network(config: Config) -> GreyRestorer:
    return GreyRestorer(
        config.widths, config.depths, estimator_width=config.estimator_width, scale=config.scale, finer=config.finer
    )


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)  # every process begins with the same weights
    blocks, validation_blocks = load_blocks(config)
    drawn = draw_validation(validation_blocks, config)
    validation = {name: fabric.to_device(pair) for name, pair in drawn.items()}
    network = new_network(config)
    for begun in config.start:
        load_fitting(network, begun)
    lessons = Lessons(
        network=network,
        losses=TrainingPass(network, config),
        draw=lambda step, rank: Batch.draw(blocks, config, step=step, rank=rank),
        validate=lambda averaged: validate(averaged, validation),
        merit=lambda scores: sum(scores.values()) / len(scores),
        shown="restored, clean",
    )
    return fit(fabric, config, lessons, resume=resume)


def trained_network(checkpoint: Path) -> GreyRestorer:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    network = new_network(config_from_plain(Config, content["config"]))
    average = AveragedModel(network)
    average.load_state_dict(content["ema"])
    return average.module.eval()


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the photographs that are held out by default and on the phantom."""
    from models.common.grey_export import measure_folder  # it names this method's Config

    return measure_folder(folder, Config().held_out)


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers measured on the held-out photographs and on the phantom."""
    from models.common.grey_export import export_grey

    content = read_checkpoint(config.run / BEST)
    export_grey(trained_network(config.run / BEST), config, folder, trained=content)


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is None:
            train(command.config, resume=command.resume)
        else:
            export(command.config, command.export)
    except (DataError, CheckpointError, PlacementError, ExportError) as error:
        leave(error)


if __name__ == "__main__":
    main()
