"""Cut out the subject of a picture: a soft matte, trained on cut-outs pasted onto photographs.

The network (models/nets/matting.py) is an ImageNet eye with a slim decoder; it learns from subjects with alpha out of
free packages, pasted onto photographs so that the pasting leaves no trace (models/common/pasting.py). The loss is
cross-entropy with the soft alpha, overlap (soft IoU) and gradients. Whole folders of cut-outs are held out.
The shipped weights saw pasted pictures alone, none of them before monuments, for they are subjects themselves. The run
before, which pasted before anything, found 0.665 of photographs cut out by hand (IoU) where this one has 0.806, and
0.704 of pasted pictures where this one has 0.687. Photographs as they are (scenes) took 800 steps from there to 0.80,
and the error of pasted pictures up. The preset gpu was not run yet.

    python -m models.fetch_data
    python -m models.matte --steps 1000 --scenes-share 0    some 15 minutes on a core shared with much else
    python -m models.matte --export onnx/cutout             measures and writes the card
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
from models.common.cutouts import Cutout, generated_cutouts, load_cutouts, split_cutouts
from models.common.data import DataError, find_photos, generated_blocks, read_photo
from models.common.export import ExportError, ModelExport, export_model, made_by
from models.common.export_generator import rounded_to_half
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.hand_masks import fitted
from models.common.matte_card import MANIFEST, WEAKNESSES, WHAT, all_metrics, matte_card, matte_tables, on_white
from models.common.matte_measure import SIDE_PX, matte_runner, measure_by_hand, measure_mattes, measured_pictures
from models.common.pasting import Pasted, Rgb8, paste
from models.common.scenes import crop_scene, load_scenes
from models.common.speed import measure_speed
from models.fetch_data import data_sources, weights_source
from models.nets.efficientnet_lite import load_efficientnet_lite0
from models.nets.matting import Matte, MattingNet, folded


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    cutouts: tuple[Path, ...] = (Path("data/cutouts"),)  # any folders of pictures with alpha, your own too
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # backgrounds
    held_out: Path = Path("data/photos/held_out")
    weights: Path = Path("data/weights/efficientnet-lite0/efficientnet-lite0-57934424.pth")  # "" begins from nothing
    cache: Path = Path("data/packed")
    run: Path = Path("runs/matte")
    baselines: Path = Path("data/matte-baselines.json")  # GrabCut takes minutes to tune: kept here
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # what
    held_out_words: tuple[str, ...] = (  # names of folders: the numbers on the card are about kinds never seen
        *("household-tools", "plants-flowers", "vehicles-", "mammals-cats", "mammals-dogs", "stamps-sports"),
    )
    background_words: tuple[str, ...] = (  # photographs with no subject of their own that one would cut out
        *(
            "wallpapers",
            "templates",
            "contents-images",
            "lxqt",
            *("renewable-dam", "renewable-geo", "renewable-solar"),
        ),  # monuments and mills are subjects
    )
    scenes_share: float = 0.35  # of the pictures: photographs as they are, outlined by GrabCut in boxes drawn by hand
    photo_cutouts_share: float = 0.65  # of the pasted subjects; the rest is drawn or painted

    # training
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 3000
    batch: int = 8
    side: int = 192
    learning_rate: float = 1e-3
    eye_rate: float = 2e-4
    warmup: int = 30
    weight_decay: float = 1e-4
    ema: float = 0.99
    clip_gradient: float = 1.0
    seed: int = 0

    validate_every: int = 100
    checkpoint_every: int = 50
    validated: int = 48
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda",
        precision="bf16-mixed",
        threads=8,
        steps=20_000,
        batch=32,
        side=320,
        ema=0.999,
        validate_every=1000,
        checkpoint_every=500,
    ),
}
SMOKE = {
    "weights": Path(),
    "steps": 2,
    "batch": 2,
    "side": 64,
    "warmup": 1,
    "validate_every": 2,
    "checkpoint_every": 2,
    "validated": 2,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


class Material(NamedTuple):
    """What is pasted onto what; `drawn` is empty where all cut-outs are photographs."""

    photographed: Sequence[Cutout]
    drawn: Sequence[Cutout]
    photos: Sequence[Rgb8]
    scenes: Sequence[Pasted] = ()


class Batch(NamedTuple):
    pictures: Tensor  # (N, 3, side, side), 0..1
    alphas: Tensor  # (N, 1, side, side), 0..1

    @staticmethod
    def draw(material: Material, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        return as_batch([paste_one(material, config, rng) for _ in range(count)])


def paste_one(material: Material, config: Config, rng: np.random.Generator) -> Pasted:
    if material.scenes and rng.random() < config.scenes_share:
        return crop_scene(material.scenes[rng.integers(len(material.scenes))], config.side, rng)
    is_drawn = bool(material.drawn) and rng.random() > config.photo_cutouts_share
    return paste(material.drawn if is_drawn else material.photographed, material.photos, config.side, rng)


def as_batch(pasted: Sequence[Pasted]) -> Batch:
    pictures = torch.from_numpy(np.stack([one.picture for one in pasted])).permute(0, 3, 1, 2).contiguous()
    alphas = torch.from_numpy(np.stack([one.alpha for one in pasted]))[:, None]
    return Batch(pictures.float() / 255, alphas.float() / 255)


class TrainingPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: MattingNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, alphas: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        fine, coarse = self.network(pictures)
        fine_loss, curves = matte_loss(fine, alphas)
        coarse_loss, _ = matte_loss(coarse, F.interpolate(alphas, size=coarse.shape[-2:], mode="area"))
        loss = fine_loss + 0.5 * coarse_loss
        return loss, curves | {"loss/all": loss.detach()}


def matte_loss(logits: Tensor, alphas: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Cross-entropy + 1 - soft IoU (pictures with a subject) + L1 of the gradients."""
    found = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, alphas)
    both, either = (found * alphas).sum(dim=(1, 2, 3)), (found + alphas - found * alphas).sum(dim=(1, 2, 3))
    has_subject = (alphas.amax(dim=(1, 2, 3)) > 0.5).float()
    overlap = ((1 - (both + 1) / (either + 1)) * has_subject).sum() / has_subject.sum().clamp(min=1)
    slopes = sum(F.l1_loss(found.diff(dim=axis), alphas.diff(dim=axis)) for axis in (-2, -1))
    parts = {"loss/entropy": entropy.detach(), "loss/overlap": overlap.detach(), "loss/slopes": slopes.detach()}
    return entropy + overlap + 2 * slopes, parts


