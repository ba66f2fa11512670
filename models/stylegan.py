"""StyleGAN2 (Karras et al., CVPR 2020), small: a mapping network makes styles of latents, styles steer every size.

    discriminator:  E softplus(-D(x)) + E softplus(D(G(z))) + γ/2 E |∇ D(x)|²     R1, at every sixteenth step
    generator:      E softplus(-D(G(z))) + E (|Jᵀ y| - a)²                        path length, at every eighth

The path length is how far the picture y moves with the style; held near its own mean a, equal steps of style are equal
steps of picture. Styles of two latents meet at a random size (mixing), so no size learns to lean on another. Pictures
are augmented as much as the discriminator needs (Karras et al., NeurIPS 2020), which few pictures make necessary.

After training the principal directions of the styles are found (Härkönen et al., NeurIPS 2020) and become sliders of
the export; so do truncation and the share of a second picture's styles at coarse, middle and fine sizes.

The weights in onnx/emoji-mixer come from these commands, on one core of a shared machine, in 22 minutes:

    python -m models.fetch_data
    python -m models.stylegan --run runs/emoji-mixer --side 32 --finest-width 16 --batch 32 --steps 4000
    python -m models.stylegan --run runs/emoji-mixer --export onnx/emoji-mixer

Its 6,000 pictures are faces joined of the parts of 3D emoji. The preset gpu has not been run.
"""

from __future__ import annotations

