"""From a trained StyleGenerator to a model folder with two parts: mapping and synthesis.

What a person can steer are scalars of the graphs: how much of a second latent's styles is mixed in at coarse, middle
and fine sizes, and how far styles move along each principal direction. Truncation lies between the parts: the runtime
does it. Noise is an input of each size.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from models.common.checkpoints import BEST
from models.common.cli import plain_values
from models.common.directions import REACH, Direction, principal_directions
from models.common.export import check_size, made_by, move_into_place, sha256_of, write_manifest
from models.common.export_generator import (
    GOLDEN_SEED,
    GOLDEN_TOLERANCE,
    RGBA,
    check_golden,
    embed_parts,
    rounded_to_half,
    write_part,
    write_pictures,
)
from models.common.fabric import commit_in_use
from models.common.generation import Exported, measure_generator, table
from models.common.generator_card import generator_card
from models.common.painting import Painted
from models.common.picture_sets import on_paper, premultiplied
from models.common.speed import measure_speed
from models.common.trained_generator import About, about_of_own, check_id, read_trained, sources_of, training_of
from models.nets.equalised import settled
from models.nets.style_generator import Mapping as MappingNetwork
from models.nets.style_generator import StyleGenerator, Synthesis

LEVELS = ("coarse", "middle", "fine")
STRIP_PICTURES, STRIP_ROWS, ENLARGED = 7, 3, 1
SLIDER_REACH = 3.0


class MappingPart(nn.Module):
    """latent (N, z), other (N, z), coarse, middle, fine (N,) in 0..1 → styles (N, levels, w)."""

    def __init__(self, mapping: MappingNetwork, levels: int) -> None:
        super().__init__()
        self.mapping = mapping
        self.groups = [level_group(level, levels) for level in range(levels)]

    def forward(self, latent: Tensor, other: Tensor, coarse: Tensor, middle: Tensor, fine: Tensor) -> Tensor:
        own, others, shares = self.mapping(latent), self.mapping(other), (coarse, middle, fine)
        rows = [own + shares[group][:, None] * (others - own) for group in self.groups]
        return torch.stack(rows, dim=1)


class SynthesisPart(nn.Module):
    """styles (N, levels, w), noise of each size, how far along each direction (N,) → planes of training."""

    def __init__(self, synthesis: Synthesis, directions: list[Direction]) -> None:
        super().__init__()
        self.synthesis = synthesis
        self.register_buffer("moves", torch.stack([direction.move for direction in directions]))

    def forward(self, styles: Tensor, *rest: Tensor) -> Tensor:
        noise, places = rest[: self.synthesis.levels], torch.stack(rest[self.synthesis.levels :], dim=1)
        return self.synthesis(styles + (places @ self.moves)[:, None], *noise)


class PaintedStyles(nn.Module):
    """SynthesisPart with its planes as straight RGBA in 0..1."""

    def __init__(self, part: SynthesisPart, planes: Any) -> None:
        super().__init__()
        self.painted = Painted(nn.Identity(), planes, has_label=False)
        self.part = part

    def forward(self, styles: Tensor, *rest: Tensor) -> Tensor:
        return self.painted(self.part(styles, *rest))


def level_group(level: int, levels: int) -> int:
    """0 coarse (4 and 8 px), 1 middle, 2 fine (the two finest)."""
    if level >= levels - 2 and level >= 2:
        return 2
    return 0 if level < 2 else 1


def export_styled(
    config: Any,
    folder: Path,
    *,
    script: str,
    generator: Callable[[Any], StyleGenerator],
    abouts: Mapping[str, About],
) -> None:
    """Best weights of config.run → FOLDER; refuses like export_generator and leaves what was there."""
    check_id(folder.name)
    trained = read_trained(type(config), config.run / BEST)
    told = dataclasses.replace(trained.config, run=config.run)
    network = trained.averaged(generator(told))
    directions = principal_directions(network)
    about = abouts.get(folder.name) or about_of_own(folder.name, told)
    synthesis = SynthesisPart(network.synthesis, directions)
    parts = {
        "mapping": rounded_to_half(settled(MappingPart(network.mapping, network.synthesis.levels))),
        "synthesis": PaintedStyles(rounded_to_half(settled(synthesis)), told.planes),
    }
    described = {"id": folder.name, "title": about.title, "description": about.description, "source": script}
    made = made_by(script, plain_values(told), sources_of(told.data), commit_in_use())
    manifest = styled_manifest(described | {"made_by": made}, told, directions, network.synthesis)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        (aside / "golden").mkdir(parents=True)
        manifest = json.loads(json.dumps(manifest))
        for part, module in parts.items():
            write_part(module, aside / manifest["files"][part], manifest, part)
            check_size(aside / manifest["files"][part])
        manifest["golden"] = write_styled_golden(parts, manifest, aside)
        embed_parts(aside, manifest)
        check_golden(aside, manifest)
        measured = measure_generator(aside) | {"training": training_of(trained, told)}
        print(table(measured))
        manifest["metrics"] = measured["metrics"]
        manifest["speed"] = measure_speed(aside / "synthesis.onnx")
        (aside / "metrics.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        embed_parts(aside, manifest)
        names = write_pictures(aside)
        strips = write_strips(aside, directions)
        card = generator_card(
            manifest, measured, what=about.what, weaknesses=about.weaknesses, nearest=names, more=strips
        )
        (aside / "card.md").write_text(card, encoding="utf-8")
        hashes = {part: sha256_of(aside / name) for part, name in manifest["files"].items()}
        write_manifest(aside, manifest | {"sha256": hashes})
        move_into_place(aside, folder)


def styled_manifest(
    described: dict[str, Any], config: Any, directions: list[Direction], synthesis: Synthesis
) -> dict[str, Any]:
    """Everything but golden, metrics, speed and sha256."""
    levels, side = synthesis.levels, [config.side, config.side]
    styles = {"name": "styles", "role": "latent", "shape": [levels, config.style]}
    latents = [
        {"name": name, "part": "mapping", "role": "latent", "shape": [config.latent]} for name in ("latent", "other")
    ]
    mixed = [_scalar(level, "mapping") | {"range": [0.0, 1.0]} for level in LEVELS]
    noise = [
        {"name": f"noise_{px}", "part": "synthesis", "role": "noise", "shape": [1, px, px]}
        for px in synthesis.noise_sides
    ]
    moved = [_scalar(direction.id, "synthesis") | {"range": [-SLIDER_REACH, SLIDER_REACH]} for direction in directions]
    params = [_param(d.id, d.name, -SLIDER_REACH, SLIDER_REACH) for d in directions]
    params += [_param(level, f"{level.capitalize()} of another", 0.0, 1.0) for level in LEVELS]
    return {
        "format": 1,
        **described,
        "icon": "generate",
        "task": "generate",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "scale": 1,
        "color_space": "srgb",
        "files": {"mapping": "mapping.onnx", "synthesis": "synthesis.onnx"},
        "inputs": [*latents, *mixed, styles | {"part": "synthesis"}, *noise, *moved],
        "outputs": [
            styles | {"part": "mapping"},
            {"name": "result", "part": "synthesis", "role": "image", "size": side, "channels": [0, 4]} | RGBA,
        ],
        "params": params,
    }


def write_styled_golden(parts: dict[str, nn.Module], manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Latents, noise and slider places drawn here, and the picture torch makes of them."""
    rng = np.random.default_rng(GOLDEN_SEED)
    tensors, params, fed = {}, {}, {}
    for spec in manifest["inputs"]:
        name = spec["name"]
        if spec["role"] == "scalar":
            params[name] = 0.5  # far enough that a graph which ignores it shows
            fed[name] = torch.full((1,), 0.5)
        elif name != "styles":
            values = rng.standard_normal(spec["shape"], dtype=np.float32)
            np.save(folder / f"golden/{name}.npy", values)
            tensors[name], fed[name] = f"golden/{name}.npy", torch.from_numpy(values)[None]
    of = {part: [s["name"] for s in manifest["inputs"] if s["part"] == part] for part in parts}
    with torch.no_grad():
        fed["styles"] = parts["mapping"](*(fed[name] for name in of["mapping"]))
        planes = parts["synthesis"](*(fed[name] for name in of["synthesis"])).numpy()
    rgba = np.clip(np.rint(planes.transpose(0, 2, 3, 1) * 255), 0, 255).astype(np.uint8)
    Image.fromarray(rgba[0]).save(folder / "golden/output.png")
    return {
        "output": "golden/output.png",
        "tensors": tensors,
        "seed": GOLDEN_SEED,
        "tolerance": GOLDEN_TOLERANCE,
        "params": params,
    }


