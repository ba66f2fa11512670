"""CycleGAN: between two kinds of pictures without pairs (Zhu et al., ICCV 2017), at 32 pixels for two cores.

Two translators, there and back, and a judge of each kind. What goes there and back must come home, and what is of the
wanted kind already must stay:

    judge of B:   E (D_B(b) - 1)² + E D_B(G_AB(a))²                       (least squares; the same for A)
    translators:  E (D_B(G_AB(a)) - 1)² + cycle · E |G_BA(G_AB(a)) - a| + identity · E |G_AB(b) - b|, and the same for B

As in the paper the judges also see results of earlier steps out of a buffer of 50, and the translators normalise each
picture by itself (instance norm, no statistics over a batch): a result does not depend on its neighbours. What is
shipped learned 1,600 steps with the defaults and went on to 4,500 with a looser hold on the input, 30 minutes on one
shared core: bold digits become letters, thin ones faint shapes between the two.

    python -m models.fetch_data --only digits letters efficientnet-lite0
    python -m models.cyclegan --run runs/cyclegan --steps 1600                digits ↔ letters
    python -m models.cyclegan --run runs/cyclegan --resume --steps 4500 --identity 1 --cycle 6
    python -m models.cyclegan --export onnx/digits-to-letters
    python -m models.cyclegan --direction back --export onnx/letters-to-digits

Any two folders will do: `--here photos --there paintings --planes rgba --side 64`.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from models.common.checkpoints import BEST, CheckpointError
from models.common.cli import config_from_plain, leave, plain_values, read_command_line
from models.common.cyclegan_about import ABOUTS
from models.common.data import DataError
from models.common.export import ExportError, cpu_session, embedded_manifest, made_by
from models.common.export_generator import rounded_to_half
from models.common.export_translator import Translator, TranslatorExport, checked_id, export_translator, training_of
from models.common.fabric import PlacementError, commit_in_use, log_pictures, start_fabric
from models.common.gan_metrics import coverage, eye_or_pixels, kernel_distance
from models.common.kinds_measure import (
    OfPlanes,
    Translate,
    measure_kinds,
    picture_kinds,
    straight_of,
    through_file,
    through_torch,
)
from models.common.picture_sets import (
    GENERATED,
    PLANE_COUNT,
    Augmentation,
    PictureSet,
    Planes,
    as_pictures,
    as_planes,
    draw_batch,
    on_paper,
    pictures_of,
)
from models.common.trained_generator import sources_of
from models.common.translation_run import Translation, TranslationRun, averaged_weights, check_share, read_best
from models.nets.translation import KindJudge, ResidualTranslator

HELD_OUT_EVERY = 10
WATCHED = 300
GRID = 16


@dataclass(frozen=True)
class Config:
    """All that a run can be told; every field is a flag of the command line."""

    # what
    here: Path = Path("data/sets/digits")  # fetched sets, or any folders of pictures
    there: Path = Path("data/sets/letters")
    side: int = 32
    planes: Planes = "ink"
    shift: float = 0.04
    turn_degrees: float = 6.0
    scale: float = 0.08
    mirror: bool = False
    direction: Literal["forward", "back"] = "forward"  # of an export

    # where
    run: Path = Path("runs/cyclegan")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # networks
    width: int = 16  # channels of a translator at the full side; doubled twice towards its middle
    blocks: int = 3
    judge_width: int = 32

    # losses
    cycle: float = 10.0
    identity: float = 3.0
    buffer: int = 50
    generator_rate: float = 4e-4
    judge_rate: float = 2e-4
    ema: float = 0.99

    # training
    steps: int = 1500
    batch: int = 16  # pictures of each kind a step over all devices together
    seed: int = 0

    # watching
    validate_every: int = 250
    checkpoint_every: int = 250
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", threads=8, width=48, blocks=6, judge_width=64, steps=60_000, batch=32, ema=0.999),
}
SMOKE = {
    "here": GENERATED,
    "there": GENERATED,
    "side": 16,
    "width": 8,
    "blocks": 1,
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


class Translators(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        planes = PLANE_COUNT[config.planes]
        self.forth = ResidualTranslator(planes, planes, width=config.width, blocks=config.blocks)
        self.back = ResidualTranslator(planes, planes, width=config.width, blocks=config.blocks)


class Judges(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        planes = PLANE_COUNT[config.planes]
        self.here = KindJudge(planes, width=config.judge_width)
        self.there = KindJudge(planes, width=config.judge_width)


class TranslatorLoss(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, translators: Translators, judges: Judges, config: Config) -> None:
        super().__init__()
        self.translators = translators
        self._judges = [judges]  # in a list: their weights are not this module's
        self.cycle, self.identity = config.cycle, config.identity

    def forward(self, here: Tensor, there: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor], dict[str, Tensor]]:
        (judges,), nets = self._judges, self.translators
        made_there, made_here = nets.forth(here), nets.back(there)
        fooled = (judges.there(made_there) - 1).square().mean() + (judges.here(made_here) - 1).square().mean()
        home = F.l1_loss(nets.back(made_there), here) + F.l1_loss(nets.forth(made_here), there)
        stayed = F.l1_loss(nets.forth(there), there) + F.l1_loss(nets.back(here), here)
        curves = {"loss/fooled": fooled, "loss/cycle": home, "loss/identity": stayed}
        loss = fooled + self.cycle * home + self.identity * stayed
        made = made_here.detach(), made_there.detach()
        return loss, made, {name: value.detach() for name, value in curves.items()}


class JudgeLoss(nn.Module):
    def __init__(self, judges: Judges) -> None:
        super().__init__()
        self.judges = judges

    def forward(
        self, here: Tensor, there: Tensor, made_here: Tensor, made_there: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        loss = here.new_zeros(())
        for judge, real, made in ((self.judges.here, here, made_here), (self.judges.there, there, made_there)):
            loss = loss + (judge(real) - 1).square().mean() + judge(made).square().mean()
        return loss, {}


class Buffer:
    """Results of earlier steps: half of what a judge sees is replaced by one of them (Shrivastava et al. 2017)."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.kept: list[Tensor] = []

    def mixed(self, made: Tensor, rng: np.random.Generator) -> Tensor:
        seen = []
        for picture in made:
            if len(self.kept) < self.size:
                self.kept.append(picture)
                seen.append(picture)
            elif rng.random() < 0.5:
                place = int(rng.integers(self.size))
                seen.append(self.kept[place])
                self.kept[place] = picture
            else:
                seen.append(picture)
        return torch.stack(seen)

    def state_dict(self) -> dict[str, object]:
        return {"kept": list(self.kept)}

    def load_state_dict(self, state: dict[str, object]) -> None:
        self.kept = list(state["kept"])  # type: ignore[call-overload]


