"""Small and large versions of the same picture, for training networks that enlarge and for measuring them.

Everything takes and returns RGB uint8 (H, W, 3) and draws from the generator it is given.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.common.degrade import camera_noise, jpeg, random_camera, white_noise

Rgb8 = NDArray[np.uint8]  # (H, W, 3)

FILTERS = (Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
DRAWN_AT = 4  # times the size, then shrunk: edges as smooth as a printer's
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789&?!%"))


def shrunk(pixels: Rgb8, scale: int) -> Rgb8:
    """By the bicubic filter that the field measures with: as wide as the reduction, a = -0.5."""
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width // scale, height // scale), Image.Resampling.BICUBIC))


def bicubic(pixels: Rgb8, scale: int) -> Rgb8:
    return _enlarged(pixels, scale, Image.Resampling.BICUBIC)


def lanczos(pixels: Rgb8, scale: int) -> Rgb8:
    return _enlarged(pixels, scale, Image.Resampling.LANCZOS)


def training_pair(
    clean: Rgb8, scale: int, rng: np.random.Generator, *, hard_share: float, worn_share: float = 0.0
) -> tuple[Rgb8, Rgb8]:
    """(small, large): a photograph shrunk; HARD_SHARE of them drawn lines and letters, or with a pattern over them.

    WORN_SHARE of all, drawings too, are shrunk as pictures really arrive instead.
    """
    kind = rng.random()
    if worn_share and rng.random() < worn_share:
        return degraded_pair(clean if kind >= hard_share else drawn_picture(clean.shape[0], rng), scale, rng)
    if kind >= hard_share:
        return shrunk(clean, scale), clean
    if kind < hard_share / 2:
        drawn = drawn_picture(clean.shape[0], rng)
        return shrunk(drawn, scale), drawn
    return with_pattern(clean, scale, rng)


def degraded_pair(clean: Rgb8, scale: int, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    """(small, large) as pictures arrive: out of focus, shrunk by any filter, noisy, through JPEG once or twice."""
    small = _blurred(clean, rng.uniform(0.1, 0.5 * scale), rng) if rng.random() < 0.7 else clean
    if rng.random() < 0.3:  # by way of another size, as pictures sent around are
        small = _resized(small, clean.shape[0] / scale * rng.uniform(1, 1.5), rng)
    small = _resized(small, clean.shape[0] // scale, rng)
    wear = [_noisy, _through_jpeg] if rng.random() < 0.7 else [_through_jpeg, _noisy, _through_jpeg]
    for wear_out in wear:
        if rng.random() < 0.8:
            small = wear_out(small, rng)
    return small, clean


def worn(pixels: Rgb8, scale: int) -> Rgb8:
    """A square picture shrunk as it might have arrived, the same at every call: softened, noisy, at JPEG quality 60."""
    rng = np.random.default_rng(0)
    small = _resized(cv2.GaussianBlur(pixels, (0, 0), 0.3 * scale), pixels.shape[0] // scale, rng)
    return jpeg(white_noise(small, 5, rng), 60)


def _blurred(pixels: Rgb8, sigma_px: float, rng: np.random.Generator) -> Rgb8:
    """Along one axis up to twice as far as along the other."""
    return cv2.GaussianBlur(pixels, (0, 0), sigmaX=sigma_px, sigmaY=sigma_px * rng.uniform(0.5, 1))


def _resized(pixels: Rgb8, side: float, rng: np.random.Generator) -> Rgb8:
    return np.asarray(Image.fromarray(pixels).resize((round(side), round(side)), FILTERS[rng.integers(len(FILTERS))]))


def _noisy(pixels: Rgb8, rng: np.random.Generator) -> Rgb8:
    if rng.random() < 0.4:
        return white_noise(pixels, rng.uniform(0, 12), rng)
    camera = random_camera(rng)  # half as strong at most: stronger noise is for a denoiser first
    camera = replace(camera, shot=camera.shot / 2, read=camera.read / 2, has_mosaic=False, jpeg_quality=None)
    return camera_noise(pixels, camera, rng)[0]


def _through_jpeg(pixels: Rgb8, rng: np.random.Generator) -> Rgb8:
    return jpeg(pixels, int(rng.integers(40, 96)), halves_colour=bool(rng.random() < 0.6))


def with_pattern(clean: Rgb8, scale: int, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    """Noise, dither or chequers over the small picture; over the large one the same pattern, enlarged plainly."""
    side = clean.shape[0] // scale
    colours = 3 if rng.random() < 0.5 else 1
    pattern = PATTERNS[rng.integers(len(PATTERNS))]((side, side, colours), rng) * rng.uniform(4, 255)
    pattern = np.broadcast_to(pattern, (side, side, 3)).astype(np.float32)
    small = shrunk(clean, scale) * rng.uniform(0.3, 1) + pattern
    small = np.clip(np.rint(small), 0, 255).astype(np.uint8)
    difference = small.astype(np.float32) - shrunk(clean, scale)
    size = (clean.shape[1], clean.shape[0])
    large = clean + cv2.resize(difference, size, interpolation=cv2.INTER_CUBIC)
    return small, np.clip(np.rint(large), 0, 255).astype(np.uint8)


def drawn_picture(side: int, rng: np.random.Generator) -> Rgb8:
    """Lines, outlines, filled shapes and letters on plain paper, in few colours."""
    colours = rng.integers(0, 256, (4, 3)) if rng.random() < 0.6 else np.array([[255] * 3, [0] * 3, [0] * 3, [90] * 3])
    sheet = np.empty((side * DRAWN_AT, side * DRAWN_AT, 3), np.uint8)
    sheet[:] = colours[0]
    for _ in range(rng.integers(4, 14)):
        colour = tuple(int(value) for value in colours[rng.integers(1, 4)])
        points = rng.integers(0, sheet.shape[0], (rng.integers(2, 5), 2)).astype(np.int32)
        thickness = int(rng.integers(1, 4 * DRAWN_AT))
        _draw(sheet, points, colour, thickness, rng)
    return cv2.resize(sheet, (side, side), interpolation=cv2.INTER_AREA)


def _draw(
    sheet: Rgb8, points: NDArray[np.int32], colour: tuple[int, ...], thickness: int, rng: np.random.Generator
) -> None:
    kind = rng.integers(4)
    if kind == 0:
        cv2.polylines(sheet, [points], bool(rng.integers(2)), colour, thickness)
    elif kind == 1:
        cv2.fillPoly(sheet, [points], colour)
    elif kind == 2:
        cv2.circle(sheet, tuple(points[0].tolist()), int(rng.integers(2, sheet.shape[0] // 3)), colour, thickness)
    else:
        text = "".join(rng.choice(LETTERS, rng.integers(2, 9)))
        size = rng.uniform(0.25, 1.2) * DRAWN_AT
        font = FONTS[rng.integers(len(FONTS))]
        cv2.putText(sheet, text, tuple(points[0].tolist()), font, size, colour, max(1, int(size * rng.uniform(0.8, 3))))


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    return rng.standard_normal(shape, dtype=np.float32) * 0.3


def _dither(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    return (rng.random(shape, dtype=np.float32) < rng.uniform(0.05, 0.95)).astype(np.float32) - 0.5


def _chequers(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    rows, columns, _ = np.indices(shape) // int(rng.integers(1, 4))
    return (((rows * rng.integers(2) + columns) % 2) - 0.5).astype(np.float32)


PATTERNS = (_noise, _dither, _chequers)


def _enlarged(pixels: Rgb8, scale: int, how: Image.Resampling) -> Rgb8:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width * scale, height * scale), how))
