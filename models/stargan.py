"""StarGAN: one generator for several domains, the wanted one chosen (Choi et al., CVPR 2018), for two cores.

The generator is told the wanted domain c', and answers with a change of the colours; alpha stays. The judge says for
each domain how much of it a patch looks. What goes to another domain and back to its own must come home, what is sent
to its own must stay, and whatever the domain, each part of a picture keeps the colour that it has from far away:

    judge:      hinge(D_c(x), D_c'(G(x, c')))
    generator:  - E D_c'(G(x, c')) + cycle · E |G(G(x, c') + n, c) - x| + same · E |G(x, c) - x| + colour · E |↓G - ↓x|

Beside the paper: hinge loss and spectral normalisation for WGAN-GP (half of the time on two cores), one score a domain
for a classifier (StarGAN v2), and noise n on the way home: without it a network hides what it needs there as dots.

    python -m models.fetch_data --only emoji-styles efficientnet-lite0
    python -m models.stargan --batch 8 --steps 1800 --validate-every 600
    python -m models.stargan --offered Flat Outlined --export onnx/outlines

Emoji in three styles, unpaired; that the same emoji exist in all of them is used to measure only. Any folder with a
subfolder for each domain will do. The weights in onnx/outlines are those after 600 steps, two minutes, where the mean
kernel distance was lowest (0.39): later dark blotches come up inside outlined pictures, eight pixels apart as the
judge's patches are (0.54 after 1,280). From 3D to flat next to nothing had changed by then, so 3D is not offered.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from models.common.checkpoints import BEST, CheckpointError
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.data import DataError
from models.common.export import ExportError, made_by
from models.common.export_translator import Translator, TranslatorExport, checked_id, export_translator, training_of
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.gan_metrics import eye_or_pixels, kernel_distance
from models.common.kinds_measure import measure_domains, picture_domains, straight_of
from models.common.picture_sets import (
    GENERATED,
    Augmentation,
    PictureSet,
    as_pictures,
    as_planes,
    draw_batch,
    on_paper,
    pictures_of,
)
from models.common.trained_generator import sources_of
from models.common.translation_run import Translation, TranslationRun, averaged_weights, check_share, read_best
from models.nets.translation import Carried, KindJudge, StyleUNet, on_white_planes

HELD_OUT_EVERY = 10
WATCHED = 120  # of each domain
GRID = 12


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    data: Path = Path("data/sets/emoji-styles")  # a fetched set, or any folder with a subfolder for each domain
    classes: tuple[str, ...] = ()  # only these domains; default: all
    side: int = 64
    mirror: bool = True
    shift: float = 0.05
    turn_degrees: float = 5.0
    scale: float = 0.1

    # where
    run: Path = Path("runs/stargan")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks
    widths: tuple[int, ...] = (24, 56, 112, 128)  # channels at stride 2, 4, 8 and 16
    judge_width: int = 24

    # losses
    cycle: float = 2.0
    home_noise: float = 0.08  # deviation, of 2: what is fainter does not find its way home
    same: float = 2.0
    colour: float = 1.0
    coarse: int = 8  # pixels whose mean is the colour from far away
    generator_rate: float = 4e-4
    judge_rate: float = 8e-4
    ema: float = 0.99

    # export
    offered: tuple[str, ...] = ()  # the domains that can be chosen in the editor; default: all

    # training
    steps: int = 1500
    batch: int = 12  # pictures a step over all devices together
    seed: int = 0

    # watching
    validate_every: int = 250
    checkpoint_every: int = 250
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda", threads=8, widths=(64, 128, 192, 256), judge_width=64, steps=80_000, batch=64, ema=0.9995
    ),
}
SMOKE = {
    "data": GENERATED,
    "side": 16,
    "widths": (8, 8, 8),
    "judge_width": 8,
    "steps": 6,
    "batch": 4,
    "validate_every": 3,
    "checkpoint_every": 3,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


ABOUTS = {
    "outlines": Translation(
        title="Outlines",
        description="Draws black outlines around a small drawing or sign and its parts, or takes outlines away.",
        licence="CC-BY-SA-4.0",
        what="Outlined gives it lines, Flat takes them away; whether it has any the network sees itself. The shape of "
        "the drawing and its transparency stay as they are.",
        weaknesses=(
            "The change is found at 64 × 64 pixels and enlarged: in large drawings new lines are soft.",
            "Outlines that are taken away leave a thin bright trace, the more the thicker they were; black areas fade.",
            "Lines are drawn along the rim and the strongest edges, and colours turn a little paler or browner there.",
            "A shaded drawing keeps its shading when it is to become flat: only lines are taken away.",
        ),
        param="Lines",
    ),
}


class GeneratorLoss(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, generator: nn.Module, judge: KindJudge, config: Config) -> None:
        super().__init__()
        self.generator = generator
        self._judges = [judge]  # in a list: its weights are not this module's
        self.config = config

    def forward(self, real: Tensor, own: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        (judge,), config = self._judges, self.config
        made, is_abroad = self.generator(real, wanted), wanted != own
        how_real = judge.of(on_white_planes(made), wanted).mean(dim=(1, 2))
        off = (made - real).abs().mean(dim=(1, 2, 3))
        there = (real[:, -1:] + 1) / 2  # noise where there is nothing would be no noise but dirt
        home = self.generator(made + config.home_noise * there * torch.randn_like(made), own)
        curves = {
            "loss/fooled": -mean_where(how_real, is_abroad),
            "loss/cycle": F.l1_loss(home, real),
            "loss/same": mean_where(off, ~is_abroad),
            "loss/colour": F.l1_loss(F.avg_pool2d(made, config.coarse), F.avg_pool2d(real, config.coarse)),
        }
        weights = (1.0, config.cycle, config.same, config.colour)
        loss = sum(weight * value for weight, value in zip(weights, curves.values(), strict=True))
        return loss, made.detach(), {name: value.detach() for name, value in curves.items()}


class JudgeLoss(nn.Module):
    def __init__(self, judge: KindJudge) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, real: Tensor, own: Tensor, made: Tensor, wanted: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        on_real = self.judge.of(on_white_planes(real), own)
        on_made = self.judge.of(on_white_planes(made), wanted)
        loss = F.relu(1 - on_real).mean() + mean_where(F.relu(1 + on_made).mean(dim=(1, 2)), wanted != own)
        curves = {"score/real": on_real.mean(), "score/generated": on_made.mean()}
        return loss, {name: value.detach() for name, value in curves.items()}


def mean_where(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean of the values (N,) that are CHOSEN; 0 where none is."""
    return (values * chosen).sum() / chosen.sum().clamp(min=1)


