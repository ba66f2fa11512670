"""Pictures in a style of their own, painted by rule: leaded glass, tesserae, ink hatching, cut linoleum.

Made for `models.fast_style`, so that whoever has no painting at hand, and no rights to one, can train a style all the
same. Every painting is a function of its size and seed alone.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Field = NDArray[np.float32]  # (H, W)

GLASS = ("#0b2f7a", "#1259c3", "#2aa6d8", "#f6c21c", "#e8871e", "#c8281e", "#7a1040", "#1f8f4d", "#f4e9c8", "#5a2a8a")
STONES = ("#123c5a", "#1f6f8b", "#3fa7a0", "#e9d8a6", "#ee9b00", "#ca6702", "#ae2012", "#fff3d6", "#0a2233", "#7fb7be")


def soft_noise(side: int, cells: float, rng: np.random.Generator, *, octaves: int = 1) -> Field:
    """(side, side) of hills CELLS to a side, with mean 0 and deviation 1."""
    total = np.zeros((side, side), np.float32)
    for octave in range(octaves):
        count = max(2, round(cells * 2**octave)) + 3
        coarse = rng.standard_normal((count, count)).astype(np.float32)
        total += cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC) / 2**octave
    return (total - total.mean()) / (total.std() + 1e-6)


def stained_glass(side: int = 512, seed: int = 0) -> Rgb8:
    """Panes of lit glass in lead, smaller towards the middle of each of three roses."""
    rng = np.random.default_rng(seed)
    tone = soft_noise(side, 2.5, rng)
    points = _scattered(side, side / 17, rng)
    pane, edge = _panes(points, side)
    levels = tone[points[:, 1].astype(int), points[:, 0].astype(int)] + rng.normal(0, 0.45, len(points))
    color = _shades(GLASS, _ranked(levels))[pane]
    light = 0.82 + 0.25 * soft_noise(side, 24, rng, octaves=2)[..., None] * 0.35 + 0.2 * np.tanh(edge / 9)[..., None]
    glass = color * np.clip(light, 0.45, 1.25)
    lead = np.clip((edge - 1.6) / 1.3, 0, 1)[..., None]
    sheen = 18 + 16 * soft_noise(side, 40, rng)[..., None]
    return _levels(glass * lead + sheen * (1 - lead))


def mosaic(side: int = 512, seed: int = 1) -> Rgb8:
    """Tesserae set along waves in pale mortar."""
    rng = np.random.default_rng(seed)
    bend = soft_noise(side, 2.2, rng) * side * 0.035
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    stone = side / 46
    along, across = columns + bend, rows + bend.T * 0.9
    row = np.floor(across / stone)
    shifted = along / stone + (row * 0.5) % 1 + 0.18 * np.sin(row * 12.9)
    column = np.floor(shifted)
    inside = np.minimum.reduce(
        [across / stone - row, 1 - (across / stone - row), shifted - column, 1 - (shifted - column)]
    )
    number = (row * 131 + column * 17).astype(int) % 9973
    wave = np.sin(across / side * 19 + 1.4 * soft_noise(side, 2, rng)) + 0.9 * soft_noise(side, 3, rng)
    middle = _mean_of_cells(wave, row.astype(int), column.astype(int))
    chance = np.random.default_rng(seed + 7).normal(0, 0.22, 9973)[number]
    color = _shades(STONES, np.clip((np.tanh((middle + chance) * 0.7) + 1) / 2, 0, 0.999))
    tilt = 1 + np.random.default_rng(seed + 8).normal(0, 0.1, 9973)[number][..., None]
    stones = color * tilt + 14 * soft_noise(side, 60, rng, octaves=2)[..., None] * 0.4
    mortar = np.clip((inside - 0.07) / 0.07, 0, 1)[..., None]
    bed = np.array([222, 214, 196], np.float32) - 8 * soft_noise(side, 70, rng)[..., None]
    return _levels(stones * mortar + bed * (1 - mortar))


def ink_hatching(side: int = 512, seed: int = 2) -> Rgb8:
    """Strokes of a steel pen on laid paper, crossed where the tone is deep."""
    rng = np.random.default_rng(seed)
    hills = soft_noise(side, 3.2, rng, octaves=2)
    tone = (2 * _ranked(hills.ravel()) - 1).reshape(side, side).astype(np.float32)  # as much light as shadow
    canvas = np.full((side, side), 255.0, np.float32)
    for angle, darkest in ((38, 0.5), (-34, 0.0), (82, -0.45), (8, -0.8)):
        canvas = np.minimum(canvas, _hatched(tone, angle, darkest, rng))
    slope = cv2.magnitude(
        cv2.Sobel(tone, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(tone, cv2.CV_32F, 0, 1, scale=0.125)
    )
    for contour in (0.55, -0.1):
        distance = np.abs(tone - contour) / (slope + 1e-3)
        canvas = np.minimum(canvas, 255 * np.clip(distance - 0.7, 0.05, 1))
    cover = cv2.GaussianBlur(canvas, (0, 0), 0.55)[..., None] / 255
    paper = np.array([244, 236, 218], np.float32) + 3 * soft_noise(side, 90, rng)[..., None]
    ink = np.array([26, 28, 44], np.float32)
    return _levels(paper * cover + ink * (1 - cover))


def _hatched(tone: Field, angle: float, darkest: float, rng: np.random.Generator) -> Field:
    """Lines at an ANGLE wherever the tone lies below DARKEST, swelling as it falls; 255 where there is none."""
    side = len(tone)
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    turn = np.deg2rad(angle)
    wobble = 1.6 * soft_noise(side, 9, rng)
    across = -columns * np.sin(turn) + rows * np.cos(turn) + wobble
    along = columns * np.cos(turn) + rows * np.sin(turn)
    spacing = 6.2
    line = np.abs((across / spacing) % 1 - 0.5) * spacing  # 0 in the middle of a line
    number = np.floor(across / spacing).astype(int)
    start = np.random.default_rng(int(angle) % 97).uniform(0, 60, 4096)[number % 4096]
    broken = ((along + start) % 61) < 54
    width = np.clip((darkest - tone) * 2.2, 0, 1.0) * 1.15 + 0.35
    inked = (tone < darkest) & broken
    return np.where(inked, 255 * np.clip((line - width) / 0.8, 0, 1), 255).astype(np.float32)


def linocut(side: int = 512, seed: int = 4) -> Rgb8:
    """Gouged lines that follow the form, printed black and red on warm paper."""
    rng = np.random.default_rng(seed)
    tone = soft_noise(side, 2.3, rng)
    stripes = np.sin(tone * 15 + 0.9 * soft_noise(side, 14, rng)) + 0.9 * np.tanh(tone * 1.3)
    black = np.clip(stripes * 5 + 0.5, 0, 1)
    red = np.clip((0.9 - np.abs(soft_noise(side, 2, rng) - 0.9)) * 40, 0, 1)
    worn = np.clip(soft_noise(side, 130, rng) * 0.5 + 1.35, 0, 1)
    paper = np.array([242, 232, 208], np.float32) * np.ones((side, side, 1), np.float32)
    print_red = paper * (1 - red[..., None] * 0.95) + np.array([196, 48, 32], np.float32) * red[..., None] * 0.95
    cover = (black * worn)[..., None]
    return _levels(print_red * (1 - cover) + np.array([22, 22, 26], np.float32) * cover)


OWN_PAINTINGS: dict[str, Callable[[], Rgb8]] = {
    "stained-glass": stained_glass,
    "mosaic": mosaic,
    "ink-hatching": ink_hatching,
    "linocut": linocut,
}


def _scattered(side: int, distance: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Points (N, 2) about DISTANCE apart, from a grid that was shaken."""
    grid = np.arange(distance / 2, side, distance)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    return np.clip(points + rng.uniform(-0.46, 0.46, points.shape) * distance, 0, side - 1).astype(np.float32)


