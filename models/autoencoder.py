"""Picture codec: a compressing autoencoder, whose rounded middle is what a file holds, at any rate of one dial.

A transform begins as the DCT of blocks of 16 pixels and learns what to add (models/nets/codec.py); noise stands in for
rounding where bits are reckoned (Ballé et al., ICLR 2017), gains make one network serve all rates (Cui et al., CVPR
2021). The loss is bits + λ × squared error, λ drawn with the rate. The editor has it twice: `scumble encode` and
`decode` put the symbols into a file with an adaptive range coder, and "Simplify" shows what is left of a picture.

    python -m models.fetch_data
    python -m models.autoencoder --minutes 14 --threads 1
    python -m models.autoencoder --export onnx/simplify
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from models.common.averaging import warming_average
from models.common.checkpoints import (
    BEST,
    LATEST,
    Best,
    CheckpointError,
    Clock,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.codec_export import export_codec
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
from models.common.export import ExportError, made_by
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.metrics import psnr_8bit
from models.denoise import as_tensor
from models.evaluate import EvaluationError
from models.fetch_data import data_sources
from models.nets.codec import CELL_PX, Codec

WATCHED_RATES = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # where
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of pictures, your own too
    cache: Path = Path("data/packed")
    run: Path = Path("runs/autoencoder")  # checkpoints and curves
    held_out: Path = Path("data/photos/held_out")  # for the numbers on the card
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network
    widths: tuple[int, int, int] = (48, 80, 128)  # channels at stride 4, 8 and 16

    # training
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 8000
    batch: int = 8  # crops a step over all devices together
    crop: int = 128
    least_weight: float = 0.0012  # λ of the squared error in levels against bits a pixel, at rate 0
    most_weight: float = 0.05  # at rate 1
    learning_rate: float = 6e-4
    warmup: int = 50
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
        widths=(96, 160, 256),
        steps=200_000,
        batch=32,
        ema=0.9998,
    ),
}
SMOKE = {
    "widths": (8, 12, 16),
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


class TrainingPass(nn.Module):
    """The loss as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, codec: Codec, config: Config) -> None:
        super().__init__()
        self.codec = codec
        self.weights = (config.least_weight, config.most_weight)

    def forward(self, image: Tensor, rate: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        again, bits = self.codec.training_outputs(image, rate)
        pixels = image.shape[-2] * image.shape[-1]
        error = F.mse_loss(again, image, reduction="none").flatten(1).mean(dim=1) * 255**2
        least, most = self.weights
        weight = least * (most / least) ** rate
        bits_a_pixel = bits / pixels
        loss = bits_a_pixel + weight * error
        scaled = (loss / weight.sqrt()).mean()  # else the finest rates outweigh all others
        return scaled, {"loss/bits a pixel": bits_a_pixel.mean().detach(), "loss/squared error": error.mean().detach()}


def draw_batch(blocks: Photos8, config: Config, *, step: int, rank: int) -> tuple[Tensor, Tensor]:
    """(pictures, rates) of this step on this process: a function of seed, step and rank only."""
    rng = np.random.default_rng((config.seed, step, rank))
    count = config.batch // (config.devices * config.nodes)
    crops = draw_crops(blocks, count=count, size=config.crop, rng=rng)
    return as_tensor(tuple(crops)), torch.from_numpy(rng.random(count, dtype=np.float32))


@torch.no_grad()
def validate(codec: Codec, pictures: Tensor) -> tuple[dict[str, float], list[Tensor]]:
    """(bits a pixel and PSNR at the watched rates, rows: the pictures, then each rate's)."""
    scores, rows = {}, [pictures[:4].cpu()]
    for value in WATCHED_RATES:
        rate = torch.full((len(pictures),), value, device=pictures.device)
        symbols = torch.round(codec.encoder.analysed(pictures, rate))
        again = codec.decoder.synthesised(symbols, rate).clamp(0, 1)
        scores[f"bits a pixel/{value}"] = float(codec.bits(symbols, rate).mean()) / pictures[0, 0].numel()
        scores[f"psnr/{value}"] = psnr_8bit(again, pictures)
        rows.append(again[:4].cpu())
    return scores, rows


def merit(scores: dict[str, float]) -> float:
    """Decibels, less six for each bit that all of a picture's pixels cost on average."""
    return sum(scores[f"psnr/{rate}"] - 6 * scores[f"bits a pixel/{rate}"] for rate in WATCHED_RATES)


def load_blocks(config: Config) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks; DataError when the Config asks for crops that cannot be."""
    if config.crop > BLOCK_PX or config.crop % CELL_PX:
        raise DataError(f"A crop must be a multiple of {CELL_PX} and at most {BLOCK_PX} px.")
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} crops a step cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        return generated_blocks(8, seed=1), generated_blocks(4, seed=2)
    training, validation = split_photos(find_photos(config.photos), every=config.validation_photos_every)
    return packed_blocks(training, config.cache), packed_blocks(validation, config.cache)


def rate_factor(done: float, step: int, config: Config) -> float:
    """Linear warm-up, then half a cosine down to a hundredth; `done` is the share of the run that is behind."""
    cosine = 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))
    return min(1.0, (step + 1) / config.warmup) * (0.01 + 0.99 * cosine)


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config)
    blocks, validation_blocks = load_blocks(config)
    side = config.crop if config.smoke else BLOCK_PX
    rng = np.random.default_rng(config.seed)
    drawn = draw_crops(validation_blocks, count=2 if config.smoke else 24, size=side, rng=rng)
    pictures = fabric.to_device(as_tensor(tuple(drawn)))

    torch.manual_seed(config.seed)  # every process begins with the same weights
    codec = Codec(config.widths)
    average = AveragedModel(codec, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    losses = TrainingPass(codec, config).to(memory_format=torch.channels_last)  # twice as fast on CPUs
    optimizer = torch.optim.AdamW(losses.parameters(), lr=config.learning_rate, weight_decay=0.0)
    losses, optimizer = fabric.setup(losses, optimizer)
    best, clock = Best(), Clock()
    parts = {"net": codec, "ema": average, "optimizer": optimizer, "best": best, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=20):
        share = clock.minutes / config.minutes if config.minutes else step / config.steps
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * rate_factor(share, step, config)
        image, rate = draw_batch(blocks, config, step=step, rank=fabric.global_rank)
        torch.manual_seed((config.seed + step) * 1009 + fabric.global_rank)  # of the noise: resuming is exact
        loss, curves = losses(*fabric.to_device((image, rate)))
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        average.update_parameters(codec)

        done = step + 1
        is_last = done == config.steps or clock.is_over(config.minutes)
        if done % 20 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, done)
        if done % config.validate_every == 0 or is_last:
            scores, rows = validate(average.module, pictures)
            fabric.log_dict(scores, done)
            log_pictures(fabric, "photographs, then each rate", rows, done)
            fabric.print(f"step {done}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()))
            if best.improved_by(merit(scores), step=done):
                save(BEST, done)
        if done % config.checkpoint_every == 0 or is_last:
            save(LATEST, done)
        if is_last:
            break
    return config.run / BEST


def trained_codec(checkpoint: Path) -> Codec:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    average = AveragedModel(Codec(config_from_plain(Config, content["config"]).widths))
    average.load_state_dict(content["ema"])
    return average.module.eval()


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with real files measured beside JPEG and WebP."""
    trained = read_checkpoint(config.run / BEST)
    made = made_by(
        "models/autoencoder.py", plain_values(config) | trained["config"], data_sources(config.photos), commit_in_use()
    )
    export_codec(
        trained_codec(config.run / BEST),
        folder,
        made=made,
        held_out=config.held_out,
        step=trained["step"],
        photos={"generated": generated_blocks(1)[0]} if config.smoke else None,
    )


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