def new_generator(config: Config, domains: int) -> StyleUNet:
    return StyleUNet(config.widths, domains=domains)


class Watch:
    """Takes the same held-out pictures to every domain at every look."""

    def __init__(self, held_out: PictureSet, config: Config) -> None:
        count = 8 if config.smoke else WATCHED
        self.domains = held_out.classes
        kinds = [held_out.take(np.flatnonzero(held_out.labels == label)[:count]) for label in range(len(self.domains))]
        self.features = eye_or_pixels()
        self.real = [self.features(kind.pictures) for kind in kinds]
        self.pictures = [as_planes(kind.pictures) for kind in kinds]

    @torch.no_grad()
    def look(self, fabric: Fabric, generator: nn.Module, step: int) -> float:
        kernels, rows = [], [self.pictures[0][:GRID]]
        for wanted in range(len(self.domains)):
            others = [pictures for label, pictures in enumerate(self.pictures) if label != wanted]
            shown = torch.cat([pictures[:: len(others)] for pictures in others])
            made = _in_parts(generator, shown, wanted, fabric.device)
            kernels.append(kernel_distance(self.real[wanted], self.features(as_pictures(made))))
            rows.append(_in_parts(generator, self.pictures[0][:GRID], wanted, fabric.device))
        name = self.features.name
        curves = {f"kid_{name}/{domain}": value for domain, value in zip(self.domains, kernels, strict=True)}
        fabric.log_dict(curves, step)
        fabric.print(f"step {step}: " + ", ".join(f"{name} {value:.3f}" for name, value in curves.items()))
        log_pictures(fabric, f"{self.domains[0]}, then to each domain", [as_seen(row) for row in rows], step)
        return -float(np.mean(kernels))