def load_material(config: Config) -> tuple[Material, Material]:
    """(training, validation with the held-out folders and photographs)."""
    if config.batch % (config.devices * config.nodes):
        raise DataError(
            f"{config.batch} pictures a step cannot be shared among {config.devices * config.nodes} devices."
        )
    if config.smoke:
        blocks = generated_blocks(4)
        return Material(generated_cutouts(4), (), blocks), Material(generated_cutouts(2, seed=1), (), blocks)
    training, held_out = split_cutouts(load_cutouts(config.cutouts, config.cache), config.held_out_words)
    drawn = [cutout for cutout in training if cutout.name.startswith(("openclipart", "wesnoth"))]
    photographed = [cutout for cutout in training if not cutout.name.startswith(("openclipart", "wesnoth"))]
    found = find_photos(config.photos)
    paths = [path for path in found if any(word in str(path) for word in config.background_words)] or found
    backgrounds = [background(path) for path in paths]
    return (
        Material(
            photographed or drawn, drawn if photographed else (), backgrounds, load_scenes(config.photos, config.cache)
        ),
        Material(held_out or training, (), [background(path) for path in find_photos((config.held_out,))]),
    )


def background(path: Path, long_side_px: int = 640) -> Rgb8:
    return fitted(read_photo(path), long_side_px)


@torch.no_grad()
def validate(network: nn.Module, batches: Sequence[Batch]) -> tuple[dict[str, float], list[Tensor]]:
    """(mean absolute error and IoU of the held-out pictures, rows picture | found | truth for the sample grid)."""
    errors, overlaps, rows = [], [], [[], [], []]
    for batch in batches:
        found = torch.sigmoid(network(batch.pictures)[0])
        errors.append((found - batch.alphas).abs().mean(dim=(1, 2, 3)))
        hard, truth = found > 0.5, batch.alphas > 0.5
        either = (hard | truth).sum(dim=(1, 2, 3))
        overlaps.append(((hard & truth).sum(dim=(1, 2, 3)) / either.clamp(min=1))[truth.amax(dim=(1, 2, 3))])
        shown = (batch.pictures, found.expand(-1, 3, -1, -1), batch.alphas.expand(-1, 3, -1, -1))
        for row, pictures in zip(rows, shown, strict=True):
            row.append(pictures[:4].cpu())
    scores = {"error": float(torch.cat(errors).mean()), "iou": float(torch.cat(overlaps).mean())}
    return scores, [torch.cat(row[:4]) for row in rows]


def new_network(config: Config) -> MattingNet:
    network = MattingNet()
    if config.weights.name:
        eye = load_efficientnet_lite0(config.weights).state_dict()
        network.eye.load_state_dict({name: eye[name] for name in network.eye.state_dict()})
    network.freeze_early()
    return network


