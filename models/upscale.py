"""Upscaler: a small convolutional net finds what a photograph lost when it was shrunk, twice or four times.

Trained on photographs shrunk by the bicubic filter, with drawn lines and letters and with noise, dither and chequers
among them (models/common/enlarge.py), because what is trained on photographs alone blows up on those. The loss is the
distance to the large picture. `faithful` goes on from the weights SPAN's authors published, `fast` starts from nothing.

The weights in onnx/ come from these commands, on two cores shared with much other work:

    python -m models.fetch_data                                          photographs, SPAN's and other weights
    python -m models.upscale --steps 0                                   SPAN's weights as they are
    python -m models.upscale --export onnx/upscale-2x-faithful
    python -m models.upscale --preset faithful-4x --steps 0
    python -m models.upscale --preset faithful-4x --export onnx/upscale-4x-faithful
    python -m models.upscale --preset fast-2x --steps 4000               stopped at 2,000; then --resume --steps 3000,
    python -m models.upscale --preset fast-2x --resume --steps 2550      stopped at 2,250: the cosine shortened to fit
    python -m models.upscale --preset fast-2x --export onnx/upscale-2x-fast

PSNR on the 30 held-out photographs: 2x faithful 38.84 dB, fast 36.40, Lanczos 35.81; 4x faithful 33.62, Lanczos 30.91.
Training the faithful model on for 240 steps took 0.3 dB from photographs; the limits in the graph do the same for noise
and cost them nothing. So the shipped faithful ones are the untouched weights within these limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from models.common.checkpoints import (
    BEST,
    LATEST,
    Best,
    CheckpointError,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.data import (
    BLOCK_PX,
    DataError,
    Photos8,
    draw_crops,
    find_photos,
    generated_blocks,
    packed_blocks,
    split_photos,
)
from models.common.enlarge import training_pair
from models.common.enlarge_measure import KINDS, measured_pairs
from models.common.export import PLANES, ExportError
from models.common.fabric import PlacementError, log_pictures, start_fabric
from models.common.metrics import psnr_8bit
from models.common.ncnn_weights import read_ncnn
from models.common.upscale_card import ABOUT
from models.common.upscale_export import SCRIPTS, export_upscaler
from models.denoise import as_tensor
from models.evaluate import EvaluationError
from models.nets.upscalers import Plain, Span, Upscaler, load_foreign


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # where
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of pictures, your own too
    cache: Path = Path("data/packed")
    run: Path = Path("runs/upscale-2x-faithful")  # checkpoints and curves
    held_out: Path = Path("data/photos/held_out")  # for the numbers on the card
    baselines: Path = Path("data/upscaler-baselines.json")  # what the rivals reach takes minutes: kept here
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network
    kind: str = "faithful"  # what it is called: faithful, fast, photo
    scale: int = 2
    network: Literal["span", "plain"] = "span"
    channels: int = 48
    depth: int = 6  # blocks of SPAN, convolutions of the plain one
    start: tuple[Path, ...] = (Path("data/weights/span/spanx2_ch48.param"),)  # weights to go on from, or none

    # training
    steps: int = 1000
    batch: int = 16  # crops a step over all devices together
    crop: int = 96  # of the large picture
    hard_share: float = 0.2  # of crops that are drawn or under a pattern: those at which networks blow up
    worn_share: float = 0.0  # of crops blurred, noisy and through JPEG, as for photo
    learning_rate: float = 1e-4  # a tenth of what it takes from nothing: the weights are good on photographs
    warmup: int = 100
    weight_decay: float = 0.0
    ema: float = 0.99
    clip_gradient: float = 0.5
    seed: int = 0

    # watching
    validate_every: int = 250
    checkpoint_every: int = 100
    validation_photos_every: int = 20  # every 20th photo only chooses the best weights
    stores_half: bool = False  # weights in half precision, when exported
    stores_eight: bool = False  # weights in eight bits
    smoke: bool = False


FAITHFUL_2X = Config()
FAST_2X = replace(
    FAITHFUL_2X,
    kind="fast",
    run=Path("runs/upscale-2x-fast"),
    network="plain",
    channels=32,
    depth=5,
    start=(),
    steps=12_000,
    learning_rate=1e-3,
    warmup=200,
    validate_every=1000,
    checkpoint_every=500,
)
FAITHFUL_4X = replace(
    FAITHFUL_2X,
    scale=4,
    run=Path("runs/upscale-4x-faithful"),
    start=(Path("data/weights/span/spanx4_ch48.param"),),
    crop=160,
)
PRESETS = {"faithful-2x": FAITHFUL_2X, "fast-2x": FAST_2X, "faithful-4x": FAITHFUL_4X}
SMOKE = {
    "network": "span",
    "channels": 8,
    "depth": 2,
    "start": (),
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


class TrainingPass(nn.Module):
    """The loss as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, upscaler: Upscaler) -> None:
        super().__init__()
        self.upscaler = upscaler

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        return F.l1_loss(self.upscaler.unguarded(small), large)


