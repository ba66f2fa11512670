"""Colour for grey photographs: classes of colour over what an ImageNet eye sees, and hints that are painted.

After Zhang, Isola, Efros (ECCV 2016): the loss is the cross-entropy with the soft class of each place's a and b, rare
colours counting more, so that colours are alive where a mean would be brown; and after Zhang et al. (SIGGRAPH 2017):
part of the pictures come with hints, dabs of their true colour. Hints are also spread by nearness in place and light,
and the network learns how far to trust that (models/nets/colouring.py). The luma of the picture stays as it is.

    python -m models.fetch_data
    python -m models.colourise --minutes 9 --steps 100000       534 steps on a core shared with much else; best at 200
    python -m models.colourise --export onnx/colourise          measures and writes the card

Printed on 30 held-out photographs: the table of the card. A run without the spread of hints and without dropped
channels came to 16.5 in a and b after 805 steps, and 16.1 with hints; this one to 16.2 and 14.3 after 200. More
photographs than the three hundred of the free packages would help most.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

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
from models.common.cli import leave, plain_values, read_command_line
from models.common.colour_export import export_colours, held_out
from models.common.colour_measure import colour_runner, colour_table, measure_colours
from models.common.colour_views import Views, draw_hints, generated_views, load_views, statistics
from models.common.data import DataError
from models.common.export import ExportError, made_by
from models.common.fabric import PlacementError, commit_in_use, start_fabric
from models.fetch_data import data_sources, weights_source
from models.nets.colouring import ColourDecoder, Eye, annealed_mean, nearby_bins
from models.nets.efficientnet_lite import load_efficientnet_lite0


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of colour photographs
    held_out: Path = Path("data/photos/held_out")
    weights: Path = Path("data/weights/efficientnet-lite0/efficientnet-lite0-57934424.pth")  # "" begins from nothing
    cache: Path = Path("data/packed")
    run: Path = Path("runs/colourise")
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    views: int = 8  # pieces of each photograph
    dropped: float = 0.25  # of what the eye sees, in training
    hinted_share: float = 0.6  # of the pictures come with hints
    rebalance: float = 0.5  # how far from counting colours as often as they are (1) to counting all alike (0)
    colour_weight: float = 0.02  # of the distance in Lab beside the cross-entropy

    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 3000
    batch: int = 12
    learning_rate: float = 2e-3
    warmup: int = 50
    weight_decay: float = 0.05
    ema: float = 0.995
    clip_gradient: float = 1.0
    seed: int = 0

    validate_every: int = 200
    checkpoint_every: int = 200
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, views=24, steps=20_000, batch=64, ema=0.999, validate_every=1000),
}
SMOKE = {
    "weights": Path(),
    "steps": 2,
    "batch": 2,
    "warmup": 1,
    "validate_every": 2,
    "checkpoint_every": 2,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


class Batch(NamedTuple):
    seen: list[Tensor]
    luma: Tensor  # (N, 1, 40, 40)
    ab: Tensor  # (N, 2, 40, 40)
    hints: Tensor  # (N, 3, 40, 40)

    @staticmethod
    def draw(views: Views, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        seen, luma, ab = views.take(rng.integers(len(views), size=count), rng.random(count) < 0.5)
        return Batch(seen, luma, ab, draw_hints(ab, rng, share=config.hinted_share))


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: ColourDecoder, weights: Tensor, config: Config) -> None:
        super().__init__()
        self.network = network
        self.colour_weight = config.colour_weight
        self.register_buffer("weights", weights)

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        ab = batch.ab
        scores = self.network(batch.seen, batch.hints, batch.luma)
        entropy = colour_entropy(scores, ab, self.network.bins, self.weights)
        far = F.smooth_l1_loss(annealed_mean(scores, self.network.bins), ab, beta=5.0)
        return entropy + self.colour_weight * far, {"loss/entropy": entropy.detach(), "loss/colour": far.detach()}


def colour_entropy(scores: Tensor, ab: Tensor, bins: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy with the soft class, each place weighted by the rarity of its likeliest bin."""
    target = nearby_bins(ab, bins)
    entropy = -(target * F.log_softmax(scores, dim=1)).sum(dim=1)
    weight = weights[target.argmax(dim=1)]
    return (entropy * weight).sum() / weight.sum()