def rate_factor(done: float, step: int, config: Config) -> float:
    """Linear warm-up, then half a cosine to nothing; `done` is the share of the run that is behind."""
    return min(1.0, (step + 1) / config.warmup) * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    material, held_out = load_material(config)
    watched = [paste_one(held_out, config, np.random.default_rng((9, i))) for i in range(config.validated)]
    batches = [fabric.to_device(as_batch(watched[i : i + 8])) for i in range(0, len(watched), 8)]

    network = new_network(config)
    average = AveragedModel(network, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    losses = TrainingPass(network).to(memory_format=torch.channels_last)
    taught = [parameter for parameter in network.eye.parameters() if parameter.requires_grad]
    decoder = [parameter for name, parameter in network.named_parameters() if not name.startswith("eye.")]
    groups = [{"params": decoder, "lr": config.learning_rate}, {"params": taught, "lr": config.eye_rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    losses, optimizer = fabric.setup(losses, optimizer)

    best, clock = Best(), Clock()
    parts = {"net": network, "ema": average, "optimizer": optimizer, "best": best, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    for step in tqdm(range(first_step, config.steps), disable=not fabric.is_global_zero, mininterval=20):
        done = clock.minutes / config.minutes if config.minutes else step / config.steps
        for group, rate in zip(optimizer.param_groups, (config.learning_rate, config.eye_rate), strict=True):
            group["lr"] = rate * rate_factor(done, step, config)
        batch = fabric.to_device(Batch.draw(material, config, step=step, rank=fabric.global_rank))
        loss, curves = losses(batch.pictures, batch.alphas)
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        average.update_parameters(network)

        is_last = step + 1 == config.steps or clock.is_over(config.minutes)
        if (step + 1) % 10 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, step + 1)
        if (step + 1) % config.validate_every == 0 or is_last:
            scores, rows = validate(average.module.eval(), batches)
            fabric.log_dict(scores, step + 1)
            log_pictures(fabric, "picture, found, truth", rows, step + 1)
            fabric.print(f"step {step + 1}: error {scores['error']:.4f}, IoU {scores['iou']:.3f}")
            if best.improved_by(-scores["error"], step=step + 1):
                save(BEST, step + 1)
        if (step + 1) % config.checkpoint_every == 0 or is_last:
            save(LATEST, step + 1)
        if is_last:
            break
    return config.run / BEST


def trained_network(checkpoint: Path) -> MattingNet:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    average = AveragedModel(MattingNet())
    average.load_state_dict(content["ema"])
    return average.module.eval()


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers measured on held-out cut-outs and photographs."""
    content = read_checkpoint(config.run / BEST)
    _, held_out = load_material(config)
    pictures = measured_pictures(held_out.photographed, held_out.photos, 64 if config.smoke else SIDE_PX)
    about = made_by("models/matte.py", content["config"], sources(config), commit_in_use())
    manifest = MANIFEST | {"made_by": about}

    def measured(aside: Path) -> dict[str, Any]:
        cut_out = matte_runner(aside / "model.onnx")
        found = {
            "rows": measure_mattes(cut_out, pictures, config.baselines),
            "pictures": len(pictures),
            "by_hand": {} if config.smoke else measure_by_hand(cut_out, config.held_out, config.baselines),
        }
        print(matte_tables(found))
        speed = measure_speed(aside / "model.onnx", runs=5)
        return {"metrics": all_metrics(found), "speed": speed, "step": content["step"]} | found

    golden = pictures[0] if config.smoke else pictures[len(pictures) // 3]
    export_model(
        ModelExport(
            network=Matte(rounded_to_half(folded(trained_network(config.run / BEST)))).eval(),
            manifest=manifest,
            golden_input=golden.picture,
            golden_params={},
            golden_clean=np.repeat(golden.alpha[..., None], 3, axis=2),
            measure=measured,
            card=lambda aside: matte_card(aside, manifest, WHAT, WEAKNESSES),
            pictures=lambda aside: {"preview.webp": on_white(shown(config), matte_runner(aside / "model.onnx"))},
            stores_half=True,
        ),
        folder,
    )


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the cut-outs and photographs that are held out by default."""
    _, held_out = load_material(Config())
    pictures = measured_pictures(held_out.photographed, held_out.photos)
    cut_out = matte_runner(folder / "model.onnx")
    rows = measure_mattes(cut_out, pictures, Config().baselines)
    by_hand = measure_by_hand(cut_out, Config().held_out, Config().baselines)
    return matte_tables({"rows": rows, "by_hand": by_hand}), rows + by_hand.get("rows", [])


def sources(config: Config) -> list[dict[str, str]]:
    """What the weights were made from: cut-outs, photographs, the eye."""
    eye = [weights_source(config.weights)] if config.weights.name else []
    return [*data_sources(config.cutouts), *data_sources(config.photos), *eye]


def shown(config: Config) -> Rgb8:
    found = find_photos((config.held_out,)) if not config.smoke else []
    if not found:
        return generated_blocks(1)[0]
    return background(next((path for path in found if "chelsea" in path.name), found[0]), 420)


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
