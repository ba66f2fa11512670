"""Select an object by pointing at it: clicks inside and outside, a box, a rough mask → a soft selection.

The eye, EfficientNet-Lite0, stays as ImageNet made it, so what it says of every training picture is computed once and
kept (models/common/click_pool.py); only the neck and the decoder (models/nets/clicking.py) learn. Each picture holds
up to three pasted objects, and only what was pointed at is asked for. After the first click, box or rough mask the
next clicks go where the network's own answer is wrong (models/common/clicks.py); every answer on the way is taught.

    python -m models.click_segment --minutes 15 --steps 100000
    python -m models.click_segment --export onnx/click-segment      measures and writes the card
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
from models.common.click_card import click_card, click_preview
from models.common.click_export import ClickExport, click_manifest, export_click_model
from models.common.click_measure import graph_answerer, measured_folder, measured_pictures, photographs, tables
from models.common.click_pool import ClickPool, click_pool, full_scene
from models.common.clicks import Question, as_arrays, first_question, next_click
from models.common.cutouts import Cutout, generated_cutouts, load_cutouts, split_cutouts
from models.common.data import DataError, find_photos, generated_blocks
from models.common.export import ExportError, made_by
from models.common.fabric import PlacementError, commit_in_use, start_fabric
from models.common.pasting import Rgb8
from models.fetch_data import data_sources, weights_source
from models.matte import Config as MatteConfig
from models.matte import background, rate_factor
from models.nets.clicking import FED_PX, HINT_LOGITS, INSIDE, OUTSIDE, ClickDecoder, ClickEye, ClickNeck, frozen_eye


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    cutouts: tuple[Path, ...] = (Path("data/cutouts"),)  # any folders of pictures with alpha, your own too
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # backgrounds
    held_out: Path = Path("data/photos/held_out")
    weights: Path = Path("data/weights/efficientnet-lite0/efficientnet-lite0-57934424.pth")  # "" begins from nothing
    cache: Path = Path("data/packed")
    run: Path = Path("runs/click-segment")
    baselines: Path = Path("data/click-baselines.json")  # GrabCut takes minutes: kept here
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # what
    held_out_words: tuple[str, ...] = MatteConfig().held_out_words  # the same kinds that cutout has never seen
    background_words: tuple[str, ...] = MatteConfig().background_words
    photo_cutouts_share: float = 0.65  # of the pasted subjects; the rest is drawn or painted
    pictures: int = 1300  # made and seen by the eye once, a tenth of a second each
    side: int = FED_PX

    # training
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 2000
    batch: int = 12
    rounds: int = 3  # answers to one question, each mended by the next click
    earlier_share: float = 0.3  # of the later rounds are shown the answer before as a hint
    learning_rate: float = 2e-3
    warmup: int = 30
    weight_decay: float = 1e-4
    ema: float = 0.99
    clip_gradient: float = 1.0
    seed: int = 0

    validate_every: int = 150
    checkpoint_every: int = 50
    validated: int = 64  # pictures
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, pictures=20_000, steps=20_000, batch=32, rounds=5, ema=0.999),
}
SMOKE = {
    "weights": Path(),
    "pictures": 6,
    "steps": 2,
    "batch": 2,
    "rounds": 2,
    "warmup": 1,
    "validate_every": 2,
    "checkpoint_every": 2,
    "validated": 2,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


ABOUT = {
    "id": "click-segment",
    "title": "Select by pointing",
    "description": "Selects the object that was clicked on, boxed in or painted over, with a soft edge.",
    "licence": "Apache-2.0",
    "source": "models/click_segment.py",
}
COARSE_SHARE = 0.4  # of the loss: what the decoder counts colours by has to be right early
GOLDEN_POINTS = [(150.0, 160.0, INSIDE), (20.0, 30.0, OUTSIDE)]
PREVIEW = (("chelsea", [(0.5, 0.5, INSIDE)]), ("coffee", [(0.5, 0.5, INSIDE)]))


class Material(NamedTuple):
    """What is pasted onto what, and how many pictures of it are made."""

    photographed: Sequence[Cutout]
    drawn: Sequence[Cutout]  # empty where all cut-outs are photographs
    photos: Sequence[Rgb8]
    pictures: int
    seed: int

    def pool(self, eye: ClickEye, config: Config) -> ClickPool:
        return click_pool(
            eye,
            (self.photographed, self.drawn),
            self.photos,
            count=self.pictures,
            first_share=config.photo_cutouts_share,
            cache=config.cache,
            seed=self.seed,
            side=config.side,
        )


class Batch(NamedTuple):
    """What the eye said of N pictures, the pictures at the decoder's cells, what is meant there and twice as fine."""

    seen: tuple[Tensor, Tensor, Tensor, Tensor]
    small: Tensor  # (N, 3, side / 4, side / 4), 0..1
    coarse: Tensor  # (N, 1, side / 4, side / 4), 0..1
    fine: Tensor  # (N, 1, side / 2, side / 2), 0..1

    @staticmethod
    def draw(pool: ClickPool, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        places = np.sort(rng.choice(len(pool), count, replace=False))
        return Batch.of(pool, places, np.array([rng.integers(pool.counts[place]) for place in places]))

    @staticmethod
    def of(pool: ClickPool, places: np.ndarray, numbers: np.ndarray) -> Batch:
        at4, at8, at16, at32 = (torch.from_numpy(np.asarray(kept[places])).float() for kept in pool.features)
        small = torch.from_numpy(np.asarray(pool.small[places])).float() / 255
        targets = np.stack([pool.targets[p, n] for p, n in zip(places, numbers, strict=True)])
        fine = torch.from_numpy(targets)[:, None].float() / 255
        return Batch((at4, at8, at16, at32), small, F.avg_pool2d(fine, 2), fine)


class ClickNet(nn.Module):
    """What learns: neck and decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.neck, self.decoder = ClickNeck(), ClickDecoder()


class TrainingPass(nn.Module):
    """All rounds of a batch of questions as one forward pass: data-parallel training averages nothing else."""

    def __init__(self, network: ClickNet, config: Config) -> None:
        super().__init__()
        self.network = network
        self.rounds, self.earlier_share = config.rounds, config.earlier_share

    def forward(self, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        targets = batch.coarse[:, 0].cpu().numpy()
        questions = [first_question(target, rng) for target in targets]
        embedding = self.network.neck(batch.seen, batch.small)
        losses, curves = [], {}
        for number in range(self.rounds):
            logits, coarse = ask(self.network.decoder, embedding, batch.small, questions)
            losses.append(click_loss(logits, batch.fine) + COARSE_SHARE * click_loss(coarse, batch.fine))
            curves[f"loss/answer {number + 1}"] = losses[-1].detach()
            found = logits.detach()[:, 0].float().cpu().numpy()
            for question, answer, target in zip(questions, found, targets, strict=True):
                next_click(question, answer > 0, target, rng)
                question.hint = (
                    np.clip(answer, -HINT_LOGITS, HINT_LOGITS) if rng.random() < self.earlier_share else None
                )
        return torch.stack(losses).mean(), curves


def ask(decoder: nn.Module, seen: tuple[Tensor, ...], small: Tensor, questions: list[Question]) -> list[Tensor]:
    """Logits (N, 1, h, w) and coarse ones (N, 1, h/2, w/2) for one question about each picture."""
    told = as_arrays(questions, (small.shape[-2], small.shape[-1]))
    return list(decoder(*seen, small, *(torch.from_numpy(array).to(small.device) for array in told)))


def click_loss(logits: Tensor, fine: Tensor) -> Tensor:
    """Cross-entropy that counts subject and rest alike + 1 - soft IoU, at two cells each way for one."""
    logits = F.interpolate(logits, size=fine.shape[-2:], mode="bilinear", align_corners=False)
    found = torch.sigmoid(logits)
    share = fine.mean(dim=(2, 3), keepdim=True).clamp(0.02, 0.5)
    weight = 1 + fine * (0.5 / share - 1)
    entropy = (F.binary_cross_entropy_with_logits(logits, fine, reduction="none") * weight).mean() / weight.mean()
    both, either = (found * fine).sum(dim=(1, 2, 3)), (found + fine - found * fine).sum(dim=(1, 2, 3))
    return entropy + (1 - (both + 1) / (either + 1)).mean()


def load_material(config: Config) -> tuple[Material, Material]:
    """(training, validation with the held-out folders and photographs)."""
    if config.batch % (config.devices * config.nodes):
        raise DataError(
            f"{config.batch} pictures a step cannot be shared among {config.devices * config.nodes} devices."
        )
    if config.smoke:
        blocks = generated_blocks(4)
        return (
            Material(generated_cutouts(4), (), blocks, config.pictures, config.seed),
            Material(generated_cutouts(2, seed=1), (), blocks, config.validated, 9),
        )
    training, held_out = split_cutouts(load_cutouts(config.cutouts, config.cache), config.held_out_words)
    drawn = [cutout for cutout in training if cutout.name.startswith(("openclipart", "wesnoth"))]
    photographed = [cutout for cutout in training if not cutout.name.startswith(("openclipart", "wesnoth"))]
    found = find_photos(config.photos)
    paths = [path for path in found if any(word in str(path) for word in config.background_words)] or found
    held_photos, photos = ([background(path) for path in some] for some in (find_photos((config.held_out,)), paths))
    return (
        Material(photographed or drawn, drawn if photographed else (), photos, config.pictures, config.seed),
        Material(held_out or training, (), held_photos, config.validated, 9),
    )


def watched_batches(pool: ClickPool) -> list[Batch]:
    """Every picture of the pool once, its first target."""
    places = np.arange(len(pool))
    return [Batch.of(pool, places[i : i + 8], np.zeros(len(places[i : i + 8]), int)) for i in range(0, len(pool), 8)]


@torch.no_grad()
def validate(network: ClickNet, batches: Sequence[Batch], rounds: int = 5) -> dict[str, float]:
    """IoU on the cells after one to ROUNDS clicks, the first in the middle of what is meant."""
    overlaps: list[list[float]] = [[] for _ in range(rounds)]
    for batch in batches:
        targets = batch.coarse[:, 0].cpu().numpy()
        embedding = network.neck(batch.seen, batch.small)
        questions = [Question() for _ in targets]
        for question, target in zip(questions, targets, strict=True):
            next_click(question, np.zeros_like(target), target, None)
        for number in range(rounds):
            found = ask(network.decoder, embedding, batch.small, questions)[0][:, 0].cpu().numpy() > 0
            for question, answer, target in zip(questions, found, targets, strict=True):
                truth = target > 0.5
                overlaps[number].append(float((answer & truth).sum() / max((answer | truth).sum(), 1)))
                next_click(question, answer, target, None)
    return {f"iou {number + 1}": float(np.mean(found)) for number, found in enumerate(overlaps)}


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    material, held_out = load_material(config)
    pool = material.pool(eye := frozen_eye(config.weights), config)
    batches = [fabric.to_device(batch) for batch in watched_batches(held_out.pool(eye, config))]

    network = ClickNet()
    average = AveragedModel(network, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    losses = TrainingPass(network, config).to(memory_format=torch.channels_last)
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
        batch = fabric.to_device(Batch.draw(pool, config, step=step, rank=fabric.global_rank))
        loss, curves = losses(batch, np.random.default_rng((config.seed, step, fabric.global_rank, 1)))
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        average.update_parameters(network)

        is_last = step + 1 == config.steps or clock.is_over(config.minutes)
        if (step + 1) % 10 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, step + 1)
        if (step + 1) % config.validate_every == 0 or is_last:
            scores = validate(average.module.eval(), batches)
            fabric.log_dict(scores, step + 1)
            fabric.print(f"step {step + 1}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()))
            if best.improved_by(scores["iou 1"] + scores["iou 3"], step=step + 1):
                save(BEST, step + 1)
        if (step + 1) % config.checkpoint_every == 0 or is_last:
            save(LATEST, step + 1)
        if is_last:
            break
    return config.run / BEST


def trained_network(checkpoint: Path) -> ClickNet:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    average = AveragedModel(ClickNet())
    average.load_state_dict(content["ema"])
    return average.module.eval()


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers measured on held-out cut-outs and photographs."""
    content = read_checkpoint(config.run / BEST)
    _, held_out = load_material(config)
    network, eye = trained_network(config.run / BEST), frozen_eye(config.weights)
    pictures = measured_pictures(held_out.photographed, held_out.photos)[: 2 if config.smoke else None]
    about = made_by("models/click_segment.py", content["config"], sources(config), commit_in_use())
    manifest = click_manifest(ABOUT | {"made_by": about})

    def measure(aside: Path) -> dict[str, Any]:
        found = measured_folder(aside, pictures, config.baselines, [] if config.smoke else photographs(config.held_out))
        print(tables(found))
        return found | {"step": content["step"]}

    export_click_model(
        ClickExport(
            eye=eye,
            neck=network.neck,
            decoder=network.decoder,
            manifest=manifest,
            golden_input=full_scene(held_out.photographed, held_out.photos),
            golden_points=GOLDEN_POINTS,
            measure=measure,
            card=lambda aside: click_card(aside, manifest),
            pictures=lambda aside: {"preview.webp": click_preview(graph_answerer(aside), shown(config))},
        ),
        folder,
    )


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the cut-outs and photographs that are held out by default."""
    config, held_out = Config(), load_material(Config())[1]
    pictures = measured_pictures(held_out.photographed, held_out.photos)
    measured = measured_folder(folder, pictures, config.baselines, photographs(config.held_out))
    return tables(measured), measured["rows"] + measured["by_hand"]["rows"]


def shown(config: Config) -> list[tuple[Rgb8, Sequence[tuple[float, float, int]]]]:
    """Real photographs of no training, and where they are clicked, in shares of width and height."""
    if config.smoke:
        return [(generated_blocks(1)[0], [(0.5, 0.5, INSIDE)])]
    found = find_photos((config.held_out,))
    chosen = [(path, clicks) for name, clicks in PREVIEW for path in found if name in path.name]
    return [(background(path, 420), clicks) for path, clicks in chosen or [(found[0], [(0.5, 0.5, INSIDE)])]]


def sources(config: Config) -> list[dict[str, str]]:
    """What the weights were made from: cut-outs, photographs, the eye."""
    eye = [weights_source(config.weights)] if config.weights.name else []
    return [*data_sources(config.cutouts), *data_sources(config.photos), *eye]


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
