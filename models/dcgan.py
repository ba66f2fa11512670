"""DCGAN (Radford, Metz and Chintala, ICLR 2016): convolutions that learn to draw by fooling convolutions that look.

A generator makes pictures of noise, a discriminator says which of two pictures is real (Goodfellow et al. 2014):

    discriminator:  - E log σ(D(x)) - E log (1 - σ(D(G(z))))
    generator:      - E log σ(D(G(z)))                          the form that does not saturate

With hundreds of pictures instead of hundreds of thousands the discriminator would learn them by heart. What helps then
are switches here: differentiable augmentation, R1, spectral instead of batch normalisation, and labels below one.

The weights in onnx/emoji-small come from these commands, on one core shared with other work:

    python -m models.fetch_data
    python -m models.dcgan --data data/sets/faces --turn-degrees 0 --steps 8000 --run runs/emoji-small
    python -m models.dcgan --run runs/emoji-small --export onnx/emoji-small

The set joins the eyes and mouths of 3D emoji to 5,451 faces. From the 95 faces of one vendor alone
(`--classes Face`, 4,000 steps) plain moods became copies and the rarer ones coloured blotches.
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
    data: Path = Path("data/sets/emoji")  # a fetched set, or any folder of pictures
    classes: tuple[str, ...] = ()  # only these; default: all
    side: int = 32
    planes: Planes = "rgba"
    mirror: bool = True  # augmentation of the data: what is learned too
    shift: float = 0.0
    turn_degrees: float = 4.0
    scale: float = 0.0

    # where
    run: Path = Path("runs/dcgan")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks
    latent: int = 64
    width: int = 32  # channels of the generator at half the side; doubled towards the latent
    discriminator_width: int = 32

    # stabilisers
    normalisation: Normalisation = "spectral"
    minibatch_deviation: bool = False
    label_smoothing: float = 0.0  # real pictures are called 1 - this (Salimans et al. 2016)
    diff_augment: bool = True  # for a few thousand pictures and fewer
    r1: float = 0.1  # weight of the gradient penalty on real pictures (Mescheder et al. 2018)
    r1_every: int = 8
    generator_rate: float = 4e-4  # two time scales (Heusel et al. 2017): the discriminator learns faster
    discriminator_rate: float = 8e-4
    ema: float = 0.998

    # training
    steps: int = 4000
    batch: int = 32  # pictures a step over all devices together
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
        generator_rate=2e-4,
        discriminator_rate=4e-4,
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
    "emoji-small": About(
        title="Small emoji",
        description="Invents small round faces that laugh, frown, stare and show their tongue, cut out.",
        what="Every seed is a face; made for stamps and for scattering.",
        weaknesses=(
            "Teeth, brows and half-closed eyes run into one another on about one face in five.",
            "Not as clean as the originals by far: on EfficientNet's features hardly any real face has a sample near "
            "it.",
            "Hats, masks, tears and hands are not in the training pictures, and so in no sample.",
            "32 pixels: enlarged, the drawing is soft.",
        ),
    ),
}


class DiscriminatorLoss(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, discriminator: nn.Module, config: Config) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.seen = diff_augment if config.diff_augment else nn.Identity()
        self.real_is = 1 - config.label_smoothing

    def forward(self, real: Tensor, generated: Tensor, r1_weight: float) -> tuple[Tensor, dict[str, Tensor]]:
        real = real.requires_grad_(r1_weight > 0)
        on_real = self.discriminator(self.seen(real))
        on_generated = self.discriminator(self.seen(generated))
        loss = called(on_real, self.real_is) + called(on_generated, 0.0)
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

    def forward(self, latent: Tensor, discriminator: nn.Module) -> Tensor:
        return called(discriminator(self.seen(self.generator(latent))), 1.0)


def called(scores: Tensor, truth: float) -> Tensor:
    """Cross-entropy of scores, as log odds of being real, with what they should have said."""
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, truth))


def gradient_penalty_on_real(scores: Tensor, real: Tensor) -> Tensor:
    """R1: E |∇ D(x)|² over real pictures; at equilibrium the discriminator is flat there."""
    (gradient,) = torch.autograd.grad(scores.sum(), real, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def new_generator(config: Config) -> Generator:
    return Generator(
        latent=config.latent,
        side=config.side,
        planes=PLANE_COUNT[config.planes],
        width=config.width,
    )


def new_discriminator(config: Config) -> Discriminator:
    return Discriminator(
        side=config.side,
        planes=PLANE_COUNT[config.planes],
        width=config.discriminator_width,
        normalisation=config.normalisation,
        minibatch_deviation=config.minibatch_deviation,
    )


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    fabric = start_fabric(config, broadcast_buffers=False)
    run = AdversarialRun(
        fabric,
        config,
        generator=lambda _: new_generator(config),
        discriminator=lambda _: new_discriminator(config),
        generator_loss=lambda network: GeneratorLoss(network, config),
        discriminator_loss=lambda network: DiscriminatorLoss(network, config),
    )
    for step in run.steps(resume=resume):
        real, _label = run.real()
        with torch.no_grad():
            generated = run.generator(run.latents())
        r1_weight = config.r1 * config.r1_every if step % config.r1_every == 0 else 0.0  # seldom, so much the stronger
        run.update_discriminator(real, generated, r1_weight)
        run.update_generator(run.latents())
    return config.run / BEST


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers models.evaluate measures."""
    export_trained(
        config,
        folder,
        script="models/dcgan.py",
        abouts=ABOUTS,
        networks=lambda trained: (trained.averaged(new_generator(trained.config)), None),
        has_label=lambda _: False,
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
