"""Light for dark photographs: curves that differ from place to place, learned from photographs that were made dark.

The truth is known, because the dark picture is made from a good one (models/common/tone.py: less light, unevenly, with
the noise of a sensor, stored as JPEG), so the loss is the distance to it. The network reads 128 × 128 pixels and the
ranks of their tones; it begins at the stretch from the darkest to the brightest and learns where the ends lie, how the
tones between are spread, and what light each place gets in addition (models/nets/curves.py). One curve serves all three
channels: no colour cast can arise, and grey stays grey. The map is 8 × 8 for a whole picture: no seam, no halo finer
than that, and noise grows by what the light grows and no more.

    python -m models.fetch_data
    python -m models.low_light --minutes 9 --steps 100000
    python -m models.low_light --export onnx/low-light

Run for 9 minutes on one shared core, 1,826 steps, best at step 400: 24.4 dB on 30 held-out photographs where the best
plain stretch (auto contrast at its best share) has 23.8; the card has the rest.
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
from models.common.tone import darkened
from models.common.tone_export import Mend, export_tones, held_out_photos, measure_tones, tone_runner, tone_table
from models.common.tone_training import Batch, halved, nearness, rate_factor, tone_photos, tone_psnr
from models.evaluate import EvaluationError
from models.nets.curves import LocalCurves, enlarged, under


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of well exposed pictures
    held_out: Path = Path("data/photos/held_out")
    run: Path = Path("runs/low-light")
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    width: int = 48
    untouched_share: float = 0.15  # of pictures that are good already: those stay
    map_weight: float = 0.02  # how smooth the maps are
    colour_weight: float = 0.5

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
    "id": "low-light",
    "title": "Low light",
    "description": "Brings light into a dark photograph, more where it is darker, without a colour cast.",
    "task": "restore",
    "source": "models/low_light.py",
    "icon": "restore",
    "slider": {"id": "exposure", "label": "Exposure", "default": 50.0, "range": [0.0, 2.0]},
}
WHAT = (
    "Exposure 50 is what the model finds right, 0 changes nothing, 100 is one stop more. The curve changes smoothly "
    "from place to place (8 × 8 for the whole picture), is the same for red, green and blue, and is applied to the "
    "picture at its own size and depth: 16 bits stay 16 bits, grey stays grey."
)
WEAKNESSES = (
    "It brings light, not detail: noise that was hidden in the dark becomes visible with it. Run Denoise photo "
    "afterwards.",
    "What was cut off at black or at white stays cut off.",
    "A picture that is meant to be dark (a night sky, a silhouette) is brightened like any other: use the slider or a "
    "region.",
    "Trained on photographs made dark by calculation, not on pairs from a camera.",
)


DENOISER = Path("onnx/denoise-photo/model.onnx")  # at its default strength
WATCHED = 6  # batches that choose the best weights


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: LocalCurves, config: Config) -> None:
        super().__init__()
        self.network = network
        self.map_weight, self.colour_weight = config.map_weight, config.colour_weight

    def forward(self, dark: Tensor, clean: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        result, gain = relit(self.network, dark)
        loss, parts = nearness(result, halved(clean), self.colour_weight)
        smooth = gain.diff(dim=-1).square().mean() + gain.diff(dim=-2).square().mean()
        return loss + self.map_weight * smooth, parts | {"loss/smooth": smooth.detach()}


def relit(network: LocalCurves, dark: Tensor) -> tuple[Tensor, Tensor]:
    """(the picture at half its size under its curves, each pixel computed at its own level; the gains)."""
    small, terms = halved(dark), network.terms(dark)
    return under(small, terms._replace(gain=enlarged(terms.gain, small.shape[-2:]))), terms.gain


@torch.no_grad()
def validate(network: LocalCurves, batches: list[Batch]) -> tuple[dict[str, float], list[Tensor]]:
    scores = []
    for batch in batches:
        result, _ = relit(network, batch.poor)
        scores.append(tone_psnr(result, halved(batch.clean)))
    rows = [pictures[:6].cpu() for pictures in (halved(batch.poor), result, halved(batch.clean))]
    return {"psnr": sum(scores) / len(scores)}, rows


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    photos, others = tone_photos(config)
    batches = [Batch.draw(others, darkened, config, step=2**31 + i, rank=0) for i in range(WATCHED)]
    batches = [fabric.to_device(batch) for batch in batches]

    network = LocalCurves(config.width)
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
        batch = fabric.to_device(Batch.draw(photos, darkened, config, step=step, rank=fabric.global_rank))
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
            log_pictures(fabric, "dark, result, clean", rows, step + 1)
            fabric.print(f"step {step + 1}: PSNR {scores['psnr']:.2f}")
            if best.improved_by(scores["psnr"], step=step + 1):
                save(BEST, step + 1)
        if (step + 1) % config.checkpoint_every == 0 or is_last:
            save(LATEST, step + 1)
        if is_last:
            break
    return config.run / BEST


def trained_network(run: Path) -> tuple[LocalCurves, Config, int]:
    """The best averaged weights of a run, ready to run, what the run was told, and their step."""
    content = read_checkpoint(run / BEST)
    config = replace(config_from_plain(Config, content["config"]), run=run)
    average = AveragedModel(LocalCurves(config.width))
    average.load_state_dict(content["ema"])
    return average.module.eval(), config, int(content["step"])


def with_denoiser(mend: Mend) -> dict[str, Mend]:
    """The model with the shipped denoiser before and after it."""
    if not DENOISER.is_file():
        return {}
    clean = tone_runner(DENOISER)
    return {
        "this model after Denoise photo": lambda picture: mend(clean(picture)),
        "this model, Denoise photo after it": lambda picture: clean(mend(picture)),
    }


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the photographs that are held out by default."""
    rows = measure_tones(tone_runner(folder / "model.onnx"), held_out_photos(Config()), darkened, with_denoiser)
    return tone_table(rows), rows


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is None:
            train(command.config, resume=command.resume)
        else:
            network, trained, step = trained_network(command.config.run)
            about = (MANIFEST, WHAT, WEAKNESSES)
            export_tones(network, trained, command.export, about, darkened, step=step, beside=with_denoiser)
    except (DataError, CheckpointError, PlacementError, EvaluationError, ExportError) as error:
        leave(error)


if __name__ == "__main__":
    main()
