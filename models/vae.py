"""Variational autoencoder (Kingma and Welling, ICLR 2014): pictures ↔ a small space to walk and edit in.

The encoder gives each picture x a Gaussian q(z|x), the decoder each z a picture; trained on the evidence lower bound:

    ELBO = E_q log p(x|z) - KL(q(z|x) ‖ N(0, 1)),    KL = ½ Σ (μ² + σ² - log σ² - 1) ≥ 0

z = μ + σ ε carries the gradient through the sampling. p(x|z) is a Gaussian around the decoder's picture; its variance
is learned, one number for all (σ-VAE, Rybkin et al. 2021). With β = 1 the loss is the bound, which describes pictures
best; with few pictures a larger β packs them closer, so that what lies between them is a picture too. The ELBO is
reported in bits for each 8-bit value, a lower bound of how well pictures are predicted: the higher, the better.

The weights in onnx/emoji-faces come from these commands, on a share of one core:

    python -m models.fetch_data
    python -m models.vae --run runs/emoji-faces --steps 5000
    python -m models.vae --run runs/emoji-faces --export onnx/emoji-faces

On the hundred whole emoji instead of faces joined of their parts, half of the samples were smudged: there is hardly a
face between two that have nothing in common. After 1,000 steps the reconstruction had 26.0 dB, after 5,000 it has 32.0.
"""

from __future__ import annotations

import math
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
from models.common.generative import load_data
from models.common.picture_sets import GENERATED, PLANE_COUNT, PictureSet, Planes, as_planes
from models.common.trained_generator import About, Trained, export_trained
from models.common.variational import VariationalRun
from models.nets.autoencoder import Decoder, Encoder

SMALLEST_LOG_VARIANCE = -8.0  # of the pictures given the latent: about two 8-bit levels, finer is not to be seen


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    data: Path = Path("data/sets/faces")  # a fetched set, or any folder of pictures
    classes: tuple[str, ...] = ()  # only these; default: all
    side: int = 64
    planes: Planes = "rgba"
    mirror: bool = True  # augmentation of the data: what is learned too
    shift: float = 0.0
    turn_degrees: float = 0.0
    scale: float = 0.0

    # where
    run: Path = Path("runs/vae")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks and objective
    latent: int = 8  # few, so that every place of it is a picture
    width: int = 24  # channels at half the side; up to four times as many below
    beta: float = 6.0  # weight of the KL term (Higgins et al. 2017): above 1 the samples are better, the ELBO is worse

    # training
    steps: int = 1500
    batch: int = 32  # pictures a step over all devices together
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
    "emoji-faces": About(
        title="Emoji faces",
        description="Invents round yellow faces in any mood, cut out, and finds the place of yours among them.",
        what=(
            "Eight numbers are a face: eyes and mouths of one mood lie side by side, and a walk leads from one to the "
            "next. A truncation of 0.7 takes away the strangest."
        ),
        weaknesses=(
            "Softly drawn: between two kinds of eyes or mouths lie smudged ones, on about every fourth face; with a "
            "lower truncation they are fewer.",
            "Not as sharp as the originals: on EfficientNet's features few real faces have a sample near them.",
            "Hats, masks, tears and hands are not in the training pictures, and so in no sample.",
        ),
    ),
}


class NegativeElbo(nn.Module):
    """The objective as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        sizes = {"latent": config.latent, "side": config.side, "planes": PLANE_COUNT[config.planes]}
        self.encoder = Encoder(**sizes, width=config.width)
        self.decoder = LabelFree(Decoder(**sizes, width=config.width))
        self.log_variance = nn.Parameter(torch.tensor(-2.0))  # of p(x|z)
        self.beta = config.beta

    def forward(self, pictures: Tensor, _labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        mean, log_variance = self.encoder(pictures)
        decoded = self.decoder(reparameterised(mean, log_variance))
        likelihood = gaussian_log_likelihood(pictures, decoded, self.log_variance.clamp(min=SMALLEST_LOG_VARIANCE))
        divergence = kl_from_standard_normal(mean, log_variance)
        curves = {
            "elbo": bits_per_value((likelihood - divergence).mean(), pictures[0].numel()),
            "kl": divergence.mean(),
            "reconstruction rms": (pictures - decoded).square().mean().sqrt(),
        }
        loss = (self.beta * divergence - likelihood).mean()
        return loss, {name: value.detach() for name, value in curves.items()}


class LabelFree(nn.Module):
    """A decoder that may be told a label and does not listen: what watches and exports need not know the method."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, latent: Tensor, _label: Tensor | None = None) -> Tensor:
        return self.decoder(latent)


def reparameterised(mean: Tensor, log_variance: Tensor) -> Tensor:
    """z = μ + σ ε: a sample whose gradient reaches μ and σ."""
    return mean + (0.5 * log_variance).exp() * torch.randn_like(mean)


def kl_from_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) in nats for each picture, never negative."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=1)


def gaussian_log_likelihood(pictures: Tensor, decoded: Tensor, log_variance: Tensor) -> Tensor:
    """log N(x; x̂, σ²) in nats for each picture."""
    deviation = (pictures - decoded).square() / log_variance.exp()
    return -0.5 * (deviation + log_variance + math.log(2 * math.pi)).flatten(1).sum(dim=1)


def bits_per_value(nats: Tensor, values: int) -> Tensor:
    """A density over -1..1 as the probability of 8-bit levels, 2/255 apart, in bits for each of them."""
    return (nats / values + math.log(2 / 255)) / math.log(2)


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    fabric = start_fabric(config)
    run = VariationalRun(fabric, config, objective=lambda _: NegativeElbo(config))
    for _ in run.steps(resume=resume):
        run.update(*run.batch())
    return config.run / BEST


@torch.no_grad()
def refit_prior(network: NegativeElbo, training: PictureSet) -> None:
    """Make N(0, 1) of the normal distribution that the latents of the training pictures really have.

    Few steps leave the codes beside the prior, and samples drawn from it where no picture is (Ghosh et al., ICLR 2020).
    Place and width of each number move into the weights: pictures, encodings and KL to the fitted prior stay as before.
    """
    parts = [network.encoder(as_planes(training.pictures[i : i + 100])) for i in range(0, len(training), 100)]
    means, variances = (torch.cat(part) for part in zip(*((mean, log.exp()) for mean, log in parts), strict=True))
    middle, width = means.mean(dim=0), (means.var(dim=0) + variances.mean(dim=0)).sqrt()
    write, start = network.encoder.write, network.decoder.decoder.start
    start.bias += start.weight @ middle
    start.weight *= width
    scale = torch.cat([1 / width, torch.ones_like(width)])  # of the means, and of the log variances
    write.weight *= scale[:, None]
    write.bias *= scale
    write.bias -= torch.cat([middle / width, 2 * width.log()])


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder with an encoder and a decoder, and the numbers models.evaluate measures."""

    def networks(trained: Trained) -> tuple[nn.Module, nn.Module]:
        whole = trained.averaged(NegativeElbo(trained.config))
        refit_prior(whole, load_data(trained.config)[0])
        return whole.decoder, whole.encoder

    export_trained(config, folder, script="models/vae.py", abouts=ABOUTS, networks=networks, has_label=lambda _: False)


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
