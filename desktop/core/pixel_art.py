"""Enlarging pictures whose every pixel was set by hand: Scale2x and Scale3x (Andrea Mazzoleni, 2001), exactly.

No colour comes out that did not go in: a corner of a pixel takes the colour of two neighbours that agree, else its own.
So slanted edges lose their stairs and nothing becomes soft.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from desktop.core.color import Pixels

LARGEST_TIMES = 64  # beyond it the last steps only repeat what is there
Keys = NDArray[np.uint64]  # (H, W): equal where pixels are


def enlarged_pixel_art(pixels: Pixels, times: float) -> tuple[Pixels, int]:
    """(H, W, channels) → (the same enlarged by steps of two and three, how many times): `times` or a little more."""
    steps = whole_steps(times)
    for step in steps:
        pixels = _STEPS[step](pixels)
    return pixels, int(np.prod(steps, initial=1))


def whole_steps(times: float) -> tuple[int, ...]:
    """The twos and threes with the smallest product that reaches `times`; none where nothing becomes larger."""
    wanted = min(times, LARGEST_TIMES) - 1e-6
    able = [(2**twos * 3**threes, (3,) * threes + (2,) * twos) for twos in range(7) for threes in range(5)]
    return min((product, steps) for product, steps in able if product >= wanted)[1]


def doubled(pixels: Pixels) -> Pixels:
    """Scale2x."""
    up, left, right, down = _neighbours(_keys(pixels))
    sources = _around(pixels)
    result = np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1)
    lively = (up != down) & (left != right)
    for row, along in enumerate((up, down)):
        for column, (across, side) in enumerate(((left, "left"), (right, "right"))):
            takes = lively & (across == along)
            result[row::2, column::2][takes] = sources[side][takes]
    return result


def tripled(pixels: Pixels) -> Pixels:
    """Scale3x."""
    keys = _keys(pixels)
    padded = np.pad(keys, 1, mode="edge")
    a, b, c = padded[:-2, :-2], padded[:-2, 1:-1], padded[:-2, 2:]
    d, e, f = padded[1:-1, :-2], keys, padded[1:-1, 2:]
    g, h, i = padded[2:, :-2], padded[2:, 1:-1], padded[2:, 2:]
    sources = _around(pixels)
    result = np.repeat(np.repeat(pixels, 3, axis=0), 3, axis=1)
    lively = (b != h) & (d != f)
    rules = (
        (0, 0, d == b, "left"),
        (0, 1, ((d == b) & (e != c)) | ((b == f) & (e != a)), "up"),
        (0, 2, b == f, "right"),
        (1, 0, ((d == b) & (e != g)) | ((d == h) & (e != a)), "left"),
        (1, 2, ((b == f) & (e != i)) | ((h == f) & (e != c)), "right"),
        (2, 0, d == h, "left"),
        (2, 1, ((d == h) & (e != i)) | ((h == f) & (e != g)), "down"),
        (2, 2, h == f, "right"),
    )
    for row, column, agrees, side in rules:
        takes = lively & agrees
        result[row::3, column::3][takes] = sources[side][takes]
    return result


_STEPS: dict[int, Callable[[Pixels], Pixels]] = {2: doubled, 3: tripled}


def _keys(pixels: Pixels) -> Keys:
    """One number a pixel; all that is transparent counts as one colour."""
    keys = np.zeros(pixels.shape[:2], np.uint64)
    for channel in range(pixels.shape[2]):
        keys = keys << np.uint64(16) | pixels[..., channel].astype(np.uint64)
    if pixels.shape[2] == 4:
        keys[pixels[..., 3] == 0] = 0
    return keys


def _neighbours(keys: Keys) -> tuple[Keys, Keys, Keys, Keys]:
    """Above, left, right, below; beyond the border the pixel itself."""
    padded = np.pad(keys, 1, mode="edge")
    return padded[:-2, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:], padded[2:, 1:-1]


def _around(pixels: Pixels) -> dict[str, Pixels]:
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    return {
        "up": padded[:-2, 1:-1],
        "left": padded[1:-1, :-2],
        "right": padded[1:-1, 2:],
        "down": padded[2:, 1:-1],
    }
