"""Textures of any size, each learned from one photograph, all in one small network (Ulyanov et al., ICML 2016).

The network makes texture out of noise and never looks at a whole picture, so that a piece comes out as it does within
the whole (nets/texture.py). It learns by a perceptual loss: how channels of VGG16's layers appear together (means and
covariances) in what it made and in the photograph, from fine to coarse, and by the colours alike. No other network
judges, so minutes on a CPU are enough. Each step is of one texture; all share the convolutions, so what lies between
two textures is one too.

The weights in onnx/textures come from these commands, on one core of a shared machine:

    python -m models.fetch_data
    python -m models.texture --run runs/textures --steps 2000
    python -m models.texture --run runs/textures --resume
    python -m models.texture --run runs/textures --export onnx/textures     measures, and writes the card

Of your own, from even photographs of something that goes on and on (a wall, bark, cloth), each taken straight on:

    python -m models.texture --pictures my-wall.jpg --steps 600 --run runs/wall
    python -m models.texture --run runs/wall --export onnx/wall
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from models.common.checkpoints import (
    BEST,
    LATEST,
    CheckpointError,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.data import DataError, Photos8, generated_blocks
from models.common.export import ExportError
from models.common.export_texture import TextureExport, export_texture
from models.common.fabric import PlacementError, log_pictures, start_fabric
from models.common.muon import MuonOrAdam
from models.common.perceptual import Looks, PerceptualLoss, trained_eye, unlikeness, untrained_eye
from models.common.texture_pictures import read_texture, shipped_textures, title_of
from models.nets.texture import TextureNet
from models.nets.vgg import VGG_WEIGHTS, moments

DATA = Path("data/textures")
SHIPPED = "textures"

# Sharper eyes than a style's: what is seen at 100 % is decided by the whole size.
LOOKS: Looks = {1: ("relu1_1", "relu2_1"), 2: ("relu2_1", "relu3_1"), 4: ("relu3_1",)}
EDGE_LOOKS: Looks = {1: ("relu1_1",), 2: ("relu1_1", "relu2_1", "relu3_1"), 4: ("relu2_1", "relu3_1")}


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    pictures: tuple[Path, ...] = tuple(DATA / f"{name}.png" for name in shipped_textures())  # one texture each
    eye: Path = VGG_WEIGHTS

    # where
    run: Path = Path("runs/textures")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network: 11 k multiply-adds a pixel
    widths: tuple[int, int, int, int, int] = (64, 64, 48, 32, 16)  # channels at 1/16 … 1/1 of the size

    # training
    steps: int = 2900  # of all textures together
    batch: int = 1  # pictures a step over all devices together
    side: int = 128
    sharp: bool = True  # the eye looks at strokes in the whole size too, for three times the work
    learning_rate: float = 6e-3
    texture_rate: float = 1e-2  # scales, shifts and colours see only their own texture's steps
    warmup: int = 10
    ema: float = 0.98
    clip_gradient: float = 5.0
    seed: int = 0

    # watching
    look_every: int = 120
    checkpoint_every: int = 60
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, steps=20_000, batch=8, side=256, look_every=1000, ema=0.998),
}
SMOKE = {
    "pictures": (Path("generated-1"), Path("generated-2")),
    "widths": (8, 8, 8, 8, 8),
    "steps": 4,
    "batch": 1,
    "side": 64,
    "sharp": False,
    "warmup": 1,
    "look_every": 2,
    "checkpoint_every": 2,
    "threads": 1,
    "accelerator": "cpu",
    "smoke": True,
}


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: TextureNet, loss: PerceptualLoss, pictures: list[Photos8]) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.colors = ColorLoss([as_planes(picture) for picture in pictures])

    def forward(self, noise: Tensor, texture: int) -> tuple[Tensor, dict[str, Tensor]]:
        shares = torch.eye(len(self.network.color), device=noise.device)[texture]
        made = self.network(noise, shares)
        manner, colors = self.loss.manner(made, texture), self.colors(made, texture)
        outside = (made - made.clamp(0, 1)).square().mean() * 10  # the eye sees what no screen can show
        shown = {"manner": manner, "colors": colors, "outside": outside}
        return manner + colors + outside, {f"loss/{name}": value.detach() for name, value in shown.items()}


class ColorLoss(nn.Module):
    """Means and covariances of the colours themselves, of pixels and of cells: the eye is lenient with them."""

    CELLS = (1, 4, 16)

    def __init__(self, pictures: list[Tensor]) -> None:
        """`pictures` (1, 3, H, W), one of each texture."""
        super().__init__()
        for cell in self.CELLS:
            means, covariances = zip(*(moments(F.avg_pool2d(picture, cell)) for picture in pictures), strict=True)
            self.register_buffer(f"mean{cell}", torch.cat(means))
            self.register_buffer(f"covariance{cell}", torch.cat(covariances))

    def forward(self, made: Tensor, texture: int) -> Tensor:
        together = made.transpose(0, 1).flatten(1, 2)[None]  # as if one above the other
        distances = []
        for cell in self.CELLS:
            mean, covariance = moments(F.avg_pool2d(together, cell))
            distances.append(unlikeness(mean, getattr(self, f"mean{cell}")[texture]) * 10)
            distances.append(unlikeness(covariance, getattr(self, f"covariance{cell}")[texture]))
        return torch.stack(distances).mean()


def as_planes(picture: Photos8) -> Tensor:
    """(1, 3, H, W) in 0..1."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255


