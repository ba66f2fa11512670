"""Progressive growing of GANs (Karras et al., ICLR 2018): 4 × 4 pixels are learned first, then every size in turn.

Each size is faded in: for `fade_steps` its pictures are mixed with the enlarged ones of the size before, real pictures
likewise, then it is learned for `hold_steps`. Weights are equalised, generated features normalised in every pixel, and
the discriminator is told how much the pictures of a batch differ. In place of the paper's Wasserstein loss:

    discriminator:  E softplus(-D(x)) + E softplus(D(G(z))) + γ/2 E |∇ D(x)|²     R1 (Mescheder et al. 2018)
    generator:      E softplus(-D(G(z)))

Small sizes cost next to nothing, so most of what a picture is has been learned before the first step at its full side.

The weights in onnx/portraits come from these commands, on one core shared with other work:

    python -m models.fetch_data --only portraits efficientnet-lite0
    python -m models.progressive_gan --fade-steps 280 --hold-steps 280 --steps 12000 --run runs/portraits
    python -m models.progressive_gan --run runs/portraits --export onnx/portraits

All sizes are there after 4,000 steps, with a kernel distance on EfficientNet-Lite0 of 4.2; the best of later looks,
which is shipped, has 2.5. Eyes that ran into dark bars have become eyes and glasses by then.
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
from models.nets.adversarial import doublings_to
from models.nets.equalised import settled
from models.nets.growing import GrowingDiscriminator, GrowingGenerator, doubled, halved, untouched


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    data: Path = Path("data/sets/portraits")  # a fetched set, or any folder of pictures
    classes: tuple[str, ...] = ()  # only these; default: all
    side: int = 64
    planes: Planes = "rgba"
    mirror: bool = False  # augmentation of the data: what is learned too
    shift: float = 0.0
    turn_degrees: float = 0.0
    scale: float = 0.0

    # where
    run: Path = Path("runs/progressive_gan")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks
    latent: int = 64
    finest_width: int = 12  # channels at the whole side; doubled with every halving, up to widest
    widest: int = 64

    # growing: of each size from 8 px on
    fade_steps: int = 300
    hold_steps: int = 300

    # stabilisers
    r1: float = 0.2  # γ
    r1_every: int = 8
    generator_rate: float = 2e-3
    discriminator_rate: float = 2e-3
    ema: float = 0.995

    # training
    steps: int = 4000  # those after growing are at the whole side
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
        latent=256,
        finest_width=64,
        widest=256,
        fade_steps=6000,
        hold_steps=6000,
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
    "finest_width": 8,
    "widest": 16,
    "fade_steps": 2,
    "hold_steps": 1,
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


ABOUTS = {
    "portraits": About(
        title="Portraits",
        description="Invents drawn people, cut out: head and shoulders, hair, glasses and clothes in many colours.",
        what="Every seed is a person: short hair or long, bald, with glasses or without, and a shirt of its colour.",
        weaknesses=(
            "Long hair melts into the face on about every third person, most of all on dark skin: roll again.",
            "Eyes and mouths are a few pixels each, and seldom alike on both sides.",
            "64 pixels: enlarged, the drawing is soft, and a faint haze lies around the head.",
            "Not as clean as the originals by far: on EfficientNet's features hardly any real portrait has a sample "
            "near it.",
        ),
    ),
}


class DiscriminatorLoss(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, discriminator: GrowingDiscriminator) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, real: Tensor, generated: Tensor, r1_weight: float) -> tuple[Tensor, dict[str, Tensor]]:
        judge = self.discriminator
        real = real.requires_grad_(r1_weight > 0)
        on_real, on_generated = judge(real), judge(generated)
        loss = F.softplus(-on_real).mean() + F.softplus(on_generated).mean() + untouched(judge)
        curves = {"score/real": on_real.detach().mean(), "score/generated": on_generated.detach().mean()}
        curves["grown"] = judge.grown.float()
        if r1_weight > 0:
            (gradient,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
            penalty = gradient.square().sum(dim=(1, 2, 3)).mean()
            loss = loss + r1_weight / 2 * penalty
            curves["penalty/r1"] = penalty.detach()
        return loss, curves


class GeneratorLoss(nn.Module):
    def __init__(self, generator: GrowingGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, latent: Tensor, discriminator: GrowingDiscriminator) -> Tensor:
        return F.softplus(-discriminator(self.generator.drawn(latent))).mean() + untouched(self.generator)


def grown_at(step: int, config: Config) -> float:
    """How far the networks have grown: the fade of a size, then its hold, size after size."""
    whole, into = divmod(step, config.fade_steps + config.hold_steps)
    faded = min(1.0, (into + 1) / config.fade_steps)
    return min(whole + faded, float(doublings_to(config.side)))


def as_grown(pictures: Tensor, grown: float) -> Tensor:
    """Real pictures as the networks see them now: shrunk, and mixed with the size before as far as that still fades."""
    level = max(1, -int(-grown // 1)) if grown else 0
    for _ in range(doublings_to(pictures.shape[-1]) - level):
        pictures = halved(pictures)
    share = grown - level + 1
    return pictures if share >= 1 else share * pictures + (1 - share) * doubled(halved(pictures))


def widths(config: Config) -> tuple[int, ...]:
    """Channels at 4, 8 … side: the finest has the fewest."""
    levels = doublings_to(config.side) + 1
    return tuple(min(config.finest_width * 2 ** (levels - 1 - level), config.widest) for level in range(levels))


def new_generator(config: Config) -> GrowingGenerator:
    planes = PLANE_COUNT[config.planes]
    return GrowingGenerator(latent=config.latent, side=config.side, planes=planes, channels=widths(config))


def new_discriminator(config: Config) -> GrowingDiscriminator:
    return GrowingDiscriminator(side=config.side, planes=PLANE_COUNT[config.planes], channels=widths(config))


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    fabric = start_fabric(config, broadcast_buffers=False)
    run = AdversarialRun(
        fabric,
        config,
        generator=lambda _: new_generator(config),
        discriminator=lambda _: new_discriminator(config),
        generator_loss=GeneratorLoss,
        discriminator_loss=DiscriminatorLoss,
        betas=(0.0, 0.99),
    )
    for step in run.steps(resume=resume):
        grown = grown_at(step, config)
        for network in (run.generator, run.discriminator):
            network.grow_to(grown)
        real, _label = run.real()
        with torch.no_grad():
            generated = run.generator.drawn(run.latents())
        r1_weight = config.r1 * config.r1_every if step % config.r1_every == 0 else 0.0  # seldom, so much the stronger
        run.update_discriminator(as_grown(real, grown), generated, r1_weight)
        run.update_generator(run.latents())
        run.average.module.grow_to(grown)  # an average of how far it was would lag behind
    return config.run / BEST


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers models.evaluate measures."""
    export_trained(
        config,
        folder,
        script="models/progressive_gan.py",
        abouts=ABOUTS,
        networks=lambda trained: (settled(trained.averaged(new_generator(trained.config)).finished()), None),
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