class Watch:
    """Translates the same held-out pictures both ways at every look."""

    def __init__(self, here: PictureSet, there: PictureSet, config: Config) -> None:
        count = 16 if config.smoke else WATCHED
        rng = np.random.default_rng(config.seed)
        sets = [kind.take(rng.permutation(len(kind))[:count]) for kind in (here, there)]
        self.here, self.there = (as_planes(kind.pictures) for kind in sets)
        self.features = eye_or_pixels()
        self.real_here, self.real_there = (self.features(kind.pictures) for kind in sets)

    @torch.no_grad()
    def look(self, fabric: Fabric, nets: Translators, step: int) -> float:
        device = fabric.device
        made_there, made_here = nets.forth(self.here.to(device)), nets.back(self.there.to(device))
        home = float(
            F.l1_loss(nets.back(made_there).cpu(), self.here) + F.l1_loss(nets.forth(made_here).cpu(), self.there)
        )
        kernels, coverages = [], []
        for made, real in ((made_there, self.real_there), (made_here, self.real_here)):
            seen = self.features(as_pictures(made))
            kernels.append(kernel_distance(real, seen))
            coverages.append(coverage(real, seen))
        name = self.features.name
        curves = {f"there/kid_{name}": kernels[0], f"here/kid_{name}": kernels[1], "cycle": home}
        curves |= {f"there/coverage_{name}": coverages[0], f"here/coverage_{name}": coverages[1]}
        fabric.log_dict(curves, step)
        fabric.print(f"step {step}: " + ", ".join(f"{name} {value:.3f}" for name, value in curves.items()))
        rows = [self.here[:GRID], made_there[:GRID].cpu(), self.there[:GRID], made_here[:GRID].cpu()]
        log_pictures(fabric, "here, there, there, here", [as_seen(row) for row in rows], step)
        return -sum(kernels) - 0.2 * home


def as_seen(planes: Tensor) -> Tensor:
    """(N, planes, H, W) in -1..1 → (N, 3, H, W) in 0..1 on white paper."""
    return torch.from_numpy(on_paper(as_pictures(planes))).permute(0, 3, 1, 2).float() / 255


