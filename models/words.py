"""Pictures from words: a variational autoencoder that is told a phrase (Kingma and Welling 2014; Sohn et al. 2015).

A small encoder reads the phrase w, two words at a time; decoder p(x|z, w) draws what it says. The picture's encoder
q(z|x) is not told the phrase, so that z is held, by a heavy KL term, to what the words leave open:

    β-ELBO = E_q log p(x|z, w) - β KL(q(z|x) ‖ N(0, 1))

The shipped words speak of faces: "winking eyes laughing mouth". One pairing of eyes and mouth in ten is held out: the
phrase was never read and the face never seen, so both must be understood by their parts. Retrieval says how well: the
picture drawn of a held-out phrase is compared with held-out faces of other phrases and should be nearest to its own.

The weights in onnx/word-faces come from these commands, on one core of a shared machine:

    python -m models.fetch_data
    python -m models.words --run runs/word-faces
    python -m models.words --run runs/word-faces --export onnx/word-faces

One phrase in eight lacks a part or a word, so that half a phrase is understood too. With three in ten, and β at 8, z
took over what words should say: 86.7 % of the held-out phrases found their own picture; now all of 60 do.

Of your own: a folder of pictures whose names are words ("red apple.png", "green-apple-2.png").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from models.common.checkpoints import BEST, LATEST, CheckpointError, load_checkpoint, save_checkpoint
from models.common.cli import leave, plain_values, read_command_line
from models.common.data import DataError
from models.common.export import ExportError
from models.common.export_words import WordsExport, export_words
from models.common.fabric import PlacementError, start_fabric
from models.common.generative import Clock, averaged, load_data, log_grid, rate_factor, step_generator
from models.common.phrases import phrase_of, shortened, tokens_of, vocabulary_of
from models.common.picture_sets import GENERATED, PLANE_COUNT, PictureSet, Planes, as_pictures, as_planes
from models.common.trained_generator import About, read_trained, training_of
from models.nets.autoencoder import Decoder, Encoder
from models.nets.word_encoder import WordEncoder
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
    data: Path = Path("data/sets/faces")  # a fetched set, or any folder of pictures named by words
    classes: tuple[str, ...] = ()  # only these; default: all
    side: int = 32
    planes: Planes = "rgba"
    mirror: bool = False  # "left" would no longer be left
    shift: float = 0.0
    turn_degrees: float = 0.0
    scale: float = 0.0
    shortened: float = 0.12  # share of phrases that lack a part or a word

    # where
    run: Path = Path("runs/words")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks and objective
    latent: int = 4  # what words leave open: where exactly, how large, cheeks
    width: int = 24  # channels at half the side; up to four times as many below
    word_size: int = 48
    beta: float = 20.0

    # training
    steps: int = 1000
    batch: int = 32  # pictures a step over all devices together
    learning_rate: float = 2e-3
    clip_gradient: float = 200.0  # the loss is a sum over the planes of a picture: its gradients are long
    ema: float = 0.995
    seed: int = 0

    # watching
    validate_every: int = 200
    checkpoint_every: int = 100
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
    "latent": 4,
    "width": 8,
    "word_size": 8,
    "steps": 4,
    "batch": 8,
    "validate_every": 2,
    "checkpoint_every": 2,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


ABOUTS = {
    "word-faces": About(
        title="Faces from words",
        description="Draws the round face that you describe: its eyes and its mouth in words.",
        what="Write what the eyes and the mouth are like, for example “winking eyes laughing mouth”; a word it does "
        "not know is named, with those that are like it. The seed decides what words leave open.",
        weaknesses=(
            "It knows {count} words and no grammar: “no”, “very” or “two” mean nothing to it, and are refused.",
            "What is left unsaid comes out as a soft mixture: name eyes and mouth.",
            "Softly drawn, as autoencoders do; hats, tears and hands are not in its pictures.",
        ),
    ),
}


class SpokenDecoder(nn.Module):
    """latent (N, z), tokens (N, L) → pictures (N, planes, side, side) in -1..1."""

    def __init__(self, config: Config, vocabulary: int) -> None:
        super().__init__()
        self.words = WordEncoder(vocabulary, config.word_size)
        self.decoder = Decoder(
            latent=config.latent + config.word_size,
            side=config.side,
            planes=PLANE_COUNT[config.planes],
            width=config.width,
        )

    def forward(self, latent: Tensor, tokens: Tensor) -> Tensor:
        return self.decoder(torch.cat([latent, self.words(tokens)], dim=1))


class NegativeElbo(nn.Module):
    """The objective as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, config: Config, vocabulary: int) -> None:
        super().__init__()
        planes = PLANE_COUNT[config.planes]
        self.encoder = Encoder(latent=config.latent, side=config.side, planes=planes, width=config.width)
        self.decoder = SpokenDecoder(config, vocabulary)
        self.log_variance = nn.Parameter(torch.tensor(-2.0))  # of p(x|z, w)
        self.beta = config.beta

    def forward(self, pictures: Tensor, tokens: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        mean, log_variance = self.encoder(pictures)
        decoded = self.decoder(reparameterised(mean, log_variance), tokens)
        likelihood = gaussian_log_likelihood(pictures, decoded, self.log_variance.clamp(min=SMALLEST_LOG_VARIANCE))
        divergence = kl_from_standard_normal(mean, log_variance)
        curves = {
            "elbo": bits_per_value((likelihood - divergence).mean(), pictures[0].numel()),
            "kl": divergence.mean(),
            "reconstruction rms": (pictures - decoded).square().mean().sqrt(),
        }
        loss = (self.beta * divergence - likelihood).mean()
        return loss, {name: value.detach() for name, value in curves.items()}


class SpokenSet:
    """Pictures with their phrases as tokens; batches are a function of the step's generator only."""

    def __init__(self, pictures: PictureSet, vocabulary: tuple[str, ...]) -> None:
        self.pictures = pictures
        self.phrases = [phrase_of(_named(pictures, place)) for place in range(len(pictures))]
        self.tokens = tokens_of(self.phrases, vocabulary)

    def batch(self, count: int, share: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """(pictures, tokens)"""
        chosen = rng.integers(0, len(self.pictures), count)
        tokens = shortened(self.tokens[chosen], rng, share)
        planes = as_planes(self.pictures.pictures[chosen]).contiguous(memory_format=torch.channels_last)
        return planes, torch.from_numpy(tokens)


def _named(pictures: PictureSet, place: int) -> str:
    """What `--smoke` makes has numbers for names: there the class is the word."""
    return pictures.names[place] if not pictures.names[place].isdecimal() else pictures.classes[pictures.labels[place]]


def spoken_sets(config: Config) -> tuple[SpokenSet, SpokenSet, tuple[str, ...]]:
    """(training, held out, vocabulary). DataError: the pictures' names hold no words."""
    training, held_out = load_data(config)
    phrases = [phrase_of(_named(training, place)) for place in range(len(training))]
    vocabulary = vocabulary_of(phrases)
    if len(vocabulary) < 2:
        raise DataError(f"The names of the pictures in {config.data} hold no words, such as “red apple.png”.")
    return SpokenSet(training, vocabulary), SpokenSet(held_out, vocabulary), vocabulary


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the averaged weights; `resume` goes on where LATEST stopped."""
    fabric = start_fabric(config)
    training, held_out, vocabulary = spoken_sets(config)
    torch.manual_seed(config.seed)  # every process begins with the same weights
    network = NegativeElbo(config, len(vocabulary)).to(memory_format=torch.channels_last)
    average = averaged(network, config.ema).to(fabric.device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_factor(step, config.steps))
    objective, stepper = fabric.setup(network, optimizer)
    clock = Clock()
    parts = {"network": network, "ema": average, "optimizer": stepper, "rate": schedule, "clock": clock}
    first = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0

    def save(name: str, step: int) -> None:
        told = {"config": plain_values(config), "classes": list(vocabulary)}
        save_checkpoint(fabric, config.run / name, parts | told, step=step)

    count = config.batch // (config.devices * config.nodes)
    for step in _progress(first, config.steps, is_quiet=not fabric.is_global_zero):
        with clock:
            rng = step_generator(config, step=step, rank=fabric.global_rank)
            pictures, tokens = fabric.to_device(training.batch(count, config.shortened, rng))
            loss, curves = objective(pictures, tokens)
            stepper.zero_grad()
            fabric.backward(loss)
            fabric.clip_gradients(objective, stepper, max_norm=config.clip_gradient)
            stepper.step()
            schedule.step()
            average.update_parameters(network)
        done = step + 1
        if done % 20 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, done)
        if (done % config.validate_every == 0 or done == config.steps) and fabric.is_global_zero:
            log_grid(fabric, look(average.module, held_out, config), done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            save(LATEST, done)
    save(BEST, config.steps)
    return config.run / BEST


def _progress(first: int, steps: int, *, is_quiet: bool) -> Iterator[int]:
    yield from tqdm(range(first, steps), initial=first, total=steps, disable=is_quiet, mininterval=5)


@torch.no_grad()
def look(network: NegativeElbo, held_out: SpokenSet, config: Config) -> np.ndarray:
    """Pictures of held-out phrases, of the mean latent."""
    tokens = torch.from_numpy(held_out.tokens[:40])
    network.eval()
    device = next(network.parameters()).device
    return as_pictures(network.decoder(torch.zeros(len(tokens), config.latent, device=device), tokens.to(device)))


def export(config: Config, folder: Path) -> None:
    """Averaged weights → model folder with a field for words, and retrieval of held-out phrases on the card."""
    trained = read_trained(Config, config.run / BEST)
    _, held_out, vocabulary = spoken_sets(trained.config)
    if vocabulary != trained.classes:
        raise ExportError("The words of the data are no longer those of the training.")
    whole = WordsExport(
        decoder=trained.averaged(NegativeElbo(trained.config, len(vocabulary))).decoder,
        config=trained.config,
        vocabulary=vocabulary,
        held_out=held_out.pictures,
        phrases=held_out.phrases,
        about=ABOUTS.get(folder.name),
        training=training_of(trained, trained.config),
    )
    export_words(whole, folder)


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
