"""pix2pix: from one picture to its partner (Isola et al., CVPR 2017), small enough for two cores.

A U-Net translates the input; a judge of patches sees input and result together and learns to tell them from real
pairs; the U-Net learns from the judge and from the distance to the real partner:

    judge:      E BCE(D(x, y), 1) + E BCE(D(x, G(x)), 0)
    generator:  E BCE(D(x, G(x)), 1) + l1 · E |y - G(x)|

The paper's only noise is dropout, which export would take away: this one is called deterministic. What varies the
result instead are dabs of colour in the input: with `hints` above 0 they are drawn into the training inputs from the
target's own colours, sometimes all turned to another hue, so that they are believed.

    python -m models.fetch_data --only line-art efficientnet-lite0
    python -m models.pix2pix --run runs/color-lines --steps 7000 --l1 40 --judged-from 1000 --validate-every 500 \
        --ema 0.998                                          line art → coloured picture, 13 minutes on one thread
    python -m models.pix2pix --run runs/color-lines --export onnx/color-lines

The network's colours are soft; what ships evens them out within the lines and believes every dab (nets/enclosed.py).

Any folder with input/ and target/ will do; of any photographs inputs can be made: `--data my-photos --made edges`, or
`--made painted`: lines and strokes of colour as a hand would sketch the photograph, drawn anew at every step
(common/painted.py). Colours cannot be known from edges; of a sketch they are spread, and the network adds to them.
Nothing learned so is shipped yet: 6,000 steps on edges gave brown pictures, 300 steps of 2 on sketches, begun with
`--start runs/edges/best.pt --features 4 --side 128`, gave the paint back with its own rims (L1 of held-out ones 0.107).
Label maps to pictures: `--data my-pairs --labels Sky=#80c0ff Grass=#208020`; the editor then offers these classes.
`solid-shapes` is one such: `--data data/pairs/solid-shapes`, `--shades`, the labels of common/shaded_recipes.py.
It was trained with `--side 64 --l1 30 --smallest 0.7 --judged-from 500 --ema 0.998 --steps 3000`, stopped at step 600
and resumed with `--judged-from 400 --ema 0.95 --steps 680`: eight minutes, shared with other work.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from models.common.checkpoints import BEST, CheckpointError, read_checkpoint
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.data import DataError
from models.common.export import ExportError, made_by
from models.common.export_translator import Translator, TranslatorExport, checked_id, export_translator, training_of
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.gan_metrics import eye_or_pixels, kernel_distance
from models.common.likeness import TrainingEye
from models.common.painted import draw_painted, load_painted, seen_once
from models.common.pairs import STILL, Hand, Made, PairSet, as_batch, draw_pairs, load_pairs
from models.common.picture_sets import GENERATED
from models.common.pix2pix_about import ABOUTS
from models.common.trained_generator import sources_of
from models.common.translation_measure import MOST_MEASURED, measure_colouring, on_paper_rgba, picture_colouring
from models.common.translation_run import Translation, TranslationRun, averaged_weights, check_share, read_best
from models.nets.shading import OverMap, ShadedMap
from models.nets.sketching import OverSketch
from models.nets.translation import Colouring, PatchJudge, TranslationUNet

PLANES_IN, PLANES_OUT = 3, 4
WATCHED = 160
GRID = 12
MEASURED_SIDE_PX = 192  # of the pairs as fetched


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    data: Path = Path("data/pairs/line-art")  # a folder with input/ and target/, or with --made any photographs
    made: Made = "pairs"
    labels: tuple[str, ...] = ()  # where inputs are label maps: each class and its colour, "Sky=#80c0ff"
    shades: bool = (
        False  # label maps only: their first class is white and nothing, the others are shaded, not repainted
    )
    start: Path | None = None  # painted only: a checkpoint whose network is gone on from
    keeps_lines: bool = True  # an input's dark lines stay above the result; of no use for edges, greys and label maps
    side: int = 96
    mirror: bool = True
    turn_degrees: float = 12.0
    shift: float = 0.06
    smallest: float = 0.65
    largest: float = 1.15
    tremble: float = 0.008
    line_widths: bool = True
    gaps: float = 0.3
    hints: float = 0.5
    recolour: float = 0.4

    # where
    run: Path = Path("runs/pix2pix")  # checkpoints and curves
    cache: Path = Path("data/packed")  # for --made: blocks of the photographs
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks: 1.8 M parameters and 0.2 G multiply-adds a picture
    widths: tuple[int, ...] = (32, 64, 128, 144)  # channels at stride 4, 8, 16 and 32
    shuffle: int = 4  # the finest stride; 2 draws finer and takes longer
    judge_width: int = 24

    # losses
    l1: float = 60.0  # the paper has 100; areas of one colour need less to be held
    features: float = 0.0  # how much the distance on a trained eye's features counts
    generator_rate: float = 8e-4
    judge_rate: float = 3e-4
    ema: float = 0.995

    # training
    steps: int = 2000
    batch: int = 8  # pairs a step over all devices together
    judged_from: int = 300  # steps by the distance alone, until there is something to judge
    seed: int = 0

    # watching
    validate_every: int = 200
    checkpoint_every: int = 250
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, side=256, judge_width=64, steps=60_000, batch=32, ema=0.9995),
}
SMOKE = {
    "data": GENERATED,
    "side": 32,
    "widths": (8, 8, 8),
    "judge_width": 8,
    "steps": 6,
    "batch": 4,
    "judged_from": 2,
    "validate_every": 3,
    "checkpoint_every": 3,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


class JudgeLoss(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, judge: nn.Module) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, drawing: Tensor, real: Tensor, generated: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        on_real = self.judge(torch.cat([drawing, real], dim=1))
        on_generated = self.judge(torch.cat([drawing, generated], dim=1))
        loss = F.softplus(-on_real).mean() + F.softplus(on_generated).mean()  # BCE to 1 and to 0
        return loss, {"score/real": on_real.detach().mean(), "score/generated": on_generated.detach().mean()}


class GeneratorLoss(nn.Module):
    def __init__(self, generator: nn.Module, judge: nn.Module, config: Config) -> None:
        super().__init__()
        self.generator = generator
        eye = TrainingEye.trained() if config.features else None
        self._others = [judge, eye]  # in a list: their weights are not this module's
        self.l1, self.features = config.l1, config.features

    def forward(self, drawing: Tensor, real: Tensor, is_judged: bool) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        generated = self.generator(1 - drawing)  # ink: paper is zero, what is drawn is not
        distance = colour_distance(generated, real)
        loss, curves = self.l1 * distance, {"loss/distance": distance.detach()}
        judge, eye = self._others
        if eye is not None:
            unlike = eye(*same_quarter(generated[:, :3], real[:, :3]))
            loss, curves = loss + self.features * unlike, curves | {"loss/features": unlike.detach()}
        if is_judged:
            fooled = F.softplus(-judge(torch.cat([drawing, generated], dim=1))).mean()
            loss, curves = loss + fooled, curves | {"loss/fooled": fooled.detach()}
        return loss, generated.detach(), curves


def same_quarter(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Half of the height and width, anywhere: the eye is slower than the network."""
    half = first.shape[-1] // 2
    top, left = (int(place) for place in torch.randint(half + 1, (2,)))
    return first[..., top : top + half, left : left + half], second[..., top : top + half, left : left + half]