def _in_parts(generator: nn.Module, pictures: Tensor, wanted: int, device: torch.device) -> Tensor:
    parts = pictures.to(device).split(32)
    return torch.cat([generator(part, torch.full((len(part),), wanted, device=device)).cpu() for part in parts])


def as_seen(planes: Tensor) -> Tensor:
    """(N, planes, H, W) in -1..1 → (N, 3, H, W) in 0..1 on white paper."""
    return torch.from_numpy(on_paper(as_pictures(planes))).permute(0, 3, 1, 2).float() / 255


def load_domains(config: Config) -> tuple[PictureSet, PictureSet]:
    """(training, held out); DataError when the Config asks for what cannot be."""
    whole = pictures_of(config.data, side=config.side, planes="rgba", classes=config.classes)
    if len(whole.classes) < 2:
        raise DataError(f"{config.data} has one domain; at least two subfolders with pictures are needed.")
    stride = new_generator(config, len(whole.classes)).stride
    if config.side % stride:
        raise DataError(f"The side must be a multiple of {stride}, not {config.side}.")
    training, held_out = whole.split(every=HELD_OUT_EVERY)
    return training, held_out if set(held_out.labels) == set(training.labels) else training


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    check_share(config)
    fabric = start_fabric(config, broadcast_buffers=False)
    training, held_out = load_domains(config)
    domains = len(training.classes)
    watch = Watch(held_out, config)
    run = TranslationRun(
        fabric,
        config,
        networks=lambda: (
            new_generator(config, domains),
            KindJudge(3, width=config.judge_width, domains=domains),
        ),
        losses=lambda generator, judge: (
            GeneratorLoss(generator, judge, config),  # type: ignore[arg-type]
            JudgeLoss(judge),  # type: ignore[arg-type]
        ),
        look=lambda generator, step: watch.look(fabric, generator, step),
        told={"classes": list(training.classes)},
    )
    moved = Augmentation(config.mirror, config.shift, config.turn_degrees, config.scale)
    for _ in run.steps(resume=resume):
        real, own = draw_batch(training, run.count, moved, run.rng)
        wanted = torch.from_numpy(run.rng.integers(0, domains, run.count))
        real, own, wanted = fabric.to_device((real, own, wanted))
        made = run.update_generator(real, own, wanted)
        run.update_judge(real, own, made, wanted)
    return config.run / BEST


def measured(folder: Path) -> dict[str, Any]:
    """What models.evaluate prints of an exported folder."""
    config = config_from_plain(Config, Translator(folder).config)
    return measure_domains(folder, *load_domains(config), is_smoke=config.smoke)


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers models.evaluate measures."""
    model_id, content = checked_id(folder), read_best(config.run)
    trained = dataclasses.replace(config_from_plain(Config, content["config"]), run=config.run)
    domains = tuple(content["classes"])
    network = averaged_weights(content, new_generator(trained, len(domains)))
    if unknown := [name for name in config.offered if name not in domains]:
        raise ExportError(f"There is no domain {', '.join(unknown)}; there is {', '.join(domains)}.")
    offered = config.offered or domains
    trained = dataclasses.replace(trained, classes=offered, offered=offered)
    training, held_out = load_domains(trained)
    about = ABOUTS.get(model_id) or Translation(
        title=model_id.replace("-", " ").capitalize(),
        description=f"Takes a picture to one of the domains of {trained.data.name}.",
        licence="LicenseRef-own",
        what="Trained on a folder of your own.",
        weaknesses=("Not judged by a person yet: look at the samples and the failures.",),
    )
    export_translator(
        TranslatorExport(
            network=Carried(network, trained.side, tuple(map(domains.index, offered))).eval(),
            side=None,
            choices=offered,
            about={"id": model_id, "title": about.title, "description": about.description, "param": about.param}
            | {"licence": about.licence, "source": "models/stargan.py"},
            made_by=made_by("models/stargan.py", plain_values(trained), sources_of(trained.data), commit_in_use()),
            golden_input=straight_of(held_out)[0],
            what=about.what,
            weaknesses=about.weaknesses,
            trained=training_of(content, trained),
            measure=lambda aside: measure_domains(aside, training, held_out, is_smoke=trained.smoke),
            pictures=lambda aside: picture_domains(aside, training, held_out, is_smoke=trained.smoke),
        ),
        folder,
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