def load_pictures(config: Config) -> list[Photos8]:
    """(H, W, 3) of each texture. DataError: missing, too small, or nothing to be seen on it."""
    if config.side % TextureNet.STRIDE or config.side < 2 * TextureNet.STRIDE:
        raise DataError(f"The side must be a multiple of {TextureNet.STRIDE} of at least 32, not {config.side}.")
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} pictures cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        return [generated_blocks(1, seed=number)[0][:160, :160] for number, _ in enumerate(config.pictures)]
    return [read_texture(path) for path in config.pictures]


def new_loss(config: Config, pictures: list[Photos8]) -> PerceptualLoss:
    eye = untrained_eye() if config.smoke else trained_eye(config.eye)
    return PerceptualLoss(eye, [as_planes(picture)[0] for picture in pictures], LOOKS if config.sharp else EDGE_LOOKS)


def new_network(config: Config) -> TextureNet:
    return TextureNet(len(config.pictures), config.widths)


def draw_noise(config: Config, *, step: int, rank: int) -> tuple[Tensor, int]:
    """Noise of deviation 1 and the texture of this step: a function of seed, step and rank only.

    Every texture comes up once before any comes up again.
    """
    rng = np.random.default_rng((config.seed, step, rank))
    count = config.batch // (config.devices * config.nodes)
    noise = rng.uniform(-(3**0.5), 3**0.5, (count, 1, config.side, config.side)).astype(np.float32)
    turn, within = divmod(step, len(config.pictures))
    order = np.random.default_rng((config.seed, turn)).permutation(len(config.pictures))
    return torch.from_numpy(noise), int(order[within])


def parameter_groups(network: TextureNet, config: Config) -> list[dict[str, Any]]:
    """Convolutions as matrices; what belongs to single textures by Adam."""
    groups: list[dict[str, Any]] = []
    for name, parameter in network.named_parameters():
        if parameter.ndim == 4:
            matrix = (parameter.shape[0], int(np.prod(parameter.shape[1:])))
            groups.append({"params": [parameter], "lr": config.learning_rate, "matrix": matrix})
        else:
            slower = 0.3 if name == "write" else 1.0  # no norm follows that would forgive too large a step
            groups.append({"params": [parameter], "lr": config.texture_rate * slower})
    return groups