def colour_distance(generated: Tensor, real: Tensor) -> Tensor:
    """E |y - G(x)|, where something is to be coloured twice as much: most of a drawing is empty paper."""
    return ((1 + real[:, 3:]) * (generated - real).abs()).mean()


def new_network(config: Config) -> nn.Module:
    network = TranslationUNet(PLANES_IN, PLANES_OUT, config.widths, shuffle=config.shuffle)
    if config.made == "painted":
        return OverSketch(begun(network, config.start))
    return OverMap(network) if config.shades else network


def begun(network: TranslationUNet, start: Path | None) -> TranslationUNet:
    """With the weights of another run, but adding nothing yet."""
    if start is not None:
        network.load_state_dict(averaged_weights(read_checkpoint(start), network).state_dict())
    assert network.head is not None
    nn.init.zeros_(network.head.weight)
    nn.init.zeros_(network.head.bias)
    return network


def as_shipped(network: nn.Module, config: Config) -> nn.Module:
    if config.shades:
        return ShadedMap(network, config.side).eval()
    opaque = config.made != "pairs"  # photographs have no holes
    return Colouring(network, config.side, keeps_lines=are_lines_kept(config), is_opaque=opaque).eval()


def hand_of(config: Config) -> Hand:
    """The hand is for drawings: photographs are only mirrored, label maps also moved."""
    if config.made != "pairs":
        return STILL
    if config.labels:
        return Hand(shift=config.shift, smallest=config.smallest, largest=config.largest)
    return Hand(
        turn_degrees=config.turn_degrees,
        shift=config.shift,
        smallest=config.smallest,
        largest=config.largest,
        tremble=config.tremble,
        line_widths=config.line_widths,
        gaps=config.gaps,
        hints=config.hints,
        recolour=config.recolour,
    )


