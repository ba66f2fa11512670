"""The colours of one picture given to another: optimal transport between their distributions.

First both pictures are taken for normal distributions of Oklab colours (Ottosson 2020). Between two such, the map that
moves colours the least is known in closed form (Monge-Kantorovich; Pitié and Kokaram, CVMP 2007): a symmetric matrix
and a shift. What it leaves goes on by sliced transport, smoothly (`colour_transport`). Both together are written as a
.cube table, so the result is kept, limited by masks and carried to other programs like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from desktop.core.adjust_tones import linear_to_srgb, srgb_to_linear
from desktop.core.color import FloatPixels, Pixels, max_level
from desktop.core.colour_transport import residual_moves, smooth_field
from desktop.core.effect_values import Place, Values
from desktop.core.errors import UserError

CUBE_SIDE = 33
FLATTEST = (0.03, 0.008, 0.008)  # deviations of lightness, a and b: what has less counts as having this much
SAMPLES = 4096  # colours that stand for a picture
COLOURLESS = 1e-3  # a and b of a picture that is grey: so is what is given its colours
LARGEST_STRETCH = 3.0  # of a distribution along any direction; its inverse is the least
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB, _FROM_LMS = np.linalg.inv(_TO_LAB), np.linalg.inv(_TO_LMS)

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ColourShape:
    """Where the Oklab colours of a picture lie: `mean` (3,), `covariance` (3, 3), and `cloud` (SAMPLES, 3) of them."""

    mean: Matrix
    covariance: Matrix
    cloud: Matrix

    @classmethod
    def of(cls, pixels: Pixels, weights: npt.NDArray[np.float32] | None = None) -> ColourShape:
        """Of straight pixels (…, 3|4), counted by alpha and by `weights`; UserError where nothing can be seen."""
        flat = pixels.reshape(-1, pixels.shape[-1])
        share = np.ones(len(flat)) if weights is None else weights.reshape(-1).astype(np.float64)
        if flat.shape[1] == 4 and weights is None:
            share = flat[:, 3] / float(max_level(pixels.dtype))
        if not share.sum() > 0:
            raise UserError("effect.nothing_seen")
        lab = to_oklab(flat[:, :3].astype(np.float32) / np.float32(max_level(pixels.dtype))).astype(np.float64)
        mean = np.average(lab, axis=0, weights=share)
        around = lab - mean
        return cls(mean, (around * share[:, None]).T @ around / share.sum(), lab[_spread_over(share)])


def matched_cube(source: ColourShape, reference: ColourShape, side: int = CUBE_SIDE) -> bytes:
    """The .cube table that gives pictures like `source` the colours of `reference`."""
    steps = np.linspace(0, 1, side, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    lab = to_oklab(np.stack([red, green, blue], axis=-1).reshape(-1, 3)).astype(np.float64)
    matrix = transport(source.covariance, reference.covariance)

    def linear(colours: Matrix) -> Matrix:
        moved: Matrix = (colours - source.mean) @ matrix.T + reference.mean
        return moved

    left = residual_moves(linear(source.cloud), reference.cloud)
    moved = linear(lab) + smooth_field(lab, source.cloud, left)
    if np.abs(reference.cloud[:, 1:]).max() < COLOURLESS:
        moved[:, 1:] = 0
    table = np.clip(from_oklab(moved.astype(np.float32)), 0, 1)
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in table)
    return f"LUT_3D_SIZE {side}\n{rows}\n".encode()


def transport(source: Matrix, reference: Matrix) -> Matrix:
    """(3, 3): A^-½ (A^½ B A^½)^½ A^-½, never stretching or squeezing by more than LARGEST_STRETCH."""
    floor = np.diag(np.square(FLATTEST))
    root, back = _power(source + floor, 0.5), _power(source + floor, -0.5)
    found = back @ _power(root @ (reference + floor) @ root, 0.5) @ back
    values, vectors = np.linalg.eigh((found + found.T) / 2)
    limited: Matrix = (vectors * np.clip(values, 1 / LARGEST_STRETCH, LARGEST_STRETCH)) @ vectors.T
    return limited


def match_colours(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Through the table (`values["lut"]`), lightness and colour each as strongly as wanted."""
    cube = values.get("lut")
    if cube is None:
        return rgb
    light, colour = (np.float32(values[name] / 100) for name in ("lightness", "colour"))
    if light == colour == 1:
        whole: FloatPixels = cube.looked_up(rgb)
        return whole
    before = to_oklab(rgb)
    return from_oklab(before + (to_oklab(cube.looked_up(rgb)) - before) * np.array([light, colour, colour], np.float32))


def to_oklab(rgb: FloatPixels) -> FloatPixels:
    """(…, 3) sRGB in 0..1 → lightness 0..1, a, b."""
    lms = np.cbrt(srgb_to_linear(rgb) @ _TO_LMS.T.astype(np.float32))
    lab: FloatPixels = lms @ _TO_LAB.T.astype(np.float32)
    return lab


def from_oklab(lab: FloatPixels) -> FloatPixels:
    lms = (lab @ _FROM_LAB.T.astype(np.float32)) ** 3
    return linear_to_srgb(lms @ _FROM_LMS.T.astype(np.float32)).astype(np.float32)


def _spread_over(share: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """(SAMPLES,): places in an order of theirs, as often as their share says."""
    reached = np.cumsum(share)
    found: npt.NDArray[np.intp] = np.searchsorted(reached, (np.arange(SAMPLES) + 0.5) / SAMPLES * reached[-1])
    return found


def _power(matrix: Matrix, exponent: float) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    powered: Matrix = (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T
    return powered
