"""Inpainting: a generator fills holes with structure, for the patch search of the editor to fill in the detail.

The network (models/nets/inpainting.py) learns on photographs with holes as people make them (models/common/holes.py):
strokes, boxes, outlines of cut-outs, missing sides. Its losses are the distance to what was there, the distance as a
trained eye sees it (VGG16, in the half and close up), and a judge of patches that learns along (hinge).

    python -m models.fetch_data
    python -m models.inpaint --minutes 15
    python -m models.inpaint --export onnx/inpaint      measures by the editor's own command and writes the card

No weights are shipped yet. Two runs were looked at: 690 steps of 8 crops of 128 px, and 1,000 steps of 24 crops of 64
px, 10 to 15 minutes each on a shared core. Both ended where the smooth fill begins: the distance in the hole of
photographs not in training fell from 0.0625 to 0.0593 within 200 steps and no further, what the eye sees from 0.148 to
0.143. Two dozen thousand holes are not enough to learn how edges go on; that takes a GPU. Until something beats patches
alone, the editor fills by patches.

What there is to beat, from models/common/inpaint_measure.py on 10 held-out photographs, LPIPS on this eye / PSNR in the
hole: small holes patches 0.034 / 25.3 dB, Navier-Stokes 0.063 / 23.6; medium 0.081 / 21.7, Navier-Stokes 0.121 / 20.8,
Telea 0.123 / 20.6; large 0.164 / 20.1, Telea 0.189 / 19.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.data import (
    BLOCK_PX,
    DataError,
    find_photos,
    generated_blocks,
    packed_blocks,
    split_photos,
)
from models.common.export import ExportError, ModelExport, export_model, made_by
from models.common.export_generator import rounded_to_half
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.hole_batches import Batch, Material, draw_batch
from models.common.holes import generated_shapes, load_shapes
from models.common.inpaint_card import MANIFEST, inpaint_card, inpaint_metrics
from models.common.inpaint_measure import (
    EDITOR_METHODS,
    generated_holes,
    golden_part,
    measure_folder,
    measured_pictures,
    preview,
    table,
)
from models.common.lpips import Eye
from models.common.speed import measure_speed
from models.fetch_data import data_sources
from models.nets.inpainting import STRIDE, Inpainter, PatchJudge
from models.nets.vgg import VGG_WEIGHTS, Vgg, random_vgg

EYE_LAYERS = ("relu1_1", "relu2_1", "relu3_1")


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of pictures, your own too
    cutouts: tuple[Path, ...] = (Path("data/cutouts"),)  # whose outlines are holes
    held_out: Path = Path("data/photos/held_out")
    eye: Path = VGG_WEIGHTS
    cache: Path = Path("data/packed")
    run: Path = Path("runs/inpaint")
    baselines: Path = Path("data/inpaint-baselines.json")  # the rivals take minutes: kept here
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network: 2.6 M parameters, 5.2 MB in half precision
    widths: tuple[int, int, int, int] = (32, 64, 96, 128)  # channels at stride 2, 4, 8 and 16
    depths: tuple[int, int, int] = (4, 3, 3)  # gated blocks at stride 16, 8 and 4
    judge_width: int = 32

    # training
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 4000
    batch: int = 24
    crop: int = 64  # of photographs made one to three times smaller: where things are, not how they look close up
    learning_rate: float = 1.5e-3
    judge_rate: float = 4e-4
    warmup: int = 50
    weight_decay: float = 1e-4
    known_weight: float = 0.1  # what is known must be written too, so that nothing changes at the rim
    eye_weight: float = 0.05
    eye_every: int = 3  # steps: the eye costs more than the network
    judge_weight: float = 0.005
    judged_from: int = 600  # a step; before that anything looks wrong
    ema: float = 0.995
    clip_gradient: float = 1.0
    seed: int = 0
    validate_every: int = 200
    checkpoint_every: int = 100
    validated: int = 48
    validation_photos_every: int = 20  # every 20th photo only chooses the best weights
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda",
        precision="bf16-mixed",
        threads=8,
        steps=60_000,
        batch=64,
        crop=128,
        eye_every=1,
        judge_weight=0.02,
        ema=0.999,
        validate_every=2000,
        checkpoint_every=1000,
    ),
}
SMOKE = {
    "widths": (4, 8, 8, 8),
    "depths": (1, 1, 1),
    "judge_width": 4,
    "eye": Path(),
    "steps": 4,
    "batch": 2,
    "crop": 64,
    "warmup": 1,
    "judged_from": 2,
    "validate_every": 2,
    "checkpoint_every": 2,
    "validated": 2,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


def batch_of_step(material: Material, config: Config, *, step: int, rank: int) -> Batch:
    """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
    rng = np.random.default_rng((config.seed, step, rank))
    batch = draw_batch(material, config.batch // (config.devices * config.nodes), config.crop, rng)
    return batch._replace(is_seen=step % config.eye_every == 0)


class GeneratorPass(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, network: Inpainter, eye: Eye, config: Config) -> None:
        super().__init__()
        self.network, self.eye, self.config = network, eye, config

    def forward(self, batch: Batch, judge: nn.Module | None) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """(loss, the filled pictures, curves)."""
        photo, hole, is_seen = batch
        written = self.network.filled(photo * (1 - hole), 1 - hole)
        filled = photo * (1 - hole) + written * hole
        distance = (written - photo).abs().mean(dim=1, keepdim=True)
        in_hole = (distance * hole).sum() / hole.sum()
        known = (distance * (1 - hole)).sum() / (1 - hole).sum()
        loss = in_hole + self.config.known_weight * known
        curves = {"loss/hole": in_hole, "loss/known": known}
        if is_seen:
            share = photo.shape[-1] ** 2 / hole.sum(dim=(1, 2, 3))  # only the hole differs: small ones count as much
            seen = (self.eye(filled, photo) * share.clamp(max=12)).mean()
            loss = loss + self.config.eye_weight * self.config.eye_every * seen
            curves["loss/eye"] = seen
        if judge is not None:
            judged = judge(filled, hole)
            spoilt = F.adaptive_avg_pool2d(hole, judged.shape[-1])
            fooling = -(judged * spoilt).sum() / spoilt.sum()
            loss = loss + self.config.judge_weight * fooling
            curves["loss/fooling"] = fooling
        return loss, filled.detach(), {name: value.detach() for name, value in curves.items()}


class JudgePass(nn.Module):
    """Hinge; in a filled picture only patches that the hole touches are false, the others are as true as a photo's."""

    def __init__(self, judge: PatchJudge) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, photo: Tensor, filled: Tensor, hole: Tensor) -> Tensor:
        real, false = self.judge(photo, hole), self.judge(filled, hole)
        spoilt = F.adaptive_avg_pool2d(hole, false.shape[-1])
        per_patch = F.relu(1 + false) * spoilt + F.relu(1 - false) * (1 - spoilt)
        return F.relu(1 - real).mean() + (per_patch * (0.2 + spoilt)).sum() / (0.2 + spoilt).sum()