def load_kinds(config: Config) -> tuple[tuple[PictureSet, PictureSet], tuple[PictureSet, PictureSet]]:
    """((training here, there), (held out here, there)); DataError when the Config asks for what cannot be."""
    if config.side % ResidualTranslator.STRIDE:
        raise DataError(f"The side must be a multiple of {ResidualTranslator.STRIDE}, not {config.side}.")
    split = []
    for folder in (config.here, config.there):
        training, held_out = pictures_of(folder, side=config.side, planes=config.planes).split(every=HELD_OUT_EVERY)
        split.append((training, held_out if len(held_out) else training))
    return (split[0][0], split[1][0]), (split[0][1], split[1][1])


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    check_share(config)
    fabric = start_fabric(config, broadcast_buffers=False)
    (here_set, there_set), held_out = load_kinds(config)
    watch = Watch(*held_out, config)
    run = TranslationRun(
        fabric,
        config,
        networks=lambda: (Translators(config), Judges(config)),
        losses=lambda translators, judges: (TranslatorLoss(translators, judges, config), JudgeLoss(judges)),  # type: ignore[arg-type]
        look=lambda translators, step: watch.look(fabric, translators, step),  # type: ignore[arg-type]
    )
    moved = Augmentation(config.mirror, config.shift, config.turn_degrees, config.scale)
    buffers = Buffer(config.buffer), Buffer(config.buffer)
    run.keep(buffer_here=buffers[0], buffer_there=buffers[1])
    for _ in run.steps(resume=resume):
        here, there = (
            fabric.to_device(draw_batch(kind, run.count, moved, run.rng)[0]) for kind in (here_set, there_set)
        )
        made = run.update_generator(here, there)
        seen = [buffer.mixed(pictures, run.rng) for buffer, pictures in zip(buffers, made, strict=True)]
        run.update_judge(here, there, *seen)
    return config.run / BEST


def measured(folder: Path) -> dict[str, Any]:
    """What models.evaluate prints of an exported folder; the way home through the folder of the other direction."""
    config = config_from_plain(Config, Translator(folder).config)
    return _measured(config, folder, _way_home(folder, config))


def _measured(config: Config, folder: Path, back: Translate | None) -> dict[str, Any]:
    training, held_out = load_kinds(config)
    names = config.here.name, config.there.name
    if config.direction == "back":
        training, held_out, names = training[::-1], held_out[::-1], names[::-1]
    return measure_kinds(folder, training, held_out, names, back, is_smoke=config.smoke)


def _way_home(folder: Path, config: Config) -> Translate | None:
    other = dataclasses.replace(config, direction="back" if config.direction == "forward" else "forward")
    for graph in sorted(folder.resolve().parent.glob("*/model.onnx")):
        manifest = embedded_manifest(cpu_session(graph))
        if manifest["made_by"]["config"] == json.dumps(plain_values(other)):
            return through_file(graph.parent)
    return None


def export(config: Config, folder: Path) -> None:
    """Best weights of one direction → model folder, with the numbers models.evaluate measures."""
    model_id, content = checked_id(folder), read_best(config.run)
    trained = config_from_plain(Config, content["config"])
    trained = dataclasses.replace(trained, run=config.run, direction=config.direction)
    nets = averaged_weights(content, Translators(trained))
    ways = [OfPlanes(rounded_to_half(way), trained.planes, has_label=False).eval() for way in (nets.forth, nets.back)]
    is_back = trained.direction == "back"
    way, home = ways[::-1] if is_back else ways
    training, held_out = load_kinds(trained)
    source, wanted = held_out[is_back], training[not is_back]
    about = ABOUTS.get(model_id) or Translation(
        title=model_id.replace("-", " ").capitalize(),
        description=f"Turns {(trained.there if is_back else trained.here).name} into the other kind.",
        licence="LicenseRef-own",
        what="Trained on two folders of your own.",
        weaknesses=("Not judged by a person yet: look at the samples and the failures.",),
    )
    export_translator(
        TranslatorExport(
            network=way,
            side=trained.side,
            choices=(),
            about={"id": model_id, "title": about.title, "description": about.description}
            | {"licence": about.licence, "source": "models/cyclegan.py"},
            made_by=made_by(
                "models/cyclegan.py",
                plain_values(trained),
                sources_of(trained.here) + sources_of(trained.there),
                commit_in_use(),
            ),
            golden_input=straight_of(source)[0],
            what=about.what,
            weaknesses=about.weaknesses,
            trained=training_of(content, trained),
            measure=lambda aside: _measured(trained, aside, through_torch(home)),
            pictures=lambda aside: picture_kinds(aside, wanted, source, is_smoke=trained.smoke),
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
