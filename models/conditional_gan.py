"""Conditional GAN: the class is chosen. cGANs with projection discriminator (Miyato and Koyama, ICLR 2018), made small.

After Mirza and Osindero (2014) the generator is told the class, here by an embedding beside the latent. The
discriminator's score is how real a picture looks plus how well it fits the embedding of its class. Hinge loss:

    discriminator:  E max(0, 1 - D(x, y)) + E max(0, 1 + D(G(z, y), y))
    generator:      - E D(G(z, y), y)

The weights in onnx/digits come from these commands, on two cores shared with other work:

    python -m models.fetch_data
    python -m models.conditional_gan --run runs/digits --shift 0.03 --turn-degrees 6 --scale 0.06 --steps 7000
    python -m models.conditional_gan --run runs/digits --export onnx/digits

(The run was broken off twice and resumed.) A judge that is right about 98.2 % of real digits takes 99.0 % of the
samples for the digit asked for; the card has the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.common.adversarial import AdversarialRun
from models.common.checkpoints import BEST, CheckpointError
from models.common.cli import leave, read_command_line
from models.common.data import DataError
from models.common.export import ExportError
from models.common.fabric import PlacementError, start_fabric
from models.common.picture_sets import GENERATED, PLANE_COUNT, Planes
from models.common.trained_generator import About, export_trained
from models.nets.adversarial import Discriminator, Generator, Normalisation
from models.nets.diff_augment import diff_augment


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    data: Path = Path("data/sets/digits")  # a fetched set, or any folder of pictures with a subfolder for each class
    classes: tuple[str, ...] = ()  # only these; default: all
    side: int = 32
    planes: Planes = "ink"
    mirror: bool = False  # augmentation of the data: what is learned too
    shift: float = 0.0
    turn_degrees: float = 0.0
    scale: float = 0.0

    # where
    run: Path = Path("runs/conditional_gan")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks
    latent: int = 64
    width: int = 40  # channels of the generator at half the side; doubled towards the latent
    label_size: int = 24
    discriminator_width: int = 48

    # stabilisers
    normalisation: Normalisation = "spectral"
    minibatch_deviation: bool = False
    diff_augment: bool = False  # for a few thousand pictures and fewer
    r1: float = 0.0  # weight of the gradient penalty on real pictures (Mescheder et al. 2018)
    r1_every: int = 8
    generator_rate: float = 2e-4  # two time scales (Heusel et al. 2017): the discriminator learns faster
    discriminator_rate: float = 4e-4
    ema: float = 0.998

    # training
    steps: int = 4000
    batch: int = 64  # pictures a step over all devices together
    seed: int = 0

    # watching
    validate_every: int = 500
    checkpoint_every: int = 250
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda",
        precision="bf16-mixed",
        threads=8,
        discriminator_width=96,
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
    "label_size": 4,
    "discriminator_width": 8,
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
    "digits": About(
        title="Handwritten digits",
        description="Writes the digit you choose in a hand of its own, black ink on nothing.",
        what=(
            "Choose a digit; every seed is another hand. The picture is ink with alpha, so that it can be stamped on "
            "anything and tinted like a brush."
        ),
        weaknesses=(
            "A few samples in a hundred are smudged or could be two digits; roll the dice again.",
            "32 pixels: enlarged, the strokes are soft.",
            "Hands are those of the data, Americans of 1995; the crossed 7 is rare.",
        ),
        param="Digit",
    ),
}


class DiscriminatorLoss(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, discriminator: nn.Module, config: Config) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.seen = diff_augment if config.diff_augment else nn.Identity()

    def forward(
        self, real: Tensor, generated: Tensor, label: Tensor, r1_weight: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        real = real.requires_grad_(r1_weight > 0)
        on_real = self.discriminator(self.seen(real), label)
        on_generated = self.discriminator(self.seen(generated), label)
        loss = F.relu(1 - on_real).mean() + F.relu(1 + on_generated).mean()
        curves = {"score/real": on_real.detach().mean(), "score/generated": on_generated.detach().mean()}
        if r1_weight > 0:
            penalty = gradient_penalty_on_real(on_real, real)
            loss = loss + r1_weight / 2 * penalty
            curves["penalty/r1"] = penalty.detach()
        return loss, curves


class GeneratorLoss(nn.Module):
    def __init__(self, generator: nn.Module, config: Config) -> None:
        super().__init__()
        self.generator = generator
        self.seen = diff_augment if config.diff_augment else nn.Identity()

    def forward(self, latent: Tensor, label: Tensor, discriminator: nn.Module) -> Tensor:
        return -discriminator(self.seen(self.generator(latent, label)), label).mean()


def gradient_penalty_on_real(scores: Tensor, real: Tensor) -> Tensor:
    """R1: E |∇ D(x)|² over real pictures; at equilibrium the discriminator is flat there."""
    (gradient,) = torch.autograd.grad(scores.sum(), real, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def new_generator(config: Config, class_count: int) -> Generator:
    return Generator(
        latent=config.latent,
        side=config.side,
        planes=PLANE_COUNT[config.planes],
        width=config.width,
        classes=class_count,
        label_size=config.label_size,
    )


def new_discriminator(config: Config, class_count: int) -> Discriminator:
    return Discriminator(
        side=config.side,
        planes=PLANE_COUNT[config.planes],
        width=config.discriminator_width,
        classes=class_count,
        normalisation=config.normalisation,
        minibatch_deviation=config.minibatch_deviation,
    )


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    fabric = start_fabric(config, broadcast_buffers=False)
    run = AdversarialRun(
        fabric,
        config,
        generator=lambda class_count: new_generator(config, class_count),
        discriminator=lambda class_count: new_discriminator(config, class_count),
        generator_loss=lambda network: GeneratorLoss(network, config),
        discriminator_loss=lambda network: DiscriminatorLoss(network, config),
    )
    for step in run.steps(resume=resume):
        real, label = run.real()
        with torch.no_grad():
            generated = run.generator(run.latents(), label)
        r1_weight = config.r1 * config.r1_every if step % config.r1_every == 0 else 0.0  # seldom, so much the stronger
        run.update_discriminator(real, generated, label, r1_weight)
        run.update_generator(run.latents(), label)
    return config.run / BEST


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers models.evaluate measures."""
    export_trained(
        config,
        folder,
        script="models/conditional_gan.py",
        abouts=ABOUTS,
        networks=lambda trained: (trained.averaged(new_generator(trained.config, len(trained.classes))), None),
        has_label=lambda _: True,
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
