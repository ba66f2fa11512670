"""Principal directions of a generator's styles (GANSpace, Härkönen et al., NeurIPS 2020), named by what they change.

The styles of many latents are put through a principal component analysis; along each component the pictures are
compared a way to either side. What changes most, and where, is the name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.nets.style_generator import StyleGenerator

LOOKED_AT = 4000  # styles
COMPARED = 32  # pictures on either side
DIRECTIONS = 5
REACH = 2.0  # standard deviations to either side, for names and strips
MOSTLY = 0.55  # share of a change that gives it its name


@dataclass(frozen=True)
class Direction:
    id: str
    name: str
    move: Tensor  # (w,), one standard deviation long


@torch.no_grad()
def principal_directions(generator: StyleGenerator, count: int = DIRECTIONS, *, seed: int = 0) -> list[Direction]:
    """The COUNT directions along which styles vary most, each as long as they do."""
    drawn = torch.Generator().manual_seed(seed)
    styles = generator.mapping(torch.randn(LOOKED_AT, _latent_size(generator), generator=drawn))
    mean = styles.mean(dim=0)
    _, deviations, components = torch.linalg.svd(styles - mean, full_matrices=False)
    moves = components[:count] * (deviations[:count] / LOOKED_AT**0.5)[:, None]
    names: list[str] = []
    directions = []
    for number, move in enumerate(moves, 1):
        shown = [pictures_along(generator, styles[:COMPARED], move, place, seed=seed) for place in (-REACH, REACH)]
        name = change_between(*shown)
        names.append(name)
        same = names.count(name)
        directions.append(Direction(f"direction_{number}", name if same == 1 else f"{name} {same}", move))
    return directions


@torch.no_grad()
def pictures_along(
    generator: StyleGenerator, styles: Tensor, move: Tensor, place: float, *, seed: int = 0
) -> NDArray[np.float32]:
    """(N, planes, side, side) of styles (N, w) moved PLACE deviations; the noise is the same for every place."""
    drawn = torch.Generator().manual_seed(seed)
    synthesis = generator.synthesis
    noise = [torch.randn(len(styles), 1, side, side, generator=drawn) for side in synthesis.noise_sides]
    rows = (styles + place * move)[:, None].expand(-1, synthesis.levels, -1)
    return synthesis(rows, *noise).clamp(-1, 1).numpy()


def change_between(one: NDArray[np.float32], other: NDArray[np.float32]) -> str:
    """In one or two words what differs between pictures (N, planes, side, side) and others of the same latents."""
    change = other - one
    energy = float(np.square(change).mean())
    if energy < 1e-6:
        return "Nothing to be seen"
    outline = float(np.square(change[:, -1]).mean()) / energy
    if change.shape[1] > 1 and outline > MOSTLY:
        return "Outline"
    color = change[:, :-1] if change.shape[1] > 1 else change
    energy = float(np.square(color).mean()) + 1e-12
    overall = color.mean(axis=(2, 3), keepdims=True)
    if float(np.square(overall).mean()) / energy > MOSTLY / 2:
        together = float(np.square(overall.mean(axis=1)).mean()) / (float(np.square(overall).mean()) + 1e-12)
        return "Light" if together > MOSTLY else "Colour"
    half = color.shape[2] // 2
    above = float(np.square(color[:, :, :half]).sum()) / float(np.square(color).sum() + 1e-12)
    if above > MOSTLY:
        return "Upper part"
    return "Lower part" if above < 1 - MOSTLY else "Whole"


def _latent_size(generator: StyleGenerator) -> int:
    return int(generator.mapping.layers[0].weight.shape[1])