def rarity(views: Views, bins: Tensor, config: Config) -> Tensor:
    """(Q,): 1 / ((1 - r) · share + r / Q), its mean over the pictures 1; r grows as `rebalance` falls."""
    some = torch.from_numpy(views.ab[:: max(len(views) // 256, 1)].astype(np.float32))
    share = torch.stack([nearby_bins(one[None], bins).mean(dim=(0, 2, 3)) for one in some]).mean(dim=0)
    even = 1 - config.rebalance
    weights = 1 / ((1 - even) * share + even / len(bins))
    return weights / (weights * share).sum()


@torch.no_grad()
def validate(network: ColourDecoder, batches: list[Batch], weights: Tensor) -> dict[str, float]:
    """Entropy on photographs that are not learnt from, and the distance in a and b with and without hints."""
    entropies, plain, hinted = [], [], []
    for batch in batches:
        for hints, errors in ((torch.zeros_like(batch.hints), plain), (batch.hints, hinted)):
            scores = network(batch.seen, hints, batch.luma)
            entropies.append(colour_entropy(scores, batch.ab, network.bins, weights))
            errors.append((annealed_mean(scores, network.bins) - batch.ab).square().sum(dim=1).sqrt().mean())
    means = (float(torch.stack(values).mean()) for values in (entropies, plain, hinted))
    return dict(zip(("entropy", "error", "error_hinted"), means, strict=True))


def rate_factor(done: float, step: int, config: Config) -> float:
    """Linear warm-up, then half a cosine to nothing; `done` is the share of the run that is behind."""
    return min(1.0, (step + 1) / config.warmup) * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))


def new_eye(config: Config) -> Eye:
    eye = Eye()
    if config.weights.name:
        eye.taught_by(load_efficientnet_lite0(config.weights).state_dict())
    return eye


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} pictures cannot be shared among {config.devices * config.nodes} devices.")
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    eye = new_eye(config)
    views, watched = (
        generated_views(eye, config.seed)
        if config.smoke
        else load_views(config.photos, eye, config.cache, per_photo=config.views, seed=config.seed)
    )
    batches = [Batch.draw(watched, config, step=2**31 + i, rank=0) for i in range(1 if config.smoke else 6)]
    batches = [fabric.to_device(batch) for batch in batches]

    network = ColourDecoder(dropped=config.dropped)
    network.set_scales(statistics(views))
    weights = rarity(views, network.bins, config).to(fabric.device)
    average = AveragedModel(network, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    losses = TrainingPass(network, weights, config).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    losses, optimizer = fabric.setup(losses, optimizer)

    best, clock = Best(), Clock()
    parts = {"net": network, "ema": average, "optimizer": optimizer, "best": best, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        extra = {"config": plain_values(config), "eye": eye.state_dict()}
        save_checkpoint(fabric, config.run / name, parts | extra, step=step)

    for step in tqdm(range(first_step, config.steps), disable=not fabric.is_global_zero, mininterval=20):
        done = clock.minutes / config.minutes if config.minutes else step / config.steps
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * rate_factor(done, step, config)
        batch = fabric.to_device(Batch.draw(views, config, step=step, rank=fabric.global_rank))
        loss, parts_of_loss = losses(batch)
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        average.update_parameters(network)

        is_last = step + 1 == config.steps or clock.is_over(config.minutes)
        if (step + 1) % 20 == 0:
            fabric.log_dict({name: float(value) for name, value in parts_of_loss.items()}, step + 1)
        if (step + 1) % config.validate_every == 0 or is_last:
            scores = validate(average.module.eval(), batches, weights)
            fabric.log_dict(scores, step + 1)
            told = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
            fabric.print(f"step {step + 1}: {told}; loss {float(parts_of_loss['loss/entropy']):.3f}")
            if best.improved_by(-scores["error"] - scores["error_hinted"], step=step + 1):
                save(BEST, step + 1)
        if (step + 1) % config.checkpoint_every == 0 or is_last:
            save(LATEST, step + 1)
        if is_last:
            break
    return config.run / BEST


def trained_network(checkpoint: Path) -> tuple[Eye, ColourDecoder, int]:
    """The eye, the averaged decoder of a checkpoint, ready to run, and their step."""
    content = read_checkpoint(checkpoint)
    average = AveragedModel(ColourDecoder())
    average.load_state_dict(content["ema"])
    eye = Eye()
    eye.load_state_dict(content["eye"])
    return eye.eval(), average.module.eval(), int(content["step"])


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder."""
    content = read_checkpoint(config.run / BEST)
    eye, decoder, step = trained_network(config.run / BEST)
    weights = [weights_source(config.weights)] if config.weights.name else []
    sources = [*data_sources(config.photos), *weights]
    export_colours(
        eye,
        decoder,
        config,
        folder,
        made_by("models/colourise.py", content["config"], sources, commit_in_use()),
        step=step,
    )


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the photographs that are held out by default."""
    rows = measure_colours(colour_runner(folder / "model.onnx"), held_out(Config()))
    return colour_table(rows), rows


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