def learning_rate_factor(step: int, config: Config) -> float:
    """Linear warm-up, then half a cosine down to a twentieth."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    done = min(1.0, (step - config.warmup) / max(1, config.steps - config.warmup))
    return 0.05 + 0.95 * 0.5 * (1 + float(np.cos(np.pi * done)))


@torch.no_grad()
def look(network: TextureNet, textures: int, side: int) -> list[Tensor]:
    """One row for the sample grid: a piece of every texture as an export would make it."""
    network.eval()
    noise = torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(0)) * 2 * 3**0.5 - 3**0.5
    device = network.color.device
    made = [network(noise.to(device), shares) for shares in torch.eye(textures, device=device)]
    return [torch.cat(made).clamp(0, 1).cpu()]


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the averaged weights; `resume` goes on where LATEST stopped."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)  # every process begins with the same weights
    pictures = load_pictures(config)
    network = new_network(config)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
    average = average.to(fabric.device)
    losses = TrainingPass(network, new_loss(config, pictures), pictures).to(memory_format=torch.channels_last)
    optimizer = MuonOrAdam(parameter_groups(network, config), betas=(0.9, 0.98))
    losses, optimizer = fabric.setup(losses, optimizer)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer.optimizer, lambda step: learning_rate_factor(step, config))
    parts = {"net": network, "ema": average, "optimizer": optimizer, "schedule": schedule}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=5):
        noise, texture = draw_noise(config, step=step, rank=fabric.global_rank)
        loss, curves = losses(fabric.to_device(noise), texture)
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        schedule.step()
        average.update_parameters(network)

        done = step + 1
        if done % 10 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, done)
        if done % config.look_every == 0 or done == config.steps:
            log_pictures(fabric, "textures", look(average.module, len(pictures), config.side), done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            save(LATEST, done)
    save(BEST, config.steps)
    return config.run / BEST


def trained_network(checkpoint: Path) -> tuple[TextureNet, Config]:
    """The averaged weights of a checkpoint, ready to run, and how they were trained."""
    content = read_checkpoint(checkpoint)
    config = config_from_plain(Config, content["config"])
    average = AveragedModel(new_network(config), use_buffers=True)
    average.load_state_dict(content["ema"])
    return average.module.eval(), config


@torch.no_grad()
def settle_colors(network: TextureNet, pictures: list[Photos8], *, side: int = 256) -> None:
    """Turn each texture's last layer so that its colours have the photograph's mean and covariance exactly.

    The linear map of least motion between two Gaussians (Pitié and Kokaram 2007); the eye is lenient with tints.
    """
    generator = torch.Generator().manual_seed(0)
    for number, picture in enumerate(pictures):
        noise = (torch.rand(1, 1, side, side, generator=generator) * 2 - 1) * 3**0.5
        made = network(noise, torch.eye(len(pictures))[number])[0].flatten(1).double()
        wanted = as_planes(picture)[0].flatten(1).double()
        turn = least_motion(torch.cov(made), torch.cov(wanted)).float()
        weight, color = network.write[number].view(3, -1), network.color[number]
        network.write[number] = (turn @ weight).flatten()
        network.color[number] = turn @ (color - made.mean(dim=1).float()) + wanted.mean(dim=1).float()


def least_motion(before: Tensor, after: Tensor) -> Tensor:
    """(3, 3) that brings one covariance to another: A⁻¹ (A B² A)^½ A⁻¹ with A² before and B² after."""
    root = _root(before)
    inverse = torch.linalg.inv(root + 1e-6 * torch.eye(len(root), dtype=root.dtype))
    return inverse @ _root(root @ after @ root) @ inverse


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T


def export(config: Config, folder: Path) -> None:
    """Averaged weights → model folder, with the numbers of models/common/texture_card.py."""
    network, trained = trained_network(config.run / BEST)
    pictures = load_pictures(trained)
    settle_colors(network, pictures)
    whole = TextureExport(
        network=network,
        titles=[title_of(path) for path in trained.pictures],
        pictures=pictures,
        loss=new_loss(trained, pictures),
        config=plain_values(trained),
        steps=read_checkpoint(config.run / BEST)["step"],
    )
    export_texture(whole, folder)


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