import math
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
from models.common.export_styles import export_styled
from models.common.fabric import PlacementError, start_fabric
from models.common.picture_sets import GENERATED, PLANE_COUNT, Planes
from models.common.trained_generator import About
from models.nets.adaptive_augment import adapted, augmented_with
from models.nets.adversarial import doublings_to
from models.nets.equalised import EqualisedDiscriminator
from models.nets.style_generator import StyleGenerator


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    data: Path = Path("data/sets/faces")  # a fetched set, or any folder of pictures
    classes: tuple[str, ...] = ()  # only these; default: all
    side: int = 64
    planes: Planes = "rgba"
    mirror: bool = False  # augmentation of the data: what is learned too
    shift: float = 0.0
    turn_degrees: float = 0.0
    scale: float = 0.0

    # where
    run: Path = Path("runs/stylegan")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks
    latent: int = 64
    style: int = 64
    mapping_depth: int = 4
    finest_width: int = 12  # channels at the whole side; doubled with every halving, up to widest
    widest: int = 64
    discriminator_width: int = 16

    # stabilisers
    mixing: float = 0.5  # share of batches with styles of two latents
    path_length: float = 0.5  # weight; 0 for none
    path_length_every: int = 8
    r1: float = 0.2  # γ; the finer the pictures, the more
    r1_every: int = 16
    adaptive_augment: bool = True
    generator_rate: float = 2e-3
    discriminator_rate: float = 2e-3
    ema: float = 0.998

    # training
    steps: int = 6000
    batch: int = 16  # pictures a step over all devices together
    seed: int = 0

    # watching
    validate_every: int = 1000
    checkpoint_every: int = 250
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda",
        threads=8,
        style=256,
        latent=256,
        mapping_depth=8,
        finest_width=64,
        widest=256,
        discriminator_width=64,
        steps=100_000,
        batch=64,
        ema=0.9995,
        validate_every=5000,
        checkpoint_every=2500,
    ),
}
SMOKE = {
    "data": GENERATED,
    "classes": (),
    "side": 16,
    "latent": 8,
    "style": 8,
    "mapping_depth": 2,
    "finest_width": 8,
    "widest": 16,
    "discriminator_width": 8,
    "path_length_every": 2,
    "r1_every": 2,
    "steps": 6,
    "batch": 8,
    "validate_every": 3,
    "checkpoint_every": 3,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


ABOUTS: dict[str, About] = {
    "emoji-mixer": About(
        title="Emoji mixer",
        description="Invents small round faces whose styles can be mixed, and moved along five directions.",
        what="Every seed is a face. A second seed lends its coarse, middle or fine styles; sliders move along what "
        "varies most in the styles; truncation draws every face towards the average one.",
        weaknesses=(
            "Drawn with a jagged pen: eyes and mouths have single dark pixels around them, and on some faces a mouth "
            "is torn or doubled.",
            "Not as clean as the originals by far: on EfficientNet's features hardly any real face has a sample near "
            "it.",
            "32 pixels: for stamps and small signs, not for enlarging.",
            "Outside the face a trace of colour is left here and there.",
        ),
    ),
}


class DiscriminatorLoss(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, discriminator: EqualisedDiscriminator, config: Config) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.is_adaptive = config.adaptive_augment

    def forward(self, real: Tensor, generated: Tensor, r1_weight: float) -> tuple[Tensor, dict[str, Tensor]]:
        judge = self.discriminator
        real = augmented_with(real, judge.probability).detach().requires_grad_(r1_weight > 0)
        on_real, on_generated = judge(real), judge(augmented_with(generated, judge.probability))
        loss = F.softplus(-on_real).mean() + F.softplus(on_generated).mean()
        curves = {"score/real": on_real.detach().mean(), "score/generated": on_generated.detach().mean()}
        if self.is_adaptive:
            adapted(judge.probability, judge.seen_real, on_real)
            curves["augmented"] = judge.probability.clone()
        if r1_weight > 0:
            (gradient,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
            penalty = gradient.square().sum(dim=(1, 2, 3)).mean()
            loss = loss + r1_weight / 2 * penalty
            curves["penalty/r1"] = penalty.detach()
        return loss, curves


class GeneratorLoss(nn.Module):
    def __init__(self, generator: StyleGenerator, config: Config) -> None:
        super().__init__()
        self.generator = generator
        self.mixing = config.mixing

    def forward(self, latent: Tensor, path_weight: float, discriminator: EqualisedDiscriminator) -> Tensor:
        generator = self.generator
        styles = mixed_styles(generator, latent, self.mixing)
        pictures = generator.drawn(styles)
        loss = F.softplus(-discriminator(augmented_with(pictures, discriminator.probability))).mean()
        if path_weight > 0:
            lengths = path_lengths(pictures, styles)
            generator.path_length.lerp_(lengths.detach().mean(), 0.01 if float(generator.path_length) else 1.0)
            loss = loss + path_weight * (lengths - generator.path_length).square().mean()
        return loss


def mixed_styles(generator: StyleGenerator, latent: Tensor, mixing: float) -> Tensor:
    """Styles of the latents; in a share of the calls, from a random size on, those of others."""
    if float(torch.rand(())) >= mixing:
        return generator.styles(latent)
    crossover = int(torch.randint(1, generator.synthesis.levels, ()))
    return generator.styles(latent, torch.randn_like(latent), crossover)


def path_lengths(pictures: Tensor, styles: Tensor) -> Tensor:
    """|Jᵀ y| for each picture: y is noise as bright as if the side did not matter."""
    noise = torch.randn_like(pictures) / math.sqrt(pictures.shape[2] * pictures.shape[3])
    (gradient,) = torch.autograd.grad((pictures * noise).sum(), styles, create_graph=True)
    return (gradient.square().sum(dim=2).mean(dim=1) + 1e-8).sqrt()


def widths(config: Config) -> tuple[int, ...]:
    """Channels at 4, 8 … side: the finest has the fewest."""
    levels = doublings_to(config.side) + 1
    return tuple(min(config.finest_width * 2 ** (levels - 1 - level), config.widest) for level in range(levels))


def new_generator(config: Config) -> StyleGenerator:
    return StyleGenerator(
        latent=config.latent,
        style=config.style,
        depth=config.mapping_depth,
        side=config.side,
        planes=PLANE_COUNT[config.planes],
        channels=widths(config),
    )


def new_discriminator(config: Config) -> EqualisedDiscriminator:
    levels = doublings_to(config.side) + 1
    channels = tuple(min(config.discriminator_width * 2**level, 2 * config.widest) for level in range(levels))
    return EqualisedDiscriminator(side=config.side, planes=PLANE_COUNT[config.planes], channels=channels)


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
        betas=(0.0, 0.99),
    )
    for step in run.steps(resume=resume):
        real, _label = run.real()
        with torch.no_grad():
            generated = run.generator.drawn(mixed_styles(run.generator, run.latents(), config.mixing))
        # seldom, so much the stronger
        run.update_discriminator(real, generated, config.r1 * config.r1_every if step % config.r1_every == 0 else 0.0)
        is_long = step % config.path_length_every == 0
        run.update_generator(run.latents(), config.path_length * config.path_length_every if is_long else 0.0)
    return config.run / BEST


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder with mapping, synthesis and named directions, as models.evaluate measures it."""
    export_styled(config, folder, script="models/stylegan.py", generator=new_generator, abouts=ABOUTS)


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