def load_data(config: Config) -> tuple[PairSet, PairSet]:
    """(training, held out); DataError when the Config asks for what cannot be."""
    stride = config.shuffle * 2 ** (len(config.widths) - 1)
    if config.side % stride:
        raise DataError(f"The side must be a multiple of {stride}, not {config.side}.")
    return split_at(config, config.side)


def split_at(config: Config, side: int) -> tuple[PairSet, PairSet]:
    if config.made == "painted":
        return load_painted(config.data, side=side, cache=config.cache)
    training, held_out = load_pairs(config.data, side=side, made=config.made, cache=config.cache).split()
    return training, held_out if len(held_out) else training


class Watch:
    """Translates the same held-out inputs at every look and compares them with their real partners."""

    def __init__(self, held_out: PairSet, config: Config) -> None:
        self.drawings, self.targets = as_batch(list(held_out.pairs[: 8 if config.smoke else WATCHED]))
        self.features = eye_or_pixels()
        self.real = self.features(as_paper(self.targets))

    @torch.no_grad()
    def look(self, fabric: Fabric, network: nn.Module, step: int) -> float:
        parts = [network(1 - part.to(fabric.device)).clamp(0, 1).cpu() for part in self.drawings.split(16)]
        results = torch.cat(parts)
        distance = float(F.l1_loss(results, self.targets))
        kernel = kernel_distance(self.real, self.features(as_paper(results)))
        fabric.log_dict({"held_out/l1": distance, f"held_out/kid_{self.features.name}": kernel}, step)
        fabric.print(f"step {step}: held-out distance {distance:.4f}, kid_{self.features.name} {kernel:.4f}")
        rows = [self.drawings[:GRID], *(on_white(planes[:GRID]) for planes in (results, self.targets))]
        log_pictures(fabric, "input, result, real", rows, step)
        return -kernel - 5 * distance  # looks like the real ones, and is the right one


def on_white(planes: Tensor) -> Tensor:
    """Premultiplied (N, 4, H, W) → (N, 3, H, W) on white paper."""
    return (planes[:, :3] + 1 - planes[:, 3:]).clamp(0, 1)


