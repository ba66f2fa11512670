"""A style of one's own from one picture: the shipped network of styles, tuned to it and exported.

    python -m models.learn_style painting.jpg --export onnx/my-style
    python -m models.learn_style painting.jpg --export onnx/my-style --minutes 5 --photos holiday

The weights come out of the shipped model file. Of its styles the one whose pictures are nearest to the painting is
where learning begins (models/fast_style.py has the losses). The time ends it, not a number of steps; what was learned
is then exported with a card and stands in the Styles panel of the editor, which starts this same program with
--report: one line of JSON for each step, with a picture now and then.

    python -m models.learn_style data/paintings/night-cafe.png --export night-cafe --minutes 10 --threads 1

took 11 minutes with the export, on one core, with the network of styles before the one that is shipped: 1,984 steps,
style distance 0.14 on photographs (untouched 0.44). Begun with today's network, whose steps take as long, it was not
measured again.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
import tyro
from onnx import numpy_helper
from PIL import Image
from torch import Tensor

from models.common.any_style_measure import example_sheet
from models.common.cli import leave
from models.common.data import (
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
from models.common.fabric import PlacementError, commit_in_use, start_fabric
from models.common.muon import MuonOrAdam
from models.common.perceptual import GLIMPSED, WIDE_LOOKS, WIDE_STROKE, PerceptualLoss, trained_eye, untrained_eye
from models.common.style_card import measured_photos, speed_of, style_card, style_rows
from models.common.style_pictures import SHORT_SIDE_PX, resized_style
from models.fast_style import Config as FastConfig
from models.fast_style import TrainingPass, begin_with_palettes, parameter_groups
from models.fetch_data import data_sources
from models.nets.style_transfer import StylePainter, is_of_style
from models.nets.vgg import VGG_WEIGHTS

GOLDEN_SIZE = (151, 187)
SHOWN_EVERY = 20  # one photograph of so many is kept from learning
SHOWN = 2  # of those: the ones with most to see in them
LAST_SHARE = 0.05  # of the learning rate at the end
WHAT = (
    "Strength mixes the photograph back in; 0 changes nothing. Colours can stay the photograph's. Brush size above 100 "
    "makes strokes larger. The seed changes what even areas are filled with."
)
WEAKNESSES = (
    "Learned from one picture in minutes: touch and colour of it, nothing of how it was composed.",
    "Small faces lose their features at full strength; a lower strength or a mask keeps people recognisable.",
)


@dataclass(frozen=True)
class Config:
    picture: tyro.conf.Positional[Path]
    export: Path  # the model folder to be made

    minutes: float = 12.0  # on two cores; more makes it finer
    strength: float = 16.0  # what style counts beside content
    stroke_side: int = SHORT_SIDE_PX  # the picture's shorter side when it is looked at: larger makes larger strokes
    photos: tuple[Path, ...] = (Path("data/photos/train"),)
    cache: Path = Path("data/packed")
    eye: Path = VGG_WEIGHTS
    start: Path = Path("onnx/styles/model.onnx")
    run: Path = Path("runs/learn-style")
    batch: int = 4
    crop: int = 192
    learning_rate: float = 4e-3
    seed: int = 0
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2
    report: Path | None = None  # a folder for pictures on the way; each is named in a line on standard output
    smoke: bool = False  # a few steps on pictures made on the spot, with an untrained eye


def shipped_painter(path: Path) -> tuple[StylePainter, int]:
    """The network in an exported file and how many styles it has. DataError: there is none in it."""
    try:
        graph = onnx.load(path).graph
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a model to begin from.") from error
    stored = {t.name.removesuffix("_half"): numpy_helper.to_array(t).astype(np.float32) for t in graph.initializer}
    weights = {
        name.removeprefix("painter."): torch.tensor(array)
        for name, array in stored.items()
        if name.startswith("painter.")
    }
    try:
        styles, width = weights["tint"].shape[0], weights["read.weight"].shape[0]
        painter = StylePainter(styles, width, weights["refine.bias"].shape[1])
        painter.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise DataError(f"{path} is not a network of styles that models/fast_style.py exported.") from error
    return painter, styles


@torch.no_grad()
def nearest_style(painter: StylePainter, styles: int, loss: PerceptualLoss, photos: Tensor, noise: Tensor) -> int:
    """The style whose pictures of some photographs are nearest to the wanted manner."""
    distances = [
        float(loss(painter(photos, noise, torch.eye(styles)[k : k + 1]).clamp(0, 1), photos, 0)[1])
        for k in range(styles)
    ]
    return int(np.argmin(distances))


def one_style(painter: StylePainter, style: int) -> StylePainter:
    """The same network with one of its styles."""
    single = StylePainter(1, painter.read.out_channels, painter.refine.shape[0])
    rows = painter.state_dict().items()
    single.load_state_dict({k: v[style : style + 1].clone() if is_of_style(k) else v.clone() for k, v in rows})
    return single


def learn(config: Config) -> None:
    """Tune, measure, export. DataError and ExportError say what is wrong; nothing is left half-written."""
    picture = resized_style(read_photo(config.picture), config.stroke_side)
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    painter, styles = shipped_painter(config.start)
    blocks, shown = photographs(config)
    eye = untrained_eye() if config.smoke else trained_eye(config.eye)
    planes = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    loss = PerceptualLoss(eye, [planes], WIDE_LOOKS, stroke=WIDE_STROKE, glimpsed=GLIMPSED)
    photos, noise = _batch(blocks, config, step=-1)
    painter = one_style(painter, nearest_style(painter, styles, loss, photos, noise))
    painter.touch.zero_()  # a print or a mosaic is not learned from a picture
    begin_with_palettes(painter, blocks[:: max(1, len(blocks) // 64), ::6, ::6], [picture])
    losses = TrainingPass(painter, loss, torch.tensor([1 / config.strength]), smoothness=0.005)
    losses = losses.to(memory_format=torch.channels_last)
    groups = parameter_groups(painter, FastConfig(learning_rate=config.learning_rate))
    losses, optimizer = fabric.setup(losses, MuonOrAdam(groups, betas=(0.9, 0.98)))
    first_rates = [group["lr"] for group in optimizer.param_groups]
    first = torch.from_numpy(next(iter(shown.values()))).permute(2, 0, 1)[None].float() / 255
    first_noise = torch.rand(1, 1, *first.shape[2:], generator=torch.Generator().manual_seed(0)) * 2 - 1
    steps, begin, share = 0, time.monotonic(), 0.0
    while share < 1:
        share = steps / 3 if config.smoke else (time.monotonic() - begin) / (60 * config.minutes)
        for group, rate in zip(optimizer.param_groups, first_rates, strict=True):
            falling = LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + np.cos(np.pi * min(share, 1.0)))
            group["lr"] = rate * falling * min(1.0, (steps + 1) / 10)
        batch = fabric.to_device(_batch(blocks, config, step=steps))
        total, _curves = losses(*batch, 0)
        optimizer.zero_grad()
        fabric.backward(total)
        optimizer.step()
        steps += 1
        _tell(config, painter, first, first_noise, steps=steps, share=share)
    loss.glimpsed = ()  # for measuring, nothing is left to chance
    export(config, painter.cpu().eval(), loss.cpu(), picture, shown, steps)


def photographs(config: Config) -> tuple[Photos8, dict[str, Rgb8]]:
    """(blocks to learn on, squares MEASURED_PX wide of others to look at)."""
    if config.smoke:
        blocks = generated_blocks(8)
        return blocks, {"generated": blocks[0], "generated too": blocks[1]}
    learned, kept = split_photos(find_photos(config.photos), every=SHOWN_EVERY)
    squares = measured_photos({path.stem: read_photo(path) for path in kept}, [""])
    most = sorted(squares, key=lambda name: -_liveliness(squares[name]))[:SHOWN]
    return packed_blocks(learned, config.cache), {name: squares[name] for name in most}


def _liveliness(picture: Rgb8) -> float:
    """How much light and colour vary over the picture's parts: little where it shows next to nothing."""
    return float(cv2.resize(picture, (12, 12), interpolation=cv2.INTER_AREA).std(axis=(0, 1)).mean())