def _panes(points: NDArray[np.float32], side: int) -> tuple[NDArray[np.intp], Field]:
    """(number of the nearest point, distance to the border with the next pane in pixels), both (side, side)."""
    rows, columns = np.mgrid[:side, :side]
    places = np.stack([columns, rows], axis=-1).reshape(-1, 1, 2).astype(np.float32)
    pane, edge = np.empty(side * side, np.intp), np.empty(side * side, np.float32)
    for first in range(0, side * side, 8192):
        part = slice(first, first + 8192)
        distances = np.linalg.norm(places[part] - points, axis=-1)
        nearest = np.argpartition(distances, 1, axis=1)[:, :2]
        two = np.take_along_axis(distances, nearest, axis=1)
        order = np.argsort(two, axis=1)
        pane[part] = np.take_along_axis(nearest, order, axis=1)[:, 0]
        edge[part] = np.abs(two[:, 0] - two[:, 1]) / 2
    return pane.reshape(side, side), edge.reshape(side, side)


def _mean_of_cells(values: Field, row: NDArray[np.intp], column: NDArray[np.intp]) -> Field:
    width = int(column.max() - column.min() + 1)
    cell = (row - row.min()) * width + column - column.min()
    sums, counts = np.bincount(cell.ravel(), values.ravel()), np.bincount(cell.ravel())
    return (sums / np.maximum(counts, 1))[cell].astype(np.float32)


def _ranked(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """0..1, every level equally often."""
    return levels.argsort().argsort() / len(levels)


def _shades(palette: tuple[str, ...], share: NDArray[np.floating]) -> NDArray[np.float32]:
    """Share 0..1 of the way through the palette → (…, 3), without mixing."""
    colors = np.array([[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in palette], np.float32)
    return colors[(np.asarray(share) * len(colors)).astype(int).clip(0, len(colors) - 1)]


def _levels(picture: NDArray[np.floating]) -> Rgb8:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
