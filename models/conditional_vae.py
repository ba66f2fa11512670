"""Conditional variational autoencoder (Sohn et al., NeurIPS 2015): the class is chosen, the latent is everything else.

As in vae.py, with encoder q(z|x, y) and decoder p(x|z, y) both told the class y, so that z need not hold it:

    ELBO = E_q log p(x|z, y) - KL(q(z|x, y) ‖ N(0, 1))

The same z with another y is the same pose, colour or stroke in another class, as far as classes have that in common.

The weights in onnx/letters come from these commands, on one core shared with other work, in 7 minutes:

    python -m models.fetch_data
    python -m models.conditional_vae --run runs/letters --steps 3000
    python -m models.conditional_vae --run runs/letters --resume
    python -m models.conditional_vae --run runs/letters --export onnx/letters

Typefaces of one family in ten were held out. A judge that is right about 97.3 % of their letters takes 99.2 % of the
samples for the letter asked for; a judge taught by samples alone is right about 96.5 % of the real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from models.common.checkpoints import BEST, CheckpointError
from models.common.cli import leave, read_command_line
from models.common.data import DataError
from models.common.export import ExportError
from models.common.fabric import PlacementError, start_fabric
from models.common.picture_sets import GENERATED, PLANE_COUNT, Planes
from models.common.trained_generator import About, Trained, export_trained
from models.common.variational import VariationalRun
from models.nets.autoencoder import Decoder, Encoder
from models.vae import (
    SMALLEST_LOG_VARIANCE,
    bits_per_value,
    gaussian_log_likelihood,
    kl_from_standard_normal,
    reparameterised,
)


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    data: Path = Path("data/sets/letters")  # a fetched set, or any folder of pictures with a subfolder for each class
    classes: tuple[str, ...] = ()  # only these; default: all
    side: int = 32
    planes: Planes = "ink"
    mirror: bool = False  # augmentation of the data: what is learned too
    shift: float = 0.01
    turn_degrees: float = 2.0
    scale: float = 0.04

    # where
    run: Path = Path("runs/conditional_vae")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks and objective
    latent: int = 6  # few, so that every place of it is a typeface
    width: int = 24  # channels at half the side; up to four times as many below
    beta: float = 4.0  # weight of the KL term (Higgins et al. 2017): above 1 the samples are better, the ELBO is worse

    # training
    steps: int = 4000
    batch: int = 64  # pictures a step over all devices together
    learning_rate: float = 2e-3
    clip_gradient: float = 200.0  # the loss is a sum over the planes of a picture: its gradients are long
    ema: float = 0.995
    seed: int = 0

    # watching
    best_by: Literal["elbo", "samples"] = "samples"  # samples sharpen long after the held-out ELBO was at its best
    validate_every: int = 250
    checkpoint_every: int = 250
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda",
        threads=8,
        width=64,
        steps=40_000,
        batch=256,
        ema=0.9995,
        validate_every=2000,
        checkpoint_every=1000,
    ),
}
SMOKE = {
    "data": GENERATED,
    "classes": (),
    "side": 16,
    "latent": 8,
    "width": 8,
    "steps": 6,
    "batch": 8,
    "validate_every": 3,
    "checkpoint_every": 3,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


ABOUTS = {
    "letters": About(
        title="Letters",
        description="Draws the capital you choose in a typeface that does not exist, black ink on nothing.",
        what=(
            "Choose a letter; every place of the latent is another typeface: hairline to black, with serifs or "
            "without, upright or slanted. The same latent with another letter is of a similar make. The encoder finds "
            "the place of a letter you have; it must be told which one it is."
        ),
        weaknesses=(
            "Between typefaces with serifs and without lie letters with ghosts of serifs: about one in ten.",
            "32 pixels: serifs and hairlines are hinted at, not drawn; not for setting text.",
            "Typefaces not in training are encoded to one that resembles them, not to themselves.",
        ),
        param="Letter",
    ),
}


class NegativeElbo(nn.Module):
    """The objective as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, config: Config, class_count: int) -> None:
        super().__init__()
        sizes = {"latent": config.latent, "side": config.side, "planes": PLANE_COUNT[config.planes]}
        self.encoder = Encoder(**sizes, width=config.width, classes=class_count)
        self.decoder = Decoder(**sizes, width=config.width, classes=class_count)
        self.log_variance = nn.Parameter(torch.tensor(-2.0))  # of p(x|z, y)
        self.beta = config.beta

    def forward(self, pictures: Tensor, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        mean, log_variance = self.encoder(pictures, labels)
        decoded = self.decoder(reparameterised(mean, log_variance), labels)
        likelihood = gaussian_log_likelihood(pictures, decoded, self.log_variance.clamp(min=SMALLEST_LOG_VARIANCE))
        divergence = kl_from_standard_normal(mean, log_variance)
        curves = {
            "elbo": bits_per_value((likelihood - divergence).mean(), pictures[0].numel()),
            "kl": divergence.mean(),
            "reconstruction rms": (pictures - decoded).square().mean().sqrt(),
        }
        loss = (self.beta * divergence - likelihood).mean()
        return loss, {name: value.detach() for name, value in curves.items()}


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    fabric = start_fabric(config)
    run = VariationalRun(fabric, config, objective=lambda class_count: NegativeElbo(config, class_count))
    for _ in run.steps(resume=resume):
        run.update(*run.batch())
    return config.run / BEST


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder with an encoder and a decoder, and the numbers models.evaluate measures."""

    def networks(trained: Trained) -> tuple[nn.Module, nn.Module]:
        whole = trained.averaged(NegativeElbo(trained.config, len(trained.classes)))
        return whole.decoder, whole.encoder

    export_trained(
        config, folder, script="models/conditional_vae.py", abouts=ABOUTS, networks=networks, has_label=lambda _: True
    )


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
