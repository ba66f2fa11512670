"""A button called auto: one curve per channel for the whole picture, learned from photographs that were spoilt.

Photographs that are good get a wrong exposure, a wrong white, a veil or too much contrast (models/common/tone.py). The
network reads 128 × 128 pixels and the ranks of their tones; it begins at the stretch of each channel from its darkest
to its brightest and learns where that is wrong: where the ends lie, what they become, how the tones between are spread
(models/nets/curves.py). A part of the pictures is left as it is, so that what is good stays so. Curves for the whole
picture have no seams and no halos.

    python -m models.fetch_data
    python -m models.auto_enhance --minutes 6 --steps 100000        2053 steps on one core
    python -m models.auto_enhance --export onnx/auto-enhance        measures and writes the card

A curve that holds black and white in place (Zero-DCE's) was tried first: it cannot undo a plain gain or a veil, and
lost to both ways of stretching by 4 dB.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
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
from models.common.data import DataError
from models.common.export import ExportError
from models.common.fabric import PlacementError, log_pictures, start_fabric
from models.common.tone import badly_taken
from models.common.tone_export import export_tones, held_out_photos, measure_tones, tone_runner, tone_table
from models.common.tone_training import Batch, halved, nearness, rate_factor, tone_photos, tone_psnr
from models.evaluate import EvaluationError
from models.nets.curves import GlobalCurves, applied


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of well exposed pictures
    held_out: Path = Path("data/photos/held_out")
    run: Path = Path("runs/auto-enhance")
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    width: int = 48
    untouched_share: float = 0.2  # of pictures that are good already: those stay
    colour_weight: float = 1.0  # a cast is seen sooner than a wrong exposure

    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 4000
    batch: int = 16
    learning_rate: float = 2e-3
    warmup: int = 50
    ema: float = 0.995
    seed: int = 0

    validate_every: int = 200
    checkpoint_every: int = 200
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, steps=20_000, batch=32, ema=0.999, validate_every=1000),
}
SMOKE = {
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
MANIFEST: dict[str, Any] = {
    "id": "auto-enhance",
    "title": "Auto enhance",
    "description": "Mends exposure, contrast and white balance of a photograph with one curve per channel.",
    "task": "restore",
    "source": "models/auto_enhance.py",
    "icon": "restore",
    "slider": {"id": "amount", "label": "Amount", "default": 100.0, "range": [0.0, 1.0]},
}
WHAT = (
    "Amount 100 is what the model finds right, 0 changes nothing. One curve for each of red, green and blue over the "
    "whole picture, applied at its own size and depth: no seams, no halos, no banding at 16 bits. A picture without "
    "colours gets the same curve for all three, so grey stays grey."
)
WEAKNESSES = (
    "One curve for all of the picture: a dark face before a bright window stays darker than Low light makes it.",
    "Colours of light that are wanted (candles, sunsets, neon) are taken for a wrong white balance and weakened; the "
    "amount brings them back.",
    "Saturation is not touched, and what was cut off at black or white stays cut off.",
    "Trained on photographs spoilt by calculation; what counts as right is what these photographs look like.",
)


WATCHED = 6  # batches that choose the best weights


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: GlobalCurves, config: Config) -> None:
        super().__init__()
        self.network = network
        self.colour_weight = config.colour_weight

    def forward(self, poor: Tensor, clean: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        curves = self.network(poor, torch.ones(1, device=poor.device))
        return nearness(applied(halved(poor), curves), halved(clean), self.colour_weight)


@torch.no_grad()
def validate(network: GlobalCurves, batches: list[Batch]) -> tuple[dict[str, float], list[Tensor]]:
    scores = []
    for batch in batches:
        result = applied(halved(batch.poor), network(batch.poor, torch.ones(1, device=batch.poor.device)))
        scores.append(tone_psnr(result, halved(batch.clean)))
    rows = [pictures[:6].cpu() for pictures in (halved(batch.poor), result, halved(batch.clean))]
    return {"psnr": sum(scores) / len(scores)}, rows


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    photos, others = tone_photos(config)
    batches = [Batch.draw(others, badly_taken, config, step=2**31 + i, rank=0) for i in range(WATCHED)]
    batches = [fabric.to_device(batch) for batch in batches]

    network = GlobalCurves(config.width)
    average = AveragedModel(network, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    losses = TrainingPass(network, config).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(losses.parameters(), lr=config.learning_rate, weight_decay=1e-4)
    losses, optimizer = fabric.setup(losses, optimizer)

    best, clock = Best(), Clock()
    parts = {"net": network, "ema": average, "optimizer": optimizer, "best": best, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    for step in tqdm(range(first_step, config.steps), disable=not fabric.is_global_zero, mininterval=20):
        done = clock.minutes / config.minutes if config.minutes else step / config.steps
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * rate_factor(done, step, config)
        batch = fabric.to_device(Batch.draw(photos, badly_taken, config, step=step, rank=fabric.global_rank))
        loss, parts_of_loss = losses(batch.poor, batch.clean)
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(losses, optimizer, max_norm=1.0)
        optimizer.step()
        average.update_parameters(network)

        is_last = step + 1 == config.steps or clock.is_over(config.minutes)
        if (step + 1) % 20 == 0:
            fabric.log_dict({name: float(value) for name, value in parts_of_loss.items()}, step + 1)
        if (step + 1) % config.validate_every == 0 or is_last:
            scores, rows = validate(average.module, batches)
            fabric.log_dict(scores, step + 1)
            log_pictures(fabric, "poor, result, clean", rows, step + 1)
            fabric.print(f"step {step + 1}: PSNR {scores['psnr']:.2f}")
            if best.improved_by(scores["psnr"], step=step + 1):
                save(BEST, step + 1)
        if (step + 1) % config.checkpoint_every == 0 or is_last:
            save(LATEST, step + 1)
        if is_last:
            break
    return config.run / BEST


def trained_network(run: Path) -> tuple[GlobalCurves, Config, int]:
    """The best averaged weights of a run, ready to run, what the run was told, and their step."""
    content = read_checkpoint(run / BEST)
    config = replace(config_from_plain(Config, content["config"]), run=run)
    average = AveragedModel(GlobalCurves(config.width))
    average.load_state_dict(content["ema"])
    return average.module.eval(), config, int(content["step"])


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the photographs that are held out by default."""
    rows = measure_tones(tone_runner(folder / "model.onnx"), held_out_photos(Config()), badly_taken)
    return tone_table(rows), rows


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is None:
            train(command.config, resume=command.resume)
        else:
            network, trained, step = trained_network(command.config.run)
            about = (MANIFEST, WHAT, WEAKNESSES)
            export_tones(network, trained, command.export, about, badly_taken, step=step)
    except (DataError, CheckpointError, PlacementError, EvaluationError, ExportError) as error:
        leave(error)


if __name__ == "__main__":
    main()