def load_material(config: Config) -> tuple[Material, Material]:
    """(training, validation); DataError when the Config asks for crops that cannot be."""
    if config.crop > BLOCK_PX or config.crop % STRIDE:
        raise DataError(f"A crop must be a multiple of {STRIDE} pixels and at most {BLOCK_PX}.")
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} crops a step cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        shapes = generated_shapes(4)
        return Material(generated_blocks(8, seed=1), shapes), Material(generated_blocks(4, seed=2), shapes)
    shapes = load_shapes(config.cutouts, config.cache)
    training, validation = split_photos(find_photos(config.photos), every=config.validation_photos_every)
    return (
        Material(packed_blocks(training, config.cache), shapes),
        Material(packed_blocks(validation, config.cache), shapes),
    )


@torch.no_grad()
def validate(network: Inpainter, eye: Eye, batches: Sequence[Batch]) -> tuple[dict[str, float], list[Tensor]]:
    """(distances in the hole, rows holed | filled | photo for the sample grid)."""
    plain, seen, rows = [], [], [[], [], []]
    for photo, hole, _ in batches:
        filled = network(photo, hole)
        plain.append((filled - photo).abs().sum(dim=(1, 2, 3)) / (3 * hole.sum(dim=(1, 2, 3))))
        seen.append(eye(filled, photo))
        for row, pictures in zip(rows, (photo * (1 - hole), filled, photo), strict=True):
            row.append(pictures.cpu())
    scores = {"distance": float(torch.cat(plain).mean()), "eye": float(torch.cat(seen).mean())}
    return scores, [torch.cat(row)[:8] for row in rows]


def new_network(config: Config) -> Inpainter:
    return Inpainter(config.widths, config.depths)


