"""Ways through the latent space of a generator: beside a latent, between two, along directions, across a plane.

Latents are flat float32 arrays here, one for each picture. Equal arguments give equal numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import Input

Latent = NDArray[np.float32]  # (numbers,)
Latents = NDArray[np.float32]  # (pictures, numbers)

DIRECTIONS = 6  # as many as a person keeps apart
REACH = 3.0  # standard deviations of a normal latent: what the network hardly saw lies beyond
NEARBY_STREAM = 7_919  # keeps the drawing of neighbours apart from that of the seed itself
SHOWN_PIXELS = 1024  # of a picture, when directions are looked for


@dataclass(frozen=True, slots=True)
class Space:
    """What the moves must know of a latent: uniform ones end at -1 and 1."""

    is_uniform: bool

    @staticmethod
    def of(spec: Input) -> Space:
        return Space(spec.distribution == "uniform")

    @property
    def reach(self) -> float:
        return 1.0 if self.is_uniform else REACH

    def held(self, latents: NDArray[np.floating]) -> NDArray[np.float32]:
        """Inside what the network was trained on, as far as that has an edge."""
        inside = np.clip(latents, -1, 1) if self.is_uniform else latents
        return inside.astype(np.float32)


def nearby(latent: Latent, space: Space, count: int, *, distance: float, seed: int) -> Latents:
    """`count` latents around one; `distance` 0..1 is from the same to unrelated ones."""
    generator = np.random.Generator(np.random.PCG64([seed, NEARBY_STREAM]))
    if space.is_uniform:
        others = generator.random((count, latent.size)) * 2 - 1
        return space.held(latent * (1 - distance) + others * distance)
    others = generator.standard_normal((count, latent.size))
    angle = distance * math.pi / 2  # the sum of both is again as long as a drawn latent
    return space.held(latent * math.cos(angle) + others * math.sin(angle))


def between(one: Latent, other: Latent, share: float, space: Space) -> Latent:
    """From one (0) to the other (1): along the sphere for normal latents, straight for uniform ones."""
    if space.is_uniform:
        return space.held(one + share * (other - one))
    return space.held(_on_the_sphere(one.astype(np.float64), other.astype(np.float64), share))


def moved_along(latent: Latent, direction: Latent, place: float, space: Space) -> Latent:
    """The latent whose coordinate along a direction of length 1 is `place`, the others unchanged."""
    return space.held(latent + (place - place_along(latent, direction)) * direction.astype(np.float64))


def place_along(latent: Latent, direction: Latent) -> float:
    return float(np.dot(latent.astype(np.float64), direction.astype(np.float64)))


def plane(latent: Latent, directions: Latents, side: int, space: Space) -> Latents:
    """side × side latents, row after row: the plane of the first two directions that goes through the latent.

    The first coordinate grows to the right, the second upwards, both over -reach..reach.
    """
    steps = np.linspace(-space.reach, space.reach, side)
    rows = [moved_along(latent, directions[1], float(step), space) for step in steps[::-1]]
    return np.stack([moved_along(row, directions[0], float(step), space) for row in rows for step in steps])


def beside_plane(latent: Latent, directions: Latents) -> Latent:
    """What a move in the plane leaves as it is."""
    rest = latent.astype(np.float64)
    for direction in directions[:2].astype(np.float64):
        rest = rest - np.dot(rest, direction) * direction
    return rest.astype(np.float32)


def axes(numbers: int) -> Latents:
    """The latent's own first numbers as directions."""
    return np.eye(min(numbers, DIRECTIONS), numbers, dtype=np.float32)


def directions_of(latents: Latents, pictures: NDArray[np.uint8]) -> Latents:
    """Up to DIRECTIONS orthonormal directions in which pictures (n, H, W, C) change most with their latents.

    The left singular vectors of the covariance between both, as in partial least squares. Their sign is such that
    the largest number is positive.
    """
    if latents.shape[1] <= 2:
        return axes(latents.shape[1])
    seen = _small(pictures).reshape(len(pictures), -1)
    centred = latents - latents.mean(axis=0)
    covariance = centred.T.astype(np.float64) @ (seen - seen.mean(axis=0))
    found = np.linalg.svd(covariance, full_matrices=False)[0].T[:DIRECTIONS]
    largest = found[np.arange(len(found)), np.abs(found).argmax(axis=1)]
    result: Latents = (found * np.sign(largest)[:, None]).astype(np.float32)
    return result


def _small(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Every so many pixels, colours weighted by alpha: what is invisible does not count."""
    height, width = pictures.shape[1:3]
    step = max(math.ceil(math.sqrt(height * width / SHOWN_PIXELS)), 1)
    seen = pictures[:, ::step, ::step].astype(np.float64) / 255
    if seen.shape[3] == 4:
        seen[..., :3] *= seen[..., 3:]
    return seen


def _on_the_sphere(one: NDArray[np.float64], other: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """The direction turns evenly, the length goes straight from one to the other."""
    lengths = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    straight = one + share * (other - one)
    if min(lengths) == 0:
        return straight
    first, second = one / lengths[0], other / lengths[1]
    angle = math.acos(min(max(float(first @ second), -1.0), 1.0))
    if angle < 1e-4 or angle > math.pi - 1e-4:  # the same, or opposite: no one great circle
        return straight
    turned = (math.sin((1 - share) * angle) * first + math.sin(share * angle) * second) / math.sin(angle)
    result: NDArray[np.float64] = turned * (lengths[0] + share * (lengths[1] - lengths[0]))
    return result