def export(
    config: Config, painter: StylePainter, loss: PerceptualLoss, picture: Rgb8, tests: dict[str, Rgb8], steps: int
) -> None:
    title = re.sub(r"[-_]+", " ", config.picture.stem).strip()[:60].capitalize() or "My style"
    sources = [{"name": f"the picture {config.picture.name}", "licence": "as its owner says"}]
    photo_sources = [] if config.smoke else data_sources(config.photos)
    told = {"minutes": config.minutes, "strength": config.strength, "stroke_side": config.stroke_side}
    about = {
        "id": config.export.name,
        "title": title,
        "description": f"Repaints a photograph in the manner of {config.picture.name}.",
        "licence": "LicenseRef-own",
        "source": "models/learn_style.py",
        "icon": "style",
        "made_by": made_by("models/learn_style.py", told, [*sources, *photo_sources], commit_in_use()),
    }
    manifest = style_manifest(about, [title], painter.look_length)

    def measure(runner: StyleRunner) -> dict[str, Any]:
        painted = {title: {name: runner(photo, {}) for name, photo in tests.items()}}
        rows, before = style_rows(painted, tests, loss), style_rows({title: tests}, tests, loss)
        rows[0]["untouched"] = before[0]["manner"]
        metric = {"data": f"{len(tests)} photographs", "metric": "style distance", "value": rows[0]["manner"]}
        return {
            "rows": rows,
            "metrics": [metric | {"baseline": "untouched", "baseline_value": before[0]["manner"]}],
            "pictures": list(tests),
            "untouched": before[0]["manner"],
            "slow": "nothing: the slow method was not run on this style",
            "speed": speed_of(runner.folder),
            "steps": steps,
        }

    sample = next(iter(tests.values()))
    pairs = {name: (photo, picture) for name, photo in tests.items()}
    export_style(
        StyleExport(
            painter=painter,
            manifest=manifest,
            golden_input=np.ascontiguousarray(sample[: GOLDEN_SIZE[0], : GOLDEN_SIZE[1]]),
            golden_params={"strength": 90.0},
            tiling_picture=np.tile(sample, (4, 4, 1))[:700, :700],
            measure=measure,
            card=lambda found: style_card(
                manifest, found, what=WHAT, weaknesses=WEAKNESSES, sources=[f"{title}: {config.picture.name}"]
            ),
            pictures=lambda runner: {"preview.webp": example_sheet(pairs, lambda _style, photo: runner(photo, {}))},
        ),
        config.export,
    )


def _batch(blocks: Any, config: Config, *, step: int) -> tuple[Tensor, Tensor]:
    """(photographs, noise) of a step: the same for equal seeds."""
    rng = np.random.default_rng((config.seed, step + 1))
    photos = torch.from_numpy(draw_crops(blocks, count=config.batch, size=config.crop, rng=rng))
    noise = torch.from_numpy(rng.random((config.batch, 1, config.crop, config.crop), dtype=np.float32)) * 2 - 1
    return photos.permute(0, 3, 1, 2).contiguous().float() / 255, noise


@torch.no_grad()
def _tell(config: Config, painter: StylePainter, photo: Tensor, noise: Tensor, *, steps: int, share: float) -> None:
    if config.report is None:
        return
    line: dict[str, Any] = {"step": round(min(share, 1.0) * 1000), "of": 1000}
    if steps % 10 == 1:
        painted = painter(photo, noise, torch.ones(1, 1)).clamp(0, 1)
        path = config.report / f"step-{steps}.png"
        Image.fromarray((painted[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)).save(path)
        line["picture"] = str(path)
    print(json.dumps(line), flush=True)


def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    try:
        learn(config)
    except (DataError, ExportError, PlacementError) as error:
        leave(error)


if __name__ == "__main__":
    main()