def as_paper(planes: Tensor) -> np.ndarray:
    """(N, H, W, 4) uint8 premultiplied, as the features take them."""
    return (planes.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy()


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    check_share(config)
    check_labels(config)
    fabric = start_fabric(config, broadcast_buffers=False)
    training, held_out = load_data(config)
    watch, hand = Watch(held_out, config), hand_of(config)
    run = TranslationRun(
        fabric,
        config,
        networks=lambda: (new_network(config), PatchJudge(PLANES_IN + PLANES_OUT, config.judge_width)),
        losses=lambda generator, judge: (GeneratorLoss(generator, judge, config), JudgeLoss(judge)),
        look=lambda generator, step: watch.look(fabric, generator, step),
    )
    for step in run.steps(resume=resume):
        if config.made == "painted":
            drawing, real = draw_painted(training, run.count, side=config.side, rng=run.rng)
        else:
            drawing, real = draw_pairs(training, run.count, hand, mirror=config.mirror, rng=run.rng)
        drawing, real = fabric.to_device((drawing, real))
        generated = run.update_generator(drawing, real, step >= config.judged_from)
        run.update_judge(drawing, real, generated)
    return config.run / BEST


def measured(folder: Path) -> dict[str, Any]:
    """What models.evaluate prints of an exported folder, on the pairs held out of its training."""
    config = config_from_plain(Config, Translator(folder).config)
    training, held_out = pairs_to_measure(config)
    return measure_colouring(folder, training, held_out, has_lines=are_lines_kept(config))


def pairs_to_measure(config: Config) -> tuple[PairSet, PairSet]:
    side = config.side if config.smoke or config.made != "pairs" else MEASURED_SIDE_PX
    training, held_out = split_at(config, side)
    if config.made == "painted":
        training = seen_once(training.take(MOST_MEASURED), side)
    return training, held_out.take(MOST_MEASURED)


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers models.evaluate measures on held-out pairs."""
    model_id, content = checked_id(folder), read_best(config.run)
    trained = dataclasses.replace(config_from_plain(Config, content["config"]), run=config.run)
    fresh = new_network(dataclasses.replace(trained, start=None))
    training, held_out = pairs_to_measure(trained)
    drawing = held_out.pairs[0][0][:-10, :-23]  # neither square nor even
    about = ABOUTS.get(model_id) or about_of_own(model_id, trained)
    export_translator(
        TranslatorExport(
            network=as_shipped(averaged_weights(content, fresh), trained),
            side=None,
            choices=(),
            about={"id": model_id, "title": about.title, "description": about.description}
            | {"licence": about.licence, "source": "models/pix2pix.py"},
            made_by=made_by("models/pix2pix.py", plain_values(trained), sources_of(trained.data), commit_in_use()),
            golden_input=on_paper_rgba(drawing),
            what=about.what,
            weaknesses=about.weaknesses,
            trained=training_of(content, trained),
            measure=lambda aside: measure_colouring(aside, training, held_out, has_lines=are_lines_kept(trained)),
            pictures=lambda aside: picture_colouring(aside, held_out, has_lines=are_lines_kept(trained)),
            palette=palette_of(trained),
        ),
        folder,
    )


def are_lines_kept(config: Config) -> bool:
    return config.keeps_lines and config.made == "pairs" and not config.labels


def palette_of(config: Config) -> tuple[tuple[str, str], ...]:
    """(name, "#rrggbb") of each class; DataError for what is none."""
    found = [re.fullmatch(r"([^=]+)=(#[0-9a-fA-F]{6})", label) for label in config.labels]
    if wrong := [label for label, match in zip(config.labels, found, strict=True) if match is None]:
        raise DataError(f"A label is a name and a colour like Sky=#80c0ff, not {wrong[0]}.")
    return tuple((match[1], match[2].lower()) for match in found if match is not None)


def check_labels(config: Config) -> None:
    palette = palette_of(config)
    if config.shades and (not palette or palette[0][1] != "#ffffff"):
        raise DataError("What is shaded is a label map whose first class is white: Nothing=#ffffff.")


def about_of_own(model_id: str, config: Config) -> Translation:
    return Translation(
        title=model_id.replace("-", " ").capitalize(),
        description=f"Translates pictures as the pairs of {config.data.name} do.",
        licence="LicenseRef-own",
        what="Trained on pairs of your own.",
        weaknesses=("Not judged by a person yet: look at the samples and the failures.",),
    )


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