def rate_factor(done: float, step: int, config: Config) -> float:
    """Linear warm-up, then half a cosine down to a fiftieth; `done` is the share of the run that is behind."""
    return min(1.0, (step + 1) / config.warmup) * (0.02 + 0.49 * (1 + float(np.cos(np.pi * min(done, 1.0)))))


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config, broadcast_buffers=False)
    torch.manual_seed(config.seed)
    material, held_out = load_material(config)
    rng = np.random.default_rng((config.seed, 9))
    batches = [
        draw_batch(held_out, min(8, config.validated), config.crop, rng) for _ in range(config.validated // 8 or 1)
    ]
    watched = [Batch(*fabric.to_device((batch.photo, batch.hole)), True) for batch in batches]

    network, judge = new_network(config), PatchJudge(config.judge_width)
    eye = Eye(Vgg.trained(EYE_LAYERS, config.eye) if config.eye.name else random_vgg(EYE_LAYERS))
    average = AveragedModel(network, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    generator_pass = GeneratorPass(network, eye, config).to(memory_format=torch.channels_last)
    judge_pass = JudgePass(judge).to(memory_format=torch.channels_last)
    rates = {"network": config.learning_rate, "judge": config.judge_rate}
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=rates["network"], betas=(0.5, 0.99), weight_decay=config.weight_decay
    )
    judge_optimizer = torch.optim.Adam(judge.parameters(), lr=rates["judge"], betas=(0.5, 0.99))
    generator_pass, optimizer = fabric.setup(generator_pass, optimizer)
    judge_pass, judge_optimizer = fabric.setup(judge_pass, judge_optimizer)

    best, clock = Best(), Clock()
    parts = {"net": network, "judge": judge, "ema": average, "optimizer": optimizer}
    parts |= {"judge_optimizer": judge_optimizer, "best": best, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    def watch(step: int) -> None:
        scores, rows = validate(average.module, eye, watched)
        fabric.log_dict(scores, step)
        log_pictures(fabric, "hole, filled, photo", rows, step)
        fabric.print(
            f"step {step}, minute {clock.minutes:.1f}: " + ", ".join(f"{k} {v:.4f}" for k, v in scores.items())
        )
        if best.improved_by(-scores["distance"] - scores["eye"] / 4, step=step):
            save(BEST, step)

    if first_step == 0:
        watch(0)  # next to the smooth fill, which is the first to beat

    for step in tqdm(range(first_step, config.steps), disable=not fabric.is_global_zero, mininterval=20):
        done = clock.minutes / config.minutes if config.minutes else step / config.steps
        for each, rate in ((optimizer, rates["network"]), (judge_optimizer, rates["judge"])):
            each.param_groups[0]["lr"] = rate * rate_factor(done, step, config)
        drawn = batch_of_step(material, config, step=step, rank=fabric.global_rank)
        batch = Batch(*fabric.to_device((drawn.photo, drawn.hole)), drawn.is_seen)
        is_judged = step >= config.judged_from
        judge.requires_grad_(False)
        loss, filled, curves = generator_pass(batch, judge if is_judged else None)
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(generator_pass, optimizer, max_norm=config.clip_gradient, error_if_nonfinite=False)
        optimizer.step()
        average.update_parameters(network)
        judge.requires_grad_(True)
        if step >= config.judged_from - config.warmup:  # it is a little ahead
            judge_loss = judge_pass(batch.photo, filled, batch.hole)
            judge_optimizer.zero_grad()
            fabric.backward(judge_loss)
            judge_optimizer.step()
            curves["loss/judge"] = judge_loss.detach()

        is_last = step + 1 == config.steps or clock.is_over(config.minutes)
        if (step + 1) % 20 == 0:
            fabric.log_dict({name: float(value) for name, value in curves.items()}, step + 1)
        if (step + 1) % config.validate_every == 0 or is_last:
            watch(step + 1)
        if (step + 1) % config.checkpoint_every == 0 or is_last:
            save(LATEST, step + 1)
        if is_last:
            break
    return config.run / BEST


def trained_network(checkpoint: Path) -> Inpainter:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    average = AveragedModel(new_network(config_from_plain(Config, content["config"])))
    average.load_state_dict(content["ema"])
    return average.module.eval()


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers measured on held-out photographs."""
    content = read_checkpoint(config.run / BEST)
    pictures = generated_holes() if config.smoke else measured_pictures(config.held_out, config.cutouts, config.cache)
    about = made_by(
        "models/inpaint.py",
        content["config"],
        [*data_sources(config.photos), *data_sources(config.cutouts)],
        commit_in_use(),
    )
    manifest = MANIFEST | {"made_by": about}

    def measured(aside: Path) -> dict[str, Any]:
        rows = [] if config.smoke else measure_folder(aside, pictures)
        print(table(rows))
        speed = measure_speed(aside / "model.onnx", runs=2 if config.smoke else 5)
        count = len(next(iter(pictures.values())))
        found = {"metrics": inpaint_metrics(rows), "speed": speed, "step": content["step"]}
        return found | {"rows": rows, "pictures": count}

    golden = pictures["medium"][-1]
    part = golden_part(golden.hole)
    export_model(
        ModelExport(
            network=rounded_to_half(trained_network(config.run / BEST)),
            manifest=manifest,
            golden_input=golden.spoilt()[part],
            golden_params={},
            golden_clean=golden.photo[part],
            golden_mask=golden.hole[part],
            measure=measured,
            card=lambda aside: inpaint_card(aside, manifest),
            pictures=lambda aside: {"preview.webp": preview({} if config.smoke else EDITOR_METHODS, aside, pictures)},
            stores_half=True,
        ),
        folder,
    )


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the photographs that are held out by default."""
    rows = measure_folder(folder, measured_pictures(Config().held_out, Config().cutouts, Config().cache))
    return table(rows), rows


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