class Batch(NamedTuple):
    small: Tensor  # (N, 3, crop / scale, crop / scale), 0..1
    large: Tensor

    @staticmethod
    def draw(blocks: Photos8, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        crops = draw_crops(blocks, count=count, size=config.crop, rng=rng)
        shares = {"hard_share": config.hard_share, "worn_share": config.worn_share}
        pairs = [training_pair(crop, config.scale, rng, **shares) for crop in crops]
        return Batch(*map(as_tensor, zip(*pairs, strict=True)))


def draw_validation(blocks: Photos8, config: Config) -> dict[str, Batch]:
    """Per kind of picture a fixed batch: the same at every validation."""
    rng = np.random.default_rng(config.seed)
    crops = draw_crops(blocks, count=2 if config.smoke else 16, size=48 if config.smoke else 144, rng=rng)
    named = {str(index): crop for index, crop in enumerate(crops)}
    pairs = {kind: measured_pairs(kind, named, config.scale) for kind in KINDS}
    return {kind: Batch(*map(as_tensor, zip(*pair, strict=True))) for kind, pair in pairs.items()}


@torch.no_grad()
def validate(upscaler: Upscaler, batches: dict[str, Batch]) -> tuple[dict[str, float], list[Tensor]]:
    """(PSNR per kind of picture, rows repeated pixels | enlarged | large for the sample grid)."""
    scores, rows = {}, [[], [], []]
    for name, (small, large) in batches.items():
        result = upscaler(small)
        scores[f"psnr/{name}"] = psnr_8bit(result, large)
        repeated = F.interpolate(small, scale_factor=upscaler.scale, mode="nearest")
        for row, pictures in zip(rows, (repeated, result, large), strict=True):
            row.append(pictures[:2].cpu())
    return scores, [torch.cat(row) for row in rows]


def load_blocks(config: Config) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks; DataError when the Config asks for crops that cannot be."""
    if config.crop > BLOCK_PX or config.crop % config.scale:
        raise DataError(f"A crop must be a multiple of {config.scale} pixels and at most {BLOCK_PX}.")
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} crops a step cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        return generated_blocks(8, seed=1), generated_blocks(4, seed=2)
    training, validation = split_photos(find_photos(config.photos), every=config.validation_photos_every)
    return packed_blocks(training, config.cache), packed_blocks(validation, config.cache)


def new_network(config: Config) -> Upscaler:
    build = {"span": Span, "plain": Plain}[config.network]
    network = build(config.channels, config.depth, config.scale)
    return Upscaler(network, config.scale, keeps_means=config.kind in SCRIPTS)


def started_network(config: Config) -> Upscaler:
    """New, or with the weights to go on from."""
    upscaler = new_network(config)
    for param in config.start:
        try:
            load_foreign(upscaler.network, read_ncnn(param))
        except ValueError as error:
            raise DataError(f"{param} does not fit the network of this run: {error}.") from error
    return upscaler


def learning_rate_factor(step: int, config: Config) -> float:
    """Linear warm-up, then half a cosine down to a hundredth."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    done = min(1.0, (step - config.warmup) / max(1, config.steps - config.warmup))
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * done)))


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)  # every process begins with the same weights
    blocks, validation_blocks = load_blocks(config)
    validation = {
        name: Batch(*fabric.to_device(tuple(batch)))
        for name, batch in draw_validation(validation_blocks, config).items()
    }

    upscaler = started_network(config)
    average = AveragedModel(upscaler, multi_avg_fn=get_ema_multi_avg_fn(config.ema)).to(fabric.device)
    loss_of = TrainingPass(upscaler).to(memory_format=torch.channels_last)  # quicker on CPUs
    optimizer = torch.optim.AdamW(loss_of.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    loss_of, optimizer = fabric.setup(loss_of, optimizer)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer.optimizer, lambda step: learning_rate_factor(step, config))

    best = Best()
    parts = {"net": upscaler, "ema": average, "optimizer": optimizer, "schedule": schedule, "best": best}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    def watch(step: int) -> None:
        scores, rows = validate(average.module, validation)
        fabric.log_dict(scores, step)
        log_pictures(fabric, "repeated, enlarged, large", rows, step)
        fabric.print(f"step {step}: " + ", ".join(f"{name} {value:.2f}" for name, value in scores.items()))
        if best.improved_by(sum(scores.values()) / len(scores), step=step):
            save(BEST, step)

    if first_step == 0:
        watch(0)  # the weights gone on from are the first to beat
    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=5):
        batch = fabric.to_device(tuple(Batch.draw(blocks, config, step=step, rank=fabric.global_rank)))
        loss = loss_of(*batch)
        optimizer.zero_grad()
        fabric.backward(loss)
        norm = fabric.clip_gradients(loss_of, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        schedule.step()
        average.update_parameters(upscaler)

        done = step + 1
        if done % 20 == 0:
            curves = {"loss": loss.detach(), "gradient norm": norm, "learning rate": schedule.get_last_lr()[0]}
            fabric.log_dict({name: float(value) for name, value in curves.items()}, done)
        if done % config.validate_every == 0 or done == config.steps:
            watch(done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            save(LATEST, done)
    return config.run / BEST


def trained_network(checkpoint: Path) -> Upscaler:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    average = AveragedModel(new_network(config_from_plain(Config, content["config"])))
    average.load_state_dict(content["ema"])
    return average.module.eval()


def manifest_of(config: Config) -> dict[str, Any]:
    """Everything but sha256, golden, speed, metrics and made_by; ExportError for a kind without a text."""
    if (config.kind, config.scale) not in ABOUT:
        known = ", ".join(f"{kind} {scale}×" for kind, scale in ABOUT)
        raise ExportError(f"There is no text for a card of {config.kind} {config.scale}×; there is one for {known}.")
    about = ABOUT[config.kind, config.scale]
    return {
        "format": 1,
        "id": f"upscale-{config.scale}x-{config.kind}",
        "title": about.title,
        "description": about.description,
        "task": "upscale",
        "version": "1.0.0",
        "licence": about.licence,
        "source": SCRIPTS.get(config.kind, "models/upscale.py"),
        "icon": "upscale",
        "scale": config.scale,
        "color_space": "srgb",
        "blend": "replace",
        "files": {"main": "model.onnx"},
        "inputs": [{"name": "image", "part": "main", "role": "image", "size": "any"} | PLANES],
        "outputs": [
            {"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES
        ],
        "tile": {"tile": 512, "stride": 1, "receptive_field": new_network(config).reach_px},
    }


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers models.evaluate measures on the held-out photographs."""
    content = read_checkpoint(config.run / BEST)
    manifest = manifest_of(config_from_plain(Config, content["config"]))
    export_upscaler(trained_network(config.run / BEST), config, folder, manifest=manifest, content=content)


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is None:
            train(command.config, resume=command.resume)
        else:
            export(command.config, command.export)
    except (DataError, CheckpointError, PlacementError, EvaluationError, ExportError) as error:
        leave(error)


if __name__ == "__main__":
    main()