def write_strips(folder: Path, directions: list[Direction]) -> list[str]:
    """directions.webp: for each direction three samples, from -REACH to REACH; and what the card says of it."""
    exported = Exported(folder)
    places = np.linspace(-REACH, REACH, STRIP_PICTURES)
    latents = np.random.default_rng(11).standard_normal((STRIP_ROWS, exported.latent_size)).astype(np.float32)
    rows = []
    for direction, latent in itertools.product(directions, latents):
        moved = [
            exported.pictures(latent[None], np.zeros(1, np.int64), scalars={direction.id: float(place)})[0]
            for place in places
        ]
        rows.append(np.concatenate(list(on_paper(premultiplied(np.stack(moved)))), axis=1))
    Image.fromarray(np.concatenate(rows)).save(folder / "directions.webp", quality=85, method=6)
    listed = ", ".join(f"{direction.name} (`{direction.id}`)" for direction in directions)
    return [
        "## Directions",
        "",
        f"![Three samples along each direction, from -{REACH:g} to {REACH:g} standard deviations](directions.webp)",
        "",
        f"The principal components of the styles, {STRIP_ROWS} rows each, named by what changes most: {listed}.",
        "",
    ]


def _scalar(name: str, part: str) -> dict[str, Any]:
    return {"name": name, "part": part, "role": "scalar", "param": name}


def _param(name: str, label: str, lowest: float, highest: float) -> dict[str, Any]:
    step = (highest - lowest) / 100
    return {"id": name, "label": label, "type": "float", "default": 0.0, "min": lowest, "max": highest, "step": step}
