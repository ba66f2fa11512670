"""From a run's best checkpoint to what export_generator needs; the same for every generative method."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim.swa_utils import AveragedModel

from models.common.checkpoints import BEST, read_checkpoint
from models.common.cli import config_from_plain, plain_values
from models.common.export import ExportError, made_by
from models.common.export_generator import GeneratorExport, export_generator, folded, rounded_to_half
from models.common.fabric import commit_in_use
from models.common.generation import measure_generator
from models.common.painting import Encoded, Painted

SOURCES = "sources.json"  # beside a fetched set: names and licences of its packages
OF_OWN = "Trained on {count} pictures of {data}."


@dataclass(frozen=True)
class About:
    """What a person should know of a shipped model and no number says."""

    title: str
    description: str
    what: str
    weaknesses: tuple[str, ...]
    param: str = "Kind"  # what the classes are
    licence: str = "Apache-2.0"  # of the weights


@dataclass(frozen=True)
class Trained:
    """A checkpoint read: its Config, the names of its classes, and everything else as saved."""

    config: Any
    classes: tuple[str, ...]
    content: dict[str, Any]

    def averaged(self, network: nn.Module) -> nn.Module:
        """The network with the averaged weights, ready to run."""
        average = AveragedModel(network, use_buffers=True)
        average.load_state_dict(self.content["ema"])
        return average.module.eval()


def read_trained(config_type: type, checkpoint: Path) -> Trained:
    content = read_checkpoint(checkpoint)
    return Trained(config_from_plain(config_type, content["config"]), tuple(content["classes"]), content)


def export_trained(
    config: Any,
    folder: Path,
    *,
    script: str,
    abouts: Mapping[str, About],
    networks: Callable[[Trained], tuple[nn.Module, nn.Module | None]],  # decoder, encoder
    has_label: Callable[[Trained], bool],
) -> None:
    """Best weights of config.run → FOLDER, whose name is the model's id; `abouts` speaks for the shipped ones."""
    check_id(folder.name)
    trained = read_trained(type(config), config.run / BEST)
    told = dataclasses.replace(trained.config, run=config.run)
    is_labelled = has_label(trained)
    decoder, encoder = (network and rounded_to_half(folded(network)) for network in networks(trained))
    about = abouts.get(folder.name) or about_of_own(folder.name, told)
    export = GeneratorExport(
        decoder=Painted(decoder, told.planes, has_label=is_labelled),
        encoder=Encoded(encoder, told.planes, has_label=is_labelled) if encoder else None,
        latent=told.latent,
        side=told.side,
        classes=trained.classes if is_labelled else (),
        about={
            "id": folder.name,
            "title": about.title,
            "description": about.description,
            "param": about.param,
            "licence": about.licence,
            "source": script,
            "icon": "generate",
        },
        made_by=made_by(script, plain_values(told), sources_of(told.data), commit_in_use()),
        what=about.what,
        weaknesses=about.weaknesses,
        trained=training_of(trained, told),
    )
    export_generator(export, folder, measure=measure_generator)


def check_id(name: str) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        raise ExportError(f"The folder's name becomes the model's id: small letters, digits and -, not {name!r}.")


def training_of(trained: Trained, config: Any) -> dict[str, Any]:
    """What the card says of the training itself."""
    minutes = trained.content.get("clock", {}).get("seconds", 0) / 60
    time = f"{minutes:.0f} minutes on {config.accelerator}, shared with other work" if minutes else "not measured"
    return {"step": trained.content["step"], "batch": config.batch, "time": time}


def about_of_own(model_id: str, config: Any) -> About:
    title = model_id.replace("-", " ").capitalize()
    return About(
        title=title,
        description=f"Invents pictures like those of the folder {config.data.name}.",
        what="Trained on pictures of your own.",
        weaknesses=("Not judged by a person yet: look at the samples, and at what is nearest to them in training.",),
    )


def sources_of(data: Path) -> list[dict[str, str]]:
    """Name and licence of every package of a fetched set; a folder of one's own counts by its name."""
    if (data / SOURCES).exists():
        return json.loads((data / SOURCES).read_text(encoding="utf-8"))
    return [{"name": data.resolve().name, "licence": "not stated"}]
